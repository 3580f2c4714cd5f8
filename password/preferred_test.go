package password_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/password"
)

func TestPreferred(t *testing.T) {
	if who, ok := password.PreferredUser(t.Context()); ok || who != "" {
		t.Errorf("a stranger is %q, %v", who, ok)
	}
	for _, want := range []string{"joe", ""} {
		if who, ok := password.PreferredUser(password.Preferred(t.Context(), want)); !ok || who != want {
			t.Errorf("%q is found as %q, %v", want, who, ok)
		}
	}
}

// TestPlacesInTheSignedInLine: who finds none there stands among the strangers, behind
// those who came before him.
func TestPlacesInTheSignedInLine(t *testing.T) {
	tests := map[string]struct {
		signedIn       int
		come, happened string
	}{
		"two for each": {100, "a pX.1 pX.2 pX.3 b pY.1", "a, pX.1, pX.2, pY.1, pX.3, b"},
		"in the order of strangers": {100, "a b pX.1 pX.2 pX.3 c pX.4 d",
			"a, pX.1, pX.2, b, pX.3, c, pX.4, d"},
		"four at all": {100, "a pX.1 pX.2 pX.3 pX.4 pX.5", "busy pX.5, a, pX.1, pX.2, pX.3, pX.4"},
		"the third is among the strangers' fourths": {100, "a pX.1 pX.2 pX.3 pX.4 pY.1 pY.2 pZ.1 pZ.2",
			"a, pX.1, pX.2, pY.1, pX.3, pY.2, pZ.1, pZ.2, pX.4"},
		"the line is full":    {1, "a p1 p2 b p3", "a, p1, p2, b, p3"},
		"both lines are full": {1, "a p1 p2 b c d e p3", "busy p3, a, p1, p2, b, c, d, e"},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, password.NewGate(64, 1, 5, tt.signedIn, time.Hour))
			for _, who := range strings.Fields(tt.come) {
				c.arrive(who, 1, 1)
			}
			if len(c.log) == 2 { // somebody was refused before anybody was done
				c.log[0], c.log[1] = c.log[1], c.log[0]
			}
			c.finishAll()
			c.want(tt.happened)
			c.done()
		})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestPlacesAreGivenBack: by whoever is served, goes away, or waits for too long.
func TestPlacesAreGivenBack(t *testing.T) {
	ways := map[string]func(c *crowd){
		"served": func(c *crowd) { c.finish("a") },
		"gone":   func(c *crowd) { c.leave["pX.1"](); synctest.Wait() },
		"late":   func(c *crowd) { <-time.After(time.Minute + 1); synctest.Wait() },
	}
	for name, way := range ways {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, password.NewGate(64, 1, 100, 100, time.Minute))
			for _, who := range []string{"a", "pX.1", "pX.2"} {
				c.arrive(who, 1, 1)
			}
			way(c)
			_, _, _, _, before := c.g.Use()
			c.arrive("pX.3", 1, 1)
			if _, _, _, _, after := c.g.Use(); after != before+1 {
				t.Errorf("%s: %d signed in before, then %d", name, before, after)
			}
			if err := c.g.Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c.finishAll()
			c.done()
		})
	}
}

// TestOneUserCannotShutOutStrangers: however many sessions he has, four wait.
func TestOneUserCannotShutOutStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sessions = 48
		ctx, cancel := context.WithCancel(t.Context())
		r := &rush{g: password.NewGate(64, 1, 1024, 8, time.Hour)}
		r.keep(password.Preferred(ctx, "flood"), sessions)
		for range 10 {
			if others, err := r.visit(ctx); err != nil || others > 12 { // two of his before, each after three of his
				t.Errorf("after %d others, %v", others, err)
			}
		}
		cancel()
		r.all.Wait()
	})
}

// rush is one processor that hashes for a second at a time, and those who come back as
// soon as they were served.
type rush struct {
	g      *password.Gate
	hashes atomic.Int64
	all    sync.WaitGroup
}

