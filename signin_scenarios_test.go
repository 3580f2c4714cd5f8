package doorward_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

const (
	joe  = "joe@example.com"
	jane = "jane@example.com"
)

func credentials(email string) kit.Fields {
	return kit.Fields{"email": email, "password": kit.Password}
}

func signedIn(app *kit.App, b *kit.Browser) {
	b.LoginAs(&kit.User{Account: app.Account(joe)})
}

func TestSignInScenarios(t *testing.T) { kit.Run(t, signInScenarios()...) }

func signInScenarios() []kit.Scenario {
	generic := func(c *batteries.Config) { c.GenericResponses = true }
	failed := []string{"AuthnFailed"}
	inactive := func(app *kit.App, _ *kit.Browser) {
		app.NewUser(jane, func(a *doorward.Account) { a.Active = false })
	}
	oneMessage := map[string][]string{"": {"GENERIC_AUTHN_FAILED"}, "email": nil, "password": nil}
	return []kit.Scenario{
		{Name: "right password", Steps: []kit.Step{{
			Path: "/login", Fields: credentials(joe), Location: "/", User: joe,
			Events: []string{"Authenticated"}, WantJSON: []string{`"tf_required":false`, `"user":{}`, `"csrf_token":"`},
		}}},
		{Name: "address in other case and with blanks", Steps: []kit.Step{{
			Path: "/login", Fields: credentials("  JOE@Example.COM "), User: joe, Events: []string{"Authenticated"},
		}}},
		{Name: "wrong password", Steps: []kit.Step{{
			Path: "/login", Fields: kit.Fields{"email": joe, "password": "wrong password"}, Status: 400,
			Errors: map[string][]string{"password": {"INVALID_PASSWORD"}, "email": nil}, Events: failed, Forbid: []string{"wrong password"},
		}}},
		{Name: "password is not trimmed", Steps: []kit.Step{{
			Path: "/login", Fields: kit.Fields{"email": joe, "password": " " + kit.Password}, Status: 400,
			Errors: map[string][]string{"password": {"INVALID_PASSWORD"}}, Events: failed,
		}}},
		{Name: "nobody", Steps: []kit.Step{{
			Path: "/login", Fields: credentials("nobody@example.com"), Status: 400,
			Errors: map[string][]string{"email": {"USER_DOES_NOT_EXIST"}},
		}}},
		{Name: "account without password", Given: func(app *kit.App, _ *kit.Browser) {
			app.NewUser(jane, func(a *doorward.Account) { a.PasswordHash = "" })
		}, Steps: []kit.Step{
			{Path: "/login", Fields: kit.Fields{"email": jane, "password": ""}, Status: 400, Errors: map[string][]string{"password": {"PASSWORD_NOT_PROVIDED"}}},
			{Path: "/login", Fields: kit.Fields{"email": jane, "password": "anything else"}, Status: 400, Events: failed},
		}},
		{Name: "switched off", Given: inactive, Steps: []kit.Step{{
			Path: "/login", Fields: credentials(jane), Status: 400, Errors: map[string][]string{"email": {"DISABLED_ACCOUNT"}},
		}}},
		{Name: "nothing given", Steps: []kit.Step{{
			Path: "/login", Fields: kit.Fields{}, Status: 400,
			Errors: map[string][]string{"email": {"EMAIL_NOT_PROVIDED"}, "password": {"PASSWORD_NOT_PROVIDED"}},
		}}},
		{Name: "next outside", Steps: []kit.Step{{
			Path: "/login", Fields: kit.Fields{"email": joe, "password": kit.Password, "next": "//evil.example"}, Status: 400,
			WantJSON: []string{`"next":["INVALID_REDIRECT"]`},
		}}},
		{Name: "generic, wrong password", Config: generic, Steps: []kit.Step{{
			Path: "/login", Fields: kit.Fields{"email": joe, "password": "wrong password"}, Status: 400, Errors: oneMessage, Events: failed,
		}}},
		{Name: "generic, nobody", Config: generic, Steps: []kit.Step{{
			Path: "/login", Fields: credentials("nobody@example.com"), Status: 400, Errors: oneMessage,
		}}},
		{Name: "generic, nothing given", Config: generic, Steps: []kit.Step{{
			Path: "/login", Fields: kit.Fields{}, Status: 400, Errors: oneMessage,
		}}},
		{Name: "generic, switched off", Config: generic, Given: inactive, Steps: []kit.Step{{
			Path: "/login", Fields: credentials(jane), Status: 400, Errors: oneMessage,
		}}},
		{Name: "signed in already", Given: signedIn, Steps: []kit.Step{{
			Path: "/login?next=/elsewhere", Fields: credentials(joe), Status: 400, Page: 302, Location: "/", User: joe,
			WantJSON: []string{`"response":{"errors":["ANONYMOUS_USER_REQUIRED"]}`},
		}, {
			Path: "/login", Page: 302, Location: "/", User: joe, WantJSON: []string{`"user":{}`, `"identity_attributes":["email"]`},
		}}},
		{Name: "sign out", Given: signedIn, Steps: []kit.Step{
			{Path: "/logout", Fields: kit.Fields{}, Location: "/", WantJSON: []string{`{"meta":{"code":200},"response":{}}`}, Events: []string{"LoggedOut"}},
			{Path: "/logout", Fields: kit.Fields{}, Location: "/"}, // twice is no error
		}},
		{Name: "verify", Given: signedIn, Steps: []kit.Step{
			{Path: "/verify", Fields: kit.Fields{"password": "wrong password"}, Status: 400, User: joe, Events: failed, Errors: map[string][]string{"password": {"INVALID_PASSWORD"}}},
			{Path: "/verify", Fields: kit.Fields{"password": kit.Password}, User: joe, Events: []string{"Verified"}, Location: "/"},
		}},
		{Name: "verify while nobody is signed in", Steps: []kit.Step{{
			Path: "/verify", Fields: kit.Fields{"password": kit.Password}, Status: 401, Page: 302, Location: "/login?next=/verify",
			Events: []string{"Unauthenticated"}, WantJSON: []string{`"response":{"errors":["UNAUTHENTICATED"]}`},
		}}},
	}
}

