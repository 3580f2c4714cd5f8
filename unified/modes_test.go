package unified_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/unified"
)

// kinds are the accounts that strangers must not tell apart; each is made for an
// address.
func kinds(secrets map[string]string) map[string]func(*kit.App, string) {
	with := func(edit func(*doorward.Account)) func(*kit.App, string) {
		return func(app *kit.App, email string) {
			app.NewUser(email, func(acc *doorward.Account) {
				acc.USTOTPSecrets, acc.USPhoneNumber = secrets, phone
				edit(acc)
			})
		}
	}
	return map[string]func(*kit.App, string){
		"known":         with(func(*doorward.Account) {}),
		"unknown":       func(*kit.App, string) {},
		"switched off":  with(func(acc *doorward.Account) { acc.Active = false }),
		"not confirmed": with(func(acc *doorward.Account) { acc.Username = "gated" }),
		"no password":   with(func(acc *doorward.Account) { acc.PasswordHash = "" }),
		"no method":     with(func(acc *doorward.Account) { acc.USTOTPSecrets, acc.USPhoneNumber = nil, "" }),
		"nothing":       with(func(acc *doorward.Account) { acc.PasswordHash, acc.USTOTPSecrets = "", nil }),
		"no number":     with(func(acc *doorward.Account) { acc.USPhoneNumber = "" }),
		"broken":        with(func(acc *doorward.Account) { acc.USTOTPSecrets = map[string]string{"email": "x", "sms": "y"} }),
	}
}

// TestTwins: no answer tells one kind of account from another, at any page, by
// any step, nor by what it cost.
func TestTwins(t *testing.T) {
	from, _ := site(t, turnedOn, all()...)
	secrets := from.Account(joe).USTOTPSecrets
	for _, asJSON := range []bool{true, false} {
		var first []string
		of := ""
		for name, kind := range kinds(secrets) {
			got := twin(t, kind, asJSON)
			if first == nil {
				first, of = got, name
			}
			for i := range got {
				if got[i] != first[i] {
					t.Fatalf("json %t: step %d tells %s from %s:\n%s\n%s", asJSON, i, name, of, got[i], first[i])
				}
			}
		}
		if len(first) != 24 {
			t.Errorf("%d steps", len(first))
		}
	}
}

// twin returns what a stranger sees step by step.
func twin(t *testing.T, kind func(*kit.App, string), asJSON bool) (out []string) {
	t.Helper()
	const email = "somebody@twins.example"
	store := &counted{GuessStore: memstore.New[kit.User]()}
	app := kit.New(t, with(gated, generic, func(c *batteries.Config) { c.Stores.Guesses = store }))
	kind(app, email)
	b := visitor(app, asJSON)
	step := func(path string, fields kit.Fields) {
		b.CSRF("/us-signin")
		hashes, updates := app.Hashes(), store.n
		fields["identity"] = email
		res := b.Post(path, fields)
		out = append(out, seen(res, email, app.Hashes()-hashes, store.n-updates))
	}
	for range 2 {
		for _, passcode := range []string{"wrong", "000000", "", strings.Repeat("1", 1000), strings.Repeat("x", 70000)} {
			step("/us-signin", kit.Fields{"passcode": passcode})
		}
		for _, method := range []string{"email", "sms", "authenticator", "password", "pigeon", ""} {
			step("/us-signin/send-code", kit.Fields{"chosen_method": method})
		}
		step("/us-signin", kit.Fields{"passcode": "000001"})
	}
	return out
}

// counted counts the updates of counters.
type counted struct {
	doorward.GuessStore
	n int
}

func (c *counted) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	c.n++
	return c.GuessStore.UpdateGuesses(ctx, keys, change)
}

var secretPattern = regexp.MustCompile(`[A-Za-z0-9_-]{60,}`)

// seen writes an answer down without what differs between any two answers.
func seen(r *kit.Response, email string, hashes, updates int) string {
	var lines []string
	for name, vs := range r.Header {
		if name != "Date" && name != "Set-Cookie" {
			lines = append(lines, name+": "+strings.Join(vs, ", "))
		}
	}
	for _, c := range r.Cookies {
		lines = append(lines, fmt.Sprintf("cookie %s: %d bytes, %s, %d", c.Name, len(c.Value), c.Path, c.MaxAge))
	}
	slices.Sort(lines)
	text := fmt.Sprintf("%d, %d hashes, %d updates\n%s\n%s", r.Status, hashes, updates, strings.Join(lines, "\n"), r.Body)
	return secretPattern.ReplaceAllString(strings.ReplaceAll(text, email, "(address)"), "(secret)")
}

// TestOneMessage: a sign-in that fails says exactly one thing.
func TestOneMessage(t *testing.T) {
	app, _ := site(t, with(generic), all()...)
	for _, fields := range []kit.Fields{{}, {"identity": joe}, {"identity": joe, "passcode": "x"}, {"identity": "x", "passcode": "x"}, {"passcode": "x"}} {
		res := visitor(app, true).Post("/us-signin", fields).Want(400).Fails("", "GENERIC_AUTHN_FAILED")
		if all, _ := res.JSONAt("response.errors").([]any); len(all) != 1 {
			t.Errorf("%v: %s", fields, res.Body)
		}
		visitor(app, false).Post("/us-signin", fields).Want(200).Fails("", "GENERIC_AUTHN_FAILED").Fails("identity").Fails("passcode")
	}
}

