package lockout

import (
	"context"
	"errors"
	"sync"
	"time"
)

// lines let the tries of one seat ask for their places one after the other. Who
// is refused while others of the seat are being compared asks again when one of
// them is done: without that, right credentials sent side by side, as programs
// do, would take each other's places and be refused.
type lines struct {
	wide int // in
	most int // in and waiting; more are refused
	mu   sync.Mutex
	open map[string]*line
}

type line struct {
	users int           // in and waiting
	in    int           // those with a place
	gate  chan struct{} // held by who asks
	rows  chan struct{} // held while a place is taken or settled, so that in is what the seat's row has
	left  chan struct{} // closed when somebody gives up a place
}

// place is one of a line's.
type place struct {
	l     *lines
	at    *line
	leave func() // gives it up; more than once is once
}

// longestLine bounds the wait. Whoever is in compares a hash or two.
const longestLine = 3 * time.Second

// errCrowd is why somebody finds no place in a line, or waits for too long: he is
// not over a limit, and may come back soon.
var errCrowd = errors.New("lockout: too many tries for one account from one place at once")

// enter returns a place when ask has given one, or why it does not.
func (l *lines) enter(ctx context.Context, key string, ask func() error) (p *place, err error) {
	at, err := l.join(key)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p == nil {
			l.leave(key, at, false)
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, longestLine, errCrowd)
	defer cancel()
	if err := hold(ctx, at.gate); err != nil {
		return nil, err
	}
	defer release(at.gate)
	if err := l.first(ctx, at, ask); err != nil {
		return nil, err
	}
	return &place{l: l, at: at, leave: sync.OnceFunc(func() { l.leave(key, at, true) })}, nil
}

func hold(ctx context.Context, lock chan struct{}) error {
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func release(lock chan struct{}) { <-lock }

// first asks until there is an answer that will not change by itself.
func (l *lines) first(ctx context.Context, at *line, ask func() error) error {
	for {
		l.mu.Lock()
		in, left := at.in, at.left
		l.mu.Unlock()
		if in < l.wide {
			err := l.ask(ctx, at, ask)
			if err == nil {
				return nil
			}
			if _, over := errors.AsType[*errWait](err); !over || in == 0 {
				return err
			}
		}
		select {
		case <-left:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *lines) ask(ctx context.Context, at *line, ask func() error) error {
	if err := hold(ctx, at.rows); err != nil {
		return err
	}
	defer release(at.rows)
	if err := ask(); err != nil {
		return err
	}
	l.mu.Lock()
	at.in++
	l.mu.Unlock()
	return nil
}

// settle gives the place up with change, which learns how many others of the
// line have one.
func (p *place) settle(ctx context.Context, change func(others int) error) error {
	if err := hold(ctx, p.at.rows); err != nil {
		return err
	}
	defer release(p.at.rows)
	defer p.leave()
	p.l.mu.Lock()
	others := p.at.in - 1
	p.l.mu.Unlock()
	return change(others)
}

// busy reports whether somebody of the line has a place.
func (l *lines) busy(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.open[key]
	return at != nil && at.in > 0
}

func (l *lines) join(key string) (*line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.open[key]
	if at == nil {
		at = &line{gate: make(chan struct{}, 1), rows: make(chan struct{}, 1), left: make(chan struct{})}
		l.open[key] = at
	}
	if at.users >= l.most {
		return nil, errCrowd
	}
	at.users++
	return at, nil
}

func (l *lines) leave(key string, at *line, place bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if place {
		at.in--
		close(at.left)
		at.left = make(chan struct{})
	}
	if at.users--; at.users == 0 {
		delete(l.open, key)
	}
}

// flights counts the tries of each account, and of each address, that this
// process is comparing.
type flights struct {
	mu   sync.Mutex
	open map[string]int
}

func (f *flights) add(key string, by int) {
	if key == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[key] += by; f.open[key] == 0 {
		delete(f.open, key)
	}
}

// board counts one more if ask lets it.
func (f *flights) board(key string, ask func() error) error {
	f.add(key, 1)
	in := false
	defer func() {
		if !in {
			f.add(key, -1)
		}
	}()
	err := ask()
	in = err == nil
	return err
}

func (f *flights) of(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open[key]
}
