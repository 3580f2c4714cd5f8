package doorward_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
)

func withSecond(t *testing.T, edit func(*doorward.Config), features ...doorward.Feature) (*kit.App, doorward.User) {
	t.Helper()
	app := withFeatures(t, edit, features...)
	return app, app.NewUser(joe)
}

func code(s string) kit.Fields { return kit.Fields{"code": s} }

func TestSecondFactor(t *testing.T) {
	second := newSecond("second", "app")
	app, _ := withSecond(t, nil, second)
	b := app.Browser()
	b.JSON = true
	app.Events.Reset()
	b.PostJSON("/login", credentials(joe)).Want(200).Contains(`"tf_required":true`, `"tf_method":"app"`).Lacks(`"user"`)
	if got := app.Events.Take(); len(got) != 0 || b.WhoAmI() != "" {
		t.Fatalf("signed in by half: events %q", got)
	}
	b.Get("/doorwardtest/user").Want(401)
	b.Get("/verify").Want(401)
	app.Events.Reset()
	b.PostJSON("/second", code("000000")).Want(400).Fails("code", "INVALID_CODE")
	failed := kit.EventsOf[doorward.AuthnFailed](app.Events)
	if len(failed) != 1 || !failed[0].SecondFactor || failed[0].Kind != "code" {
		t.Errorf("events %+v", failed)
	}
	saved := b.Clone()
	app.Events.Reset()
	res := b.PostJSON("/second", code("123456")).Want(200).Contains(`"user":{}`).Lacks("tf_required")
	if got := kit.EventsOf[doorward.Authenticated](app.Events); len(got) != 1 || !slices.Equal(got[0].Via, []string{"password", "second"}) {
		t.Errorf("events %+v", got)
	}
	if b.WhoAmI() != joe || res.Cookie("tf_validity") != nil {
		t.Error("not signed in, or trusted unasked")
	}
	// The saved half is spent, and so it stays.
	saved.PostJSON("/second", code("123456"))
	if saved.WhoAmI() != "" {
		t.Error("one pending sign-in was completed twice")
	}
}

func TestSecondFactorNext(t *testing.T) {
	app, _ := withSecond(t, nil, newSecond("second", "app"))
	b := app.Browser()
	b.PostForm("/login?next=/from-query", kit.Fields{"email": joe, "password": kit.Password, "next": "/wanted"}).GoesTo("/second")
	b.PostForm("/second", code("123456")).GoesTo("/wanted")
}

// Exactly one of many identical requests completes a sign-in.
func TestSecondFactorParallel(t *testing.T) {
	app, u := withSecond(t, nil, newSecond("second", "app"))
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", credentials(joe)).Want(200)
	b.CSRF("/login")
	kit.Parallel(t, 20, 1, func(int) bool {
		c := b.Clone()
		return c.PostJSON("/second", code("123456")).Status == 200 && c.WhoAmI() == joe
	})
	if s, _ := app.Accounts().Sessions(t.Context(), u); len(s) != 1 {
		t.Errorf("%d sessions", len(s))
	}
	if got := app.Account(joe).LoginCount; got != 1 {
		t.Errorf("%d sign-ins were counted", got)
	}
}

func TestSecondFactorPendingEnds(t *testing.T) {
	for name, end := range map[string]func(*kit.App, *kit.Browser, doorward.User){
		"in time":    func(app *kit.App, _ *kit.Browser, _ doorward.User) { app.Clock.Advance(10*time.Minute + time.Second) },
		"abandoned":  func(_ *kit.App, b *kit.Browser, _ doorward.User) { b.PostJSON("/second/leave", nil) },
		"signed out": func(_ *kit.App, b *kit.Browser, _ doorward.User) { b.PostJSON("/logout", nil) },
		"switched off": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Active = false })
		},
		"deleted": func(app *kit.App, _ *kit.Browser, u doorward.User) { app.Delete(u) },
		"rotated": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			_ = app.Accounts().SignOutEverywhere(t.Context(), u, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, u := withSecond(t, nil, newSecond("second", "app"))
			b := app.Browser()
			b.JSON = true
			b.PostJSON("/login", credentials(joe)).Want(200)
			end(app, b, u)
			if res := b.PostJSON("/second", code("123456")); res.Status == 200 || b.WhoAmI() != "" {
				t.Errorf("%d, signed in is %q", res.Status, b.WhoAmI())
			}
		})
	}
}

