package batteries

import (
	"context"
	"log/slog"

	"github.com/doorward/doorward/password"
)

// observeHashing gives the meter what the hasher tells of itself.
func (c *Config) observeHashing() {
	meter, theirs := c.Meter, c.Password.Observe
	if meter == nil {
		return
	}
	c.Password.Observe = func(ev password.Event) {
		ctx, scheme := context.Background(), slog.String("scheme", ev.Scheme)
		switch {
		case ev.Refused:
			meter.Count(ctx, "doorward.hash.refused", 1, scheme)
		case ev.GivenUp:
			meter.Count(ctx, "doorward.hash.given_up", 1, scheme)
		default:
			meter.Time(ctx, "doorward.hash.time", ev.Took, scheme)
		}
		meter.Time(ctx, "doorward.hash.wait", ev.Waited, scheme)
		if theirs != nil {
			theirs(ev)
		}
	}
}
