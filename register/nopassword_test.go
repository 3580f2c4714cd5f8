package register_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/unified"
	"github.com/doorward/doorward/usernames"
)

// coder stands for the feature that signs in by codes.
type coder struct {
	secrets map[string]string
	err     error
	asked   *int
}

func (coder) Name() string                 { return "coder" }
func (coder) Init(*doorward.Runtime) error { return nil }

func (c coder) NewUserSecrets() (map[string]string, error) {
	*c.asked++
	return maps.Clone(c.secrets), c.err
}

func codesTo() coder { return coder{secrets: map[string]string{"email": "sealed"}, asked: new(int)} }

// optional is an installation where a password may be left out.
func optional(t *testing.T, cfg register.Config, engine func(*doorward.Config), more ...doorward.Feature) (*site, *box) {
	t.Helper()
	cfg.PasswordOptional, cfg.CodesByMail = true, true
	return mailing(t, cfg, engine, more...)
}

func TestNoPassword(t *testing.T) {
	none := fields{"password": nil, "password_confirm": nil}
	for _, c := range []struct {
		name string
		cfg  register.Config
		send fields
		want string // what is wrong
		has  bool   // a password
	}{
		{name: "left out", send: none},
		{name: "empty", send: fields{"password": "", "password_confirm": ""}},
		{name: "blanks", send: fields{"password": "   ", "password_confirm": " "}},
		{name: "asked for once", cfg: register.Config{NoConfirm: true}, send: none},
		{name: "given", send: fields{}, has: true},
		{name: "given once", cfg: register.Config{NoConfirm: true}, send: fields{"password_confirm": nil}, has: true},
		{name: "not repeated", send: fields{"password_confirm": nil}, want: "password_confirm: RETYPE_PASSWORD_MISMATCH"},
		{name: "only repeated", send: fields{"password": nil}, want: "password_confirm: RETYPE_PASSWORD_MISMATCH"},
		{name: "two different", send: fields{"password_confirm": "x"}, want: "password_confirm: RETYPE_PASSWORD_MISMATCH"},
		{name: "short", send: fields{"password": "abc", "password_confirm": "abc"}, want: "password: PASSWORD_INVALID_LENGTH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				codes := codesTo()
				s, box := optional(t, c.cfg, nil, codes)
				b := s.browser(asJSON)
				r := b.post("/register", with(c.send))
				if got := r.errors(); got != c.want {
					t.Fatalf("%d %s, want %s", r.status, got, c.want)
				}
				if c.want != "" {
					if len(s.users()) != 0 || *codes.asked != 0 || s.hashes.Load() != 0 {
						t.Error("something was made")
					}
					return
				}
				u := s.users()[0]
				wantSecrets, wantHashes := map[string]string{"email": "sealed"}, int64(0)
				if c.has {
					wantSecrets, wantHashes = nil, 1
				}
				if !maps.Equal(u.USTOTPSecrets, wantSecrets) || (u.PasswordHash != "") != c.has || s.hashes.Load() != wantHashes {
					t.Errorf("secrets %v, hash %q, %d hashes", u.USTOTPSecrets, u.PasswordHash, s.hashes.Load())
				}
				if got := b.whoami(); !strings.HasPrefix(got, "new@example.com") {
					t.Errorf("signed in is %s", got)
				}
				box.only(t)
			})
		})
	}
}

// TestNoPasswordTypes: what is no text is no missing password either.
func TestNoPasswordTypes(t *testing.T) {
	s, _ := optional(t, register.Config{}, nil, codesTo())
	for _, v := range []any{1, true, []string{"a", "b"}, map[string]any{}} {
		if got := s.browser(true).post("/register", with(fields{"password": v})).errors(); !strings.Contains(got, "password: API_ERROR") || len(s.users()) != 0 {
			t.Errorf("%v: %s", v, got)
		}
	}
	if got := s.browser(true).post("/register", with(fields{"password_confirm": 1})).errors(); got != "password_confirm: API_ERROR" {
		t.Error(got)
	}
}

// TestNoPasswordTwins: in generic mode what is taken is not told by the answer
// or by work, with a password and without one.
func TestNoPasswordTwins(t *testing.T) {
	for hashes, send := range []fields{{"password": nil, "password_confirm": nil}, {}} {
		both(t, func(t *testing.T, asJSON bool) {
			var first string
			for _, c := range []fields{{}, {"email": "old@example.com"}, {"username": "oldie"}, {"email": "OLD@example.com", "username": "oldie"}} {
				codes := codesTo()
				s, box := optional(t, register.Config{Usernames: &usernames.Rules{}}, func(dc *doorward.Config) {
					withUsernames(dc)
					dc.GenericResponses = true
				}, codes)
				s.add("old@example.com", "oldie")
				all := with(send)
				maps.Copy(all, c)
				if all["username"] == nil {
					all["username"] = "newbie"
				}
				b := s.browser(asJSON)
				got := fmt.Sprint(b.post("/register", all).shape(), b.get("/register").shape(), s.hashes.Load(), *codes.asked, len(box.Sent()))
				if first == "" {
					first = got
				}
				if got != first || int(s.hashes.Load()) != hashes || b.whoami() != "nobody" {
					t.Errorf("%v:\n%s\nfree:\n%s", c, got, first)
				}
			}
		})
	}
}

