package storetest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward"
)

var adminTests = []test{
	{"new user is empty", users, func(t *testing.T, w *world) {
		one, two := w.Admin.NewUser(), w.Admin.NewUser()
		if one == two || one.SecurityAccount().Email != "" || one.SecurityAccount().Uniquifier != "" {
			t.Error("NewUser is not a new and empty record")
		}
	}},
	{"create fills in what is missing", users, func(t *testing.T, w *world) {
		one, two := w.user(t, "a@example.com").SecurityAccount(), w.user(t, "b@example.com").SecurityAccount()
		for _, v := range []string{one.Uniquifier, one.WebAuthnHandle} {
			if len(v) != 32 || strings.Trim(v, "0123456789abcdef") != "" {
				t.Errorf("%q is not 32 lower-case hexadecimal characters", v)
			}
		}
		if one.Uniquifier == two.Uniquifier || one.WebAuthnHandle == two.WebAuthnHandle || one.Uniquifier == one.WebAuthnHandle {
			t.Error("two of the random values are the same")
		}
		if one.CreatedAt.IsZero() {
			t.Error("CreatedAt is not filled in")
		}
		stored := w.account(t, "a@example.com")
		equal(t, "uniquifier", stored.Uniquifier, one.Uniquifier)
		equal(t, "handle", stored.WebAuthnHandle, one.WebAuthnHandle)
		equalTime(t, "created", stored.CreatedAt, one.CreatedAt)
	}},
	{"create fills in the key", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		w.user(t, "b@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = "ann"; return nil }))
		equal(t, "username", w.account(t, "a@example.com").Username, "ann")
	}},
	{"create with roles", users | roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		w.role(t, "writer")
		u := w.user(t, "a@example.com", "writer", "admin", "writer")
		list, err := w.Roles.RolesOf(t.Context(), u)
		ok(t, err)
		wantRoles(t, list, "admin", "writer")
	}},
	{"create with an unknown role stores nothing", users | roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		is(t, w.Admin.CreateUser(t.Context(), w.new("a@example.com"), "admin", "nobody"), doorward.ErrNotFound)
		_, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
		is(t, err, doorward.ErrNotFound)
		w.user(t, "a@example.com")
	}},
	{"create a duplicate", users, func(t *testing.T, w *world) {
		first := w.new("a@example.com")
		first.SecurityAccount().Username = "ann"
		ok(t, w.Admin.CreateUser(t.Context(), first))
		wantDuplicate(t, w.Admin.CreateUser(t.Context(), w.new("a@example.com")), "email")
		second := w.new("b@example.com")
		second.SecurityAccount().Username = "ann"
		wantDuplicate(t, w.Admin.CreateUser(t.Context(), second), "username")
		_, n, err := w.Admin.ListUsers(t.Context(), "", 0, 10)
		ok(t, err)
		equal(t, "users", n, 1)
	}},
	{"one of many creates", users, func(t *testing.T, w *world) {
		all := make([]doorward.User, 20)
		for i := range all {
			all[i] = w.new("a@example.com")
		}
		won := atOnce(t, len(all), func(i int) (bool, error) {
			err := w.Admin.CreateUser(t.Context(), all[i])
			return err == nil, err
		}, doorward.ErrDuplicate)
		equal(t, "winners", won, 1)
	}},
	{"delete takes everything with it", users | roles | sessions | remember, func(t *testing.T, w *world) {
		w.role(t, "admin")
		u, other := w.user(t, "a@example.com", "admin"), w.user(t, "b@example.com", "admin")
		mine, theirs := w.session(t, u, "mine"), w.session(t, other, "theirs")
		for sel, x := range map[string]doorward.User{"s1": u, "s2": other} {
			ok(t, w.Remember.CreateRemember(t.Context(), newRemember(sel, x.SecurityAccount().Uniquifier)))
		}
		uniquifier := u.SecurityAccount().Uniquifier
		u.SecurityAccount().Uniquifier = "stale" // the stored one counts
		ok(t, w.Admin.DeleteUser(t.Context(), u))
		_, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
		is(t, err, doorward.ErrNotFound)
		list, err := w.Sessions.ListSessions(t.Context(), uniquifier)
		ok(t, err)
		equal(t, "sessions", len(list), 0)
		equal(t, "session gone", w.gone(t, mine.IDHash), true)
		equal(t, "the other's session gone", w.gone(t, theirs.IDHash), false)
		_, err = w.Remember.UpdateRemember(t.Context(), "s1", func(*doorward.Remember) error { return nil })
		is(t, err, doorward.ErrNotFound)
		_, err = w.Remember.UpdateRemember(t.Context(), "s2", func(*doorward.Remember) error { return nil })
		ok(t, err)
		has, err := w.Roles.RolesOf(t.Context(), u)
		ok(t, err)
		equal(t, "roles", len(has), 0)
		is(t, w.Admin.DeleteUser(t.Context(), u), doorward.ErrNotFound)
	}},
	{"list in pages", users, func(t *testing.T, w *world) {
		for i := range 7 {
			w.user(t, "u"+strconv.Itoa(i)+"@example.com")
		}
		seen := map[string]bool{}
		for _, c := range []struct{ offset, limit, want int }{{0, 3, 3}, {3, 3, 3}, {6, 3, 1}, {7, 3, 0}, {99, 3, 0}, {0, 0, 0}} {
			list, n, err := w.Admin.ListUsers(t.Context(), "", c.offset, c.limit)
			ok(t, err)
			equal(t, "total", n, 7)
			equal(t, "page", len(list), c.want)
			for _, u := range list {
				if seen[u.SecurityAccount().Email] {
					t.Errorf("%s twice", u.SecurityAccount().Email)
				}
				seen[u.SecurityAccount().Email] = true
			}
		}
		equal(t, "all", len(seen), 7)
	}},
	{"list what contains a text", users, func(t *testing.T, w *world) {
		u := w.user(t, "Ann@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.PasswordHash = "whole"; return nil }))
		b := w.user(t, "b@example.org")
		ok(t, w.Users.UpdateUser(t.Context(), b, func(a *doorward.Account) error { a.Username = "johANNa_x"; return nil }))
		w.user(t, "c%d@example.net")
		for text, want := range map[string]int{"": 3, "ann": 2, "ANN": 2, "example.org": 1, "%": 1, "_": 1, "zzz": 0, "'": 0, `\`: 0} {
			_, n, err := w.Admin.ListUsers(t.Context(), text, 0, 10)
			ok(t, err)
			equal(t, "containing "+text, n, want)
		}
		list, _, err := w.Admin.ListUsers(t.Context(), "ann@", 0, 10)
		ok(t, err)
		equal(t, "the whole record", list[0].SecurityAccount().PasswordHash, "whole")
	}},
}
