package sendqueue

import (
	"context"
	"fmt"
)

// Close sends what waits, and tries once more at once what waits to be tried
// again, until ctx is done. The pool takes no more. An error says how many are
// lost, and Failed or Abandoned was told of each. It does not wait for a Try that
// takes no notice of its context.
func (p *Pool[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	for at, stop := range p.delayed {
		stop()
		p.ready = append(p.ready, at)
	}
	clear(p.delayed)
	p.work.Broadcast()
	p.mu.Unlock()

	var err error
	select {
	case <-p.idle:
	case <-ctx.Done():
		err = ctx.Err()
		p.abandon(err)
	}
	return p.losses(err)
}

// abandon ends what is being tried and gives up what waits.
func (p *Pool[T]) abandon(err error) {
	p.mu.Lock()
	var left []Failure[T]
	for _, at := range p.ready {
		left = append(left, at.failure(err))
	}
	for at := range p.flying {
		left = append(left, at.failure(err))
	}
	p.ready = nil
	clear(p.flying)
	p.lost += len(left)
	p.mu.Unlock()
	p.giveUp()
	for _, f := range left {
		p.job.Abandoned(f)
	}
}

// losses is the error of Close. Each loss is in one of them.
func (p *Pool[T]) losses(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.lost
	p.lost = 0
	switch {
	case n == 0:
		return nil
	case err == nil:
		return fmt.Errorf("%s lost at the end: %d", p.job.What, n)
	}
	return fmt.Errorf("%s lost at the end: %d: %w", p.job.What, n, err)
}
