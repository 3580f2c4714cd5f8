package unified_test

import (
	"errors"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/unified"
)

func sendScenarios() []kit.Scenario {
	s := &story{}
	off := func(acc *doorward.Account) { acc.Active = false }
	shut := func(acc *doorward.Account) { acc.Username = "gated" }
	forAnn := func(st kit.Step, identity string) kit.Step {
		st.Fields["identity"], st.Mails, st.Events = identity, nil, nil
		return st
	}
	next := func(st kit.Step, next string) kit.Step { st.Fields["next"] = next; return st }
	unavailable := func(method string) kit.Step {
		st := fails(sendCode(method), "chosen_method", "US_METHOD_NOT_AVAILABLE")
		st.Mails = nil
		return st
	}
	ok := func(st kit.Step) kit.Step { st.WantJSON = []string{`"response":{"csrf_token":"`}; return st }
	quiet := func(method string) kit.Step { return ok(forAnn(sendCode(method), joe)) }
	numberGone := func(app *kit.App, b *kit.Browser) {
		s.given(nil)(app, b)
		app.Change(find(app, joe), func(acc *doorward.Account) { acc.USPhoneNumber = "" })
	}
	return []kit.Scenario{
		{Name: "mail", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{ok(sendCode("email"))}},
		{Name: "text message", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{ok(sendCode("sms"))}},
		{Name: "by phone number", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{{Path: "/us-signin/send-code",
			Fields: kit.Fields{"identity": " (202) 555-0123 ", "chosen_method": "sms"}, Page: 200, Events: []string{"CodeSent"}}}},
		{Name: "unknown", Config: turnedOn, Steps: []kit.Step{fails(forAnn(sendCode("email"), "nobody@example.com"), "identity", "US_SPECIFY_IDENTITY")}},
		{Name: "blank", Config: turnedOn, Steps: []kit.Step{fails(forAnn(sendCode("email"), " "), "identity", "US_SPECIFY_IDENTITY")}},
		{Name: "not set up", Config: turnedOn, Steps: []kit.Step{unavailable("email"), unavailable("sms")}},
		{Name: "not sent", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{unavailable("authenticator"), unavailable("password"), unavailable("pigeon"), unavailable("")}},
		{Name: "not offered", Config: with(func(c *batteries.Config) { c.Unified.Methods = []string{"password", "email"} }), Steps: []kit.Step{unavailable("sms")}},
		{Name: "no number", Config: turnedOn, Given: numberGone, Steps: []kit.Step{fails(sendCode("sms"), "chosen_method", "PHONE_INVALID")}},
		{Name: "switched off", Config: turnedOn, Given: s.given(off), Steps: []kit.Step{fails(forAnn(sendCode("email"), ann), "identity", "DISABLED_ACCOUNT")}},
		{Name: "not confirmed", Config: with(gated), Given: s.given(shut), Steps: []kit.Step{fails(forAnn(sendCode("email"), ann), "identity", "CONFIRMATION_REQUIRED")}},
		{Name: "next outside", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{fails(next(forAnn(sendCode("email"), joe), "https://evil.example/"), "next", "INVALID_REDIRECT")}},
		{Name: "signed in", Config: turnedOn, Given: func(app *kit.App, b *kit.Browser) { b.LoginAs(find(app, joe)) }, Steps: []kit.Step{
			{Path: "/us-signin/send-code", Fields: kit.Fields{"identity": joe, "chosen_method": "email"}, Status: 400, Page: 302, Location: "/", User: joe}}},
		{Name: "generic", Config: with(gated, generic), Given: s.given(shut), Steps: []kit.Step{
			ok(sendCode("email")), ok(sendCode("sms")), quiet("pigeon"), quiet(""), ok(forAnn(sendCode("email"), ann)),
			ok(forAnn(sendCode("email"), "nobody@example.com")), ok(forAnn(sendCode("sms"), "joe")), ok(forAnn(sendCode("email"), ""))}},
	}
}

func TestSendCode(t *testing.T) {
	kit.Run(t, sendScenarios()...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), sendScenarios()...) })
}

