package sms

import (
	"context"

	"github.com/doorward/doorward/internal/sendqueue"
)

// Outbox is a Sender for tests that keeps what it is given. Its zero value is
// ready to use, and it is safe for concurrent use.
type Outbox struct{ kept sendqueue.Recorder[Message] }

// Send implements [Sender]. It keeps what [Message.Check] accepts, unless it was
// told to fail.
func (o *Outbox) Send(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	return o.kept.Send(ctx, m)
}

// Fail makes every Send from now on return err and keep nothing; nil ends that.
func (o *Outbox) Fail(err error) { o.kept.Fail(err) }

// Hang makes every Send from now on wait until the channel is closed or its
// context is done, as a provider does that does not answer; nil ends that.
func (o *Outbox) Hang(until <-chan struct{}) { o.kept.Hang(until) }

// Sent returns the messages so far, oldest first.
func (o *Outbox) Sent() []Message { return o.kept.Sent() }

// Reset forgets them. It fails and hangs as before.
func (o *Outbox) Reset() { o.kept.Reset() }
