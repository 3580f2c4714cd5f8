package codes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/otp"
)

// ErrWrong is returned for a code that is wrong, used, dead, too old or none.
var ErrWrong = errors.New("codes: wrong code")

// The rows of a secret, by their place.
const (
	usedRow = iota
	sentRow
)

// keepUsed is how long it is remembered which codes were used: so much a clock
// may go wrong.
const keepUsed = 365 * 24 * time.Hour

// rows are the keys of a secret's rows. They do not depend on the application's
// key: what was used stays used when that changes.
func (s Secret) rows() []string {
	keys := make([]string, 2)
	for i, name := range []string{usedRow: "used", sentRow: "sent"} {
		sum := sha256.Sum256(append([]byte("one-time codes/"+name+"\x00"), s.key...))
		keys[i] = hex.EncodeToString(sum[:])
	}
	return keys
}

// Check accepts a code of s, once: it is [ErrWrong] for any but one of parallel
// callers. within is how far the code's time may be from now, either way. sent
// says that codes of s are sent: then only the last one that was counts.
//
// Call it inside the Check of a [doorward.Proof], or else guesses are limited by
// CODE_TRIES alone, and not at all where codes are not sent.
func (c *Codes) Check(ctx context.Context, s Secret, typed string, within time.Duration, sent bool) error {
	code, ok := otp.Clean(typed)
	if !ok {
		return ErrWrong
	}
	nobody := s.IsZero()
	if nobody {
		s = NewSecret()
	}
	now := c.rt.Now()
	steps := otp.Match(s.key, code, otp.Step(now.Add(-within)), otp.Step(now.Add(within)))
	if nobody {
		steps = nil
	}
	accepted := false
	err := c.rt.Stores().Guesses.UpdateGuesses(ctx, s.rows(), func(rows []doorward.Guesses) error {
		accepted = c.accept(steps, &rows[usedRow], &rows[sentRow], now, sent)
		return nil
	})
	if err != nil {
		return fmt.Errorf("use a code: %w", err)
	}
	if !accepted {
		return ErrWrong
	}
	return nil
}

// accept uses up the first of steps that may be used, or counts a wrong try.
func (c *Codes) accept(steps []int64, used, out *doorward.Guesses, now time.Time, sent bool) bool {
	for _, step := range steps {
		begins := otp.Start(step)
		if begins.Before(used.Until) || sent && !(c.alive(out) && out.Until.Equal(begins)) {
			continue
		}
		useUp(used, step, now)
		*out = doorward.Guesses{Key: out.Key}
		return true
	}
	if !c.alive(out) {
		return false
	}
	out.Count++
	out.At = now
	c.bury(used, out, now)
	return false
}

// bury takes a code that was sent out of use if it has no tries left.
func (c *Codes) bury(used, out *doorward.Guesses, now time.Time) {
	if !out.Until.IsZero() && !c.alive(out) {
		useUp(used, otp.Step(out.Until), now)
		*out = doorward.Guesses{Key: out.Key}
	}
}

// alive reports whether a code was sent that has tries left.
func (c *Codes) alive(out *doorward.Guesses) bool {
	return !out.Until.IsZero() && out.Count < c.cfg.Tries
}

// useUp takes a step and all before it out of use.
func useUp(used *doorward.Guesses, step int64, now time.Time) {
	next := otp.Start(step + 1)
	if next.After(used.Until) {
		used.Until = next
	}
	used.At, used.Expires = now, now.Add(keepUsed)
}
