package sms

import (
	"context"
	"errors"
	"fmt"
)

// errLate is why a message is not sent that has waited too long.
var errLate = errors.New("sms: it has waited too long")

// run is one worker: it sends what waits until the queue is closed and empty.
func (q *Queue) run() {
	for {
		it, ok := q.next()
		if !ok {
			return
		}
		var err error
		if q.cfg.Now().Sub(it.since) >= q.cfg.MaxAge {
			err = errLate
		} else {
			err = q.attempt(q.quit, it.Message)
		}
		q.settle(it, err)
	}
}

// next waits for a message to send. There will be none if it is not ok.
func (q *Queue) next() (it item, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 {
		if q.closed {
			return item{}, false
		}
		q.work.Wait()
	}
	it, q.waiting[0] = q.waiting[0], item{}
	q.waiting = q.waiting[1:]
	q.flying++
	return it, true
}

// settle gives the place of a message free, sent or not.
func (q *Queue) settle(it item, err error) {
	q.mu.Lock()
	q.flying--
	if err != nil && q.closed {
		q.lost++
	}
	q.mu.Unlock()
	if err != nil {
		q.cfg.Log.Error("a text message was not sent", "sms", it.Message, "err", Redact(err.Error(), it.Message))
	}
}

// Close sends what waits until ctx is done. The queue takes no more. An error says
// how many messages are lost, and each is logged.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
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

// abandon ends what is being sent and gives up what waits. It does not wait for a
// sender that takes no notice of its context.
func (q *Queue) abandon(err error) {
	q.mu.Lock()
	left := q.waiting
	q.waiting = nil
	q.lost += len(left)
	q.mu.Unlock()
	q.giveUp()
	for _, it := range left {
		q.cfg.Log.Error("a text message was lost: no time is left to send it", "sms", it.Message, "err", err)
	}
}

// losses is the error of Close. Each message is in one of them.
func (q *Queue) losses(err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lost
	q.lost = 0
	switch {
	case n == 0:
		return nil
	case err == nil:
		return fmt.Errorf("sms: messages lost at the end: %d", n)
	}
	return fmt.Errorf("sms: messages lost at the end: %d: %w", n, err)
}
