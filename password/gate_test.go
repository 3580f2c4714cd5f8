package password_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/password"
)

// TestGateInAStorm sends thousands through a small gate, at random, and takes many back.
// It runs on real goroutines, for the race detector.
func TestGateInAStorm(t *testing.T) {
	const memory, slots, callers, visits, users = 64, 4, 80, 60, 3
	for name, queue := range map[string]int{"long line": callers, "short line": 5} {
		g := password.NewGate(memory, slots, queue, queue, time.Minute)
		var usedMemory, usedSlots, admitted, refused, gone atomic.Int64
		visit := func(n uint64) {
			m, s := int(1+n%80), int(1+n>>8%6) // some are larger than the gate
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if n>>16%4 == 0 {
				ctx = password.Preferred(ctx, fmt.Sprint(n>>40%users))
			}
			if n>>20%3 == 0 {
				go func() {
					for range n >> 24 % 32 {
						runtime.Gosched()
					}
					cancel()
				}()
			}
			release, err := g.Acquire(ctx, m, s)
			switch {
			case errors.Is(err, password.ErrBusy):
				refused.Add(1)
				if n>>16%4 != 0 && queue == callers {
					t.Errorf("%s: a stranger was refused", name)
				}
				return
			case errors.Is(err, context.Canceled):
				gone.Add(1)
				return
			case err != nil:
				t.Errorf("%s: %v", name, err)
				return
			}
			admitted.Add(1)
			m, s = min(m, memory), min(s, slots)
			if a, b := usedMemory.Add(int64(m)), usedSlots.Add(int64(s)); a > memory || b > slots {
				t.Errorf("%s: %d MiB and %d processors in use", name, a, b)
			}
			if err := g.Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for range n >> 32 % 16 {
				runtime.Gosched()
			}
			usedMemory.Add(int64(-m))
			usedSlots.Add(int64(-s))
			release(time.Duration(n % 1e6))
		}
		var all sync.WaitGroup
		for c := range callers {
			all.Go(func() {
				n := uint64(c)
				for range visits {
					n = scramble(n)
					visit(n)
				}
			})
		}
		all.Wait()
		if u := inUse(g); u != "0 0 0 0 0 <nil>" {
			t.Errorf("%s: left behind: %s", name, u)
		}
		if got := admitted.Load() + refused.Load() + gone.Load(); got != callers*visits || admitted.Load() == 0 || gone.Load() == 0 {
			t.Errorf("%s: %d admitted, %d refused, %d gone, of %d", name, admitted.Load(), refused.Load(), gone.Load(), callers*visits)
		}
	}
}

// scramble is a step of the SplitMix64 sequence.
func scramble(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func inUse(g *password.Gate) string {
	m, s, n, strangers, signedIn := g.Use()
	return fmt.Sprint(m, s, n, strangers, signedIn, g.Check())
}

// crowd stands before a gate in a known order.
type crowd struct {
	t        *testing.T
	g        *password.Gate
	mu       sync.Mutex
	log      []string
	releases map[string]func()
	leave    map[string]context.CancelFunc
}

func newCrowd(t *testing.T, g *password.Gate) *crowd {
	return &crowd{t: t, g: g, releases: map[string]func(){}, leave: map[string]context.CancelFunc{}}
}

// arrive brings somebody; who has a name that begins with p is signed in. What follows
// a point tells sessions of one user apart.
func (c *crowd) arrive(name string, memory, slots int) {
	ctx, cancel := context.WithCancel(c.t.Context())
	if name[0] == 'p' {
		user, _, _ := strings.Cut(name, ".")
		ctx = password.Preferred(ctx, user)
	}
	c.leave[name] = cancel
	go func() {
		release, err := c.g.Acquire(ctx, memory, slots)
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case errors.Is(err, password.ErrBusy):
			c.log = append(c.log, "busy "+name)
		case err != nil:
			c.log = append(c.log, "gone "+name)
		default:
			c.log = append(c.log, name)
			c.releases[name] = func() { release(time.Second) }
		}
	}()
	synctest.Wait()
}

// finish ends the hash of somebody who was admitted.
func (c *crowd) finish(name string) {
	c.mu.Lock()
	release := c.releases[name]
	delete(c.releases, name)
	c.mu.Unlock()
	if release == nil {
		c.t.Fatalf("%s was not admitted: %v", name, c.log)
	}
	release()
	synctest.Wait()
}

