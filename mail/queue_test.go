package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/mail"
)

// gate is a sender that lets one mail through at a time.
type gate struct {
	mail.Outbox
	began, open chan struct{}
}

func (g *gate) Send(ctx context.Context, m mail.Message) error {
	g.began <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	return g.Outbox.Send(ctx, m)
}

func TestQueue(t *testing.T) {
	var log strings.Builder
	g := &gate{began: make(chan struct{}, 10), open: make(chan struct{})}
	q := mail.NewQueue(g, slog.New(slog.NewTextHandler(&log, nil)), 2, time.Minute)
	send := func(to string) error {
		return q.Send(t.Context(), mail.Message{To: to, Template: "welcome", Text: "secret link"})
	}
	if err := send("a@example.com"); err != nil {
		t.Fatal(err)
	}
	<-g.began // it is being sent; two more have a place
	for _, to := range []string{"b@example.com", "c@example.com"} {
		if err := send(to); err != nil {
			t.Fatal(err)
		}
	}
	if err := send("d@example.com"); !errors.Is(err, mail.ErrFull) {
		t.Errorf("the fourth: %v", err)
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Close(short); !errors.Is(err, context.Canceled) {
		t.Errorf("closed without time: %v", err)
	}
	if err := send("e@example.com"); !errors.Is(err, mail.ErrFull) {
		t.Errorf("after closing: %v", err)
	}
	close(g.open)
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent := g.Sent(); len(sent) != 3 || sent[2].To != "c@example.com" {
		t.Errorf("sent %v", sent)
	}
	if text := log.String(); strings.Count(text, "template=welcome") != 2 || strings.Contains(text, "example.com") || strings.Contains(text, "secret") {
		t.Errorf("log: %s", text)
	}
}

func TestQueueLogsWhatWasNotSent(t *testing.T) {
	var log strings.Builder
	bad := &moody{}
	q := mail.NewQueue(bad, slog.New(slog.NewTextHandler(&log, nil)), 3, time.Minute)
	for range 3 {
		if err := q.Send(t.Context(), mail.Message{To: "a@example.com", Template: "welcome"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if bad.asked != 3 {
		t.Errorf("asked %d times", bad.asked)
	}
	text := log.String()
	if !strings.Contains(text, "no mailbox (recipient) here") || !strings.Contains(text, "panicked") || strings.Contains(text, "a@example") || strings.Count(text, "\n") != 2 {
		t.Errorf("log: %s", text)
	}
}

// moody fails, panics, and sends.
type moody struct{ asked int }

func (s *moody) Send(_ context.Context, m mail.Message) error {
	switch s.asked++; s.asked {
	case 1:
		return errors.New("550 no mailbox " + m.To + " here")
	case 2:
		panic("what a day")
	}
	return nil
}
