package mail

import (
	"context"
	"slices"
	"sync"
)

// Outbox is a Sender that keeps what it is given, as it is given. Its zero value
// is ready to use, and it is safe for concurrent use.
type Outbox struct {
	mu   sync.Mutex
	sent []Message
	err  error
	hang <-chan struct{}
}

// Send implements [Sender]. It keeps the mail, unless it was told to fail.
func (o *Outbox) Send(ctx context.Context, m Message) error {
	o.mu.Lock()
	hang := o.hang
	o.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.sent = append(o.sent, m)
	return nil
}

// Queued marks a sender that returns at once.
func (o *Outbox) Queued() {}

// Fail makes every Send from now on return err and keep nothing; nil ends that.
func (o *Outbox) Fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

// Hang makes every Send from now on wait until the channel is closed or its
// context is done, as a server does that does not answer; nil ends that.
func (o *Outbox) Hang(until <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hang = until
}

// Sent returns the mails so far, oldest first.
func (o *Outbox) Sent() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// Reset forgets them.
func (o *Outbox) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = nil
}
