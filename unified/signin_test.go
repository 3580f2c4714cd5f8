package unified_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/twofactor"
)

// story makes scenarios whose passcodes are known when they are posted.
type story struct{ keys keys }

// given sets up all methods for joe, and makes ann as edit says.
func (s *story) given(edit func(*doorward.Account)) func(*kit.App, *kit.Browser) {
	return func(app *kit.App, _ *kit.Browser) {
		s.keys = equip(app, joe, all()...)
		if edit != nil {
			app.NewUser(ann, edit)
			app.Events.Reset()
		}
	}
}

// code is a step whose passcode is joe's by a method.
func (s *story) code(st kit.Step, method string) kit.Step {
	st.Before = func(app *kit.App, _ *kit.Browser) {
		st.Fields["passcode"] = last(app, method)
		if method == "authenticator" {
			st.Fields["passcode"] = s.keys.code(app)
		}
	}
	return st
}

func post(path string, fields ...string) kit.Step {
	f := kit.Fields{}
	for i := 0; i+1 < len(fields); i += 2 {
		f[fields[i]] = fields[i+1]
	}
	return kit.Step{Path: path, Fields: f}
}

// fails is st with messages on a field; none fired an event unless some are given.
func fails(st kit.Step, field, key string, events ...string) kit.Step {
	st.Status, st.Errors, st.Events = 400, map[string][]string{field: {key}}, events
	return st
}

// in is st as a sign-in of joe.
func in(st kit.Step) kit.Step {
	st.Location, st.WantJSON, st.Forbid = "/", []string{`"user":{}`, `"tf_required":false`, `"csrf_token":"`}, []string{"field_errors"}
	st.Events, st.User = []string{"Authenticated"}, joe
	return st
}

func signIn(identity, passcode string) kit.Step {
	return post("/us-signin", "identity", identity, "passcode", passcode)
}

func sendCode(method string) kit.Step {
	st := post("/us-signin/send-code", "identity", joe, "chosen_method", method)
	st.Page, st.Events = 200, []string{"CodeSent"}
	if method == "email" {
		st.Mails = []string{joe}
	}
	return st
}

