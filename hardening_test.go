package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/password"
)

// panicky is a session store whose writes panic.
type panicky struct {
	doorward.SessionStore
	on *bool
}

func (p panicky) CreateSession(ctx context.Context, s doorward.Session, replaces string) error {
	if *p.on {
		panic("the store broke")
	}
	return p.SessionStore.CreateSession(ctx, s, replaces)
}

func (p panicky) RekeySession(ctx context.Context, a, b, c string) error {
	if *p.on {
		panic("the store broke")
	}
	return p.SessionStore.RekeySession(ctx, a, b, c)
}

func (p panicky) EndSession(ctx context.Context, u, id string) error {
	if *p.on {
		panic("the store broke")
	}
	return p.SessionStore.EndSession(ctx, u, id)
}

// A store that panics while a session is written is answered, not waited for.
func TestStorePanicIsAnswered(t *testing.T) {
	on := false
	app := kit.New(t, func(c *batteries.Config) {
		c.Stores.Sessions, c.Stores.Tx = panicky{c.Stores.Sessions, &on}, nil
	})
	u := app.NewUser(joe)
	in := app.Browser()
	in.LoginAs(u)
	out := app.Browser()
	out.Get("/login")
	in.Get("/verify")
	on = true
	out.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(500)
	in.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(500)
	in.PostForm("/logout", kit.Fields{}).Want(500)
	on = false
}

// Zero is the shortest freshness there is, not none.
func TestFreshnessZeroAsksAlways(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Fresh.Within, c.Fresh.Grace = conf.Some(time.Duration(0)), conf.Some(time.Duration(1))
	})
	app.Mux.Handle("/fresh", app.Require(doorward.Auth{Fresh: true})(http.NotFoundHandler()))
	b := app.Browser()
	b.LoginAs(app.NewUser(joe))
	app.Clock.Advance(time.Hour)
	b.JSON = true
	b.Get("/fresh").Want(401).Contains("REAUTHENTICATION_REQUIRED")
}

// ending is a remember store that ends everything of a user just after his
// cookie was found good.
type ending struct {
	doorward.RememberStore
	end func()
}

func (e *ending) UpdateRemember(ctx context.Context, s string, f func(*doorward.Remember) error) (doorward.Remember, error) {
	r, err := e.RememberStore.UpdateRemember(ctx, s, f)
	if end := e.end; end != nil {
		e.end = nil
		end()
	}
	return r, err
}

// A remembered browser that comes back while its user ends all sessions does
// not begin another, also in a store without transactions.
func TestRememberedWhileAllEnds(t *testing.T) {
	var trap *ending
	app := kit.New(t, func(c *batteries.Config) {
		trap = &ending{RememberStore: c.Stores.Remember}
		c.Stores.Remember, c.Stores.Tx = trap, nil
	})
	u := app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
	b.SetCookie("session", "")
	trap.end = func() {
		if _, err := app.Accounts().EndSessions(t.Context(), u); err != nil {
			t.Error(err)
		}
	}
	b.Get("/login")
	for range 2 {
		if who := b.WhoAmI(); who != "" {
			t.Errorf("%s is signed in after all sessions were ended", who)
		}
	}
	if s, err := app.Accounts().Sessions(t.Context(), u); err != nil || len(s) != 0 {
		t.Errorf("%d sessions, %v", len(s), err)
	}
}

// Who signs out of an account that is switched off is signed out when it is
// switched on again.
func TestSignOutWhileSwitchedOff(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	saved := b.Clone()
	app.Change(u, func(a *doorward.Account) { a.Active = false })
	b.PostForm("/logout", kit.Fields{}).Want(302)
	app.Change(u, func(a *doorward.Account) { a.Active = true })
	if who := saved.WhoAmI(); who != "" {
		t.Errorf("the saved cookie signs %s in", who)
	}
}

// A guard for roles alone wants the CSRF token that every guard wants, and two
// guards want it once.
func TestRoleGuardsCheckCSRF(t *testing.T) {
	app := kit.New(t, nil)
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("deleted " + r.PostFormValue("what")))
	})
	app.Mux.Handle("/alone", app.RequireRoles("admin")(ok))
	app.Mux.Handle("/both", app.RequireUser()(app.RequireRoles("admin")(ok)))
	u := app.NewUser(joe)
	app.GiveRole(u, "admin")
	b := app.Browser()
	b.LoginAs(u)
	for _, path := range []string{"/alone", "/both"} {
		b.PostForm(path, kit.Fields{"what": "it"}).Want(200).Contains("deleted it")
		b.PostForm(path, kit.Fields{"what": "it"}, "Sec-Fetch-Site", "cross-site").Want(400)
		bare := b.Clone()
		bare.NoCSRF = true
		bare.PostForm(path, kit.Fields{"what": "it"}).Want(400)
	}
}