// TestNoPasswordOrder: the fields and their errors come in the contract's order.
func TestNoPasswordOrder(t *testing.T) {
	s, _ := optional(t, register.Config{Usernames: &usernames.Rules{}, UsernameRequired: true}, nil, codesTo())
	r := s.browser(true).post("/register?next=//evil.example", fields{"password": "abc", "next": "//evil.example"})
	all, _ := r.response["errors"].([]any)
	got := fmt.Sprint(all...)
	for _, want := range []string{"EMAIL_NOT_PROVIDED", "INVALID_REDIRECT", "PASSWORD_INVALID_LENGTH", "RETYPE_PASSWORD_MISMATCH", "USERNAME_NOT_PROVIDED"} {
		_, rest, ok := strings.Cut(got, want)
		if !ok {
			t.Fatalf("%s is missing or too early in %v", want, all)
		}
		got = rest
	}
}

func TestNoPasswordPage(t *testing.T) {
	s, _ := optional(t, register.Config{PasswordLength: 11}, nil, codesTo())
	page := s.browser(false).get("/register").body
	for _, name := range []string{"password", "password_confirm"} {
		_, input, _ := strings.Cut(page, `<input id="`+name+`"`)
		if input, _, _ = strings.Cut(input, ">"); input == "" || strings.Contains(input, "required") {
			t.Errorf("%s: %q", name, input)
		}
	}
	if !strings.Contains(page, "optional") || !strings.Contains(page, "At least 11 characters") || !strings.Contains(page, "Without a password you sign in with codes") {
		t.Errorf("the page does not say that a password may be left out:\n%s", page)
	}
}

// TestNoWayIn: no account is made that nobody could sign in to.
func TestNoWayIn(t *testing.T) {
	for name, more := range map[string][]doorward.Feature{
		"no feature": nil,
		"no secret":  {coder{asked: new(int)}},
		"trouble":    {coder{secrets: map[string]string{"email": "x"}, err: errors.New("no key"), asked: new(int)}},
	} {
		t.Run(name, func(t *testing.T) {
			s, box := optional(t, register.Config{}, nil, more...)
			if r := s.browser(true).post("/register", fields{"email": "new@example.com"}); r.status != 500 || len(s.users()) != 0 || len(box.Sent()) != 0 || strings.Contains(r.body, "no key") {
				t.Errorf("%d %s, %d users", r.status, r.body, len(s.users()))
			}
		})
	}
}

// TestNoPasswordNeeds: an installation where nobody without a password could
// sign in does not start.
func TestNoPasswordNeeds(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*batteries.Config)
		want string
	}{
		"no unified sign-in": {func(*batteries.Config) {}, "UNIFIED_SIGNIN"},
		"without email":      {func(c *batteries.Config) { c.Unified = &unified.Config{Methods: []string{"password", "authenticator"}} }, "US_ENABLED_METHODS"},
		"no mails":           {func(c *batteries.Config) { c.Unified, c.Mail.Sender = &unified.Config{}, nil }, "no mails can be sent"},
		"by default":         {func(c *batteries.Config) { c.Unified = &unified.Config{} }, ""},
		"email":              {func(c *batteries.Config) { c.Unified = &unified.Config{Methods: []string{"email"}} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := batteries.Config{Register: &register.Config{PasswordOptional: true}}
			cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[member]()), []byte(kit.SecretKey)
			cfg.Mail.Sender, cfg.URLs.ServerName = &box{}, "example.com"
			cfg.Codes.Secrets, cfg.Codes.Issuer = map[string]string{"1": kit.SecretKey}, "Site"
			c.edit(&cfg)
			app, err := batteries.New(cfg)
			if err == nil {
				t.Cleanup(func() { _ = app.Close(t.Context()) })
			}
			if _, wrong := errors.AsType[*doorward.ConfigError](err); wrong != (c.want != "") || wrong && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestNoPasswordWhole: who registered without a password signs in by a code.
func TestNoPasswordWhole(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Register, c.Unified = &register.Config{PasswordOptional: true}, &unified.Config{}
	})
	app.Browser().PostForm("/register", kit.Fields{"email": "new@example.com"}).Want(302)
	acc := app.Account("new@example.com")
	if got := slices.Collect(maps.Keys(acc.USTOTPSecrets)); acc.PasswordHash != "" || !slices.Equal(got, []string{"email"}) {
		t.Errorf("hash %q, secrets for %q", acc.PasswordHash, got)
	}
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", kit.Fields{"email": "new@example.com", "password": "   "}).Want(400)
	b.PostJSON("/login", kit.Fields{"email": "new@example.com", "password": kit.Password}).Want(400).Fails("password", "INVALID_PASSWORD")
	app.Outbox.Reset()
	b.PostJSON("/us-signin/send-code", kit.Fields{"identity": "new@example.com", "chosen_method": "email"}).Want(200)
	sent := app.Outbox.Sent()
	if len(sent) != 1 || sent[0].To != "new@example.com" {
		t.Fatalf("mails %+v", sent)
	}
	b.PostJSON("/us-signin", kit.Fields{"identity": "new@example.com", "passcode": sixDigits.FindString(sent[0].Text)})
	if got := b.WhoAmI(); got != "new@example.com" {
		t.Errorf("signed in is %q", got)
	}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)