func signInScenarios() []kit.Scenario {
	s := &story{}
	off := func(acc *doorward.Account) { acc.Active = false }
	shut := func(acc *doorward.Account) { acc.Username = "gated" }
	none := func(acc *doorward.Account) { acc.PasswordHash = "" }
	page := []string{`"available_methods":["password","email","authenticator","sms"]`, `"code_methods":["email","sms"]`, `"identity_attributes":["email","us_phone_number"]`, `"csrf_token":"`}
	next := func(st kit.Step, next string) kit.Step { st.Fields["next"] = next; return st }
	to := func(st kit.Step, where string) kit.Step { st.Location = where; return st }
	at := func(st kit.Step, path string) kit.Step { st.Path = path; return st }
	return []kit.Scenario{
		{Name: "page", Config: turnedOn, Steps: []kit.Step{{Path: "/us-signin", WantJSON: page}}},
		{Name: "password", Config: turnedOn, Steps: []kit.Step{in(signIn(joe, kit.Password))}},
		{Name: "other case and spaces", Config: turnedOn, Steps: []kit.Step{in(signIn(" JOE@Example.com ", kit.Password))}},
		{Name: "wrong", Config: turnedOn, Steps: []kit.Step{fails(signIn(joe, "wrong"), "passcode", "INVALID_PASSWORD_CODE", "AuthnFailed")}},
		{Name: "unknown", Config: turnedOn, Steps: []kit.Step{fails(signIn("nobody@example.com", kit.Password), "identity", "US_SPECIFY_IDENTITY")}},
		{Name: "malformed", Config: turnedOn, Steps: []kit.Step{fails(signIn("joe", kit.Password), "identity", "US_SPECIFY_IDENTITY")}},
		{Name: "blank", Config: turnedOn, Steps: []kit.Step{
			fails(signIn(" ", kit.Password), "identity", "US_SPECIFY_IDENTITY"), fails(signIn("", ""), "identity", "US_SPECIFY_IDENTITY"),
			fails(signIn(joe, ""), "passcode", "INVALID_PASSWORD_CODE")}},
		{Name: "switched off", Config: turnedOn, Given: s.given(off), Steps: []kit.Step{
			fails(signIn(ann, "wrong"), "passcode", "INVALID_PASSWORD_CODE", "AuthnFailed"), fails(signIn(ann, kit.Password), "identity", "DISABLED_ACCOUNT")}},
		{Name: "not confirmed", Config: with(gated), Given: s.given(shut), Steps: []kit.Step{fails(signIn(ann, kit.Password), "identity", "CONFIRMATION_REQUIRED")}},
		{Name: "no password", Config: turnedOn, Given: s.given(none), Steps: []kit.Step{fails(signIn(ann, kit.Password), "passcode", "INVALID_PASSWORD_CODE", "AuthnFailed")}},
		{Name: "passwords are no method", Config: with(func(c *batteries.Config) { c.Unified.Methods = []string{"email"} }), Steps: []kit.Step{
			fails(signIn(joe, kit.Password), "passcode", "INVALID_PASSWORD_CODE", "AuthnFailed")}},
		{Name: "code by mail", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{sendCode("email"), in(s.code(signIn(joe, ""), "email"))}},
		{Name: "code by text message", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{sendCode("sms"), in(s.code(signIn(joe, ""), "sms"))}},
		{Name: "authenticator", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{in(s.code(signIn(joe, ""), "authenticator"))}},
		{Name: "phone as identity", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{in(signIn(phone, kit.Password))}},
		{Name: "phone as people write it", Config: turnedOn, Given: s.given(nil), Steps: []kit.Step{in(signIn("(202) 555-0123", kit.Password))}},
		{Name: "next", Config: turnedOn, Steps: []kit.Step{to(in(next(signIn(joe, kit.Password), "/books")), "/books")}},
		{Name: "next in the query", Config: turnedOn, Steps: []kit.Step{to(in(at(signIn(joe, kit.Password), "/us-signin?next=/books")), "/books")}},
		{Name: "next outside", Config: turnedOn, Steps: []kit.Step{fails(next(signIn(joe, kit.Password), "https://evil.example/"), "next", "INVALID_REDIRECT")}},
		{Name: "next outside in the query", Config: turnedOn, Steps: []kit.Step{in(at(signIn(joe, kit.Password), "/us-signin?next=https://evil.example/"))}},
		{Name: "signed in", Config: turnedOn, Steps: []kit.Step{
			in(signIn(joe, kit.Password)),
			{Path: "/us-signin", Page: 302, Location: "/", WantJSON: append([]string{`"user":{}`}, page[0]), User: joe},
			{Path: "/us-signin", Fields: kit.Fields{"identity": joe, "passcode": kit.Password}, Status: 400, Page: 302, Location: "/", User: joe}}},
		{Name: "generic", Config: with(gated, generic), Given: s.given(shut), Steps: []kit.Step{
			fails(signIn("nobody@example.com", "x"), "", "GENERIC_AUTHN_FAILED"), fails(signIn("", ""), "", "GENERIC_AUTHN_FAILED"), fails(signIn(joe, ""), "", "GENERIC_AUTHN_FAILED"),
			fails(signIn(joe, "x"), "", "GENERIC_AUTHN_FAILED", "AuthnFailed"), fails(signIn(ann, kit.Password), "", "GENERIC_AUTHN_FAILED")}},
		{Name: "second factor after a password", Config: with(twoSteps), Steps: []kit.Step{
			{Path: "/us-signin", Fields: kit.Fields{"identity": joe, "passcode": kit.Password, "next": "/books"}, Location: "/second", WantJSON: []string{`"tf_required":true`}},
			{Path: "/second", Fields: kit.Fields{}, Location: "/books", Events: []string{"Authenticated"}, User: joe}}},
	}
}