// finishAll ends one after another, in the order they were admitted.
func (c *crowd) finishAll() {
	for i := 0; i < len(c.log); i++ {
		if _, in := c.releases[c.log[i]]; in {
			c.finish(c.log[i])
		}
	}
}

func (c *crowd) want(log string) {
	c.t.Helper()
	if got := strings.Join(c.log, ", "); got != log {
		c.t.Errorf("happened: %s\nwant:     %s", got, log)
	}
}

func (c *crowd) done() {
	c.t.Helper()
	for _, cancel := range c.leave {
		cancel()
	}
	if u := inUse(c.g); u != "0 0 0 0 0 <nil>" {
		c.t.Errorf("left behind: %s", u)
	}
}

func TestTurns(t *testing.T) {
	tests := map[string]struct{ come, admitted string }{
		"strangers in order":         {"a b c d", "a, b, c, d"},
		"signed in go first":         {"a b c p1 p2", "a, p1, p2, b, c"},
		"but not for ever":           {"a b c d p1 p2 p3 p4 p5 p6 p7", "a, p1, p2, p3, b, p4, p5, p6, c, p7, d"},
		"strangers may come late":    {"a p1 p2 p3 p4 p5 b", "a, p1, p2, p3, b, p4, p5"},
		"alone they are not counted": {"a p1 p2 p3 p4", "a, p1, p2, p3, p4"},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, password.NewGate(64, 1, 100, 100, time.Hour))
			for _, who := range strings.Fields(tt.come) {
				c.arrive(who, 1, 1)
			}
			c.finishAll()
			c.want(tt.admitted)
			c.done()
		})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestOldFavoursAreForgotten: those who went while no stranger waited do not count.
func TestOldFavoursAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, password.NewGate(64, 1, 100, 100, time.Hour))
		for _, who := range []string{"a", "p1", "p2", "p3"} {
			c.arrive(who, 1, 1)
		}
		for _, who := range []string{"a", "p1", "p2"} {
			c.finish(who)
		}
		c.arrive("b", 1, 1)
		c.arrive("p4", 1, 1)
		c.finishAll()
		c.want("a, p1, p2, p3, p4, b")
		c.done()
	})
}

// TestHeavyHasItsTurn: lighter ones that would fit do not pass a heavy one, and of the
// signed in no more than three do.
func TestHeavyHasItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, password.NewGate(64, 8, 100, 100, time.Hour))
		c.arrive("light1", 30, 1)
		c.arrive("heavy", 500, 1) // more than there is: alone
		c.arrive("light2", 1, 1)
		for _, p := range []string{"p1", "p2", "p3", "p4"} {
			c.arrive(p, 1, 1)
		}
		c.want("light1, p1, p2, p3")
		for _, who := range []string{"light1", "p1", "p2"} {
			c.finish(who)
		}
		c.want("light1, p1, p2, p3")
		c.finish("p3")
		c.want("light1, p1, p2, p3, heavy")
		if m, _, n, _, _ := c.g.Use(); m != 64 || n != 1 {
			t.Errorf("%d run in %d MiB, want the heavy one alone", n, m)
		}
		c.finish("heavy")
		if len(c.log) != 7 {
			t.Errorf("after the heavy one: %v", c.log)
		}
		c.finishAll()
		c.done()
	})
}

func TestProcessorsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, password.NewGate(1000, 4, 100, 100, time.Hour))
		c.arrive("lanes3", 1, 3)
		c.arrive("lanes2", 1, 2)
		c.arrive("lanes16", 1, 16) // all there are
		c.want("lanes3")
		c.finish("lanes3")
		c.want("lanes3, lanes2")
		c.finish("lanes2")
		c.want("lanes3, lanes2, lanes16")
		c.finishAll()
		c.done()
	})
}

