package mail

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"
)

// run is one worker: it tries what is ready until the queue is closed and empty.
func (q *Queue) run() {
	for {
		it := q.next()
		if it == nil {
			return
		}
		q.settle(it, q.attempt(it))
	}
}

// next waits for a mail to try. It is nil when there will be none.
func (q *Queue) next() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 {
		if q.closed {
			return nil
		}
		q.work.Wait()
	}
	it := q.ready[0]
	q.ready[0] = nil
	q.ready = q.ready[1:]
	q.flying[it] = struct{}{}
	return it
}

// attempt tries a mail once. A sender that panics loses that mail and no other.
func (q *Queue) attempt(it *item) (err error) {
	ctx, cancel := context.WithTimeout(q.quit, q.cfg.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = Permanent(fmt.Errorf("the sender panicked: %v", p))
		}
	}()
	it.attempts++
	return q.to.Send(ctx, it.Message)
}

// settle says what becomes of a mail that was tried: it is sent, tried again, or lost.
func (q *Queue) settle(it *item, err error) {
	q.mu.Lock()
	_, ours := q.flying[it]
	delete(q.flying, it)
	if err == nil || !ours { // Close has given it up and said so
		q.mu.Unlock()
		return
	}
	delay, again := q.retry(it, err)
	if again {
		q.delayed[it] = q.cfg.After(delay, func() { q.wake(it) })
	} else if q.closed {
		q.lost++
	}
	q.mu.Unlock()
	if again {
		q.cfg.Log.Warn("a mail is tried again later", append(it.attrs(err), "delay", delay)...)
		return
	}
	q.cfg.Log.Error("a mail was not sent", it.attrs(err)...)
}

// retry returns when to try a mail again that failed, if at all.
func (q *Queue) retry(it *item, err error) (time.Duration, bool) {
	if q.closed || IsPermanent(err) || it.attempts >= q.cfg.Attempts {
		return 0, false
	}
	delay := q.cfg.Delays[min(it.attempts, len(q.cfg.Delays))-1]
	delay += jitter(delay / 5)
	return delay, q.cfg.Now().Add(delay).Sub(it.since) < q.cfg.MaxAge
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

// wake makes a delayed mail ready, unless Close did.
func (q *Queue) wake(it *item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, waits := q.delayed[it]; !waits {
		return
	}
	delete(q.delayed, it)
	q.ready = append(q.ready, it)
	q.work.Signal()
}

// attrs tell an operator what happened to a mail, and nobody what it says.
func (it *item) attrs(err error) []any {
	return []any{"template", it.Template, "to", recipient(it.Message), "attempt", it.attempts, "err", Redact(err.Error(), it.Message)}
}

// Close sends what waits, and tries once more at once what waits to be tried
// again, until ctx is done. The queue takes no more. An error says how many mails
// are lost, and each is logged.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	for it, stop := range q.delayed {
		stop()
		q.ready = append(q.ready, it)
	}
	clear(q.delayed)
	q.work.Broadcast()
	q.mu.Unlock()

	var err error
	select {
	case <-q.idle:
	case <-ctx.Done():
		err = ctx.Err()
		q.abandon(err)
	}
	return q.losses(err)
}

// abandon ends what is being sent and gives up what waits.
func (q *Queue) abandon(err error) {
	q.mu.Lock()
	left := q.ready
	q.ready = nil
	for it := range q.flying {
		left = append(left, it)
	}
	clear(q.flying)
	q.lost += len(left)
	q.mu.Unlock()
	q.giveUp()
	for _, it := range left {
		q.cfg.Log.Error("a mail was lost: no time is left to send it", "template", it.Template, "to", recipient(it.Message), "err", err)
	}
}

// losses is the error of Close. Each mail is in one of them.
func (q *Queue) losses(err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lost
	q.lost = 0
	switch {
	case n == 0:
		return nil
	case err == nil:
		return fmt.Errorf("mail: mails lost at the end: %d", n)
	}
	return fmt.Errorf("mail: mails lost at the end: %d: %w", n, err)
}