// Where users have usernames only, an email address is an unknown account.
func TestEmailThatIsNoIdentity(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Identities, c.Usernames.Enable = []string{"username"}, true })
	app.NewUser(joe, func(a *doorward.Account) { a.Username = "joejoe" })
	before := app.Hashes()
	app.Browser().PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(400).Contains("USER_DOES_NOT_EXIST")
	if app.Hashes() != before+1 {
		t.Errorf("%d hashes", app.Hashes()-before)
	}
}

// What a feature kept for one user is not there for the next.
func TestDraftsEndWithTheUser(t *testing.T) {
	f := &bare{name: "drafty"}
	var rt *doorward.Runtime
	f.init = func(r *doorward.Runtime) error { rt = r; return nil }
	app := kit.New(t, func(c *batteries.Config) { c.More = []doorward.Feature{f} })
	app.Mux.HandleFunc("/put", func(_ http.ResponseWriter, r *http.Request) { rt.Web().SetDraft(r, "k", "kept") })
	app.Mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("[" + rt.Web().Draft(r, "k") + "]"))
	})
	a, b := app.NewUser(joe), app.NewUser("ann@example.com")
	v := app.Browser()
	v.LoginAs(a)
	v.Get("/put")
	v.Get("/get").Contains("[kept]")
	other := v.Clone()
	v.PostForm("/logout", kit.Fields{}).Want(302)
	v.Get("/get").Contains("[]")
	other.LoginAs(b)
	other.Get("/get").Contains("[]")
}

// The way back after signing in leads to the path that was asked for.
func TestNextKeepsEscapes(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	app.Mux.Handle("/files/", app.RequireUser()(http.NotFoundHandler()))
	for path, want := range map[string]string{"/files/caf%C3%A9?a=b&c=d": "/files/caf%C3%A9?a=b&c=d", "/files/a%20b": "/files/a%20b"} {
		b := app.Browser()
		login := b.Get(path).Want(302).Header.Get("Location")
		got := b.PostForm(login, kit.Fields{"email": u.SecurityAccount().Email, "password": kit.Password}).Want(302).Header.Get("Location")
		if got != want {
			t.Errorf("%s leads back to %s by %s", path, got, login)
		}
	}
}

// Strong protection ends a copied remember-me cookie with the session.
func TestStrongProtectionForgets(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Session.Protection = conf.Some("strong") })
	app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
	thief := b.Clone()
	thief.Addr = "203.0.113.9:1"
	for range 2 {
		if who := thief.WhoAmI(); who != "" {
			t.Errorf("the copy signs %s in", who)
		}
	}
}

// Settings with which nobody could sign in, or be kept in, are refused at start.
func TestStartRefusesWhatCannotWork(t *testing.T) {
	for want, edit := range map[string]func(*batteries.Config){
		"SESSION_COOKIE_*":             func(c *batteries.Config) { c.Session.CookieName = "my session" },
		"both \"remember_token\"":      func(c *batteries.Config) { c.Session.CookieName = "remember_token" },
		"SESSION_COOKIE_PATH":          func(c *batteries.Config) { c.Session.Path = "nonsense" },
		"SESSION_COOKIE_*: the cookie": func(c *batteries.Config) { c.Session.Domain = "exa mple" },
		"PERMANENT_SESSION_LIFETIME":   func(c *batteries.Config) { c.Session.Lifetime = -5 },
		"SECURITY_SESSION_IDLE":        func(c *batteries.Config) { c.Session.Idle = -5 },
		"SECURITY_URL_PREFIX":          func(c *batteries.Config) { c.URLs.Prefix = "auth" },
		"APPLICATION_ROOT":             func(c *batteries.Config) { c.URLs.Root = "//evil" },
		"lies among the static files":  func(c *batteries.Config) { c.Login.URL = "/fs-static/doorward.css" },
		"characters that a URL escapes": func(c *batteries.Config) {
			c.Login.URL = "/lögin"
		},
	} {
		cfg := batteries.Config{}
		st := kit.New(t, nil).Stores
		cfg.Stores, cfg.SecretKey = st, []byte(kit.SecretKey)
		edit(&cfg)
		_, err := batteries.New(cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
		if _, ok := errors.AsType[*doorward.ConfigError](err); !ok {
			t.Errorf("%T", err)
		}
	}
}

// The second use of a second factor's answer is told that there is nothing to
// answer, not that the server failed.
func TestSecondFactorTwice(t *testing.T) {
	app, _ := withSecond(t, nil, newSecond("second", "app"))
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", credentials(joe)).Want(200)
	b.CSRF("/login")
	late := b.Clone()
	b.PostJSON("/second", code("123456")).Want(200)
	late.PostJSON("/second", code("123456")).Want(400).Contains("TWO_FACTOR_PERMISSION_DENIED")
}

// A long way back is forgotten before the sign-in is.
func TestSecondFactorSurvivesALongNext(t *testing.T) {
	app, _ := withSecond(t, nil, newSecond("second", "app"))
	b := app.Browser()
	next := "/x?" + strings.Repeat(`"`, 1500) // grows where it is quoted
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "next": next}).GoesTo("/second")
	b.PostForm("/second", code("123456")).Want(302)
	if who := b.WhoAmI(); who != joe {
		t.Errorf("%q is signed in", who)
	}
}

