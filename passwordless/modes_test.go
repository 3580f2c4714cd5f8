package passwordless_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/passwordless"
)

// TestLinkByGet: where opening a link uses it, a prefetch does not, and the
// answer is a redirect that holds nothing.
func TestLinkByGet(t *testing.T) {
	app := site(t, with(func(c *batteries.Config) { c.URLs.LinkUse = "get" }))
	path := ask(t, app, joe)
	b := visitor(app, true)
	b.Get(path, "Sec-Purpose", "prefetch").Want(200)
	b.Do(http.MethodHead, path, nil).Want(200)
	if b.WhoAmI() != "" {
		t.Fatal("a prefetch signs in")
	}
	b.Get(path + "?include_auth_token").GoesTo("/").Lacks("authentication_token")
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
	c := visitor(app, false)
	c.Get(path).GoesTo("/login")
	if got := c.Get("/login").Flashes(); !slices.Equal(got, []string{"INVALID_LOGIN_TOKEN"}) {
		t.Errorf("flashes %q", got)
	}
	app.Clock.Advance(25 * time.Hour)
	c.Get(path).GoesTo("/login")
	if n := len(app.Outbox.Sent()); n != 2 {
		t.Errorf("%d mails", n)
	}
}

// TestLinkSPA: a single-page application is told in the query of its views.
func TestLinkSPA(t *testing.T) {
	spa := with(func(c *batteries.Config) {
		c.URLs.Behavior, c.URLs.PostLogin, c.URLs.LoginError = "spa", "/app?x=1", "/app/error"
	})
	app := site(t, spa)
	lead := func(path string) (string, url.Values) {
		t.Helper()
		res := visitor(app, true).Get(path).Want(http.StatusFound)
		u, err := url.Parse(res.Location())
		if err != nil {
			t.Fatal(err)
		}
		return u.Path, u.Query()
	}
	path := ask(t, app, joe, "next", "/books")
	if at, q := lead(path); at != "/app" || q.Get("email") != joe || q.Get("identity") != joe || q.Get("x") != "1" || len(q) != 3 {
		t.Errorf("%s %v", at, q)
	}
	if at, q := lead(path); at != "/app/error" || q.Get("error") == "" || len(q) != 1 {
		t.Errorf("used: %s %v", at, q)
	}
	path = ask(t, app, joe)
	app.Clock.Advance(25 * time.Hour)
	if at, q := lead(path); at != "/app/error" || q.Get("error") == "" || q.Get("email") != joe || q.Get("identity") != joe {
		t.Errorf("old: %s %v", at, q)
	}
	path = link(t, app)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Active = false })
	if at, q := lead(path); at != "/app/error" || q.Get("error") == "" || q.Get("email") != "" {
		t.Errorf("switched off: %s %v", at, q)
	}
}

// TestConfig: what cannot work is found at start.
func TestConfig(t *testing.T) {
	for name, edit := range map[string]func(*batteries.Config){
		"no mails":     func(c *batteries.Config) { c.Mail.Sender = nil },
		"no host":      func(c *batteries.Config) { c.URLs.ServerName = "" },
		"no claims":    func(c *batteries.Config) { c.Stores.Claims, c.UnlimitedGuessing = nil, true },
		"never":        func(c *batteries.Config) { c.Passwordless.Within = -time.Hour },
		"no spa views": func(c *batteries.Config) { c.URLs.Behavior = "spa" },
	} {
		var cfg batteries.Config
		cfg.Stores, cfg.SecretKey, cfg.URLs.ServerName = stores(), []byte(kit.SecretKey), kit.Host
		cfg.Mail.Sender, cfg.Passwordless = unqueued{}, &passwordless.Config{}
		edit(&cfg)
		_, err := batteries.New(cfg)
		if bad, ok := errors.AsType[*doorward.ConfigError](err); !ok || !strings.Contains(err.Error(), "passwordless") || bad.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStillThere: other ways to prove a password stay as they are.
func TestStillThere(t *testing.T) {
	app := site(t, turnedOn)
	b := visitor(app, true)
	use(b, ask(t, app, joe)).Want(200)
	b.Post("/verify", kit.Fields{"password": kit.Password}).Want(200)
	if b.Post("/logout", kit.Fields{}).Want(200); b.WhoAmI() != "" {
		t.Error("not signed out")
	}
}

// TestMatrix: nothing fails, whatever strangers send.
func TestMatrix(t *testing.T) {
	app := site(t, turnedOn)
	kit.MailTrap(t, app, "https://localhost")
	b := visitor(app, true)
	for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE"} {
		b.Do(method, "/login", nil).Want(405)
		b.Do(method, "/login/x", nil).Want(405)
	}
}
