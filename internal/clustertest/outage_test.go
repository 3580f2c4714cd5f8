package clustertest_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// timeout is DOORWARD_DATABASE_TIMEOUT of the servers here.
	timeout = 2 * time.Second
	// shutdown is DOORWARD_SHUTDOWN_TIMEOUT.
	shutdown = 3 * time.Second
	// longest is how long an answer may take: half of the timeout may pass once
	// more where a transaction is being kept, and this machine may be busy.
	longest = timeout + timeout/2 + 4*time.Second
	// outage is how long the database is away.
	outage = 10 * time.Second
	// growth is how much memory a server may have more than before, in KiB: room
	// for three passwords that are hashed, and for what the garbage collector
	// has not got to.
	growth = 96 << 10
	// extra is how many goroutines it may have more than one that saw no outage.
	extra = 10
)

// sample is one answer.
type sample struct {
	step   string
	status int
	retry  bool // it has Retry-After
	began  time.Time
	took   time.Duration
	text   string
}

// observer collects what clients see.
type observer struct {
	mu      sync.Mutex
	samples []sample
}

func (o *observer) see(began time.Time, step string, a answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.samples = append(o.samples, sample{step, a.status, a.header.Get("Retry-After") != "", began, time.Since(began), a.text})
}

// since returns the answers to what was asked after t.
func (o *observer) since(t time.Time) []sample {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.samples), func(s sample) bool { return !s.began.After(t) })
}

// TestDatabaseIsAway: while the database hangs, and while it is gone, everybody
// is asked to come back, in time; afterwards all is as before, without a
// restart and without anybody signed out.
func TestDatabaseIsAway(t *testing.T) {
	if testing.Short() {
		t.Skip("the database is away for 20 seconds")
	}
	pg := startPostgres(t)
	c := launch(t, 3, pg.url(), "DOORWARD_DATABASE_TIMEOUT="+timeout.String(), "DOORWARD_SHUTDOWN_TIMEOUT="+shutdown.String())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := &observer{}
	members := c.members(ctx)
	var wg sync.WaitGroup
	for i, m := range members {
		m.see = o.see
		wg.Go(func() {
			for ctx.Err() == nil {
				m.who(ctx)
			}
		})
		if i < len(c.servers) {
			wg.Go(func() { comeAndGo(ctx, o, c.servers[i], i) })
		}
	}
	began := time.Now()
	poll(t, "too few requests", func() bool { return len(o.since(began)) > 300 })
	base := c.baseline()
	var before []int
	for _, s := range c.servers {
		before = append(before, s.memory())
	}

	t.Run("hangs", func(t *testing.T) {
		c.outage(t, o, func() { pg.signal(syscall.SIGSTOP) }, func() { pg.signal(syscall.SIGCONT) }, before)
	})
	t.Run("gone", func(t *testing.T) { c.outage(t, o, pg.stop, pg.start, before) })

	cancel()
	wg.Wait()
	for i, m := range members {
		m.see = nil
		if a := m.who(t.Context()); a.status != http.StatusOK || a.body["email"] != member(i) {
			t.Errorf("member %d is signed in no more: %v", i, a)
		}
	}
	c.noPanics()
	t.Run("stops without it", func(t *testing.T) {
		pg.signal(syscall.SIGSTOP)
		defer pg.signal(syscall.SIGCONT)
		s := c.servers[0]
		s.await(http.StatusServiceUnavailable)
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		poll(t, "the server has not stopped", func() bool {
			select {
			case <-s.done:
				return true
			default:
				return false
			}
		})
		if took := time.Since(began); took > shutdown+longest {
			t.Errorf("stopped after %v", took)
		}
	})
	for _, s := range c.servers[1:] {
		if n := s.goroutines(); n > base+extra {
			t.Errorf("%s has %d goroutines, one that saw nothing has %d", s.name, n, base)
		}
	}
}

func member(i int) string { return fmt.Sprintf("member%d@doors.test", i) }

// members are twelve clients with a session each, four at each server.
func (c *cluster) members(ctx context.Context) (out []*client) {
	c.t.Helper()
	for i := range 12 {
		m := newClient("http://" + c.servers[i%len(c.servers)].addr)
		if a := m.register(ctx, member(i)); a.status != http.StatusOK {
			c.t.Fatalf("register: %v", a)
		}
		out = append(out, m)
	}
	return out
}

// comeAndGo registers, signs out and in, over and over.
func comeAndGo(ctx context.Context, o *observer, s *server, number int) {
	for n := 0; ctx.Err() == nil; n++ {
		c, email := newClient("http://"+s.addr), fmt.Sprintf("guest%d.%d@doors.test", number, n)
		c.see = o.see
		if c.register(ctx, email).status == http.StatusOK && c.signOut(ctx).status == http.StatusOK {
			c.signIn(ctx, email, password)
		}
	}
}

// baseline is how many goroutines a server has that was used and is at rest.
func (c *cluster) baseline() int {
	c.t.Helper()
	s := c.add("idle")
	s.await(http.StatusOK)
	for i := range 4 {
		a := newClient("http://"+s.addr).register(c.t.Context(), fmt.Sprintf("idle%d@doors.test", i))
		if a.status != http.StatusOK {
			c.t.Fatalf("register: %v", a)
		}
	}
	return s.goroutines()
}

// outage takes the database away and gives it back, in mid-load.
func (c *cluster) outage(t *testing.T, o *observer, away, back func(), before []int) {
	away()
	began := time.Now()
	over := time.NewTimer(outage)
	defer over.Stop()
	for _, s := range c.servers {
		s.await(http.StatusServiceUnavailable)
	}
	<-over.C
	peak := c.peak(nil)
	back()
	for _, s := range c.servers {
		s.await(http.StatusOK)
	}
	again := time.Now()
	poll(t, "no service after the outage", func() bool {
		late := o.since(again)
		return len(late) > 100 && !slices.ContainsFunc(late[len(late)-100:], func(s sample) bool { return s.status != http.StatusOK })
	})
	peak = c.peak(peak)

	refused := 0
	for _, s := range o.since(began.Add(-longest)) {
		switch {
		case s.took > longest:
			t.Errorf("%s took %v", s.step, s.took)
		case s.status == http.StatusServiceUnavailable && !s.retry:
			t.Errorf("%s was refused without Retry-After: %s", s.step, s.text)
		case s.status == http.StatusServiceUnavailable:
			refused++
		case s.status != http.StatusOK:
			t.Errorf("%s: %d %s", s.step, s.status, s.text)
		}
	}
	t.Logf("%d refused, %d answers, memory %d KiB, before %d", refused, len(o.since(began)), peak, before)
	if refused == 0 {
		t.Error("nobody was refused: the database was not away")
	}
	for i, n := range peak {
		if n > before[i]+growth {
			t.Errorf("%s has %d KiB, before it had %d", c.servers[i].name, n, before[i])
		}
	}
}

// peak is the memory of each server, if that is more than in seen.
func (c *cluster) peak(seen []int) []int {
	c.t.Helper()
	out := make([]int, 3)
	for i, s := range c.servers[:3] {
		out[i] = s.memory()
		if seen != nil {
			out[i] = max(out[i], seen[i])
		}
	}
	return out
}
