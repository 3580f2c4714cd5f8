package unified_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/unified"
)

const elsewhere = "+12025550124" // ann's number

func setupScenarios() []kit.Scenario {
	given := func(methods []string, then func(*kit.App)) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, b *kit.Browser) {
			equip(app, joe, methods...)
			app.NewUser(ann, func(acc *doorward.Account) { acc.USPhoneNumber = elsewhere })
			if then != nil {
				then(app)
			}
			b.LoginAs(find(app, joe))
			app.Events.Reset()
		}
	}
	noPassword := func(app *kit.App) { app.Change(find(app, joe), func(acc *doorward.Account) { acc.PasswordHash = "" }) }
	step := func(fields ...string) kit.Step { st := post("/us-setup", fields...); st.User = joe; return st }
	bad := func(field, key string, fields ...string) kit.Step { return fails(step(fields...), field, key) }
	begun := func(method string, fields ...string) kit.Step {
		st := step(append(fields, "chosen_method", method)...)
		st.Page, st.Events, st.WantJSON, st.Forbid = 200, []string{"CodeSent"}, []string{`"chosen_method":"` + method + `"`, `"state":"`, `"csrf_token":"`}, []string{`"user":`}
		switch method {
		case "email":
			st.Mails, st.WantJSON = []string{joe}, append(st.WantJSON, `"phone":null`)
		case "sms":
			st.WantJSON = append(st.WantJSON, `"phone":"`+phone+`"`)
		case "authenticator":
			st.WantJSON = append(st.WantJSON, `"authr_key":"`, `"authr_b32key":"`, `"authr_username":"joe@example.com"`, `"authr_issuer":"Doorward"`, `"authr_uri":"otpauth://totp/`)
		}
		return st
	}
	removed := func(methods ...string) kit.Step {
		st := step()
		st.Fields["delete_method"], st.Location, st.WantJSON, st.Events = methods, "/us-setup", []string{`"response":{"csrf_token":"`}, []string{"ProfileChanged"}
		if len(methods) == 1 {
			st.Fields["delete_method"] = methods[0]
		}
		st.Mails = slices.Repeat([]string{joe}, len(methods))
		return st
	}
	both := begun("email", "delete_method", "sms")
	both.Mails, both.Events = []string{joe, joe}, []string{"CodeSent", "ProfileChanged"}
	page := []string{`"identity_attributes":["email","us_phone_number"]`, `"available_methods":["password","email","authenticator","sms"]`, `"setup_methods":["email","authenticator","sms"]`}
	get := func(want ...string) kit.Step {
		return kit.Step{Path: "/us-setup", WantJSON: append(want, page...), Forbid: []string{`"user":`}, User: joe}
	}
	lastTwo := bad("delete_method", "US_LAST_METHOD")
	lastTwo.Fields["delete_method"] = []string{"email", "sms"}
	return []kit.Scenario{
		{Name: "page", Config: turnedOn, Given: given(nil, nil), Steps: []kit.Step{get(`"active_methods":["password"]`, `"phone":null`)}},
		{Name: "page with all", Config: turnedOn, Given: given(all(), nil), Steps: []kit.Step{get(`"active_methods":["password","email","authenticator","sms"]`, `"phone":"`+phone+`"`)}},
		{Name: "page with none", Config: turnedOn, Given: given(nil, noPassword), Steps: []kit.Step{get(`"active_methods":[]`)}},
		{Name: "nobody", Config: turnedOn, Steps: []kit.Step{{Path: "/us-setup", Status: 401, Page: 302, Location: "/login?next=/us-setup", Events: []string{"Unauthenticated"}}}},
		{Name: "nothing", Config: turnedOn, Given: given(nil, nil), Steps: []kit.Step{bad("", "API_ERROR"), bad("", "API_ERROR", "phone", phone)}},
		{Name: "no such way", Config: turnedOn, Given: given(nil, nil), Steps: []kit.Step{
			bad("chosen_method", "US_METHOD_NOT_AVAILABLE", "chosen_method", "pigeon"), bad("chosen_method", "US_METHOD_NOT_AVAILABLE", "chosen_method", "password")}},
		{Name: "begun", Config: turnedOn, Given: given(nil, nil), Steps: []kit.Step{begun("email"), begun("authenticator"), begun("sms", "phone", "(202) 555-0123")}},
		{Name: "phone", Config: turnedOn, Given: given(nil, nil), Steps: []kit.Step{
			bad("phone", "PHONE_INVALID", "chosen_method", "sms"), bad("phone", "PHONE_INVALID", "chosen_method", "sms", "phone", "123"),
			bad("phone", "PHONE_INVALID", "chosen_method", "sms", "phone", "911"), bad("phone", "IDENTITY_ALREADY_ASSOCIATED", "chosen_method", "sms", "phone", "202 555 0124")}},
		{Name: "own phone again", Config: turnedOn, Given: given([]string{"sms"}, nil), Steps: []kit.Step{begun("sms", "phone", phone)}},
		{Name: "removed", Config: turnedOn, Given: given(all(), nil), Steps: []kit.Step{removed("email"), removed("authenticator", "sms"), get(`"active_methods":["password"]`, `"phone":null`)}},
		{Name: "removed what is not there", Config: turnedOn, Given: given([]string{"email"}, nil), Steps: []kit.Step{
			bad("delete_method", "US_METHOD_NOT_AVAILABLE", "delete_method", "sms"), bad("delete_method", "US_METHOD_NOT_AVAILABLE", "delete_method", "password"), bad("delete_method", "US_METHOD_NOT_AVAILABLE", "delete_method", "x")}},
		{Name: "both", Config: turnedOn, Given: given([]string{"sms"}, nil), Steps: []kit.Step{both, get(`"active_methods":["password"]`)}},
		{Name: "last way", Config: turnedOn, Given: given([]string{"email", "sms"}, noPassword), Steps: []kit.Step{
			lastTwo, removed("sms"), bad("delete_method", "US_LAST_METHOD", "delete_method", "email"), get(`"active_methods":["email"]`)}},
		{Name: "last way, and a new one begun", Config: turnedOn, Given: given([]string{"email"}, noPassword), Steps: []kit.Step{
			bad("delete_method", "US_LAST_METHOD", "delete_method", "email", "chosen_method", "authenticator")}},
		{Name: "password of another page", Config: with(func(c *batteries.Config) { c.Unified.Methods = []string{"email"} }), Given: given([]string{"email"}, nil), Steps: []kit.Step{
			{Path: "/us-setup", Fields: kit.Fields{"delete_method": "email"}, Events: []string{"ProfileChanged"}, Mails: []string{joe}, User: joe}}},
		{Name: "password that nothing takes", Config: with(func(c *batteries.Config) { c.Unified.Methods, c.Unified.ReplacesLogin = []string{"email"}, true }), Given: given([]string{"email"}, nil), Steps: []kit.Step{
			bad("delete_method", "US_LAST_METHOD", "delete_method", "email")}},
	}
}

