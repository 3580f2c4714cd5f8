package sms

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/sendqueue"
)

// errLate is why a message is not sent that has waited too long.
var errLate = errors.New("sms: it has waited too long")

// try sends a message from the queue, unless it is too old by now.
func (q *Queue) try(ctx context.Context, it item) error {
	if q.cfg.Now().Sub(it.since) >= q.cfg.MaxAge {
		return errLate
	}
	return q.attempt(ctx, it.Message)
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

func (q *Queue) logFailed(f sendqueue.Failure[item]) {
	q.cfg.Log.Error("a text message was not sent", "sms", f.It.Message, "err", f.Err)
}

func (q *Queue) logAbandoned(f sendqueue.Failure[item]) {
	q.cfg.Log.Error("a text message was lost: no time is left to send it", "sms", f.It.Message, "err", f.Err)
}
