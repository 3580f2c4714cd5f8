package twofactor_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/twofactor"
)

var drawn = regexp.MustCompile(`<svg xmlns.*?</svg>`)

// A wrong code loses nothing: the page shows the same picture again, and the one
// that was scanned goes on to be the one.
func TestSamePictureAgain(t *testing.T) {
	for name, edit := range map[string]func(*batteries.Config){"signed in": on, "at a sign-in": with(required)} {
		t.Run(name, func(t *testing.T) {
			app := kit.New(t, edit)
			app.NewUser(joe)
			b := app.Browser()
			begin(b, joe).Want(302)
			first := b.Post("/tf-setup", kit.Fields{"setup": "authenticator"}).Want(200)
			o := scan(t, app, first)
			action := regexp.MustCompile(`action="([^"]+)" name="two_factor_verify_code_form"`).FindStringSubmatch(first.Body)[1]
			first.Contains(`id="qrcode" role="img" aria-label="`, `id="code-csrf"`, `id="submit-code"`, `autocomplete="one-time-code"`, "Account: joe@example.com")
			for _, wrong := range []string{o.wrong(), ""} {
				again := b.Post(action, code(wrong)).Want(200)
				if drawn.FindString(again.Body) != drawn.FindString(first.Body) || len(again.Errors("code")) != 1 {
					t.Error("another picture, or no error")
				}
			}
			// A request that another site could have made is shown no key.
			forged := b.Clone()
			forged.NoCSRF = true
			if res := forged.Post(action, code(o.code(0))); res.Status == 302 || strings.Contains(res.Body, "otpauth") {
				t.Errorf("answered %d, with the key", res.Status)
			}
			b.Post(action, code(o.code(0))).Want(302)
			if app.Account(joe).TFTOTPSecret == "" || b.WhoAmI() != joe {
				t.Error("not set up")
			}
		})
	}
}

// The key is in no answer to a GET, and in none that may be kept.
func TestKeyIsNotCached(t *testing.T) {
	app, _ := site(t, "")
	b := signedIn(app, joe, nil)
	res, _ := choose(b, "authenticator")
	if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("Cache-Control %q", got)
	}
	for _, path := range []string{"/tf-setup", "/tf-validate"} {
		for _, b.JSON = range []bool{true, false} {
			b.Get(path).Want(200).Lacks("otpauth", "<svg xmlns", "tf_authr")
		}
	}
}

// The page for the code has the names that other templates and scripts know.
func TestVerifyPage(t *testing.T) {
	app, _ := site(t, "sms")
	b := app.Browser()
	begin(b, joe).GoesTo("/tf-validate")
	b.Get("/tf-validate?next=/wanted").Want(200).Contains(`name="two_factor_verify_code_form"`, `action="/tf-validate?next=/wanted"`, `id="code-ctr"`, `id="code-csrf"`, `id="submit-code"`,
		`name="two_factor_rescue_form"`, `action="/tf-rescue?next=/wanted"`, `id="rescue-csrf"`, `id="rescue"`, `value="resend"`, `value="email"`, `value="help"`)
	b.Post("/tf-rescue", kit.Fields{"help_setup": "email"}).Want(200).Contains("CODE_HAS_BEEN_SENT", "by email")
	b.Post("/tf-rescue", kit.Fields{"help_setup": "help"}).Want(200).Contains("TWO_FACTOR_HELP_REQUESTED")
}

// Mails say what they must, and who asks for help is named.
func TestMails(t *testing.T) {
	app, _ := site(t, "authenticator", func(c *batteries.Config) { c.TwoFactor.RescueMail = "help@example.com" })
	b := api(app)
	begin(b, joe).Want(200)
	b.Post("/tf-rescue", kit.Fields{"help_setup": "email"}).Want(200)
	b.Post("/tf-rescue", kit.Fields{"help_setup": "help"}).Want(200)
	sent := app.Outbox.Sent()
	if len(sent) != 2 || sent[0].Template != "two_factor_instructions" || sent[1].Template != "two_factor_rescue" {
		t.Fatalf("mails %v", sent)
	}
	for _, part := range []string{sent[0].Text, sent[0].HTML} {
		if !strings.Contains(part, mailed(app)) || !strings.Contains(part, "within 2 minutes") {
			t.Errorf("the code's mail says\n%s", part)
		}
	}
	for _, part := range []string{sent[1].Text, sent[1].HTML} {
		if !strings.Contains(part, joe) || digits.MatchString(strings.ReplaceAll(part, "#", "x")) && strings.Contains(part, mailed(app)) {
			t.Errorf("the help desk's mail says\n%s", part)
		}
	}
}

// Operators see what is set up, and take it away.
func TestReset(t *testing.T) {
	app, o := site(t, "sms")
	f := app.Batteries.TwoFactor
	u := find(t, app, joe)
	if method, to := f.State(u); method != "sms" || to != phone {
		t.Errorf("state %q %q", method, to)
	}
	for range 2 {
		if err := f.Reset(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if got := kit.EventsOf[twofactor.Disabled](app.Events); len(got) != 1 || len(app.Outbox.Sent()) != 1 {
		t.Errorf("%d events, %d mails", len(got), len(app.Outbox.Sent()))
	}
	if method, to := f.State(find(t, app, joe)); method+to != "" {
		t.Errorf("state %q %q", method, to)
	}
	begin(api(app), joe).Want(200).Contains(`"tf_required":false`)
	_ = o
	app.Delete(u)
	if f.Reset(t.Context(), u) == nil {
		t.Error("reset for nobody")
	}
}

// Mistakes in the configuration are found at start.
func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*batteries.Config)
		want string
	}{
		"method":   {func(c *batteries.Config) { c.TwoFactor.Methods = []string{"email", "pigeon"} }, "pigeon"},
		"nothing":  {func(c *batteries.Config) { c.TwoFactor.Methods, c.Codes.SMS = []string{"sms"}, nil }, "can be offered"},
		"validity": {func(c *batteries.Config) { c.TwoFactor.SMSValidity = -1 }, "SMS_VALIDITY"},
		"within":   {func(c *batteries.Config) { c.TwoFactor.SetupWithin = -1 }, "SETUP_WITHIN"},
		"claims":   {func(c *batteries.Config) { c.Stores.Claims = nil }, "may happen once"},
		"guesses":  {func(c *batteries.Config) { c.Stores.Guesses, c.UnlimitedGuessing = nil, true }, "Guesses"},
		"roles":    {func(c *batteries.Config) { c.Stores.Roles, c.TwoFactor.RequiredRoles = nil, []string{"x"} }, "role store"},
		"issuer":   {func(c *batteries.Config) { c.Codes.Issuer = "" }, "TOTP_ISSUER"},
		"secrets":  {func(c *batteries.Config) { c.Codes.Secrets = nil }, "TOTP_SECRETS"},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg batteries.Config
			kit.New(t, with(func(c *batteries.Config) { cfg = *c }))
			two := *cfg.TwoFactor
			cfg.TwoFactor = &two
			c.edit(&cfg)
			if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s in it", err, c.want)
			}
		})
	}
}
