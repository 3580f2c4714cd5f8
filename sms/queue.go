package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// QueueConfig says how a [Queue] works. What is zero or less is the default.
type QueueConfig struct {
	// Max bounds the messages that have a place: those that wait, and those that
	// are being sent.
	Max int `setting:"SMS_QUEUE_MAX" default:"1000" help:"Text messages that wait to be sent; more are refused, and that is logged."`
	// Workers is how many messages are being sent at a time.
	Workers int `setting:"SMS_QUEUE_WORKERS" default:"2" help:"Text messages that are being sent at a time."`
	// Timeout bounds the one attempt that there is.
	Timeout time.Duration `setting:"SMS_TIMEOUT" default:"10 seconds" help:"Longest time to send a text message. It is not tried again."`
	// MaxAge bounds how late a message is sent: the code in it does not live long.
	MaxAge time.Duration `setting:"SMS_MAX_AGE" default:"1 minute" help:"A text message that has waited as long as this is not sent any more."`
	// Log is told of messages that are refused and lost; nil is the default logger.
	// It gets neither the text nor more than the end of the number.
	Log *slog.Logger `setting:"-"`
	// Now is the time; nil is time.Now.
	Now func() time.Time `setting:"-"`
}

func (c QueueConfig) withDefaults() QueueConfig {
	atLeast(&c.Max, 1000)
	atLeast(&c.Workers, 2)
	atLeast(&c.Timeout, 10*time.Second)
	atLeast(&c.MaxAge, time.Minute)
	c.Log = logger(c.Log)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// atLeast puts the default in the place of what is not positive.
func atLeast[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Queue sends messages in the background, so that neither a slow provider nor a
// message's being sent at all is felt by who waits for an answer. Each is tried
// once. It is safe for concurrent use.
//
// Messages are in memory only: what [Queue.Close] cannot send is lost, and logged.
type Queue struct {
	to  Sender
	cfg QueueConfig

	quit   context.Context // of all attempts; done when Close gives up
	giveUp context.CancelFunc
	idle   chan struct{} // closed when all workers have ended

	mu      sync.Mutex
	work    sync.Cond // waiting grew, or the queue was closed
	waiting []*item   // oldest first
	flying  map[*item]struct{}
	closed  bool
	lost    int // since the queue was closed
}

// item is a message with a place in the queue.
type item struct {
	Message
	since time.Time
}

// NewQueue returns a queue in front of a sender. Close it at the end.
func NewQueue(to Sender, cfg QueueConfig) *Queue {
	q := &Queue{to: to, cfg: cfg.withDefaults(), idle: make(chan struct{}), flying: map[*item]struct{}{}}
	q.work.L = &q.mu
	q.quit, q.giveUp = context.WithCancel(context.Background())
	var workers sync.WaitGroup
	for range q.cfg.Workers {
		workers.Go(q.run)
	}
	go func() {
		workers.Wait()
		q.giveUp()
		close(q.idle)
	}()
	return q
}

// Ready returns [ErrFull] or [ErrClosed] if a message would find no place now. An
// answer that must not depend on whether an account exists is refused by it
// before the account is looked up.
func (q *Queue) Ready() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refusal()
}

func (q *Queue) refusal() error {
	switch {
	case q.closed:
		return ErrClosed
	case len(q.waiting)+len(q.flying) >= q.cfg.Max:
		return ErrFull
	}
	return nil
}

// Send implements [Sender]. It never waits. What it refuses is logged: a message
// that finds no place ([ErrFull], [ErrClosed]) and one that [Message.Check] refuses.
func (q *Queue) Send(ctx context.Context, m Message) error {
	err := m.Check()
	if err == nil {
		err = q.add(&item{m, q.cfg.Now()})
	}
	if err != nil {
		q.cfg.Log.ErrorContext(ctx, "a text message was refused", "sms", m, "err", err)
	}
	return err
}

func (q *Queue) add(it *item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refusal(); err != nil {
		return err
	}
	q.waiting = append(q.waiting, it)
	q.work.Signal()
	return nil
}

// Now sends a message in line, past what waits, and returns what became of it
// within the queue's Timeout. It is for those whose answer says whether the message
// was sent; a stranger's request goes through [Queue.Send]. What the error says is
// passed through [Redact]; [errors.Is] and [errors.As] see the sender's own.
func (q *Queue) Now(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	if errors.Is(q.Ready(), ErrClosed) {
		return ErrClosed
	}
	return q.attempt(ctx, m)
}

// attempt tries a message once. A sender that panics loses that message and no other.
func (q *Queue) attempt(ctx context.Context, m Message) (err error) {
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the sender panicked: %s", Redact(fmt.Sprint(p), m))
		}
	}()
	if err := q.to.Send(ctx, m); err != nil {
		return &failure{Redact(err.Error(), m), err}
	}
	return nil
}
