package unified_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/twofactor"
	"github.com/doorward/doorward/unified"
)

// secondStep turns on the second factor of this module.
func secondStep(c *batteries.Config) { c.TwoFactor = &twofactor.Config{} }

// fewCodes are the most that one account is sent.
func fewCodes(n int) func(*batteries.Config) {
	return func(c *batteries.Config) { c.Lockout.AccountCodes = n }
}

// protect gives joe a second factor, and forgets what was sent for it. The browser
// is signed in, and does not know any more that it was before.
func protect(t *testing.T, app *kit.App, method string) *kit.Browser {
	t.Helper()
	b := as(app, joe)
	res := b.Post("/tf-setup", kit.Fields{"setup": method, "phone": phone}).Want(200)
	token, _ := res.JSONAt("response.tf_state_token").(string)
	b.Post("/tf-setup/"+token, kit.Fields{"code": sentCode(app)}).Want(200)
	app.Clock.Advance(3 * time.Hour)
	app.Outbox.Reset()
	app.Texts.Reset()
	b.SetCookie("known_browser", "")
	return b
}

// sentCode is the code that was sent last, by whatever feature.
func sentCode(app *kit.App) string {
	if texts := app.Texts.Sent(); len(texts) > 0 {
		return codePattern.FindString(texts[len(texts)-1].Text)
	}
	for mails := app.Outbox.Sent(); len(mails) > 0; mails = mails[:len(mails)-1] {
		if c := codePattern.FindString(mails[len(mails)-1].Text); c != "" {
			return c
		}
	}
	return "nothing was sent"
}

// takeSent is how many were sent since.
func takeSent(app *kit.App) int {
	n := len(app.Outbox.Sent()) + len(app.Texts.Sent())
	app.Outbox.Reset()
	app.Texts.Reset()
	return n
}

// from is a visitor at an address.
func from(app *kit.App, addr string) *kit.Browser {
	b := visitor(app, true)
	b.Addr = addr + ":40000"
	return b
}

// useUp makes a stranger ask for the codes that joe's account gets, and for more.
func useUp(t *testing.T, app *kit.App, method string) {
	t.Helper()
	app.Clock.Advance(3 * time.Hour)
	takeSent(app)
	stranger := from(app, "203.0.113.9")
	for range 25 {
		stranger.Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Want(200)
	}
	if n := takeSent(app); n != 20 {
		t.Fatalf("%s: a stranger caused %d, and not 20", method, n)
	}
}

