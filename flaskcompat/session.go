package flaskcompat

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward/codec"
)

// maxSession is how long a session cookie may be that is looked at: what is longer
// holds more than [maxInflated]. Browsers send no more than 4 KiB.
const maxSession = 1 + (maxInflated*8+5)/6 + 1 + 12 + 1 + macTextLen

var (
	errTooLong   = errors.New("flaskcompat: session of more than 64 KiB")
	errNotText   = errors.New("flaskcompat: session with text that is not UTF-8, or a user with a NUL")
	errSecret    = errors.New("flaskcompat: session with a secret that does not have 20 bytes")
	errOtherRest = errors.New("flaskcompat: session with the rest of another codec's cookie")
)

// session is Flask's cookie: one JSON object, signed and readable by whoever has it.
//
// What cannot be believed in full is refused as a whole: see [reading]. What is
// nobody's but the application's is kept as the text it is, and in its place among the
// others: see [leftover].
//
// Seal writes "" where nothing is left to say, and no cookie is needed.
type session struct {
	signer *signer
	csrf   csrfKey
	recent bool // marks as Flask-Login writes them after 0.6
}

func newSession(cfg Config) (codec.Session, error) {
	secrets, err := cfg.secrets()
	if err != nil {
		return nil, err
	}
	s := &session{signer: newSigner("cookie-session", deriveHMAC, secrets), csrf: csrfKey(cmp.Or(cfg.CSRFField, keyCSRF))}
	if !s.csrf.fits() {
		return nil, wrong(fmt.Sprintf("WTF_CSRF_FIELD_NAME is %q", cfg.CSRFField), "the session has that key for something else; take another, in both applications")
	}
	switch cfg.LoginVersion {
	case "", "0.6":
	case "0.7":
		s.recent = true
	default:
		return nil, wrong(fmt.Sprintf("FLASK_LOGIN_VERSION is %q", cfg.LoginVersion), "0.6, or 0.7 for what comes after it")
	}
	return s, nil
}

func (s *session) Open(value string, now time.Time) (codec.Cookie, error) {
	payload, at, err := s.signer.open(value, maxSession, now)
	if err != nil || len(payload) > maxInflated {
		return codec.Cookie{}, codec.ErrInvalid
	}
	c, ok := readSession(payload, at, s.csrf)
	if !ok {
		return codec.Cookie{}, codec.ErrInvalid
	}
	c.SignedAt = at
	return c, nil
}

func (s *session) Seal(c codec.Cookie, now time.Time) (string, error) {
	payload, err := writeSession(c, s.csrf)
	if err != nil || len(payload) == len("{}") {
		return "", err
	}
	if len(payload) > maxInflated {
		return "", errTooLong
	}
	return s.signer.sign(payload, now), nil
}
