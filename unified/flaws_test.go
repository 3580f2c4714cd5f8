package unified_test

import (
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/internal/sqltest"
)

// places are where a code of joe's can be used; each reports whether it was taken.
func places(app *kit.App) map[string]func(code string) bool {
	me := find(app, joe).SecurityAccount().Uniquifier
	return map[string]func(string) bool{
		"sign-in": func(code string) bool { return enter(visitor(app, true), code).Status == 200 },
		"verify": func(code string) bool {
			return as(app, joe).Post("/us-verify", kit.Fields{"passcode": code}).Status == 200
		},
		"link": func(code string) bool {
			b := visitor(app, true)
			press(b, "/us-verify-link?id="+me+"&code="+code)
			return b.WhoAmI() == joe
		},
	}
}

// TestCodeOnce: a code is accepted once, wherever it is used first and then again.
func TestCodeOnce(t *testing.T) {
	for _, method := range all() {
		app, keys := site(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true }), all()...)
		at := places(app)
		for first := range at {
			if first == "link" && method != "email" {
				continue
			}
			for again := range at {
				app.Clock.Advance(5 * time.Minute)
				code := keys.code(app)
				if method != "authenticator" {
					code = ask(app, method)
				}
				if !at[first](code) {
					t.Errorf("%s: not accepted at %s", method, first)
				}
				if at[again](code) {
					t.Errorf("%s: accepted at %s after %s", method, again, first)
				}
			}
		}
	}
}

// TestOlderCodes: none of a step at or before the last used one is accepted, nor
// any that was not the last to be sent.
func TestOlderCodes(t *testing.T) {
	app, keys := site(t, turnedOn, all()...)
	step := otp.Step(app.Clock.Now())
	if enter(visitor(app, true), otp.Code(keys[joe], step)).Status != 200 {
		t.Error("not accepted")
	}
	if enter(visitor(app, true), otp.Code(keys[joe], step-1)).Status == 200 {
		t.Error("an older one is accepted")
	}
	first := ask(app, "email")
	app.Clock.Advance(100 * time.Second)
	second := ask(app, "email")
	if first != second && enter(visitor(app, true), first).Status == 200 {
		t.Error("the code before the last is accepted")
	}
	enter(visitor(app, true), second).Want(200)
}

// TestClock: an hour back and forth, no code is accepted twice.
func TestClock(t *testing.T) {
	for _, method := range all() {
		app, keys := site(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true }), method)
		used := []string{}
		for _, d := range []time.Duration{0, time.Hour, -2 * time.Hour, time.Hour, time.Minute} {
			app.Clock.Advance(d)
			code := ""
			if method == "authenticator" {
				code = keys.code(app)
			} else if visitor(app, true).Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Status == 200 {
				code = last(app, method)
			}
			if code != "" && enter(visitor(app, true), code).Status == 200 {
				used = append(used, code)
			}
			for _, old := range used {
				if enter(visitor(app, true), old).Status == 200 {
					t.Errorf("%s: accepted again after %v", method, d)
				}
			}
		}
		if len(used) < 2 || len(used) > 4 {
			t.Errorf("%s: %d codes were accepted", method, len(used))
		}
	}
}

// TestStateOfAnotherUser: who has the state and the code of somebody else's
// set-up cannot store it with his own account.
func TestStateOfAnotherUser(t *testing.T) {
	for _, method := range all() {
		app, _ := site(t, turnedOn)
		app.NewUser(ann)
		state, key := begin(as(app, joe), method, phone)
		code := last(app, method)
		if key != nil {
			code = otp.Code(key, otp.Step(app.Clock.Now()))
		}
		other := as(app, ann)
		before := app.Snapshot()
		other.Post("/us-setup/"+state, kit.Fields{"passcode": code}).Want(400).Fails("", "API_ERROR")
		visitor(app, true).Post("/us-setup/"+state, kit.Fields{"passcode": code}).Want(401)
		if app.Snapshot() != before {
			t.Errorf("%s: something was stored", method)
		}
		as(app, joe).Post("/us-setup/"+state, kit.Fields{"passcode": code}).Want(200)
	}
}

// TestStateOnce: a state completes one set-up, also with a code that is good.
func TestStateOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app, _ := site(t, with(func(c *batteries.Config) { c.Stores = stores(t) }))
		b := as(app, joe)
		state, key := begin(b, "authenticator", "")
		code := func() kit.Fields { return kit.Fields{"passcode": otp.Code(key, otp.Step(app.Clock.Now()))} }
		b.Post("/us-setup/"+state, code()).Want(200)
		b.Post("/us-setup", kit.Fields{"delete_method": "authenticator"}).Want(200)
		app.Clock.Advance(time.Minute)
		b.Post("/us-setup/"+state, code()).Want(400).Fails("", "API_ERROR")
		if acc := app.Account(joe); acc.USTOTPSecrets["authenticator"] != "" {
			t.Error("what was removed is back")
		}
	})
}

// TestPhoneBeforeProof: a number is not the account's before its code came back,
// and not a name for it either.
func TestPhoneBeforeProof(t *testing.T) {
	app, _ := site(t, turnedOn)
	b := as(app, joe)
	state, _ := begin(b, "sms", phone)
	b.Post("/us-setup/"+state, kit.Fields{"passcode": "000000"}).Want(400)
	if got := app.Account(joe).USPhoneNumber; got != "" {
		t.Errorf("stored %q", got)
	}
	visitor(app, true).Post("/us-signin", kit.Fields{"identity": phone, "passcode": kit.Password}).Want(400).Fails("identity", "US_SPECIFY_IDENTITY")
	app.NewUser(ann)
	begin(as(app, ann), "sms", phone) // it is nobody's
}

