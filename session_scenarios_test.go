package doorward_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// A cookie that was saved is worth nothing once its session is over, whatever
// ended it (ASVS 7.4.1, 7.4.2).
func TestSavedCookieIsDead(t *testing.T) {
	for name, end := range map[string]func(*kit.App, *kit.Browser, doorward.User){
		"sign-out": func(_ *kit.App, b *kit.Browser, _ doorward.User) { b.PostForm("/logout", kit.Fields{}).Want(302) },
		"switched off": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			_, _ = app.Accounts().SetActive(t.Context(), u, false)
		},
		"row switched": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Active = false })
		},
		"deleted": func(app *kit.App, _ *kit.Browser, u doorward.User) { app.Delete(u) },
		"rotated": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			_ = app.Accounts().SignOutEverywhere(t.Context(), u, nil)
		},
		"access reset": func(app *kit.App, _ *kit.Browser, u doorward.User) { _ = app.Accounts().ResetAccess(t.Context(), u) },
		"ended all": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			_, _ = app.Accounts().EndSessions(t.Context(), u)
		},
		"idle": func(app *kit.App, _ *kit.Browser, _ doorward.User) { app.Clock.Advance(7 * 24 * time.Hour) },
		"uniquifier only": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Uniquifier = doorward.NewUniquifier() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := kit.New(t, nil)
			u := app.NewUser(joe)
			b := app.Browser()
			b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
			saved := b.Clone()
			if saved.WhoAmI() != joe {
				t.Fatal("the saved cookie does not work before")
			}
			session := saved.Clone()
			session.SetCookie("remember_token", "")
			end(app, b, u)
			if who := session.WhoAmI(); who != "" {
				t.Errorf("the saved session cookie signs %s in", who)
			}
			if name == "idle" {
				return // a remembered browser may come back after that
			}
			if who := saved.WhoAmI(); who != "" {
				t.Errorf("the saved cookies sign %s in", who)
			}
		})
	}
}

// A request that was on its way while its session was ended does not bring it
// back, though it writes the session cookie.
func TestSlowRequestRevivesNothing(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	app.Mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		if _, err := doorward.IdentityFrom(r.Context()); err != nil {
			t.Error("not signed in at first")
		}
		close(arrived)
		<-goOn
		doorward.CSRFToken(r.Context())
	})
	b := app.Browser()
	b.LoginAs(u)
	b.Get("/verify") // the page's token makes the answer's cookie
	slow := b.Clone()
	done := make(chan struct{})
	go func() {
		defer close(done)
		slow.Get("/slow")
	}()
	<-arrived
	b.PostForm("/logout", kit.Fields{}).Want(302)
	close(goOn)
	<-done
	if who := slow.WhoAmI(); who != "" {
		t.Errorf("signed in is %s", who)
	}
	if s, _ := app.Accounts().Sessions(t.Context(), u); len(s) != 0 {
		t.Errorf("%d sessions are stored", len(s))
	}
}

func TestSessionLimits(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Session.Idle, c.Session.Lifetime = time.Hour, 3*time.Hour
		c.Session.Persistent = true // the cookie is renewed, and must not renew the session
	})
	u := app.NewUser(joe)
	used, unused := app.Browser(), app.Browser()
	used.LoginAs(u)
	unused.LoginAs(u)
	for i := range 3 {
		app.Clock.Advance(59 * time.Minute)
		if used.WhoAmI() != joe {
			t.Fatalf("over after %d uses", i)
		}
		if err := app.Stores.Sessions.TouchSessions(t.Context(), map[string]time.Time{sessionID(t, app, used): app.Clock.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if who := unused.WhoAmI(); who != "" {
		t.Errorf("not used for 177 minutes, and signed in")
	}
	app.Clock.Advance(4 * time.Minute) // 181 minutes: over, though used
	if used.WhoAmI() != "" {
		t.Error("lives longer than its lifetime")
	}
}

// sessionID returns the row of the browser's session.
func sessionID(t *testing.T, app *kit.App, b *kit.Browser) string {
	t.Helper()
	var id string
	h := app.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ident, err := doorward.IdentityFrom(r.Context())
		if err != nil {
			t.Error(err)
		}
		id = ident.SessionID
	}))
	serve(t, h, b, http.MethodGet, "/id")
	return id
}

