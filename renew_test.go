package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
)

// renewer is a feature that changes the caller's account. What happens between
// the caller's being let in and the change is the test's to say.
type renewer struct {
	bare
	rt        *doorward.Runtime
	meanwhile func(r *http.Request, u doorward.User)
	refuse    error
}

func newRenewer() *renewer {
	f := &renewer{meanwhile: func(*http.Request, doorward.User) {}}
	f.name = "renewer"
	f.init = func(rt *doorward.Runtime) error {
		f.rt = rt
		auth := &doorward.Auth{Via: []string{doorward.MechanismSession, doorward.MechanismToken, doorward.MechanismBasic}}
		return rt.Handle(
			doorward.Route{Name: "renew", Path: "/renew", Caller: doorward.UserCaller, Auth: auth, Post: f.renew},
			doorward.Route{Name: "prove", Path: "/prove", Caller: doorward.UserCaller, Post: f.prove})
	}
	return f
}

func (f *renewer) renew(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	u, err := f.rt.Stores().Users.FindUser(r.Context(), doorward.UserQuery{Attr: "fs_uniquifier", Value: id.User.SecurityAccount().Uniquifier})
	if errors.Is(err, doorward.ErrNotFound) {
		return doorward.Result{}, doorward.ErrAnonymous
	}
	if err != nil {
		return doorward.Result{}, err
	}
	f.meanwhile(r, u)
	res, err := f.rt.SignIn().Renew(r, u, "change", func(acc *doorward.Account) error {
		acc.LastLoginIP = "changed" // a column that is free to test with
		acc.LoginCount++
		return f.refuse
	})
	res.Redirect = "/"
	return res, err
}

// prove is a new proof, and then something that needs one.
func (f *renewer) prove(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	res, err := f.rt.SignIn().Reauthenticated(r, "test", "", "/")
	if err == nil {
		err = f.rt.SignIn().RequireFresh(r)
	}
	return res, err
}

// renewing is an application with joe in it.
func renewing(t *testing.T, edit func(*doorward.Config)) (*kit.App, *renewer, doorward.User) {
	t.Helper()
	f := newRenewer()
	app := withFeatures(t, edit, f)
	return app, f, app.NewUser(joe)
}

func changed(app *kit.App) bool { return app.Account(joe).LastLoginIP == "changed" }

func TestRenewBySession(t *testing.T) {
	for name, edit := range map[string]func(*doorward.Config){
		"rows": nil,
		"stateless": func(c *doorward.Config) {
			c.Stores.Sessions, c.Session.StatelessSessions = nil, true
		},
		"no transactions": func(c *doorward.Config) { c.Stores.Tx = nil },
	} {
		t.Run(name, func(t *testing.T) {
			app, _, u := renewing(t, edit)
			other, b := remembered(t, app, joe), remembered(t, app, joe)
			b.Get("/doorwardtest/user").Want(200)
			copied, token, csrf := b.Clone(), app.AuthToken(u), b.CSRF("")
			before := app.Account(joe)
			app.Clock.Advance(2 * time.Hour)
			app.Events.Reset()
			b.JSON = true
			res := b.PostJSON("/renew", kit.Fields{"csrf_token": csrf})
			if res.Status == 400 { // too old by now
				b.JSON = false
				b.Get("/verify")
				b.JSON = true
				res = b.PostJSON("/renew", nil)
			}
			res.Want(200)
			if res.JSONAt("response.user.authentication_token") != nil {
				t.Error("a token that nobody asked for")
			}
			if !changed(app) || app.Account(joe).Uniquifier == before.Uniquifier {
				t.Fatal("nothing was changed")
			}
			if got := app.Events.Names(); !slices.Contains(got, "Authenticated") {
				t.Errorf("events %q", got)
			}
			b.JSON = false
			b.Get("/doorwardtest/user").Want(200)
			b.Get("/doorwardtest/fresh").Want(200)
			b.Close()
			if b.WhoAmI() != joe {
				t.Error("this browser is not remembered any more")
			}
			for what, c := range map[string]*kit.Browser{"a copy of its cookies": copied, "another browser": other} {
				if c.Get("/doorwardtest/user"); c.WhoAmI() != "" {
					t.Errorf("%s is let in", what)
				}
				c.Close()
				if c.WhoAmI() != "" {
					t.Errorf("%s is remembered", what)
				}
			}
			if app.Browser().Get("/doorwardtest/user", "Authentication-Token", token).Status == 200 {
				t.Error("an old token is let in")
			}
			if b.Close(); b.WhoAmI() != joe {
				t.Error("a copy of an old value ended this browser's own")
			}
		})
	}
}