func TestSecondFactorSelect(t *testing.T) {
	one, two := newSecond("one", "app", "sms"), newSecond("two", "passkey")
	app, _ := withSecond(t, nil, one, two)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "next": "/wanted"}).GoesTo("/tf-select?next=/wanted")
	b.Get("/tf-select").Want(200).Contains(`value="app"`, `value="sms"`, `value="passkey"`)
	if b.WhoAmI() != "" {
		t.Fatal("signed in")
	}
	hasty := b.Clone() // nothing was chosen: the code of neither counts
	hasty.PostForm("/one", code("123456")).GoesTo("/login")
	hasty.Get("/tf-select").GoesTo("/login")
	if hasty.WhoAmI() != "" {
		t.Fatal("signed in without choosing")
	}
	j := b.Clone()
	j.JSON = true
	j.Get("/tf-select").Want(200).Contains(`"tf_setup_methods":["app","sms","passkey"]`)
	j.PostJSON("/tf-select", kit.Fields{"which": "other"}).Want(400).Fails("which", "TWO_FACTOR_METHOD_NOT_AVAILABLE")
	b.PostForm("/tf-select?next=/wanted", kit.Fields{"which": "passkey"}).GoesTo("/two")
	if !slices.Equal(two.begun, []string{"passkey"}) || one.begun != nil {
		t.Errorf("begun %q, %q", one.begun, two.begun)
	}
	b.PostForm("/two", code("123456")).GoesTo("/wanted")
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
	n := app.Browser()
	n.Get("/tf-select").GoesTo("/login")
	n.JSON = true
	n.Get("/tf-select").Want(400).Contains("TWO_FACTOR_PERMISSION_DENIED")
}

// unready is a second factor that cannot be begun for a time.
type unready struct {
	*fakeSecond
	err error
}

func (f *unready) Begin(w http.ResponseWriter, r *http.Request, a *doorward.Attempt, method string) (doorward.Result, error) {
	if f.err != nil {
		return doorward.Result{}, f.err
	}
	return f.fakeSecond.Begin(w, r, a, method)
}

// What cannot be begun is not chosen: another one can be.
func TestSecondFactorSelectAnother(t *testing.T) {
	notSent := doorward.Fail("", "FAILED_TO_SEND_CODE")
	notSent.Status = http.StatusInternalServerError
	for name, err := range map[string]error{"problem": notSent, "error": errors.New("the provider is down")} {
		t.Run(name, func(t *testing.T) {
			one, two := &unready{newSecond("one", "app"), err}, newSecond("two", "passkey")
			app, _ := withSecond(t, nil, one, two)
			b := app.Browser()
			b.JSON = true
			b.PostJSON("/login", credentials(joe)).Want(200).Contains(`"tf_select":true`)
			b.PostJSON("/tf-select", kit.Fields{"which": "app"}).Want(500)
			for _, c := range []string{"123456", "000000"} { // it is not chosen: nothing is compared
				b.Clone().PostJSON("/one", code(c)).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
			}
			b.Get("/tf-select").Want(200).Contains(`["app","passkey"]`)
			b.PostJSON("/tf-select", kit.Fields{"which": "passkey"}).Want(200).Contains(`"tf_method":"passkey"`)
			b.Clone().Get("/tf-select").Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED") // once chosen
			b.PostJSON("/two", code("123456")).Want(200)
			if b.WhoAmI() != joe {
				t.Error("not signed in")
			}
			again := app.Browser()
			again.JSON = true
			again.PostJSON("/login", credentials(joe)).Want(200)
			one.err = nil
			again.PostJSON("/tf-select", kit.Fields{"which": "app"}).Want(200)
			again.PostJSON("/one", code("123456")).Want(200)
		})
	}
}

