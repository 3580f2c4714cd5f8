package doorward_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// What was sealed with a key that is gone since, and signed anew by Flask before
// that, may be of a session that was ended.
func TestSharedPartOfAKeyThatIsGone(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	k := f.read(b)
	own, _ := k["_doorward"].(string)
	for name, part := range map[string]string{"of another key": strings.Repeat("A", 8) + own[8:], "cut": own[:20], "no text of ours": "x"} {
		k["_doorward"] = part
		saved := b.Clone()
		f.write(saved, k)
		mustBe(t, saved, "", name)
		if k := f.read(saved); k["_user_id"] != nil || k["_doorward"] != nil {
			t.Errorf("%s: Flask reads %v", name, k)
		}
		saved.LoginAs(u)
		mustBe(t, saved, joe, name+", signed in again")
	}
	mustBe(t, b, joe, "as it was")
}

// A proof at Flask counts for the cookie that says so, and not for copies of it from
// before, which lead to the same row.
func TestSharedProofIsOfOneCookie(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	fresh := func(b *kit.Browser) bool {
		c := b.Clone()
		c.JSON = true
		res := c.Get("/tf-setup")
		b.SetCookie("session", c.Cookie("session"))
		return res.Status == 200
	}
	b := app.Browser()
	b.LoginAs(u)
	saved := b.Clone()
	app.Clock.Advance(26 * time.Hour)
	k := f.read(b)
	k["fs_paa"] = float64(f.now().UnixMicro()) / 1e6
	f.write(b, k)
	if !fresh(b) || fresh(saved) {
		t.Errorf("after a proof at Flask: fresh %v, a copy from before %v", fresh(b), fresh(saved))
	}
	app.Clock.Advance(24*time.Hour - 30*time.Minute)
	if !fresh(b) || fresh(saved) {
		t.Errorf("used again: fresh %v, a copy from before %v", fresh(b), fresh(saved))
	}
	app.Clock.Advance(45 * time.Minute) // by grace alone
	if !fresh(b) || fresh(saved) {
		t.Errorf("in its grace: fresh %v, a copy from before %v", fresh(b), fresh(saved))
	}
	told := 0
	_ = app.Hooks().SessionProtected.On(func(context.Context, doorward.SessionProtected) error { told++; return nil })
	moved := b.Clone()
	moved.Addr = "203.0.113.9:1"
	for range 2 {
		if fresh(moved) || told != 1 {
			t.Errorf("fresh from another address, or told %d times", told)
		}
	}
	moved.Addr = b.Addr
	if fresh(moved) || !fresh(b) {
		t.Error("fresh again when it came back, or no longer where it had stayed")
	}
	app.Clock.Advance(2 * time.Hour)
	if fresh(b) {
		t.Error("fresh without end")
	}
}

// Who signs out is signed out at Flask, too, whatever we make of the cookie.
func TestSharedSignOutOfWhatIsNotRead(t *testing.T) {
	app, f := beside(t, nil)
	app.Mux.Handle("/bye", app.Authenticate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = app.Logout(r) })))
	u := app.NewUser(joe)
	for name, spoil := range map[string]func(k keys){
		"of a clock ahead": func(keys) {},
		"too deep":         func(k keys) { k["deep"] = deep(200) },
	} {
		for _, path := range []string{"/logout", "/bye"} {
			b := app.Browser()
			app.Clock.Advance(10 * time.Second)
			f.signIn(b, u)
			k := f.read(b)
			spoil(k)
			f.write(b, k)
			if name == "of a clock ahead" {
				app.Clock.Advance(-10 * time.Second)
			}
			mustBe(t, b.Clone(), "", name)
			b.NoCSRF = true
			b.PostForm(path, kit.Fields{})
			if k := f.read(b); k["_user_id"] != nil {
				t.Errorf("%s, signed out by %s: Flask reads %v", name, path, k)
			}
		}
	}
}

func deep(n int) any {
	var v any
	for range n {
		v = []any{v}
	}
	return v
}

// A session of Flask's that moves to another network is told of once, not at each request.
func TestSharedMoveIsToldOnce(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	told := 0
	_ = app.Hooks().SessionProtected.On(func(context.Context, doorward.SessionProtected) error { told++; return nil })
	b := app.Browser()
	f.signIn(b, u)
	moved := b.Clone()
	moved.Addr = "203.0.113.9:1"
	for i, path := range []string{"/sessions", "/sessions", "/tf-setup", "/verify", "/tf-setup"} {
		res := moved.Get(path)
		if path == "/tf-setup" && res.Status != 302 {
			t.Errorf("%d: fresh where it has moved to: %d", i, res.Status)
		}
		if k := f.read(moved); told != 1 || k["_fresh"] != false || k["_user_id"] == nil || i == 1 && res.Cookie("session") != nil {
			t.Errorf("%d: told %d times, Flask reads %v", i, told, k)
		}
	}
	if b.Get("/tf-setup").Want(200); told != 1 {
		t.Errorf("told %d times", told)
	}
}

// What Flask is about to forget stays so until it has: a cookie of ours in between must
// not bring back who has signed out there.
func TestSharedForgetsUntilForgotten(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
	f.write(b, keys{"_remember": "clear"})
	b.Get("/login").Want(200) // writes a secret
	mustBe(t, b, "", "a page later")
	if k := f.read(b); k["_remember"] != "clear" || k["csrf_token"] == nil {
		t.Errorf("Flask reads %v", k)
	}
	b.LoginAs(u)
	mustBe(t, b, joe, "signed in again")
	if k := f.read(b); k["_remember"] != nil {
		t.Errorf("signed in again, Flask reads %v", k)
	}
}

