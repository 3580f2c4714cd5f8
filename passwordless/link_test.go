package passwordless_test

import (
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
	"github.com/doorward/doorward/passwordless"
)

// TestLink: a link signs in once, by a button.
func TestLink(t *testing.T) {
	for format, asJSON := range map[string]bool{"json": true, "form": false} {
		t.Run(format, func(t *testing.T) {
			app := site(t, turnedOn)
			path := ask(t, app, joe)
			scanner := visitor(app, asJSON)
			for range 3 {
				scanner.Get(path).Want(200)
				scanner.Do(http.MethodHead, path, nil).Want(200)
			}
			if scanner.WhoAmI() != "" {
				t.Fatal("looking at a link signs in")
			}
			b := visitor(app, false)
			page := b.Get(path).Want(200).Contains(`name="token_login_form"`, `action="`+path+`"`, joe)
			if got := page.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
			app.Events.Reset()
			if b.JSON = asJSON; asJSON {
				use(b, path).Want(200).Contains(`"user":{}`, `"tf_required":false`)
			} else {
				use(b, path).GoesTo("/")
				if got := b.Get("/unlock").Flashes(); !slices.Equal(got, []string{"PASSWORDLESS_LOGIN_SUCCESSFUL"}) {
					t.Errorf("flashes %q", got)
				}
			}
			evs := kit.EventsOf[doorward.Authenticated](app.Events)
			if len(evs) != 1 || !slices.Equal(evs[0].Via, []string{"token"}) || b.WhoAmI() != joe {
				t.Errorf("signed in is %q, events %+v", b.WhoAmI(), evs)
			}
			b.Get("/doorwardtest/fresh").Want(200)
			again := visitor(app, asJSON)
			for range 2 {
				dead(t, again, use(again, path))
			}
			if again.WhoAmI() != "" {
				t.Error("a link signed in twice")
			}
		})
	}
}

// dead checks the answer for a link that is no good.
func dead(t *testing.T, b *kit.Browser, res *kit.Response) {
	t.Helper()
	if b.JSON {
		res.Want(400).Fails("", "INVALID_LOGIN_TOKEN")
		return
	}
	res.GoesTo("/login")
	if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"INVALID_LOGIN_TOKEN"}) {
		t.Errorf("flashes %q", got)
	}
}

// TestLinkDead: links that sign nobody in.
func TestLinkDead(t *testing.T) {
	change := func(edit func(*doorward.Account)) func(*kit.App, doorward.User) {
		return func(app *kit.App, u doorward.User) { app.Change(u, edit) }
	}
	for name, c := range map[string]struct {
		before func(*kit.App, doorward.User)
		path   func(string) string
	}{
		"deleted":          {before: func(app *kit.App, u doorward.User) { app.Delete(u) }},
		"password changed": {before: change(func(acc *doorward.Account) { acc.PasswordHash = "another" })},
		"sessions ended":   {before: change(func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })},
		"address changed":  {before: change(func(acc *doorward.Account) { acc.Email = "new@example.com" })},
		"changed, then old": {before: func(app *kit.App, u doorward.User) {
			change(func(acc *doorward.Account) { acc.Email = "new@example.com" })(app, u)
			app.Clock.Advance(25 * time.Hour)
		}},
		"cut":     {path: func(p string) string { return p[:len(p)-1] }},
		"altered": {path: func(p string) string { return p[:len(p)-2] + "AA" }},
		"garbage": {path: func(string) string { return "/login/x.y.z" }},
		"huge":    {path: func(string) string { return "/login/" + strings.Repeat("A", 20000) }},
	} {
		t.Run(name, func(t *testing.T) {
			app := site(t, turnedOn)
			path := ask(t, app, joe)
			if c.before != nil {
				c.before(app, find(t, app, joe))
			}
			if c.path != nil {
				path = c.path(path)
			}
			sent := len(app.Outbox.Sent())
			for _, asJSON := range []bool{true, false} {
				b := visitor(app, asJSON)
				dead(t, b, b.Get(path))
				dead(t, b, use(b, path))
				if b.WhoAmI() != "" {
					t.Error("signed in")
				}
			}
			if len(app.Outbox.Sent()) != sent {
				t.Error("a mail was sent")
			}
		})
	}
}

// TestLinkOther: a token of another kind, or of another feature, is none of these.
func TestLinkOther(t *testing.T) {
	app := site(t, turnedOn)
	path := ask(t, app, joe)
	b := visitor(app, true)
	b.CSRF("/login")
	b.Post(strings.Replace(path, "/login/", "/unlock/", 1), kit.Fields{}).Want(404)
	use(b, path).Want(200)
}

