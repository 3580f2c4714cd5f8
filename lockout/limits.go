package lockout

import (
	"time"

	"github.com/doorward/doorward"
)

// What is here is arithmetic on counts, without a clock or a store of its own.
//
// A place is taken, and counted as a wrong guess, before anything is compared;
// it is given back when the credential was right. A process that dies in
// between leaves a wrong guess too many and nothing worse.

// streak bounds guesses in a row: so many are free, and after that each one
// costs a wait that is twice the one before.
type streak struct {
	tries       int
	first, most time.Duration // the waits
	forget      time.Duration // a streak this long without a guess is over
}

// wait is how long nothing is compared. A stored time that is further away than
// any wait was written by a clock that was wrong, and counts as the longest one.
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
	g.Count++
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

// give takes n guesses back. The door that the last of them closed is open.
func give(g *doorward.Guesses, n int) {
	g.Count = max(0, g.Count-n)
	g.Until = time.Time{}
}

// rate bounds guesses by time: so many at once, and they come back evenly over
// the window.
type rate struct {
	tries  int
	window time.Duration
}

func (r rate) each() time.Duration { return max(r.window/time.Duration(r.tries), 1) }

// settle takes off what has come back since.
func (r rate) settle(g *doorward.Guesses, now time.Time) {
	if g.At.After(now) || g.At.IsZero() {
		g.At = now // a clock was wrong, or there was no guess
	}
	back := int(now.Sub(g.At) / r.each())
	if back >= g.Count {
		g.Count, g.At = 0, now
		return
	}
	g.Count -= back
	g.At = g.At.Add(time.Duration(back) * r.each())
}

func (r rate) wait(g doorward.Guesses, now time.Time) time.Duration {
	r.settle(&g, now)
	if g.Count < r.tries {
		return 0
	}
	return r.each() - now.Sub(g.At)
}

func (r rate) take(g *doorward.Guesses, now time.Time) {
	r.settle(g, now)
	g.Count++
	g.Expires = now.Add(r.window)
}
