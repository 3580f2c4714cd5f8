package clustertest_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// TestGuessesCountEverywhere: whoever guesses at three servers has no more
// tries than at one.
func TestGuessesCountEverywhere(t *testing.T) {
	c := launch(t, 3, testdb.Open(t, testdb.Postgres).URL)
	front := c.balance()
	ctx := t.Context()
	tries := c.setting("SECURITY_LOCKOUT_TRIES")
	if a := newClient(front).register(ctx, "ann@doors.test"); a.status != http.StatusOK {
		t.Fatalf("register: %v", a)
	}
	allowed := 0
	for range 3 * tries {
		a := newClient(front).signIn(ctx, "ann@doors.test", "wrong-"+password)
		if a.status == http.StatusTooManyRequests {
			break
		}
		if a.status != http.StatusBadRequest {
			t.Fatalf("a wrong password: %v", a)
		}
		allowed++
	}
	if allowed == 0 || allowed > tries {
		t.Errorf("%d guesses, of one server's %d", allowed, tries)
	}
	for _, s := range c.servers {
		a := newClient("http://"+s.addr).signIn(ctx, "ann@doors.test", password)
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
			t.Errorf("at %s: %v", s.name, a)
		}
	}
}

// setting is the number that a setting has.
func (c *cluster) setting(name string) int {
	c.t.Helper()
	out, err := c.operate("settings", name)
	if err != nil {
		c.t.Fatalf("%v %s", err, out)
	}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			if n, err := strconv.Atoi(fields[1]); err == nil {
				return n
			}
		}
	}
	c.t.Fatalf("%s is not listed: %s", name, out)
	return 0
}
