package flaskcompat

import (
	"time"

	"github.com/doorward/doorward/codec"
)

// tfValidity is the cookie of a browser that need not give the second factor: the
// uniquifier, signed.
type tfValidity struct{ *signer }

// Seal writes a cookie.
func (v tfValidity) Seal(uniquifier string, now time.Time) string {
	return v.sign(quote(nil, uniquifier), now)
}

// Open reads one.
func (v tfValidity) Open(value string, now time.Time) (uniquifier string, at time.Time, err error) {
	payload, at, err := v.open(value, maxToken, now)
	if err != nil {
		return "", time.Time{}, err
	}
	if uniquifier, ok := readUID(payload); ok {
		return uniquifier, at, nil
	}
	return "", time.Time{}, codec.ErrInvalid
}
