package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

var txTests = []test{
	{"stores all", users | roles | tx, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u := w.new("a@example.com")
		ok(t, w.Tx.InTx(t.Context(), func(ctx context.Context) error {
			if err := w.Admin.CreateUser(ctx, u); err != nil {
				return err
			}
			if _, err := w.Roles.AddRole(ctx, u, "admin"); err != nil {
				return err
			}
			return w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "ann"; return nil })
		}))
		equal(t, "username", w.account(t, "a@example.com").Username, "ann")
		equal(t, "copy", u.SecurityAccount().Username, "ann")
		list, err := w.Roles.RolesOf(t.Context(), u)
		ok(t, err)
		wantRoles(t, list, "admin")
	}},
	{"an error takes all back", users | roles | sessions | remember | claims | tx, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u := w.user(t, "a@example.com")
		s := w.session(t, u, "mine")
		soon := time.Now().Add(time.Hour)
		err := w.Tx.InTx(t.Context(), func(ctx context.Context) error {
			w.change(ctx, t, u, s, soon)
			return errAbandon
		})
		if err != errAbandon { //nolint:errorlint // fn's own error is what callers look at
			t.Errorf("error %v, want fn's", err)
		}
		untouched(t, w, u, s, soon)
	}},
	{"a panic takes all back", users | roles | sessions | remember | claims | tx, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u := w.user(t, "a@example.com")
		s := w.session(t, u, "mine")
		soon := time.Now().Add(time.Hour)
		if !panics(func() {
			_ = w.Tx.InTx(t.Context(), func(ctx context.Context) error {
				w.change(ctx, t, u, s, soon)
				return crash(nil)
			})
		}) {
			t.Error("the panic was swallowed")
		}
		untouched(t, w, u, s, soon)
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount = 1; return nil }))
	}},
	{"a context that ends takes all back", users | tx, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		ctx, cancel := context.WithCancel(t.Context())
		err := w.Tx.InTx(ctx, func(ctx context.Context) error {
			err := w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "no"; return nil })
			cancel()
			return err
		})
		if err == nil {
			t.Error("stored after the context ended")
		}
		equal(t, "username", w.account(t, "a@example.com").Username, "")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount = 1; return nil }))
	}},
	{"sees its own writes, others do not", users | sessions | tx, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		fails := errors.New("enough seen")
		err := w.Tx.InTx(t.Context(), func(ctx context.Context) error {
			ok(t, w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "ann"; return nil }))
			ok(t, w.Sessions.CreateSession(ctx, newSession("mine", u.SecurityAccount().Uniquifier), ""))
			_, err := w.Users.FindUser(ctx, doorward.UserQuery{Attr: "username", Value: "ann"})
			ok(t, err)
			_, _, err = w.Users.LoadUser(ctx, doorward.UserQuery{Attr: "username", Value: "ann", AnyCase: true})
			ok(t, err)
			_, _, _, err = w.Sessions.LoadSession(ctx, key("mine"))
			ok(t, err)
			ok(t, w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { equal(t, "what change sees", a.Username, "ann"); return nil }))
			_, err = w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "username", Value: "ann"})
			is(t, err, doorward.ErrNotFound)
			return fails
		})
		is(t, err, fails)
	}},
	{"the caller's copy changes after the commit", users | tx, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		for _, fail := range []error{errAbandon, nil} {
			err := w.Tx.InTx(t.Context(), func(ctx context.Context) error {
				ok(t, w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "ann"; return nil }))
				equal(t, "copy before the commit", u.SecurityAccount().Username, "")
				return fail
			})
			is(t, err, fail)
		}
		equal(t, "copy after the commit", u.SecurityAccount().Username, "ann")
	}},
	{"a call inside joins", users | tx, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		set := func(ctx context.Context, name string, fail error) error {
			return w.Tx.InTx(ctx, func(ctx context.Context) error {
				ok(t, w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username += name; return nil }))
				return fail
			})
		}
		is(t, w.Tx.InTx(t.Context(), func(ctx context.Context) error { ok(t, set(ctx, "x", nil)); return errAbandon }), errAbandon)
		equal(t, "outer failed", w.account(t, "a@example.com").Username, "")
		is(t, w.Tx.InTx(t.Context(), func(ctx context.Context) error { return set(ctx, "x", errAbandon) }), errAbandon)
		equal(t, "inner failed", w.account(t, "a@example.com").Username, "")
		ok(t, w.Tx.InTx(t.Context(), func(ctx context.Context) error { return errors.Join(set(ctx, "x", nil), set(ctx, "y", nil)) }))
		equal(t, "both", w.account(t, "a@example.com").Username, "xy")
	}},
	{"a refused call leaves the rest", users | roles | tx, func(t *testing.T, w *world) {
		w.role(t, "admin")
		w.user(t, "a@example.com")
		ok(t, w.Tx.InTx(t.Context(), func(ctx context.Context) error {
			ok(t, w.Admin.CreateUser(ctx, w.new("b@example.com"), "admin"))
			is(t, w.Admin.CreateUser(ctx, w.new("a@example.com")), doorward.ErrDuplicate)
			is(t, w.Admin.CreateUser(ctx, w.new("c@example.com"), "nobody"), doorward.ErrNotFound)
			return nil
		}))
		_, n, err := w.Admin.ListUsers(t.Context(), "", 0, 10)
		ok(t, err)
		equal(t, "users", n, 2)
	}},
	{"its context is of no use afterwards", users | tx, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		var kept context.Context
		ok(t, w.Tx.InTx(t.Context(), func(ctx context.Context) error { kept = ctx; return nil }))
		if w.Users.UpdateUser(kept, u, func(a *doorward.Account) error { a.Username = "late"; return nil }) == nil {
			equal(t, "a late write that reports success", w.account(t, "a@example.com").Username, "late")
		}
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount = 1; return nil }))
	}},
	{"many at once lose nothing", users | tx, func(t *testing.T, w *world) {
		w.user(t, "a@example.com")
		n := many(100)
		atOnce(t, n, func(int) (bool, error) {
			return true, w.Tx.InTx(t.Context(), func(ctx context.Context) error {
				u, err := w.Users.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: "a@example.com"})
				if err != nil {
					return err
				}
				return w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.LoginCount++; return nil })
			})
		})
		equal(t, "count", w.account(t, "a@example.com").LoginCount, n)
	}},
}

