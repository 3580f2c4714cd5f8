package twofactor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/sessions"
	"github.com/doorward/doorward/unified"
)

func unifiedToo(c *batteries.Config) { c.Unified = &unified.Config{} }

// site is an installation with joe in it, who may have a factor.
func site(t *testing.T, method string, edits ...func(*batteries.Config)) (*kit.App, totp) {
	t.Helper()
	app := kit.New(t, with(edits...))
	app.NewUser(joe)
	if method == "" {
		return app, totp{}
	}
	return app, give(t, app, find(t, app, joe), method)
}

// try signs joe in by a new browser with a code.
func try(app *kit.App, c string) bool {
	b := api(app)
	begin(b, joe).Want(200)
	return b.Post("/tf-validate", code(c)).Status == 200 && b.WhoAmI() == joe
}

// A code works once: not again in its window, nor in the next step, nor one of a
// step before it.
func TestCodeIsUsedUp(t *testing.T) {
	app, o := site(t, "authenticator")
	c, before, next := o.code(0), o.code(-1), o.code(1)
	if !try(app, c) || try(app, c) {
		t.Error("used twice, or not at all")
	}
	if try(app, before) {
		t.Error("a code of an earlier step is accepted after one of a later")
	}
	app.Clock.Advance(otp.Period)
	if try(app, c) || !try(app, next) || try(app, next) {
		t.Error("used again in the next step, or the next one is not accepted")
	}
}

// A code that signed in by one feature is none for another, where both have the
// same secret.
func TestCodeIsUsedUpEverywhere(t *testing.T) {
	app, o := site(t, "authenticator", unifiedToo)
	u := find(t, app, joe)
	app.Change(u, func(acc *doorward.Account) {
		acc.USTOTPSecrets = map[string]string{"authenticator": acc.TFTOTPSecret}
	})
	other := func(c string) bool {
		b := api(app)
		b.CSRF("/us-signin")
		return b.Post("/us-signin", kit.Fields{"identity": joe, "passcode": c}).Status == 200
	}
	c := o.code(0)
	if !try(app, c) || other(c) {
		t.Error("used for the second factor, and then to sign in")
	}
	app.Clock.Advance(time.Minute)
	c = o.code(0)
	if !other(c) || try(app, c) {
		t.Error("used to sign in, and then for the second factor")
	}
}

// A code that was sent is the only one that counts, and is sent again as it is.
func TestSentCode(t *testing.T) {
	app, o := site(t, "email")
	b := api(app)
	begin(b, joe).Want(200)
	c := mailed(app)
	b.Post("/tf-rescue", kit.Fields{"help_setup": "resend"}).Want(200)
	if mailed(app) != c || len(app.Outbox.Sent()) != 2 {
		t.Error("another code was sent")
	}
	b.Post("/tf-validate", code(o.code(1))).Want(400).Fails("code", "TWO_FACTOR_INVALID_TOKEN")
	app.Clock.Advance(6 * time.Minute)
	b.Post("/tf-validate", code(c)).Want(400)
	b.Post("/tf-rescue", kit.Fields{"help_setup": "resend"}).Want(200)
	b.Post("/tf-validate", code(mailed(app))).Want(200)
}

// It dies after a few wrong ones, and sending it again does not bring it back.
func TestSentCodeDies(t *testing.T) {
	app, o := site(t, "sms", unlimited)
	b := api(app)
	begin(b, joe).Want(200)
	c := texted(app)
	for range 5 {
		b.Post("/tf-validate", code(o.wrong())).Want(400).Fails("code", "TWO_FACTOR_INVALID_TOKEN")
	}
	b.Post("/tf-validate", code(c)).Want(400)
	b.Post("/tf-rescue", kit.Fields{"help_setup": "resend"}).Want(200)
	if texted(app) == c {
		t.Error("a dead code was sent again")
	}
	b.Post("/tf-validate", code(texted(app))).Want(200)
}

// An account that is switched off gets no further with a second factor, and
// nothing is sent for it.
func TestDisabledAccount(t *testing.T) {
	for _, state := range []string{"setup", "validating", "ready", "select"} {
		app := walkApp(t)
		for request := range draw(t).cells {
			method, path, _ := strings.Cut(request, " ")
			if path == "/login" || path == "/logout" || strings.HasPrefix(path, "/mf-") && method == "GET" {
				continue
			}
			t.Run(state+" "+request, func(t *testing.T) {
				v := arrive(t, app.In(t), state)
				u := find(t, app, v.email)
				app.Change(u, func(acc *doorward.Account) { acc.Active = false })
				before, mails := app.Account(v.email), len(app.Outbox.Sent())
				res := v.ask(request)
				if res.Status == 200 && path != "/tf-select" {
					t.Errorf("answered: %s", res.Body)
				}
				if ours := path == "/tf-setup" || path == "/tf-validate" || path == "/tf-rescue"; ours {
					res.Fails("", "TWO_FACTOR_PERMISSION_DENIED")
				}
				after := app.Account(v.email)
				if v.WhoAmI() != "" || after.TFTOTPSecret != before.TFTOTPSecret || len(after.RecoveryCodes) != 1 || len(app.Outbox.Sent()) != mails {
					t.Error("signed in, changed or told")
				}
			})
		}
	}
}

