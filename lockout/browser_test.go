package lockout_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

const device = "known_browser"

// TestKnownBrowser: strangers lock the account and use up the address, and the
// owner signs in.
func TestKnownBrowser(t *testing.T) {
	app := limited(t, nil)
	home := known(t, app, joe, "192.0.2.7")
	flood := from(app, "192.0.2.7")
	for range 5 {
		guess(t, flood, joe)
	}
	lock15(t, app, joe)
	for i := range 95 {
		guess(t, flood, account(i))
	}
	refused(t, app, flood, "nobody@example.com", 36*time.Second)
	refused(t, app, stranger(app, 1), joe, 15*time.Minute)

	before := app.Hashes()
	signIn(home, joe, kit.Password).Want(200)
	if app.Hashes()-before != 1 {
		t.Error("a sign-in costs one hash")
	}
	refused(t, app, stranger(app, 1), joe, 15*time.Minute) // that changed nothing for strangers
}

// lock15 uses up the rest of an account's tries after five.
func lock15(t *testing.T, app *kit.App, email string) {
	t.Helper()
	for i := range 15 {
		guess(t, stranger(app, 1000+i), email)
	}
}

func TestKnownBrowserBudget(t *testing.T) {
	app := limited(t, nil)
	spendPardon(t, app)
	home := known(t, app, joe, "192.0.2.7")
	copied := home.Clone() // is the same browser, wherever it is
	copied.Addr = "203.0.113.5:1"
	for i := range 5 {
		guess(t, []*kit.Browser{home, copied}[i%2], joe)
	}
	for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		refused(t, app, copied, joe, wait)
		refused(t, app, home, joe, wait)
		app.Clock.Advance(wait)
		guess(t, copied, joe)
	}
	// A stranger at the same address has his own.
	guess(t, from(app, "192.0.2.7"), joe)
	// All of them count for the account.
	if s := status(t, app, find(t, app, joe)); s.Failures != 9 {
		t.Errorf("%+v", s)
	}
	settle(app)
	signIn(home, joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 1 {
		t.Errorf("%+v, want the stranger's", s)
	}
}

// TestKnownBrowserOthers: a cookie helps with its accounts alone.
func TestKnownBrowserOthers(t *testing.T) {
	app := limited(t, nil)
	app.NewUser("mallory@example.com")
	mallory := known(t, app, "mallory@example.com", "192.0.2.66")
	lock(t, app, joe)
	refused(t, app, mallory, joe, 15*time.Minute)
	refused(t, app, mallory, "JOE@example.com", 15*time.Minute)
	guess(t, mallory, "mallory@example.com")
}

// TestKnownBrowserForged: whatever is not our cookie is no cookie.
func TestKnownBrowserForged(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Lockout.BrowserAge = 48 * time.Hour })
	lockedOut := func(t *testing.T, app *kit.App, value string) {
		t.Helper()
		b := stranger(app, 77)
		b.SetCookie(device, value)
		refused(t, app, b, joe, 15*time.Minute)
	}
	home := known(t, app, joe, "192.0.2.7")
	cookie := home.Cookie(device)
	foreign := kit.New(t, func(c *batteries.Config) { c.SecretKey = []byte("of another installation altogether") })
	foreign.NewUser(joe)
	other := known(t, foreign, joe, "192.0.2.7").Cookie(device)
	token := app.AuthToken(find(t, app, joe))
	lock(t, app, joe)

	part := strings.Split(cookie, ".")
	for name, value := range map[string]string{
		"foreign": other, "cut": cookie[:len(cookie)-1], "half": cookie[:len(cookie)/2], "longer": cookie + "A", "no signature": part[0] + "." + part[1] + ".",
		"other signature": part[0] + "." + part[1] + "." + strings.Split(other, ".")[2], "garbage": "x.y.z", "spaces": "   ", "a token": token, "huge": strings.Repeat("A", 9000),
	} {
		t.Run(name, func(t *testing.T) { lockedOut(t, app, value) })
	}
	t.Run("itself", func(t *testing.T) {
		b := stranger(app, 77)
		b.SetCookie(device, cookie)
		guess(t, b, joe)
	})
	t.Run("old", func(t *testing.T) {
		app.Clock.Advance(48*time.Hour + time.Second)
		guess(t, stranger(app, 1), joe) // the 22nd: locked again
		b := stranger(app, 77)
		b.SetCookie(device, cookie)
		refused(t, app, b, joe, time.Hour)
	})
	t.Run("of another key", func(t *testing.T) {
		next := kit.New(t, func(c *batteries.Config) {
			c.Stores, c.SecretKey, c.SecretKeyFallbacks = app.Stores, []byte("the key that came after that one"), []string{kit.SecretKey}
		})
		next.Clock.Advance(49 * time.Hour)
		lock(t, next, joe)
		lockedOut(t, next, cookie)
	})
}

