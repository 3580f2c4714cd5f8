package forwardauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestWithinIsItsOwn: what a lax location lets through makes no strict one pass.
func TestWithinIsItsOwn(t *testing.T) {
	d := newDoor(t, nil)
	d.Clock.Advance(20 * time.Hour)
	for _, step := range []struct {
		query  string
		status int
	}{
		{"within=5m", 302},
		{"within=24h", 200},
		{"within=5m", 302},
		{"within=24h&role=admin", 200},
		{"role=admin&within=5m&grace=1s", 302}, // nothing was extended either
	} {
		if got, _ := d.ask(step.query, d.ada); got != step.status {
			t.Errorf("%s: %d, not %d", step.query, got, step.status)
		}
	}
	// With a grace it is the engine's, which the session has one of. A location
	// without one is not concerned.
	d = newDoor(t, nil)
	for _, step := range []struct {
		after  time.Duration
		query  string
		status int
	}{
		{4 * time.Minute, "within=5m&grace=10m", 200},
		{2 * time.Minute, "within=5m", 302},
		{0, "within=5m&grace=1m", 200},
		{11 * time.Minute, "within=5m&grace=1m", 302},
	} {
		d.Clock.Advance(step.after)
		if got, _ := d.ask(step.query, d.ada); got != step.status {
			t.Errorf("%s: %d, not %d", step.query, got, step.status)
		}
	}
}

// TestWithinEnds however often is asked, and exactly then.
func TestWithinEnds(t *testing.T) {
	d := newDoor(t, nil)
	for range 29 {
		d.Clock.Advance(time.Minute)
		if got, _ := d.ask("within=30m", d.ada); got != 200 {
			t.Fatalf("too early: %d", got)
		}
	}
	d.Clock.Advance(time.Minute)
	if got, _ := d.ask("within=30m", d.ada); got != 302 {
		t.Errorf("asking kept it alive: %d", got)
	}
	d.ada.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(http.StatusFound)
	if got, _ := d.ask("within=30m", d.ada); got != 200 {
		t.Errorf("proved again: %d", got)
	}
}

// TestWithinNeedsAProof of this browser's: neither remember-me nor a session
// that another browser shows is one.
func TestWithinNeedsAProof(t *testing.T) {
	d := newDoor(t, func(c *batteries.Config) { c.Session.Protection = conf.Some("basic") })
	b := d.Browser()
	b.PostForm("/login", kit.Fields{"email": ann, "password": kit.Password, "remember": "true"}).Want(http.StatusFound)
	b.Close()
	for _, query := range []string{"within=240h", "within=240h&grace=1m"} {
		if got, to := d.ask(query, b); got != 302 || !strings.HasPrefix(to, "/verify") {
			t.Errorf("remembered, %s: %d %s", query, got, to)
		}
	}
	for _, query := range []string{"within=240h", "within=240h&grace=1m"} {
		if got, _ := d.ask(query, d.ada); got != 200 {
			t.Errorf("%s: %d", query, got)
		}
	}
	if got, _ := d.ask("within=240h", d.ada, "User-Agent", "a thief's"); got != 302 {
		t.Errorf("another browser: %d", got)
	}
	if got, _ := d.ask("within=240h", d.ada); got != 302 {
		t.Errorf("the first again, after that: %d", got)
	}
	if got, _ := d.ask("", d.ada); got != 200 {
		t.Errorf("where nothing is asked: %d", got)
	}
}

// TestWithinOfOthers: tokens go by their own time, also where a session is
// older, and a password is proved at each request.
func TestWithinOfOthers(t *testing.T) {
	d := newDoor(t, nil)
	d.Clock.Advance(10 * time.Minute)
	token := []string{"Authentication-Token", d.token}
	if got, _ := d.ask("within=15m", nil, token...); got != 200 {
		t.Errorf("a token: %d", got)
	}
	if got, _ := d.ask("within=5m", nil, token...); got != 401 {
		t.Errorf("an old token: %d", got)
	}
	r := d.request("within=1s&mechanism=basic", nil)
	r.SetBasicAuth(ann, kit.Password)
	if res := d.answer(r); res.StatusCode != 200 {
		t.Errorf("basic: %d", res.StatusCode)
	}
	deny := newDoor(t, func(c *batteries.Config) { c.Fresh.DenyToken = true })
	if got, _ := deny.ask("within=15m", nil, "Authentication-Token", deny.token); got != 401 {
		t.Errorf("a token where none is fresh: %d", got)
	}
}