func TestSetup(t *testing.T) {
	kit.Run(t, setupScenarios()...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), setupScenarios()...) })
}

// TestValidate: the code stores what was set up, and nothing before it does.
func TestValidate(t *testing.T) {
	for _, stores := range []string{"memory", testdb.SQLite} {
		for _, method := range all() {
			for _, asJSON := range []bool{true, false} {
				app := kit.New(t, with(func(c *batteries.Config) {
					if stores != "memory" {
						c.Stores = sqltest.Stores(stores)(t)
					}
				}))
				app.NewUser(joe)
				validated(t, app, method, asJSON)
			}
		}
	}
}

func validated(t *testing.T, app *kit.App, method string, asJSON bool) {
	t.Helper()
	b := as(app, joe)
	before := app.Snapshot()
	state, key := begin(b, method, phone)
	if app.Snapshot() != before {
		t.Errorf("%s: stored before the code came back", method)
	}
	code := last(app, method)
	if key != nil {
		code = otp.Code(key, otp.Step(app.Clock.Now()))
	}
	app.Events.Reset()
	app.Outbox.Reset()
	b.JSON = asJSON
	wrong := b.Post("/us-setup/"+state, kit.Fields{"passcode": "000000"}).Fails("passcode", "INVALID_PASSWORD_CODE")
	b.Post("/us-setup/"+state, kit.Fields{"passcode": " "})
	if !asJSON && method == "authenticator" {
		wrong.Want(200).Contains(`id="qrcode"`, "<svg", `action="/us-setup/`+state+`"`)
	}
	if app.Snapshot() != before {
		t.Errorf("%s: stored after a wrong code", method)
	}
	app.Events.Reset()
	res := b.Post("/us-setup/"+state, kit.Fields{"passcode": code[:3] + " " + code[3:]})
	if asJSON {
		number := `"phone":null`
		if method == "sms" {
			number = `"phone":"` + phone + `"`
		}
		res.Want(200).Contains(`"chosen_method":"`+method+`"`, number, `"csrf_token":"`).Lacks(`"state"`, `"user"`)
	} else {
		res.GoesTo("/us-setup")
		if got := b.Get("/us-setup").Flashes(); len(got) != 1 || got[0] != "US_SETUP_SUCCESSFUL" {
			t.Errorf("flashes %q", got)
		}
	}
	evs := kit.EventsOf[unified.ProfileChanged](app.Events)
	if len(evs) != 1 || evs[0].Deleted || !slices.Equal(evs[0].Methods, []string{method}) || len(app.Events.All()) != 1 {
		t.Errorf("%s: %q %+v", method, app.Events.Names(), evs)
	}
	if sent := app.Outbox.Sent(); len(sent) != 1 || sent[0].Template != "factor_notice" || sent[0].To != joe {
		t.Errorf("%s: mails %+v", method, sent)
	}
	if acc := app.Account(joe); acc.USTOTPSecrets[method] == "" || (acc.USPhoneNumber == phone) != (method == "sms") {
		t.Errorf("%s: stored %+v", method, acc)
	}
	if got := app.Batteries.Unified.Methods(find(app, joe)); !slices.Equal(got, []string{"password", method}) {
		t.Errorf("methods %q", got)
	}
}