func TestTracking(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	first := app.Clock.Now()
	app.Browser().PostForm("/login", credentials(joe)).Want(302)
	acc := app.Account(joe)
	if acc.LoginCount != 1 || !acc.CurrentLoginAt.Equal(first) || !acc.LastLoginAt.Equal(first) || acc.CurrentLoginIP != "192.0.2.1" {
		t.Errorf("after the first sign-in: %+v", acc)
	}
	app.Clock.Advance(60 * 1e9)
	second := app.Browser()
	second.Addr = "192.0.2.2:1"
	second.PostForm("/login", credentials(joe), "X-Forwarded-For", "10.9.9.9").Want(302)
	acc = app.Account(joe)
	if acc.LoginCount != 2 || !acc.LastLoginAt.Equal(first) || acc.LastLoginIP != "192.0.2.1" || acc.CurrentLoginIP != "192.0.2.2" {
		t.Errorf("after the second sign-in: %+v", acc)
	}
	app.Browser().PostForm("/login", kit.Fields{"email": joe, "password": "wrong password"})
	if got := app.Account(joe).LoginCount; got != 2 {
		t.Errorf("a failure counted: %d", got)
	}
}

func TestHashCounts(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	for name, c := range map[string]struct {
		fields kit.Fields
		want   int
	}{
		"right":      {credentials(joe), 1},
		"wrong":      {kit.Fields{"email": joe, "password": "wrong password"}, 1},
		"nobody":     {credentials("nobody@example.com"), 1},
		"no address": {credentials("not an address"), 0},
		"nothing":    {kit.Fields{}, 0},
	} {
		before := app.Hashes()
		app.Browser().PostForm("/login", c.fields)
		if got := app.Hashes() - before; got != c.want {
			t.Errorf("%s: %d hashes, want %d", name, got, c.want)
		}
	}
}
