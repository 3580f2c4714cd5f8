package mail_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail"
)

// bench is a queue before a sender that does what the test says, on a clock that
// stands until the test moves it.
type bench struct {
	t   *testing.T
	q   *mail.Queue
	log strings.Builder
	say func(ctx context.Context, m mail.Message) error

	mu     sync.Mutex
	asked  []mail.Message
	now    time.Time
	timers []*timer
}

type timer struct {
	after time.Duration
	at    time.Time
	ring  func()
	over  bool
}

// onBench runs a test in a bubble, whose goroutines can be waited for.
func onBench(t *testing.T, cfg mail.QueueConfig, say func(context.Context, mail.Message) error, test func(*bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, say: say, now: time.Now()}
		cfg.Log = slog.New(slog.NewTextHandler(&b.log, nil))
		cfg.Now, cfg.After = b.time, b.after
		b.q = mail.NewQueue(b, cfg)
		test(b)
		_ = b.q.Close(b.t.Context())
		if said := b.log.String(); strings.Contains(said, "example.com") || strings.Contains(said, "secret") {
			t.Errorf("the log says too much: %s", said)
		}
	})
}

func (b *bench) Send(ctx context.Context, m mail.Message) error {
	b.mu.Lock()
	b.asked = append(b.asked, m)
	b.mu.Unlock()
	return b.say(ctx, m)
}

func (b *bench) time() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) after(d time.Duration, f func()) func() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	tm := &timer{after: d, at: b.now.Add(d), ring: f}
	b.timers = append(b.timers, tm)
	return func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		was := tm.over
		tm.over = true
		return !was
	}
}

// advance moves the clock and waits until everything has come to rest.
func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	b.now = b.now.Add(d)
	for _, tm := range b.timers {
		if !tm.over && !tm.at.After(b.now) {
			tm.over = true
			go tm.ring()
		}
	}
	b.mu.Unlock()
	synctest.Wait()
}

// send gives the queue a mail and waits until everything has come to rest.
func (b *bench) send(to string) error {
	m := good()
	m.To = to
	err := b.q.Send(b.t.Context(), m)
	synctest.Wait()
	return err
}

func (b *bench) mustSend(to string) {
	b.t.Helper()
	if err := b.send(to); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) attempts() []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

func (b *bench) wantAttempts(n int) {
	b.t.Helper()
	if got := len(b.attempts()); got != n {
		b.t.Fatalf("%d attempts, not %d", got, n)
	}
}

func (b *bench) wantLog(n int, words ...string) {
	b.t.Helper()
	synctest.Wait()
	said := b.log.String()
	if strings.Count(said, "\n") != n {
		b.t.Errorf("not %d lines: %s", n, said)
	}
	for _, w := range words {
		if !strings.Contains(said, w) {
			b.t.Errorf("no %q in the log: %s", w, said)
		}
	}
}

func broken(context.Context, mail.Message) error { return errors.New("451 come back later") }

