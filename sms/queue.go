package sms

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/doorward/doorward/internal/sendqueue"
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
	to   Sender
	cfg  QueueConfig
	pool *sendqueue.Pool[item]
}

// item is a message with a place in the queue.
type item struct {
	Message
	since time.Time
}

// NewQueue returns a queue in front of a sender. Close it at the end.
func NewQueue(to Sender, cfg QueueConfig) *Queue {
	q := &Queue{to: to, cfg: cfg.withDefaults()}
	q.pool = sendqueue.New(sendqueue.Job[item]{
		Size: q.cfg.Max, Workers: q.cfg.Workers,
		Try: q.try, Failed: q.logFailed, Abandoned: q.logAbandoned,
		Full: ErrFull, Closed: ErrClosed, What: "sms: messages",
	})
	return q
}

// Ready returns [ErrFull] or [ErrClosed] if a message would find no place now. An
// answer that must not depend on whether an account exists is refused by it
// before the account is looked up.
func (q *Queue) Ready() error { return q.pool.Ready() }

// Send implements [Sender]. It never waits. What it refuses is logged: a message
// that finds no place ([ErrFull], [ErrClosed]) and one that [Message.Check] refuses.
func (q *Queue) Send(ctx context.Context, m Message) error {
	err := m.Check()
	if err == nil {
		err = q.pool.Add(item{m, q.cfg.Now()})
	}
	if err != nil {
		q.cfg.Log.ErrorContext(ctx, "a text message was refused", "sms", m, "err", err)
	}
	return err
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

// Close sends what waits until ctx is done. The queue takes no more. An error says
// how many messages are lost, and each is logged.
func (q *Queue) Close(ctx context.Context) error { return q.pool.Close(ctx) }
