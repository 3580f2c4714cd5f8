package confirm_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestLink: opening it changes nothing, pressing the button confirms, once.
func TestLink(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		app := site(t)
		u := app.NewUser(ann, unconfirmed)
		path := link(t, app, u)
		b := app.Browser()
		b.JSON = asJSON
		before := app.Snapshot()
		for range 2 {
			b.Get(path).Want(200).Lacks(ann)
		}
		b.Do("HEAD", path, nil).Want(200)
		if app.Snapshot() != before || len(app.Events.Names()) != 0 {
			t.Error("opening a link did something")
		}
		app.Clock.Advance(time.Hour)
		res := press(b, path)
		if asJSON {
			res.Want(200).Lacks(`"user"`)
		} else {
			res.GoesTo("/login")
			if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"EMAIL_CONFIRMED"}) {
				t.Errorf("flashes %q", got)
			}
		}
		if at := app.Account(ann).ConfirmedAt; !at.Equal(app.Clock.Now()) {
			t.Errorf("confirmed at %v", at)
		}
		if got := kit.EventsOf[confirm.Confirmed](app.Events); len(got) != 1 || got[0].By != "mail" || got[0].User.SecurityAccount().Email != ann {
			t.Errorf("events %+v", got)
		}
		if who := b.WhoAmI(); who != "" {
			t.Errorf("%s is signed in", who)
		}
		lost(t, app, b, path, "ALREADY_CONFIRMED")
		lost(t, app, b, link(t, app, must(app, ann)), "ALREADY_CONFIRMED") // another one
		if !asJSON {
			b.Get(path).GoesTo("/confirm")
			app.Browser().Get(path).GoesTo("/confirm")
		}
	})
}

// TestDeadLinks: what ends a link, for good.
func TestDeadLinks(t *testing.T) {
	change := func(edit func(*doorward.Account)) func(*testing.T, *kit.App, doorward.User) {
		return func(_ *testing.T, app *kit.App, u doorward.User) { app.Change(u, edit) }
	}
	for _, c := range []struct {
		name string
		do   func(*testing.T, *kit.App, doorward.User)
		want string
	}{
		{"too old", func(_ *testing.T, app *kit.App, _ doorward.User) { app.Clock.Advance(48*time.Hour + time.Second) }, "CONFIRMATION_EXPIRED"},
		{"another address", change(func(acc *doorward.Account) { acc.Email = "other@example.com" }), "INVALID_CONFIRMATION_TOKEN"},
		{"another address, confirmed", change(func(acc *doorward.Account) { acc.Email, acc.ConfirmedAt = "other@example.com", acc.CreatedAt }), "INVALID_CONFIRMATION_TOKEN"},
		{"another address, confirmed, and back", func(_ *testing.T, app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Email, acc.ConfirmedAt = "other@example.com", acc.CreatedAt })
			app.Change(u, func(acc *doorward.Account) { acc.Email = ann })
		}, "ALREADY_CONFIRMED"},
		{"signed out everywhere", func(t *testing.T, app *kit.App, u doorward.User) {
			if err := app.Accounts().SignOutEverywhere(t.Context(), u, nil); err != nil {
				t.Fatal(err)
			}
		}, "INVALID_CONFIRMATION_TOKEN"},
		{"deleted", func(_ *testing.T, app *kit.App, u doorward.User) { app.Delete(u) }, "INVALID_CONFIRMATION_TOKEN"},
		{"confirmed by hand", func(t *testing.T, app *kit.App, u doorward.User) {
			if changed, err := app.Batteries.Confirm.Confirm(t.Context(), u); err != nil || !changed {
				t.Fatal(changed, err)
			}
		}, "ALREADY_CONFIRMED"},
		{"confirmed by hand and too old", func(t *testing.T, app *kit.App, u doorward.User) {
			if _, err := app.Batteries.Confirm.Confirm(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			app.Clock.Advance(100 * 24 * time.Hour)
		}, "ALREADY_CONFIRMED"},
		{"used, and unconfirmed since", func(t *testing.T, app *kit.App, u doorward.User) {
			press(app.Browser(), link(t, app, u))
			app.Change(u, unconfirmed)
		}, "INVALID_CONFIRMATION_TOKEN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				app := site(t, with(confirm.Config{AutoLogin: true}))
				u := app.NewUser(ann, unconfirmed)
				path := link(t, app, u)
				c.do(t, app, u)
				b := app.Browser()
				b.JSON = asJSON
				lost(t, app, b, path, c.want)
				if who := b.WhoAmI(); who != "" {
					t.Errorf("%s is signed in", who)
				}
			})
		})
	}
}

// TestLinkInTime: a link works to the last second.
func TestLinkInTime(t *testing.T) {
	app := site(t)
	path := link(t, app, app.NewUser(ann, unconfirmed))
	app.Clock.Advance(48*time.Hour - time.Second)
	if press(app.Browser(), path).Want(302); !confirmed(app, ann) {
		t.Error("not confirmed")
	}
}

