package twofactor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/recoverycodes"
)

func TestEntry(t *testing.T)    { kit.Run(t, entry(t)...) }
func TestSetup(t *testing.T)    { kit.Run(t, setup(t)...) }
func TestValidate(t *testing.T) { kit.Run(t, validate(t)...) }
func TestRescue(t *testing.T)   { kit.Run(t, rescue(t)...) }

func TestOnSQL(t *testing.T) {
	for name, scenarios := range map[string]func(*testing.T) []kit.Scenario{"entry": entry, "setup": setup, "validate": validate, "rescue": rescue} {
		t.Run(name, func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), scenarios(t)...) })
	}
}

func password(location, wantJSON string) kit.Step {
	return kit.Step{Path: "/login?next=/wanted", Fields: login(joe), Location: location, WantJSON: []string{wantJSON, `"csrf_token":"`}, Forbid: []string{`"user"`}}
}

// later fills in fields when their step comes.
func later(fields kit.Fields, name string, value func(*kit.App) string) func(*kit.App, *kit.Browser) {
	return func(app *kit.App, _ *kit.Browser) { fields[name] = value(app) }
}

// entry are the rows of what follows a first factor.
func entry(t *testing.T) []kit.Scenario {
	byMail, byText := kit.Fields{}, kit.Fields{}
	const ready = `"tf_method":"%","tf_primary_method":"%","tf_required":true,"tf_state":"ready"`
	is := func(method string) string { return strings.ReplaceAll(ready, "%", method) }
	var app totp
	gave := func(method string, edit ...func(*doorward.Account)) func(*kit.App, *kit.Browser) {
		return func(a *kit.App, _ *kit.Browser) {
			u := find(t, a, joe)
			app = give(t, a, u, method)
			for _, e := range edit {
				a.Change(u, e)
			}
		}
	}
	done := func(fields kit.Fields) kit.Step {
		return kit.Step{Path: "/tf-validate", Fields: fields, Location: "/wanted", WantJSON: []string{`"user":{}`, `"csrf_token":"`}, User: joe, Events: []string{"Authenticated", "CodeConfirmed"}}
	}
	before := func(s kit.Step, f func(*kit.App, *kit.Browser)) kit.Step { s.Before = f; return s }
	sent := func(s kit.Step, to ...string) kit.Step { s.Events, s.Mails = []string{"CodeSent"}, to; return s }
	fails := func(a *kit.App, b *kit.Browser) {
		gave("email")(a, b)
		a.Outbox.Fail(errors.New("no mails today"))
		a.Texts.Fail(errors.New("no texts today"))
	}
	notSent := func(location string) kit.Step {
		s := kit.Step{Status: 500, Page: 302, Location: location, WantJSON: []string{`{"errors":["FAILED_TO_SEND_CODE"]}`}, Forbid: []string{"field_errors"}}
		s.After = func(a *kit.App, b *kit.Browser) {
			if !b.JSON && !strings.Contains(strings.Join(b.Get(location).Flashes(), " "), "FAILED_TO_SEND_CODE") {
				t.Error("nobody is told")
			}
		}
		return s
	}
	first := notSent("/tf-validate?next=/wanted")
	first.Path, first.Fields = "/login?next=/wanted", login(joe)
	again := notSent("/tf-select?next=/wanted")
	again.Path, again.Fields = "/tf-select?next=/wanted", kit.Fields{"which": "email"}
	coming := kit.Fields{}
	role := func(c *batteries.Config) { c.TwoFactor.RequiredRoles = []string{"keeper"} }
	decide := func(must bool) func(*batteries.Config) {
		return func(c *batteries.Config) {
			c.TwoFactor.Required = !must
			c.TwoFactor.Decide = func(_ context.Context, a *doorward.Attempt, settings bool) (bool, error) {
				if settings == must || a.User.SecurityAccount().Email != joe {
					t.Errorf("asked about %s, settings say %t", a.User.SecurityAccount().Email, settings)
				}
				return must, nil
			}
		}
	}
	setUp := password("/tf-setup", `"tf_required":true,"tf_state":"setup_from_login"`)
	plain := kit.Step{Path: "/login?next=/wanted", Fields: login(joe), Location: "/wanted", WantJSON: []string{`"tf_required":false`}, User: joe, Events: []string{"Authenticated"}}
	return []kit.Scenario{
		{Name: "not asked", Config: on, Steps: []kit.Step{plain}},
		{Name: "no method", Config: with(required), Steps: []kit.Step{setUp}},
		{Name: "email", Config: on, Given: gave("email"), Steps: []kit.Step{sent(password("/tf-validate?next=/wanted", is("email")), joe), before(done(byMail), later(byMail, "code", mailed))}},
		{Name: "email, as it was called", Config: on, Given: gave("mail"), Steps: []kit.Step{sent(password("/tf-validate?next=/wanted", is("email")), joe)}},
		{Name: "sms", Config: on, Given: gave("sms"), Steps: []kit.Step{sent(password("/tf-validate?next=/wanted", is("sms"))), before(done(byText), later(byText, "code", texted))}},
		{Name: "authenticator", Config: on, Given: gave("authenticator"), Steps: []kit.Step{password("/tf-validate?next=/wanted", is("authenticator")), before(done(coming), later(coming, "code", func(*kit.App) string { return app.code(0) }))}},
		{Name: "authenticator, as it was called", Config: on, Given: gave("google_authenticator"), Steps: []kit.Step{password("/tf-validate?next=/wanted", is("authenticator")), before(done(coming), later(coming, "code", func(*kit.App) string { return app.code(0) }))}},
		{Name: "one that is not offered any more", Config: with(func(c *batteries.Config) { c.TwoFactor.Methods = []string{"email"} }), Given: gave("authenticator"), Steps: []kit.Step{password("/tf-validate?next=/wanted", is("authenticator"))}},
		{Name: "another feature's only", Config: with(several), Given: func(a *kit.App, _ *kit.Browser) { a.Change(find(t, a, joe), hasKey) }, Steps: []kit.Step{
			password("/key", `"tf_method":"key"`), {Path: "/tf-validate", Fields: code("123456"), Status: 400, Page: 302, Location: "/login"}}},
		{Name: "several", Config: with(several), Given: gave("email", hasKey), Steps: []kit.Step{
			password("/tf-select?next=/wanted", `"tf_required":true,"tf_select":true,"tf_setup_methods":["email","key"]`),
			{Path: "/tf-select?next=/wanted", Fields: kit.Fields{"which": "email"}, Location: "/tf-validate?next=/wanted", WantJSON: []string{is("email")}, Events: []string{"CodeSent"}, Mails: []string{joe}},
			before(done(byMail), later(byMail, "code", mailed)),
		}},
		{Name: "not sent", Config: on, Given: fails, Steps: []kit.Step{first,
			{Path: "/tf-validate", WantJSON: []string{"recovery_options"}},
			{Path: "/tf-rescue", Fields: kit.Fields{"help_setup": "resend"}, Status: 500, Page: 200, Errors: map[string][]string{"help_setup": {"FAILED_TO_SEND_CODE"}}},
			{Path: "/tf-rescue", Fields: kit.Fields{"help_setup": "resend"}, Page: 200, Events: []string{"CodeSent"}, Mails: []string{joe}, Before: func(a *kit.App, _ *kit.Browser) { a.Outbox.Fail(nil) }},
			before(done(byMail), later(byMail, "code", mailed)),
		}},
		{Name: "not sent, of several", Config: with(several), Given: func(a *kit.App, b *kit.Browser) { fails(a, b); a.Change(find(t, a, joe), hasKey) }, Steps: []kit.Step{
			password("/tf-select?next=/wanted", `"tf_select":true`), again,
			{Path: "/tf-select", WantJSON: []string{`"tf_setup_methods":["email","key"]`}},
		}},
		{Name: "not sent, without anybody to send it", Config: with(func(c *batteries.Config) { c.Mail.Sender, c.Codes.SMS = nil, nil }), Given: gave("email"), Steps: []kit.Step{first}},
		{Name: "not sent, without a number", Config: on, Given: gave("sms", func(acc *doorward.Account) { acc.TFPhoneNumber = "" }), Steps: []kit.Step{first}},
		{Name: "not sent, with a secret of another key", Config: on, Given: gave("email", func(acc *doorward.Account) { acc.TFTOTPSecret = "2.AAAA" }), Steps: []kit.Step{first}},
		{Name: "role", Config: with(role), Given: func(a *kit.App, _ *kit.Browser) { a.GiveRole(find(t, a, joe), "keeper") }, Steps: []kit.Step{setUp}},
		{Name: "another role", Config: with(role), Given: func(a *kit.App, _ *kit.Browser) { a.GiveRole(find(t, a, joe), "visitor") }, Steps: []kit.Step{plain}},
		{Name: "forced", Config: with(decide(true)), Steps: []kit.Step{setUp}},
		{Name: "waived", Config: with(decide(false)), Steps: []kit.Step{plain}},
		{Name: "waived though set up", Config: with(decide(false)), Given: gave("email"), Steps: []kit.Step{plain}},
	}
}

