package confirm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
)

// scenarios are the feature as a visitor meets it. joe is confirmed, ann is not.
func scenarios() []kit.Scenario {
	newAnn := func(a *kit.App, _ *kit.Browser) { a.NewUser(ann, unconfirmed) }
	signIn := kit.Fields{"email": ann, "password": kit.Password}
	generic := func(c *batteries.Config) { with(confirm.Config{})(c); c.GenericResponses = true }
	return []kit.Scenario{
		{Name: "gate", Config: with(confirm.Config{}), Given: newAnn, Steps: []kit.Step{
			{Path: "/login", Fields: signIn, Status: 400, Errors: map[string][]string{"email": {"CONFIRMATION_REQUIRED"}}},
			{Path: "/login", Fields: kit.Fields{"email": ann, "password": "wrong"}, Status: 400, Events: []string{"AuthnFailed"},
				Errors: map[string][]string{"password": {"INVALID_PASSWORD"}}, Forbid: []string{"CONFIRMATION_REQUIRED"}},
			{Path: "/login", Fields: kit.Fields{"email": joe, "password": kit.Password}, Events: []string{"Authenticated"}, User: joe},
		}},
		{Name: "gate leads on", Config: with(confirm.Config{RequiredView: "/not-yet?from=login"}), Given: newAnn, Steps: []kit.Step{
			{Path: "/login", Fields: signIn, Status: 400, Page: 302, Location: "/not-yet?email=ann%40example.com&from=login"},
		}},
		{Name: "gate leads to a page", Config: with(confirm.Config{RequiredView: "send_confirmation"}), Given: newAnn, Steps: []kit.Step{
			{Path: "/login", Fields: signIn, Status: 400, Page: 302, Location: "/confirm?email=ann%40example.com"},
			{Path: "/confirm?email=ann%40example.com"},
		}},
		{Name: "gate in generic mode", Config: func(c *batteries.Config) { generic(c); c.Confirm.RequiredView = "/not-yet" }, Given: newAnn, Steps: []kit.Step{
			{Path: "/login", Fields: signIn, Status: 400, Errors: map[string][]string{"": {"GENERIC_AUTHN_FAILED"}, "email": nil}},
		}},
		{Name: "no gate", Config: with(confirm.Config{Lax: true}), Given: newAnn, Steps: []kit.Step{
			{Path: "/login", Fields: signIn, Events: []string{"Authenticated"}, User: ann},
		}},
		{Name: "send", Config: with(confirm.Config{}), Given: newAnn, Steps: []kit.Step{
			{Path: "/confirm", Fields: kit.Fields{"email": " ANN@example.com "}, Page: 200, Events: []string{"InstructionsSent"}, Mails: []string{ann},
				WantJSON: []string{`"response":{"csrf_token":`}, Forbid: []string{`"user"`}},
			{Path: "/confirm", Fields: kit.Fields{"email": joe}, Status: 400, Errors: map[string][]string{"email": {"ALREADY_CONFIRMED"}}},
			{Path: "/confirm", Fields: kit.Fields{"email": "nobody@example.com"}, Status: 400, Errors: map[string][]string{"email": {"USER_DOES_NOT_EXIST"}}},
			{Path: "/confirm", Fields: kit.Fields{"email": "not an address"}, Status: 400, Errors: map[string][]string{"email": {"INVALID_EMAIL_ADDRESS"}}},
			{Path: "/confirm?email=ann%40example.com", Fields: kit.Fields{"email": "  "}, Status: 400, Errors: map[string][]string{"email": {"EMAIL_NOT_PROVIDED"}}},
			{Path: "/confirm?email=ann%40example.com", Fields: kit.Fields{}, Status: 400, Errors: map[string][]string{"email": {"EMAIL_NOT_PROVIDED"}}},
		}},
		{Name: "send in generic mode", Config: generic, Given: newAnn, Steps: []kit.Step{
			{Path: "/confirm", Fields: kit.Fields{"email": ann}, Page: 200, Events: []string{"InstructionsSent"}, Mails: []string{ann}},
			{Path: "/confirm", Fields: kit.Fields{"email": joe}, Page: 200, Forbid: []string{"ALREADY_CONFIRMED"}},
			{Path: "/confirm", Fields: kit.Fields{"email": "nobody@example.com"}, Page: 200},
			{Path: "/confirm", Fields: kit.Fields{"email": "not an address"}, Page: 200},
			{Path: "/confirm", Fields: kit.Fields{}, Page: 200},
		}},
		{Name: "signed in", Config: with(confirm.Config{}),
			Given: func(a *kit.App, b *kit.Browser) { newAnn(a, b); b.LoginAs(must(a, joe)) },
			Steps: []kit.Step{
				{Path: "/confirm", User: joe},
				{Path: "/confirm", Fields: kit.Fields{"email": ann}, Page: 200, Events: []string{"InstructionsSent"}, Mails: []string{ann}, User: joe},
			}},
	}
}

func must(a *kit.App, email string) doorward.User {
	acc := a.Account(email)
	u := &kit.User{}
	*u.SecurityAccount() = acc
	return u
}

func TestScenarios(t *testing.T) {
	kit.Run(t, scenarios()...)
}

