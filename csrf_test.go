package doorward_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
)

// guarded is an application's own handler behind a guard.
func guarded(app *kit.App, a doorward.Auth) string {
	const path = "/app/save"
	app.Mux.Handle(path, app.Require(a)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("saved " + r.PostFormValue("note")))
	})))
	return path
}

func TestCSRFToken(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	path := guarded(app, doorward.Auth{})
	for name, c := range map[string]struct {
		token  func(b *kit.Browser) string
		reason string // "" is accepted
	}{
		"own":      {func(b *kit.Browser) string { return b.CSRF("/verify") }, ""},
		"missing":  {func(*kit.Browser) string { return "" }, "CSRF_TOKEN_MISSING"},
		"invented": {func(b *kit.Browser) string { b.CSRF("/verify"); return strings.Repeat("A", 72) }, "CSRF_TOKEN_INVALID"},
		"huge":     {func(b *kit.Browser) string { b.CSRF("/verify"); return strings.Repeat("A", 5000) }, "CSRF_TOKEN_INVALID"},
		"another session's": {func(b *kit.Browser) string {
			b.CSRF("/verify")
			return app.Browser().CSRF("/login")
		}, "CSRF_TOKEN_INVALID"},
		"same user's other session": {func(b *kit.Browser) string {
			b.CSRF("/verify")
			c := app.Browser()
			c.LoginAs(u)
			return c.CSRF("/verify")
		}, "CSRF_TOKEN_INVALID"},
		"expired": {func(b *kit.Browser) string {
			token := b.CSRF("/verify")
			app.Clock.Advance(time.Hour + time.Second)
			return token
		}, "CSRF_TOKEN_EXPIRED"},
		"from the future": {func(b *kit.Browser) string {
			app.Clock.Advance(time.Hour)
			token := b.CSRF("/verify")
			app.Clock.Advance(-time.Hour)
			return token
		}, "CSRF_TOKEN_EXPIRED"},
		"cut": {func(b *kit.Browser) string { s := b.CSRF("/verify"); return s[:len(s)-1] }, "CSRF_TOKEN_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			b := app.In(t).Browser()
			b.LoginAs(u)
			token := c.token(b)
			b.JSON, b.NoCSRF = true, true
			for where, send := range map[string]func(path string) *kit.Response{
				"form":   func(p string) *kit.Response { return b.PostForm(p, kit.Fields{"csrf_token": token}) },
				"header": func(p string) *kit.Response { return b.PostForm(p, nil, "X-CSRFToken", token) },
				"other":  func(p string) *kit.Response { return b.PostForm(p, nil, "X-CSRF-Token", token) },
				"xsrf":   func(p string) *kit.Response { return b.PostForm(p, nil, "X-XSRF-Token", token) },
				"JSON":   func(p string) *kit.Response { return b.PostJSON(p, kit.Fields{"csrf_token": token}) },
			} {
				// Our own route: a field error, or that of the missing password.
				res := send("/verify").Want(400)
				if got := res.Errors("csrf_token"); c.reason == "" && got != nil || c.reason != "" && (len(got) != 1 || got[0] != c.reason) {
					t.Errorf("%s: %q, want %q", where, got, c.reason)
				}
				if where == "JSON" {
					continue // a guard does not read the application's JSON
				}
				res = send(path)
				if want := map[bool]int{true: 200, false: 400}[c.reason == ""]; res.Status != want || !strings.Contains(res.Body, c.reason) {
					t.Errorf("%s, guarded: %d %s, want %q", where, res.Status, res.Body, c.reason)
				}
			}
		})
	}
}

func TestCSRFWithoutCookie(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	token := app.Browser().CSRF("/login")
	b := app.Browser()
	b.JSON = true
	fields := credentials(joe)
	fields["csrf_token"] = token
	b.PostJSON("/login", fields).Want(400).Fails("csrf_token", "CSRF_SESSION_MISSING")
	if b.WhoAmI() != "" {
		t.Error("signed in")
	}
	// A page answers 400 and shows the form with a good token again.
	page := app.Browser().PostForm("/login", fields).Want(400).Contains("CSRF_SESSION_MISSING", joe).Lacks(kit.Password)
	if !strings.Contains(page.Body, `name="csrf_token"`) {
		t.Error("no new token in the page")
	}
}

