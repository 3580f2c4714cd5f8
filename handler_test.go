package doorward_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// A path of the application never meets our routes, and ours never its.
func TestPaths(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.URLs.Prefix = "/auth/" })
	app.Mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("application")) })
	for path, ours := range map[string]bool{
		"/auth/login": true, "/login": false, "/auth/login/": false, "/auth/Login": false, "/auth//login": false, "/auth%2Flogin": false,
		"/auth/login/../verify": false, "/auth/%6cogin": false, "/authlogin": false, "/auth": false, "/auth/login%00": false,
	} {
		res := app.Browser().Get(path)
		if got := res.Body != "application" && strings.Contains(res.Body, "login_user_form"); got != ours {
			t.Errorf("%s: ours is %t: %d %.60s", path, got, res.Status, res.Body)
		}
	}
	app.Browser().Get("/doorwardtest/user").GoesTo("/auth/login?next=/doorwardtest/user")
}

func TestSubdomain(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.URLs.Subdomain, c.URLs.ServerName = "auth", "app.example" })
	for host, want := range map[string]int{"auth.app.example": 200, "app.example": 404, "evil.example": 404, "auth.app.example.evil.example": 404} {
		b := app.Browser()
		b.Host = host
		b.Get("/login").Want(want)
		b.Get("/login", "X-Forwarded-Host", "auth.app.example").Want(want)
	}
}

func TestMethods(t *testing.T) {
	app := kit.New(t, nil)
	b := app.Browser()
	if allow := b.Do("OPTIONS", "/login", nil).Want(204).Header.Get("Allow"); allow != "GET, HEAD, OPTIONS, POST" {
		t.Errorf("Allow %q", allow)
	}
	b.Do("GET", "/logout", nil).Want(405).Contains("METHOD_NOT_ALLOWED")
	if ct := b.Do("HEAD", "/login", nil).Want(200).Header.Get("Content-Type"); ct == "" {
		t.Error("HEAD has no type")
	}
	both := kit.New(t, func(c *batteries.Config) { c.Login.LogoutMethods = some([]string{"GET", "POST"}) })
	u := both.NewUser(joe)
	b = both.Browser()
	b.LoginAs(u)
	b.Get("/logout").GoesTo("/")
	if b.WhoAmI() != "" {
		t.Error("GET does not sign out where it is allowed to")
	}
}

func TestPageHeaders(t *testing.T) {
	app := kit.New(t, nil)
	app.Mux.HandleFunc("/own", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	b := app.Browser()
	b.TLS = true
	h := b.Get("/login").Want(200).Header
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %q", name, h.Get(name))
		}
	}
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(h.Get("Content-Security-Policy"), part) {
			t.Errorf("no %s in %q", part, h.Get("Content-Security-Policy"))
		}
	}
	own := b.Get("/own").Header
	if own.Get("Content-Security-Policy") != "" || own.Get("X-Frame-Options") != "" || own.Get("Cache-Control") != "private, no-store" {
		t.Errorf("an application's page: %v", own)
	}
	if plain := app.Browser().Get("/login").Header.Get("Strict-Transport-Security"); plain != "" {
		t.Errorf("HSTS without TLS: %q", plain)
	}
}

func TestStatic(t *testing.T) {
	app := kit.New(t, nil)
	res := app.Browser().Get("/fs-static/doorward.css").Want(200)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/css") || len(res.Cookies) != 0 {
		t.Errorf("%v", res.Header)
	}
	for _, path := range []string{"/fs-static/", "/fs-static/nothing.css", "/fs-static/../doorward.go", "/fs-static/..%2f..%2fdoorward.go", "/fs-static/%00"} {
		app.Browser().Get(path).Want(404)
	}
	app.Browser().Do("POST", "/fs-static/doorward.css", nil).Want(405)
}

// A panic in a page is logged and answered, in the caller's format.
func TestPanic(t *testing.T) {
	broken := &bare{name: "broken", init: func(rt *doorward.Runtime) error {
		return rt.Handle(doorward.Route{Name: "broken", Path: "/broken", Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
			panic("a secret of the operator")
		}})
	}}
	app := withFeatures(t, nil, broken)
	b := app.Browser()
	b.Get("/broken").Want(500).Contains("INTERNAL_ERROR").Lacks("secret of the operator")
	b.JSON = true
	b.Get("/broken").Want(500).Contains(`"errors":["INTERNAL_ERROR"]`).Lacks("secret of the operator")
	if !app.Logs.Contains("ERROR", "a secret of the operator") {
		t.Error("not logged")
	}
}

// Authenticate inside of Handler is the same visit: one cookie, one answer.
func TestNested(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	app.Mux.Handle("/nested", app.Authenticate(app.RequireUser()(app.Authenticate(answer))))
	b := app.Browser()
	b.LoginAs(u)
	b.Get("/nested").Want(200).Contains(joe)
}

// An application signs in and out by itself, and sees it at once.
func TestOwnSignIn(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	app.Mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		if app.Login(w, r, u, "sso") {
			id, err := doorward.IdentityFrom(r.Context())
			if err != nil || !slices.Equal(id.Via, []string{"sso"}) {
				t.Errorf("%v %v", id.Via, err)
			}
			who, err := doorward.CurrentUser[*member](r.Context())
			if err != nil || who.Email != joe {
				t.Errorf("%v %v", who, err)
			}
			if _, err := doorward.CurrentUser[*stranger](r.Context()); err == nil {
				t.Error("a user of another type was found")
			}
			http.Redirect(w, r, "/welcome", http.StatusSeeOther)
		}
	})
	app.Mux.HandleFunc("/out", func(_ http.ResponseWriter, r *http.Request) {
		if err := app.Logout(r); err != nil {
			t.Error(err)
		}
		if _, err := doorward.IdentityFrom(r.Context()); err == nil {
			t.Error("still signed in")
		}
	})
	b := app.Browser()
	b.Get("/in").Want(303)
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
	b.Get("/out")
	if b.WhoAmI() != "" {
		t.Error("not signed out")
	}
	app.Change(u, func(a *doorward.Account) { a.Active = false })
	b.Get("/in").Lacks("welcome")
	if b.WhoAmI() != "" {
		t.Error("an account that is switched off was signed in")
	}
	if err := app.Logout(&http.Request{}); err == nil {
		t.Error("signed out of nothing")
	}
}

type stranger struct{ doorward.Account }
