package codes_test

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
)

// A secret is not printed, in whatever way it is tried.
func TestSecretIsNotPrinted(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	key := s.key(secret)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "pointer", &secret, "in", map[string]any{"s": secret})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "pointer", &secret, "in", delivery(secret).Secret)
	text := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%08b", "%c", "%U", "%T"} {
		text += fmt.Sprintf(verb+"\n", secret) + fmt.Sprintf(verb+"\n", &secret) + fmt.Sprintf(verb+"\n", []codes.Secret{secret}) + fmt.Sprintf(verb+"\n", struct{ S codes.Secret }{secret})
	}
	marshalled, err := json.Marshal(map[string]any{"s": secret, "p": &secret})
	if err != nil {
		t.Fatal(err)
	}
	text += string(marshalled) + fmt.Errorf("%w: %v", errors.New("x"), secret).Error()
	for _, form := range []string{string(key), fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), fmt.Sprint(key), strings.Trim(fmt.Sprint(key), "[]"), fmt.Sprintf("%#v", key)[7:], base32.StdEncoding.EncodeToString(key), fmt.Sprintf("%q", key)} {
		if strings.Contains(text, form) {
			t.Errorf("%q is printed:\n%s", form, text)
		}
	}
	if !strings.Contains(text, "[secret]") {
		t.Error("nothing says what is left out")
	}
}

func TestSealAndOpen(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	stored, err := s.codes.Seal(secret)
	if err != nil || len(stored) > 255 {
		t.Fatalf("%d characters, %v", len(stored), err)
	}
	opened, err := s.codes.Open(stored)
	if err != nil {
		t.Fatal(err)
	}
	s.takes("a code of what was opened", opened, s.code(secret, 0), false, true)
	s.takes("and of what was sealed", secret, s.code(secret, 0), false, false) // it is the same
	if none, err := s.codes.Open(""); err != nil || !none.IsZero() {
		t.Errorf("nothing stored: %v, %v", none, err)
	}
	for _, bad := range []string{"x", stored + "x", stored[:len(stored)-2]} {
		if got, err := s.codes.Open(bad); err == nil || !got.IsZero() {
			t.Errorf("%q: %v", bad, err)
		}
	}
	empty, err := s.codes.Seal(codes.Secret{})
	if err == nil {
		if got, err := s.codes.Open(empty); err == nil { // would be nobody's secret of somebody
			t.Errorf("an empty secret was opened: %t", got.IsZero())
		}
	}
}

// plainVault is an application's own.
type plainVault struct{ err error }

func (v plainVault) Seal(plain []byte) (string, error) { return "plain:" + string(plain), v.err }
func (v plainVault) Open(stored string) ([]byte, error) {
	return []byte(strings.TrimPrefix(stored, "plain:")), v.err
}

func TestOwnVault(t *testing.T) {
	s := newSite(t, func(c *batteries.Config) { c.Codes.Vault, c.Codes.Secrets = plainVault{}, nil })
	secret := codes.NewSecret()
	stored, err := s.codes.Seal(secret)
	if err != nil || stored != "plain:"+string(s.key(secret)) {
		t.Fatalf("%q, %v", stored, err)
	}
	opened, err := s.codes.Open(stored)
	s.takes("its code", opened, s.code(secret, 0), false, err == nil)
	if got, err := s.codes.Open("plain:"); err == nil || !got.IsZero() {
		t.Error("an empty key is somebody's")
	}
	s = newSite(t, func(c *batteries.Config) { c.Codes.Vault = plainVault{errors.New("no key")} })
	if _, err := s.codes.Seal(secret); err == nil {
		t.Error("sealed")
	}
	if _, err := s.codes.Open("x"); err == nil {
		t.Error("opened")
	}
}

// levelVault says what it was asked.
type levelVault struct {
	plainVault
	asked *[]string
}

func (v levelVault) OpenFor(name, stored string) ([]byte, error) {
	*v.asked = append(*v.asked, name+" "+stored)
	if stored == "" {
		return nil, nil
	}
	return v.Open(stored)
}

