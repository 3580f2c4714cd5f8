package faulttest_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fill takes all space that is left on the disk of a directory.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// unavailable checks that a request was refused for now, with at most one line
// for the operator, who need not be told of the same trouble with every request.
func unavailable(t *testing.T, what string, r reply, why string) {
	t.Helper()
	if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
		t.Errorf("%s: %d %s, want 503 with Retry-After", what, r.status, r.text)
	}
	if len(r.logged) > 1 || len(r.logged) == 1 && !strings.Contains(r.logged[0], why) {
		t.Errorf("%s: logged, not one line with %q:\n%s", what, why, strings.Join(r.logged, ""))
	}
}

// TestFullDisk: while there is no room, nobody signs in or out and nothing is
// made, but who is signed in can read; nothing that was promised is lost, and
// with room again all works without a restart.
func TestFullDisk(t *testing.T) {
	data := mount(t, "-t", "tmpfs", "-o", "size=2m", "tmpfs")
	s := prepare(t, "sqlite:"+data+"/doorward.db", filepath.Join(t.TempDir(), "secrets"))
	s.mustStart()
	ann := s.client()
	if r := ann.register(ann1); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.text)
	}
	leaving := s.client()
	if r := leaving.signIn(ann1); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.text)
	}
	leave, enter := leaving.token("/login"), s.client()
	known := []string{ann1}

	empty := fill(t, data)
	var refusal reply
	for i := range 500 { // what SQLite has allocated is used up first
		email := fmt.Sprintf("user%d@doors.test", i)
		if refusal = s.client().register(email); refusal.status != http.StatusOK {
			break
		}
		known = append(known, email)
	}
	t.Logf("full after %d accounts", len(known))
	unavailable(t, "register", refusal, "full")
	unavailable(t, "sign in", enter.signIn(ann1), "full")
	unavailable(t, "sign out", leaving.do(http.MethodPost, "/logout", map[string]any{}, "X-CSRFToken", leave), "full")
	if len(s.errors(0)) == 0 {
		t.Error("the operator was not told")
	}
	for range 3 {
		if r := ann.do(http.MethodGet, "/sessions", nil); r.status != http.StatusOK || len(r.logged) > 0 {
			t.Errorf("read: %d %s %v", r.status, r.text, r.logged)
		}
	}
	if r := s.client().do(http.MethodGet, "/healthz", nil); r.status != http.StatusOK {
		t.Errorf("health, while reading works: %d %s", r.status, r.text)
	}
	if out, code := s.operate("users", "list"); code != 0 || !strings.Contains(out, ann1) {
		t.Errorf("users list: %d %s", code, out)
	}
	if out, code := s.operate("users", "deactivate", ann1); code == 0 || !strings.Contains(out, "full") {
		t.Errorf("users deactivate: %d %s", code, out)
	}

	empty()
	for _, email := range known {
		if r := s.client().signIn(email); r.status != http.StatusOK {
			t.Errorf("%s was promised an account: %d %s", email, r.status, r.text)
		}
	}
	if r := leaving.do(http.MethodPost, "/logout", map[string]any{}, "X-CSRFToken", leave); r.status != http.StatusOK {
		t.Errorf("sign out: %d %s", r.status, r.text)
	}
	if r := leaving.do(http.MethodGet, "/sessions", nil); r.status != http.StatusUnauthorized {
		t.Errorf("after signing out: %d %s", r.status, r.text)
	}
	if r := s.client().register("late@doors.test"); r.status != http.StatusOK {
		t.Errorf("register: %d %s", r.status, r.text)
	}
}

const ann1 = "ann@doors.test"

// TestFullAtStart: a server that cannot make its files says which, and why.
func TestFullAtStart(t *testing.T) {
	data := mount(t, "-t", "tmpfs", "-o", "size=256k", "tmpfs")
	fill(t, data)
	roomy := t.TempDir()
	for name, c := range map[string]struct{ database, secrets, say string }{
		"the database": {data + "/doorward.db", roomy + "/secrets", "doorward.db"},
		"the secrets":  {roomy + "/doorward.db", data + "/secrets", "DOORWARD_SECRETS_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			said, ok := prepare(t, "sqlite:"+c.database, c.secrets).start()
			if ok || !strings.Contains(said, c.say) || !strings.Contains(said, "full") && !strings.Contains(said, "no space left") || strings.Contains(said, "goroutine") {
				t.Errorf("started: %v, said:\n%s", ok, said)
			}
		})
	}
}

// TestReadOnlyAtStart: the files are there and cannot be written.
func TestReadOnlyAtStart(t *testing.T) {
	data := t.TempDir()
	s := prepare(t, "sqlite:"+data+"/doorward.db", data+"/secrets")
	s.mustStart()
	if r := s.client().register(ann1); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.text)
	}
	s.stop()
	view := mount(t, "--bind", "-o", "ro", data)
	for name, c := range map[string]struct{ database, secrets, say, why string }{
		"the database": {view + "/doorward.db", data + "/secrets", "doorward.db", "Make the file and its directory writable"},
		"the secrets":  {data + "/doorward.db", view + "/others", "DOORWARD_SECRETS_FILE", "read-only"},
	} {
		t.Run(name, func(t *testing.T) {
			said, ok := prepare(t, "sqlite:"+c.database, c.secrets).start()
			if ok || !strings.Contains(said, c.say) || !strings.Contains(said, c.why) || strings.Contains(said, "goroutine") {
				t.Errorf("started: %v, said:\n%s", ok, said)
			}
		})
	}
}
