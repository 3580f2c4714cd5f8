package doorward

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// lastSeen writes the last use of sessions in batches, off the requests' path.
// What does not fit into its queue is dropped: the use is then noted by a
// later request.
type lastSeen struct {
	store SessionStore
	log   *slog.Logger
	max   int

	mu      sync.Mutex
	pending map[string]time.Time
	wake    chan struct{} // a batch has begun
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

const (
	seenDelay   = time.Second // a batch collects this long
	seenTimeout = 10 * time.Second
)

func newLastSeen(store SessionStore, log *slog.Logger, size int) *lastSeen {
	l := &lastSeen{store: store, log: log, max: size, pending: map[string]time.Time{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	if store == nil {
		close(l.stopped)
		return l
	}
	go l.run()
	return l
}

func (l *lastSeen) add(idHash string, at time.Time) {
	l.mu.Lock()
	_, known := l.pending[idHash]
	if known || len(l.pending) < l.max {
		l.pending[idHash] = at
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lastSeen) run() {
	defer close(l.stopped)
	for {
		select {
		case <-l.stop:
			return
		case <-l.wake:
		}
		timer := time.NewTimer(seenDelay)
		select {
		case <-l.stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), seenTimeout)
		l.flush(ctx)
		cancel()
	}
}

// flush writes what is pending. After an error it is dropped, not retried: a
// database in trouble gets no more work, and memory stays bounded.
func (l *lastSeen) flush(ctx context.Context) {
	l.mu.Lock()
	batch := l.pending
	l.pending = map[string]time.Time{}
	l.mu.Unlock()
	if len(batch) == 0 || l.store == nil {
		return
	}
	if err := guardCall(func() error { return l.store.TouchSessions(ctx, batch) }); err != nil {
		l.log.WarnContext(ctx, "last use of sessions not written", "sessions", len(batch), "err", err)
	}
}

// close stops the goroutine and writes the rest.
func (l *lastSeen) close(ctx context.Context) {
	l.once.Do(func() { close(l.stop) })
	select {
	case <-l.stopped:
	case <-ctx.Done():
		return
	}
	l.flush(ctx)
}
