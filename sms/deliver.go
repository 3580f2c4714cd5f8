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
		it := q.next()
		if it == nil {
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

// next waits for a message to send. It is nil when there will be none.
func (q *Queue) next() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 {
		if q.closed {
			return nil
		}
		q.work.Wait()
	}
	it := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	q.flying[it] = struct{}{}
	return it
}

// settle gives the place of a message free, sent or not.
func (q *Queue) settle(it *item, err error) {
	q.mu.Lock()
	_, ours := q.flying[it] // or Close has given it up and said so
	delete(q.flying, it)
	if ours && err != nil && q.closed {
		q.lost++
	}
	q.mu.Unlock()
	if ours && err != nil {
		q.cfg.Log.Error("a text message was not sent", "sms", it.Message, "err", err)
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
	for it := range q.flying {
		left = append(left, it)
	}
	clear(q.flying)
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
