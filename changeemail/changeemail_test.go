package changeemail_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/changeemail"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/mail"
)

const (
	joe  = "joe@example.com"
	next = "new@example.org"
	ann  = "ann@example.com" // somebody else
)

// queued is an outbox that needs no queue before it: what is sent is there.
type queued struct{ *mail.Outbox }

func (queued) Queued() {}

func on(c *batteries.Config) {
	c.ChangeEmail = &changeemail.Config{}
	c.Mail.Sender = queued{c.Mail.Sender.(*mail.Outbox)}
}

func with(more ...func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		on(c)
		for _, edit := range more {
			edit(c)
		}
	}
}

func generic(c *batteries.Config) { c.GenericResponses = true }

func newApp(t *testing.T, more ...func(*batteries.Config)) (*kit.App, doorward.User) {
	t.Helper()
	app := kit.New(t, with(more...))
	app.NewUser(ann)
	return app, app.NewUser(joe, func(acc *doorward.Account) { acc.ConfirmedAt = time.Time{} })
}

func signedIn(app *kit.App, b *kit.Browser) {
	app.NewUser(ann)
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password})
}

// ask requests a link, and returns its path.
func ask(t *testing.T, app *kit.App, u doorward.User, email string) string {
	t.Helper()
	b := app.Browser()
	b.JSON = true
	b.LoginAs(u)
	before := len(app.Outbox.Sent())
	b.Post("/change-email", kit.Fields{"email": email}).Want(200)
	sent := app.Outbox.Sent()
	if len(sent) != before+1 || sent[before].To != email {
		t.Fatalf("mails %+v", sent[before:])
	}
	return link(t, sent[before])
}

// find returns the stored user of an address.
func find(t *testing.T, app *kit.App, email string) doorward.User {
	t.Helper()
	u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

var linkPattern = regexp.MustCompile(`https://localhost(/change-email/[^\s"<]+)`)

func link(t *testing.T, m mail.Message) string {
	t.Helper()
	found := linkPattern.FindStringSubmatch(m.Text)
	if found == nil || !strings.Contains(m.HTML, found[0]) {
		t.Fatalf("no link in\n%s\n%s", m.Text, m.HTML)
	}
	return found[1]
}

func use(b *kit.Browser, path string) *kit.Response {
	b.CSRF("/login")
	return b.Post(path, kit.Fields{})
}

func scenarios() []kit.Scenario {
	refused := func(name string, fields kit.Fields, errs map[string][]string) kit.Scenario {
		return kit.Scenario{Name: name, Config: on, Given: signedIn, Steps: []kit.Step{{Path: "/change-email", Fields: fields, Status: 400, Errors: errs, User: joe}}}
	}
	taken := map[string][]string{"email": {"EMAIL_ALREADY_ASSOCIATED"}}
	return []kit.Scenario{
		{Name: "asks", Config: on, Given: signedIn, Steps: []kit.Step{
			{Path: "/change-email", User: joe, Want: []string{joe}, WantJSON: []string{`"current_email":"` + joe + `"`, `"user":{}`, `"csrf_token":"`}},
			{Path: "/change-email", Fields: kit.Fields{"email": " " + next + " "}, Page: 200, User: joe, Events: []string{"InstructionsSent"}, Mails: []string{next},
				WantJSON: []string{`"current_email":"` + joe + `"`, `"user":{}`, `"csrf_token":"`}},
		}},
		{Name: "anonymous", Config: on, Steps: []kit.Step{
			{Path: "/change-email", Fields: kit.Fields{"email": next}, Status: 401, Page: 302, Location: "/login?next=/change-email", Events: []string{"Unauthenticated"}}}},
		{Name: "long ago", Config: on, Given: func(app *kit.App, b *kit.Browser) { signedIn(app, b); app.Clock.Advance(25 * time.Hour) }, Steps: []kit.Step{
			{Path: "/change-email", Status: 401, Page: 302, Location: "/verify?next=/change-email", User: joe},
			{Path: "/change-email", Fields: kit.Fields{"email": next}, Status: 401, Page: 302, Location: "/verify?next=/change-email", User: joe}}},
		refused("nothing", kit.Fields{"email": " "}, map[string][]string{"email": {"EMAIL_NOT_PROVIDED"}}),
		refused("no address", kit.Fields{"email": "joe"}, map[string][]string{"email": {"INVALID_EMAIL_ADDRESS"}}),
		refused("taken", kit.Fields{"email": ann}, taken),
		refused("taken in other letters", kit.Fields{"email": "ANN@example.com"}, taken),
		refused("the own", kit.Fields{"email": "Joe@Example.com"}, taken),
		{Name: "taken, generic", Config: with(generic), Given: signedIn, Steps: []kit.Step{
			{Path: "/change-email", Fields: kit.Fields{"email": "ANN@example.com"}, Page: 200, User: joe},
			{Path: "/change-email", Fields: kit.Fields{"email": joe}, Page: 200, User: joe},
			{Path: "/change-email", Fields: kit.Fields{"email": "joe"}, Status: 400, User: joe, Errors: map[string][]string{"email": {"INVALID_EMAIL_ADDRESS"}}},
		}},
	}
}

func TestRequest(t *testing.T) { kit.Run(t, scenarios()...) }

func TestRequestOnSQL(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), scenarios()...) }