func TestSignIn(t *testing.T) {
	kit.Run(t, signInScenarios()...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), signInScenarios()...) })
}

// TestVia: the method that matched is how the user signed in, and after some of
// them a second factor is asked for.
func TestVia(t *testing.T) {
	for _, c := range []struct {
		method string
		second bool
		edit   func(*batteries.Config)
	}{
		{"password", true, nil}, {"email", true, nil}, {"authenticator", false, nil}, {"sms", false, nil},
		{"sms", true, func(c *batteries.Config) { c.Unified.MFARequired = []string{"sms"} }},
		{"password", false, func(c *batteries.Config) { c.Unified.MFARequired = []string{"sms"} }},
	} {
		var edits []func(*batteries.Config)
		if c.edit != nil {
			edits = append(edits, c.edit)
		}
		app, keys := site(t, with(edits...), all()...)
		passcode := kit.Password
		switch c.method {
		case "email", "sms":
			passcode = ask(app, c.method)
		case "authenticator":
			passcode = keys.code(app)
		}
		b := visitor(app, true)
		enter(b, passcode).Want(200)
		evs := kit.EventsOf[doorward.Authenticated](app.Events)
		if len(evs) != 1 || !slices.Equal(evs[0].Via, []string{c.method}) {
			t.Errorf("%s: %+v", c.method, evs)
		}
		// and with a second factor
		app = kit.New(t, with(append(edits, twoSteps)...))
		app.NewUser(joe)
		// nobody is signed in by other means than both, so what is set up is copied
		other, keys := site(t, with(edits...), all()...)
		from := other.Account(joe)
		app.Change(find(app, joe), func(acc *doorward.Account) { acc.USTOTPSecrets, acc.USPhoneNumber = from.USTOTPSecrets, phone })
		app.Clock.Advance(other.Clock.Now().Sub(app.Clock.Now()))
		if passcode = kit.Password; c.method == "authenticator" {
			passcode = keys.code(app)
		} else if c.method != "password" {
			passcode = ask(app, c.method)
		}
		b = visitor(app, true)
		res := enter(b, passcode).Want(200)
		if got, _ := res.JSONAt("response.tf_required").(bool); got != c.second || (b.WhoAmI() == "") != c.second {
			t.Errorf("%s: second factor %t, want %t, signed in is %q", c.method, got, c.second, b.WhoAmI())
		}
	}
}

// TestRemember: the box does what it says.
func TestRemember(t *testing.T) {
	app, _ := site(t, turnedOn)
	for _, asJSON := range []bool{true, false} {
		b := visitor(app, asJSON)
		b.Post("/us-signin", kit.Fields{"identity": joe, "passcode": kit.Password, "remember": true})
		if b.Close(); b.WhoAmI() != joe {
			t.Error("not remembered")
		}
		b = visitor(app, asJSON)
		enter(b, kit.Password)
		if b.Close(); b.WhoAmI() != "" {
			t.Error("remembered")
		}
	}
}

// TestReplacesLogin: the page is at LOGIN_URL, too, and the one for passwords is gone.
func TestReplacesLogin(t *testing.T) {
	app, _ := site(t, with(func(c *batteries.Config) { c.Unified.ReplacesLogin, c.Login.URL = true, "/enter" }), "email")
	for _, path := range []string{"/enter", "/us-signin"} {
		b := visitor(app, false)
		b.Get(path).Want(200).Contains(`name="us_signin_form"`).Lacks("login_user_form")
		b.Post(path, kit.Fields{"identity": joe, "passcode": kit.Password}).GoesTo("/")
		if b.WhoAmI() != joe {
			t.Error("not signed in")
		}
	}
	visitor(app, false).Get("/doorwardtest/user").GoesTo("/enter?next=/doorwardtest/user")
	plain, _ := site(t, turnedOn)
	b := visitor(plain, false)
	b.Get("/login?next=/books").Want(200).Contains(`href="/us-signin?next=/books"`, "login_user_form")
	b.LoginAs(find(plain, joe))
	b.Get("/verify").Want(200).Contains(`href="/us-verify"`)
}

