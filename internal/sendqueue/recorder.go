package sendqueue

import (
	"context"
	"slices"
	"sync"
)

// Recorder is a sender that keeps what it is given. Its zero value is ready to
// use, and it is safe for concurrent use.
type Recorder[T any] struct {
	mu   sync.Mutex
	sent []T
	err  error
	hang <-chan struct{}
}

// Send keeps m, after it has hung, unless it was told to fail.
func (r *Recorder[T]) Send(ctx context.Context, m T) error {
	r.mu.Lock()
	hang := r.hang
	r.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.sent = append(r.sent, m)
	return nil
}

// Fail makes every Send from now on return err and keep nothing; nil ends that.
func (r *Recorder[T]) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// Hang makes every Send from now on wait until the channel is closed or its
// context is done; nil ends that.
func (r *Recorder[T]) Hang(until <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hang = until
}

// Sent returns a copy of what was kept so far, oldest first.
func (r *Recorder[T]) Sent() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// Reset forgets that. It fails and hangs as before.
func (r *Recorder[T]) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = nil
}