func TestSentPage(t *testing.T) {
	app, u := newApp(t, func(c *batteries.Config) { delete(c.Pages.Messages, "CHANGE_EMAIL_SENT") })
	b := app.Browser()
	b.LoginAs(u)
	res := b.Post("/change-email", kit.Fields{"email": next}).Want(200)
	if got := res.Flashes(); len(got) != 1 || !strings.Contains(got[0], next) {
		t.Errorf("flashes %q", got)
	}
	if got := b.Get("/change-email").Flashes(); len(got) != 0 {
		t.Errorf("again: %q", got)
	}
}

// TestLink: the page uses nothing, the button changes the address, once, and
// everything that came before ends.
func TestLink(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		t.Run(fmt.Sprint("json ", asJSON), func(t *testing.T) {
			app, u := newApp(t)
			app.Change(u, func(acc *doorward.Account) { acc.TokenUniquifier = doorward.NewUniquifier() })
			path, second := ask(t, app, u, next), ask(t, app, u, "second@example.org")
			was, desk, token := app.Account(joe), app.Browser(), app.AuthToken(u)
			desk.LoginAs(u)
			b := app.Browser()
			b.JSON = asJSON
			b.Get(path).Want(200).Lacks(joe)
			b.Do(http.MethodHead, path, nil).Want(200)
			if now := app.Account(joe); now.Email != was.Email || now.Uniquifier != was.Uniquifier {
				t.Fatal("looking at the link changed the account")
			}
			app.Outbox.Reset()
			app.Events.Reset()
			if res := use(b, path); asJSON {
				res.Want(200).Contains(`"response":{"csrf_token":"`)
			} else {
				res.GoesTo("/")
				if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"CHANGE_EMAIL_CONFIRMED"}) {
					t.Errorf("flashes %q", got)
				}
			}
			now := app.Account(next)
			if now.Uniquifier == was.Uniquifier || !now.ConfirmedAt.Equal(app.Clock.Now()) || now.PasswordHash != was.PasswordHash {
				t.Errorf("%+v", now)
			}
			confirmed := kit.EventsOf[changeemail.ChangeEmailConfirmed](app.Events)
			if len(confirmed) != 1 || confirmed[0].OldEmail != joe || confirmed[0].User.SecurityAccount().Email != next {
				t.Errorf("events %+v", app.Events.All())
			}
			if sent := app.Outbox.Sent(); len(sent) != 1 || sent[0].To != joe || strings.Contains(sent[0].Text+sent[0].HTML, next) {
				t.Errorf("notices %+v", sent)
			}
			if b.WhoAmI() != "" || desk.WhoAmI() != "" {
				t.Error("the link signs in, or a session goes on")
			}
			app.Browser().Get("/doorwardtest/user", "Authentication-Token", token, "Accept", "application/json").Want(401)
			for _, dead := range []string{path, second} {
				dies(t, app, dead, "API_ERROR")
			}
		})
	}
}

// dies checks that a link does nothing, and says why, to browsers and clients.
func dies(t *testing.T, app *kit.App, path, key string) {
	t.Helper()
	before := app.Snapshot()
	for _, asJSON := range []bool{true, false} {
		b := app.Browser()
		b.JSON = asJSON
		b.CSRF("/login")
		for _, follow := range []func() *kit.Response{func() *kit.Response { return b.Get(path) }, func() *kit.Response { return b.Post(path, kit.Fields{}) }} {
			if asJSON {
				follow().Want(400).Fails("", key)
				continue
			}
			follow().GoesTo("/change-email")
			if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{key}) {
				t.Errorf("flashes %q", got)
			}
		}
	}
	if after := app.Snapshot(); after != before {
		t.Errorf("the link did something:\n%s\n%s", before, after)
	}
}

