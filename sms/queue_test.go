package sms_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/sms"
)

type senderFunc func(context.Context, sms.Message) error

func (f senderFunc) Send(ctx context.Context, m sms.Message) error { return f(ctx, m) }

// bench is a queue in front of an outbox, in a bubble with a clock of its own.
type bench struct {
	*testing.T
	q   *sms.Queue
	box *sms.Outbox
	log *logbook
}

type logbook struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// onBench runs a test before an outbox, or before sender if that is not nil.
// However the test ends, nothing that must not be in a log may be in it.
func onBench(t *testing.T, cfg sms.QueueConfig, sender sms.Sender, test func(bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := bench{t, nil, &sms.Outbox{}, &logbook{}}
		if sender == nil {
			sender = b.box
		}
		cfg.Log = slog.New(slog.NewTextHandler(b.log, nil))
		b.q = sms.NewQueue(sender, cfg)
		test(b)
		_ = b.q.Close(b.Context())
		if said := b.log.String(); strings.Contains(said, "938271") || strings.Contains(said, "415555") {
			t.Errorf("the log says too much: %s", said)
		}
	})
}

func (b bench) wantLog(times int, text string) {
	b.Helper()
	if n := strings.Count(b.log.String(), text); n != times {
		b.Errorf("%q is logged %d times, want %d: %s", text, n, times, b.log)
	}
}

func TestQueueSends(t *testing.T) {
	onBench(t, sms.QueueConfig{}, nil, func(b bench) {
		for range 5 {
			if err := b.q.Send(b.Context(), good()); err != nil {
				b.Fatal(err)
			}
		}
		synctest.Wait()
		if n := len(b.box.Sent()); n != 5 {
			b.Errorf("%d were sent", n)
		}
		if err := b.q.Close(b.Context()); err != nil || b.log.String() != "" {
			b.Errorf("%v, logged %s", err, b.log)
		}
	})
}

// TestQueueOutlivesTheRequest ends a request before its message is sent.
func TestQueueOutlivesTheRequest(t *testing.T) {
	onBench(t, sms.QueueConfig{}, nil, func(b bench) {
		until := make(chan struct{})
		b.box.Hang(until)
		ctx, cancel := context.WithCancel(b.Context())
		if err := b.q.Send(ctx, good()); err != nil {
			b.Fatal(err)
		}
		cancel()
		synctest.Wait()
		close(until)
		synctest.Wait()
		if n := len(b.box.Sent()); n != 1 {
			b.Errorf("%d were sent", n)
		}
	})
}

func TestQueueTriesOnce(t *testing.T) {
	tries := 0
	failing := senderFunc(func(_ context.Context, m sms.Message) error {
		tries++
		return fmt.Errorf("no route to %s for %q", m.To, m.Text)
	})
	onBench(t, sms.QueueConfig{Workers: 1}, failing, func(b bench) {
		_ = b.q.Send(b.Context(), good())
		<-time.After(time.Hour)
		synctest.Wait()
		if tries != 1 {
			b.Errorf("%d tries", tries)
		}
		b.wantLog(1, "a text message was not sent")
		b.wantLog(1, "no route to (number)")
		if err := b.q.Close(b.Context()); err != nil {
			b.Errorf("what was logged before is lost again: %v", err)
		}
	})
}

func TestQueueTimesOut(t *testing.T) {
	onBench(t, sms.QueueConfig{Timeout: 3 * time.Second}, nil, func(b bench) {
		b.box.Hang(make(chan struct{}))
		_ = b.q.Send(b.Context(), good())
		<-time.After(2999 * time.Millisecond)
		b.wantLog(0, "not sent")
		<-time.After(time.Second)
		b.wantLog(1, context.DeadlineExceeded.Error())
		b.box.Hang(nil)
		_ = b.q.Send(b.Context(), good())
		synctest.Wait()
		if n := len(b.box.Sent()); n != 1 {
			b.Errorf("%d were sent afterwards", n)
		}
	})
}

