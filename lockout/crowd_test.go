package lockout_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/password"
)

func member(i int) string { return fmt.Sprintf("member%d@example.com", i) }

// Many who sign in at once from one address are not taken for guesses: only
// what turned out wrong counts against it.
func TestManyFromOneAddress(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Lockout.AddressTries = 5 })
	for i := range 40 {
		app.NewUser(member(i))
	}
	browsers := make([]*kit.Browser, 40)
	for i := range browsers {
		browsers[i] = from(app, "192.0.2.7")
		browsers[i].CSRF("/login")
	}
	kit.Parallel(t, 40, 40, func(i int) bool { return signIn(browsers[i], member(i), kit.Password).Status == 200 })

	// Wrong ones at once: what was compared counts, and the next is refused.
	for i := range browsers {
		browsers[i] = from(app, "192.0.2.7")
		browsers[i].CSRF("/login")
	}
	kit.Parallel(t, 40, 0, func(i int) bool { return signIn(browsers[i], member(i), "wrong password").Status == 200 })
	before := app.Hashes()
	signIn(from(app, "192.0.2.7"), joe, kit.Password).Want(429)
	if app.Hashes() != before {
		t.Error("compared all the same")
	}
	signIn(from(app, "192.0.2.8"), joe, kit.Password).Want(200)
}

// held hashes when it is told to.
type held struct {
	batteries.Hasher
	begun, open chan struct{}
}

func (h held) Verify(ctx context.Context, plain, stored string) (password.Match, error) {
	h.begun <- struct{}{}
	<-h.open
	return h.Hasher.Verify(ctx, plain, stored)
}

// Who finds the line of his account full is asked to come back, and is over no limit.
func TestLineIsFull(t *testing.T) {
	h := &held{begun: make(chan struct{}, 9), open: make(chan struct{})}
	app := limited(t, func(c *batteries.Config) {
		c.Lockout.Tries, c.Lockout.Waiting = 1, 1
		h.Hasher = kit.New(t, nil).Hasher
		c.Hasher = h
	})
	answers := make(chan *kit.Response, 3)
	enter := func() {
		b := from(app, "192.0.2.7")
		b.CSRF("/login")
		go func() { answers <- signIn(b, joe, kit.Password) }()
	}
	enter()
	<-h.begun
	enter() // one of these waits for the first,
	enter() // and the other finds no place
	if res := <-answers; res.Status != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
	}
	if got := kit.EventsOf[lockout.Refused](app.Events); len(got) != 0 {
		t.Errorf("told %+v", got)
	}
	close(h.open)
	for range 2 {
		if res := <-answers; res.Status != 200 {
			t.Errorf("one before it: %d", res.Status)
		}
	}
}

// What flies is part of the count and does not count yet.
func TestRateFlying(t *testing.T) {
	r, now := lockout.NewRate(10, time.Hour), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	var g doorward.Guesses
	for i := range 300 {
		if wait := r.WaitFlying(g, now, i); wait != 0 {
			t.Fatalf("number %d waits %s", i, wait)
		}
		r.TakeFlying(&g, now, i)
	}
	waits := map[int]time.Duration{}
	for _, flying := range []int{300, 291, 290, 0, -5, 1000} {
		waits[flying] = r.WaitFlying(g, now, flying)
	}
	if want := map[int]time.Duration{300: 0, 291: 0, 290: 6 * time.Minute, 0: 6 * time.Minute, -5: 6 * time.Minute, 1000: 0}; !maps.Equal(waits, want) {
		t.Errorf("%v, want %v", waits, want)
	}
	// All were wrong: the limit holds them, and no more than the limit.
	if wait := r.WaitFlying(g, now.Add(6*time.Minute), 0); wait != 0 {
		t.Errorf("after one came back: %s", wait)
	}
}
