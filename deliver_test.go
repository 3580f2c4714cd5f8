package doorward_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/mail"
)

// nowSender is a sender with a way past its queue.
type nowSender struct {
	mail.Outbox
	now func(ctx context.Context, m mail.Message) error
}

func (s *nowSender) Now(ctx context.Context, m mail.Message) error { return s.now(ctx, m) }

// Deliver says what became of a mail, which Send does not.
func TestDeliver(t *testing.T) {
	f := newWriter()
	app := withFeatures(t, nil, f)
	if err := f.rt.Mail().Deliver(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if sent := app.Outbox.Sent(); len(sent) != 1 || sent[0].To != joe || !strings.Contains(sent[0].Text, "Hello Joe.") {
		t.Errorf("%+v", sent)
	}
	app.Outbox.Reset()
	app.Outbox.Fail(errors.New("554 refused: " + joe + " https://localhost/go/abc"))
	err := f.rt.Mail().Deliver(t.Context(), letter())
	if err == nil || !strings.Contains(err.Error(), "554 refused") || strings.Contains(err.Error(), joe) || strings.Contains(err.Error(), "abc") {
		t.Errorf("%v", err)
	}
	app.Outbox.Fail(nil)
	for name, edit := range map[string]func(*doorward.Letter){
		"nobody":      func(l *doorward.Letter) { l.To = "" },
		"no address":  func(l *doorward.Letter) { l.To = "joe" },
		"two":         func(l *doorward.Letter) { l.To = joe + ", " + jane },
		"no template": func(l *doorward.Letter) { l.Template = "security/email/none" },
	} {
		if err := f.rt.Mail().Deliver(t.Context(), letter(edit)); err == nil || len(app.Outbox.Sent()) != 0 {
			t.Errorf("%s: %v, %d mails", name, err, len(app.Outbox.Sent()))
		}
	}
	if log := app.Logs.String(); strings.Contains(log, joe) {
		t.Errorf("log:\n%s", log)
	}
}

// Errors are told where answers must not tell of accounts, too: who calls Deliver
// knows that there is one.
func TestDeliverGeneric(t *testing.T) {
	f := newWriter()
	withFeatures(t, func(c *doorward.Config) {
		c.GenericResponses = true
		c.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte(`{{.T "hello"}}{{index .Mail.name 99}}`)}}
	}, f)
	if err := f.rt.Mail().Deliver(t.Context(), letter()); err == nil {
		t.Error("no error for a template that fails")
	}
}

// A queue is gone past.
func TestDeliverNow(t *testing.T) {
	f, sender := newWriter(), &nowSender{}
	var got mail.Message
	sender.now = func(_ context.Context, m mail.Message) error { got = m; return nil }
	withFeatures(t, func(c *doorward.Config) { c.Mail.Sender = sender }, f)
	if err := f.rt.Mail().Deliver(t.Context(), letter()); err != nil || got.To != joe || len(sender.Sent()) != 0 {
		t.Errorf("%v, %+v, %d queued", err, got, len(sender.Sent()))
	}
	sender.now = func(_ context.Context, m mail.Message) error { panic(m.To + " " + m.Text) }
	if err := f.rt.Mail().Deliver(t.Context(), letter()); err == nil || !strings.Contains(err.Error(), "panicked") || strings.Contains(err.Error(), joe) {
		t.Errorf("%v", err)
	}
}

// Nobody waits longer than he has time, whatever the sender does.
func TestDeliverEnds(t *testing.T) {
	open := make(chan struct{})
	defer close(open)
	for name, now := range map[string]func(context.Context, mail.Message) error{
		"heeds its context": func(ctx context.Context, _ mail.Message) error { <-ctx.Done(); return ctx.Err() },
		"does not":          func(context.Context, mail.Message) error { <-open; return nil },
	} {
		f, sender := newWriter(), &nowSender{now: now}
		withFeatures(t, func(c *doorward.Config) { c.Mail.Sender = sender }, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if err := f.rt.Mail().Deliver(ctx, letter()); err == nil || !strings.Contains(err.Error(), "deadline") {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestDeliverWithoutMails(t *testing.T) {
	f := newWriter()
	f.lax = true
	withFeatures(t, func(c *doorward.Config) { c.Mail.Sender = nil }, f)
	if err := f.rt.Mail().Deliver(t.Context(), letter()); err == nil {
		t.Error("no error where no mails can be sent")
	}
}