// TWO_FACTOR_ERROR_VIEW is a page's name or a URL; a page that is off is none.
func TestSecondFactorErrorView(t *testing.T) {
	for _, tt := range []struct{ view, prefix, root, want string }{
		{"", "", "", "/login"},
		{".login", "", "", "/login"},
		{".login", "/auth", "", "/auth/login"},
		{".verify", "", "", "/verify"},
		{".us_signin", "", "", "/"},
		{".us_signin", "/auth", "/app", "/app"},
		{".no_such_page", "", "", "/"},
		{"/again?x=y", "/auth", "", "/again?x=y"},
		{"https://app.example/sign-in", "", "", "https://app.example/sign-in"},
	} {
		app, _ := withSecond(t, func(c *doorward.Config) {
			c.Second.ErrorView, c.URLs.Prefix, c.URLs.Root = tt.view, tt.prefix, tt.root
		}, newSecond("second", "app"))
		b := app.Browser()
		b.PostForm(tt.prefix+"/second", code("123456")).GoesTo(tt.want)
		b.Get(tt.prefix + "/tf-select").GoesTo(tt.want)
		b.Get(tt.prefix + "/login").Want(200).Contains("TWO_FACTOR_PERMISSION_DENIED")
		b.JSON = true
		b.PostJSON(tt.prefix+"/second", code("123456")).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	}
}

func TestSecondFactorNeeded(t *testing.T) {
	none := newSecond("second")
	app, _ := withSecond(t, nil, none)
	app.Browser().PostForm("/login", credentials(joe)).GoesTo("/")

	must := newSecond("second")
	must.required = true
	app, _ = withSecond(t, nil, must)
	b := app.Browser()
	b.PostForm("/login", credentials(joe)).GoesTo("/second")
	if !slices.Equal(must.begun, []string{""}) || b.WhoAmI() != "" {
		t.Errorf("begun %q", must.begun)
	}
	// Who may not come in is told before a second factor is asked for.
	second := newSecond("second", "app")
	app, u := withSecond(t, nil, second)
	app.Change(u, func(a *doorward.Account) { a.Active = false })
	b = app.Browser()
	b.JSON = true
	b.PostJSON("/login", credentials(joe)).Want(400).Contains("DISABLED_ACCOUNT")
	if second.begun != nil {
		t.Error("a second factor was begun for an account that is switched off")
	}
	// Basic authentication cannot ask for a second factor.
	app, _ = withSecond(t, nil, newSecond("second", "app"))
	app.Mux.Handle("/basic", app.Require(doorward.Auth{Via: []string{"basic"}})(answer))
	app.Browser().Get("/basic", "Authorization", basic(joe, kit.Password)).Want(401)
	// An application's own sign-in is held to the same.
	b = app.Browser()
	b.LoginAs(&kit.User{Account: app.Account(joe)}).GoesTo("/second")
	if b.WhoAmI() != "" {
		t.Error("Security.Login goes round the second factor")
	}
}