// Who is remembered goes on being so just as long as before.
func TestRenewRememberedAsLong(t *testing.T) {
	app, _, _ := renewing(t, nil)
	b := remembered(t, app, joe)
	app.Clock.Advance(200 * 24 * time.Hour)
	if b.WhoAmI() != joe {
		t.Fatal("not remembered")
	}
	b.CSRF("")
	b.PostForm("/renew", nil).Want(302)
	b.Close()
	app.Clock.Advance(164 * 24 * time.Hour)
	if b.WhoAmI() != joe {
		t.Error("for less long")
	}
	b.Close()
	app.Clock.Advance(2 * 24 * time.Hour)
	if b.WhoAmI() != "" {
		t.Error("for longer")
	}
}

// A value that was replaced a while ago was copied, and the one that counts is
// in other hands: they must not keep it.
func TestRenewForgetsThief(t *testing.T) {
	app, _, _ := renewing(t, nil)
	b := remembered(t, app, joe)
	thief := b.Clone()
	thief.Close()
	if thief.WhoAmI() != joe {
		t.Fatal("he has stolen nothing")
	}
	app.Clock.Advance(10 * time.Minute)
	b.PostForm("/renew", nil)
	if !changed(app) {
		t.Fatal("nothing was changed")
	}
	for range 2 {
		if thief.WhoAmI() != "" {
			t.Error("the thief is let in")
		}
		thief.Close()
	}
	if b.Close(); b.WhoAmI() != "" {
		t.Error("a value that is not good any more was replaced by one that is")
	}
}

// Somebody else's remember-me value stays his.
func TestRenewLeavesOthersAlone(t *testing.T) {
	app, _, u := renewing(t, nil)
	app.NewUser("ann@example.com")
	ann := remembered(t, app, "ann@example.com")
	b := app.Browser()
	b.LoginAs(u)
	b.SetCookie(rememberName, ann.Cookie(rememberName))
	b.PostForm("/renew", nil).Want(302)
	if !changed(app) || b.Cookie(rememberName) != ann.Cookie(rememberName) {
		t.Error("it was exchanged, or nothing was changed")
	}
	if ann.Close(); ann.WhoAmI() != "ann@example.com" {
		t.Error("she is not remembered any more")
	}
}

// Requests sent at once may have replaced the value a moment ago.
func TestRenewAfterRotation(t *testing.T) {
	app, _, _ := renewing(t, nil)
	b := remembered(t, app, joe)
	at := b.Clone()
	at.Close()
	if at.WhoAmI() != joe {
		t.Fatal("not remembered")
	}
	b.PostForm("/renew", nil).Want(302)
	if b.Close(); b.WhoAmI() != joe {
		t.Error("not remembered")
	}
	if at.Close(); at.WhoAmI() != "" {
		t.Error("the value of before is good")
	}
}

func TestRenewByToken(t *testing.T) {
	app, _, u := renewing(t, nil)
	token, other := app.AuthToken(u), app.Browser()
	other.LoginAs(u)
	b := app.Browser()
	b.JSON, b.NoCSRF = true, true
	res := b.PostJSON("/renew", nil, "Authentication-Token", token).Want(200)
	next, _ := res.JSONAt("response.user.authentication_token").(string)
	if next == "" || !changed(app) {
		t.Fatal("no new token")
	}
	for value, want := range map[string]int{token: 401, next: 200} {
		if got := app.Browser().Get("/doorwardtest/user", "Authentication-Token", value, "Accept", "application/json").Status; got != want {
			t.Errorf("a token gets %d, want %d", got, want)
		}
	}
	if other.WhoAmI() != "" || b.WhoAmI() != "" {
		t.Error("there is a session")
	}
}

// Tokens that do not hang on the uniquifier go on: the contract says so.
func TestRenewTokenUniquifier(t *testing.T) {
	app, _, u := renewing(t, nil)
	app.Change(u, func(acc *doorward.Account) { acc.TokenUniquifier = doorward.NewUniquifier() })
	token := app.AuthToken(u)
	b := app.Browser()
	b.LoginAs(u)
	b.PostForm("/renew", nil).Want(302)
	app.Browser().Get("/doorwardtest/user", "Authentication-Token", token).Want(200)
}