// TestBadInput: what is no code is a message on the field, and what is one is
// taken in every way to write it.
func TestBadInput(t *testing.T) {
	app, keys := site(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true }), "authenticator")
	bad := []any{"letters", "12345", "1234567", strings.Repeat("1", 1000), "１２３４５６", "12.456", "+12345", "-12345", "0x1234", "1e5", " ", "'--"}
	worse := []any{-12345, 1.5, 1234567, 1e10, true, []string{"123456", "123456"}, map[string]any{"a": 1}, json.Number("1e5")}
	me := as(app, joe)
	state, _ := begin(me, "authenticator", "")
	for path, b := range map[string]*kit.Browser{"/us-signin": visitor(app, true), "/us-verify": me, "/us-setup/" + state: me} {
		for _, passcode := range bad {
			if res := b.Post(path, kit.Fields{"identity": joe, "passcode": passcode}).Want(400); len(res.Errors("passcode")) != 1 {
				t.Errorf("%s: %.20v: %s", path, passcode, res.Body)
			}
		}
		for _, passcode := range worse {
			b.Post(path, kit.Fields{"identity": joe, "passcode": passcode}).Want(400).Fails("passcode", "API_ERROR")
		}
	}
	for i, write := range []func(string) any{
		func(c string) any { return c }, func(c string) any { return c[:3] + " " + c[3:] }, func(c string) any { return " " + c[:2] + "-" + c[2:4] + "-" + c[4:] + " " },
		func(c string) any { return json.Number(strings.TrimLeft(c, "0")) },
	} {
		app.Clock.Advance(5 * time.Minute)
		if i == 3 { // wait for a code that begins with a zero
			for !strings.HasPrefix(keys.code(app), "0") || strings.Trim(keys.code(app), "0") == "" {
				app.Clock.Advance(30 * time.Second)
			}
		}
		enter(visitor(app, true), write(keys.code(app))).Want(http.StatusOK)
	}
}

// TestConfig: what cannot work is found at start.
func TestConfig(t *testing.T) {
	for name, edit := range map[string]func(*batteries.Config){
		"no method":         func(c *batteries.Config) { c.Unified.Methods = []string{} },
		"unknown method":    func(c *batteries.Config) { c.Unified.Methods = []string{"email", "pigeon"} },
		"unknown MFA":       func(c *batteries.Config) { c.Unified.MFARequired = []string{"pasword"} },
		"nothing sends":     func(c *batteries.Config) { c.Unified.Methods, c.Codes.SMS = []string{"sms"}, nil },
		"no host":           func(c *batteries.Config) { c.URLs.ServerName = "" },
		"no claims":         func(c *batteries.Config) { c.Stores.Claims = nil },
		"never valid":       func(c *batteries.Config) { c.Unified.TokenValidity = -1 },
		"for ever valid":    func(c *batteries.Config) { c.Unified.TokenValidity = 2 * time.Hour },
		"never set up":      func(c *batteries.Config) { c.Unified.SetupWithin = -1 },
		"no secrets":        func(c *batteries.Config) { c.Codes.Secrets = nil },
		"no issuer":         func(c *batteries.Config) { c.Codes.Issuer = "" },
		"no spa views":      func(c *batteries.Config) { c.URLs.Behavior = "spa" },
		"one path for both": func(c *batteries.Config) { c.Unified.ReplacesLogin, c.Unified.SignInURL = true, "/login" },
	} {
		var cfg batteries.Config
		cfg.Stores, cfg.SecretKey, cfg.URLs.ServerName = doorward.StoresFrom(memstore.New[kit.User]()), []byte(kit.SecretKey), kit.Host
		cfg.Mail.Sender, cfg.Unified, cfg.UnlimitedGuessing = &mail.Outbox{}, &unified.Config{}, true
		cfg.Codes.Secrets, cfg.Codes.Issuer = map[string]string{"1": kit.SecretKey}, "Doorward"
		edit(&cfg)
		_, err := batteries.New(cfg)
		if bad, ok := errors.AsType[*doorward.ConfigError](err); !ok || bad.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	app := kit.New(t, with(func(c *batteries.Config) { c.Identities = []string{"email"} }))
	if !strings.Contains(app.Logs.String(), "us_phone_number") {
		t.Error("nobody is told that phone numbers name no account")
	}
	app = kit.New(t, with(func(c *batteries.Config) { c.Mail.Sender, c.URLs.ServerName = nil, "" }))
	visitor(app, true).Get("/us-signin").Contains(`"available_methods":["password","authenticator","sms"]`, `"code_methods":["sms"]`)
}

// TestMatrix: nothing fails, whatever strangers and users send.
func TestMatrix(t *testing.T) {
	t.Run("twins", func(t *testing.T) {
		kit.Twins(t, kit.New(t, with(generic, func(c *batteries.Config) { c.UnlimitedGuessing = true })))
	})
	t.Run("routes", func(t *testing.T) { kit.RouteMatrix(t, kit.New(t, turnedOn)) })
	t.Run("types", func(t *testing.T) {
		kit.TypeFuzz(t, kit.New(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true })))
	})
	t.Run("mails", func(t *testing.T) {
		kit.MailTrap(t, kit.New(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true })), "https://localhost")
	})
}
