package mail

import (
	"context"

	"github.com/doorward/doorward/internal/sendqueue"
)

// Outbox is a Sender that keeps what it is given, as it is given. Its zero value
// is ready to use, and it is safe for concurrent use.
type Outbox struct{ kept sendqueue.Recorder[Message] }

// Send implements [Sender]. It keeps the mail, unless it was told to fail.
func (o *Outbox) Send(ctx context.Context, m Message) error { return o.kept.Send(ctx, m) }

// Queued marks a sender that returns at once.
func (o *Outbox) Queued() {}

// Fail makes every Send from now on return err and keep nothing; nil ends that.
func (o *Outbox) Fail(err error) { o.kept.Fail(err) }

// Hang makes every Send from now on wait until the channel is closed or its
// context is done, as a server does that does not answer; nil ends that.
func (o *Outbox) Hang(until <-chan struct{}) { o.kept.Hang(until) }

// Sent returns the mails so far, oldest first.
func (o *Outbox) Sent() []Message { return o.kept.Sent() }

// Reset forgets them. It fails and hangs as before.
func (o *Outbox) Reset() { o.kept.Reset() }
