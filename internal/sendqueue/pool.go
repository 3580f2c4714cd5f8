// Package sendqueue is what the queues of mails and of text messages do alike: a
// bounded number of places, workers, and an end with a deadline ([Pool]); and what
// their doubles for tests do alike ([Recorder]). Whether to try again, what is too
// old to send and what a log may say of it is for those that use it to know.
package sendqueue

import (
	"context"
	"sync"
	"time"
)

// Job says what a [Pool] does. Again, After and Delayed may be nil where nothing
// is tried a second time; all else must be set.
type Job[T any] struct {
	// Size bounds the places: of what waits, what waits to be tried again, and what
	// is being tried.
	Size int
	// Workers is how many are being tried at a time.
	Workers int
	// Try sends it once. It must not panic. ctx is done when Close gives up.
	Try func(ctx context.Context, it T) error
	// Again says whether and when to try again. The pool is locked meanwhile. It is
	// not asked after Close: what fails then is lost.
	Again func(Failure[T]) (delay time.Duration, again bool)
	// After calls f in a goroutine of its own after d, unless stop is called before.
	After func(d time.Duration, f func()) (stop func() bool)

	// Delayed, Failed and Abandoned are for a log: it is tried again after delay, it
	// was tried for the last time, Close gave it up. What is not sent is told to one
	// of the last two, once.
	Delayed   func(f Failure[T], delay time.Duration)
	Failed    func(Failure[T])
	Abandoned func(Failure[T])

	// Full and Closed are the errors for what finds no place.
	Full, Closed error
	// What begins the error of Close: "mail: mails".
	What string
}

// Failure is something that was not sent, and why.
type Failure[T any] struct {
	It    T
	Tries int // so far
	Err   error
}

// Pool sends things in the background, several at a time. It is safe for
// concurrent use, and keeps what it is given in memory only.
type Pool[T any] struct {
	job Job[T]

	quit   context.Context // of all tries; done when Close gives up
	giveUp context.CancelFunc
	idle   chan struct{} // closed when all workers have ended

	mu      sync.Mutex
	work    sync.Cond   // ready grew, or the pool was closed
	ready   []*place[T] // to be tried now, oldest first
	delayed map[*place[T]]func() bool
	flying  map[*place[T]]struct{}
	closed  bool
	lost    int // since the pool was closed
}

// place holds one thing. What it holds does not change, and tries does under the
// lock.
type place[T any] struct {
	it    T
	tries int
}

func (at *place[T]) failure(err error) Failure[T] { return Failure[T]{at.it, at.tries, err} }

// New returns a pool that works. Close it at the end.
func New[T any](job Job[T]) *Pool[T] {
	p := &Pool[T]{
		job: job, idle: make(chan struct{}),
		delayed: map[*place[T]]func() bool{}, flying: map[*place[T]]struct{}{},
	}
	p.work.L = &p.mu
	p.quit, p.giveUp = context.WithCancel(context.Background())
	var workers sync.WaitGroup
	for range job.Workers {
		workers.Go(p.run)
	}
	go func() {
		workers.Wait()
		p.giveUp()
		close(p.idle)
	}()
	return p
}

// Ready returns Full or Closed if there is no place now.
func (p *Pool[T]) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusal()
}

func (p *Pool[T]) refusal() error {
	switch {
	case p.closed:
		return p.job.Closed
	case len(p.ready)+len(p.delayed)+len(p.flying) >= p.job.Size:
		return p.job.Full
	}
	return nil
}

// Add gives it a place, or returns Full or Closed. It never waits for a try.
func (p *Pool[T]) Add(it T) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.refusal(); err != nil {
		return err
	}
	p.ready = append(p.ready, &place[T]{it: it})
	p.work.Signal()
	return nil
}

// run is one worker: it tries what is ready until the pool is closed and empty.
func (p *Pool[T]) run() {
	for {
		at := p.next()
		if at == nil {
			return
		}
		p.settle(at, p.job.Try(p.quit, at.it))
	}
}

// next waits for something to try. It is nil when there will be nothing.
func (p *Pool[T]) next() *place[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.ready) == 0 {
		if p.closed {
			return nil
		}
		p.work.Wait()
	}
	at := p.ready[0]
	p.ready[0] = nil
	p.ready = p.ready[1:]
	p.flying[at] = struct{}{}
	at.tries++
	return at
}

// settle says what becomes of what was tried: it is sent, tried again, or lost.
func (p *Pool[T]) settle(at *place[T], err error) {
	p.mu.Lock()
	_, ours := p.flying[at]
	delete(p.flying, at)
	if err == nil || !ours { // Close has given it up and said so
		p.mu.Unlock()
		return
	}
	f := at.failure(err)
	delay, again := p.retry(f)
	if again {
		p.delayed[at] = p.job.After(delay, func() { p.wake(at) })
	} else if p.closed {
		p.lost++
	}
	p.mu.Unlock()
	if again {
		p.job.Delayed(f, delay)
	} else {
		p.job.Failed(f)
	}
}

func (p *Pool[T]) retry(f Failure[T]) (time.Duration, bool) {
	if p.closed || p.job.Again == nil {
		return 0, false
	}
	return p.job.Again(f)
}

// wake makes ready what was delayed, unless Close did.
func (p *Pool[T]) wake(at *place[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, waits := p.delayed[at]; !waits {
		return
	}
	delete(p.delayed, at)
	p.ready = append(p.ready, at)
	p.work.Signal()
}