func TestLinkDead(t *testing.T) {
	for name, c := range map[string]struct {
		before func(app *kit.App, u doorward.User)
		change func(path string) string
		key    string
	}{
		"old": {before: func(app *kit.App, _ doorward.User) { app.Clock.Advance(2*time.Hour + time.Second) }, key: "CHANGE_EMAIL_EXPIRED"},
		"another address since": {before: func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Email = "other@example.com" })
		}},
		"signed out everywhere": {before: func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
		}},
		"switched off":           {before: func(app *kit.App, u doorward.User) { app.Change(u, func(acc *doorward.Account) { acc.Active = false }) }},
		"deleted":                {before: func(app *kit.App, u doorward.User) { app.Delete(u) }},
		"taken":                  {before: func(app *kit.App, _ doorward.User) { app.NewUser(next) }},
		"taken in other letters": {before: func(app *kit.App, _ doorward.User) { app.NewUser(strings.ToUpper(next)) }},
		"cut":                    {change: func(p string) string { return p[:len(p)-1] }},
		"garbage":                {change: func(string) string { return "/change-email/x.y.z" }},
		"huge":                   {change: func(string) string { return "/change-email/" + strings.Repeat("A", 20000) }},
	} {
		t.Run(name, func(t *testing.T) {
			app, u := newApp(t)
			path := ask(t, app, u, next)
			if c.before != nil {
				c.before(app, u)
			}
			if c.change != nil {
				path = c.change(path)
			}
			if c.key == "" {
				c.key = "API_ERROR"
			}
			app.Events.Reset()
			app.Outbox.Reset()
			if strings.HasPrefix(name, "taken") || name == "switched off" {
				b := app.Browser()
				b.JSON = true
				before := app.Snapshot()
				use(b, path).Want(400).Fails("", c.key)
				if app.Snapshot() != before {
					t.Error("the link did something")
				}
			} else {
				dies(t, app, path, c.key)
			}
			if len(app.Outbox.Sent()) != 0 || len(app.Events.Names()) != 0 {
				t.Errorf("%d mails, events %q", len(app.Outbox.Sent()), app.Events.Names())
			}
		})
	}
}

// TestSameBrowser: a browser that is signed in goes on, as fresh as it was;
// somebody else's session is none of the link's business.
func TestSameBrowser(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		all := open(t)
		stores := func(c *batteries.Config) { c.Stores = all }
		app, u := newApp(t, stores)
		path := ask(t, app, u, next)
		b := app.Browser()
		b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).GoesTo("/")
		b.Close() // remembered: not fresh
		saved, other := b.Clone(), app.Browser()
		other.LoginAs(u)
		id := b.Cookie("session")
		app.Events.Reset()
		use(b, path).GoesTo("/")
		if b.Cookie("session") == id || b.WhoAmI() != next {
			t.Error("this browser does not go on under a new id")
		}
		if slices.Contains(app.Events.Names(), "Authenticated") {
			t.Errorf("events %q", app.Events.Names())
		}
		b.JSON = true
		b.Get("/doorwardtest/fresh").Want(401)
		if saved.WhoAmI() != "" || other.WhoAmI() != "" {
			t.Error("another session goes on")
		}
		if b.Close(); b.WhoAmI() != next {
			t.Error("this browser is not remembered any more")
		}
		path = ask(t, app, find(t, app, next), "third@example.org")
		hers := app.Browser()
		hers.PostForm("/login", kit.Fields{"email": ann, "password": kit.Password}).GoesTo("/")
		use(hers, path).GoesTo("/")
		if hers.WhoAmI() != ann || app.Account("third@example.org").Email == "" {
			t.Error("somebody else's session has changed")
		}
	})
}

