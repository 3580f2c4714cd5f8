package username_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/username"
)

const recovery = "/recover-username"

func gated(c *batteries.Config) {
	both(c)
	c.More = append(c.More, gate{})
}

func recoverScenarios() []kit.Scenario {
	ask := func(typed string) kit.Step {
		return kit.Step{Path: recovery, Fields: kit.Fields{"email": typed}}
	}
	ok := func(typed string) kit.Step {
		s := ask(typed)
		s.Location, s.Events, s.Mails = "/login", []string{"RecoverySent"}, []string{joe}
		return s
	}
	fails := func(typed, key string) kit.Step {
		s := ask(typed)
		s.Status, s.Errors = 400, map[string][]string{"email": {key}}
		return s
	}
	with := func(edit func(*doorward.Account)) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, _ *kit.Browser) { app.NewUser("ann@example.com", edit) }
	}
	generic := func(c *batteries.Config) { gated(c); c.GenericResponses = true }
	quiet := func(typed string) kit.Step { s := ask(typed); s.Location = "/login"; return s }
	return []kit.Scenario{
		{Name: "page", Config: both, Steps: []kit.Step{{Path: recovery, WantJSON: []string{`{"csrf_token":"`}}}},
		{Name: "sent", Config: both, Steps: []kit.Step{ok(joe), ok(" JOE@EXAMPLE.com ")}},
		{Name: "unknown", Config: both, Steps: []kit.Step{fails("nobody@example.com", "USER_DOES_NOT_EXIST")}},
		{Name: "no address", Config: both, Steps: []kit.Step{fails("", "EMAIL_NOT_PROVIDED"), fails(" ", "EMAIL_NOT_PROVIDED"), fails("joe", "INVALID_EMAIL_ADDRESS"), fails("a@b@c", "INVALID_EMAIL_ADDRESS")}},
		{Name: "not active", Config: both, Given: with(func(acc *doorward.Account) { acc.Active = false }), Steps: []kit.Step{fails("ann@example.com", "DISABLED_ACCOUNT")}},
		{Name: "gate", Config: gated, Given: with(named("gated")), Steps: []kit.Step{{Path: recovery, Fields: kit.Fields{"email": "ann@example.com"}, Status: 400, Page: 302, Location: "/elsewhere?email=x"}}},
		{Name: "gate that fails", Config: gated, Given: with(named("broken")), Steps: []kit.Step{{Path: recovery, Fields: kit.Fields{"email": "ann@example.com"}, Status: 500}}},
		{Name: "signed in", Config: both, Given: signedIn("joey"), Steps: []kit.Step{
			{Path: recovery, Status: 400, Page: 302, Location: "/", User: joe},
			{Path: recovery, Fields: kit.Fields{"email": joe}, Status: 400, Page: 302, Location: "/", User: joe}}},
		{Name: "generic", Config: generic, Given: with(named("gated")), Steps: []kit.Step{
			ok(joe), quiet("nobody@example.com"), quiet("ann@example.com"), quiet(""), quiet("joe"), quiet("a@b@c")}},
		{Name: "not for signing in", Config: func(c *batteries.Config) { both(c); c.Identities = []string{"username"} }, Steps: []kit.Step{ok(joe), fails("joe", "INVALID_EMAIL_ADDRESS")}},
	}
}

func TestRecover(t *testing.T) {
	kit.Run(t, recoverScenarios()...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), recoverScenarios()...) })
}

// TestRecoverGeneric: accounts of all kinds get the same answer.
func TestRecoverGeneric(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { gated(c); c.GenericResponses = true; c.UnlimitedGuessing = true })
	with := func(name string) func(*kit.App, string) {
		return func(a *kit.App, email string) {
			a.NewUser(email, func(acc *doorward.Account) {
				if acc.Username = ""; name == "gated" {
					acc.Username = name
				}
			})
		}
	}
	kit.Twins(t, app, kit.Account{Name: "gated", Make: func(a *kit.App, email string) {
		if _, err := a.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "username", Value: "gated"}); err == nil {
			a.Change(mustNamed(t, a, "gated"), named(""))
		}
		with("gated")(a, email)
	}}, kit.Account{Name: "no username", Make: with("")})
}

func mustNamed(t *testing.T, app *kit.App, name string) doorward.User {
	t.Helper()
	u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "username", Value: name})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestRecoverMail: to the address that is stored, with the username, or with
// how to do without.
func TestRecoverMail(t *testing.T) {
	app := kit.New(t, both)
	app.NewUser("Joe@Example.com", named("joey"))
	app.NewUser("ann@example.com")
	for _, email := range []string{"joe@example.com", "ann@example.com"} {
		b := app.Browser()
		b.PostForm(recovery, kit.Fields{"email": email}, "Host", "evil.example").GoesTo("/login")
		if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"USERNAME_RECOVERY_REQUEST"}) {
			t.Errorf("flashes %q", got)
		}
	}
	sent := app.Outbox.Sent()
	if len(sent) != 2 {
		t.Fatalf("%d mails", len(sent))
	}
	if m := sent[0]; m.To != "Joe@Example.com" || m.Template != "username_recovery" || !strings.Contains(m.Text, "joey") || !strings.Contains(m.HTML, "joey") || strings.Contains(m.Subject, "joey") {
		t.Errorf("%+v", m)
	}
	if m := sent[1]; m.To != "ann@example.com" || !strings.Contains(m.Text, "has no username") || !strings.Contains(m.HTML, "has no username") {
		t.Errorf("%+v", m)
	}
	app.CheckMails("https://localhost")
}

// TestRecoverLimits: an account gets so many mails and an address may ask for so
// many; the first is told to nobody, and the second is the same for all.
func TestRecoverLimits(t *testing.T) {
	for _, generic := range []bool{true, false} {
		t.Run(fmt.Sprint("generic ", generic), func(t *testing.T) {
			app := kit.New(t, func(c *batteries.Config) {
				both(c)
				c.GenericResponses = generic
				c.Lockout.AccountMails, c.Lockout.MailTries = 3, 8
			})
			app.NewUser(joe, named("joey"))
			b := app.Browser()
			b.JSON = true
			for range 6 {
				b.Post(recovery, kit.Fields{"email": joe}).Want(200)
			}
			if n := len(app.Outbox.Sent()); n != 3 || len(kit.EventsOf[username.RecoverySent](app.Events)) != 3 {
				t.Errorf("%d mails, events %q", n, app.Events.Names())
			}
			want := map[bool]int{true: 200, false: 400}[generic]
			for range 2 {
				b.Post(recovery, kit.Fields{"email": "nobody@example.com"}).Want(want)
			}
			for _, email := range []string{joe, "nobody@example.com"} {
				b.Post(recovery, kit.Fields{"email": email}).Want(http.StatusTooManyRequests)
			}
			app.Clock.Advance(time.Hour)
			b.CSRF(recovery)
			b.Get(recovery)
			b.Post(recovery, kit.Fields{"email": joe}).Want(200)
			if n := len(app.Outbox.Sent()); n != 4 {
				t.Errorf("%d mails after an hour", n)
			}
		})
	}
}