// in signs joe in who has no factor.
func in(_ *kit.App, b *kit.Browser) { b.PostForm("/login", login(joe)) }

// inWith signs joe in, and then gives him a factor.
func inWith(t *testing.T, method string) func(*kit.App, *kit.Browser) {
	return func(app *kit.App, b *kit.Browser) { in(app, b); give(t, app, find(t, app, joe), method) }
}

// setup are the rows of choosing a factor.
func setup(t *testing.T) []kit.Scenario {
	const all = `"tf_available_methods":["email","authenticator","sms"]`
	untouched := func(app *kit.App, _ *kit.Browser) {
		if acc := app.Account(joe); acc.TFPrimaryMethod+acc.TFTOTPSecret+acc.TFPhoneNumber != "" {
			t.Errorf("stored before it was proved: %q %q", acc.TFPrimaryMethod, acc.TFPhoneNumber)
		}
	}
	refused := func(name string, fields kit.Fields, field, message string) kit.Scenario {
		return kit.Scenario{Name: name, Config: on, Given: in, Steps: []kit.Step{
			{Path: "/tf-setup", Fields: fields, Status: 400, Errors: map[string][]string{field: {message}}, User: joe, After: untouched}}}
	}
	const unavailable = "TWO_FACTOR_METHOD_NOT_AVAILABLE"
	begun := func(name, method, events string, mails []string, fields kit.Fields) kit.Scenario {
		s := kit.Step{Path: "/tf-setup", Fields: fields, Page: 200, User: joe, Mails: mails, After: untouched,
			WantJSON: []string{`"tf_method":"` + method + `"`, `"tf_primary_method":"` + method + `"`, `"tf_state":"validating_profile"`, `"tf_state_token":"`}, Forbid: []string{`"user"`}}
		if events != "" {
			s.Events = []string{events}
		}
		return kit.Scenario{Name: name, Config: on, Given: in, Steps: []kit.Step{s}}
	}
	authr := begun("authenticator", "authenticator", "", nil, kit.Fields{"setup": "authenticator"})
	authr.Steps[0].WantJSON = append(authr.Steps[0].WantJSON, `"tf_authr_key":"`, `"tf_authr_b32key":"`, `"tf_authr_username":"joe@example.com"`, `"tf_authr_issuer":"Doorward"`, `"tf_authr_uri":"otpauth://totp/Doorward:joe@example.com?`)
	pending := kit.Scenario{Name: "at a sign-in", Config: with(required), Steps: []kit.Step{
		password("/tf-setup", "setup_from_login"),
		{Path: "/tf-setup", WantJSON: []string{all, `"tf_required":true`, `"tf_method":null`, `"tf_primary_method":null`, `"tf_phone_number":null`}},
		{Path: "/tf-setup", Fields: kit.Fields{"setup": "disable"}, Status: 400, Errors: map[string][]string{"setup": {unavailable}}},
		{Path: "/tf-setup", Fields: kit.Fields{"setup": "authenticator"}, Page: 200, WantJSON: []string{`"tf_state_token":null`, `"tf_authr_key":"`}, After: untouched},
	}}
	fail := func(app *kit.App, b *kit.Browser) {
		in(app, b)
		app.Outbox.Fail(errors.New("no mails today"))
		app.Texts.Fail(errors.New("no texts today"))
	}
	notSent := func(fields kit.Fields) kit.Step {
		return kit.Step{Path: "/tf-setup", Fields: fields, Status: 500, Page: 200, User: joe, After: untouched, Errors: map[string][]string{"setup": {"FAILED_TO_SEND_CODE"}}, Forbid: []string{"tf_state"}}
	}
	off := kit.Step{Path: "/tf-setup", Fields: kit.Fields{"setup": "disable"}, Location: "/tf-setup", User: joe, WantJSON: []string{`"user":{}`, `"csrf_token":"`}, After: untouched}
	wasOn := off
	wasOn.Events, wasOn.Mails = []string{"Disabled"}, []string{joe}
	return []kit.Scenario{
		{Name: "nothing yet", Config: on, Given: in, Steps: []kit.Step{{Path: "/tf-setup", User: joe, WantJSON: []string{all, `"tf_required":false`, `"tf_method":null`, `"tf_phone_number":null`}, Forbid: []string{`"user"`}}}},
		{Name: "set up", Config: on, Given: inWith(t, "sms"), Steps: []kit.Step{{Path: "/tf-setup", User: joe,
			WantJSON: []string{`"tf_available_methods":["disable","email","authenticator","sms"]`, `"tf_method":"sms"`, `"tf_primary_method":"sms"`, `"tf_phone_number":"+12025550123"`}}}},
		{Name: "set up and required", Config: with(func(c *batteries.Config) { c.TwoFactor.RequiredRoles = []string{"keeper"} }), Given: func(a *kit.App, b *kit.Browser) {
			inWith(t, "sms")(a, b)
			a.GiveRole(find(t, a, joe), "keeper")
		}, Steps: []kit.Step{
			{Path: "/tf-setup", User: joe, WantJSON: []string{all, `"tf_required":true`}},
			{Path: "/tf-setup", Fields: kit.Fields{"setup": "disable"}, Status: 400, User: joe, Errors: map[string][]string{"setup": {unavailable}}, After: func(a *kit.App, _ *kit.Browser) {
				if a.Account(joe).TFTOTPSecret == "" {
					t.Error("turned off though it is required")
				}
			}}}},
		{Name: "without mails and texts", Config: with(func(c *batteries.Config) { c.Mail.Sender, c.Codes.SMS = nil, nil }), Given: in, Steps: []kit.Step{
			{Path: "/tf-setup", User: joe, WantJSON: []string{`"tf_available_methods":["authenticator"]`}},
			{Path: "/tf-setup", Fields: kit.Fields{"setup": "email"}, Status: 400, User: joe, Errors: map[string][]string{"setup": {unavailable}}}}},
		begun("email", "email", "CodeSent", []string{joe}, kit.Fields{"setup": "email"}),
		begun("email, as it was called", "email", "CodeSent", []string{joe}, kit.Fields{"setup": "mail"}),
		begun("sms", "sms", "CodeSent", nil, kit.Fields{"setup": "sms", "phone": " (202) 555-0123 "}),
		authr, pending,
		refused("nothing", kit.Fields{}, "setup", unavailable),
		refused("another method", kit.Fields{"setup": "carrier pigeon"}, "setup", unavailable),
		refused("no number", kit.Fields{"setup": "sms"}, "phone", "PHONE_INVALID"),
		refused("no good number", kit.Fields{"setup": "sms", "phone": "+1 202"}, "phone", "PHONE_INVALID"),
		refused("words for a number", kit.Fields{"setup": "sms", "phone": "call me"}, "phone", "PHONE_INVALID"),
		refused("a long number", kit.Fields{"setup": "sms", "phone": strings.Repeat("1", 1000)}, "phone", "PHONE_INVALID"),
		{Name: "not sent", Config: on, Given: fail, Steps: []kit.Step{notSent(kit.Fields{"setup": "email"}), notSent(kit.Fields{"setup": "sms", "phone": phone}),
			{Path: "/tf-validate", Status: 400, Page: 302, User: joe}}},
		{Name: "turn off", Config: on, Given: inWith(t, "sms"), Steps: []kit.Step{wasOn, off}},
		{Name: "turn off, elsewhere", Config: with(func(c *batteries.Config) { c.TwoFactor.PostSetup = "/done" }), Given: inWith(t, "sms"), Steps: []kit.Step{
			{Path: "/tf-setup", Fields: kit.Fields{"setup": "disable"}, Location: "/done", User: joe, Events: []string{"Disabled"}, Mails: []string{joe}}}},
		{Name: "anonymous", Config: on, Steps: []kit.Step{
			{Path: "/tf-setup", Status: 400, Page: 302, Location: "/login", WantJSON: []string{`"field_errors":{"":["TWO_FACTOR_PERMISSION_DENIED"]}`}},
			{Path: "/tf-setup", Fields: kit.Fields{"setup": "email"}, Status: 400, Page: 302, Location: "/login"}}},
		{Name: "not fresh", Config: on, Given: func(a *kit.App, b *kit.Browser) { in(a, b); a.Clock.Advance(25 * time.Hour) }, Steps: []kit.Step{
			{Path: "/tf-setup", Status: 401, Page: 302, Location: "/verify?next=/tf-setup", User: joe, WantJSON: []string{`"reauth_required":true`}}}},
	}
}