// TestCodeSent: the event says how and with what, and the page says that it was sent.
func TestCodeSent(t *testing.T) {
	for _, c := range []struct {
		edit  func(*batteries.Config)
		flash string
	}{{turnedOn, "CODE_HAS_BEEN_SENT"}, {with(generic), "GENERIC_US_SIGNIN"}} {
		app, _ := site(t, c.edit, all()...)
		b := visitor(app, false)
		for _, method := range []string{"email", "sms"} {
			res := b.Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method, "remember": true}).Want(200)
			res.Contains(`name="us_signin_form"`, `value="`+joe+`"`, `value="`+method+`" checked`)
			if got := res.Flashes(); len(got) != 1 || got[0] != c.flash {
				t.Errorf("flashes %q", got)
			}
		}
		evs := kit.EventsOf[unified.CodeSent](app.Events)
		if len(evs) != 2 || !evs[0].MagicLink || evs[0].Phone != "" || evs[1].MagicLink || evs[1].Phone != phone || evs[0].User.SecurityAccount().Email != joe {
			t.Errorf("%+v", evs)
		}
		for _, ev := range evs {
			if rec := ev.Record(); rec.Action != "send-code" || rec.User == nil || len(rec.Attrs) != 2 {
				t.Errorf("%+v", rec)
			}
		}
		app.CheckMails("https://localhost")
		link(t, app)
		if n := len(app.Texts.Sent()); n != 1 || app.Texts.Sent()[0].To != phone {
			t.Errorf("%d text messages", n)
		}
	}
}

// TestSenderTrouble: a sender that fails or hangs is told at once, as 500 on the
// method; another one can be chosen, and nothing is half set up.
func TestSenderTrouble(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	for name, trouble := range map[string]func(*kit.App){
		"fails": func(app *kit.App) { app.Texts.Fail(errors.New("no")); app.Outbox.Fail(errors.New("no")) },
		"hangs": func(app *kit.App) { app.Texts.Hang(never); app.Outbox.Hang(never) },
	} {
		app, keys := site(t, with(func(c *batteries.Config) { c.Codes.SendTimeout = 20 * time.Millisecond }), all()...)
		trouble(app)
		me := as(app, joe)
		before := app.Snapshot()
		for _, method := range []string{"email", "sms"} {
			for path, b := range map[string]*kit.Browser{"/us-signin/send-code": visitor(app, true), "/us-verify/send-code": me, "/us-setup": me} {
				app.Events.Reset()
				b.Post(path, kit.Fields{"identity": joe, "chosen_method": method, "phone": phone}).Want(500).Fails("chosen_method", "FAILED_TO_SEND_CODE")
				if got := app.Events.Take(); len(got) != 0 {
					t.Errorf("%s %s: %q", name, path, got)
				}
			}
		}
		me.Post("/us-setup", kit.Fields{"chosen_method": "sms", "phone": phone, "delete_method": "email"}).Want(500)
		visitor(app, false).Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": "email"}).Want(200).Fails("chosen_method", "FAILED_TO_SEND_CODE")
		if app.Snapshot() != before {
			t.Errorf("%s: something was stored", name)
		}
		enter(visitor(app, true), keys.code(app)).Want(200)
	}
	app, _ := site(t, with(generic), all()...)
	app.Texts.Fail(errors.New("no"))
	app.Outbox.Fail(errors.New("no"))
	for _, method := range []string{"email", "sms"} {
		visitor(app, true).Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Want(200).Lacks("errors")
	}
}

// TestSMSPumping: one account gets so many codes, and one address may ask for so
// many; the first is told to nobody, and the second is the same for all.
func TestSMSPumping(t *testing.T) {
	for _, method := range []string{"sms", "email"} {
		for _, edit := range []func(*batteries.Config){turnedOn, with(generic)} {
			app, _ := site(t, with(edit, func(c *batteries.Config) { c.Lockout.AccountCodes, c.Lockout.MailTries = 4, 9 }), method)
			app.Clock.Advance(24 * time.Hour)
			b := visitor(app, true)
			for range 7 {
				b.Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Want(200)
			}
			if n := len(app.Texts.Sent()) + len(app.Outbox.Sent()); n != 4 || len(kit.EventsOf[unified.CodeSent](app.Events)) != 4 {
				t.Errorf("%s: %d codes, events %q", method, n, app.Events.Names())
			}
			for range 2 {
				b.Post("/us-signin/send-code", kit.Fields{"identity": "nobody@example.com", "chosen_method": method})
			}
			for _, who := range []string{joe, "nobody@example.com"} {
				b.Post("/us-signin/send-code", kit.Fields{"identity": who, "chosen_method": method}).Want(429)
			}
		}
	}
	app, _ := site(t, with(func(c *batteries.Config) { c.Lockout.AccountCodes = 3 }))
	b, sent := as(app, joe), 0
	for range 6 { // to numbers of his own choice
		if b.Post("/us-setup", kit.Fields{"chosen_method": "sms", "phone": phone}).Status == 200 {
			sent++
		}
	}
	if sent != 3 || len(app.Texts.Sent()) != 3 {
		t.Errorf("%d answers, %d text messages", sent, len(app.Texts.Sent()))
	}
}
