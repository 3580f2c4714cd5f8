package doorward_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
)

// meanwhile does something once, after a session was read for the at-th time from now
// and before the request goes on.
type meanwhile struct {
	doorward.SessionStore
	at int
	do func()
}

func (m *meanwhile) LoadSession(ctx context.Context, id string) (doorward.Session, doorward.User, []doorward.Role, error) {
	s, u, roles, err := m.SessionStore.LoadSession(ctx, id)
	if m.at--; m.at == 0 {
		m.do()
	}
	return s, u, roles, err
}

// hashes are the keys of the sessions of joe, newest first.
func hashes(t *testing.T, app *kit.App) (out []string) {
	t.Helper()
	all, err := app.Accounts().Sessions(t.Context(), stored(app, joe))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		out = append(out, s.IDHash)
	}
	return out
}

// Of two who end sessions of one user at the same time each ends his.
func TestSharedEndTwo(t *testing.T) {
	for name, tx := range map[string]bool{"in transactions": true, "without": false} {
		app, _ := beside(t, func(c *batteries.Config) {
			if !tx {
				c.Stores.Tx = nil
			}
		})
		u := app.NewUser(joe)
		var in [3]*kit.Browser
		for i := range in {
			in[i] = app.Browser()
			in[i].LoginAs(u)
			app.Clock.Advance(time.Second)
		}
		ids, one, other := hashes(t, app), stored(app, joe), stored(app, joe)
		for _, c := range []struct {
			u  doorward.User
			id string
		}{{one, ids[0]}, {other, ids[1]}} {
			if err := app.Accounts().EndSession(t.Context(), c.u, c.id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		mustBe(t, in[2], "", name+", the newest")
		mustBe(t, in[1], "", name+", the next")
		mustBe(t, in[0], joe, name+", the oldest")
		if err := app.Accounts().EndSession(t.Context(), stored(app, joe), ids[0]); err == nil {
			t.Errorf("%s: ended twice", name)
		}
		mustBe(t, in[0], joe, name+", the oldest, after one that is not there")
	}
}

// Who signs out is signed out, also where the session moves at that moment.
func TestSharedSignOutOfWhatMoves(t *testing.T) {
	for at := 1; at <= 2; at++ { // when the request is let in, and when the session is ended
		var m *meanwhile
		app, _ := beside(t, func(c *batteries.Config) {
			m = &meanwhile{SessionStore: c.Stores.Sessions}
			c.Stores.Sessions = m
		})
		u := app.NewUser(joe)
		mine, other := app.Browser(), app.Browser()
		mine.LoginAs(u)
		app.Clock.Advance(time.Second)
		other.LoginAs(u)
		saved, done := mine.Clone(), false
		mine.CSRF("/sessions")
		m.at, m.do = at, func() {
			done = true
			if err := app.Accounts().EndSession(context.Background(), stored(app, joe), hashes(t, app)[0]); err != nil {
				t.Error(err)
			}
		}
		mine.PostForm("/logout", kit.Fields{}).Want(302)
		mustBe(t, mine, "", "signed out")
		mustBe(t, saved, "", "a copy of the cookie")
		mustBe(t, other, "", "the ended one")
		if n := rows(t, app, u); n != 0 || !done {
			t.Errorf("%d: %d sessions are left", at, n)
		}
	}
}

// A session that moved is written anew once, and by what browser it was begun is not.
func TestSharedMovedKeepsItsMark(t *testing.T) {
	app, f := beside(t, func(c *batteries.Config) { c.Session.Protection = conf.Some("none") })
	u := app.NewUser(joe)
	mine, lost := app.Browser(), app.Browser()
	mine.LoginAs(u)
	id := hashes(t, app)[0]
	lost.LoginAs(u)
	mark := f.read(mine)["_id"]
	if mark == nil {
		t.Fatal("no mark")
	}
	for _, other := range hashes(t, app) {
		if other != id {
			if err := app.Accounts().EndSession(t.Context(), stored(app, joe), other); err != nil {
				t.Fatal(err)
			}
		}
	}
	elsewhere := mine.Clone()
	elsewhere.Addr = "203.0.113.9:1"
	for i := range 3 {
		res := elsewhere.Get("/sessions").Want(200)
		if written := res.Cookie("session") != nil; written != (i == 0) {
			t.Errorf("%d: cookie written: %v", i, written)
		}
	}
	if k := f.read(elsewhere); k["_user_id"] != stored(app, joe).SecurityAccount().Uniquifier || k["_id"] != mark {
		t.Errorf("Flask reads %v", k)
	}
}

// Who signed in at Flask and ends a session that was begun here stays signed in, at
// both; a copy of his cookie from before does not.
func TestSharedEnderStays(t *testing.T) {
	for name, begin := range map[string]func(f flask, b *kit.Browser, u doorward.User){
		"at Flask": flask.signIn,
		"here":     func(_ flask, b *kit.Browser, u doorward.User) { b.LoginAs(u) },
	} {
		app, f := beside(t, nil)
		u := app.NewUser(joe)
		lost, mine := app.Browser(), app.Browser()
		lost.LoginAs(u)
		id := hashes(t, app)[0]
		begin(f, mine, u)
		copied := mine.Clone()
		mine.JSON = true
		mine.CSRF("/sessions")
		open := mine.Clone()
		mine.Post("/sessions", kit.Fields{"id": id}).Want(200)
		now := stored(app, joe).SecurityAccount().Uniquifier
		if k := f.read(mine); k["_user_id"] != now || k["_id"] != f.read(open)["_id"] || k["fs_paa"] == nil || k["csrf_token"] != f.read(open)["csrf_token"] {
			t.Errorf("%s: Flask reads %v", name, k)
		}
		mustBe(t, lost, "", name+", the ended one")
		mustBe(t, mine, joe, name+", the caller")
		if name == "at Flask" {
			mustBe(t, copied, "", name+", a copy of the caller's")
		}
		mine.Get("/tf-setup").Want(200)
		if n := rows(t, app, u); n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
		mine.Post("/sessions", kit.Fields{"id": id}).Want(404)
		mustBe(t, mine, joe, name+", after what is not there")
	}
}

// Who is signed in gets no new guesses by a new uniquifier.
func TestSharedGuessesAfterEndingOthers(t *testing.T) {
	for name, edit := range map[string]func(*doorward.Account){
		"by email":    func(*doorward.Account) {},
		"by username": func(a *doorward.Account) { a.Email, a.Username = "", "joe" },
		"by phone":    func(a *doorward.Account) { a.Email, a.USPhoneNumber = "", "+12025550123" },
	} {
		app, _ := beside(t, nil)
		u := app.NewUser(joe)
		b := app.Browser()
		b.LoginAs(u)
		app.Change(u, edit)
		b.JSON = true
		b.CSRF("/sessions")
		guesses := 0
		for range 5 {
			for b.Post("/verify", kit.Fields{"password": "wrong wrong wrong"}).Status == 400 {
				guesses++
			}
			b.Post("/sessions", kit.Fields{"all": "true"}).Want(200)
			b.CSRF("/sessions")
		}
		if guesses > 5+5 { // as a browser that is known, and then as any other
			t.Errorf("%s: %d guesses", name, guesses)
		}
	}
}
