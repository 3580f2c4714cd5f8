package signed

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// MinKeyLen is the length in bytes below which NewKeys refuses a secret: 128
// bits, the strength at which NIST SP 800-57 part 1 calls a key acceptable
// beyond 2030. It measures length only; 16 random bytes are strong, a word of
// 16 letters is not.
const MinKeyLen = 16

// keyLen is the length of every derived key: AES-256 and HMAC-SHA256 alike.
const keyLen = 32

// infoPrefix separates our derived keys from those of any other program that
// uses the same secret. The version changes when a format does.
const infoPrefix = "doorward/v1/"

var (
	// ErrInvalid reports a value that was not made with any of the keys for
	// this purpose, or was changed, or is malformed. Which of these it was is
	// deliberately not said.
	ErrInvalid = errors.New("signed: invalid value")

	// ErrExpired reports a genuine token outside its time: older than the
	// caller's limit, or signed later than the clock allows.
	ErrExpired = errors.New("signed: expired token")

	// ErrShortKey reports a secret below MinKeyLen.
	ErrShortKey = errors.New("signed: secret key too short")
)

// Keys is an ordered list of secrets. The first makes new values, every one is
// tried on what comes back. It is immutable, safe for concurrent use, and
// prints without its secrets.
type Keys struct {
	prks [][]byte // HKDF pseudo-random keys, the primary first
}

// NewKeys takes the secret that makes new values and those that were used
// before it. The order matters: a retired or leaked secret must never make
// anything again, so the primary is always the newest. A secret shorter than
// MinKeyLen is refused with ErrShortKey, which names its position and not its
// content. The slices are not retained.
func NewKeys(primary []byte, fallbacks ...[]byte) (*Keys, error) {
	k := &Keys{prks: make([][]byte, 0, 1+len(fallbacks))}
	if err := k.add("primary key", primary); err != nil {
		return nil, err
	}
	for i, secret := range fallbacks {
		if err := k.add(fmt.Sprintf("fallback key %d", i+1), secret); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *Keys) add(name string, secret []byte) error {
	if len(secret) < MinKeyLen {
		return fmt.Errorf("%w: %s has %d bytes, at least %d are needed",
			ErrShortKey, name, len(secret), MinKeyLen)
	}
	prk, err := hkdf.Extract(sha256.New, secret, nil)
	if err != nil {
		return fmt.Errorf("signed: %s: %w", name, err)
	}
	k.prks = append(k.prks, prk)
	return nil
}

// Format implements fmt.Formatter so that no verb prints a secret.
func (k Keys) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "signed.Keys(%d)", len(k.prks))
}

// derive returns one key per secret for a kind of use and a purpose, in the
// order of the secrets.
func (k *Keys) derive(kind, purpose string) [][keyLen]byte {
	keys := make([][keyLen]byte, len(k.prks))
	for i, prk := range k.prks {
		key, err := hkdf.Expand(sha256.New, prk, infoPrefix+kind+"/"+purpose, keyLen)
		if err != nil || copy(keys[i][:], key) != keyLen {
			// Expand fails only for lengths we do not ask for. Should that
			// ever change, a key that nobody knows accepts nothing.
			rand.Read(keys[i][:])
		}
	}
	return keys
}