// TestQueueSendsNothingLate holds the workers up for longer than codes live.
func TestQueueSendsNothingLate(t *testing.T) {
	onBench(t, sms.QueueConfig{Workers: 1, MaxAge: 5 * time.Second}, nil, func(b bench) {
		until := make(chan struct{})
		b.box.Hang(until)
		_ = b.q.Send(b.Context(), good())
		synctest.Wait()
		_ = b.q.Send(b.Context(), good())
		<-time.After(5 * time.Second)
		_ = b.q.Send(b.Context(), good())
		close(until)
		synctest.Wait()
		if n := len(b.box.Sent()); n != 2 {
			b.Errorf("%d were sent, want the one under way and the fresh one", n)
		}
		b.wantLog(1, "waited too long")
	})
}

func TestQueueIsBounded(t *testing.T) {
	onBench(t, sms.QueueConfig{Max: 3, Workers: 1}, nil, func(b bench) {
		until := make(chan struct{})
		b.box.Hang(until)
		for i := range 3 {
			if err := b.q.Ready(); err != nil {
				b.Fatalf("before %d: %v", i, err)
			}
			if err := b.q.Send(b.Context(), good()); err != nil {
				b.Fatal(err)
			}
			synctest.Wait()
		}
		if err := b.q.Send(b.Context(), good()); !errors.Is(err, sms.ErrFull) {
			b.Errorf("the fourth: %v", err)
		}
		b.wantLog(1, "a text message was refused")
		var when interface{ RetryAfter() time.Duration }
		if err := b.q.Ready(); !errors.Is(err, sms.ErrFull) || !errors.As(err, &when) || when.RetryAfter() <= 0 {
			b.Errorf("Ready: %v", err)
		}
		close(until)
		synctest.Wait()
		if err := b.q.Ready(); err != nil || len(b.box.Sent()) != 3 {
			b.Errorf("afterwards: %v, %d sent", err, len(b.box.Sent()))
		}
	})
}

func TestQueueRefusesInvalid(t *testing.T) {
	onBench(t, sms.QueueConfig{}, nil, func(b bench) {
		var invalid *sms.InvalidError
		for how, send := range map[string]func(context.Context, sms.Message) error{"queued": b.q.Send, "in line": b.q.Now} {
			if err := send(b.Context(), sms.Message{To: "4155552671", Text: "938271"}); !errors.As(err, &invalid) {
				b.Errorf("%s: %v", how, err)
			}
		}
		b.wantLog(1, "a text message was refused")
	})
}

func TestQueueSurvivesAPanic(t *testing.T) {
	var o sms.Outbox
	sender := senderFunc(func(ctx context.Context, m sms.Message) error {
		if strings.HasSuffix(m.To, "71") {
			panic("cannot send " + m.Text + " to " + m.To)
		}
		return o.Send(ctx, m)
	})
	onBench(t, sms.QueueConfig{Workers: 1}, sender, func(b bench) {
		_ = b.q.Send(b.Context(), good())
		_ = b.q.Send(b.Context(), sms.Message{To: "+4915123456789", Text: "two"})
		synctest.Wait()
		b.wantLog(1, "the sender panicked")
		if len(o.Sent()) != 1 {
			b.Errorf("%d were sent after the panic", len(o.Sent()))
		}
		if err := b.q.Now(b.Context(), good()); err == nil || strings.Contains(err.Error(), "938271") || strings.Contains(err.Error(), number) {
			b.Errorf("in line: %v", err)
		}
	})
}

func TestNow(t *testing.T) {
	onBench(t, sms.QueueConfig{Max: 1, Workers: 1, Timeout: 3 * time.Second}, nil, func(b bench) {
		broken := fmt.Errorf("cannot reach %s with 938271", number)
		b.box.Fail(broken)
		err := b.q.Now(b.Context(), good())
		if !errors.Is(err, broken) || err.Error() != "cannot reach (number) with (text)" {
			b.Errorf("failing: %v", err)
		}
		b.box.Fail(nil)

		b.box.Hang(make(chan struct{}))
		_ = b.q.Send(b.Context(), good()) // fills the queue
		start := time.Now()
		if err := b.q.Now(b.Context(), good()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			b.Errorf("hanging: %v after %s", err, time.Since(start))
		}
		gone, cancel := context.WithCancel(b.Context())
		cancel()
		if err := b.q.Now(gone, good()); !errors.Is(err, context.Canceled) {
			b.Errorf("cancelled: %v", err)
		}
		b.box.Hang(nil)
		if err := b.q.Now(b.Context(), good()); err != nil || len(b.box.Sent()) != 1 {
			b.Errorf("%v, %d sent", err, len(b.box.Sent()))
		}
	})
}

