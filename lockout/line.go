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
	most int // in and waiting; more are refused
	mu   sync.Mutex
	open map[string]*line
}

type line struct {
	users int           // in and waiting
	in    int           // those with a place
	gate  chan struct{} // held by who asks
	left  chan struct{} // closed when somebody gives up a place
}

// longestLine bounds the wait. Whoever is in compares a hash or two.
const longestLine = 30 * time.Second

// enter returns when ask has given a place, and what gives it up; or why ask
// does not.
func (l *lines) enter(ctx context.Context, key string, ask func() error) (leave func(), err error) {
	at, err := l.join(key)
	if err != nil {
		return nil, err
	}
	defer func() {
		if leave == nil {
			l.leave(key, at, false)
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, longestLine, &errWait{"seat", time.Second})
	defer cancel()
	select {
	case at.gate <- struct{}{}:
		defer func() { <-at.gate }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err := l.first(ctx, at, ask); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { l.leave(key, at, true) }), nil
}

// first asks until there is an answer that will not change by itself.
func (l *lines) first(ctx context.Context, at *line, ask func() error) error {
	for {
		l.mu.Lock()
		in, left := at.in, at.left
		l.mu.Unlock()
		err := ask()
		if err == nil {
			l.mu.Lock()
			at.in++
			l.mu.Unlock()
			return nil
		}
		if _, over := errors.AsType[*errWait](err); !over || in == 0 {
			return err
		}
		select {
		case <-left:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
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
		at = &line{gate: make(chan struct{}, 1), left: make(chan struct{})}
		l.open[key] = at
	}
	if at.users >= l.most {
		return nil, &errWait{"seat", time.Second}
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
