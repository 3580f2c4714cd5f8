package sms

import (
	"context"
	"slices"
	"sync"
)

// Outbox is a Sender for tests that keeps what it is given. Its zero value is
// ready to use, and it is safe for concurrent use.
type Outbox struct {
	mu   sync.Mutex
	sent []Message
	err  error
	hang <-chan struct{}
}

// Send implements [Sender]. It keeps what [Message.Check] accepts, unless it was
// told to fail.
func (o *Outbox) Send(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
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

// Fail makes every Send from now on return err and keep nothing; nil ends that.
func (o *Outbox) Fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

// Hang makes every Send from now on wait until the channel is closed or its
// context is done, as a provider does that does not answer; nil ends that.
func (o *Outbox) Hang(until <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hang = until
}

// Sent returns the messages so far, oldest first.
func (o *Outbox) Sent() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// Reset forgets them. It fails and hangs as before.
func (o *Outbox) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = nil
}