// A vault whose time would tell something is asked in vain, too, under a name that
// says nothing; others are not.
func TestOpenFor(t *testing.T) {
	var asked []string
	for _, vault := range []codes.Vault{nil, plainVault{}, levelVault{asked: &asked}} {
		s := newSite(t, func(c *batteries.Config) { c.Codes.Vault = vault })
		secret := codes.NewSecret()
		stored, err := s.codes.Seal(secret)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := s.codes.OpenFor(joe, stored)
		s.takes("its code", opened, s.code(secret, 0), false, err == nil)
		if none, err := s.codes.OpenFor(joe, ""); err != nil || !none.IsZero() {
			t.Errorf("%T: nothing stored: %v, %v", vault, none, err)
		}
		if got, err := s.codes.OpenFor(joe, "plain:"); err == nil || !got.IsZero() {
			t.Errorf("%T: an empty key is somebody's", vault)
		}
	}
	if len(asked) != 3 {
		t.Fatalf("asked %q", asked)
	}
	name, _, _ := strings.Cut(asked[0], " ")
	if len(name) != 64 || asked[1] != name+" " || asked[2] != name+" plain:" {
		t.Errorf("asked %q", asked)
	}
	s := newSite(t, func(c *batteries.Config) { c.Codes.Vault = levelVault{plainVault{errors.New("no key")}, &asked} })
	if _, err := s.codes.OpenFor("ann", "x"); err == nil || strings.HasPrefix(asked[3], name) {
		t.Errorf("%v, asked %q", err, asked)
	}
}

// identified lets users sign in with these, in order.
func identified(names ...string) func(*batteries.Config) {
	return func(c *batteries.Config) {
		c.Identities = names
		c.Usernames.Enable = true
		c.Mappers = map[string]doorward.IdentityAttribute{"staff_number": {Attr: "staff_number", Map: strings.TrimSpace}}
	}
}

func TestSetup(t *testing.T) {
	const key = "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT"
	for _, tt := range []struct {
		name       string
		identities []string
		issuer     string
		edit       func(*doorward.Account)
		username   string
		uri        string
	}{
		{"an address", []string{"email"}, "Doorward", nil, joe, "Doorward:joe@example.com?secret=" + key + "&issuer=Doorward"},
		{"a username first", []string{"username", "email"}, "Doorward", nil, "joe", "Doorward:joe?secret=" + key + "&issuer=Doorward"},
		{"a number first", []string{"us_phone_number", "email"}, "Doorward", nil, number, "Doorward:%2B14155550100?secret=" + key + "&issuer=Doorward"},
		{"one that is not set", []string{"username", "email"}, "Doorward", func(a *doorward.Account) { a.Username = "" }, joe, "Doorward:joe@example.com?secret=" + key + "&issuer=Doorward"},
		{"an application's own", []string{"staff_number", "email"}, "Doorward", nil, joe, "Doorward:joe@example.com?secret=" + key + "&issuer=Doorward"},
		{"none", []string{"staff_number"}, "Doorward", func(a *doorward.Account) { a.Username = "" }, "Unknown", "Doorward:Unknown?secret=" + key + "&issuer=Doorward"},
		{"a site with special characters", []string{"email"}, `A & B "Söhne"?`, nil, joe, "A%20%26%20B%20%22S%C3%B6hne%22%3F:joe@example.com?secret=" + key + "&issuer=A%20%26%20B%20%22S%C3%B6hne%22%3F"},
		{"a colon", []string{"username"}, "Doorward", func(a *doorward.Account) { a.Username = "Bank:joe" }, "Bank_joe", "Doorward:Bank_joe?secret=" + key + "&issuer=Doorward"},
		{"nothing but colons", []string{"username"}, "Doorward", func(a *doorward.Account) { a.Username = ":::" }, "___", "Doorward:___?secret=" + key + "&issuer=Doorward"},
		{"markup", []string{"username"}, "Doorward", func(a *doorward.Account) { a.Username = `<b>&"` }, `<b>&"`, "Doorward:%3Cb%3E%26%22?secret=" + key + "&issuer=Doorward"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, identified(tt.identities...), func(c *batteries.Config) { c.Codes.Issuer = tt.issuer; c.Codes.Vault = plainVault{} })
			u := s.NewUser(joe, func(a *doorward.Account) { a.Username, a.USPhoneNumber = "joe", number })
			if tt.edit != nil {
				tt.edit(u.SecurityAccount())
			}
			raw, err := base32.StdEncoding.DecodeString(key)
			if err != nil {
				t.Fatal(err)
			}
			secret, err := s.codes.Open("plain:" + string(raw))
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.codes.Setup(secret, u)
			if err != nil {
				t.Fatal(err)
			}
			if got.Username != tt.username || got.Issuer != tt.issuer || got.URI != "otpauth://totp/"+tt.uri || got.Base32 != key || got.Key != "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT" {
				t.Errorf("%+v", got)
			}
			if qr := string(got.QR); !strings.HasPrefix(qr, "<svg ") || !strings.HasSuffix(qr, "</svg>") || strings.Contains(qr, "joe") {
				t.Errorf("drawing %.200s", qr)
			}
			if at, err := url.Parse(got.URI); err != nil || at.Query().Get("secret") != key || at.Query().Get("issuer") != tt.issuer || at.Path != "/"+tt.issuer+":"+tt.username {
				t.Errorf("%v, %v", at, err)
			}
		})
	}
}

