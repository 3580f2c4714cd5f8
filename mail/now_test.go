package mail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/mail"
)

// Now sends past what waits, once, and says what became of it.
func TestQueueNow(t *testing.T) {
	const busy = "busy@example.com"
	onBench(t, mail.QueueConfig{Size: 1, Workers: 1, From: "Door <door@door.example>"}, nil, func(b *bench) {
		open := make(chan struct{})
		var answer error
		b.say = func(_ context.Context, m mail.Message) error {
			if m.To == busy {
				<-open
				return nil
			}
			return answer
		}
		b.mustSend(busy) // the queue is full, and its worker busy
		m := good()
		m.From, m.ID = "", ""
		if err := b.q.Now(b.t.Context(), m); err != nil {
			t.Error(err)
		}
		if got := b.attempts()[1]; got.To != m.To || got.From != "Door <door@door.example>" || !strings.HasSuffix(got.ID, "@door.example") {
			t.Errorf("sent %+v", got)
		}
		answer = errors.New("451 come back later")
		m.From, m.ID = "own@example.com", "own@door.example"
		if err := b.q.Now(b.t.Context(), m); !errors.Is(err, answer) {
			t.Errorf("%v", err)
		}
		if got := b.attempts()[2]; got.From != m.From || got.ID != m.ID {
			t.Errorf("sent %+v", got)
		}
		b.advance(time.Hour)
		b.wantAttempts(3) // and none of them again
		b.wantLog(0)
		m.To = "no address"
		if err := b.q.Now(b.t.Context(), m); err == nil {
			t.Error("a mail to nobody was sent")
		}
		b.wantAttempts(3)
		close(open)
	})
}

// It takes no longer than one attempt may, and no longer than who waits.
func TestQueueNowEnds(t *testing.T) {
	onBench(t, mail.QueueConfig{Timeout: time.Minute}, untilDone, func(b *bench) {
		for _, tt := range []struct{ patience, took time.Duration }{{time.Hour, time.Minute}, {time.Second, time.Second}} {
			ctx, cancel := context.WithTimeout(b.t.Context(), tt.patience)
			began := time.Now()
			if err := b.q.Now(ctx, good()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took != tt.took { // the bubble's clock
				t.Errorf("it ended after %v, want %v", took, tt.took)
			}
			cancel()
		}
	})
}

func TestOutboxFails(t *testing.T) {
	var o mail.Outbox
	down := errors.New("down")
	o.Fail(down)
	if err := o.Send(t.Context(), good()); !errors.Is(err, down) || len(o.Sent()) != 0 {
		t.Errorf("%v, %d mails", err, len(o.Sent()))
	}
	o.Reset()
	if err := o.Send(t.Context(), good()); !errors.Is(err, down) {
		t.Errorf("Reset ends it: %v", err)
	}
	o.Fail(nil)
	if err := o.Send(t.Context(), good()); err != nil || len(o.Sent()) != 1 {
		t.Errorf("%v, %d mails", err, len(o.Sent()))
	}
}

func TestOutboxHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o mail.Outbox
		open := make(chan struct{})
		o.Hang(open)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 2)
		go func() { done <- o.Send(ctx, good()) }()
		synctest.Wait()
		if len(done) != 0 || len(o.Sent()) != 0 {
			t.Fatal("it does not hang")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || len(o.Sent()) != 0 {
			t.Errorf("%v, %d mails", err, len(o.Sent()))
		}
		go func() { done <- o.Send(t.Context(), good()) }()
		synctest.Wait()
		o.Hang(nil) // is for those that come after it
		if err := o.Send(t.Context(), good()); err != nil || len(done) != 0 {
			t.Errorf("%v, and %d of those before it went on", err, len(done))
		}
		close(open)
		if err := <-done; err != nil || len(o.Sent()) != 2 {
			t.Errorf("%v, %d mails", err, len(o.Sent()))
		}
	})
}
