package signed

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"strings"
)

const (
	// MaxSealed is the length of text OpenString looks at; anything longer is
	// ErrInvalid before it is decoded. Browsers keep 4 KiB of a cookie, so
	// the bound only stops what cannot be ours.
	MaxSealed = 64 << 10

	// Overhead is how many bytes longer a sealed value is than its plaintext.
	Overhead = nonceLen + tagLen

	nonceLen = 12
	tagLen   = 16
)

// encoding refuses padding and stray bits in the last character, so that a
// value has exactly one spelling. Line breaks, which the decoder skips, are
// refused by the callers.
var encoding = base64.RawURLEncoding.Strict()

// Sealer encrypts and authenticates values for one purpose. It is safe for
// concurrent use.
type Sealer struct {
	aeads []cipher.AEAD // the primary first
}

// Sealer returns the sealer of a purpose: AES-256-GCM (NIST SP 800-38D) with a
// random 96-bit nonce in front of the ciphertext. Make it once and keep it. One
// purpose under one secret may seal up to 2^32 values (SP 800-38D, 8.3); rotate
// the secret before that.
func (k *Keys) Sealer(purpose string) *Sealer {
	keys := k.derive("seal", purpose)
	s := &Sealer{aeads: make([]cipher.AEAD, len(keys))}
	for i := range keys {
		// Neither call fails for a 32-byte key; if one did, the nil AEAD
		// would stop the first use rather than let anything through.
		if block, err := aes.NewCipher(keys[i][:]); err == nil {
			s.aeads[i], _ = cipher.NewGCMWithRandomNonce(block)
		}
	}
	return s
}

// Seal encrypts plaintext with the primary key, binds it to aad, and appends
// the result to dst. The aad is not part of the result; Open must be given the
// same. Use it for what the value belongs to, such as the name of its cookie.
// The unused capacity of dst must not overlap plaintext.
func (s *Sealer) Seal(dst, plaintext, aad []byte) []byte {
	return s.aeads[0].Seal(dst, nil, plaintext, aad)
}

// Open undoes Seal with whichever key made the value and appends the plaintext
// to dst. It fails with ErrInvalid and then returns nil. The unused capacity of
// dst must not overlap sealed: a key that does not fit wipes what it wrote.
func (s *Sealer) Open(dst, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrInvalid
	}
	for _, aead := range s.aeads {
		if out, err := aead.Open(dst, nil, sealed, aad); err == nil {
			return out, nil
		}
	}
	return nil, ErrInvalid
}

// SealString is Seal in URL-safe base64 without padding, fit for a cookie or a
// query. Text that would be longer than MaxSealed cannot be opened again; that
// leaves more than 48,000 bytes of plaintext.
func (s *Sealer) SealString(plain []byte, aad string) string {
	size := len(plain) + Overhead
	buf := make([]byte, 0, size+len(aad))
	sealed := s.Seal(buf, plain, append(buf[size:size], aad...))
	return encoding.EncodeToString(sealed)
}

// OpenString undoes SealString. Text of more than MaxSealed characters, other
// alphabets, padding, line breaks and second spellings of the same bytes are
// ErrInvalid, as is everything Open refuses.
func (s *Sealer) OpenString(text, aad string) ([]byte, error) {
	if len(text) > MaxSealed || strings.ContainsAny(text, "\r\n") {
		return nil, ErrInvalid
	}
	size := encoding.DecodedLen(len(text))
	if size < Overhead {
		return nil, ErrInvalid
	}
	// One allocation holds the aad, the sealed bytes and the plaintext.
	a, end := len(aad), len(aad)+size
	buf := make([]byte, end+size-Overhead)
	copy(buf, aad)
	if n, err := encoding.Decode(buf[a:end], []byte(text)); err != nil || n != size {
		return nil, ErrInvalid
	}
	return s.Open(buf[end:end:len(buf)], buf[a:end], buf[:a])
}