// TestPhoneGuessing: a number of somebody else cannot be claimed by guessing.
func TestPhoneGuessing(t *testing.T) {
	app, _ := site(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true }))
	b := as(app, joe)
	state, _ := begin(b, "sms", phone)
	code := last(app, "sms")
	for range 5 {
		b.Post("/us-setup/"+state, kit.Fields{"passcode": "000000"}).Want(400)
	}
	b.Post("/us-setup/"+state, kit.Fields{"passcode": code}).Want(400)
	if app.Account(joe).USPhoneNumber != "" {
		t.Error("a dead code was accepted")
	}
}

// TestAlone: with nothing else turned on, nothing is left behind that a later
// request could build on.
func TestAlone(t *testing.T) {
	app, keys := site(t, turnedOn, all()...)
	for _, passcode := range []string{kit.Password, keys.code(app)} {
		b := visitor(app, true)
		enter(b, "wrong")
		enter(b, passcode).Want(200)
		state, key := begin(b, "authenticator", "")
		b.Post("/logout", kit.Fields{})
		app.Clock.Advance(time.Minute)
		code := kit.Fields{"identity": joe, "passcode": otp.Code(key, otp.Step(app.Clock.Now())), "code": keys.code(app), "chosen_method": "authenticator"}
		for _, path := range []string{"/us-setup", "/us-setup/" + state, "/us-verify", "/us-verify-link", "/us-signin", "/tf-validate", "/tf-select", "/tf-setup", "/mf-recovery", "/wan-signin"} {
			b.Post(path, code)
			if b.WhoAmI() != "" {
				t.Fatalf("%s signs in", path)
			}
		}
	}
}

// TestWrongPasscodes: a hundred are throttled, for the account, whatever the
// page, and a new session gives none back.
func TestWrongPasscodes(t *testing.T) {
	for _, path := range []string{"/us-signin", "/us-verify", "/us-setup/"} {
		for _, passcode := range []string{"wrong", "000000"} {
			app, _ := site(t, turnedOn, all()...)
			b, target := visitor(app, true), path
			switch path {
			case "/us-verify":
				b = as(app, joe)
			case "/us-setup/":
				b = as(app, joe)
				state, _ := begin(b, "authenticator", "")
				target += state
			}
			refused := 0
			for range 100 {
				if b.Post(target, kit.Fields{"identity": joe, "passcode": passcode}).Status == 429 {
					refused++
				}
			}
			if refused < 80 {
				t.Errorf("%s %s: %d of 100 refused", path, passcode, refused)
			}
			if evs := kit.EventsOf[doorward.AuthnFailed](app.Events); len(evs) == 0 || evs[0].Kind != "passcode" || evs[0].SecondFactor {
				t.Errorf("%s: %+v", path, evs)
			}
		}
	}
	app, _ := site(t, turnedOn, "email")
	code := ask(app, "email")
	for i := range 5 { // one by one, from everywhere
		b := visitor(app, true)
		b.Addr = []string{"192.0.2.1:1", "198.51.100.1:1", "203.0.113.1:1", "192.0.2.77:1", "198.51.100.9:1"}[i]
		enter(b, "000000")
	}
	app.Clock.Advance(30 * time.Second)
	if ask(app, "email") == code {
		t.Error("a dead code is sent again")
	}
	if enter(visitor(app, true), code).Status == 200 {
		t.Error("a dead code is accepted")
	}
}

// TestAccounts: what operators and other features use.
func TestAccounts(t *testing.T) {
	app, _ := site(t, turnedOn, all()...)
	f := app.Batteries.Unified
	if got := f.Methods(find(app, joe)); !slices.Equal(got, []string{"password", "email", "authenticator", "sms"}) {
		t.Errorf("methods %q", got)
	}
	secrets, err := f.NewUserSecrets()
	if err != nil || len(secrets) != 1 || secrets["email"] == "" {
		t.Fatalf("%v %v", secrets, err)
	}
	app.NewUser(ann, func(acc *doorward.Account) { acc.PasswordHash, acc.USTOTPSecrets = "", secrets })
	visitor(app, true).Post("/us-signin/send-code", kit.Fields{"identity": ann, "chosen_method": "email"}).Want(200)
	visitor(app, true).Post("/us-signin", kit.Fields{"identity": ann, "passcode": last(app, "email")}).Want(200)
	app.Events.Reset()
	app.Outbox.Reset()
	if err := f.Reset(t.Context(), find(app, joe)); err != nil {
		t.Fatal(err)
	}
	if acc := app.Account(joe); len(acc.USTOTPSecrets) != 0 || acc.USPhoneNumber != "" || acc.PasswordHash == "" {
		t.Errorf("%+v", acc)
	}
	if got := app.Events.Names(); !slices.Equal(got, []string{"ProfileChanged"}) || len(app.Outbox.Sent()) != 3 {
		t.Errorf("events %q, %d mails", got, len(app.Outbox.Sent()))
	}
	none := kit.New(t, with(func(c *batteries.Config) { c.Unified.Methods = []string{"password"} }))
	if secrets, err := none.Batteries.Unified.NewUserSecrets(); secrets != nil || err != nil {
		t.Errorf("%v %v", secrets, err)
	}
}