// A trusted browser need not give the second factor for a while; its cookie is
// nobody else's, and ends with the uniquifier.
func TestTrustedBrowser(t *testing.T) {
	trusting := func(c *doorward.Config) { c.Second.NotAlways = true }
	app, u := withSecond(t, trusting, newSecond("second", "app"))
	app.NewUser(jane)
	b := app.Browser()
	b.JSON = true
	login := func(b *kit.Browser, email string) bool {
		t.Helper()
		b.PostJSON("/logout", nil).Want(200)
		res := b.PostJSON("/login", kit.Fields{"email": email, "password": kit.Password, "remember": true}).Want(200)
		return res.JSONAt("response.tf_required") == false
	}
	if login(b, joe) {
		t.Fatal("not asked at first")
	}
	c := b.PostJSON("/second", kit.Fields{"code": "123456", "trust": true}).Want(200).Cookie("tf_validity")
	if c == nil || !c.HttpOnly || c.MaxAge != 30*24*3600 {
		t.Fatalf("cookie %+v", c)
	}
	if !login(b, joe) {
		t.Error("asked again")
	}
	if login(b.Clone(), jane) {
		t.Error("another user's trust counts")
	}
	other := app.Browser()
	other.JSON = true
	if login(other, joe) {
		t.Error("another browser is trusted")
	}
	late := app.Browser()
	late.JSON = true
	app.Clock.Advance(30 * 24 * time.Hour)
	late.SetCookie("tf_validity", c.Value)
	if login(late, joe) {
		t.Error("trusted for ever")
	}
	app.Clock.Advance(-30 * 24 * time.Hour)
	stores := app.Stores
	strict := withFeatures(t, func(c *doorward.Config) { c.Stores = stores }, newSecond("second", "app")) // always validate
	always := strict.Browser()
	always.SetCookie("tf_validity", c.Value)
	always.JSON = true
	if login(always, joe) {
		t.Error("a trusted browser need not, where everybody must")
	}
	if c := always.PostJSON("/second", kit.Fields{"code": "123456", "trust": true}).Want(200).Cookie("tf_validity"); c != nil {
		t.Error("a cookie that nobody heeds")
	}
	if err := app.Accounts().SignOutEverywhere(t.Context(), u, nil); err != nil {
		t.Fatal(err)
	}
	if login(b, joe) {
		t.Error("trust outlives the uniquifier")
	}

}

// Only a second factor may see or complete what is pending.
func TestPendingIsGuarded(t *testing.T) {
	var spy *doorward.Runtime
	var mu sync.Mutex
	var errs []error
	nosy := &bare{name: "nosy", init: func(rt *doorward.Runtime) error { spy = rt; return nil }}
	app, _ := withSecond(t, nil, newSecond("second", "app"), nosy)
	app.Mux.HandleFunc("/spy", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, err := spy.SignIn().Pending(r)
		_, err2 := spy.SignIn().Complete(w, r, "nosy", true)
		errs = append(errs, err, err2)
	})
	b := app.Browser()
	b.PostForm("/login", credentials(joe))
	b.Get("/spy")
	if len(errs) != 2 || errs[0] == nil || errs[1] == nil || b.WhoAmI() != "" {
		t.Errorf("errors %v, signed in is %q", errs, b.WhoAmI())
	}
}

// The cookie of a trusted browser and that of a pending sign-in are good for
// nothing else, and no other value takes their place.
func TestSecondFactorCookiesElsewhere(t *testing.T) {
	app, _ := withSecond(t, func(c *doorward.Config) { c.Second.NotAlways = true }, newSecond("second", "app"))
	pending := app.Browser()
	pending.JSON = true
	pending.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": true}).Want(200)
	half := pending.Cookie("session")
	full := pending.Clone()
	full.PostJSON("/second", kit.Fields{"code": "123456", "trust": true}).Want(200)
	values := map[string]string{"trust": full.Cookie("tf_validity"), "pending": half, "session": full.Cookie("session"),
		"csrf": full.CSRF("/verify"), "remember": full.Cookie("remember_token"), "token": "x"}
	for name, v := range values {
		for cookie, own := range map[string]string{"session": "session", "remember_token": "remember"} {
			b := app.Browser()
			b.SetCookie(cookie, v)
			if who := b.WhoAmI(); who != "" && name != own {
				t.Errorf("%s as %s: %s", name, cookie, who)
			}
		}
		if who := byToken(app, v); who != "" {
			t.Errorf("%s as a token: %s", name, who)
		}
		b := app.Browser()
		b.JSON = true
		b.SetCookie("tf_validity", v)
		res := b.PostJSON("/login", credentials(joe)).Want(200)
		if trusted := res.JSONAt("response.tf_required") == false; trusted != (name == "trust") {
			t.Errorf("%s as tf_validity: trusted is %t", name, trusted)
		}
		for _, bad := range []string{v[:len(v)-1], v + "A", v + v} {
			b := app.Browser()
			b.JSON = true
			b.SetCookie("tf_validity", bad)
			if b.PostJSON("/login", credentials(joe)).JSONAt("response.tf_required") != true {
				t.Errorf("%s, changed, is trusted", name)
			}
		}
	}
}
