package doorward_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func TestCookieAttributes(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(*doorward.SessionConfig)
		tls    bool
		cookie string
		want   func(*http.Cookie) bool
	}{
		"plain": {nil, false, "session", func(c *http.Cookie) bool {
			return !c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "" && c.MaxAge == 0 && c.Expires.IsZero()
		}},
		"TLS":           {nil, true, "__Host-session", func(c *http.Cookie) bool { return c.Secure && c.Path == "/" && c.Domain == "" }},
		"domain":        {func(s *doorward.SessionConfig) { s.Domain = "localhost" }, true, "session", func(c *http.Cookie) bool { return c.Secure && c.Domain == "localhost" }},
		"path":          {func(s *doorward.SessionConfig) { s.Path = "/login" }, true, "session", func(c *http.Cookie) bool { return c.Path == "/login" }},
		"never secure":  {func(s *doorward.SessionConfig) { s.Secure = "false" }, true, "session", func(c *http.Cookie) bool { return !c.Secure }},
		"always secure": {func(s *doorward.SessionConfig) { s.Secure = "true" }, true, "__Host-session", func(c *http.Cookie) bool { return c.Secure }},
		"strict":        {func(s *doorward.SessionConfig) { s.SameSite = "Strict" }, false, "session", func(c *http.Cookie) bool { return c.SameSite == http.SameSiteStrictMode }},
		"none":          {func(s *doorward.SessionConfig) { s.SameSite = "None" }, true, "__Host-session", func(c *http.Cookie) bool { return c.SameSite == http.SameSiteNoneMode && c.Secure }},
		"partitioned":   {func(s *doorward.SessionConfig) { s.Partitioned = true }, true, "__Host-session", func(c *http.Cookie) bool { return c.Partitioned && c.Secure }},
		"for scripts":   {func(s *doorward.SessionConfig) { s.NoHTTPOnly = true }, false, "session", func(c *http.Cookie) bool { return !c.HttpOnly }},
		"another name":  {func(s *doorward.SessionConfig) { s.CookieName = "sid" }, true, "__Host-sid", func(*http.Cookie) bool { return true }},
		"persistent":    {func(s *doorward.SessionConfig) { s.Persistent, s.Lifetime = true, time.Hour }, false, "session", func(c *http.Cookie) bool { return c.MaxAge == 3600 }},
	} {
		t.Run(name, func(t *testing.T) {
			app := kit.New(t, func(cfg *batteries.Config) {
				if c.edit != nil {
					c.edit(&cfg.Session)
				}
			})
			b := app.Browser()
			b.TLS = c.tls
			got := b.Get("/login").Cookie(c.cookie)
			if got == nil || !c.want(got) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRememberCookieAttributes(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Session.RememberName, c.Session.RememberSameSite, c.Session.RememberPath = "rm", "Strict", "/"
	})
	app.NewUser(joe)
	b := app.Browser()
	b.TLS = true
	c := b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "1"}).Cookie("rm")
	if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || !c.Expires.Equal(app.Clock.Now().Add(365*24*time.Hour)) {
		t.Errorf("%+v", c)
	}
	gone := b.PostForm("/logout", nil).Cookie("rm")
	if gone == nil || gone.MaxAge >= 0 || !gone.Secure || gone.SameSite != http.SameSiteStrictMode {
		t.Errorf("deleted by %+v", gone)
	}
}

// A cookie that a proxy's TLS protects is Secure only where the proxy is trusted.
func TestForwardedTLS(t *testing.T) {
	for trusted, want := range map[bool]string{true: "__Host-session", false: "session"} {
		app := kit.New(t, func(c *batteries.Config) {
			if trusted {
				c.Limits.TrustedProxies = []string{"192.0.2.0/24"}
			}
		})
		for _, proto := range []string{"https", "WSS"} {
			b := app.Browser()
			b.TLS = trusted // what the browser sees
			r := b.Get("/login", "X-Forwarded-Proto", proto)
			if r.Cookie(want) == nil {
				t.Errorf("trusted %t, %s: cookies %v", trusted, proto, r.Cookies)
			}
		}
	}
}