func TestClosedQueue(t *testing.T) {
	onBench(t, sms.QueueConfig{}, nil, func(b bench) {
		for range 2 {
			if err := b.q.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		for how, err := range map[string]error{"Send": b.q.Send(b.Context(), good()), "Now": b.q.Now(b.Context(), good()), "Ready": b.q.Ready()} {
			if !errors.Is(err, sms.ErrClosed) {
				b.Errorf("%s: %v", how, err)
			}
		}
		if len(b.box.Sent()) != 0 {
			b.Error("a closed queue sends")
		}
	})
}

func TestCloseSendsWhatWaits(t *testing.T) {
	onBench(t, sms.QueueConfig{Workers: 1}, nil, func(b bench) {
		until := make(chan struct{})
		b.box.Hang(until)
		for range 4 {
			_ = b.q.Send(b.Context(), good())
		}
		time.AfterFunc(time.Second, func() { close(until) })
		if err := b.q.Close(b.Context()); err != nil || len(b.box.Sent()) != 4 {
			b.Errorf("%v, %d sent", err, len(b.box.Sent()))
		}
	})
}

func TestCloseCountsWhatFails(t *testing.T) {
	onBench(t, sms.QueueConfig{Workers: 1, Timeout: time.Second}, nil, func(b bench) {
		b.box.Hang(make(chan struct{}))
		for range 3 {
			_ = b.q.Send(b.Context(), good())
		}
		if err := b.q.Close(b.Context()); err == nil || !strings.Contains(err.Error(), ": 3") {
			b.Errorf("close: %v", err)
		}
		b.wantLog(3, "a text message was not sent")
	})
}

// TestCloseGivesUp closes in front of a sender that takes no notice of anything.
func TestCloseGivesUp(t *testing.T) {
	until := make(chan struct{})
	deaf := senderFunc(func(context.Context, sms.Message) error { <-until; return errors.New("at last") })
	synctest.Test(t, func(t *testing.T) {
		until = make(chan struct{})
		log := &logbook{}
		q := sms.NewQueue(deaf, sms.QueueConfig{Workers: 1, Log: slog.New(slog.NewTextHandler(log, nil))})
		for range 3 {
			_ = q.Send(t.Context(), good())
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		err := q.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), ": 3") || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		close(until)
		if err := q.Close(t.Context()); err != nil {
			t.Errorf("the second time: %v", err)
		}
		if said := log.String(); strings.Count(said, "no time is left") != 3 || strings.Contains(said, "at last") {
			t.Errorf("logged %s", said)
		}
	})
}

// TestCloseEndsWhatIsUnderWay closes in front of a sender that does as it is told.
func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	var ended error
	obedient := senderFunc(func(ctx context.Context, _ sms.Message) error {
		<-ctx.Done()
		ended = ctx.Err()
		return ended
	})
	onBench(t, sms.QueueConfig{Timeout: time.Hour}, obedient, func(b bench) {
		_ = b.q.Send(b.Context(), good())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second)
		defer cancel()
		if err := b.q.Close(ctx); err == nil {
			b.Error("nothing is lost")
		}
		synctest.Wait()
		if !errors.Is(ended, context.Canceled) {
			b.Errorf("the attempt ended with %v", ended)
		}
		b.wantLog(1, "no time is left")
	})
}

// TestQueueDefaults compares what is in force with what is documented.
func TestQueueDefaults(t *testing.T) {
	var documented sms.QueueConfig
	if err := conf.Defaults(&documented); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []sms.QueueConfig{{}, {Max: -1, Workers: -1, Timeout: -1, MaxAge: -1}} {
		got, want := reflect.ValueOf(cfg.WithDefaults()), reflect.ValueOf(documented)
		for i := range got.NumField() {
			if f := got.Type().Field(i); f.Tag.Get("setting") != "-" && !got.Field(i).Equal(want.Field(i)) {
				t.Errorf("%s is %v, the documentation says %v", f.Name, got.Field(i), want.Field(i))
			}
		}
	}
}