// A single-page application sends a token and has a session, too: both go on.
func TestRenewByTokenAndSession(t *testing.T) {
	app, _, u := renewing(t, nil)
	b := app.Browser()
	b.LoginAs(u)
	copied := b.Clone()
	b.JSON = true
	res := b.PostJSON("/renew", nil, "Authentication-Token", app.AuthToken(u)).Want(200)
	next, _ := res.JSONAt("response.user.authentication_token").(string)
	if b.WhoAmI() != joe || copied.WhoAmI() != "" {
		t.Error("the session does not go on, or its copy does")
	}
	app.Browser().Get("/doorwardtest/user", "Authentication-Token", next).Want(200)
}

func TestRenewByBasic(t *testing.T) {
	app, _, u := renewing(t, nil)
	other := app.Browser()
	other.LoginAs(u)
	b := app.Browser()
	b.JSON = true
	b.CSRF("/login")
	res := b.PostJSON("/renew", nil, "Authorization", basic(joe, kit.Password)).Want(200)
	if !changed(app) || res.JSONAt("response.user.authentication_token") != nil {
		t.Error("nothing was changed, or a token was given")
	}
	if other.WhoAmI() != "" || b.WhoAmI() != "" {
		t.Error("there is a session")
	}
}

// Nothing is changed for who is not the caller any more, or never was.
func TestRenewTooLate(t *testing.T) {
	ctx := context.Background()
	for name, meanwhile := range map[string]func(a *kit.App, f *renewer, r *http.Request, u doorward.User){
		"signed out everywhere": func(a *kit.App, _ *renewer, _ *http.Request, _ doorward.User) {
			full, err := a.Accounts().Find(ctx, joe)
			if err == nil {
				err = a.Accounts().SignOutEverywhere(ctx, full, nil)
			}
			if err != nil {
				panic(err)
			}
		},
		"sessions ended": func(a *kit.App, _ *renewer, _ *http.Request, u doorward.User) {
			_, _ = a.Accounts().EndSessions(ctx, u)
		},
		"switched off": func(a *kit.App, _ *renewer, _ *http.Request, u doorward.User) {
			_, _ = a.Accounts().SetActive(ctx, u, false)
		},
		"signed out": func(_ *kit.App, f *renewer, r *http.Request, _ doorward.User) { _ = f.rt.SignIn().Logout(r) },
		"deleted":    func(a *kit.App, _ *renewer, _ *http.Request, u doorward.User) { a.Delete(u) },
	} {
		for _, by := range []string{"session", "token"} {
			if by == "token" && (name == "sessions ended" || name == "signed out") {
				continue // that ends no token
			}
			t.Run(name+"/"+by, func(t *testing.T) {
				app, f, u := renewing(t, nil)
				b := app.Browser()
				b.JSON = true
				var headers []string
				if by == "token" {
					b.NoCSRF = true
					headers = []string{"Authentication-Token", app.AuthToken(u)}
				} else {
					b.LoginAs(u)
				}
				f.meanwhile = func(r *http.Request, u doorward.User) { meanwhile(app, f, r, u) }
				b.PostJSON("/renew", nil, headers...).Want(401)
				if b.WhoAmI() != "" {
					t.Error("the caller is let in")
				}
				if name != "deleted" && changed(app) {
					t.Error("the account was changed")
				}
			})
		}
	}
	t.Run("another account", func(t *testing.T) {
		app, f, u := renewing(t, nil)
		ann := app.NewUser("ann@example.com")
		b := app.Browser()
		b.LoginAs(u)
		f.meanwhile = func(_ *http.Request, u doorward.User) {
			if full, ok := u.(*member); ok {
				full.ID, full.Account = ann.(*member).ID, *ann.SecurityAccount()
			}
		}
		b.PostForm("/renew", nil)
		if got := b.WhoAmI(); got == "ann@example.com" || app.Account("ann@example.com").LastLoginIP == "changed" {
			t.Errorf("%s changed somebody else", got)
		}
	})
}

