// Package mail holds the words of mail: a message, and what sends one. Senders
// for production live beside it; Outbox keeps mails for tests.
package mail

import (
	"context"
	"slices"
	"sync"
)

// Message is one mail. Recipients and subject hold no line breaks.
type Message struct {
	To       string // one address
	From     string
	Subject  string
	Text     string // plain part
	HTML     string // optional
	Template string // which mail this is: "welcome"; for logs
}

// Sender sends mails. It is safe for concurrent use and gives up when ctx is done.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Outbox is a Sender that keeps what it is given. Its zero value is ready to use.
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
