package flaskcompat

import (
	"time"

	"github.com/doorward/doorward/codec"
)

// MaxToken is how many bytes of a token are looked at.
const MaxToken = maxToken

// Envelope is the signer of a salt.
type Envelope struct{ s *signer }

// NewEnvelope derives its keys.
func NewEnvelope(salt, derivation string, secrets ...[]byte) Envelope {
	return Envelope{newSigner(salt, derivation, secrets)}
}

// Sign writes a payload.
func (e Envelope) Sign(payload string, timed bool, now time.Time) string {
	if timed {
		return e.s.sign([]byte(payload), now)
	}
	return e.s.signUntimed([]byte(payload))
}

// Open reads one.
func (e Envelope) Open(value string, timed bool, now time.Time) (payload []byte, at time.Time, err error) {
	if timed {
		return e.s.open(value, maxToken, now)
	}
	payload, err = e.s.openUntimed(value, maxToken)
	return payload, at, err
}

// Unpack returns the payload in the first part of a value.
func Unpack(part string) ([]byte, bool) { return (&packer{}).unpack(part) }

// HashLinksAs takes another hash for links that are written.
func HashLinksAs(set codec.Set, hash func(text string) string) { set.Links.(*links).hash = hash }

// WatchChecks calls seen when the hash in a link is compared. The result tells how many
// answers are kept.
func WatchChecks(set codec.Set, seen func()) (kept func() int) {
	h := set.Links.(*links).hashes
	verify := h.verify
	h.verify = func(c comparison) (bool, error) {
		seen()
		return verify(c)
	}
	return func() int {
		h.answers.mu.Lock()
		defer h.answers.mu.Unlock()
		return h.answers.recent.Len()
	}
}

// NoChecks makes every comparison of a slow hash fail at once.
func NoChecks(set codec.Set) {
	set.Links.(*links).hashes.verify = func(comparison) (bool, error) { return false, nil }
}
