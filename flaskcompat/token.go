package flaskcompat

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/codec"
)

// authToken is the authentication token: an object since version 5 of the format,
// before that a list of the uniquifier alone (4), or of the key of the user, a hash of
// the password and the uniquifier (3).
type authToken struct{ *signer }

// Seal writes version 5. Claims.By is not said: the original looks in both columns.
func (a authToken) Seal(c codec.Claims, now time.Time) (string, error) {
	if !validUID(c.UID) {
		return "", errors.New("flaskcompat: an authentication token needs a uniquifier")
	}
	b := quote([]byte(`{"ver":"5","uid":`), c.UID)
	b = appendSeconds(append(b, `,"fs_paa":`...), c.AuthnAt)
	exp := int64(0)
	if !c.Expires.IsZero() {
		exp = max(c.Expires.Unix(), 1) // 0 would be for ever
	}
	b = strconv.AppendInt(append(b, `,"exp":`...), exp, 10)
	return fitting(a.sign(append(b, '}'), now))
}

// Open reads versions 3 to 5. What an application has added is passed over.
func (a authToken) Open(token string, now time.Time) (codec.Claims, time.Time, error) {
	payload, at, err := a.open(token, maxToken, now)
	if err != nil {
		return codec.Claims{}, time.Time{}, err
	}
	c, ok := readClaims(payload, at)
	if !ok {
		return codec.Claims{}, time.Time{}, codec.ErrInvalid
	}
	return c, at, nil
}

func readClaims(payload []byte, at time.Time) (c codec.Claims, ok bool) {
	if !utf8.Valid(payload) {
		return c, false
	}
	if len(payload) > 0 && payload[0] == '[' {
		c.UID, ok = readLegacy(payload)
		return c, ok
	}
	m, ok := readObject(payload)
	if !ok || m["ver"] == nil {
		return c, false
	}
	if c.UID, ok = readUID(m["uid"]); !ok {
		return c, false
	}
	c.AuthnAt = readAuthnAt(m["fs_paa"], at)
	c.Expires, ok = readExp(m["exp"])
	return c, ok
}

func readLegacy(payload []byte) (uid string, ok bool) {
	list, ok := readList(payload)
	switch {
	case ok && len(list) == 1:
		return readUID(list[0])
	case ok && len(list) == 3:
		return readUID(list[2])
	}
	return "", false
}

// readAuthnAt passes over what is no time before the token was made: a time in the
// future would stay fresh for ever. The token's own is a second less exact.
func readAuthnAt(raw json.RawMessage, at time.Time) time.Time {
	seconds, _ := readNumber(raw)
	t := timeOf(seconds)
	if t.After(at.Add(time.Second + maxAhead)) {
		return time.Time{}
	}
	return t
}

// readExp reads the end of a token: 0 and null are for ever, and what lies before 1970
// is long past.
func readExp(raw json.RawMessage) (t time.Time, ok bool) {
	seconds, ok := readNumber(raw)
	switch {
	case string(raw) == "null":
		return t, true
	case !ok || seconds == 0:
		return t, ok
	}
	const end = 1 << 40
	return time.Unix(int64(math.Floor(min(max(seconds, 0), end))), 0), true
}

// fitting refuses what would not be read again.
func fitting(token string) (string, error) {
	if len(token) > maxToken {
		return "", errors.New("flaskcompat: what is to be signed is too long")
	}
	return token, nil
}
