package sqlstore

import (
	"context"
	"errors"
	"time"
)

// patience waits between tries, a little longer every time, until BusyWait is over.
type patience struct {
	ctx  context.Context
	end  context.CancelFunc
	next time.Duration
}

var errBusy = errors.New("the database is busy")

func (c *core) patience(ctx context.Context) *patience {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.BusyWait, errBusy)
	return &patience{ctx: ctx, end: cancel, next: time.Millisecond}
}

// wait reports whether there is time for another try, once it has come.
func (p *patience) wait() bool {
	again := time.NewTimer(p.next)
	p.next = min(2*p.next, 50*time.Millisecond)
	select {
	case <-again.C:
		return true
	case <-p.ctx.Done():
		again.Stop()
		return false
	}
}

// patiently does what another process may stand in the way of: it tries again
// for as long as BusyWait while the database is busy.
func (c *core) patiently(ctx context.Context, try func(context.Context) error) error {
	p := c.patience(ctx)
	defer p.end()
	for {
		err := try(p.ctx)
		if err == nil {
			return nil
		}
		if p.ctx.Err() == nil && !c.d.busy(err) {
			return c.wrap(err)
		}
		if !p.wait() {
			return c.wrap(context.Cause(p.ctx))
		}
	}
}