func TestNoTokens(t *testing.T) {
	app := site(t)
	app.NewUser(ann, unconfirmed)
	good := link(t, app, must(app, ann))
	for _, token := range []string{"%20", "%00", "x", "..", "a.b.c", strings.Repeat("x", 9000), strings.TrimPrefix(good, "/confirm/") + "x", "%2e%2e%2f"} {
		b := app.Browser()
		b.CSRF("/login")
		if res := b.PostForm("/confirm/"+token, kit.Fields{}); res.Status != 302 && res.Status != 404 {
			t.Errorf("%.20q: %d", token, res.Status)
		}
		if res := b.Get("/confirm/" + token); res.Status != 302 && res.Status != 404 {
			t.Errorf("%.20q: %d", token, res.Status)
		}
	}
	b := app.Browser()
	b.NoCSRF = true
	for _, asJSON := range []bool{true, false} {
		b.JSON = asJSON
		if res := b.Post(good, kit.Fields{}); len(res.Errors("csrf_token")) == 0 {
			t.Errorf("without a token of the page: %d %s", res.Status, res.Body)
		}
	}
	if confirmed(app, ann) {
		t.Error("confirmed")
	}
}

// TestByGet: where the settings want it opening a link uses it, but looking
// ahead does not.
func TestByGet(t *testing.T) {
	app := site(t, func(c *batteries.Config) { c.URLs.LinkUse = "get" })
	path := link(t, app, app.NewUser(ann, unconfirmed))
	b := app.Browser()
	b.Get(path, "Sec-Purpose", "prefetch;prerender").Want(200)
	b.Get(path, "Purpose", "prefetch").Want(200)
	b.Do("HEAD", path, nil).Want(200)
	if confirmed(app, ann) {
		t.Fatal("used by looking ahead")
	}
	b.JSON = true // it is a redirect all the same
	b.Get(path).GoesTo("/login")
	if !confirmed(app, ann) {
		t.Error("not confirmed")
	}
	b.Get(path).GoesTo("/confirm")
}

// TestViews: where a link leads.
func TestViews(t *testing.T) {
	for _, c := range []struct {
		name       string
		cfg        confirm.Config
		good, dead string
	}{
		{"default", confirm.Config{}, "/login", "/confirm"},
		{"signs in", confirm.Config{AutoLogin: true}, "/in", "/confirm"},
		{"views", confirm.Config{PostConfirm: "/done", ErrorView: "/failed"}, "/done", "/failed"},
		{"views, signs in", confirm.Config{PostConfirm: "/done", ErrorView: "register", AutoLogin: true}, "/done", "register"},
	} {
		app := site(t, with(c.cfg), func(c *batteries.Config) { c.URLs.PostLogin = "/in" })
		path := link(t, app, app.NewUser(ann, unconfirmed))
		b := app.Browser()
		for _, end := range []struct{ to, flash string }{{c.good, "EMAIL_CONFIRMED"}, {c.dead, "ALREADY_CONFIRMED"}} {
			press(b, path).GoesTo(end.to)
			if got := b.Get("/confirm").Flashes(); !slices.Equal(got, []string{end.flash}) {
				t.Errorf("%s: flashes %q", c.name, got)
			}
		}
		if who := b.WhoAmI(); (who == ann) != c.cfg.AutoLogin {
			t.Errorf("%s: signed in is %q", c.name, who)
		}
	}
}

// TestSPA: a single-page application is told everything in the query, of
// nobody but who confirmed.
func TestSPA(t *testing.T) {
	spa := func(auto bool) func(c *batteries.Config) {
		return func(c *batteries.Config) {
			c.URLs.Behavior = "spa"
			c.Confirm = &confirm.Config{PostConfirm: "/app?x=1", ErrorView: "/app/failed", AutoLogin: auto}
		}
	}
	for _, auto := range []bool{false, true} {
		for _, asJSON := range []bool{false, true} {
			app := site(t, spa(auto))
			u := app.NewUser(ann, unconfirmed)
			path, late := link(t, app, u), link(t, app, u)
			b := app.Browser()
			b.JSON = asJSON
			b.Do("HEAD", path, nil).Want(200)
			query(t, b.Get(path), "/app", url.Values{"x": {"1"}, "success": {"EMAIL_CONFIRMED"}, "email": {ann}, "identity": {ann}})
			if who := b.WhoAmI(); (who == ann) != auto {
				t.Errorf("signed in is %q", who)
			}
			query(t, b.Get(late), "/app/failed", url.Values{"info": {"ALREADY_CONFIRMED"}})
			query(t, b.Get("/confirm/x.y.z"), "/app/failed", url.Values{"error": {"INVALID_CONFIRMATION_TOKEN"}})
			app.Change(u, unconfirmed)
			app.Clock.Advance(49 * time.Hour)
			query(t, b.Get(late), "/app/failed", url.Values{"error": {"CONFIRMATION_EXPIRED"}})
			if got := b.Get("/confirm", "Accept", "text/html").Flashes(); len(got) != 0 {
				t.Errorf("flashes %q", got)
			}
		}
	}
}

func query(t *testing.T, res *kit.Response, path string, want url.Values) {
	t.Helper()
	res.Want(302)
	u, err := url.Parse(res.Location())
	if err != nil || u.Path != path || u.Query().Encode() != want.Encode() {
		t.Errorf("leads to %s, want %s?%s", res.Location(), path, want.Encode())
	}
}