// validate are the rows of the code.
func validate(t *testing.T) []kit.Scenario {
	var o totp
	right, wrong, third := kit.Fields{}, kit.Fields{}, kit.Fields{}
	now := later(right, "code", func(*kit.App) string { return o.code(0) })
	not := later(wrong, "code", func(*kit.App) string { return o.wrong() })
	gave := func(app *kit.App, _ *kit.Browser) { o = give(t, app, find(t, app, joe), "authenticator") }
	illegal := func(path string, fields kit.Fields, user string) kit.Step {
		return kit.Step{Path: path, Fields: fields, Status: 400, Page: 302, Location: "/login", User: user, WantJSON: []string{`"field_errors":{"":["TWO_FACTOR_PERMISSION_DENIED"]}`}}
	}
	failed := kit.Step{Path: "/tf-validate", Fields: wrong, Status: 400, Errors: map[string][]string{"code": {"TWO_FACTOR_INVALID_TOKEN"}}, Events: []string{"AuthnFailed"}, Before: not}
	fails := func(s kit.Step, user string) kit.Step { s.User = user; return s }
	var path string
	begin := func(method string) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, b *kit.Browser) {
			in(app, b)
			j := b.Clone()
			j.JSON = true
			res, token := choose(j, method)
			if method == "authenticator" {
				o = scan(t, app, res)
			}
			path = "/tf-setup/" + token
			*b = *func() *kit.Browser { asJSON := b.JSON; j.JSON = asJSON; return j }()
		}
	}
	stored := func(method string) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, _ *kit.Browser) {
			if got := app.Account(joe); got.TFPrimaryMethod != method || got.TFTOTPSecret == "" {
				t.Errorf("stored is %q", got.TFPrimaryMethod)
			}
		}
	}
	change := kit.Step{Path: "/tf-validate", Fields: right, Location: "/tf-setup", User: joe, Events: []string{"ProfileChanged"}, Mails: []string{joe}, WantJSON: []string{`"user":{}`, `"csrf_token":"`}, Before: now, After: stored("authenticator")}
	return []kit.Scenario{
		{Name: "sign-in", Config: on, Given: gave, Steps: []kit.Step{
			password("/tf-validate?next=/wanted", `"tf_state":"ready"`),
			{Path: "/tf-validate", WantJSON: []string{`"recovery_options":{"email":"/tf-rescue","help":"/tf-rescue"}`, `"user":{}`, `"csrf_token":"`}},
			failed,
			{Path: "/tf-validate", Fields: kit.Fields{"code": " "}, Status: 400, Errors: map[string][]string{"code": {"Please enter the code."}}},
			{Path: "/tf-validate?include_auth_token", Fields: right, Location: "/wanted", User: joe, Events: []string{"Authenticated", "CodeConfirmed"}, Before: now, WantJSON: []string{`"authentication_token":"`}},
		}},
		{Name: "setup at a sign-in", Config: with(required), Steps: []kit.Step{
			password("/tf-setup", "setup_from_login"),
			illegal("/tf-validate", nil, ""),
			password("/tf-setup", "setup_from_login"),
			{Path: "/tf-setup", Fields: kit.Fields{"setup": "email"}, Page: 200, Events: []string{"CodeSent"}, Mails: []string{joe}},
			{Path: "/tf-validate", Fields: third, Location: "/wanted", User: joe, Before: later(third, "code", mailed), After: stored("email"), Mails: []string{joe},
				Events: []string{"ProfileChanged", "Authenticated", "CodeConfirmed"}, WantJSON: []string{`"user":{}`}},
		}},
		{Name: "change", Config: on, Given: begin("authenticator"), Steps: []kit.Step{
			{Path: "/tf-validate", User: joe, WantJSON: []string{`"user":{}`}, Forbid: []string{"recovery_options", "otpauth", "<svg xmlns"}},
			fails(failed, joe), change, illegal("/tf-validate", right, joe),
		}},
		{Name: "signed in, without a setup", Config: on, Given: in, Steps: []kit.Step{illegal("/tf-validate", nil, joe), illegal("/tf-validate", code("123456"), joe), illegal("/tf-rescue", nil, joe)}},
		{Name: "anonymous", Config: on, Steps: []kit.Step{illegal("/tf-validate", nil, ""), illegal("/tf-validate", code("123456"), ""), illegal("/tf-rescue", nil, ""), illegal("/tf-rescue", kit.Fields{"help_setup": "help"}, "")}},
		{Name: "token", Config: on, Given: begin("sms"), Steps: []kit.Step{
			{Path: "/tf-validate", User: joe, After: func(app *kit.App, b *kit.Browser) {
				b.Post(path, code("000000x")).Fails("code", "TWO_FACTOR_INVALID_TOKEN")
				app.Events.Reset()
				res := b.Post(path, code(texted(app)))
				if b.JSON {
					res.Want(200).Contains(`"tf_method":"sms"`, `"tf_primary_method":"sms"`, `"tf_phone":"+12025550123"`, `"csrf_token":"`).Lacks(`"user"`)
				} else {
					res.GoesTo("/tf-setup")
					b.Get("/tf-setup").Contains("TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL")
				}
				if got := app.Account(joe).TFPhoneNumber; got != phone {
					t.Errorf("the number is %q", got)
				}
				if got := app.Events.Take(); len(got) != 1 || got[0] != "ProfileChanged" {
					t.Errorf("events %q", got)
				}
			}},
		}},
		{Name: "no token", Config: on, Given: in, Steps: []kit.Step{{Path: "/tf-setup/abc", Fields: code("123456"), Status: 400, Page: 302, Location: "/tf-setup", User: joe, WantJSON: []string{`"field_errors":{"":["API_ERROR"]}`}}}},
		{Name: "late", Config: on, Given: func(a *kit.App, b *kit.Browser) { begin("authenticator")(a, b); a.Clock.Advance(31 * time.Minute) }, Steps: []kit.Step{
			{Path: "/doorwardtest/whoami", User: joe, After: func(a *kit.App, b *kit.Browser) {
				res := b.Clone().Post(path, code(o.code(0)))
				if b.JSON {
					res.Want(400).Fails("", "TWO_FACTOR_SETUP_EXPIRED")
				} else {
					res.GoesTo("/tf-setup")
				}
			}},
			{Path: "/tf-validate", Status: 400, Page: 302, Location: "/tf-setup", User: joe, WantJSON: []string{"TWO_FACTOR_SETUP_EXPIRED"}},
		}},
	}
}

