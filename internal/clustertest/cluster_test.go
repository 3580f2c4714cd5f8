package clustertest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// TestServersAreOne: what one server does, all know at once.
func TestServersAreOne(t *testing.T) {
	db := testdb.Open(t, testdb.Postgres)
	c := launch(t, 3, db.URL)
	front := c.balance()
	ctx := t.Context()

	ann := newClient(front)
	if a := ann.register(ctx, "ann@doors.test"); a.status != http.StatusOK {
		t.Fatalf("register: %v", a)
	}
	everywhere := func(what string, who *client, check func(a answer) bool) {
		t.Helper()
		for _, s := range c.servers {
			if a := who.copied("http://" + s.addr).who(ctx); !check(a) {
				t.Errorf("%s, at %s: %v", what, s.name, a)
			}
		}
		for range 2 * len(c.servers) {
			if a := who.copied(front).who(ctx); !check(a) {
				t.Errorf("%s, behind nginx: %v", what, a)
			}
		}
	}
	everywhere("signed in", ann, func(a answer) bool { return a.status == http.StatusOK && a.body["email"] == "ann@doors.test" })

	for _, args := range [][]string{{"roles", "create", "editor", "-p", "write"}, {"roles", "add", "ann@doors.test", "editor"}} {
		if out, err := c.operate(args...); err != nil {
			t.Fatalf("%v: %v %s", args, err, out)
		}
	}
	everywhere("with a role", ann, func(a answer) bool { return fmt.Sprint(a.body["roles"], a.body["permissions"]) == "[editor] [write]" })

	old := ann.copied(front)
	if a := ann.signOut(ctx); a.status != http.StatusOK {
		t.Fatalf("sign out: %v", a)
	}
	everywhere("signed out", ann, func(a answer) bool { return a.status == http.StatusUnauthorized })
	everywhere("with the cookie from before", old, func(a answer) bool { return a.status == http.StatusUnauthorized })

	if a := ann.signIn(ctx, "ann@doors.test", password); a.status != http.StatusOK {
		t.Fatalf("sign in: %v", a)
	}
	if out, err := c.operate("users", "deactivate", "ann@doors.test"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	everywhere("deactivated", ann, func(a answer) bool { return a.status == http.StatusUnauthorized })
	c.noPanics()
}
