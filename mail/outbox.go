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
}

// Send implements [Sender].
func (o *Outbox) Send(_ context.Context, m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, m)
	return nil
}

// Queued marks a sender that returns at once.
func (o *Outbox) Queued() {}

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