// busyHasher has no place left.
type busyHasher struct{ batteries.Hasher }

func (busyHasher) Verify(context.Context, string, string) (password.Match, error) {
	return password.Match{}, password.ErrBusy
}

// A queue that is full says nothing about the password, to nobody.
func TestBusyIsNoWrongGuess(t *testing.T) {
	l := &fakeLimiter{bare: bare{name: "limiter"}}
	app := kit.New(t, func(c *batteries.Config) { c.Hasher, c.More = busyHasher{c.Hasher}, []doorward.Feature{l} })
	app.NewUser(joe)
	res := app.Browser().PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(503)
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if got := l.told(); len(got) != 1 || got[0] != doorward.Errored {
		t.Errorf("the limiter was told %v", got)
	}
	if got := kit.EventsOf[doorward.AuthnFailed](app.Events); len(got) != 0 {
		t.Errorf("told of %v", got)
	}
}

// Who does not check the tokens of strangers still refuses what a browser marks
// as another site's, and checks the tokens of users.
func TestIgnoringStrangersTokens(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.CSRF.IgnoreAnonymous = true })
	u := app.NewUser(joe)
	b := app.Browser()
	b.NoCSRF = true
	b.PostForm("/login", credentials(joe), "Sec-Fetch-Site", "cross-site").Want(400)
	if who := b.WhoAmI(); who != "" {
		t.Errorf("another site signed %s in", who)
	}
	b.PostForm("/login", credentials(joe)).Want(302)
	b.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(400)
	app.Mux.Handle("/guarded", app.RequireUser()(http.NotFoundHandler()))
	b.LoginAs(u)
	b.PostForm("/guarded", kit.Fields{}).Want(400)
}

// The last segment of a path may be a secret; the log has the route instead.
func TestLogNamesTheRoute(t *testing.T) {
	f := &bare{name: "links", init: func(rt *doorward.Runtime) error {
		return rt.Handle(doorward.Route{Name: "link", Path: "/link/{token}", Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
			return doorward.Result{}, errors.New("it broke")
		}})
	}}
	app := kit.New(t, func(c *batteries.Config) { c.More = []doorward.Feature{f} })
	app.Secret("s3cr3t-of-the-link")
	app.Browser().Get("/link/s3cr3t-of-the-link").Want(500)
	if !app.Logs.Contains("request failed", "/link/{token}") || app.Logs.Contains("s3cr3t-of-the-link") {
		t.Errorf("the log: %s", app.Logs)
	}
}

// A session cookie holds the state of the script-readable cookie only where
// there is such a cookie.
func TestSessionCookieIsShort(t *testing.T) {
	length := func(name string) int {
		app := kit.New(t, func(c *batteries.Config) { c.CSRF.CookieName = name })
		b := app.Browser()
		b.LoginAs(app.NewUser(joe))
		return len(b.Cookie("session"))
	}
	if without, with := length(""), length("XSRF-TOKEN"); with-without < len(`{"c":"sent"}`) {
		t.Errorf("%d bytes without, %d with", without, with)
	}
}

// REDIRECT_HOST is put into targets that are URLs, and is a host they may be on.
func TestRedirectHost(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.URLs.RedirectHost = "ui.example.com:3000" })
	app.NewUser(joe)
	app.Browser().PostForm("/login?next=/x", credentials(joe)).GoesTo("//ui.example.com:3000/x")
	app.Browser().PostForm("/login", credentials(joe)).GoesTo("//ui.example.com:3000/")
}
