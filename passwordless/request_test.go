package passwordless_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/passwordless"
)

func requestScenarios() []kit.Scenario {
	gated := with(func(c *batteries.Config) { c.More = append(c.More, gate{}) })
	generic := func(c *batteries.Config) { gated(c); c.GenericResponses = true }
	step := func(typed string) kit.Step {
		return kit.Step{Path: "/login", Fields: kit.Fields{"email": typed}}
	}
	ok := func(typed string) kit.Step {
		s := step(typed)
		s.Page, s.Want, s.WantJSON = 200, nil, []string{`"user":{}`, `"csrf_token":"`}
		s.Events, s.Mails = []string{"LinkSent"}, []string{joe}
		return s
	}
	quiet := func(typed string) kit.Step { s := ok(typed); s.Events, s.Mails = nil, nil; return s }
	fails := func(typed, key string) kit.Step {
		s := step(typed)
		s.Status, s.Errors = 400, map[string][]string{"email": {key}}
		return s
	}
	ann := func(edit func(*doorward.Account)) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, _ *kit.Browser) { app.NewUser("ann@example.com", edit) }
	}
	signedIn := func(app *kit.App, b *kit.Browser) { b.LoginAs(app.NewUser("ann@example.com")) }
	return []kit.Scenario{
		{Name: "page", Config: turnedOn, Steps: []kit.Step{{Path: "/login", WantJSON: []string{`"response":{"csrf_token":"`}}}},
		{Name: "sent", Config: turnedOn, Steps: []kit.Step{ok(joe), ok(" JOE@EXAMPLE.com ")}},
		{Name: "unknown", Config: turnedOn, Steps: []kit.Step{fails("nobody@example.com", "USER_DOES_NOT_EXIST")}},
		{Name: "no address", Config: turnedOn, Steps: []kit.Step{fails("", "EMAIL_NOT_PROVIDED"), fails(" ", "EMAIL_NOT_PROVIDED"), fails("joe", "INVALID_EMAIL_ADDRESS"), fails("a@b@c", "INVALID_EMAIL_ADDRESS")}},
		{Name: "not active", Config: turnedOn, Given: ann(func(acc *doorward.Account) { acc.Active = false }), Steps: []kit.Step{fails("ann@example.com", "DISABLED_ACCOUNT")}},
		{Name: "gate", Config: gated, Given: ann(func(acc *doorward.Account) { acc.Username = "gated" }), Steps: []kit.Step{fails("ann@example.com", "CONFIRMATION_REQUIRED")}},
		{Name: "gate that fails", Config: gated, Given: ann(func(acc *doorward.Account) { acc.Username = "broken" }), Steps: []kit.Step{{Path: "/login", Fields: kit.Fields{"email": "ann@example.com"}, Status: 500}}},
		{Name: "signed in", Config: turnedOn, Given: signedIn, Steps: []kit.Step{
			{Path: "/login", Page: 302, Location: "/", WantJSON: []string{`"user":{}`}, User: "ann@example.com"},
			{Path: "/login", Fields: kit.Fields{"email": joe}, Status: 400, Page: 302, Location: "/", User: "ann@example.com"}}},
		{Name: "next outside", Config: turnedOn, Steps: []kit.Step{
			{Path: "/login", Fields: kit.Fields{"email": joe, "next": "https://evil.example/"}, Status: 400, Errors: map[string][]string{"next": {"INVALID_REDIRECT"}}}}},
		{Name: "password is no field", Config: turnedOn, Steps: []kit.Step{
			{Path: "/login", Fields: kit.Fields{"email": joe, "password": kit.Password}, Page: 200, Events: []string{"LinkSent"}, Mails: []string{joe}}}},
		{Name: "generic", Config: generic, Given: ann(func(acc *doorward.Account) { acc.Username = "gated" }), Steps: []kit.Step{
			ok(joe), quiet("nobody@example.com"), quiet("ann@example.com"), quiet(""), quiet("joe"), quiet("a@b@c")}},
	}
}

func TestRequest(t *testing.T) {
	kit.Run(t, requestScenarios()...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), requestScenarios()...) })
}

