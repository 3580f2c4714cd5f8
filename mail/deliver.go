package mail

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/doorward/doorward/internal/sendqueue"
)

// attempt tries a mail once. A sender that panics loses that mail and no other.
func (q *Queue) attempt(ctx context.Context, it item) (err error) {
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = Permanent(fmt.Errorf("the sender panicked: %v", p))
		}
	}()
	return q.to.Send(ctx, it.Message)
}

// retry returns when to try a mail again that failed, if at all.
func (q *Queue) retry(f sendqueue.Failure[item]) (time.Duration, bool) {
	if IsPermanent(f.Err) || f.Tries >= q.cfg.Attempts {
		return 0, false
	}
	delay := q.cfg.Delays[min(f.Tries, len(q.cfg.Delays))-1]
	delay += jitter(delay / 5)
	return delay, q.cfg.Now().Add(delay).Sub(f.It.since) < q.cfg.MaxAge
}

// jitter is a random part of limit.
func jitter(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(limit)))
	if err != nil {
		return 0
	}
	return time.Duration(n.Int64())
}

func (q *Queue) logDelayed(f sendqueue.Failure[item], delay time.Duration) {
	q.cfg.Log.Warn("a mail is tried again later", append(attrs(f), "delay", delay)...)
}

func (q *Queue) logFailed(f sendqueue.Failure[item]) {
	q.cfg.Log.Error("a mail was not sent", attrs(f)...)
}

func (q *Queue) logAbandoned(f sendqueue.Failure[item]) {
	m := f.It.Message
	q.cfg.Log.Error("a mail was lost: no time is left to send it", "template", m.Template, "to", recipient(m), "err", f.Err)
}

// attrs tell an operator what happened to a mail, and nobody what it says.
func attrs(f sendqueue.Failure[item]) []any {
	m := f.It.Message
	return []any{"template", m.Template, "to", recipient(m), "attempt", f.Tries, "err", Redact(f.Err.Error(), m)}
}
