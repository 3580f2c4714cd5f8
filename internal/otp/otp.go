// Package otp computes the six digits that an authenticator application shows:
// HOTP of RFC 4226 over the count of half minutes of RFC 6238. It knows keys,
// steps and digits. Who may try how often, and that a step is accepted once
// (RFC 6238, section 5.2), is the caller's to see to.
package otp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"time"
)

const (
	// Digits is the length of a code.
	Digits = 6
	// KeySize is the length of a new key in bytes: that of an SHA-1 digest, as
	// RFC 4226 (section 4, R6) recommends.
	KeySize = 20
	// Period is how long a code is shown (RFC 6238, section 5.2).
	Period = 30 * time.Second
	// MaxSteps is how many steps [Match] compares at most: an hour on either
	// side of now, and now. Each step more is a code more that a guess may hit.
	MaxSteps = 241

	periodSeconds = int64(Period / time.Second)
	modulus       = 1_000_000 // ten to the power of Digits
)

// NewKey returns a new random key of [KeySize] bytes.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // ends the program rather than fail
	return key
}

// Step returns the number of the period that t lies in, counted from 1970. It
// is negative before that, and no code of a negative step is ever accepted.
func Step(t time.Time) int64 {
	seconds := t.Unix()
	step := seconds / periodSeconds
	if seconds%periodSeconds < 0 {
		step--
	}
	return step
}

// Start returns when a step begins, in UTC.
func Start(step int64) time.Time {
	return time.Unix(step*periodSeconds, 0).UTC()
}

// Code returns the code of a step, with its leading zeros.
func Code(key []byte, step int64) string {
	return code(mac(key), step)
}

// Match returns the steps from one to the other, both included and in rising
// order, whose code equals the one given. Several may: two steps share a code
// once in a million. Every step is computed and compared in constant time,
// whether an earlier one was equal or not, so that the time taken does not
// tell which. A range that is empty, begins before step 0 or holds more than
// [MaxSteps] matches nothing.
func Match(key []byte, typed string, from, to int64) []int64 {
	if from < 0 || to < from || to-from >= MaxSteps {
		return nil
	}
	var steps []int64
	m := mac(key)
	for i := range to - from + 1 {
		if subtle.ConstantTimeCompare([]byte(code(m, from+i)), []byte(typed)) == 1 {
			steps = append(steps, from+i)
		}
	}
	return steps
}

// mac is HMAC-SHA-1: the one hash that every authenticator application knows,
// some of which take no notice of another one in the URI. That collisions of
// SHA-1 can be made does not touch HMAC (RFC 6194, section 3.3).
func mac(key []byte) hash.Hash { return hmac.New(sha1.New, key) }

// code is the dynamic truncation of RFC 4226, section 5.3.
func code(m hash.Hash, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	m.Reset()
	m.Write(counter[:])
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, number%modulus)
}