// TestKnownBrowserAccounts: a browser remembers eight accounts.
func TestKnownBrowserAccounts(t *testing.T) {
	app := limited(t, nil)
	b := from(app, "192.0.2.7")
	var names []string
	for i := range 9 {
		email := fmt.Sprintf("user%d@example.com", i)
		names = append(names, email)
		app.NewUser(email)
		signIn(b, email, kit.Password).Want(200)
		b.Post("/logout", kit.Fields{}).Want(200)
	}
	if n := len(b.Cookie(device)); n > 500 {
		t.Errorf("the cookie has %d bytes", n)
	}
	for i, email := range names {
		lock(t, app, email)
		if i == 0 {
			refused(t, app, b, email, 15*time.Minute)
		} else {
			guess(t, b, email)
		}
	}
	settle(app)
	signIn(b, names[0], kit.Password).Want(200) // newest again, and the oldest goes
	b.Post("/logout", kit.Fields{}).Want(200)
	guess(t, stranger(app, 5), names[1])
	refused(t, app, b, names[1], time.Hour)
	guess(t, b, names[0])
}

// TestKnownBrowserRevoked: what ends all sessions of an account makes strangers
// of all its browsers.
func TestKnownBrowserRevoked(t *testing.T) {
	for name, revoke := range map[string]func(app *kit.App, u doorward.User) error{
		"reset access": func(app *kit.App, u doorward.User) error { return app.Accounts().ResetAccess(t.Context(), u) },
		"sign out everywhere": func(app *kit.App, u doorward.User) error {
			return app.Accounts().SignOutEverywhere(t.Context(), u, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := limited(t, nil)
			app.NewUser("ann@example.com")
			thief := known(t, app, joe, "192.0.2.66")
			signIn(thief, "ann@example.com", kit.Password).Want(200)
			thief.Post("/logout", kit.Fields{}).Want(200)
			if err := revoke(app, find(t, app, joe)); err != nil {
				t.Fatal(err)
			}
			lock(t, app, joe)
			refused(t, app, thief, joe, 15*time.Minute)
			lock(t, app, "ann@example.com")
			guess(t, thief, "ann@example.com") // hers are as they were

			settle(app)
			signIn(thief, joe, kit.Password).Want(200) // knows the password all the same
			thief.Post("/logout", kit.Fields{}).Want(200)
			wrongs(t, app, joe, 21)
			guess(t, thief, joe)
		})
	}
}

func TestKnownBrowserCookie(t *testing.T) {
	for _, tls := range []bool{false, true} {
		device := device
		if tls {
			device = "__Host-" + device
		}
		app := limited(t, nil)
		b := from(app, "192.0.2.7")
		b.TLS = tls
		if guess(t, b, joe); b.Cookie(device) != "" {
			t.Error("a wrong password makes a browser known")
		}
		c := signIn(b, joe, kit.Password).Want(200).Cookie(device)
		if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != tls || c.Path != "/" || c.Domain != "" || c.MaxAge != 180*24*3600 {
			t.Errorf("over TLS %t: %+v", tls, c)
		}
		if strings.Contains(c.Value, "joe") {
			t.Error("the cookie names its account")
		}
		first := b.Cookie(device)
		b.Post("/logout", kit.Fields{}).Want(200)
		if b.Cookie(device) != first {
			t.Error("signing out changed it")
		}
		app.Clock.Advance(time.Minute)
		signIn(b, joe, kit.Password).Want(200)
		if b.Cookie(device) == first {
			t.Error("a sign-in does not renew it")
		}
	}
}

