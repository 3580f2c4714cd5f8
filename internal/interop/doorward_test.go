package interop_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// startOurs starts our server on the tables that the original made.
func startOurs(t *testing.T, db *testdb.Database, variant, dir string) *side {
	t.Helper()
	env := environment(t, db, variant, dir)
	cmd := exec.Command(os.Getenv(program), "serve")
	cmd.Env = env
	line := launch(t, "doorward", cmd, func() error { return cmd.Process.Signal(os.Interrupt) })
	url := regexp.MustCompile(`http://[^ /]+`).FindString(line)
	if url == "" {
		t.Fatalf("doorward says %q", line)
	}
	s := &side{name: "doorward", url: url, me: "/profile", csrf: csrfField(variant)}
	s.sent = func(t *testing.T) (all []message) {
		var shown []struct{ To, Text string }
		newVisitor(t, s).get("/dev/mail").want(http.StatusOK).into(&shown)
		for i := len(shown) - 1; i >= 0; i-- { // newest first
			all = append(all, message{shown[i].To, shown[i].Text})
		}
		return all
	}
	s.staff = commands{env}
	s.guards = func(role, permission string) []string {
		return []string{"/forward-auth?role=" + role, "/forward-auth?permission=" + permission}
	}
	return s
}

// commands does it on the command line.
type commands struct{ env []string }

func (c commands) deactivate(t *testing.T, email string) {
	t.Helper()
	c.run(t, "", "users", "deactivate", email)
}

func (c commands) grant(t *testing.T, email, role string, permissions ...string) {
	t.Helper()
	if !strings.Contains(c.run(t, "", "roles", "list"), role+" ") {
		c.run(t, "", "roles", "create", role, "--permissions", strings.Join(permissions, ","))
	}
	c.run(t, "", "roles", "add", email, role)
}

func (c commands) revoke(t *testing.T, email, role string) {
	t.Helper()
	c.run(t, "", "roles", "remove", email, role)
}

// run runs one command and returns what it prints.
func (c commands) run(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := c.attempt(t.Context(), input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attempt is run for any goroutine.
func (c commands) attempt(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, os.Getenv(program), args...)
	cmd.Env = c.env
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("doorward %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
