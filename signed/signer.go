package signed

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
	"time"
)

const (
	// MaxToken is the length of token Verify looks at; anything longer is
	// ErrInvalid before it is hashed or decoded.
	MaxToken = 8 << 10

	// MaxSkew is how far in the future a token may have been signed, for
	// servers whose clocks disagree.
	MaxSkew = time.Minute

	stampLen = 8 // milliseconds since 1970, big-endian
)

// Signer makes and checks tokens of one purpose. Tokens are readable by
// whoever holds them: sign nothing secret. It is safe for concurrent use.
type Signer struct {
	macs []*macPool // the primary first
}

// Signer returns the signer of a purpose (HMAC-SHA256, FIPS 198-1). Make it
// once and keep it.
func (k *Keys) Signer(purpose string) *Signer {
	keys := k.derive("sign", purpose)
	s := &Signer{macs: make([]*macPool, len(keys))}
	for i, key := range keys {
		s.macs[i] = newMACPool(key)
	}
	return s
}

// Sign returns payload and the time in a token: three URL-safe base64 parts
// joined by dots, the payload, the time in milliseconds and the MAC over the
// text of both. Keep the token below MaxToken, or Verify refuses it; that
// leaves more than 6,000 bytes of payload.
func (s *Signer) Sign(payload []byte, now time.Time) string {
	var stamp [stampLen]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(now.UnixMilli()))
	size := encoding.EncodedLen(len(payload)) + encoding.EncodedLen(stampLen) +
		encoding.EncodedLen(sha256.Size) + 2
	out := make([]byte, 0, size)
	out = encoding.AppendEncode(out, payload)
	out = append(out, '.')
	out = encoding.AppendEncode(out, stamp[:])
	var mac [macTextLen]byte
	s.macs[0].sum(&mac, out)
	out = append(out, '.')
	return string(append(out, mac[:]...))
}

// Verify returns the payload of a token and when it was signed, if it was
// signed for this purpose with one of the keys not longer than maxAge ago.
//
// A token that is not genuine fails with ErrInvalid and no payload. A genuine
// token that is older than maxAge, or was signed more than MaxSkew in the
// future, fails with ErrExpired and its payload, so that the answer may say
// whose link ran out or offer a new one. Expired does not mean harmless, used
// or superseded, and the payload does not authorise anything: whoever holds an
// old token proves only that it was issued once.
//
// No maxAge means "for ever": zero accepts only what was signed at this very
// instant, and a negative one nothing from the past. The signing time is exact
// to the millisecond, rounded down.
func (s *Signer) Verify(token string, maxAge time.Duration, now time.Time) (payload []byte, signedAt time.Time, err error) {
	if len(token) > MaxToken {
		return nil, time.Time{}, ErrInvalid
	}
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 || !s.genuine(token[:cut], token[cut+1:]) {
		return nil, time.Time{}, ErrInvalid
	}
	payload, signedAt, ok := parse(token[:cut])
	if !ok {
		return nil, time.Time{}, ErrInvalid
	}
	if age := now.Sub(signedAt); age > maxAge || age < -MaxSkew {
		return payload, signedAt, ErrExpired
	}
	return payload, signedAt, nil
}

// genuine compares the text of the MAC, in constant time, with what each key
// would have written. Comparing text leaves the MAC a single spelling.
func (s *Signer) genuine(body, mac string) bool {
	if len(mac) != macTextLen {
		return false
	}
	var want [macTextLen]byte
	for _, key := range s.macs {
		key.sum(&want, []byte(body))
		if subtle.ConstantTimeCompare(want[:], []byte(mac)) == 1 {
			return true
		}
	}
	return false
}

// parse splits the authenticated part of a token. It fails only for what a
// holder of the key signed in another format.
func parse(body string) (payload []byte, at time.Time, ok bool) {
	head, tail, _ := strings.Cut(body, ".")
	var stamp [stampLen + 1]byte
	if len(tail) != encoding.EncodedLen(stampLen) {
		return nil, at, false
	}
	if n, err := encoding.Decode(stamp[:], []byte(tail)); err != nil || n != stampLen {
		return nil, at, false
	}
	payload, err := encoding.DecodeString(head)
	if err != nil {
		return nil, at, false
	}
	ms := binary.BigEndian.Uint64(stamp[:stampLen])
	return payload, time.UnixMilli(int64(ms)), true
}

// Digest returns a keyed hash of text, 64 hexadecimal characters, always the
// same for one text: it names what must not be read from where it is kept. It
// is made with the primary secret alone. No token verifies by a digest.
func (s *Signer) Digest(text string) string {
	p := s.macs[0]
	m := p.pool.Get().(*mac)
	defer p.pool.Put(m)
	m.Reset()
	m.Write([]byte{0}) // tokens are base64 and begin otherwise
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(m.buf[:0]))
}

// macTextLen is the length of a MAC in base64.
const macTextLen = (sha256.Size*8 + 5) / 6

// macPool lends keyed hashes, which cost more to make than to reset. The key
// is held by the closure only, where no print verb finds it.
type macPool struct{ pool sync.Pool }

type mac struct {
	hash.Hash
	buf [sha256.Size]byte
}

func newMACPool(key [keyLen]byte) *macPool {
	return &macPool{pool: sync.Pool{New: func() any {
		return &mac{Hash: hmac.New(sha256.New, key[:])}
	}}}
}

// sum writes the MAC of body to text, in base64.
func (p *macPool) sum(text *[macTextLen]byte, body []byte) {
	m := p.pool.Get().(*mac) // New makes nothing else
	m.Reset()
	m.Write(body)
	encoding.Encode(text[:], m.Sum(m.buf[:0]))
	p.pool.Put(m)
}
