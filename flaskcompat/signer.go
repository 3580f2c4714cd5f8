package flaskcompat

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward/codec"
)

const (
	// maxToken is how long a token may be that is looked at. The longest that the
	// original writes, of a change of address, stays below 700 bytes.
	maxToken = 8 << 10

	// maxInflated is how many bytes a compressed payload may expand to: a
	// kilobyte can become a megabyte (CWE-409).
	maxInflated = 64 << 10

	// maxAhead is how far in the future a value may be dated. The original allows
	// nothing, which refuses what another machine wrote in the same second when
	// the clocks of the two are a little apart. Clocks that are kept are within
	// less than this, and it lengthens the life of a value by no more.
	maxAhead = 5 * time.Second

	// lastSecond is the end of the year 9999, and of Python's calendar.
	lastSecond = 253402300799
)

// The ways to derive a key from a secret and a salt.
const (
	deriveConcat = "django-concat" // of tokens
	deriveHMAC   = "hmac"          // of the session cookie
)

// tokenText refuses padding and stray bits in the last character, so that a token
// has one spelling: single use is kept by the token's text.
var tokenText = base64.RawURLEncoding.Strict()

// signer writes and reads the URL-safe values of itsdangerous: the payload, the time
// and an HMAC-SHA1 of the text of both, joined by dots. The hash is the format's;
// what is known against SHA-1 does not concern HMAC (RFC 6194, 3.3). It is safe for
// concurrent use.
type signer struct {
	macs []*macPool // the newest first
	packer
}

// newSigner derives the keys of a salt. The first secret writes, each reads; there
// must be one.
func newSigner(salt, derivation string, secrets [][]byte) *signer {
	s := &signer{}
	for _, secret := range secrets {
		s.macs = append(s.macs, newMACPool(deriveKey(salt, derivation, secret)))
	}
	return s
}

func deriveKey(salt, derivation string, secret []byte) []byte {
	if derivation == deriveHMAC {
		m := hmac.New(sha1.New, secret)
		m.Write([]byte(salt))
		return m.Sum(nil)
	}
	sum := sha1.Sum(append([]byte(salt+"signer"), secret...))
	return sum[:]
}

// sign returns payload, which is JSON, with the time.
func (s *signer) sign(payload []byte, now time.Time) string {
	out := append(s.pack(payload), '.')
	return s.seal(tokenText.AppendEncode(out, stamp(now)))
}

// signPlain is sign for what is so short and random that it is not worth trying to
// compress it, which takes most of the time.
func (s *signer) signPlain(payload []byte, now time.Time) string {
	return s.seal(tokenText.AppendEncode(append(plainText(payload), '.'), stamp(now)))
}

// signUntimed returns payload without a time.
func (s *signer) signUntimed(payload []byte) string { return s.seal(s.pack(payload)) }

func (s *signer) seal(body []byte) string {
	var mac [macTextLen]byte
	s.macs[0].sum(&mac, body)
	return string(append(append(body, '.'), mac[:]...))
}

// open returns the payload of a value of up to limit bytes, and when it was signed. The
// error is [codec.ErrInvalid], also for what is dated in the future.
func (s *signer) open(value string, limit int, now time.Time) (payload []byte, at time.Time, err error) {
	body, ok := s.genuine(value, limit)
	cut := strings.LastIndexByte(body, '.')
	if !ok || cut < 0 {
		return nil, at, codec.ErrInvalid
	}
	if at, ok = parseStamp(body[cut+1:], now); !ok {
		return nil, time.Time{}, codec.ErrInvalid
	}
	if payload, ok = s.unpack(body[:cut]); !ok {
		return nil, time.Time{}, codec.ErrInvalid
	}
	return payload, at, nil
}

// openUntimed is open for what [signer.signUntimed] wrote.
func (s *signer) openUntimed(value string, limit int) ([]byte, error) {
	body, ok := s.genuine(value, limit)
	if !ok {
		return nil, codec.ErrInvalid
	}
	payload, ok := s.unpack(body)
	if !ok {
		return nil, codec.ErrInvalid
	}
	return payload, nil
}

// genuine returns what was signed. The text of the MAC is compared, in constant time,
// with what each key would have written, which leaves it a single spelling.
func (s *signer) genuine(value string, limit int) (body string, ok bool) {
	cut := strings.LastIndexByte(value, '.')
	if len(value) > limit || cut < 0 || len(value)-cut-1 != macTextLen {
		return "", false
	}
	var want [macTextLen]byte
	for _, key := range s.macs {
		key.sumText(&want, value[:cut])
		if subtle.ConstantTimeCompare(want[:], []byte(value[cut+1:])) == 1 {
			return value[:cut], true
		}
	}
	return "", false
}

