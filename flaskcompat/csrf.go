package flaskcompat

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"time"

	"github.com/doorward/doorward/codec"
)

// csrfSalt is fixed in Flask-WTF.
const csrfSalt = "wtf-csrf-token"

// csrfToken is the token of Flask-WTF: the session's secret, signed. The original draws
// 64 bytes and keeps their SHA-1, 40 characters in hexadecimal; here the secret is the
// 20 bytes that they stand for.
type csrfToken struct{ *signer }

// Seal writes a token.
func (c csrfToken) Seal(secret []byte, now time.Time) string {
	b := hex.AppendEncode([]byte{'"'}, secret)
	return c.signPlain(append(b, '"'), now)
}

// Open reads one.
func (c csrfToken) Open(token string, now time.Time) (secret []byte, at time.Time, err error) {
	payload, at, err := c.open(token, maxToken, now)
	if err != nil {
		return nil, time.Time{}, err
	}
	if secret, ok := readSecret(payload); ok {
		return secret, at, nil
	}
	return nil, time.Time{}, codec.ErrInvalid
}

// readSecret reads a JSON text in its one spelling.
func readSecret(payload []byte) (secret []byte, ok bool) {
	inner, ok := bytes.CutPrefix(payload, []byte{'"'})
	inner, end := bytes.CutSuffix(inner, []byte{'"'})
	if !ok || !end || len(inner) != 2*sha1.Size || bytes.ContainsAny(inner, "ABCDEF") {
		return nil, false
	}
	secret = make([]byte, sha1.Size)
	_, err := hex.Decode(secret, inner)
	return secret, err == nil
}
