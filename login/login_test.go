package login_test

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
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/login"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
)

const joe = "joe@example.com"

// Sign-in itself, which every feature shares, is tested with the engine. Here
// are the feature's own settings.

func TestNeedsAHasher(t *testing.T) {
	cfg := doorward.Config{Stores: doorward.StoresFrom(memstore.New[doorwardtest.User]()), SecretKey: []byte(doorwardtest.SecretKey)}
	_, err := doorward.New(cfg, login.New(login.Config{}))
	if problem, ok := errors.AsType[*doorward.ConfigError](err); !ok || problem.Feature != "login" || !strings.Contains(problem.Error(), "hasher") {
		t.Errorf("%v", err)
	}
}

func TestURLsAndMethods(t *testing.T) {
	app := doorwardtest.New(t, func(c *batteries.Config) {
		c.Login.URL, c.Login.LogoutURL, c.Login.VerifyURL = "/in", "/out", "/again"
		c.Login.LogoutMethods = conf.Some([]string{"GET", "POST"})
		c.Login.PostVerify, c.URLs.PostLogout = "/verified", "/bye"
	})
	u := app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/in", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).GoesTo("/")
	b.PostForm("/again", doorwardtest.Fields{"password": doorwardtest.Password}).GoesTo("/verified")
	// GET leads somewhere also when JSON is asked for, as the contract has it.
	b.Get("/out", "Accept", "text/html").GoesTo("/bye")
	if who := b.WhoAmI(); who != "" {
		t.Errorf("%s is still signed in", who)
	}
	b.LoginAs(u)
	if res := b.PostJSON("/out", nil).Want(200); res.JSONAt("response.csrf_token") != nil {
		t.Errorf("signing out answers more than nothing: %s", res.Body)
	}
	b.Get("/login").Want(404)
}

func TestLogoutCanBeLeftOut(t *testing.T) {
	app := doorwardtest.New(t, func(c *batteries.Config) { c.Login.LogoutMethods = conf.Null[[]string]() })
	app.Browser().PostForm("/logout", doorwardtest.Fields{}).Want(404)
}

func TestVerifyGoesWithFreshness(t *testing.T) {
	app := doorwardtest.New(t, func(c *batteries.Config) { c.Fresh.Within = conf.Some(-time.Second) })
	b := app.Browser()
	b.LoginAs(app.NewUser(joe))
	b.Get("/verify").Want(404)
}

// A stored hash of another password, or of no known kind, lets nobody in and
// stays as it is.
func TestForeignHash(t *testing.T) {
	const weak = "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$8R9MAbRo5vQJrb2U8tX9yGZLz0pUqTqv4H4mB2wq1oE"
	app := doorwardtest.New(t, nil)
	u := app.NewUser(joe)
	app.Change(u, func(a *doorward.Account) { a.PasswordHash = weak })
	app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).Want(400).Fails("password", "INVALID_PASSWORD")
	if app.Account(joe).PasswordHash != weak {
		t.Error("a wrong password replaced the hash")
	}
	app.Change(u, func(a *doorward.Account) { a.PasswordHash = "no hash at all" })
	app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).Want(400).Fails("password", "INVALID_PASSWORD")
}

// upgrading says of every good password that its hash is outdated.
type upgrading struct{ *doorwardtest.Hasher }

func (h upgrading) Verify(ctx context.Context, plain, stored string) (m password.Match, err error) {
	m, err = h.Hasher.Verify(ctx, plain, stored)
	m.Rehash = m.OK
	return m, err
}

func TestOutdatedHashIsReplaced(t *testing.T) {
	h := upgrading{doorwardtest.New(t, nil).Hasher}
	app := doorwardtest.New(t, func(c *batteries.Config) { c.Hasher = h })
	app.NewUser(joe)
	before := app.Account(joe).PasswordHash
	for _, plain := range []string{"wrong", doorwardtest.Password} {
		app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": plain})
		after := app.Account(joe).PasswordHash
		if replaced := after != before; replaced != (plain == doorwardtest.Password) {
			t.Errorf("after %q: replaced is %v", plain, replaced)
		}
	}
	app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).Want(200)
}

