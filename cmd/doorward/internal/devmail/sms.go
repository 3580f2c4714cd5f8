package devmail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/sms"
)

// ErrShut is returned for a text message that somebody waits for when the mailbox
// is shut: nobody would read it.
var ErrShut = errors.New("devmail: text messages are not shown any more; set SMS_SERVICE to send them")

// Texts is the phone of everybody: a [sms.Sender] whose messages wait among the
// mails of its [Mailbox], within the same bounds, and are gone with them when that
// is shut. It is safe for concurrent use.
type Texts struct{ box *Mailbox }

// Texts returns the sender of text messages.
func (b *Mailbox) Texts() *Texts { return &Texts{b} }

// Queued marks a sender that returns at once.
func (t *Texts) Queued() {}

// Send implements [sms.Sender] for messages that nobody waits for. It fails for
// one that must not be sent, or does not fit. Once the mailbox is shut it writes a
// line without number and text to the log instead, so that answers to strangers
// stay the same.
func (t *Texts) Send(ctx context.Context, m sms.Message) error {
	err := t.Now(ctx, m)
	if errors.Is(err, ErrShut) {
		t.box.cfg.Log.LogAttrs(ctx, slog.LevelError, "a text message was not sent", slog.Any("sms", m), slog.Any("err", err))
		return nil
	}
	return err
}

// Now does the same for a message that somebody waits for, who is told with
// [ErrShut] that it was not sent.
func (t *Texts) Now(ctx context.Context, m sms.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	e := entry{Message: mail.Message{To: m.To, Text: m.Text}, SMS: true}
	if n := size(e.Message); n > t.box.cfg.MaxBytes {
		return fmt.Errorf("devmail: the text message takes %d bytes, more than the %d that all may take", n, t.box.cfg.MaxBytes)
	}
	id, ok := t.box.keep(e)
	if !ok {
		return ErrShut
	}
	t.box.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "nothing sends text messages: one waits here", slog.Any("sms", m), slog.String("read", where(id)))
	return nil
}