// change does a little of everything.
func (w *world) change(ctx context.Context, t *testing.T, u doorward.User, s doorward.Session, soon time.Time) {
	t.Helper()
	_, err := w.Roles.AddRole(ctx, u, "admin")
	ok(t, errors.Join(
		w.Admin.CreateUser(ctx, w.new("b@example.com"), "admin"), err, w.Roles.CreateRole(ctx, doorward.Role{Name: "new"}),
		w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "no"; return nil }),
		w.Sessions.EndSession(ctx, s.Uniquifier, s.IDHash), w.Remember.CreateRemember(ctx, newRemember("sel", "u")),
		w.Claims.Claim(ctx, key("claim"), soon),
	))
}

// untouched fails unless everything is as before the transaction.
func untouched(t *testing.T, w *world, u doorward.User, s doorward.Session, soon time.Time) {
	t.Helper()
	_, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "b@example.com"})
	is(t, err, doorward.ErrNotFound)
	equal(t, "username", w.account(t, "a@example.com").Username, "")
	equal(t, "copy", u.SecurityAccount().Username, "")
	list, err := w.Roles.RolesOf(t.Context(), u)
	ok(t, err)
	wantRoles(t, list)
	_, err = w.Roles.FindRole(t.Context(), "new")
	is(t, err, doorward.ErrNotFound)
	equal(t, "session gone", w.gone(t, s.IDHash), false)
	_, err = w.Remember.UpdateRemember(t.Context(), "sel", func(*doorward.Remember) error { return nil })
	is(t, err, doorward.ErrNotFound)
	ok(t, w.Claims.Claim(t.Context(), key("claim"), soon))
}

var contextTests = []test{
	{"done: nothing is stored and the error says so", users | roles | sessions, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u := w.user(t, "a@example.com")
		s := w.session(t, u, "mine")
		ctx := cancelled(t)
		_, err := w.Users.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: "a@example.com"})
		is(t, err, context.Canceled)
		_, _, _, err = w.Sessions.LoadSession(ctx, s.IDHash)
		is(t, err, context.Canceled)
		is(t, w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "no"; return nil }), context.Canceled)
		is(t, w.Admin.CreateUser(ctx, w.new("b@example.com")), context.Canceled)
		_, err = w.Roles.AddRole(ctx, u, "admin")
		is(t, err, context.Canceled)
		is(t, w.Sessions.EndSession(ctx, s.Uniquifier, s.IDHash), context.Canceled)
		equal(t, "username", w.account(t, "a@example.com").Username, "")
		equal(t, "session gone", w.gone(t, s.IDHash), false)
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount = 1; return nil }))
	}},
	{"done while change runs", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := w.Users.UpdateUser(ctx, u, func(a *doorward.Account) error { a.Username = "late"; cancel(); return nil })
		want := "late"
		if err != nil {
			want = ""
		}
		equal(t, "stored", w.account(t, "a@example.com").Username, want)
		equal(t, "copy", u.SecurityAccount().Username, want)
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount = 1; return nil }))
	}},
	{"done while waiting for another writer", users, func(t *testing.T, w *world) {
		u, other := w.user(t, "a@example.com"), w.user(t, "b@example.com")
		inside, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		entered := false
		go func() {
			done <- w.Users.UpdateUser(t.Context(), u, func(*doorward.Account) error {
				if !entered { // change may be called again
					entered = true
					close(inside)
				}
				<-leave
				return nil
			})
		}()
		select {
		case <-inside:
		case err := <-done:
			t.Fatalf("the first writer: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := w.Users.UpdateUser(ctx, other, func(a *doorward.Account) error { a.LoginCount = 1; return nil })
		close(leave)
		ok(t, <-done)
		if err != nil {
			is(t, err, context.DeadlineExceeded)
		}
		ok(t, w.Users.UpdateUser(t.Context(), other, func(a *doorward.Account) error { a.LoginCount = 2; return nil }))
	}},
}