// TestCostlierHashesAreToldOnce: whoever asks first, with whatever password, and that the
// hash stays.
func TestCostlierHashesAreToldOnce(t *testing.T) {
	const costly = "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$G6+I0RF6yNFbZN7fKvEgzA"
	app := doorwardtest.New(t, nil)
	told := func() int { return strings.Count(app.Logs.String(), "stored password hashes cost more than new ones") }
	u := app.NewUser(joe)
	app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": "wrong"}).Want(400)
	app.Browser().PostJSON("/login", doorwardtest.Fields{"email": "nobody@example.com", "password": "wrong"}).Want(400)
	if n := told(); n != 0 {
		t.Errorf("own hashes: told %d times", n)
	}
	app.Change(u, func(a *doorward.Account) { a.PasswordHash = costly })
	for range 2 {
		app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": "wrong"}).Want(400)
		if n := told(); n != 1 {
			t.Errorf("told %d times", n)
		}
	}
	if app.Account(joe).PasswordHash != costly {
		t.Error("the hash was replaced")
	}
}

// racing changes the password while an outdated hash of the old one is replaced.
type racing struct {
	upgrading
	meanwhile func()
}

func (h racing) Hash(ctx context.Context, plain string) (string, error) {
	h.meanwhile()
	return h.Hasher.Hash(ctx, plain)
}

func TestReplacingUndoesNoChange(t *testing.T) {
	var app *doorwardtest.App
	h := &racing{upgrading: upgrading{doorwardtest.New(t, nil).Hasher}, meanwhile: func() {}}
	app = doorwardtest.New(t, func(c *batteries.Config) { c.Hasher = h })
	u := app.NewUser(joe)
	h.meanwhile = func() { app.Change(u, func(a *doorward.Account) { a.PasswordHash = "of the new password" }) }
	app.Browser().PostJSON("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password})
	if got := app.Account(joe).PasswordHash; got != "of the new password" {
		t.Error("the changed password is gone")
	}
}

// second asks for a code that nobody has.
type second struct{ rt *doorward.Runtime }

func (s *second) Name() string { return "second" }

func (s *second) Init(rt *doorward.Runtime) error {
	s.rt = rt
	return rt.Handle(doorward.Route{Name: "second", Path: "/second", Get: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
		_, err := rt.SignIn().Pending(r)
		return doorward.Result{JSON: map[string]any{"waits": err == nil}}, err
	}})
}

func (*second) Methods(context.Context, doorward.User) ([]string, error) {
	return []string{"code"}, nil
}

func (*second) Required(context.Context, *doorward.Attempt, bool) (bool, error) { return true, nil }

func (*second) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true}}, nil
}

// TestBeginAgain: who comes back to the sign-in page does not go on with a
// sign-in that waits for its second factor.
func TestBeginAgain(t *testing.T) {
	for name, back := range map[string]func(*doorwardtest.Browser){
		"page":      func(b *doorwardtest.Browser) { b.JSON = false; b.Get("/login").Want(200) },
		"json":      func(b *doorwardtest.Browser) { b.Get("/login").Want(200) },
		"not right": func(b *doorwardtest.Browser) { b.PostJSON("/login", doorwardtest.Fields{"email": joe}).Want(400) },
	} {
		t.Run(name, func(t *testing.T) {
			app := doorwardtest.New(t, func(c *batteries.Config) { c.More = []doorward.Feature{&second{}} })
			app.NewUser(joe)
			b := app.Browser()
			b.JSON = true
			b.PostJSON("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).Want(200)
			b.Get("/second").Want(200)
			back(b)
			b.JSON = true
			b.Get("/second").Want(400).Contains("TWO_FACTOR_PERMISSION_DENIED")
		})
	}
}

// TestNothingToForget: where nothing waits the page leaves the cookie as it is.
func TestNothingToForget(t *testing.T) {
	app := doorwardtest.New(t, func(c *batteries.Config) { c.More = []doorward.Feature{&second{}} })
	b := app.Browser()
	b.Get("/login").Want(200)
	if res := b.Get("/login").Want(200); len(res.Cookies) != 0 {
		t.Errorf("cookies were set: %v", res.Cookies)
	}
}
