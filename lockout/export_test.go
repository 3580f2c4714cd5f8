package lockout

import (
	"context"
	"time"

	"github.com/doorward/doorward"
)

// Streak is the arithmetic of guesses in a row.
type Streak struct{ s streak }

func NewStreak(tries int, first, most, forget time.Duration) Streak {
	return Streak{streak{tries, first, most, forget}}
}

func (s Streak) Wait(g doorward.Guesses, now time.Time) time.Duration  { return s.s.wait(&g, now) }
func (s Streak) Take(g *doorward.Guesses, now time.Time)               { s.s.take(g, now) }
func (s Streak) Heal(g *doorward.Guesses, now time.Time) (wasBad bool) { return s.s.heal(g, now) }

// Rate is the arithmetic of guesses by time.
type Rate struct{ r rate }

func NewRate(tries int, window time.Duration) Rate { return Rate{rate{tries, window}} }

func (r Rate) Wait(g doorward.Guesses, now time.Time) time.Duration { return r.r.wait(g, now, 0) }
func (r Rate) Take(g *doorward.Guesses, now time.Time)              { r.r.take(g, now, 0) }
func (r Rate) WaitFlying(g doorward.Guesses, now time.Time, flying int) time.Duration {
	return r.r.wait(g, now, flying)
}
func (r Rate) TakeFlying(g *doorward.Guesses, now time.Time, flying int) { r.r.take(g, now, flying) }
func (r Rate) Heal(g *doorward.Guesses, now time.Time) (wasBad bool)     { return r.r.heal(g, now) }

// Give takes guesses back.
func Give(g *doorward.Guesses, n int) { give(g, n) }

// AnyCase is how texts are compared.
func AnyCase(s string) string { return anyCase(s) }

// Lines is the queue of one process.
type Lines struct{ l lines }

func NewLines(wide, most int) *Lines {
	return &Lines{lines{wide: wide, most: most, open: map[string]*line{}}}
}

func (l *Lines) Enter(ctx context.Context, key string, ask func() error) (func(), error) {
	_, leave, err := l.Place(ctx, key, ask)
	return leave, err
}

func (l *Lines) Place(ctx context.Context, key string, ask func() error) (settle func(func(others int) error) error, leave func(), err error) {
	p, err := l.l.enter(ctx, key, ask)
	if err != nil {
		return nil, nil, err
	}
	return func(change func(int) error) error { return p.settle(ctx, change) }, p.leave, nil
}

func (l *Lines) Busy(key string) bool { return l.l.busy(key) }

// Open is how many keys are kept.
func (l *Lines) Open() int {
	l.l.mu.Lock()
	defer l.l.mu.Unlock()
	return len(l.l.open)
}

// OpenLines is how many keys a feature keeps.
func (f *Feature) OpenLines() int {
	f.lines.mu.Lock()
	defer f.lines.mu.Unlock()
	f.flights.mu.Lock()
	defer f.flights.mu.Unlock()
	return len(f.lines.open) + len(f.flights.open)
}

// ErrOver is what ask returns for who is over the limit.
var ErrOver error = &errWait{"seat", time.Minute}
