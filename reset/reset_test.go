package reset_test

import (
	"context"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
)

// story is a scenario whose later steps post to a link that Given made.
func story(name string, edit func(*batteries.Config), steps ...kit.Step) kit.Scenario {
	return kit.Scenario{Name: name, Config: with(edit), Steps: steps}
}

func scenarios() []kit.Scenario {
	generic := func(c *batteries.Config) { c.GenericResponses = true }
	gated := func(c *batteries.Config) { c.More = append(c.More, gate{joe}) }
	ask := func(email string) kit.Fields { return kit.Fields{"email": email} }
	return []kit.Scenario{
		story("request", nil,
			kit.Step{Path: "/reset", Forbid: []string{joe}},
			kit.Step{Path: "/reset", Fields: ask(" JOE@example.com "), Page: 200, Events: []string{"InstructionsSent"}, Mails: []string{joe}, WantJSON: []string{`"response":{"csrf_token":`}},
		),
		story("request in vain", nil,
			kit.Step{Path: "/reset", Fields: ask(""), Status: 400, Errors: map[string][]string{"email": {"EMAIL_NOT_PROVIDED"}}},
			kit.Step{Path: "/reset", Fields: ask("joe"), Status: 400, Errors: map[string][]string{"email": {"INVALID_EMAIL_ADDRESS"}}},
			kit.Step{Path: "/reset", Fields: ask("nobody@example.com"), Status: 400, Errors: map[string][]string{"email": {"USER_DOES_NOT_EXIST"}}},
		),
		{Name: "request of who is switched off", Config: with(nil), Given: switchOff, Steps: []kit.Step{
			{Path: "/reset", Fields: ask(joe), Status: 400, Errors: map[string][]string{"email": {"DISABLED_ACCOUNT"}}},
		}},
		story("request of who is not confirmed", gated,
			kit.Step{Path: "/reset", Fields: ask(joe), Status: 400, Errors: map[string][]string{"email": {"CONFIRMATION_REQUIRED"}}}),
		story("generic request", generic,
			kit.Step{Path: "/reset", Fields: ask(joe), Page: 200, Events: []string{"InstructionsSent"}, Mails: []string{joe}},
			kit.Step{Path: "/reset", Fields: ask("nobody@example.com"), Page: 200},
			kit.Step{Path: "/reset", Fields: ask("joe"), Page: 200},
			kit.Step{Path: "/reset", Fields: ask(""), Page: 200},
			kit.Step{Path: "/reset", Fields: kit.Fields{}, Page: 200},
		),
		{Name: "generic request of who is switched off", Config: with(generic), Given: switchOff, Steps: []kit.Step{{Path: "/reset", Fields: ask(joe), Page: 200}}},
		story("generic request of who is not confirmed", func(c *batteries.Config) { generic(c); gated(c) }, kit.Step{Path: "/reset", Fields: ask(joe), Page: 200}),
		story("link of the application's own", func(c *batteries.Config) { c.Reset.NoEmail = true },
			kit.Step{Path: "/reset", Fields: ask(joe), Page: 200, Events: []string{"InstructionsSent"}}),
		{Name: "request while signed in", Config: with(nil), Given: signIn, Steps: []kit.Step{
			{Path: "/reset", User: joe, After: func(_ *kit.App, b *kit.Browser) {
				if !b.JSON {
					b.Get("/reset").Contains(`value="` + joe + `"`)
					b.Post("/reset", kit.Fields{"email": "a typo"}).Contains(`value="a typo"`)
				}
			}},
			{Path: "/reset", Fields: ask(joe), Page: 200, User: joe, Events: []string{"InstructionsSent"}, Mails: []string{joe}},
			{Path: "/reset", Fields: kit.Fields{}, Status: 400, User: joe, Errors: map[string][]string{"email": {"EMAIL_NOT_PROVIDED"}}},
		}},
		story("bad link", nil,
			kit.Step{Path: "/reset/x.y.z", Status: 400, Page: 302, Location: "/reset", Errors: nil},
			kit.Step{Path: "/reset/x.y.z", Fields: both(next), Status: 400, Page: 302, Location: "/reset", WantJSON: []string{`"field_errors":{"":["INVALID_RESET_PASSWORD_TOKEN"]}`}},
			kit.Step{Path: "/reset/x.y.z", Fields: both(""), Status: 400, Page: 302, Location: "/reset"},
		),
	}
}

func switchOff(app *kit.App, _ *kit.Browser) {
	u, _ := app.Stores.Users.FindUser(context.Background(), doorward.UserQuery{Attr: "email", Value: joe})
	app.Change(u, func(acc *doorward.Account) { acc.Active = false })
}

func signIn(app *kit.App, b *kit.Browser) {
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password})
}

func TestScenarios(t *testing.T) {
	kit.Run(t, scenarios()...)
	t.Run("sqlite", func(t *testing.T) {
		kit.RunOn(t, sqltest.Stores(testdb.SQLite), scenarios()...)
	})
}
