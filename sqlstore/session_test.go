package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"
)

// What stands between the facts of a session cannot be smuggled into one.
func TestSeparatorInASession(t *testing.T) {
	db := openDB(t)
	s := open[plain](t, db, sqlstore.Config{})
	u := &plain{Account: doorward.Account{Email: "a@example.com"}}
	if err := s.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	const evil = "x 9 true"
	base := doorward.Session{Uniquifier: u.Uniquifier, CreatedAt: time.Unix(1, 0), Binding: "b"}
	x := base
	x.IDHash, x.Binding = "binding", evil
	if s.CreateSession(t.Context(), x, "") == nil {
		t.Error("the binding was taken")
	}
	x = base
	x.IDHash, x.Via, x.Address, x.UserAgent = "good", []string{evil, "sms"}, evil, evil
	if err := s.CreateSession(t.Context(), x, ""); err != nil {
		t.Fatal(err)
	}
	have, _, _, err := s.LoadSession(t.Context(), "good")
	if err != nil || have.Binding != "b" || have.Fresh || len(have.Via) != 2 || have.Via[0] != evil {
		t.Errorf("%+v %v", have, err)
	}
	for _, damage := range []string{"facts = 'soon'", "facts = ''", "facts = '1 2 3 b password'", "facts = '1 2 true b'", "facts = x'00'", "seen_at = 'soon'", "expires_at = ''"} {
		mustExec(t, db, "UPDATE doorward_session SET "+damage)
		if _, _, _, err := s.LoadSession(t.Context(), "good"); err == nil || errors.Is(err, doorward.ErrNotFound) {
			t.Errorf("%s: %v", damage, err)
		}
		mustExec(t, db, "UPDATE doorward_session SET seen_at = 1, expires_at = 1, facts = '1 2 true b '")
	}
	if _, _, _, err := s.LoadSession(t.Context(), "good"); err != nil {
		t.Error(err)
	}
}

// Nor can a role be smuggled into the text of another, not even by an
// application that writes the table by itself.
func TestSeparatorInARole(t *testing.T) {
	db := openDB(t)
	s := open[plain](t, db, sqlstore.Config{})
	if err := s.CreateRole(t.Context(), doorward.Role{Name: "writer", Permissions: []string{"write"}}); err != nil {
		t.Fatal(err)
	}
	u := &plain{Account: doorward.Account{Email: "a@example.com"}}
	if err := s.CreateUser(t.Context(), u, "writer"); err != nil {
		t.Fatal(err)
	}
	for _, evil := range []string{"x\x1e", "x\x1f", "x\x1f\x1eadmin", "x\x1eadmin\x1f", "\x1e", "x\x00"} {
		if s.CreateRole(t.Context(), doorward.Role{Name: evil}) == nil || s.CreateRole(t.Context(), doorward.Role{Name: "x", Permissions: []string{evil}}) == nil {
			t.Errorf("%q was taken", evil)
		}
		err := s.UpdateRole(t.Context(), "writer", func(r *doorward.Role) error { r.Permissions = []string{evil}; return nil })
		if err == nil {
			t.Errorf("%q was taken by an update", evil)
		}
	}
	q := doorward.UserQuery{Attr: "email", Value: "a@example.com"}
	for _, evil := range []string{"x\x1e", "x\x1f", "x\x1f\x1eadmin", "x\x1eadmin\x1f", "\x1e", "\x1f\x1e"} {
		for _, column := range []string{"name", "permissions"} {
			mustExec(t, db, `UPDATE role SET name = 'writer', permissions = 'write'`)
			mustExec(t, db, "UPDATE role SET "+column+" = '"+evil+"'")
			if _, list, err := s.LoadUser(t.Context(), q); err == nil || errors.Is(err, doorward.ErrNotFound) {
				t.Errorf("%s %q: %q %v", column, evil, list, err)
			}
		}
	}
	mustExec(t, db, `UPDATE role SET name = '', permissions = NULL`)
	if _, list, err := s.LoadUser(t.Context(), q); err != nil || len(list) != 1 || list[0].Permissions != nil {
		t.Errorf("%q %v", list, err)
	}
}