// Sign-in and sign-out make older tokens worthless.
func TestCSRFRotation(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	before := b.CSRF("/login")
	b.PostJSON("/login", credentials(joe)).Want(200)
	during := b.CSRF("")
	if during == before {
		t.Error("the answer has no new token")
	}
	b.PostJSON("/verify", kit.Fields{"csrf_token": before, "password": kit.Password}).Want(400).Fails("csrf_token", "CSRF_TOKEN_INVALID")
	b.PostJSON("/verify", kit.Fields{"csrf_token": during, "password": kit.Password}).Want(200)
	b.PostJSON("/logout", nil).Want(200)
	b.CSRF("/login")
	fields := credentials(joe)
	fields["csrf_token"] = during
	b.PostJSON("/login", fields).Want(400).Fails("csrf_token", "CSRF_TOKEN_INVALID")
}

func TestCSRFTokensDiffer(t *testing.T) {
	b := kit.New(t, nil).Browser()
	one := b.CSRF("/login")
	b.Get("/login")
	if two := b.CSRF("/login"); one == two {
		t.Error("two pages have the same token, which compression can leak")
	}
}

// Who authenticates by a token that no browser sends by itself needs none,
// unless a session cookie came along.
func TestCSRFByMechanism(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Token.InQuery = conf.Some(true) })
	u := app.NewUser(joe)
	path := guarded(app, doorward.Auth{Via: []string{"session", "token", "basic"}})
	token := app.AuthToken(u)
	planted := func(b *kit.Browser) { b.CSRF("/login") }
	none := func(*kit.Browser) {}
	for name, c := range map[string]struct {
		prepare func(*kit.Browser)
		target  string
		headers []string
		want    int
	}{
		"token in a header":            {none, path, []string{"Authentication-Token", token}, 200},
		"token and a session cookie":   {planted, path, []string{"Authentication-Token", token}, 400},
		"token in the query":           {none, path + "?auth_token=" + token, nil, 400},
		"basic, as browsers send it":   {none, path, []string{"Authorization", basic(joe, kit.Password)}, 400},
		"session":                      {func(b *kit.Browser) { b.LoginAs(u) }, path, nil, 400},
		"token and own session cookie": {func(b *kit.Browser) { b.LoginAs(u) }, path, []string{"Authentication-Token", token}, 400},
		"token in a header, our route": {none, "/verify", []string{"Authentication-Token", token}, 200},
		"query token, our route":       {none, "/verify?auth_token=" + token, nil, 400},
		"header and cookie, our route": {planted, "/verify", []string{"Authentication-Token", token}, 400},
	} {
		b := app.Browser()
		b.JSON, b.NoCSRF = true, true
		c.prepare(b)
		if res := b.PostForm(c.target, kit.Fields{"password": kit.Password}, c.headers...); res.Status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, res.Status, c.want, res.Body)
		}
	}
}

func TestCSRFCrossSite(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.CSRF.TrustedOrigins = []string{"https://spa.example"} })
	u := app.NewUser(joe)
	path := guarded(app, doorward.Auth{})
	for name, c := range map[string]struct {
		headers []string
		ok      bool
	}{
		"same origin":    {[]string{"Sec-Fetch-Site", "same-origin"}, true},
		"typed":          {[]string{"Sec-Fetch-Site", "none"}, true},
		"old browser":    {nil, true},
		"cross-site":     {[]string{"Sec-Fetch-Site", "cross-site"}, false},
		"sibling":        {[]string{"Sec-Fetch-Site", "same-site"}, false},
		"foreign origin": {[]string{"Origin", "https://evil.example"}, false},
		"null origin":    {[]string{"Origin", "null"}, false},
		"own origin":     {[]string{"Origin", "http://localhost"}, true},
		"trusted origin": {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://spa.example"}, true},
	} {
		b := app.Browser()
		b.LoginAs(u)
		b.JSON = true
		b.CSRF("/verify")
		want := map[bool]int{true: 200, false: 400}[c.ok]
		if res := b.PostForm(path, nil, c.headers...); res.Status != want || strings.Contains(res.Body, "CSRF_CROSS_ORIGIN") == c.ok {
			t.Errorf("%s, guarded: %d %s", name, res.Status, res.Body)
		}
		// Signing out needs no token, but must not be another site's idea.
		if res := b.PostJSON("/logout", nil, c.headers...); res.Status != want {
			t.Errorf("%s, sign-out: %d %s", name, res.Status, res.Body)
		}
	}
}

