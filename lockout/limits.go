package lockout

import (
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/signed"
)

// What is here is arithmetic on counts, without a clock or a store of its own.
//
// A place is taken, and counted as a wrong guess, before anything is compared;
// it is given back when the credential was right. A process that dies in
// between leaves a wrong guess too many and nothing worse.
//
// Rows may have been written by a clock that was wrong, or by nobody we know:
// heal makes of any row one that could be ours, and reports whether it was not.
// Without it a clock that was a year ahead for a minute would lock for a year.

// clockSkew is how far the clocks of processes may differ unnoticed.
const clockSkew = signed.MaxSkew

// mostCounted bounds a count, far above what any limit asks for and far below
// what a store's column holds.
const mostCounted = 1 << 20

// streak bounds guesses in a row: so many are free, and after that each one
// costs a wait that is twice the one before.
type streak struct {
	tries       int
	first, most time.Duration // the waits
	forget      time.Duration // a streak this long without a guess is over
}

// wait is how long nothing is compared.
func (s streak) wait(g *doorward.Guesses, now time.Time) time.Duration {
	if s.over(g, now) {
		return 0
	}
	return max(0, min(g.Until.Sub(now), s.most))
}

func (s streak) over(g *doorward.Guesses, now time.Time) bool {
	return !g.Expires.IsZero() && !now.Before(g.Expires)
}

// take counts a guess, and closes the streak's door if it was the last free one.
func (s streak) take(g *doorward.Guesses, now time.Time) {
	if s.over(g, now) {
		g.Count = 0
	}
	count(g)
	g.At, g.Until = now, time.Time{}
	if g.Count >= s.tries {
		g.Until = now.Add(s.delay(g.Count - s.tries))
	}
	g.Expires = now.Add(s.forget)
	if g.Until.After(now) {
		g.Expires = g.Until.Add(s.forget)
	}
}

// delay doubles n times, up to the longest wait.
func (s streak) delay(n int) time.Duration {
	d := s.first
	for range n {
		if d >= s.most/2 {
			return s.most
		}
		d *= 2
	}
	return min(d, s.most)
}

func (s streak) heal(g *doorward.Guesses, now time.Time) bool {
	until := sooner(&g.Until, now, s.most)
	expires := sooner(&g.Expires, now, s.most+s.forget)
	return until || expires
}

// sooner brings a time that is further away than most to there.
func sooner(t *time.Time, now time.Time, most time.Duration) bool {
	if !t.After(now.Add(most + clockSkew)) {
		return false
	}
	*t = now.Add(most)
	return true
}

func count(g *doorward.Guesses) { g.Count = min(max(g.Count, 0), mostCounted) + 1 }

// give takes n guesses back. The door that the last of them closed is open.
func give(g *doorward.Guesses, n int) {
	if n <= 0 {
		return
	}
	g.Count = max(0, g.Count-n)
	g.Until = time.Time{}
}

// rate bounds guesses by time: so many at once, and they come back evenly over
// the window. Those that are being compared do not count yet: many people sign
// in from one address, and most of them are right. flying is how many they are;
// they are part of the count.
type rate struct {
	tries  int
	window time.Duration
}

func (r rate) each() time.Duration { return max(r.window/time.Duration(r.tries), 1) }

// settle takes off what has come back since, and returns how many count.
func (r rate) settle(g *doorward.Guesses, now time.Time, flying int) int {
	flying = min(max(flying, 0), max(g.Count, 0))
	wrong := min(g.Count-flying, r.tries) // the limit was higher once, or many flew at once
	if g.At.After(now) || g.At.IsZero() {
		g.At = now
	}
	if back := int(now.Sub(g.At) / r.each()); back >= wrong {
		wrong, g.At = 0, now
	} else {
		wrong -= back
		g.At = g.At.Add(time.Duration(back) * r.each())
	}
	g.Count = wrong + flying
	return wrong
}

func (r rate) wait(g doorward.Guesses, now time.Time, flying int) time.Duration {
	if r.settle(&g, now, flying) < r.tries {
		return 0
	}
	return r.each() - now.Sub(g.At)
}

func (r rate) take(g *doorward.Guesses, now time.Time, flying int) {
	r.settle(g, now, flying)
	count(g)
	g.Expires = now.Add(r.window)
}

func (r rate) heal(g *doorward.Guesses, now time.Time) bool {
	expires := sooner(&g.Expires, now, r.window)
	if g.Count > 0 && (g.At.IsZero() || g.At.After(now.Add(clockSkew))) {
		g.At = now
		return true
	}
	return expires
}