// TestSetupStateDead: states that complete nothing, and lead back to the page.
func TestSetupStateDead(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		for name, c := range map[string]struct {
			key string
			do  func(app *kit.App, b *kit.Browser, state string) (string, *kit.Browser)
		}{
			"made up": {"API_ERROR", func(_ *kit.App, b *kit.Browser, _ string) (string, *kit.Browser) { return "made-up", b }},
			"damaged": {"API_ERROR", func(_ *kit.App, b *kit.Browser, state string) (string, *kit.Browser) { return "x" + state, b }},
			"old": {"US_SETUP_EXPIRED", func(app *kit.App, b *kit.Browser, state string) (string, *kit.Browser) {
				app.Clock.Advance(31 * time.Minute)
				return state, b
			}},
			"of another user": {"API_ERROR", func(app *kit.App, _ *kit.Browser, state string) (string, *kit.Browser) {
				app.NewUser(ann)
				return state, as(app, ann)
			}},
		} {
			app, _ := site(t, turnedOn)
			b := as(app, joe)
			state, _ := begin(b, "email", "")
			code := last(app, "email")
			state, b = c.do(app, b, state)
			b.JSON = asJSON
			before := app.Snapshot()
			for _, passcode := range []string{code, "000000", ""} {
				res := b.Post("/us-setup/"+state, kit.Fields{"passcode": passcode})
				switch {
				case asJSON && (passcode != "" || res.Status != 400):
					res.Want(http.StatusBadRequest).Fails("", c.key)
				case !asJSON:
					res.GoesTo("/us-setup")
					if got := b.Get("/us-setup").Flashes(); !slices.Equal(got, []string{c.key}) {
						t.Errorf("%s: flashes %q", name, got)
					}
				}
			}
			if app.Snapshot() != before {
				t.Errorf("%s: something was stored", name)
			}
		}
	}
}

// TestPhoneTakenMeanwhile: that a number is nobody's is asked again when it is stored.
func TestPhoneTakenMeanwhile(t *testing.T) {
	for _, stores := range []string{"memory", testdb.SQLite} {
		for _, asJSON := range []bool{true, false} {
			app := kit.New(t, with(func(c *batteries.Config) {
				if stores != "memory" {
					c.Stores = sqltest.Stores(stores)(t)
				}
			}))
			app.NewUser(joe)
			b := as(app, joe)
			state, _ := begin(b, "sms", phone)
			app.NewUser(ann, func(acc *doorward.Account) { acc.USPhoneNumber = phone })
			b.JSON = asJSON
			res := b.Post("/us-setup/"+state, kit.Fields{"passcode": last(app, "sms")})
			if asJSON {
				res.Want(400).Fails("phone", "IDENTITY_ALREADY_ASSOCIATED")
			} else {
				res.GoesTo("/us-setup")
			}
			if acc := app.Account(joe); acc.USPhoneNumber != "" || len(acc.USTOTPSecrets) != 0 {
				t.Errorf("stored %+v", acc)
			}
			enter(visitor(app, true), kit.Password).Want(200)
		}
	}
}

// TestSetupPage: forms with the names and fields that the contract gives them,
// and the picture only in the answer to a post.
func TestSetupPage(t *testing.T) {
	app, _ := site(t, turnedOn, "email")
	b := visitor(app, false)
	b.LoginAs(find(app, joe))
	b.Get("/us-setup").Want(200).Contains(`name="us_setup_form"`, `name="chosen_method" value="authenticator"`, `name="phone"`, `name="delete_method" value="email"`).Lacks("<svg", `value="password"`)
	res := b.Post("/us-setup", kit.Fields{"chosen_method": "authenticator"}).Want(200)
	res.Contains(`name="us_setup_validate_form"`, `id="qrcode"`, `autocomplete="one-time-code"`, `href="otpauth://totp/Doorward:joe@example.com`)
	if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("Cache-Control %q", got)
	}
	b.Post("/us-setup", kit.Fields{"chosen_method": "sms", "phone": phone}).Want(200).Contains(phone[1:], "us_setup_validate_form").Lacks("<svg")
	b.Get("/us-setup/x").Want(405)
}
