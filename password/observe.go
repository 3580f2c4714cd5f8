package password

import (
	"context"
	"errors"
	"time"
)

// Event is one hash that was asked for, for the operator's meters: the length of the
// queue, the wait, the refusals, and the time by scheme. It tells nothing about the
// account or the password.
type Event struct {
	// Scheme is what was computed: that of the stored hash, or that of new ones.
	Scheme string
	// Waited is how long the call stood in line, and Took how long the hash took.
	Waited, Took time.Duration
	// Refused: the call failed with [ErrBusy], and nothing was computed.
	Refused bool
	// GivenUp: the caller's context ended in line, and nothing was computed.
	GivenUp bool
	// Queued is how many calls waited when this one came.
	Queued int
	// Memory is how many MiB hashes occupied when this one began, its own included.
	Memory int
}

// run waits for the turn of a hash like p, computes it with f and tells the observer.
func (h *Hasher) run(ctx context.Context, p parsed, f func() error) error {
	came := time.Now()
	pass, err := h.gate.acquire(ctx, p.load)
	began := time.Now()
	e := Event{Scheme: p.scheme, Waited: began.Sub(came), Queued: pass.queued, Memory: pass.memory}
	if err == nil {
		err = h.gate.hold(pass, f)
		e.Took = time.Since(began)
	} else {
		e.Refused, e.Memory = errors.Is(err, ErrBusy), 0
		e.GivenUp = !e.Refused
	}
	if h.cfg.Observe != nil {
		h.cfg.Observe(e)
	}
	return err
}