// Nor when the method is chosen.
func TestDisabledWhileChoosing(t *testing.T) {
	app, _ := site(t, "email", several)
	u := find(t, app, joe)
	app.Change(u, hasKey)
	b := api(app)
	begin(b, joe).Want(200)
	app.Change(u, func(acc *doorward.Account) { acc.Active = false })
	b.Post("/tf-select", kit.Fields{"which": "email"}).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	if len(app.Outbox.Sent()) != 0 {
		t.Error("a code was sent")
	}
}

// Who has given the password alone is let in nowhere.
func TestPasswordAlone(t *testing.T) {
	for _, state := range []string{"setup", "validating", "ready", "select"} {
		app := kit.New(t, with(required, several, unifiedToo, func(c *batteries.Config) {
			c.RecoveryCodes, c.Sessions = &recoverycodes.Config{}, &sessions.Config{}
		}))
		asked := 0
		for _, rt := range app.Routes() {
			if rt.Caller < doorward.UserCaller {
				continue
			}
			for _, method := range []string{"GET", "POST"} {
				if !slices.Contains(rt.Methods(), method) {
					continue
				}
				asked++
				v := arrive(t, app, state)
				path := strings.Replace(rt.Path, "{token}", "x", 1)
				res := v.Get(path)
				if method == "POST" {
					v.CSRF("")
					res = v.Post(path, kit.Fields{})
				}
				if res.Status != 401 && res.Status != 405 {
					t.Errorf("%s: %s %s: %d", state, method, path, res.Status)
				}
			}
		}
		v := arrive(t, app, state)
		v.Get("/doorwardtest/user").Want(401)
		v.Get("/doorwardtest/fresh").Want(401)
		if asked < 5 {
			t.Errorf("only %d routes were asked", asked)
		}
	}
}

// Two users who begin to sign in with one browser are not mixed up.
func TestTwoUsersInOneBrowser(t *testing.T) {
	app, joes := site(t, "authenticator")
	app.NewUser(ann)
	anns := give(t, app, find(t, app, ann), "authenticator")
	b := api(app)
	begin(b, joe).Want(200)
	first := b.Clone()
	begin(b, ann).Want(200)
	b.Post("/tf-validate", code(joes.code(0))).Want(400)
	b.Post("/tf-validate", code(anns.code(0))).Want(200)
	if b.WhoAmI() != ann {
		t.Errorf("is %q", b.WhoAmI())
	}
	first.Post("/tf-validate", code(anns.code(1))).Want(400)
	if first.WhoAmI() != "" {
		t.Error("the first goes on with the second's")
	}
	// Who is signed in sets up his own, whatever waits in the browser.
	app.Clock.Advance(time.Minute)
	u := app.NewUser("eve@example.com")
	e := api(app)
	e.LoginAs(u)
	e.LoginAs(find(t, app, joe)) // which now waits
	if e.WhoAmI() != "eve@example.com" {
		t.Fatalf("is %q", e.WhoAmI())
	}
	e.Post("/tf-validate", code(joes.code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	if e.WhoAmI() != "eve@example.com" {
		t.Errorf("is %q", e.WhoAmI())
	}
}

// Whoever moves the clock gets no code twice.
func TestClock(t *testing.T) {
	for _, method := range []string{"authenticator", "email"} {
		app, o := site(t, method)
		next := func() string {
			if method == "email" {
				return mailed(app)
			}
			return o.code(0)
		}
		b := api(app)
		begin(b, joe).Want(200)
		c := next()
		b.Post("/tf-validate", code(c)).Want(200)
		for _, d := range []time.Duration{-time.Hour, 2 * time.Hour, -time.Hour, -30 * time.Second, 30 * time.Second} {
			app.Clock.Advance(d)
			b := api(app)
			begin(b, joe) // a code of an earlier step is not sent
			b.Post("/tf-validate", code(c))
			if b.WhoAmI() != "" {
				t.Errorf("%s: used again %v on", method, d)
			}
			early := api(app)
			begin(early, joe)
			early.Post("/tf-validate", code(o.code(-3)))
			if early.WhoAmI() != "" && app.Clock.Now().Before(time.Date(2031, 5, 17, 12, 2, 0, 0, time.UTC)) {
				t.Errorf("%s: a step before the last one, %v on", method, d)
			}
		}
	}
}

// A remembered browser is not asked again; one that was not remembered is.
func TestTrust(t *testing.T) {
	app, o := site(t, "authenticator", func(c *batteries.Config) { c.Second.NotAlways = true })
	for _, remember := range []bool{false, true} {
		app.Clock.Advance(time.Minute)
		b := api(app)
		b.CSRF("/login")
		in := kit.Fields{"email": joe, "password": kit.Password, "remember": remember}
		b.Post("/login", in).Want(200)
		if c := b.Post("/tf-validate", code(o.code(0))).Want(200).Cookie("tf_validity"); (c != nil) != remember {
			t.Errorf("trusted is %t, remembered %t", c != nil, remember)
		}
		b.Post("/logout", kit.Fields{}).Want(200)
		if got := begin(b, joe).JSONAt("response.tf_required"); got != !remember {
			t.Errorf("asked again: %v", got)
		}
	}
}