// TestRehash: outdated hashes are replaced, also when somebody proves himself again.
func TestRehash(t *testing.T) {
	for _, path := range []string{"/us-signin", "/us-verify"} {
		stale := kit.New(t, with(func(c *batteries.Config) { c.Hasher = outdated{} }))
		stale.NewUser(joe)
		b := visitor(stale, true)
		if path == "/us-verify" {
			b.LoginAs(find(stale, joe))
		}
		before := stale.Account(joe).PasswordHash
		b.Post(path, kit.Fields{"identity": joe, "passcode": kit.Password}).Want(200)
		if now := stale.Account(joe).PasswordHash; now == before || now != "a new hash" {
			t.Errorf("%s: the hash is %q", path, now)
		}
	}
}

// outdated believes everybody, and finds all hashes outdated.
type outdated struct{ batteries.Hasher }

func (outdated) Verify(context.Context, string, string) (password.Match, error) {
	return password.Match{OK: true, Rehash: true}, nil
}

func (outdated) Hash(context.Context, string) (string, error) { return "a new hash", nil }

// TestAbandon: who begins to sign in anew does not go on with a sign-in that waits.
func TestAbandon(t *testing.T) {
	for name, again := range map[string]func(*kit.Browser){
		"page":  func(b *kit.Browser) { b.Get("/us-signin") },
		"wrong": func(b *kit.Browser) { enter(b, "wrong") },
		"send code": func(b *kit.Browser) {
			b.Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": "email"})
		},
	} {
		app, from := kit.New(t, with(twoSteps)), kit.New(t, turnedOn)
		from.NewUser(joe)
		equip(from, joe, "email")
		app.NewUser(joe, func(acc *doorward.Account) { acc.USTOTPSecrets = from.Account(joe).USTOTPSecrets })
		b := visitor(app, true)
		enter(b, kit.Password).Want(200).Contains(`"tf_required":true`)
		again(b)
		if b.Post("/second", kit.Fields{}); b.WhoAmI() != "" {
			t.Errorf("%s: signed in", name)
		}
	}
}

// TestWithTwoFactor: the second factor of this module is asked for after some
// methods, and in a link's way.
func TestWithTwoFactor(t *testing.T) {
	from, keys := site(t, turnedOn, all()...)
	build := func(edits ...func(*batteries.Config)) *kit.App {
		app := kit.New(t, with(append(edits, func(c *batteries.Config) { c.TwoFactor = &twofactor.Config{Required: true} })...))
		app.NewUser(joe, func(acc *doorward.Account) {
			acc.USTOTPSecrets, acc.USPhoneNumber = from.Account(joe).USTOTPSecrets, phone
		})
		app.Clock.Advance(from.Clock.Now().Sub(app.Clock.Now()))
		return app
	}
	app := build()
	for passcode, required := range map[string]bool{kit.Password: true, ask(app, "email"): true, ask(app, "sms"): false, keys.code(app): false} {
		b := visitor(app, true)
		res := enter(b, passcode).Want(200)
		if required {
			res.Contains(`"tf_required":true`, `"tf_state":"setup_from_login"`)
		}
		if (b.WhoAmI() == "") != required {
			t.Errorf("second factor %t: signed in is %q", required, b.WhoAmI())
		}
	}
	b := visitor(app, false)
	app.Clock.Advance(5 * time.Minute)
	press(b, askLink(t, app)).GoesTo("/tf-setup")
	spa := build(func(c *batteries.Config) {
		c.URLs.Behavior, c.URLs.PostLogin, c.URLs.LoginError = "spa", "/app", "/app/error"
	})
	b = visitor(spa, false)
	if at := b.Get(askLink(t, spa)).Want(302).Location(); !strings.HasPrefix(at, "/app/error?") || !strings.Contains(at, "tf_required=1") {
		t.Errorf("leads to %s", at)
	}
	b.Get("/tf-setup").GoesTo("/login")
}