// rescue are the rows of who has no code.
func rescue(t *testing.T) []kit.Scenario {
	fields := kit.Fields{}
	ask := func(option string) kit.Step {
		return kit.Step{Path: "/tf-rescue", Fields: kit.Fields{"help_setup": option}, Page: 200, WantJSON: []string{`"recovery_options":{`, `"csrf_token":"`}, Forbid: []string{`"user"`}}
	}
	mail := func(s kit.Step, to string, events ...string) kit.Step {
		s.Mails, s.Events = []string{to}, events
		return s
	}
	not := func(option string) kit.Step {
		s := ask(option)
		s.Status, s.Page, s.WantJSON, s.Errors = 400, 200, nil, map[string][]string{"help_setup": {"TWO_FACTOR_METHOD_NOT_AVAILABLE"}}
		return s
	}
	pw := kit.Step{Path: "/login?next=/wanted", Fields: login(joe), Location: "/tf-validate?next=/wanted"}
	texting := pw
	texting.Events = []string{"CodeSent"}
	done := kit.Step{Path: "/tf-validate", Fields: fields, Location: "/wanted", User: joe, Events: []string{"Authenticated", "CodeConfirmed"}, Before: later(fields, "code", mailed)}
	desk := func(c *batteries.Config) { c.TwoFactor.RescueMail = "help@example.com" }
	recovering := func(c *batteries.Config) { c.RecoveryCodes = &recoverycodes.Config{} }
	withCodes := func(app *kit.App, b *kit.Browser) {
		giving(t, "authenticator")(app, b)
		app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.RecoveryCodes = []string{seal(t, "recovery codes", []byte(recovery))} })
	}
	failing := func(s kit.Step) kit.Step {
		s.Status, s.Page, s.WantJSON, s.Errors = 500, 200, nil, map[string][]string{"help_setup": {"FAILED_TO_SEND_CODE"}}
		s.Before = func(app *kit.App, _ *kit.Browser) { app.Outbox.Fail(errors.New("no mails today")) }
		return s
	}
	toRecovery := kit.Step{Path: "/tf-rescue", Fields: kit.Fields{"help_setup": "recovery_code"}, Status: 302, Page: 302, Location: "/mf-recovery?next=/wanted",
		After: func(_ *kit.App, b *kit.Browser) { b.Get("/mf-recovery").Want(200) }}
	return []kit.Scenario{
		{Name: "email", Config: on, Given: giving(t, "authenticator"), Steps: []kit.Step{pw,
			{Path: "/tf-rescue", WantJSON: []string{`"recovery_options":{"email":"/tf-rescue","help":"/tf-rescue"}`}, Forbid: []string{"resend", `"user"`}},
			mail(ask("email"), joe, "CodeSent"), done}},
		{Name: "email, for text messages", Config: on, Given: giving(t, "sms"), Steps: []kit.Step{texting, mail(ask("email"), joe, "CodeSent"), done}},
		{Name: "resend", Config: on, Given: giving(t, "sms"), Steps: []kit.Step{texting, func() kit.Step { s := ask("resend"); s.Events = []string{"CodeSent"}; return s }()}},
		{Name: "nothing to resend", Config: on, Given: giving(t, "authenticator"), Steps: []kit.Step{pw, not("resend"), not("recovery_code"), not(""), not("else")}},
		{Name: "no mail", Config: with(func(c *batteries.Config) { c.TwoFactor.NoRescueEmail = true }), Given: giving(t, "authenticator"), Steps: []kit.Step{pw,
			{Path: "/tf-rescue", WantJSON: []string{`"recovery_options":{"help":"/tf-rescue"}`}}, not("email")}},
		{Name: "help", Config: with(desk), Given: giving(t, "authenticator"), Steps: []kit.Step{pw, mail(ask("help"), "help@example.com")}},
		{Name: "not sent", Config: on, Given: giving(t, "authenticator"), Steps: []kit.Step{pw, failing(ask("email")), failing(ask("help")), {Path: "/tf-validate"}}},
		{Name: "recovery code", Config: with(recovering), Given: withCodes, Steps: []kit.Step{pw,
			{Path: "/tf-validate", WantJSON: []string{`"recovery_code":"/mf-recovery"`}}, toRecovery}},
		{Name: "no recovery code left", Config: with(recovering), Given: giving(t, "authenticator"), Steps: []kit.Step{pw,
			{Path: "/tf-rescue", Forbid: []string{"recovery_code"}}, not("recovery_code")}},
	}
}