// TestLinkExpired: a link that is too old is replaced, not more often than one
// can be asked for, and only if somebody presses the button.
func TestLinkExpired(t *testing.T) {
	for format, asJSON := range map[string]bool{"json": true, "form": false} {
		t.Run(format, func(t *testing.T) {
			app := site(t, with(func(c *batteries.Config) { c.Lockout.AccountMails = 3 }))
			path := ask(t, app, joe, "next", "/books")
			app.Clock.Advance(24*time.Hour + time.Second)
			b := visitor(app, false)
			b.Get(path).Want(200).Contains("1 day", joe, `name="token_login_form"`)
			if n := len(app.Outbox.Sent()); n != 1 {
				t.Fatalf("looking at a link sent %d mails", n-1)
			}
			b.JSON = asJSON
			for i := range 5 {
				if res := use(b, path); asJSON {
					res.Want(400).Fails("", "LOGIN_EXPIRED")
				} else {
					res.GoesTo("/login")
					if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"LOGIN_EXPIRED"}) {
						t.Errorf("flashes %q", got)
					}
				}
				if n := len(app.Outbox.Sent()); n != min(2+i, 4) {
					t.Errorf("%d mails after %d", n, i+1)
				}
			}
			if b.WhoAmI() != "" {
				t.Error("an old link signs in")
			}
			if n := len(kit.EventsOf[passwordless.LinkSent](app.Events)); n != 4 {
				t.Errorf("%d events", n)
			}
			b.JSON = false
			use(b, link(t, app)).GoesTo("/books") // the new one leads where the old one did
		})
	}
}

// TestLinkExpiredText: the message names the time and the address.
func TestLinkExpiredText(t *testing.T) {
	app := site(t, with(func(c *batteries.Config) { delete(c.Pages.Messages, "LOGIN_EXPIRED") }))
	path := ask(t, app, joe)
	app.Clock.Advance(48 * time.Hour)
	use(visitor(app, true), path).Want(400).Contains("1 day", joe)
}

// TestLinkRefused: active and gates are asked when a link is used, too, and when
// it is replaced.
func TestLinkRefused(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*doorward.Account)
		key  string
	}{
		"switched off": {func(acc *doorward.Account) { acc.Active = false }, "DISABLED_ACCOUNT"},
		"gate":         {func(acc *doorward.Account) { acc.Username = "gated" }, "CONFIRMATION_REQUIRED"},
	} {
		for _, generic := range []bool{true, false} {
			for _, old := range []bool{true, false} {
				app := site(t, with(func(c *batteries.Config) { c.More, c.GenericResponses = append(c.More, gate{}), generic }))
				path := ask(t, app, joe)
				app.Change(find(t, app, joe), c.edit)
				if old {
					app.Clock.Advance(25 * time.Hour)
				}
				key := c.key
				if generic {
					key = "GENERIC_AUTHN_FAILED"
				}
				b := visitor(app, true)
				use(b, path).Want(400).Fails("", key)
				b.JSON = false
				if !old {
					key = "INVALID_LOGIN_TOKEN" // it was used
				}
				use(b, path).GoesTo("/login")
				if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{key}) || b.WhoAmI() != "" || len(app.Outbox.Sent()) != 1 {
					t.Errorf("%s: flashes %q, signed in is %q, %d mails", name, got, b.WhoAmI(), len(app.Outbox.Sent()))
				}
			}
		}
	}
}

// TestLinkSecondFactor: a link is one factor.
func TestLinkSecondFactor(t *testing.T) {
	app := site(t, with(func(c *batteries.Config) { c.More = append(c.More, &second{}) }))
	b := visitor(app, false)
	use(b, ask(t, app, joe, "next", "/books")).GoesTo("/second")
	if b.WhoAmI() != "" {
		t.Fatal("signed in by half")
	}
	app.Events.Reset()
	b.PostForm("/second", kit.Fields{}).GoesTo("/books")
	if evs := kit.EventsOf[doorward.Authenticated](app.Events); len(evs) != 1 || !slices.Equal(evs[0].Via, []string{"token", "app"}) || b.WhoAmI() != joe {
		t.Errorf("%+v", evs)
	}
	c := visitor(app, true)
	use(c, ask(t, app, joe)).Want(200).Contains(`"tf_required":true`).Lacks(`"user"`)
}