// stamp is the time in seconds, big-endian, without zeros in front; nothing is 1970.
func stamp(now time.Time) []byte {
	raw := binary.BigEndian.AppendUint64(nil, uint64(max(now.Unix(), 0)))
	return bytes.TrimLeft(raw, "\x00")
}

// parseStamp reads a time that is not in the future, in its one spelling.
func parseStamp(text string, now time.Time) (at time.Time, ok bool) {
	var raw [8]byte
	n := tokenText.DecodedLen(len(text))
	if n > len(raw) {
		return at, false
	}
	if got, err := tokenText.Decode(raw[len(raw)-n:], []byte(text)); err != nil || got != n || n > 0 && raw[len(raw)-n] == 0 {
		return at, false
	}
	seconds := binary.BigEndian.Uint64(raw[:])
	if limit := now.Add(maxAhead).Unix(); limit < 0 || seconds > uint64(min(limit, lastSecond)) {
		return at, false
	}
	return time.Unix(int64(seconds), 0), true
}

// packer compresses payloads where that makes them shorter.
type packer struct{ in, out sync.Pool }

type deflater struct {
	*zlib.Writer
	buf bytes.Buffer
}

type inflater struct {
	io.ReadCloser
	zlib.Resetter
	src bytes.Reader
	buf bytes.Buffer
}

// rest is how long a value is without its first part.
const rest = 1 + 12 + 1 + macTextLen

func plainText(payload []byte) []byte {
	return tokenText.AppendEncode(make([]byte, 0, tokenText.EncodedLen(len(payload))+rest), payload)
}

// pack returns the first part of a value, with a dot before it if it is compressed.
func (p *packer) pack(payload []byte) []byte {
	d, ok := p.out.Get().(*deflater)
	if !ok {
		d = &deflater{Writer: zlib.NewWriter(nil)}
	}
	defer p.out.Put(d)
	d.buf.Reset()
	d.Reset(&d.buf)
	d.Write(payload) // into memory, which does not fail
	d.Close()
	if d.buf.Len() >= len(payload)-1 { // as the original decides
		return plainText(payload)
	}
	out := make([]byte, 1, 1+tokenText.EncodedLen(d.buf.Len())+rest)
	out[0] = '.'
	return tokenText.AppendEncode(out, d.buf.Bytes())
}

// unpack undoes pack. It looks at no more than maxInflated bytes.
func (p *packer) unpack(text string) (payload []byte, ok bool) {
	text, packed := strings.CutPrefix(text, ".")
	raw, err := tokenText.DecodeString(text)
	if err != nil || len(raw) != tokenText.DecodedLen(len(text)) { // it skips line breaks
		return nil, false
	}
	if packed {
		return p.inflate(raw)
	}
	return raw, true
}

func (p *packer) inflate(raw []byte) (payload []byte, ok bool) {
	f, ok := p.in.Get().(*inflater)
	if !ok {
		f = &inflater{}
	}
	defer p.in.Put(f)
	f.buf.Reset()
	f.src.Reset(raw)
	if f.begin() != nil {
		return nil, false
	}
	_, err := f.buf.ReadFrom(io.LimitReader(f, maxInflated+1))
	if err != nil || f.buf.Len() > maxInflated || f.src.Len() > 0 {
		return nil, false
	}
	return bytes.Clone(f.buf.Bytes()), true
}

func (f *inflater) begin() (err error) {
	if f.ReadCloser != nil {
		return f.Reset(&f.src, nil)
	}
	if f.ReadCloser, err = zlib.NewReader(&f.src); err == nil {
		f.Resetter = f.ReadCloser.(zlib.Resetter) // as documented
	}
	return err
}

// macTextLen is the length of a MAC in base64.
const macTextLen = (sha1.Size*8 + 5) / 6

// macPool lends keyed hashes, which cost more to make than to reset. The key is held
// by the closure only, where no print verb finds it.
type macPool struct{ pool sync.Pool }

type mac struct {
	hash.Hash
	in  []byte
	sum [sha1.Size]byte
}

func newMACPool(key []byte) *macPool {
	return &macPool{sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha1.New, key)} }}}
}

// sum writes the MAC of body to text, in base64.
func (p *macPool) sum(text *[macTextLen]byte, body []byte) {
	m := p.pool.Get().(*mac) // New makes nothing else
	defer p.pool.Put(m)
	m.write(text, body)
}

// sumText is sum without a copy for the garbage collector.
func (p *macPool) sumText(text *[macTextLen]byte, body string) {
	m := p.pool.Get().(*mac)
	defer p.pool.Put(m)
	m.in = append(m.in[:0], body...)
	m.write(text, m.in)
}

func (m *mac) write(text *[macTextLen]byte, body []byte) {
	m.Reset()
	m.Write(body)
	tokenText.Encode(text[:], m.Sum(m.sum[:0]))
}
