package password

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

// load is what one hash occupies while it is computed.
type load struct {
	memory int // MiB
	slots  int // processors: argon2 computes each lane on one of its own
}

// loadOf rounds up, and nothing weighs nothing.
func loadOf(bytes uint64, lanes int) load {
	return load{memory: int((bytes + 1<<20 - 1) >> 20), slots: lanes}
}

// The two lines before the gate.
const (
	strangers = iota
	signedIn
	lineCount
)

// favoursMax is how many signed-in users go before a stranger who waits.
const favoursMax = 3

// placesEach is how many places of each line one signed-in user may take: one for each of
// two browsers, because nobody types faster than that. Without it, one account with many
// sessions could fill a line.
const placesEach = 2

// places are how many a user takes in each line.
type places [lineCount]int

// gate bounds what runs at once, in memory and in processors. Who does not fit waits in
// line; the first of a line is never overtaken by a lighter one behind it, so that a
// heavy hash has its turn. Waiting takes no goroutine.
type gate struct {
	size  load
	limit [lineCount]int // of each line
	wait  time.Duration

	mu      sync.Mutex
	used    load
	running int
	lines   [lineCount]list.List // of *waiter
	places  map[string]places    // of the signed-in users who wait
	favours int                  // signed-in users admitted in a row while strangers waited
	mean    time.Duration        // of a hash, the late ones counting more
}

// waiter is one who stands in a line; place is nil once he has been admitted.
type waiter struct {
	pass
	line     int
	signedIn bool   // in whichever line
	who      string // if signedIn
	place    *list.Element
	admitted chan struct{}
}

// pass is the right to compute one hash. It is given back with release or hold.
type pass struct {
	load   load
	memory int // in use after it was granted
	queued int // who waited before it was asked for
}

// acquire returns a pass for l, at once or after its turn came. What is heavier than the
// whole gate takes all of it, and so runs alone. It fails with a [*BusyError] when the
// line is full or the wait took too long, and with the error of a context that ended.
func (g *gate) acquire(ctx context.Context, l load) (pass, error) {
	if err := ctx.Err(); err != nil {
		return pass{}, waiting(err)
	}
	l.memory, l.slots = min(max(l.memory, 1), g.size.memory), min(max(l.slots, 1), g.size.slots)
	g.mu.Lock()
	p := pass{load: l, queued: g.lines[strangers].Len() + g.lines[signedIn].Len()}
	if p.queued == 0 && g.fits(l) {
		g.take(&p)
		g.mu.Unlock()
		return p, nil
	}
	w := &waiter{pass: p, admitted: make(chan struct{})}
	if !g.join(ctx, w) {
		err := g.busy()
		g.mu.Unlock()
		return p, err
	}
	g.admit()
	g.mu.Unlock()
	return g.await(ctx, w)
}

// join puts w at the end of a line, unless that is full. A signed-in user for whom the
// line of his kind has no place stands with the strangers, where he has as many: else the
// sessions of one user would hold up the strangers from both lines.
func (g *gate) join(ctx context.Context, w *waiter) bool {
	w.who, w.signedIn = PreferredUser(ctx)
	var p places // a stranger has no name, and none is counted
	if w.signedIn {
		p = g.places[w.who]
	}
	if w.signedIn && p[signedIn] < placesEach && g.lines[signedIn].Len() < g.limit[signedIn] {
		w.line = signedIn
	} else if p[strangers] >= placesEach || g.lines[strangers].Len() >= g.limit[strangers] {
		return false
	}
	w.place = g.lines[w.line].PushBack(w)
	g.count(w, 1)
	return true
}

// leave takes w out of his line.
func (g *gate) leave(w *waiter) {
	g.lines[w.line].Remove(w.place)
	w.place = nil
	g.count(w, -1)
}

// count keeps nobody who does not wait.
func (g *gate) count(w *waiter, n int) {
	if !w.signedIn {
		return
	}
	p := g.places[w.who]
	if p[w.line] += n; p == (places{}) {
		delete(g.places, w.who)
		return
	}
	if g.places == nil {
		g.places = map[string]places{}
	}
	g.places[w.who] = p
}

// await waits for the turn of w. Whoever leaves without having been admitted may have
// stood before somebody who fits, and whoever was admitted in the moment his context
// ended gives the place back: both let others in.
func (g *gate) await(ctx context.Context, w *waiter) (pass, error) {
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case <-w.admitted:
	case <-timer.C:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	err := ctx.Err()
	if w.place == nil && err == nil {
		return w.pass, nil
	}
	if err != nil {
		err = waiting(err)
	} else {
		err = g.busy()
	}
	if w.place == nil {
		g.give(w.load)
	} else {
		g.leave(w)
	}
	g.admit()
	return w.pass, err
}

// hold computes a hash and gives the pass back, even from a panic.
func (g *gate) hold(p pass, f func() error) error {
	began := time.Now()
	defer func() { g.release(p, time.Since(began)) }()
	return f()
}

// release gives a pass back, after a hash that took so long.
func (g *gate) release(p pass, took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mean == 0 {
		g.mean = took
	}
	g.mean += (took - g.mean) / 8
	g.give(p.load)
	g.admit()
}

// admit lets in whoever's turn it is, as long as they fit.
func (g *gate) admit() {
	for {
		line := g.next()
		first := g.lines[line].Front()
		if first == nil {
			return
		}
		w := first.Value.(*waiter)
		if !g.fits(w.load) {
			return
		}
		g.leave(w)
		g.favours++
		if line == strangers || g.lines[strangers].Len() == 0 {
			g.favours = 0
		}
		g.take(&w.pass)
		close(w.admitted)
	}
}

// next is the line whose turn it is.
func (g *gate) next() int {
	if g.lines[strangers].Len() == 0 || g.lines[signedIn].Len() > 0 && g.favours < favoursMax {
		return signedIn
	}
	return strangers
}

func (g *gate) fits(l load) bool {
	return g.used.memory+l.memory <= g.size.memory && g.used.slots+l.slots <= g.size.slots
}

func (g *gate) take(p *pass) {
	g.used.memory += p.load.memory
	g.used.slots += p.load.slots
	g.running++
	p.memory = g.used.memory
}

func (g *gate) give(l load) {
	g.used.memory -= l.memory
	g.used.slots -= l.slots
	g.running--
}

// busy is the refusal of one more. What it tells depends on the crowd, not on who asks.
func (g *gate) busy() error {
	rounds := 1 + (g.lines[strangers].Len()+g.lines[signedIn].Len())/max(g.running, 1)
	return &BusyError{after: min(max(time.Duration(rounds)*g.mean, retryMin), retryMax)}
}

func waiting(err error) error { return fmt.Errorf("password: waiting to hash: %w", err) }

type preferredKey struct{}

// Preferred marks what is hashed under the context as asked for by a user who is signed
// in, to change a password or to verify it; who is the same for all that one user asks
// for, his uniquifier say. Such calls wait in a line of their own and have the next free
// place before strangers, so that a storm of sign-ins does not shut out who is inside.
// Strangers still get every fourth place. One user waits there for two hashes at most;
// two more, or those for whom that line is full, wait among the strangers, and what goes
// beyond fails with [ErrBusy]. So no user shuts out the others, or the strangers.
func Preferred(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, preferredKey{}, who)
}

// PreferredUser returns whom [Preferred] named, and whether it did; it is for hashers of
// one's own.
func PreferredUser(ctx context.Context) (who string, ok bool) {
	who, ok = ctx.Value(preferredKey{}).(string)
	return who, ok
}
