package lockout

import (
	"context"
	"sync"
	"time"
)

// lines let tries of one seat in as many at a time as may be wrong. The others
// wait: without that, right credentials sent side by side, as programs do, would
// take each other's places and be refused.
type lines struct {
	places  int // in at a time
	waiting int // the most that wait; more are refused
	mu      sync.Mutex
	open    map[string]*line
}

type line struct {
	in    chan struct{}
	users int // in and waiting
}

// longestLine bounds the wait. Whoever is in compares a hash or two.
const longestLine = 30 * time.Second

// enter waits for a place in the line of key, and returns what leaves it.
func (l *lines) enter(ctx context.Context, key string) (leave func(), err error) {
	at, err := l.join(key)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(longestLine)
	defer timer.Stop()
	select {
	case at.in <- struct{}{}:
		return sync.OnceFunc(func() { <-at.in; l.leave(key, at) }), nil
	case <-timer.C:
		err = &errWait{"seat", time.Second}
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.leave(key, at)
	return nil, err
}

func (l *lines) join(key string) (*line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.open[key]
	if at == nil {
		at = &line{in: make(chan struct{}, l.places)}
		l.open[key] = at
	}
	if at.users >= l.places+l.waiting {
		return nil, &errWait{"seat", time.Second}
	}
	at.users++
	return at, nil
}

func (l *lines) leave(key string, at *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.users--; at.users == 0 {
		delete(l.open, key)
	}
}