func TestCSRFSettings(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*batteries.Config)
		user bool // signed in, /verify; else /login
		want int
	}{
		"default, anonymous":    {nil, false, 400},
		"off":                   {func(c *batteries.Config) { c.CSRF.Disabled = true }, false, 200},
		"not for anonymous":     {func(c *batteries.Config) { c.CSRF.IgnoreAnonymous = true }, false, 200},
		"still for users":       {func(c *batteries.Config) { c.CSRF.IgnoreAnonymous = true }, true, 400},
		"not for sessions":      {func(c *batteries.Config) { c.CSRF.Mechanisms = some([]string{"basic"}) }, true, 200},
		"mechanisms, anonymous": {func(c *batteries.Config) { c.CSRF.Mechanisms = some([]string{"basic"}) }, false, 400},
		"sign-out checked":      {func(c *batteries.Config) { c.Login.LogoutCSRF = true }, true, 400},
	} {
		app := kit.New(t, c.edit)
		u := app.NewUser(joe)
		b := app.Browser()
		b.JSON, b.NoCSRF = true, true
		target := "/login"
		if c.user {
			b.LoginAs(u)
			target = "/verify"
		}
		if name == "sign-out checked" {
			target = "/logout"
		}
		if res := b.PostJSON(target, credentials(joe)); res.Status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, res.Status, c.want, res.Body)
		}
	}
}

func TestCSRFNoTimeLimit(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.CSRF.TimeLimit = conf.Null[time.Duration]() })
	app.NewUser(joe)
	b := app.Browser()
	b.CSRF("/login")
	app.Clock.Advance(20 * 24 * time.Hour)
	b.PostForm("/login", credentials(joe)).Want(302)
}

// The script-readable cookie: offered by the sign-in page, renewed at sign-in,
// kept while it is good, gone at sign-out.
func TestCSRFCookie(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.CSRF.CookieName = "XSRF-TOKEN" })
	app.NewUser(joe)
	b := app.Browser()
	b.JSON, b.NoCSRF = true, true
	login := func() {
		res := b.PostJSON("/login", credentials(joe), "X-XSRF-Token", b.Cookie("XSRF-TOKEN")).Want(200)
		c := res.Cookie("XSRF-TOKEN")
		if c == nil || c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
			t.Fatalf("cookie %+v", c)
		}
	}
	b.Get("/login")
	if b.Cookie("XSRF-TOKEN") == "" {
		t.Fatal("the sign-in page offers no cookie")
	}
	login()
	verify := func(want int) {
		t.Helper()
		b.PostJSON("/verify", kit.Fields{"password": kit.Password}, "X-XSRF-Token", b.Cookie("XSRF-TOKEN")).Want(want)
	}
	verify(200)
	if res := b.Get("/verify"); res.Cookie("XSRF-TOKEN") != nil {
		t.Error("a good cookie was sent again")
	}
	app.Clock.Advance(2 * time.Hour)
	b.Get("/verify") // it has run out: renewed
	verify(200)
	b.SetCookie("XSRF-TOKEN", "spoilt")
	b.Get("/verify")
	verify(200)
	if c := b.PostJSON("/logout", nil).Cookie("XSRF-TOKEN"); c == nil || c.MaxAge >= 0 || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("sign-out: %+v", c)
	}
}

func basic(name, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return r.Header.Get("Authorization")
}

// The form that a guard has read stays readable for the application.
func TestGuardKeepsTheForm(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	path := guarded(app, doorward.Auth{})
	var got map[string]any
	app.Mux.Handle("/app/json", app.RequireUser()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
	})))
	b := app.Browser()
	b.LoginAs(u)
	b.PostForm(path, kit.Fields{"note": "hello"}).Want(200).Contains("saved hello")
	b.PostJSON("/app/json", kit.Fields{"note": "hello"}, "X-CSRFToken", b.CSRF("")).Want(200)
	if got["note"] != "hello" {
		t.Errorf("body %v", got)
	}
	long := url.Values{"note": {strings.Repeat("x", 2<<20)}}.Encode()
	b.JSON = true
	b.Do("POST", path, strings.NewReader(long), "Content-Type", "application/x-www-form-urlencoded").Want(400)
}