func TestScenariosOnSQL(t *testing.T) {
	kit.RunOn(t, sqltest.Stores(testdb.SQLite), scenarios()...)
}

// TestFlashes: a browser is told on the page that it sees next.
func TestFlashes(t *testing.T) {
	app := site(t, with(confirm.Config{RequiredView: "/not-yet"}))
	app.NewUser(ann, unconfirmed)
	b := app.Browser()
	if got := b.PostForm("/confirm", kit.Fields{"email": ann}).Want(200).Flashes(); len(got) != 1 || got[0] != "CONFIRMATION_REQUEST" {
		t.Errorf("after sending: %q", got)
	}
	b.PostForm("/login", kit.Fields{"email": ann, "password": kit.Password}).Want(302)
	if got := b.Get("/login").Flashes(); len(got) != 1 || got[0] != "CONFIRMATION_REQUIRED" {
		t.Errorf("at the gate: %q", got)
	}
}

func TestPrefill(t *testing.T) {
	app := site(t)
	app.Browser().Get(`/confirm?email="><script>ann`).Want(200).Contains(`value="&#34;&gt;&lt;script&gt;ann"`).Lacks("<script>ann")
	b := app.Browser()
	b.JSON = true
	if res := b.Get("/confirm").Want(200); res.JSONAt("response.user") != nil || res.JSONAt("response.csrf_token") == nil {
		t.Error(res.Body)
	}
}

// Wrong types are told also where nothing else is.
func TestTypes(t *testing.T) {
	app := site(t, func(c *batteries.Config) { c.GenericResponses = true })
	app.NewUser(ann, unconfirmed)
	for _, v := range []any{5, []string{ann, joe}, map[string]any{"a": ann}} {
		app.Browser().PostJSON("/confirm", kit.Fields{"email": v}).Want(400).Fails("email", "API_ERROR")
	}
	if n := len(app.Outbox.Sent()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestTwins(t *testing.T) {
	for _, lax := range []bool{false, true} {
		app := site(t, with(confirm.Config{Lax: lax}), func(c *batteries.Config) { c.GenericResponses = true })
		kit.Twins(t, app)
	}
}

// TestRightPassword: that it was right is not told in generic mode.
func TestRightPassword(t *testing.T) {
	app := site(t, func(c *batteries.Config) { c.GenericResponses = true })
	app.NewUser(ann, unconfirmed)
	both(t, func(t *testing.T, asJSON bool) {
		first := ""
		for _, password := range []string{kit.Password, "wrong horse battery!!"} {
			b := app.In(t).Browser()
			b.JSON = asJSON
			res := b.Post("/login", kit.Fields{"email": ann, "password": password, "csrf_token": b.CSRF("/login")})
			res.Fails("", "GENERIC_AUTHN_FAILED")
			if got := res.Text(); first == "" {
				first = got
			} else if got != first {
				t.Errorf("%s\n%s", first, got)
			}
		}
	})
}

// TestBasic: the gate stands also before credentials without a session.
func TestBasic(t *testing.T) {
	app := site(t)
	u := app.NewUser(ann, unconfirmed)
	ask := func() *kit.Response {
		b := app.Browser()
		return b.PostJSON("/login?include_auth_token", kit.Fields{"email": ann, "password": kit.Password})
	}
	ask().Want(400)
	if changed, err := app.Batteries.Confirm.Confirm(t.Context(), u); err != nil || !changed {
		t.Fatal(changed, err)
	}
	ask().Want(200).Contains("authentication_token")
}

// TestMailLimits: nobody is flooded, and one address does not ask for all.
func TestMailLimits(t *testing.T) {
	app := site(t)
	app.NewUser(ann, unconfirmed)
	b := app.Browser()
	b.JSON = true
	for range 20 {
		b.Post("/confirm", kit.Fields{"email": ann}).Want(200)
	}
	if n := len(app.Outbox.Sent()); n != 10 || len(kit.EventsOf[confirm.InstructionsSent](app.Events)) != n {
		t.Errorf("%d mails, want 10, events %q", n, app.Events.Names())
	}
	for range 40 {
		b.Post("/confirm", kit.Fields{"email": "nobody@example.com"}).Want(400)
	}
	b.Post("/confirm", kit.Fields{"email": ann}).Want(429)
	b.Post("/confirm", kit.Fields{"email": joe}).Want(429)
}

func TestMail(t *testing.T) {
	app := site(t, with(confirm.Config{Within: 90 * time.Minute, Subject: "Hello there"}))
	app.NewUser("Ann@example.com", unconfirmed)
	app.Browser().PostForm("/confirm", kit.Fields{"email": ann}, "Host", "evil.example", "X-Forwarded-Host", "evil.example")
	m := app.Outbox.Sent()[0]
	if m.To != "Ann@example.com" || m.Template != "confirmation_instructions" || m.Subject != "Hello there" {
		t.Errorf("%+v", m)
	}
	for _, part := range []string{m.Text, m.HTML} {
		if !strings.Contains(part, "1 hour and 30 minutes") {
			t.Errorf("how long it works is missing from\n%s", part)
		}
	}
	app.CheckMails("https://localhost")
	press(app.Browser(), mailed(t, app)).GoesTo("/login")
	if !confirmed(app, "Ann@example.com") {
		t.Error("not confirmed")
	}
}