// Another site of the domain can plant cookies of the same name: the good one
// is found among a few, and many cost nothing.
func TestCookiesOfOneName(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	good := "session=" + b.Cookie("session")
	for header, want := range map[string]string{
		good:                                     joe,
		"session=spoilt; " + good:                joe,
		good + "; session=spoilt":                joe,
		"session=; session=x; " + good:           joe,
		strings.Repeat("session=x; ", 50) + good: "",
		"other=1; " + good:                       joe,
		`session="` + b.Cookie("session") + `"`:  joe, // quotes are the cookie grammar's
		"Session=" + b.Cookie("session"):         "",
		strings.Repeat("a=b; ", 2000) + good:     joe,
	} {
		res := app.Browser().Get("/doorwardtest/whoami", "Cookie", header).Want(200)
		if got, _ := res.JSONAt("email").(string); got != want {
			t.Errorf("%.60q: signed in is %q, want %q", header, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	old := kit.New(t, nil)
	u := old.NewUser(joe)
	token := old.AuthToken(u)
	b := old.Browser()
	b.LoginAs(u)
	csrf := b.CSRF("/verify")
	const next = "another key for tests, a later one"
	rotated := kit.New(t, func(c *batteries.Config) {
		c.Stores, c.SecretKey, c.SecretKeyFallbacks = old.Stores, []byte(next), []string{kit.SecretKey}
	})
	only := kit.New(t, func(c *batteries.Config) { c.Stores, c.SecretKey = old.Stores, []byte(next) })
	send := func(app *kit.App, session string) *kit.Browser {
		c := app.Browser()
		c.SetCookie("session", session)
		return c
	}
	c := send(rotated, b.Cookie("session"))
	if c.WhoAmI() != joe || send(only, b.Cookie("session")).WhoAmI() != "" {
		t.Error("the older key's cookie")
	}
	c.PostJSON("/verify", kit.Fields{"password": kit.Password, "csrf_token": csrf}).Want(200)
	if send(only, c.Cookie("session")).WhoAmI() != joe || send(old, c.Cookie("session")).WhoAmI() != "" {
		t.Error("a new cookie is not sealed by the new key")
	}
	accept := []string{"Accept", "application/json", "Authentication-Token"}
	rotated.Browser().Get("/doorwardtest/user", append(accept, token)...).Want(200)
	only.Browser().Get("/doorwardtest/user", append(accept, token)...).Want(401)
	renewed := rotated.AuthToken(u)
	only.Browser().Get("/doorwardtest/user", append(accept, renewed)...).Want(200)
	old.Browser().Get("/doorwardtest/user", append(accept, renewed)...).Want(401)
}

// The cookie stays within what browsers keep: flashes go first.
func TestCookieSize(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Pages.Messages["UNAUTHENTICATED"] = doorward.Text{Text: strings.Repeat("long ", 100)}
	})
	u := app.NewUser(joe)
	b := app.Browser()
	for range 20 {
		b.Get("/doorwardtest/user").Want(302) // the kit complains of a cookie that is too large
	}
	if got := b.Get("/login").Flashes(); len(got) == 0 || len(got) == 20 {
		t.Errorf("%d flashes", len(got))
	}
	b.LoginAs(u)
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
}

func TestVary(t *testing.T) {
	app := kit.New(t, nil)
	app.Mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
	})
	if h := app.Browser().Get("/plain").Header; h.Get("Vary") != "" || h.Get("Cache-Control") != "public, max-age=60" || h.Get("Set-Cookie") != "" {
		t.Errorf("a page that asks nothing: %v", h)
	}
	if h := app.Browser().Get("/doorwardtest/whoami").Header; h.Get("Vary") != "Cookie" || h.Get("Cache-Control") != "private, no-store" || h.Get("Set-Cookie") != "" {
		t.Errorf("a page that asks who it is: %v", h)
	}
}

func FuzzCookie(f *testing.F) {
	app := kit.New(f, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	good := b.Cookie("session")
	f.Add(good[:len(good)-1])
	f.Add(good + "A")
	f.Add("")
	f.Add(strings.Repeat("A", 5000))
	f.Add("\x00;\"")
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"session", "remember_token", "tf_validity"} {
			res := app.In(t).Browser().Get("/doorwardtest/whoami", "Cookie", name+"="+value).Want(200)
			if got, _ := res.JSONAt("email").(string); got != "" && strings.Trim(value, "\" ;") != good {
				t.Errorf("%s=%q signs %s in", name, value, got)
			}
		}
	})
}

// A feature's cookie is for this host alone, and over TLS its name says so.
func TestFeatureCookies(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	for tls, name := range map[bool]string{true: "__Host-known_browser", false: "known_browser"} {
		b := app.Browser()
		b.TLS = tls
		c := b.PostForm("/login", credentials(joe)).Cookie(name)
		if c == nil {
			t.Fatalf("TLS %t: no %s among %q", tls, name, b.Cookies())
		}
		if c.Secure != tls || !c.HttpOnly || c.Domain != "" || c.Path != "/" || c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 {
			t.Errorf("TLS %t: %+v", tls, c)
		}
		for range 6 { // the sixth is refused; whoever is not known would be so for this address, too
			b.PostForm("/logout", nil)
			b.PostForm("/login", kit.Fields{"email": joe, "password": "wrong password"})
		}
		stranger := app.Browser()
		stranger.TLS = tls
		stranger.PostForm("/login", credentials(joe)).Want(302)
	}
}

// Whoever trusts a large network as proxies is told what that means.
func TestWideProxies(t *testing.T) {
	for network, want := range map[string]bool{"10.0.0.0/8": true, "0.0.0.0/0": true, "10.1.0.0/16": false, "127.0.0.1": false} {
		app := kit.New(t, func(c *batteries.Config) { c.Limits.TrustedProxies = []string{network} })
		if got := app.Logs.Contains("a whole network counts", network); got != want {
			t.Errorf("%s: told is %t", network, got)
		}
	}
}
