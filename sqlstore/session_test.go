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
	const evil = "x\x1f9\x1f1"
	base := doorward.Session{Uniquifier: u.Uniquifier, CreatedAt: time.Unix(1, 0), Address: "192.0.2.1"}
	for name, set := range map[string]func(*doorward.Session){
		"address": func(x *doorward.Session) { x.Address = evil }, "binding": func(x *doorward.Session) { x.Binding = evil },
		"via": func(x *doorward.Session) { x.Via = []string{"password", evil} },
	} {
		x := base
		x.IDHash = name
		set(&x)
		if s.CreateSession(t.Context(), x, "") == nil {
			t.Errorf("%s was taken", name)
		}
	}
	agent := base
	agent.IDHash, agent.UserAgent = "agent", evil
	if err := s.CreateSession(t.Context(), agent, ""); err != nil {
		t.Fatal(err)
	}
	have, _, _, err := s.LoadSession(t.Context(), "agent")
	if err != nil || have.UserAgent != evil || have.Address != "192.0.2.1" {
		t.Errorf("%+v %v", have, err)
	}
	mustExec(t, db, `UPDATE doorward_session SET authn_at = 'soon'`)
	if _, _, _, err := s.LoadSession(t.Context(), "agent"); err == nil || errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("a damaged row: %v", err)
	}
}
