package unified_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
)

// askLink has a link sent to joe and returns its path.
func askLink(t *testing.T, app *kit.App, fields ...string) string {
	t.Helper()
	f := kit.Fields{"identity": joe, "chosen_method": "email"}
	for i := 0; i+1 < len(fields); i += 2 {
		f[fields[i]] = fields[i+1]
	}
	visitor(app, true).Post("/us-signin/send-code", f).Want(200)
	return link(t, app)
}

// press uses a link by its button.
func press(b *kit.Browser, path string) *kit.Response {
	b.CSRF("/us-signin")
	return b.Post(path, kit.Fields{})
}

// TestLink: a link signs in once, by a button.
func TestLink(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		for _, asJSON := range []bool{true, false} {
			app, _ := site(t, with(func(c *batteries.Config) { c.Stores = stores(t) }), "email")
			path := askLink(t, app, "next", "/books")
			scanner := visitor(app, asJSON)
			for range 3 {
				scanner.Get(path).Want(200)
				scanner.Do(http.MethodHead, path, nil).Want(200)
				scanner.Get(path, "Sec-Purpose", "prefetch").Want(200)
			}
			if scanner.WhoAmI() != "" {
				t.Fatal("looking at a link signs in")
			}
			b := visitor(app, false)
			page := b.Get(path).Want(200).Contains(`name="us_verify_link_form"`, "j…@example.com").Lacks(joe)
			if got := page.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
			app.Events.Reset()
			if b.JSON = asJSON; asJSON {
				press(b, path).Want(200).Contains(`"user":{}`, `"tf_required":false`)
			} else {
				press(b, path).GoesTo("/books")
				if got := b.Get("/unlock").Flashes(); !slices.Equal(got, []string{"PASSWORDLESS_LOGIN_SUCCESSFUL"}) {
					t.Errorf("flashes %q", got)
				}
			}
			evs := kit.EventsOf[doorward.Authenticated](app.Events)
			if len(evs) != 1 || !slices.Equal(evs[0].Via, []string{"email"}) || b.WhoAmI() != joe {
				t.Errorf("signed in is %q, events %+v", b.WhoAmI(), evs)
			}
			again := visitor(app, asJSON)
			dead(t, again, press(again, path), "INVALID_CODE")
			if again.WhoAmI() != "" {
				t.Error("a link signed in twice")
			}
		}
	})
}

// dead checks the answer to a link that is no good.
func dead(t *testing.T, b *kit.Browser, res *kit.Response, key string) {
	t.Helper()
	if b.JSON {
		res.Want(400).Fails("", key)
		return
	}
	res.GoesTo("/us-signin")
	if got := b.Get("/us-signin").Flashes(); !slices.Equal(got, []string{key}) {
		t.Errorf("flashes %q, want %q", got, key)
	}
}

// TestLinkDead: links that sign nobody in, and what is said of them.
func TestLinkDead(t *testing.T) {
	change := func(edit func(*doorward.Account)) func(*kit.App) {
		return func(app *kit.App) { app.Change(find(app, joe), edit) }
	}
	for name, c := range map[string]struct {
		before func(*kit.App)
		path   func(string) string
		key    string
	}{
		"deleted":       {before: func(app *kit.App) { app.Delete(find(app, joe)) }, key: "USER_DOES_NOT_EXIST"},
		"signed out":    {before: change(func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() }), key: "USER_DOES_NOT_EXIST"},
		"switched off":  {before: change(func(acc *doorward.Account) { acc.Active = false }), key: "DISABLED_ACCOUNT"},
		"not confirmed": {before: change(func(acc *doorward.Account) { acc.Username = "gated" }), key: "CONFIRMATION_REQUIRED"},
		"not set up":    {before: change(func(acc *doorward.Account) { acc.USTOTPSecrets = nil }), key: "INVALID_CODE"},
		"old":           {before: func(app *kit.App) { app.Clock.Advance(3 * time.Minute) }, key: "INVALID_CODE"},
		"wrong code": {path: func(p string) string {
			return p[:strings.Index(p, "code=")] + "code=000000" + p[strings.Index(p, "&id="):]
		}, key: "INVALID_CODE"},
		"no code": {path: func(p string) string {
			return "/us-verify-link" + strings.Replace(p[strings.Index(p, "&id="):], "&", "?", 1)
		}, key: "API_ERROR"},
		"no id": {path: func(p string) string { return p[:strings.Index(p, "&id=")] }, key: "API_ERROR"},
		"bare":  {path: func(string) string { return "/us-verify-link" }, key: "API_ERROR"},
	} {
		for _, asJSON := range []bool{true, false} {
			for key, edit := range map[string]func(*batteries.Config){c.key: with(gated), "GENERIC_AUTHN_FAILED": with(gated, generic)} {
				app, _ := site(t, edit, "email")
				path := askLink(t, app)
				if c.path != nil {
					path = c.path(path)
				}
				if c.before != nil {
					c.before(app)
				}
				b := visitor(app, asJSON)
				dead(t, b, press(b, path), key)
				if b.WhoAmI() != "" {
					t.Errorf("%s: signed in", name)
				}
			}
		}
	}
}

