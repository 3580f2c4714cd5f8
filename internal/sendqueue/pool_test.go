package sendqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/internal/sendqueue"
)

var (
	errFull   = errors.New("full")
	errClosed = errors.New("closed")
	errBroken = errors.New("broken")
)

// diary keeps what a pool tells.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) want(t *testing.T, lines ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, lines) {
		t.Errorf("it told\n%s\nwant\n%s", strings.Join(d.lines, "\n"), strings.Join(lines, "\n"))
	}
}

// job has one worker and three places, and tries twice, a second apart.
func job(d *diary, try func(context.Context, string) error) sendqueue.Job[string] {
	return sendqueue.Job[string]{
		Size: 3, Workers: 1, Full: errFull, Closed: errClosed, What: "test: things",
		Try: func(ctx context.Context, it string) error {
			d.add("try %s", it)
			return try(ctx, it)
		},
		Again: func(f sendqueue.Failure[string]) (time.Duration, bool) { return time.Second, f.Tries < 2 },
		After: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
		Delayed: func(f sendqueue.Failure[string], delay time.Duration) {
			d.add("delayed %s by %s after %d: %v", f.It, delay, f.Tries, f.Err)
		},
		Failed:    func(f sendqueue.Failure[string]) { d.add("failed %s after %d: %v", f.It, f.Tries, f.Err) },
		Abandoned: func(f sendqueue.Failure[string]) { d.add("abandoned %s after %d: %v", f.It, f.Tries, f.Err) },
	}
}

func add(t *testing.T, p *sendqueue.Pool[string], things ...string) {
	t.Helper()
	for _, it := range things {
		if err := p.Add(it); err != nil {
			t.Fatalf("%s: %v", it, err)
		}
	}
	synctest.Wait()
}

func fails(context.Context, string) error { return errBroken }

// TestPoolPlaces counts as taken what waits, what is tried and what is delayed.
func TestPoolPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		p := sendqueue.New(job(&diary{}, func(_ context.Context, it string) error {
			if it == "broken" {
				return errBroken
			}
			<-open
			return nil
		}))
		add(t, p, "broken", "tried", "waiting")
		if add, ready := p.Add("d"), p.Ready(); add != errFull || ready != errFull {
			t.Errorf("full: Add says %v, Ready %v", add, ready)
		}
		close(open)
		synctest.Wait()
		if err := p.Ready(); err != nil {
			t.Errorf("with free places: %v", err)
		}
		_ = p.Close(t.Context())
		if add, ready := p.Add("d"), p.Ready(); add != errClosed || ready != errClosed {
			t.Errorf("closed: Add says %v, Ready %v", add, ready)
		}
	})
}

func TestPoolTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		p := sendqueue.New(job(&d, fails))
		add(t, p, "a")
		first := []string{"try a", "delayed a by 1s after 1: broken"}
		<-time.After(time.Second - 1)
		d.want(t, first...)
		<-time.After(1)
		d.want(t, append(first, "try a", "failed a after 2: broken")...)
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("it was lost before: %v", err)
		}
	})
}

// TestPoolTriesOnce leaves out what is for second tries.
func TestPoolTriesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		once := job(&d, fails)
		once.Again, once.After, once.Delayed = nil, nil, nil
		p := sendqueue.New(once)
		add(t, p, "a")
		d.want(t, "try a", "failed a after 1: broken")
		_ = p.Close(t.Context())
	})
}

func TestPoolWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		open := make(chan struct{})
		two := job(&d, func(context.Context, string) error { <-open; return nil })
		two.Workers = 2
		p := sendqueue.New(two)
		add(t, p, "a")
		add(t, p, "b")
		add(t, p, "c")
		d.want(t, "try a", "try b")
		close(open)
		d.want(t, "try a", "try b", "try c")
		_ = p.Close(t.Context())
	})
}

// TestPoolCloseDrains tries at once, and for the last time, what was delayed, also
// if its timer rings while it is being stopped.
func TestPoolCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		more := job(&d, func(context.Context, string) error { <-time.After(time.Second); return errBroken })
		more.Again = func(sendqueue.Failure[string]) (time.Duration, bool) { return time.Minute, true }
		more.After = func(_ time.Duration, ring func()) func() bool {
			return func() bool { d.add("stopped"); go ring(); return false }
		}
		p := sendqueue.New(more)
		add(t, p, "a")
		<-time.After(time.Minute)
		began := time.Now()
		if err := p.Close(t.Context()); err == nil || err.Error() != "test: things lost at the end: 1" {
			t.Errorf("closed: %v", err)
		}
		if took := time.Since(began); took != time.Second { // the bubble's clock
			t.Errorf("it took %s", took)
		}
		d.want(t, "try a", "delayed a by 1m0s after 1: broken", "stopped", "try a", "failed a after 2: broken")
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("closed again: %v", err)
		}
	})
}

// TestPoolCloseGivesUp closes before senders that hear their context, or do not.
func TestPoolCloseGivesUp(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var d diary
			open := make(chan struct{})
			p := sendqueue.New(job(&d, func(ctx context.Context, _ string) error {
				if deaf {
					<-open
				} else {
					<-ctx.Done()
				}
				return errBroken
			}))
			add(t, p, "a", "b")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			err := p.Close(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "test: things lost at the end: 2: ") {
				t.Errorf("closed: %v", err)
			}
			if took := time.Since(began); took != time.Second { // the bubble's clock
				t.Errorf("it took %s", took)
			}
			close(open)
			if err := p.Close(t.Context()); err != nil {
				t.Errorf("closed again: %v", err)
			}
			d.want(t, "try a", "abandoned b after 0: context deadline exceeded", "abandoned a after 1: context deadline exceeded")
		})
	}
}
