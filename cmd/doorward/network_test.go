package main

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/doorward/doorward/internal/testdb"
)

// TestNetworkScripts runs commands on the databases of servers.
func TestNetworkScripts(t *testing.T) {
	for _, kind := range []string{testdb.Postgres, testdb.MySQL} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel() // most of it is starting processes
			db := testdb.Open(t, kind)
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/network",
				RequireExplicitExec: true,
				Setup: func(e *testscript.Env) error {
					e.Setenv("DATABASE_URL", db.URL)
					return nil
				},
			})
		})
	}
}

// Servers on one database are one: who signs in at one is known to the other,
// and signed out at both.
func TestServersShareADatabase(t *testing.T) {
	for _, kind := range []string{testdb.Postgres, testdb.MySQL} {
		t.Run(kind, func(t *testing.T) {
			dir, environ := t.TempDir(), append(open(), "DATABASE_URL="+testdb.Open(t, kind).URL)
			a, b := start(t, dir, environ...), start(t, dir, environ...)
			if log := a.log.String(); !strings.Contains(log, "needs the same file") || !strings.Contains(log, dir+"/doorward.secrets") {
				t.Errorf("nothing about the secrets: %s", log)
			}
			a.register("ann@doors.test")
			known := a.jar
			b.jar = known
			if got := b.get("/profile", asJS); got.status != 200 {
				t.Errorf("at the other: %d %s", got.status, got.body)
			}
			if got := b.post("/", "/logout", html, map[string][]string{}); got.status != 302 {
				t.Errorf("sign out: %d", got.status)
			}
			if got := a.get("/profile", asJS); got.status != 401 {
				t.Errorf("after signing out at the other: %d", got.status)
			}
		})
	}
}