// TestLinkNext: a link leads where it was asked for, within the site.
func TestLinkNext(t *testing.T) {
	app := site(t, turnedOn)
	b := visitor(app, false)
	b.PostForm("/login", kit.Fields{"email": joe, "next": "/books?page=2"}).Want(200)
	use(visitor(app, false), link(t, app)).GoesTo("/books?page=2")
	b.PostForm("/login", kit.Fields{"email": joe, "next": "/" + strings.Repeat("x", 512)}).Want(200)
	use(visitor(app, false), link(t, app)).GoesTo("/") // too long for a mail
	for _, query := range []string{"/login?next=/from-query", "/login"} {
		app.Clock.Advance(time.Second)
		b = visitor(app, false)
		b.Get(query)
		fields := kit.Fields{"email": joe}
		if strings.Contains(query, "next") {
			fields["next"] = "/from-query"
		}
		b.PostForm(query, fields)
		want := map[bool]string{true: "/from-query", false: "/"}[strings.Contains(query, "next")]
		use(visitor(app, false), link(t, app)).GoesTo(want)
	}
	// Good for the host that the request claimed to come to, and not for the
	// one that the link is used at.
	app.Clock.Advance(time.Second)
	b = visitor(app, true)
	b.Host = "evil.example"
	b.CSRF("/login")
	if res := b.Post("/login", kit.Fields{"email": joe, "next": "http://evil.example/x"}); res.Status == 200 {
		use(visitor(app, false), link(t, app)).GoesTo("/")
	}
}

// TestLinkCSRF: nobody is signed in to an account by another site.
func TestLinkCSRF(t *testing.T) {
	app := site(t, turnedOn)
	path := ask(t, app, joe)
	for _, asJSON := range []bool{true, false} {
		b := visitor(app, asJSON)
		b.NoCSRF = true
		if res := b.Post(path, kit.Fields{}); res.Status == http.StatusFound || len(res.Errors("csrf_token")) == 0 || b.WhoAmI() != "" {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	}
	use(visitor(app, true), path).Want(200)
}

// TestLinkSignedIn: who is signed in keeps his session, and the link its use.
func TestLinkSignedIn(t *testing.T) {
	app := site(t, turnedOn)
	path := ask(t, app, joe)
	b := visitor(app, false)
	b.LoginAs(app.NewUser("ann@example.com"))
	b.Get(path).GoesTo("/")
	b.PostForm(path, kit.Fields{}).GoesTo("/")
	if b.WhoAmI() != "ann@example.com" {
		t.Errorf("signed in is %q", b.WhoAmI())
	}
	use(visitor(app, true), path).Want(200)
}

// TestLinkParallel: of many uses at once one signs in, on every store.
func TestLinkParallel(t *testing.T) {
	stores := map[string]func(testing.TB) doorward.Stores{"memory": nil}
	for _, kind := range testdb.Kinds {
		stores[kind] = sqltest.Stores(kind)
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			app := site(t, with(func(c *batteries.Config) {
				if open != nil {
					c.Stores = open(t)
				}
			}))
			path := ask(t, app, joe)
			bs := make([]*kit.Browser, 100)
			for i := range bs {
				bs[i] = visitor(app, true)
				bs[i].CSRF("/login")
			}
			kit.Parallel(t, len(bs), 1, func(i int) bool {
				res := bs[i].Post(path, kit.Fields{})
				if res.Status != 200 && (res.Status != 400 || !slices.Equal(res.Errors(""), []string{"INVALID_LOGIN_TOKEN"})) {
					t.Errorf("%d %s", res.Status, res.Body)
				}
				return res.Status == 200
			})
			if s, err := app.Accounts().Sessions(t.Context(), find(t, app, joe)); err != nil || len(s) != 1 {
				t.Errorf("%d sessions, %v", len(s), err)
			}
		})
	}
}

// TestLinkTrouble: what fails for the operator is no answer about the link.
func TestLinkTrouble(t *testing.T) {
	app := site(t, with(func(c *batteries.Config) { c.More = append(c.More, gate{}) }))
	path := ask(t, app, joe)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Username = "broken" })
	b := visitor(app, true)
	use(b, path).Want(500).Lacks("INVALID_LOGIN_TOKEN")
	if b.WhoAmI() != "" || !app.Logs.Contains("the gate fell over") {
		t.Error("signed in, or not logged")
	}
	if app.Logs.Contains(path) {
		t.Error("the link is in the log")
	}
}