func untilDone(ctx context.Context, _ mail.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestQueueIsBounded(t *testing.T) {
	onBench(t, mail.QueueConfig{Size: 3, Workers: 1}, nil, func(b *bench) {
		open := make(chan struct{})
		b.say = func(context.Context, mail.Message) error { <-open; return nil }
		for i := range 3 {
			if err := b.q.Ready(); err != nil {
				t.Fatalf("before mail %d: %v", i, err)
			}
			b.mustSend("joe@example.com")
		}
		if err := b.q.Ready(); !errors.Is(err, mail.ErrFull) {
			t.Errorf("ready: %v", err)
		}
		if err := b.send("eve@example.com"); !errors.Is(err, mail.ErrFull) {
			t.Errorf("the fourth: %v", err)
		}
		b.wantLog(1, "template=welcome", "the queue is full")
		close(open)
		synctest.Wait()
		if err := b.q.Ready(); err != nil {
			t.Errorf("when empty: %v", err)
		}
		if err := b.q.Close(b.t.Context()); err != nil {
			t.Error(err)
		}
		if err := b.q.Ready(); !errors.Is(err, mail.ErrClosed) {
			t.Errorf("ready after closing: %v", err)
		}
		if err := b.send("joe@example.com"); !errors.Is(err, mail.ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
		b.wantAttempts(3)
	})
}

func TestQueueBoundCountsDelayed(t *testing.T) {
	onBench(t, mail.QueueConfig{Size: 2}, broken, func(b *bench) {
		b.mustSend("a@example.com")
		b.mustSend("b@example.com")
		if err := b.send("c@example.com"); !errors.Is(err, mail.ErrFull) {
			t.Errorf("both places are taken: %v", err)
		}
		b.wantAttempts(2)
	})
}

func TestQueueRefusesWhatIsInvalid(t *testing.T) {
	onBench(t, mail.QueueConfig{}, broken, func(b *bench) {
		if err := b.send("a@example.com, b@example.com"); !mail.IsPermanent(err) {
			t.Errorf("two recipients: %v", err)
		}
		b.wantAttempts(0)
		b.wantLog(1, "To is not exactly one address")
	})
}

func TestQueueWorkersAreIndependent(t *testing.T) {
	say := func(ctx context.Context, m mail.Message) error {
		if m.To == "slow@example.com" {
			return untilDone(ctx, m)
		}
		return nil
	}
	onBench(t, mail.QueueConfig{Workers: 2, Attempts: 1}, say, func(b *bench) {
		b.mustSend("slow@example.com")
		for range 5 {
			b.mustSend("joe@example.com")
		}
		b.wantAttempts(6)
		b.wantLog(0)
	})
}

func TestQueueBoundsAttempts(t *testing.T) {
	onBench(t, mail.QueueConfig{Timeout: time.Minute, Attempts: 1}, untilDone, func(b *bench) {
		began := time.Now()
		b.mustSend("joe@example.com")
		if err := b.q.Close(b.t.Context()); err == nil {
			t.Error("nothing was lost")
		}
		if took := time.Since(began); took != time.Minute { // the bubble's clock
			t.Errorf("the attempt ended after %s", took)
		}
		b.wantLog(1, "a mail was not sent", "deadline exceeded")
	})
}

func TestQueueTriesAgain(t *testing.T) {
	for _, delays := range [][]time.Duration{nil, {time.Second}} {
		tries := 0
		say := func(context.Context, mail.Message) error {
			if tries++; tries < 6 {
				return errors.New("451 busy, joe@example.com")
			}
			return nil
		}
		onBench(t, mail.QueueConfig{Delays: delays}, say, func(b *bench) {
			b.mustSend("joe@example.com")
			want := []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
			for i := range want {
				if delays != nil {
					want[i] = delays[0]
				}
				b.wantAttempts(i + 1)
				if got := b.timers[i].after; got < want[i] || got > want[i]*6/5 {
					t.Errorf("delay %d is %s, not about %s", i, got, want[i])
				}
				b.advance(want[i] - 1)
				b.wantAttempts(i + 1)
				b.advance(want[i]/5 + 1)
			}
			b.wantAttempts(6)
			b.wantLog(5, "attempt=5", "(recipient)", "template=welcome")
			sent := b.attempts()
			if sent[0].ID == "" || !strings.HasSuffix(sent[0].ID, "@door.example") {
				t.Errorf("Message-ID %q", sent[0].ID)
			}
			for _, m := range sent {
				if m != sent[0] {
					t.Errorf("%v differs from %v", m, sent[0])
				}
			}
			if err := b.q.Close(b.t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestQueueGivesUp(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg      mail.QueueConfig
		say      func(context.Context, mail.Message) error
		attempts int
		reason   string
	}{
		"permanent": {mail.QueueConfig{}, func(context.Context, mail.Message) error {
			return mail.Permanent(errors.New("550 no mailbox JOE@example.com here"))
		}, 1, "no mailbox (recipient) here"},
		"panic":    {mail.QueueConfig{}, func(context.Context, mail.Message) error { panic("what a day") }, 1, "panicked: what a day"},
		"attempts": {mail.QueueConfig{Attempts: 3, MaxAge: 100 * time.Hour}, broken, 3, "attempt=3"},
		"age":      {mail.QueueConfig{Attempts: 100, MaxAge: 10 * time.Hour, Delays: []time.Duration{4 * time.Hour}}, broken, 3, "attempt=3"},
	} {
		t.Run(name, func(t *testing.T) {
			onBench(t, tt.cfg, tt.say, func(b *bench) {
				b.mustSend("joe@example.com")
				for range 10 {
					b.advance(5 * time.Hour)
				}
				b.wantAttempts(tt.attempts)
				b.wantLog(tt.attempts, "level=ERROR msg=\"a mail was not sent\"", tt.reason)
				if err := b.q.Close(b.t.Context()); err != nil {
					t.Errorf("it was lost before: %v", err)
				}
			})
		})
	}
}

func TestQueueUsesFrom(t *testing.T) {
	ok := func(context.Context, mail.Message) error { return nil }
	onBench(t, mail.QueueConfig{From: "Door <door@door.example>"}, ok, func(b *bench) {
		m := good()
		m.From, m.ID = "", "own@door.example"
		if err := b.q.Send(b.t.Context(), m); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := b.attempts()[0]; got.From != "Door <door@door.example>" || got.ID != "own@door.example" {
			t.Errorf("sent %v", got)
		}
	})
}

func TestQueueCloseDrains(t *testing.T) {
	failing := true
	say := func(context.Context, mail.Message) error {
		if failing {
			return errors.New("451 come back later")
		}
		return nil
	}
	onBench(t, mail.QueueConfig{Workers: 1}, say, func(b *bench) {
		for i := range 3 {
			b.mustSend(fmt.Sprintf("joe%d@example.com", i))
		}
		b.wantAttempts(3)
		failing = false
		if err := b.q.Close(b.t.Context()); err != nil {
			t.Error(err)
		}
		b.wantAttempts(6)
		b.wantLog(3)
		b.advance(time.Hour) // no timer is left
		b.wantAttempts(6)
	})
}

func TestQueueCloseCountsTheLost(t *testing.T) {
	onBench(t, mail.QueueConfig{}, broken, func(b *bench) {
		b.mustSend("a@example.com")
		b.mustSend("b@example.com")
		if err := b.q.Close(b.t.Context()); err == nil || !strings.Contains(err.Error(), "lost at the end: 2") {
			t.Errorf("closed: %v", err)
		}
		b.wantLog(4, "attempt=2")
	})
}

func TestQueueCloseWithoutTime(t *testing.T) {
	onBench(t, mail.QueueConfig{Workers: 1}, nil, func(b *bench) {
		deaf := make(chan struct{})
		b.say = func(context.Context, mail.Message) error { <-deaf; return errors.New("too late") }
		for i := range 3 {
			b.mustSend(fmt.Sprintf("joe%d@example.com", i))
		}
		done, cancel := context.WithCancel(b.t.Context())
		cancel()
		if err := b.q.Close(done); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "3") {
			t.Errorf("closed: %v", err)
		}
		b.wantLog(3, "a mail was lost", "template=welcome", "to=")
		close(deaf)
		if err := b.q.Close(b.t.Context()); err != nil {
			t.Errorf("closed again: %v", err)
		}
		b.wantLog(3)
		b.wantAttempts(1)
	})
}

func TestQueueCloseEndsAttempts(t *testing.T) {
	ended := false
	say := func(ctx context.Context, m mail.Message) error {
		err := untilDone(ctx, m)
		ended = true
		return err
	}
	onBench(t, mail.QueueConfig{Timeout: time.Hour}, say, func(b *bench) {
		b.mustSend("joe@example.com")
		began := time.Now()
		soon, cancel := context.WithTimeout(b.t.Context(), time.Second)
		defer cancel()
		if err := b.q.Close(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed: %v", err)
		}
		synctest.Wait()
		if took := time.Since(began); took != time.Second || !ended {
			t.Errorf("it took %s, and the attempt has ended: %t", took, ended)
		}
		b.wantLog(1, "a mail was lost")
	})
}

// TestQueueDefaults compares what is in force with what is documented.
func TestQueueDefaults(t *testing.T) {
	var documented mail.QueueConfig
	if err := conf.Defaults(&documented); err != nil {
		t.Fatal(err)
	}
	got, want := reflect.ValueOf(mail.QueueConfig{}.WithDefaults()), reflect.ValueOf(documented)
	for i := range got.NumField() {
		if f := got.Type().Field(i); f.Tag.Get("setting") != "-" && !got.Field(i).Equal(want.Field(i)) {
			t.Errorf("%s is %v, the documentation says %v", f.Name, got.Field(i), want.Field(i))
		}
	}
	if neg := (mail.QueueConfig{Size: -1, Workers: -1}).WithDefaults(); neg.Size != documented.Size || neg.Workers != documented.Workers {
		t.Errorf("negative: %+v", neg)
	}
}

func TestQueueOnRealTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o mail.Outbox
		tries := 0
		q := mail.NewQueue(senderFunc(func(ctx context.Context, m mail.Message) error {
			if tries++; tries < 3 {
				return errors.New("busy")
			}
			return o.Send(ctx, m)
		}), mail.QueueConfig{Log: slog.New(slog.DiscardHandler)})
		if err := q.Send(t.Context(), good()); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		if len(o.Sent()) != 1 || tries != 3 {
			t.Errorf("%d tries, sent %v", tries, o.Sent())
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

type senderFunc func(context.Context, mail.Message) error

func (f senderFunc) Send(ctx context.Context, m mail.Message) error { return f(ctx, m) }

// TestQueueTriesAgainAtOnce begins attempts while the ones before are being logged.
func TestQueueTriesAgainAtOnce(t *testing.T) {
	var log strings.Builder
	var tries atomic.Int32
	sent := make(chan struct{})
	q := mail.NewQueue(senderFunc(func(ctx context.Context, m mail.Message) error {
		if tries.Add(1) < 50 {
			return broken(ctx, m)
		}
		close(sent)
		return nil
	}), mail.QueueConfig{
		Attempts: 50, Delays: []time.Duration{1}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		After: func(_ time.Duration, f func()) func() bool { go f(); return func() bool { return false } },
	})
	if err := q.Send(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	<-sent
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for i := 1; i < 50; i++ {
		if n := strings.Count(log.String(), fmt.Sprintf("attempt=%d ", i)); n != 1 {
			t.Errorf("attempt %d is logged %d times", i, n)
		}
	}
}