// Opening a link proves no credential: a browser that has to prove one before
// sensitive pages still has to.
func TestNotFresher(t *testing.T) {
	for name, spoil := range map[string]func(*kit.App, *kit.Browser){
		"time has passed": func(app *kit.App, _ *kit.Browser) { app.Clock.Advance(25 * time.Hour) },
		"another agent":   func(_ *kit.App, b *kit.Browser) { b.Agent = "another" },
	} {
		app, u := newApp(t, func(c *batteries.Config) { c.ChangeEmail.Within = 48 * time.Hour })
		path, b := ask(t, app, u, next), app.Browser()
		b.JSON = true
		b.LoginAs(u)
		spoil(app, b)
		b.Get("/doorwardtest/fresh").Want(401)
		use(b, path).Want(200)
		if b.Get("/doorwardtest/fresh").Want(401); b.WhoAmI() != next {
			t.Errorf("%s: this browser does not go on", name)
		}
	}
}

// moving is a store in which the address of an account changes just before
// anybody else changes the account.
type moving struct {
	doorward.UserStore
	on bool
}

func (s *moving) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	return s.UserStore.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		if s.on {
			acc.Email = "moved@example.com"
		}
		return change(acc)
	})
}

// A link is looked at again under the lock of what it changes.
func TestMeanwhile(t *testing.T) {
	users := &moving{}
	app, u := newApp(t, func(c *batteries.Config) { users.UserStore, c.Stores.Users = c.Stores.Users, users })
	path, b := ask(t, app, u, next), app.Browser()
	b.JSON = true
	b.CSRF("/login")
	users.on = true
	b.Post(path, kit.Fields{}).Want(400).Fails("", "API_ERROR")
	if app.Account(joe).Email != joe {
		t.Error("the link changed the account")
	}
}

// TestParallel: of many uses at once one works, and of many accounts that want
// one address one gets it.
func TestParallel(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		all := open(t)
		stores := func(c *batteries.Config) { c.Stores = all }
		app, u := newApp(t, stores)
		const n = 100
		path := ask(t, app, u, next)
		bs := make([]*kit.Browser, n)
		for i := range bs {
			bs[i] = app.Browser()
			bs[i].JSON = true
			bs[i].CSRF("/login")
		}
		app.Outbox.Reset()
		kit.Parallel(t, n, 1, func(i int) bool { return bs[i].Post(path, kit.Fields{}).Status == 200 })
		if sent := app.Outbox.Sent(); len(sent) != 1 {
			t.Errorf("%d notices", len(sent))
		}
		var paths []string
		for i := range 10 {
			v := app.NewUser(fmt.Sprintf("user%d@example.com", i))
			paths = append(paths, ask(t, app, v, [...]string{"wanted@example.org", "Wanted@example.org"}[i%2]))
		}
		kit.Parallel(t, len(paths), 1, func(i int) bool { return bs[i].Post(paths[i], kit.Fields{}).Status == 200 })
	})
}

// TestTwins: in generic mode an address that is taken cannot be told from a free one.
func TestTwins(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		first := ""
		for _, email := range []string{"xyz@example.com", ann, "ANN@example.com"} {
			app, u := newApp(t, generic, func(c *batteries.Config) { delete(c.Pages.Messages, "CHANGE_EMAIL_SENT") })
			b := app.Browser()
			b.JSON = asJSON
			b.LoginAs(u)
			b.Get("/change-email")
			before := app.Hashes()
			got := seen(b.Post("/change-email", kit.Fields{"email": email}).Want(200), email) + fmt.Sprint(app.Hashes()-before, b.Get("/change-email").Flashes())
			if first == "" {
				first = got
			} else if got != first {
				t.Errorf("%s can be told:\n%s\n%s", email, got, first)
			}
		}
	}
}

var tokenPattern = regexp.MustCompile(`[A-Za-z0-9_-]{60,}`)

// seen is what a visitor sees of an answer, but for what differs between any two.
func seen(res *kit.Response, typed string) string {
	var lines []string
	for name, vs := range res.Header {
		if name != "Set-Cookie" {
			lines = append(lines, name+": "+strings.Join(vs, ", "))
		}
	}
	for _, c := range res.Cookies {
		lines = append(lines, fmt.Sprintf("cookie %s, %d bytes", c.Name, len(c.Value)))
	}
	slices.Sort(lines)
	body := strings.ReplaceAll(res.Body, html.EscapeString(typed), "(typed)")
	return fmt.Sprintf("%d\n%s\n%s", res.Status, strings.Join(lines, "\n"), tokenPattern.ReplaceAllString(body, "(token)"))
}