// TestKnownBrowserRemembered: who is signed in by a remember-me cookie can
// verify while strangers hold the account locked.
func TestKnownBrowserRemembered(t *testing.T) {
	app := limited(t, nil)
	b := from(app, "192.0.2.7")
	b.Get("/login")
	b.Post("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": true}).Want(200)
	b.Close()
	lock(t, app, joe)
	if b.WhoAmI() != joe {
		t.Fatal("not remembered")
	}
	b.Get("/verify")
	b.Post("/verify", kit.Fields{"password": kit.Password}).Want(200)
}

// TestOwnSuccess: the attacker signs in to his own account between guesses,
// from the same address, in the same browser and by every way there is.
func TestOwnSuccess(t *testing.T) {
	app := limited(t, nil)
	private(app)
	app.NewUser("mallory@example.com")
	b := from(app, "192.0.2.66")
	for range 5 {
		guess(t, b, joe)
		signIn(b, "mallory@example.com", kit.Password).Want(200)
		b.Post("/verify", kit.Fields{"password": kit.Password}).Want(200)
		basic(app, b.Addr, "mallory@example.com", kit.Password).Want(200)
		b.Post("/logout", kit.Fields{}).Want(200)
	}
	refused(t, app, b, joe, 30*time.Second)
	if s := status(t, app, find(t, app, joe)); s.Failures != 5 {
		t.Errorf("%+v", s)
	}
	// Nor does it give the address anything back.
	for i := range 95 {
		guess(t, b, account(i))
	}
	signIn(from(app, "192.0.2.66"), "mallory@example.com", kit.Password).Want(429)
}

// A right password of an account that is switched off counts as wrong.
func TestSwitchedOff(t *testing.T) {
	app := limited(t, nil)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Active = false })
	b := from(app, "192.0.2.7")
	for range 5 {
		signIn(b, joe, kit.Password).Want(400)
	}
	refused(t, app, b, joe, 30*time.Second)
}

// second is a second factor whose code is 123456.
type second struct{ rt *doorward.Runtime }

func withSecond(c *batteries.Config) { c.More = append(c.More, &second{}) }

type codeForm struct {
	Code string `json:"code"`
}

func (f *second) Name() string { return "second" }

func (f *second) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return rt.Handle(doorward.Form[codeForm]{Submit: f.submit}.Route(doorward.Route{Name: "second", Path: "/second"}))
}

func (f *second) submit(w http.ResponseWriter, r *http.Request, in *codeForm) (doorward.Result, error) {
	a, err := f.rt.SignIn().Pending(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if _, err := f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "code", Identity: f.rt.SignIn().Identify(a.User.SecurityAccount().Email),
		Find: func(context.Context) (doorward.User, error) { return a.User, nil },
		Check: func(context.Context, doorward.User) error {
			if in.Code != "123456" {
				return doorward.Fail("code", "INVALID_CODE")
			}
			return nil
		},
	}); err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Complete(w, r, "second", false)
}

func (f *second) Methods(context.Context, doorward.User) ([]string, error) {
	return []string{"app"}, nil
}

func (f *second) Required(context.Context, *doorward.Attempt, bool) (bool, error) { return true, nil }

func (f *second) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true}}, nil
}

// TestSecondFactor: who knows the password gets no more codes by it, and the
// browser is not known before the code was right.
func TestSecondFactor(t *testing.T) {
	app := limited(t, withSecond)
	b := from(app, "192.0.2.66")
	for range 5 {
		signIn(b, joe, kit.Password).Want(200)
		b.Post("/second", kit.Fields{"code": "000000"}).Want(400)
	}
	if b.Cookie(device) != "" {
		t.Error("half a sign-in makes a browser known")
	}
	before := app.Hashes()
	b.Post("/second", kit.Fields{"code": "123456"}).Want(429)
	signIn(b, joe, kit.Password).Want(429)
	if app.Hashes() != before {
		t.Error("compared over the limit")
	}
	wait := 30 * time.Second
	for range 3 { // one code each wait, however often the password is given between
		app.Clock.Advance(wait)
		signIn(b, joe, kit.Password).Want(200)
		b.Post("/second", kit.Fields{"code": "000000"}).Want(400)
		signIn(b, joe, kit.Password).Want(429)
		wait *= 2
	}
	app.Clock.Advance(wait)
	signIn(b, joe, kit.Password).Want(200)
	b.Post("/second", kit.Fields{"code": "123456"}).Want(200)
	if b.Cookie(device) == "" {
		t.Error("the browser is not known")
	}
	if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
		t.Errorf("%+v stay counted", s)
	}
}