// A change that is refused changes nothing and ends nothing.
func TestRenewRefused(t *testing.T) {
	app, f, _ := renewing(t, nil)
	b := remembered(t, app, joe)
	value := b.Cookie(rememberName)
	f.refuse = doorward.Fail("password", "INVALID_PASSWORD")
	b.JSON = true
	b.PostJSON("/renew", nil).Want(400).Fails("password", "INVALID_PASSWORD")
	if changed(app) || b.WhoAmI() != joe || b.Cookie(rememberName) != value {
		t.Error("something has changed")
	}
	if b.Close(); b.WhoAmI() != joe {
		t.Error("not remembered any more")
	}
}

// The account has changed, so that is the answer, whatever cannot be issued with it.
func TestRenewWithoutIssuer(t *testing.T) {
	f := newRenewer()
	broken := &fakeIssuer{bare: bare{name: "issuer"}}
	app := withFeatures(t, nil, f, broken)
	u := app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	broken.err = errors.New("no issuer today")
	b.JSON = true
	b.PostJSON("/renew", nil).Want(200)
	if !changed(app) || b.WhoAmI() != joe || !app.Logs.Contains("no issuer today") {
		t.Error("not changed, signed out, or not told")
	}
}

// After a new proof the session is fresh in the same request, and its old id is
// worth nothing.
func TestProvedInTheSameRequest(t *testing.T) {
	app, _, _ := renewing(t, nil)
	b := remembered(t, app, joe)
	b.Close()
	b.Get("/doorwardtest/fresh").GoesTo("/verify?next=/doorwardtest/fresh")
	copied := app.Browser()
	copied.SetCookie(b.SessionCookie(), b.Cookie(b.SessionCookie()))
	if copied.WhoAmI() != joe {
		t.Fatal("this tests nothing")
	}
	b.JSON = true
	b.PostJSON("/prove", nil).Want(200)
	b.Get("/doorwardtest/fresh").Want(200)
	if copied.WhoAmI() != "" {
		t.Error("the old session is alive")
	}
}

// Of several changes at once one is made, by whatever the callers come with; and
// what ends sessions meanwhile leaves no half of it.
func TestRenewParallel(t *testing.T) {
	run := func(t *testing.T, edit func(*doorward.Config)) {
		app, _, u := renewing(t, edit)
		b := remembered(t, app, joe)
		b.JSON = true
		b.CSRF("/verify")
		count := app.Account(joe).LoginCount
		kit.Parallel(t, 20, 1, func(int) bool {
			res := b.Clone().PostJSON("/renew", nil)
			if res.Status >= 500 {
				t.Errorf("status %d", res.Status)
			}
			return res.Status == 200
		})
		token := app.AuthToken(u)
		kit.Parallel(t, 20, 1, func(int) bool {
			c := app.Browser()
			c.JSON, c.NoCSRF = true, true
			return c.PostJSON("/renew", nil, "Authentication-Token", token).Status == 200
		})
		if got := app.Account(joe).LoginCount - count; got != 3 { // one sign-in, for the token
			t.Errorf("%d changes, want 2 and a sign-in", got)
		}
		for round := range 5 {
			c := remembered(t, app, joe)
			c.JSON = true
			c.CSRF("/verify")
			count, full := app.Account(joe).LoginCount, find(t, app)
			var renewed, ended atomic.Int64
			kit.Parallel(t, 9, 9, func(i int) bool {
				one := c.Clone()
				switch i % 3 {
				case 0:
					res := one.PostJSON("/renew", nil)
					if res.Status == 200 {
						renewed.Add(1)
					}
					return res.Status == 200 || res.Status == 401
				case 1:
					return one.PostJSON("/logout", nil).Status < 500
				}
				n, err := app.Accounts().EndSessions(context.Background(), full)
				ended.Add(int64(n))
				return err == nil
			})
			if got := app.Account(joe).LoginCount - count; int64(got) != renewed.Load() || got > 1 {
				t.Errorf("round %d: %d changes, and %d were told", round, got, renewed.Load())
			}
			live, err := app.Accounts().Sessions(t.Context(), find(t, app))
			if err != nil || int64(len(live)) > renewed.Load() {
				t.Errorf("round %d: %d sessions after %d changes: %v", round, len(live), renewed.Load(), err)
			}
		}
	}
	t.Run("memory", func(t *testing.T) { run(t, nil) })
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			db := testdb.Open(t, kind)
			run(t, func(c *doorward.Config) { c.Stores = storesOf(t, db) })
		})
	}
}

func find(t *testing.T, app *kit.App) doorward.User {
	t.Helper()
	u, err := app.Accounts().Find(t.Context(), joe)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
