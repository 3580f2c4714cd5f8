package mail

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/doorward/doorward/internal/sendqueue"
)

// QueueConfig says how a [Queue] works. What is zero or less is the default.
type QueueConfig struct {
	// Size bounds the mails that have a place: those that wait, those that wait to
	// be tried again, and those that are being sent.
	Size int `setting:"MAIL_QUEUE" default:"1000" help:"Mails that wait to be sent, the first time or again; more are refused, and that is logged."`
	// Workers is how many mails are being sent at a time.
	Workers int `setting:"MAIL_WORKERS" default:"4" help:"Mails that are being sent at a time."`
	// Timeout bounds each attempt.
	Timeout time.Duration `setting:"MAIL_TIMEOUT" default:"30 seconds" help:"Longest time for one attempt to send a mail."`
	// Attempts bounds how often a mail is tried.
	Attempts int `setting:"MAIL_ATTEMPTS" default:"6" help:"How often a mail is tried before it is given up. What the server refuses for good is tried once."`
	// MaxAge bounds how late a mail is tried.
	MaxAge time.Duration `setting:"MAIL_MAX_AGE" default:"1 hour" help:"No attempt is begun when a mail is as old as this."`
	// Delays are the times between attempts, the last of them for all further ones.
	// Up to a fifth is added to each, so that what failed together does not come
	// back together. The default is 1 s, 5 s, 30 s, 2 min and 10 min.
	Delays []time.Duration `setting:"-"`
	// From is whom mails are from that do not say so.
	From string `setting:"-"`
	// Log is told of mails that are refused, delayed and lost; nil is the default
	// logger. It gets a hash of the recipient, never the address or the text.
	Log *slog.Logger `setting:"-"`
	// Now is the time; nil is time.Now.
	Now func() time.Time `setting:"-"`
	// After calls f in a goroutine of its own after d, unless stop is called before;
	// nil is a timer of package time.
	After func(d time.Duration, f func()) (stop func() bool) `setting:"-"`
}

func (c QueueConfig) withDefaults() QueueConfig {
	atLeast(&c.Size, 1000)
	atLeast(&c.Workers, 4)
	atLeast(&c.Timeout, 30*time.Second)
	atLeast(&c.Attempts, 6)
	atLeast(&c.MaxAge, time.Hour)
	if len(c.Delays) == 0 {
		c.Delays = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
	}
	c.Log = logger(c.Log)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	return c
}

// atLeast puts the default in the place of what is not positive.
func atLeast[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Queue sends mails in the background, several at a time, so that neither a slow
// mail server nor a mail's being sent at all is felt by who waits for an answer.
// What fails is tried again after growing delays. It is safe for concurrent use.
//
// Mails are in memory only: what [Queue.Close] cannot send is lost, and logged.
type Queue struct {
	to   Sender
	cfg  QueueConfig
	pool *sendqueue.Pool[item]
}

// item is a mail with a place in the queue.
type item struct {
	Message
	since time.Time
}

// NewQueue returns a queue in front of a sender. Close it at the end.
func NewQueue(to Sender, cfg QueueConfig) *Queue {
	q := &Queue{to: to, cfg: cfg.withDefaults()}
	q.pool = sendqueue.New(sendqueue.Job[item]{
		Size: q.cfg.Size, Workers: q.cfg.Workers,
		Try: q.attempt, Again: q.retry, After: q.cfg.After,
		Delayed: q.logDelayed, Failed: q.logFailed, Abandoned: q.logAbandoned,
		Full: ErrFull, Closed: ErrClosed, What: "mail: mails",
	})
	return q
}

// Queued marks a sender that returns at once.
func (q *Queue) Queued() {}

// Ready returns [ErrFull] or [ErrClosed] if a mail would find no place now. An
// answer that must not depend on whether an account exists is refused by it
// before the account is looked up.
func (q *Queue) Ready() error { return q.pool.Ready() }

// Send implements [Sender]. It never waits. What it refuses is logged by template
// and recipient hash: a mail that finds no place ([ErrFull], [ErrClosed]) and one
// that [Message.Check] refuses.
func (q *Queue) Send(ctx context.Context, m Message) error {
	if m.From == "" {
		m.From = q.cfg.From
	}
	err := m.Check()
	if err == nil {
		if m.ID == "" {
			m.ID = NewID(m.From)
		}
		err = q.pool.Add(item{m, q.cfg.Now()})
	}
	if err == nil {
		return nil
	}
	q.cfg.Log.ErrorContext(ctx, "a mail was refused", "template", m.Template, "to", recipient(m), "err", err)
	return fmt.Errorf("%w: %s", err, m.Template)
}

// Now sends a mail at once, past the queue, and says what became of it. It takes
// no longer than one attempt may. For whoever waits for this very mail.
func (q *Queue) Now(ctx context.Context, m Message) error {
	if m.From == "" {
		m.From = q.cfg.From
	}
	if err := m.Check(); err != nil {
		return fmt.Errorf("%w: %s", err, m.Template)
	}
	if m.ID == "" {
		m.ID = NewID(m.From)
	}
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	return q.to.Send(ctx, m)
}

// Close sends what waits, and tries once more at once what waits to be tried
// again, until ctx is done. The queue takes no more. An error says how many mails
// are lost, and each is logged.
func (q *Queue) Close(ctx context.Context) error { return q.pool.Close(ctx) }