// TestLinkByGet: where opening a link uses it, a prefetch, a HEAD and a frame do
// not, and the answer is a redirect that holds nothing.
func TestLinkByGet(t *testing.T) {
	app, _ := site(t, with(func(c *batteries.Config) { c.URLs.LinkUse = "get" }), "email")
	path := askLink(t, app)
	b := visitor(app, true)
	b.Get(path, "Sec-Purpose", "prefetch").Want(200)
	b.Get(path, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image").Want(200)
	b.Do(http.MethodHead, path, nil).Want(200)
	if b.WhoAmI() != "" {
		t.Fatal("a prefetch signs in")
	}
	b.Get(path + "&include_auth_token").GoesTo("/").Lacks("authentication_token")
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
	c := visitor(app, false)
	dead(t, c, c.Get(path), "INVALID_CODE")
}

// TestLinkSPA: a single-page application is told in the query of its views.
func TestLinkSPA(t *testing.T) {
	spa := func(c *batteries.Config) {
		c.URLs.Behavior, c.URLs.PostLogin, c.URLs.LoginError = "spa", "/app?x=1", "/app/error"
	}
	lead := func(b *kit.Browser, path string) (string, url.Values) {
		t.Helper()
		u, err := url.Parse(b.Get(path).Want(http.StatusFound).Location())
		if err != nil {
			t.Fatal(err)
		}
		return u.Path, u.Query()
	}
	app, _ := site(t, with(spa), "email")
	path := askLink(t, app, "next", "/books")
	if at, q := lead(visitor(app, true), path); at != "/app" || q.Get("email") != joe || q.Get("identity") != joe || q.Get("x") != "1" || len(q) != 3 {
		t.Errorf("%s %v", at, q)
	}
	if at, q := lead(visitor(app, false), path); at != "/app/error" || q.Get("error") != "INVALID_CODE" || q.Get("email") != joe || q.Get("identity") != joe || len(q) != 3 {
		t.Errorf("used: %s %v", at, q)
	}
	if at, q := lead(visitor(app, false), "/us-verify-link?id=x&code=1"); at != "/app/error" || q.Get("error") != "USER_DOES_NOT_EXIST" || len(q) != 1 {
		t.Errorf("unknown: %s %v", at, q)
	}
	if at, q := lead(visitor(app, false), "/us-verify-link"); at != "/app/error" || q.Get("error") != "API_ERROR" || len(q) != 1 {
		t.Errorf("bare: %s %v", at, q)
	}
	app.Clock.Advance(time.Minute)
	path = askLink(t, app)
	app.Change(find(app, joe), func(acc *doorward.Account) { acc.Active = false })
	if at, q := lead(visitor(app, false), path); at != "/app/error" || q.Get("error") != "DISABLED_ACCOUNT" || len(q) != 1 {
		t.Errorf("switched off: %s %v", at, q)
	}
	// A second factor cannot be asked for in the middle of a link.
	from, _ := site(t, with(spa), "email")
	two := kit.New(t, with(spa, twoSteps))
	two.NewUser(joe)
	two.Change(find(two, joe), func(acc *doorward.Account) { acc.USTOTPSecrets = from.Account(joe).USTOTPSecrets })
	two.Clock.Advance(time.Minute)
	b := visitor(two, true)
	if at, q := lead(b, askLink(t, two)); at != "/app/error" || q.Get("tf_required") != "1" || q.Get("email") != joe || q.Get("identity") != joe || len(q) != 3 {
		t.Errorf("second factor: %s %v", at, q)
	}
	if b.Post("/second", kit.Fields{}); b.WhoAmI() != "" {
		t.Error("the sign-in of the link goes on")
	}
	quiet, _ := site(t, with(spa, generic), "email")
	path = askLink(t, quiet)
	lead(visitor(quiet, true), path)
	for _, p := range []string{path, "/us-verify-link?id=x&code=1", "/us-verify-link"} {
		if at, q := lead(visitor(quiet, false), p); at != "/app/error" || q.Get("error") != "GENERIC_AUTHN_FAILED" || len(q) != 1 {
			t.Errorf("generic: %s %v", at, q)
		}
	}
}

// TestLinkSecondFactor: after a link a second factor is asked for, as after a code.
func TestLinkSecondFactor(t *testing.T) {
	from, _ := site(t, turnedOn, "email")
	for required, edit := range map[bool]func(*batteries.Config){true: with(twoSteps), false: with(twoSteps, func(c *batteries.Config) { c.Unified.MFARequired = []string{"password"} })} {
		app := kit.New(t, edit)
		app.NewUser(joe)
		app.Change(find(app, joe), func(acc *doorward.Account) { acc.USTOTPSecrets = from.Account(joe).USTOTPSecrets })
		app.Clock.Advance(time.Minute)
		b := visitor(app, false)
		if res := press(b, askLink(t, app)); required {
			res.GoesTo("/second")
			b.Post("/second", kit.Fields{})
		} else {
			res.GoesTo("/")
		}
		if b.WhoAmI() != joe {
			t.Errorf("signed in is %q", b.WhoAmI())
		}
	}
}

// TestLinkCSRF: another site cannot sign a visitor in to an account of its own.
func TestLinkCSRF(t *testing.T) {
	app, _ := site(t, turnedOn, "email")
	path := askLink(t, app)
	for _, asJSON := range []bool{true, false} {
		b := visitor(app, asJSON)
		b.NoCSRF = true
		b.Post(path, kit.Fields{})
		if b.WhoAmI() != "" {
			t.Fatal("signed in")
		}
	}
	in := as(app, joe)
	in.Post(path, kit.Fields{}).Want(400)
	in.Get(path).Want(400)
}
