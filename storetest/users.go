package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
)

var userTests = []test{
	{"find by each attribute", users, func(t *testing.T, w *world) {
		u := w.new("a@example.com")
		u.SecurityAccount().Username = "ann"
		ok(t, w.Admin.CreateUser(t.Context(), u))
		w.user(t, "b@example.com")
		a := u.SecurityAccount()
		for _, q := range []doorward.UserQuery{
			{Attr: "email", Value: a.Email}, {Attr: "username", Value: "ann"}, {Attr: "fs_uniquifier", Value: a.Uniquifier},
			{Attr: "fs_webauthn_user_handle", Value: a.WebAuthnHandle},
			{Attr: "email", Value: "A@Example.COM", AnyCase: true}, {Attr: "username", Value: "ANN", AnyCase: true},
		} {
			found, err := w.Users.FindUser(t.Context(), q)
			ok(t, err)
			equal(t, q.Attr, found.SecurityAccount().Email, a.Email)
			found, _, err = w.Users.LoadUser(t.Context(), q)
			ok(t, err)
			equal(t, q.Attr, found.SecurityAccount().Email, a.Email)
		}
	}},
	{"not found", users, func(t *testing.T, w *world) {
		w.user(t, "a@example.com") // has no username
		for _, q := range []doorward.UserQuery{
			{Attr: "email", Value: "b@example.com"}, {Attr: "email", Value: "A@example.com"},
			{Attr: "email", Value: "b@example.com", AnyCase: true}, {Attr: "email"}, {Attr: "username"},
			{Attr: "username", AnyCase: true}, {Attr: "us_phone_number"}, {Attr: "email", Value: "%"},
			{Attr: "email", Value: "a@example.com "}, {Attr: "email", Value: "a@example.com\x00"},
			{Attr: "fs_token_uniquifier", Value: "nobody"}, // also where there is no such column
		} {
			_, err := w.Users.FindUser(t.Context(), q)
			is(t, err, doorward.ErrNotFound)
			_, _, err = w.Users.LoadUser(t.Context(), q)
			is(t, err, doorward.ErrNotFound)
		}
	}},
	{"an unknown attribute is an error", users, func(t *testing.T, w *world) {
		for _, attr := range []string{"no_such_column", "password", `email" OR 1=1 --`, ""} {
			_, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: attr, Value: "x"})
			if err == nil || errors.Is(err, doorward.ErrNotFound) {
				t.Errorf("looking up by %q: %v, want an error of the store's own", attr, err)
			}
		}
	}},
	{"load gives the roles by name and what requests need", users | roles, func(t *testing.T, w *world) {
		w.role(t, "writer", "write", "read")
		w.role(t, "admin")
		w.role(t, "zzz")
		u := w.user(t, "a@example.com", "writer", "admin")
		w.user(t, "b@example.com", "zzz")
		got, list, err := w.Users.LoadUser(t.Context(), doorward.UserQuery{Attr: "fs_uniquifier", Value: u.SecurityAccount().Uniquifier})
		ok(t, err)
		a := got.SecurityAccount()
		equal(t, "email", a.Email, "a@example.com")
		equal(t, "active", a.Active, true)
		equal(t, "uniquifier", a.Uniquifier, u.SecurityAccount().Uniquifier)
		wantRoles(t, list, "admin", "writer")
		equal(t, "permissions", strings.Join(list[1].Permissions, " "), "write read")
		ok(t, w.Users.UpdateUser(t.Context(), got, func(a *doorward.Account) error { a.Username = "x"; return nil }))
		equal(t, "username by the loaded record's key", w.account(t, "a@example.com").Username, "x")
	}},
	{"load without roles", users, func(t *testing.T, w *world) {
		w.user(t, "a@example.com")
		_, list, err := w.Users.LoadUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
		ok(t, err)
		equal(t, "roles", len(list), 0)
	}},
	{"results are the caller's", users, func(t *testing.T, w *world) {
		u := w.new("a@example.com")
		u.SecurityAccount().RecoveryCodes = []string{"one", "two"}
		u.SecurityAccount().USTOTPSecrets = map[string]string{"email": "s"}
		ok(t, w.Admin.CreateUser(t.Context(), u))
		for _, x := range []doorward.User{u, w.find(t, "a@example.com")} {
			x.SecurityAccount().RecoveryCodes[0] = "changed"
			x.SecurityAccount().USTOTPSecrets["email"] = "changed"
			x.SecurityAccount().Email = "changed"
		}
		a := w.account(t, "a@example.com")
		equal(t, "code", a.RecoveryCodes[0], "one")
		equal(t, "secret", a.USTOTPSecrets["email"], "s")
	}},
}

func wantRoles(t *testing.T, list []doorward.Role, names ...string) {
	t.Helper()
	have := []string{}
	for _, r := range list {
		have = append(have, r.Name)
	}
	if !slices.Equal(have, names) {
		t.Fatalf("roles %q, want %q", have, names)
	}
}