// TestStrangersLeaveTheUsersCodes: whatever strangers have sent to an account, its
// user gets the code of his second factor, and those for what he does inside.
func TestStrangersLeaveTheUsersCodes(t *testing.T) {
	for _, method := range []string{"email", "sms"} {
		for name, mode := range map[string]func(*batteries.Config){"": func(*batteries.Config) {}, "generic": generic} {
			t.Run(method+name, func(t *testing.T) {
				app, _ := site(t, with(secondStep, mode), method)
				me := protect(t, app, method)
				useUp(t, app, method)
				b := visitor(app, true)
				b.CSRF("/login")
				b.Post("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(200).Contains(`"tf_required":true`)
				b.Post("/tf-rescue", kit.Fields{"help_setup": "resend"}).Want(200)
				b.Post("/tf-validate", kit.Fields{"code": sentCode(app)}).Want(200)
				if b.WhoAmI() != joe || takeSent(app) != 2 {
					t.Error("not signed in, or not by two codes")
				}
				me.Get("/us-verify").Want(200) // tokens of pages do not last as long
				for _, path := range []string{"/us-verify/send-code", "/us-setup"} {
					me.Post(path, kit.Fields{"chosen_method": method, "phone": phone}).Want(200)
					if n := takeSent(app); n != 1 {
						t.Errorf("%s: %d codes", path, n)
					}
				}
			})
		}
	}
}

// TestKnownBrowserGetsItsCode: neither do strangers keep the code to sign in from a
// browser in which the account was signed in to before; any other is a stranger's.
func TestKnownBrowserGetsItsCode(t *testing.T) {
	for _, method := range []string{"email", "sms"} {
		for name, mode := range map[string]func(*batteries.Config){"": func(*batteries.Config) {}, "generic": generic} {
			app, _ := site(t, with(mode), method)
			app.NewUser(ann)
			known, another := visitor(app, true), visitor(app, true)
			enter(known, kit.Password).Want(200)
			known.Post("/logout", kit.Fields{}).Want(200)
			another.Post("/us-signin", kit.Fields{"identity": ann, "passcode": kit.Password}).Want(200)
			another.Post("/logout", kit.Fields{}).Want(200)
			useUp(t, app, method)
			for who, b := range map[string]*kit.Browser{"a new one": visitor(app, true), "another user's": another} {
				b.Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Want(200)
				if n := takeSent(app); n != 0 {
					t.Errorf("%s %s: %s causes %d", method, name, who, n)
				}
			}
			known.Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Want(200)
			enter(known, sentCode(app)).Want(200)
			if known.WhoAmI() != joe {
				t.Errorf("%s %s: not signed in", method, name)
			}
		}
	}
}

// text asks for a text message to a number, by one of the pages for that.
func text(b *kit.Browser, path, number string) int {
	return b.Post(path, kit.Fields{"setup": "sms", "chosen_method": "sms", "phone": number}).Status
}

// member is a new account, signed in from an address.
func member(app *kit.App, n int, addr string) *kit.Browser {
	b := from(app, addr)
	b.LoginAs(app.NewUser(fmt.Sprintf("member%d@example.com", n)))
	return b
}

var setupPages = []string{"/us-setup", "/tf-setup"}

// TestTextsOfOneAddress: however many accounts somebody makes, and whatever numbers
// they name, from one address go so many text messages.
func TestTextsOfOneAddress(t *testing.T) {
	app := kit.New(t, with(secondStep, func(c *batteries.Config) { c.Lockout.TextTries = 3 }))
	for i := range 6 {
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		if got := text(member(app, i, "203.0.113.9"), setupPages[i%2], fmt.Sprintf("+1202555010%d", i)); got != want {
			t.Errorf("text message %d: %d", i+1, got)
		}
	}
	if n := takeSent(app); n != 3 {
		t.Errorf("%d text messages", n)
	}
	for i, path := range setupPages {
		if got := text(member(app, 10+i, "203.0.113.10"), path, "+12025550109"); got != http.StatusOK {
			t.Errorf("%s from another address: %d", path, got)
		}
	}
}

// TestTextsToOneNumber: nor do more go to one number that is proved by nobody who
// asks, from however many addresses; it costs the one whose number it is nothing.
func TestTextsToOneNumber(t *testing.T) {
	app, _ := site(t, with(secondStep, generic, fewCodes(3)), "sms")
	me := protect(t, app, "sms")
	for i := range 6 {
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		if got := text(member(app, i, fmt.Sprintf("203.0.113.%d", i+1)), setupPages[i%2], phone); got != want {
			t.Errorf("text message %d: %d", i+1, got)
		}
	}
	if n := takeSent(app); n != 3 {
		t.Errorf("%d text messages", n)
	}
	if got := text(member(app, 10, "203.0.113.10"), "/us-setup", "+12025550109"); got != http.StatusOK {
		t.Errorf("to another number: %d", got)
	}
	b := visitor(app, true)
	b.CSRF("/login")
	b.Post("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(200)
	b.Post("/tf-validate", kit.Fields{"code": sentCode(app)}).Want(200)
	me.Get("/us-verify").Want(200) // tokens of pages do not last as long
	me.Post("/us-verify/send-code", kit.Fields{"chosen_method": "sms"}).Want(200)
	if n := takeSent(app); b.WhoAmI() != joe || n != 3 {
		t.Errorf("signed in is %q, %d text messages", b.WhoAmI(), n)
	}
}

// TestNoticesEnd: setting up a way to sign in and removing it again, each of which
// is told by mail, has an end.
func TestNoticesEnd(t *testing.T) {
	const most = 4
	app, _ := site(t, with(func(c *batteries.Config) { c.Lockout.AccountMails = most }))
	b := as(app, joe)
	for range most / 2 {
		state, key := begin(b, "authenticator", "")
		b.Post("/us-setup/"+state, kit.Fields{"passcode": otp.Code(key, otp.Step(app.Clock.Now()))}).Want(200)
		b.Post("/us-setup", kit.Fields{"delete_method": "authenticator"}).Want(200)
	}
	if n := takeSent(app); n != most {
		t.Errorf("%d notices", n)
	}
	b.Post("/us-setup", kit.Fields{"chosen_method": "authenticator"}).Want(http.StatusTooManyRequests)
	app.Clock.Advance(time.Hour/most + time.Second) // one comes back
	state, key := begin(b, "authenticator", "")
	b.Post("/us-setup/"+state, kit.Fields{"passcode": otp.Code(key, otp.Step(app.Clock.Now()))}).Want(200)
	before := app.Snapshot()
	res := b.Post("/us-setup", kit.Fields{"delete_method": "authenticator"}).Want(http.StatusTooManyRequests)
	if app.Snapshot() != before || res.Header.Get("Retry-After") == "" {
		t.Error("removed, or nobody is told when to come back")
	}
}

// TestManySignInsOneBudget: each sign-in makes a browser known, and none of them
// more codes for the account.
func TestManySignInsOneBudget(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Unified, c.Lockout.AccountCodes = &unified.Config{}, 4
	})
	u := app.NewUser(joe)
	secrets, err := app.Batteries.Unified.NewUserSecrets()
	if err != nil {
		t.Fatal(err)
	}
	app.Change(u, func(a *doorward.Account) { a.USTOTPSecrets = secrets })
	for range 3 {
		b := app.Browser()
		b.JSON = true
		b.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(200)
		for range 3 {
			b.PostJSON("/us-verify/send-code", kit.Fields{"chosen_method": "email"})
		}
	}
	if n := len(app.Outbox.Sent()); n != 4 {
		t.Errorf("%d mails, want 4", n)
	}
}