// TestRequestPage: the page takes the place of the one with a password, and says
// what happened at once.
func TestRequestPage(t *testing.T) {
	app := site(t, turnedOn)
	b := app.Browser()
	b.Get("/login?next=/books").Want(200).Contains(`name="send_login_form"`, `name="next" value="/books"`).Lacks(`type="password"`)
	res := b.PostForm("/login", kit.Fields{"email": joe}).Want(200).Contains(`value="` + joe + `"`)
	if got := res.Flashes(); len(got) != 1 || got[0] != "LOGIN_EMAIL_SENT" {
		t.Errorf("flashes %q", got)
	}
	if b.Get("/login").Flashes() != nil {
		t.Error("said twice")
	}
	own := site(t, with(func(c *batteries.Config) { c.Login.URL = "/enter"; c.URLs.Prefix = "/auth" }))
	b = own.Browser()
	b.PostForm("/auth/enter", kit.Fields{"email": joe}).Want(200)
	path := link(t, own)
	if !strings.HasPrefix(path, "/auth/enter/") {
		t.Fatal(path)
	}
	b.PostForm(path, kit.Fields{}).GoesTo("/")
}

// TestGeneric: accounts of all kinds get the same answer.
func TestGeneric(t *testing.T) {
	app := kit.New(t, with(func(c *batteries.Config) {
		c.GenericResponses, c.UnlimitedGuessing = true, true
		c.More = append(c.More, gate{})
	}))
	kit.Twins(t, app, kit.Account{Name: "gated", Make: func(a *kit.App, email string) {
		if u, err := a.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "username", Value: "gated"}); err == nil {
			a.Change(u, func(acc *doorward.Account) { acc.Username = "" })
		}
		a.NewUser(email, func(acc *doorward.Account) { acc.Username = "gated" })
	}})
}

// TestLimits: an account gets so many mails and an address may ask for so many;
// the first is told to nobody, and the second is the same for all.
func TestLimits(t *testing.T) {
	for _, generic := range []bool{true, false} {
		t.Run(fmt.Sprint("generic ", generic), func(t *testing.T) {
			app := site(t, with(func(c *batteries.Config) {
				c.GenericResponses = generic
				c.Lockout.AccountMails, c.Lockout.MailTries = 3, 8
			}))
			b := visitor(app, true)
			for range 6 {
				b.Post("/login", kit.Fields{"email": joe}).Want(200)
			}
			if n := len(app.Outbox.Sent()); n != 3 || len(kit.EventsOf[passwordless.LinkSent](app.Events)) != 3 {
				t.Errorf("%d mails, events %q", n, app.Events.Names())
			}
			want := map[bool]int{true: 200, false: 400}[generic]
			for range 2 {
				b.Post("/login", kit.Fields{"email": "nobody@example.com"}).Want(want)
			}
			for _, email := range []string{joe, "nobody@example.com"} {
				b.Post("/login", kit.Fields{"email": email}).Want(http.StatusTooManyRequests)
			}
			app.Clock.Advance(time.Hour)
			b.Get("/login")
			b.Post("/login", kit.Fields{"email": joe}).Want(200)
			if n := len(app.Outbox.Sent()); n != 4 {
				t.Errorf("%d mails after an hour", n)
			}
		})
	}
}

// TestMail: to the address that is stored, leading to the host that is configured.
func TestMail(t *testing.T) {
	app := kit.New(t, with(func(c *batteries.Config) { c.Passwordless.Within = 30 * time.Minute }))
	app.NewUser("Joe@Example.com")
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe}, "Host", "evil.example", "X-Forwarded-Host", "evil.example").Want(200)
	sent := app.Outbox.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d mails", len(sent))
	}
	if m := sent[0]; m.To != "Joe@Example.com" || m.Template != "login_instructions" || !strings.Contains(m.Text, "30 minutes") || !strings.Contains(m.HTML, "30 minutes") {
		t.Errorf("%+v", m)
	}
	link(t, app)
	app.CheckMails("https://localhost")
}

// TestRequestCSRF: another site makes nobody get mails.
func TestRequestCSRF(t *testing.T) {
	app := site(t, turnedOn)
	for _, asJSON := range []bool{true, false} {
		b := visitor(app, asJSON)
		b.NoCSRF = true
		if res := b.Post("/login", kit.Fields{"email": joe}); len(res.Errors("csrf_token")) == 0 {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	}
	if n := len(app.Outbox.Sent()); n != 0 {
		t.Errorf("%d mails", n)
	}
}
