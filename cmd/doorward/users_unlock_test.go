package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// TestUnlock locks an account by wrong passwords, from the server's side, and
// unlocks it from the operator's.
func TestUnlock(t *testing.T) {
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			environ := append(open(), "DATABASE_URL="+testdb.Open(t, kind).URL, "SECURITY_LOCKOUT_ACCOUNT_TRIES=3")
			dir := t.TempDir()
			l := start(t, dir, environ...)
			says := func(want string, args ...string) {
				t.Helper()
				if out, code := operate(t, dir, environ, args...); code != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
					t.Errorf("%s: code %d, want %q in\n%s", args, code, want, out)
				}
			}
			try := func(password string, want int) {
				t.Helper()
				if a := l.post("/login", "/login", html, url.Values{"email": {"ann@doors.test"}, "password": {password}}); a.status != want {
					t.Errorf("status %d, want %d", a.status, want)
				}
			}
			says("", "users", "create", "ann@doors.test", "--active", "--password", secretWord)
			says("locked no confirmed", "users", "show", "ann@doors.test")
			try("wrong-horse-9", http.StatusOK)
			says("locked no; 1 wrong try so far", "users", "show", "ann@doors.test")
			says("ann@doors.test was not locked; 1 wrong try is forgotten.", "users", "unlock", "ann@doors.test")
			for range 3 {
				try("wrong-horse-9", http.StatusOK)
			}
			try(secretWord, http.StatusTooManyRequests)
			says("locked until 20", "users", "show", "ann@doors.test")
			says("by 3 wrong tries", "users", "show", "ann@doors.test")
			says("ann@doors.test is unlocked; 3 wrong tries are forgotten.", "users", "unlock", "Ann@doors.test")
			says("ann@doors.test was not locked; nothing changed.", "users", "unlock", "ann@doors.test")
			try(secretWord, http.StatusFound)
			if out, code := operate(t, dir, environ, "users", "unlock", "nobody@doors.test"); code != 2 || !strings.Contains(out, "there is no user") {
				t.Errorf("code %d\n%s", code, out)
			}
		})
	}
}

// TestUnlockForGood closes an account as time does not open it again.
func TestUnlockForGood(t *testing.T) {
	environ, dir := append(open(), "SECURITY_LOCKOUT_ACCOUNT_MAX=5"), t.TempDir()
	l := start(t, dir, environ...)
	if out, code := operate(t, dir, environ, "users", "create", "ann@doors.test", "--active", "--password", secretWord); code != 0 {
		t.Fatal(out)
	}
	for range 4 {
		l.post("/login", "/login", html, url.Values{"email": {"ann@doors.test"}, "password": {"wrong-horse-9"}})
	}
	if out, _ := operate(t, dir, environ, "users", "show", "ann@doors.test"); !strings.Contains(out, "until unlocked, by 4 wrong tries") {
		t.Error(out)
	}
	if out, _ := operate(t, dir, environ, "users", "unlock", "ann@doors.test"); !strings.Contains(out, "is unlocked; 4 wrong tries are forgotten") {
		t.Error(out)
	}
	l.signIn("ann@doors.test")
}