// Grace is believed for as long as anybody may give it.
func TestSharedGraceOfAnotherZone(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	for name, c := range map[string]struct {
		ahead time.Duration
		want  int
	}{"past": {-time.Minute, 401}, "soon": {50 * time.Minute, 200}, "hours ahead": {5 * time.Hour, 401}} {
		b := app.Browser()
		b.JSON = true
		f.signIn(b, u)
		k := f.read(b)
		k["fs_paa"], k["fs_gexp"] = f.now().Add(-30*time.Hour).Unix(), f.now().Add(c.ahead).Unix()
		f.write(b, k)
		if res := b.Get("/tf-setup"); res.Status != c.want {
			t.Errorf("%s: %d, want %d", name, res.Status, c.want)
		}
	}
}

// A change that ends all other sessions remembers nobody who was not remembered here,
// and leaves this browser, which gets a row by it, as fresh as it was.
func TestSharedRenewKeepsWhatWas(t *testing.T) {
	for name, remembered := range map[string]string{"nobody": "", "another": jane} {
		app, f := beside(t, nil)
		u := app.NewUser(joe)
		app.NewUser(jane)
		b := app.Browser()
		if remembered != "" {
			b.PostForm("/login", kit.Fields{"email": remembered, "password": kit.Password, "remember": "true"}).Want(302)
		}
		before := b.Cookie("remember_token")
		f.signIn(b, u)
		b.PostForm("/sessions", kit.Fields{"all": "true"}).Want(302)
		mustBe(t, b, joe, name)
		if now := b.Cookie("remember_token"); now != before {
			t.Errorf("%s was remembered, and then %q", name, now)
		}
		b.Get("/tf-setup").Want(200)
		if n := rows(t, app, u); n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

// A token of Flask's format ends as ours do, with its age and with its account.
func TestSharedTokenEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end func(app *kit.App, u doorward.User)
		who string
	}{
		"in time":       {func(app *kit.App, _ doorward.User) { app.Clock.Advance(14 * time.Minute) }, joe},
		"too old":       {func(app *kit.App, _ doorward.User) { app.Clock.Advance(16 * time.Minute) }, ""},
		"of the future": {func(app *kit.App, _ doorward.User) { app.Clock.Advance(-10 * time.Second) }, ""},
		"switched off": {func(app *kit.App, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Active = false })
		}, ""},
		"rotated": {func(app *kit.App, u doorward.User) {
			app.Change(u, func(a *doorward.Account) {
				a.Uniquifier, a.TokenUniquifier = doorward.NewUniquifier(), doorward.NewUniquifier()
			})
		}, ""},
	} {
		app, _ := beside(t, nil)
		u := app.NewUser(joe)
		b := app.Browser()
		b.Header.Set("Authentication-Token", app.AuthToken(u))
		c.end(app, u)
		mustBe(t, b, c.who, name)
	}
}

// Ending one session ends it, also where the browser is remembered by a cookie
// that has no row; the others go on, here at once and at Flask after they have been here.
func TestSharedEndOne(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	in := func() *kit.Browser {
		b := app.Browser()
		b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
		return b
	}
	mine, lost := in(), in()
	rememberedAlone := lost.Clone()
	rememberedAlone.SetCookie("session", "")
	begun := app.Browser()
	f.signIn(begun, u)
	mine.JSON = true
	mine.CSRF("/sessions")
	var theirs string
	list, _ := mine.Get("/sessions").Want(200).JSONAt("response.sessions").([]any)
	for _, s := range list {
		if s := s.(map[string]any); s["current"] == false {
			theirs, _ = s["id"].(string)
		}
	}
	before := stored(app, joe).SecurityAccount().Uniquifier
	mine.Post("/sessions", kit.Fields{"id": theirs}).Want(200)
	mustBe(t, lost, "", "the ended one")
	mustBe(t, rememberedAlone, "", "its remember-me cookie")
	mustBe(t, begun, "", "one that Flask began")
	after := stored(app, joe).SecurityAccount().Uniquifier
	if after == before {
		t.Error("the uniquifier is the same")
	}
	mustBe(t, mine, joe, "the caller's")
	if k := f.read(mine); k["_user_id"] != after {
		t.Errorf("at Flask the caller is %v, not %v", k["_user_id"], after)
	}
	if n := rows(t, app, u); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
}

// Switching an account off and on brings nothing back.
func TestSharedSwitchedOffAndOn(t *testing.T) {
	app, f := beside(t, nil)
	u := app.NewUser(joe)
	begun, ours := app.Browser(), app.Browser()
	f.signIn(begun, u)
	ours.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
	mustBe(t, begun.Clone(), joe, "before")
	for _, active := range []bool{false, true} {
		if changed, err := app.Accounts().SetActive(t.Context(), u, active); !changed || err != nil {
			t.Fatal(changed, err)
		}
	}
	mustBe(t, begun, "", "one that Flask began")
	mustBe(t, ours, "", "one that was remembered")
}

// The secret of CSRF tokens goes by the name of the field in Flask's session: where
// Flask's sign-out takes it away our row is over.
func TestSharedCSRFField(t *testing.T) {
	app, f := beside(t, func(c *batteries.Config) { c.CSRF.Field = "tok" })
	b := app.Browser()
	b.LoginAs(app.NewUser(joe))
	saved := b.Clone()
	k := f.read(b)
	if k["tok"] == nil || k["csrf_token"] != nil {
		t.Fatalf("Flask reads %v", k)
	}
	for _, name := range []string{"_user_id", "_fresh", "_id", "fs_paa", "fs_gexp", "tok"} {
		delete(k, name)
	}
	f.write(b, k)
	mustBe(t, b, "", "signed out at Flask")
	mustBe(t, saved, "", "a copy of the cookie")
}