func TestListAndEndSessions(t *testing.T) {
	app := kit.New(t, nil)
	u, other := app.NewUser(joe), app.NewUser(jane)
	var bs [3]*kit.Browser
	for i := range bs {
		bs[i] = app.Browser()
		bs[i].Agent = "browser " + string(rune('A'+i))
		bs[i].LoginAs(u)
		app.Clock.Advance(time.Second)
	}
	list, err := app.Accounts().Sessions(t.Context(), u)
	if err != nil || len(list) != 3 || list[0].UserAgent != "browser C" || list[2].Address != "192.0.2.1" {
		t.Fatalf("%+v %v", list, err)
	}
	if err := app.Accounts().EndSession(t.Context(), other, list[0].IDHash); err == nil {
		t.Error("another user ended a session")
	}
	app.Events.Reset()
	if err := app.Accounts().EndSession(t.Context(), u, list[0].IDHash); err != nil {
		t.Fatal(err)
	}
	if bs[2].WhoAmI() != "" || bs[1].WhoAmI() != joe {
		t.Error("the wrong session ended")
	}
	var n int
	app.Mux.HandleFunc("/others", func(_ http.ResponseWriter, r *http.Request) { n, err = app.Accounts().EndOthers(r) })
	bs[0].Get("/others").Want(200)
	if n != 1 || err != nil || bs[0].WhoAmI() != joe || bs[1].WhoAmI() != "" {
		t.Errorf("%d ended, %v", n, err)
	}
	if got := kit.EventsOf[doorward.SessionsEnded](app.Events); len(got) != 2 || got[0].Count != 1 {
		t.Errorf("events %+v", got)
	}
	app.Clock.Advance(8 * 24 * time.Hour)
	if list, _ := app.Accounts().Sessions(t.Context(), u); len(list) != 0 {
		t.Errorf("%d sessions are listed that are over", len(list))
	}
}

// The id changes with every change of privilege, and what was planted before
// is worth nothing after (ASVS 7.2.4).
func TestRenewedID(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	attacker := app.Browser()
	token := attacker.CSRF("/login")
	victim := attacker.Clone() // the planted cookie
	victim.PostForm("/login", credentials(joe)).Want(302)
	if who := attacker.WhoAmI(); who != "" {
		t.Errorf("the planted cookie became %s's", who)
	}
	if res := victim.PostJSON("/verify", kit.Fields{"password": kit.Password, "csrf_token": token}); res.Status != 400 {
		t.Errorf("the CSRF token from before the sign-in works: %d", res.Status)
	}
	before := victim.Clone()
	victim.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(302)
	if before.WhoAmI() != "" || victim.WhoAmI() != joe {
		t.Error("the id was not renewed by a new proof")
	}
	if s, _ := app.Accounts().Sessions(t.Context(), &kit.User{Account: app.Account(joe)}); len(s) != 1 {
		t.Errorf("%d sessions", len(s))
	}
}

// A sign-in in a browser that is somebody else's ends that session.
func TestSignInReplacesSession(t *testing.T) {
	app := kit.New(t, nil)
	u, v := app.NewUser(joe), app.NewUser(jane)
	b := app.Browser()
	b.LoginAs(u)
	saved := b.Clone()
	b.LoginAs(v)
	if b.WhoAmI() != jane || saved.WhoAmI() != "" {
		t.Errorf("now %q, saved %q", b.WhoAmI(), saved.WhoAmI())
	}
}

func TestSessionProtection(t *testing.T) {
	for mode, want := range map[string]struct {
		who   string
		fresh int
		event []string
	}{
		"basic":  {joe, 401, []string{"SessionProtected"}},
		"strong": {"", 401, []string{"SessionProtected"}},
		"none":   {joe, 200, nil},
	} {
		t.Run(mode, func(t *testing.T) {
			app := kit.New(t, func(c *batteries.Config) { c.Session.Protection = some(mode) })
			u := app.NewUser(joe)
			b := app.Browser()
			b.LoginAs(u)
			b.JSON = true
			saved := b.Clone()
			app.Events.Reset()
			b.Agent = "another browser"
			who := b.WhoAmI()
			if got := app.Events.Take(); who != want.who || len(got) != len(want.event) {
				t.Errorf("%q, events %q", who, got)
			}
			b.Get("/doorwardtest/fresh").Want(want.fresh)
			if mode == "strong" && saved.WhoAmI() != "" {
				t.Error("the session has not ended")
			}
			if mode == "basic" {
				b.PostJSON("/verify", kit.Fields{"password": kit.Password}).Want(200)
				b.Get("/doorwardtest/fresh").Want(200)
			}
		})
	}
}

func TestStateless(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Stores.Sessions, c.Session.StatelessSessions = nil, true
	})
	u := app.NewUser(joe)
	if !app.Logs.Contains("SECURITY_INSECURE_STATELESS_SESSIONS", "WARN") {
		t.Error("no warning was logged")
	}
	b := app.Browser()
	b.PostForm("/login", credentials(joe)).Want(302)
	saved := b.Clone()
	b.PostForm("/logout", kit.Fields{}).Want(302)
	if b.WhoAmI() != "" || saved.WhoAmI() != joe {
		t.Errorf("signed out is %q, saved is %q", b.WhoAmI(), saved.WhoAmI())
	}
	app.Change(u, func(a *doorward.Account) { a.Active = false })
	if saved.WhoAmI() != "" {
		t.Error("a switched-off user is signed in")
	}
	if _, err := doorward.New(doorward.Config{SecretKey: []byte(kit.SecretKey), Stores: doorward.Stores{Users: app.Stores.Users}}); err == nil {
		t.Error("no session store, and nobody says so")
	}
}