// TestLeavingLetsOthersIn: whoever stood in the way and leaves wakes those behind.
func TestLeavingLetsOthersIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, password.NewGate(64, 8, 100, 100, time.Minute))
		c.arrive("first", 40, 1)
		c.arrive("heavy", 64, 1)
		c.arrive("light", 10, 1)
		c.leave["heavy"]()
		synctest.Wait()
		c.want("first, gone heavy, light")

		c.arrive("heavy2", 64, 1)
		<-time.After(30 * time.Second)
		c.arrive("light2", 10, 1)
		<-time.After(30*time.Second + 1)
		synctest.Wait()
		c.want("first, gone heavy, light, busy heavy2, light2")
		c.finishAll()
		c.done()
	})
}

// TestCancelledWhenAdmitted: a place that is given to somebody who has gone is given on.
func TestCancelledWhenAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, password.NewGate(64, 1, 100, 100, time.Hour))
		c.arrive("a", 1, 1)
		for i := range 200 {
			name := fmt.Sprint("x", i)
			c.arrive(name, 1, 1)
			c.arrive("next"+name, 1, 1)
			holder := c.log[len(c.log)-1]
			c.leave[name]()
			c.finish(holder)
			if last := c.log[max(len(c.log)-2, 0):]; !slices.Contains(last, "gone "+name) || !slices.Contains(last, "next"+name) {
				t.Fatalf("%s left: %v", name, last)
			}
			if c.log[len(c.log)-1] != "next"+name {
				c.log[len(c.log)-1], c.log[len(c.log)-2] = c.log[len(c.log)-2], c.log[len(c.log)-1]
			}
		}
		c.finish(c.log[len(c.log)-1])
		c.done()
	})
}

// TestRefusals: a full line refuses at once, a line that does not move after the wait.
func TestRefusals(t *testing.T) {
	const wait = 3 * time.Second
	synctest.Test(t, func(t *testing.T) {
		g := password.NewGate(64, 2, 3, 1, wait)
		took := func(ctx context.Context) (time.Duration, error) {
			start := time.Now()
			_, err := g.Acquire(ctx, 1, 1)
			return time.Since(start), err
		}
		warm, err := g.Acquire(t.Context(), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		warm(4 * time.Second)
		var release [2]func(time.Duration)
		for i := range release {
			if release[i], err = g.Acquire(t.Context(), 1, 1); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			go func() {
				if d, err := took(t.Context()); d != wait || !errors.Is(err, password.ErrBusy) {
					t.Errorf("in line: %v after %v", err, d)
				}
			}()
		}
		synctest.Wait()
		d, err := took(t.Context())
		if busy, ok := errors.AsType[*password.BusyError](err); !ok || !errors.Is(err, password.ErrBusy) || d != 0 || busy.RetryAfter() != 8*time.Second {
			t.Errorf("full line: %#v after %v", err, d) // 2 run and 3 wait: two rounds of four seconds
		}
		go func() {
			if d, err := took(password.Preferred(t.Context(), "joe")); d != wait || !errors.Is(err, password.ErrBusy) {
				t.Errorf("signed in: %v after %v", err, d)
			}
		}()
		synctest.Wait()
		if d, err := took(password.Preferred(t.Context(), "joe")); d != 0 || !errors.Is(err, password.ErrBusy) {
			t.Errorf("full line of the signed in: %v after %v", err, d)
		}
		<-time.After(wait)
		synctest.Wait()
		for _, r := range release {
			r(time.Second)
		}
		if u := inUse(g); u != "0 0 0 0 0 <nil>" {
			t.Errorf("left behind: %s", u)
		}
		dead, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.Acquire(dead, 1, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("dead context: %v", err)
		}
	})
}

// TestRetryAfterIsBounded: nobody is told to come back at once, or in minutes.
func TestRetryAfterIsBounded(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{time.Microsecond: time.Second, time.Hour: 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			g := password.NewGate(1, 1, 1, 1, time.Second)
			release, err := g.Acquire(t.Context(), 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			release(took)
			release, err = g.Acquire(t.Context(), 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			_, err = g.Acquire(t.Context(), 1, 1)
			if busy, ok := errors.AsType[*password.BusyError](err); !ok || busy.RetryAfter() != want {
				t.Errorf("hashes of %v: %v", took, err)
			}
			release(took)
		})
	}
}

func BenchmarkGate(b *testing.B) {
	g := password.NewGate(128, 2, 64, 16, 3*time.Second)
	b.ReportAllocs()
	for b.Loop() {
		if err := g.Pass(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
