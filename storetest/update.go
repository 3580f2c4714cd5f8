package storetest

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

var errAbandon = errors.New("abandoned")

var updateTests = []test{
	{"stores and copies back", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error {
			a.Username, a.LoginCount = "ann", 3
			a.RecoveryCodes = []string{"x", "y"}
			return nil
		}))
		for _, a := range []*doorward.Account{u.SecurityAccount(), w.account(t, "a@example.com")} {
			equal(t, "username", a.Username, "ann")
			equal(t, "count", a.LoginCount, 3)
			equal(t, "codes", len(a.RecoveryCodes), 2)
		}
	}},
	{"a stale copy undoes nothing", users, func(t *testing.T, w *world) {
		w.user(t, "a@example.com")
		one, two := w.find(t, "a@example.com"), w.find(t, "a@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), one, func(a *doorward.Account) error { a.Username = "ann"; a.PasswordHash = "new"; return nil }))
		ok(t, w.Users.UpdateUser(t.Context(), two, func(a *doorward.Account) error {
			equal(t, "what change sees", a.Username, "ann")
			a.LoginCount++
			return nil
		}))
		a := w.account(t, "a@example.com")
		equal(t, "username", a.Username, "ann")
		equal(t, "password", a.PasswordHash, "new")
		equal(t, "copy", two.SecurityAccount().PasswordHash, "new")
	}},
	{"the record is found by its key", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		w.user(t, "b@example.com")
		u.SecurityAccount().Email, u.SecurityAccount().Uniquifier = "b@example.com", "other"
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = "ann"; return nil }))
		equal(t, "username", w.account(t, "a@example.com").Username, "ann")
		equal(t, "other user", w.account(t, "b@example.com").Username, "")
		equal(t, "the caller's copy", u.SecurityAccount().Email, "a@example.com")
	}},
	{"an error of change leaves everything", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		err := w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = "no"; a.Email = "no"; return errAbandon })
		if err != errAbandon { //nolint:errorlint // "as it is" is the promise
			t.Errorf("error %v, want the one of change as it is", err)
		}
		equal(t, "stored", w.account(t, "a@example.com").Username, "")
		equal(t, "copy", u.SecurityAccount().Email, "a@example.com")
	}},
	{"a panic of change leaves the store usable", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		if !panics(func() {
			_ = w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = "no"; return crash(nil) })
		}) {
			t.Error("the panic was swallowed")
		}
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount = 1; return nil }))
		equal(t, "username", w.account(t, "a@example.com").Username, "")
	}},
	{"gone", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		ok(t, w.Admin.DeleteUser(t.Context(), u))
		is(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = "x"; return nil }), doorward.ErrNotFound)
	}},
	{"duplicates", users, func(t *testing.T, w *world) {
		taken := w.user(t, "a@example.com")
		u := w.user(t, "b@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), taken, func(a *doorward.Account) error { a.Username, a.USPhoneNumber = "ann", "+15550001"; return nil }))
		for attr, set := range map[string]func(*doorward.Account){
			"email":           func(a *doorward.Account) { a.Email = "a@example.com" },
			"username":        func(a *doorward.Account) { a.Username = "ann" },
			"us_phone_number": func(a *doorward.Account) { a.USPhoneNumber = "+15550001" },
			"fs_uniquifier":   func(a *doorward.Account) { a.Uniquifier = taken.SecurityAccount().Uniquifier },
		} {
			err := w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { set(a); a.LoginCount = 9; return nil })
			wantDuplicate(t, err, attr)
		}
		equal(t, "copy", u.SecurityAccount().Email, "b@example.com")
		equal(t, "stored", w.account(t, "b@example.com").LoginCount, 0)
	}},
	{"to empty and back", users, func(t *testing.T, w *world) {
		for _, email := range []string{"a@example.com", "b@example.com"} {
			u := w.user(t, email)
			ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error {
				a.Username, a.PasswordHash, a.ConfirmedAt, a.RecoveryCodes = email, "h", day, []string{"c"}
				a.USTOTPSecrets = map[string]string{"sms": "s"}
				return nil
			}))
			ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { // two empty usernames are no duplicates
				a.Username, a.PasswordHash, a.ConfirmedAt, a.RecoveryCodes, a.USTOTPSecrets = "", "", time.Time{}, nil, nil
				return nil
			}))
			a := w.account(t, email)
			if a.Username != "" || a.PasswordHash != "" || !a.ConfirmedAt.IsZero() || len(a.RecoveryCodes) != 0 || len(a.USTOTPSecrets) != 0 {
				t.Errorf("not empty: %v %v %v", a.Username, a.ConfirmedAt, a.RecoveryCodes)
			}
		}
	}},
	{"notes when something changed", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		set := func(f func(a *doorward.Account)) time.Time {
			t.Helper()
			ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { f(a); return nil }))
			return w.account(t, "a@example.com").UpdatedAt
		}
		old := set(func(a *doorward.Account) { a.UpdatedAt = day })
		equalTime(t, "set by change", old, day)
		equalTime(t, "without a change", set(func(*doorward.Account) {}), day)
		if now := set(func(a *doorward.Account) { a.LoginCount++ }); now.Equal(day) {
			t.Error("the time of the update was not noted")
		}
		equalTime(t, "copy", u.SecurityAccount().UpdatedAt, w.account(t, "a@example.com").UpdatedAt)
	}},
	{"a slice changed in place is a change", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.RecoveryCodes = []string{"a", "b", "c"}; return nil }))
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error {
			a.RecoveryCodes = slices.Delete(a.RecoveryCodes, 0, 1)
			return nil
		}))
		equal(t, "codes", len(w.account(t, "a@example.com").RecoveryCodes), 2)
	}},
	{"no increment is lost", users, func(t *testing.T, w *world) {
		w.user(t, "a@example.com")
		n := many(1000)
		atOnce(t, n, func(int) (bool, error) {
			u, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
			if err != nil {
				return false, err
			}
			return true, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.LoginCount++; return nil })
		})
		equal(t, "count", w.account(t, "a@example.com").LoginCount, n)
	}},
	{"a code is used once", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.RecoveryCodes = []string{"a", "b"}; return nil }))
		won := atOnce(t, 100, func(int) (bool, error) {
			mine, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
			if err != nil {
				return false, err
			}
			err = w.Users.UpdateUser(t.Context(), mine, func(a *doorward.Account) error {
				i := slices.Index(a.RecoveryCodes, "a")
				if i < 0 {
					return errAbandon
				}
				a.RecoveryCodes = slices.Delete(a.RecoveryCodes, i, i+1)
				return nil
			})
			return err == nil, err
		}, errAbandon)
		equal(t, "winners", won, 1)
		equal(t, "codes left", len(w.account(t, "a@example.com").RecoveryCodes), 1)
	}},
	{"one of many takes a name", users, func(t *testing.T, w *world) {
		all := make([]doorward.User, 20)
		for i := range all {
			all[i] = w.user(t, "u"+strconv.Itoa(i)+"@example.com")
		}
		won := atOnce(t, len(all), func(i int) (bool, error) {
			err := w.Users.UpdateUser(t.Context(), all[i], func(a *doorward.Account) error { a.Username = "wanted"; return nil })
			return err == nil, err
		}, doorward.ErrDuplicate)
		equal(t, "winners", won, 1)
	}},
}

// wantDuplicate fails unless err says that attr is taken, or does not know what.
func wantDuplicate(t *testing.T, err error, attr string) {
	t.Helper()
	is(t, err, doorward.ErrDuplicate)
	var dup *doorward.DuplicateError
	if errors.As(err, &dup) && dup.Attr != attr && dup.Attr != "" {
		t.Errorf("taken is %q, want %q", dup.Attr, attr)
	}
}
