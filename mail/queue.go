package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// ErrFull is returned for a mail that finds no place in a [Queue].
var ErrFull = errors.New("mail: the queue is full")

// Queue sends mails in the background, one after the other, so that neither a
// slow mail server nor a mail's being sent at all is felt by who waits for an
// answer. It is safe for concurrent use.
type Queue struct {
	to      Sender
	log     *slog.Logger
	timeout time.Duration
	waiting chan Message
	done    chan struct{}

	mu     sync.Mutex
	closed bool
}

// NewQueue returns a queue in front of a sender, with places for size mails,
// each of which may take as long as timeout. Close it at the end.
func NewQueue(to Sender, log *slog.Logger, size int, timeout time.Duration) *Queue {
	q := &Queue{to: to, log: log, timeout: timeout, waiting: make(chan Message, size), done: make(chan struct{})}
	go q.run()
	return q
}

// Send implements [Sender]. It never waits. A mail that finds no place is
// logged by template and recipient hash, and is [ErrFull].
func (q *Queue) Send(ctx context.Context, m Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		select {
		case q.waiting <- m:
			return nil
		default:
		}
	}
	q.log.ErrorContext(ctx, "a mail was refused: the queue is full", "template", m.Template, "to", recipient(m))
	return fmt.Errorf("%w: %s", ErrFull, m.Template)
}

// Queued marks a sender that returns at once.
func (q *Queue) Queued() {}

func (q *Queue) run() {
	defer close(q.done)
	for m := range q.waiting {
		ctx, cancel := context.WithTimeout(context.Background(), q.timeout)
		if err := q.deliver(ctx, m); err != nil {
			q.log.ErrorContext(ctx, "a mail was not sent", "template", m.Template, "to", recipient(m), "err", withoutAddress(err, m))
		}
		cancel()
	}
}

// deliver sends one mail. A sender that panics loses that mail and no other.
func (q *Queue) deliver(ctx context.Context, m Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the sender panicked: %v", p)
		}
	}()
	return q.to.Send(ctx, m)
}

// withoutAddress is what a server says, which often repeats the recipient.
func withoutAddress(err error, m Message) string {
	if m.To == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), m.To, "(recipient)")
}

// Close sends what is waiting, until ctx is done. The queue takes no more.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.waiting)
	}
	q.mu.Unlock()
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("mail: %d mails were not sent: %w", len(q.waiting), ctx.Err())
	}
}

// recipient says in a log whose mail it was, to whoever knows the address.
func recipient(m Message) string {
	sum := sha256.Sum256([]byte(m.To))
	return hex.EncodeToString(sum[:8])
}