func TestSPA(t *testing.T) {
	app, u := newApp(t, func(c *batteries.Config) {
		c.URLs.Behavior, c.ChangeEmail.PostChange, c.ChangeEmail.ErrorView = "spa", "/ui/done?x=1", "/ui/failed"
	})
	path := ask(t, app, u, next)
	b := app.Browser()
	b.Get(path, "Sec-Purpose", "prefetch").Want(200)
	check := func(view string, want url.Values) {
		t.Helper()
		to, err := url.Parse(b.Get(path).Want(302).Location())
		if err != nil || to.Path != view || to.Query().Encode() != want.Encode() {
			t.Errorf("leads to %s, want %s with %v", to, view, want)
		}
	}
	check("/ui/done", url.Values{"x": {"1"}, "success": {"CHANGE_EMAIL_CONFIRMED"}, "email": {next}, "identity": {next}})
	check("/ui/failed", url.Values{"error": {"API_ERROR"}})
	app.Clock.Advance(3 * time.Hour)
	path = ask(t, app, find(t, app, next), "later@example.org")
	app.Clock.Advance(3 * time.Hour)
	check("/ui/failed", url.Values{"error": {"CHANGE_EMAIL_EXPIRED"}})
}

// TestLimits: neither one account nor one mailbox causes mails without end.
func TestLimits(t *testing.T) {
	app, u := newApp(t)
	b := app.Browser()
	b.JSON = true
	b.LoginAs(u)
	for i := range 10 {
		b.Post("/change-email", kit.Fields{"email": fmt.Sprintf("x%d@example.org", i)}).Want(200)
	}
	for _, email := range []string{"free@example.org", ann} {
		b.Post("/change-email", kit.Fields{"email": email}).Want(429)
	}
	if n := len(app.Outbox.Sent()); n != 10 {
		t.Errorf("%d mails by one account", n)
	}
	app.Outbox.Reset()
	for i := range 12 {
		c := app.Browser()
		c.JSON = true
		c.LoginAs(app.NewUser(fmt.Sprintf("user%d@example.org", i)))
		c.Post("/change-email", kit.Fields{"email": next}).Want(200)
	}
	if n := len(app.Outbox.Sent()); n != 10 {
		t.Errorf("%d mails to one address", n)
	}
}

func TestMails(t *testing.T) { kit.MailTrap(t, kit.New(t, with()), "https://localhost") }

func TestRoutes(t *testing.T) { kit.RouteMatrix(t, kit.New(t, with())) }

func TestTypeFuzz(t *testing.T) { kit.TypeFuzz(t, kit.New(t, with())) }

func TestSettings(t *testing.T) {
	app, u := newApp(t, func(c *batteries.Config) {
		c.ChangeEmail = &changeemail.Config{URL: "/address", NoNotice: true, ErrorView: "/failed", PostChange: "/done", Within: time.Minute, Subject: "Welcome over"}
	})
	b := app.Browser()
	b.LoginAs(u)
	b.Post("/address", kit.Fields{"email": next}).Want(200)
	m := app.Outbox.Sent()[0]
	if m.Subject != "Welcome over" || !strings.Contains(m.Text, "1 minute") {
		t.Errorf("%+v", m)
	}
	path := regexp.MustCompile(`/address/[^\s"<]+`).FindString(m.Text)
	use(b, path).GoesTo("/done")
	use(b, path).GoesTo("/failed")
	if len(app.Outbox.Sent()) != 1 || b.WhoAmI() != next {
		t.Errorf("%d mails, %q", len(app.Outbox.Sent()), b.WhoAmI())
	}

	for want, edit := range map[string]func(*batteries.Config){
		"no mails can be sent":     func(c *batteries.Config) { c.Mail.Sender = nil },
		"links in mails":           func(c *batteries.Config) { c.URLs.ServerName = "" },
		"CHANGE_EMAIL_WITHIN":      func(c *batteries.Config) { c.ChangeEmail.Within = time.Millisecond },
		"POST_CHANGE_EMAIL_VIEW":   func(c *batteries.Config) { c.URLs.Behavior = "spa" },
		"CHANGE_EMAIL_ERROR_VIEW)": func(c *batteries.Config) { c.URLs.Behavior = "spa" },
	} {
		cfg := batteries.Config{ChangeEmail: &changeemail.Config{}}
		cfg.Stores, cfg.SecretKey, cfg.URLs.ServerName, cfg.Mail.Sender = app.Stores, []byte(kit.SecretKey), kit.Host, app.Outbox
		edit(&cfg)
		if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