// However long the names are, there is a drawing.
func TestSetupLong(t *testing.T) {
	s := newSite(t, identified("username"), func(c *batteries.Config) { c.Codes.Issuer = strings.Repeat("ö", 50) })
	for _, name := range []string{strings.Repeat("ü", 255), strings.Repeat("x", 255), strings.Repeat("x", 99) + "üü", "\xff\xfe" + strings.Repeat("€", 100)} {
		u := s.Stores.Admin.NewUser()
		u.SecurityAccount().Username = name
		got, err := s.codes.Setup(codes.NewSecret(), u)
		if err != nil {
			t.Fatalf("%d bytes: %v", len(name), err)
		}
		if !strings.HasPrefix(strings.ToValidUTF8(name, ""), got.Username) || len(got.Username) < 90 || strings.ToValidUTF8(got.Username, "") != got.Username {
			t.Errorf("%q became %q", name, got.Username)
		}
	}
}

// What is wrong with the settings is found at start, all of it at once, and keys
// are not printed.
func TestConfig(t *testing.T) {
	try := func(edit func(*batteries.Config)) error {
		cfg := batteries.Config{}
		cfg.SecretKey = []byte(keyA)
		cfg.Stores = newSite(t).Stores
		cfg.Codes.Secrets, cfg.Codes.Issuer = map[string]string{"1": keyA}, "Site"
		edit(&cfg)
		p := &probe{cfg: cfg.Codes}
		cfg.More = []doorward.Feature{p}
		_, err := batteries.New(cfg)
		return err
	}
	if err := try(func(*batteries.Config) {}); err != nil {
		t.Fatal(err)
	}
	err := try(func(c *batteries.Config) {
		c.Codes.Secrets, c.Codes.Issuer, c.Codes.Tries, c.Codes.SendTimeout = map[string]string{"1": "much too short"}, "A: B", 11, -1
	})
	for _, name := range []string{"TOTP_SECRETS", "TOTP_ISSUER", "CODE_TRIES", "CODE_SEND_TIMEOUT"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not told of: %v", name, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "much too short") {
		t.Errorf("a key is told: %v", err)
	}
	for name, edit := range map[string]func(*batteries.Config){
		"no keys":        func(c *batteries.Config) { c.Codes.Secrets = nil },
		"no issuer":      func(c *batteries.Config) { c.Codes.Issuer = "" },
		"a long issuer":  func(c *batteries.Config) { c.Codes.Issuer = strings.Repeat("x", 101) },
		"negative tries": func(c *batteries.Config) { c.Codes.Tries = -1 },
		"a long wait":    func(c *batteries.Config) { c.Codes.SendTimeout = 2 * 60 * 1e9 },
		"no guess store": func(c *batteries.Config) { c.Stores.Guesses, c.UnlimitedGuessing = nil, true },
	} {
		if err := try(edit); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What cannot be sent is not offered.
func TestOffered(t *testing.T) {
	all := []string{"email", "authenticator", "sms", "email"}
	for _, tt := range []struct {
		name string
		edit func(*batteries.Config)
		want string
	}{
		{"everything", func(*batteries.Config) {}, "[email authenticator sms email]"},
		{"no mails", func(c *batteries.Config) { c.Mail.Sender = nil }, "[authenticator sms]"},
		{"no texts", func(c *batteries.Config) { c.Codes.SMS = nil }, "[email authenticator email]"},
		{"no numbers", func(c *batteries.Config) { c.Codes.Phone = nil }, "[email authenticator email]"},
	} {
		s := newSite(t, tt.edit)
		if got := fmt.Sprint(s.codes.Offered(all)); got != tt.want || all[0] != "email" || all[2] != "sms" {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if n, ok := s.codes.Phone("(415) 555-0100"); ok != (tt.name != "no numbers") || ok && n != number {
			t.Errorf("%s: %q, %t", tt.name, n, ok)
		}
	}
	s := newSite(t)
	for _, bad := range []string{"", "x", "911", "+1", "+141555501000000000000", joe} {
		if n, ok := s.codes.Phone(bad); ok || n != "" {
			t.Errorf("%q is the number %q", bad, n)
		}
	}
}