// visit asks for one hash, and tells how many others began meanwhile.
func (r *rush) visit(ctx context.Context) (others int64, err error) {
	before := r.hashes.Load()
	release, err := r.g.Acquire(ctx, 1, 1)
	if err != nil {
		return 0, err
	}
	others = r.hashes.Add(1) - 1 - before
	<-time.After(time.Second)
	release(time.Second)
	return others, nil
}

// keep brings sessions that never stop, and counts what they are given. Refusals are
// rare, and cost a moment.
func (r *rush) keep(ctx context.Context, sessions int) *atomic.Int64 {
	var served atomic.Int64
	for range sessions {
		r.all.Go(func() {
			for ctx.Err() == nil {
				if _, err := r.visit(ctx); err == nil {
					served.Add(1)
				} else if ctx.Err() == nil {
					<-time.After(time.Second / 10)
				}
			}
		})
	}
	synctest.Wait()
	return &served
}

// TestOneUserCannotFlood: with any number of sessions of one account before the gate, and
// of strangers, somebody else who is signed in waits for a few hashes.
func TestOneUserCannotFlood(t *testing.T) {
	for _, strangers := range []int{0, 5, 200} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r := &rush{g: password.NewGate(64, 1, 1024, 8, 10*time.Second)}
			r.keep(password.Preferred(ctx, "flood"), 48)
			r.keep(ctx, strangers)
			for range 30 {
				others, err := r.visit(password.Preferred(ctx, "victim"))
				if err != nil || others > 4 { // two of the flood, a stranger or two
					t.Errorf("%d strangers: after %d others, %v", strangers, others, err)
				}
			}
			cancel()
			r.all.Wait()
			if u := inUse(r.g); u != "0 0 0 0 0 <nil>" {
				t.Errorf("left behind: %s", u)
			}
		})
	}
}

// TestManyAccountsCannotRefuse: when several accounts together fill the line of the
// signed in, another is served among the strangers.
func TestManyAccountsCannotRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &rush{g: password.NewGate(64, 1, 1024, 4, time.Hour)}
		for i := range 6 {
			r.keep(password.Preferred(ctx, fmt.Sprint(i)), 3)
		}
		for range 20 {
			if others, err := r.visit(password.Preferred(ctx, "victim")); err != nil || others > 4*(6*3) {
				t.Errorf("after %d others, %v", others, err)
			}
		}
		cancel()
		r.all.Wait()
	})
}

// TestFairAmongThree: of three users who never stop, the one with many sessions leaves a
// fair part to the others, and strangers have their fourth.
func TestFairAmongThree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hashes = 1200
		ctx, cancel := context.WithCancel(t.Context())
		r := &rush{g: password.NewGate(64, 1, 1024, 8, time.Hour)}
		many := r.keep(password.Preferred(ctx, "many"), 48)
		three := r.keep(password.Preferred(ctx, "three"), 3)
		two := r.keep(password.Preferred(ctx, "two"), 2)
		nobody := r.keep(ctx, 48)
		<-time.After(hashes * time.Second)
		synctest.Wait()
		got := fmt.Sprintf("many %d, three %d, two %d, strangers %d", many.Load(), three.Load(), two.Load(), nobody.Load())
		if two.Load() < hashes/6 || three.Load() < hashes/6 || many.Load() < hashes/6 || nobody.Load() < hashes/10 {
			t.Error(got)
		}
		t.Log(got)
		cancel()
		r.all.Wait()
		if u := inUse(r.g); u != "0 0 0 0 0 <nil>" {
			t.Errorf("left behind: %s", u)
		}
	})
}

// TestNoCrowdCostsNothing: who need not wait is not counted anywhere.
func TestNoCrowdCostsNothing(t *testing.T) {
	g := password.NewGate(128, 2, 64, 16, time.Second)
	for name, ctx := range map[string]context.Context{"stranger": t.Context(), "signed in": password.Preferred(t.Context(), "joe")} {
		if n := testing.AllocsPerRun(100, func() {
			if err := g.Pass(ctx); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
