package password

import "errors"

// Errors of [Hasher]. None of them tells anything about a stored hash or a password.
var (
	// ErrEmpty: an empty password is never hashed.
	ErrEmpty = errors.New("password: empty")
	// ErrTooLong: the password has more bytes than PASSWORD_MAX_BYTES, or more than
	// bcrypt reads when it is the scheme for new hashes and no HMAC goes before it.
	// Nothing was hashed.
	ErrTooLong = errors.New("password: too long")
	// ErrText: the password is not UTF-8 or contains NUL, which some of the schemes
	// would silently cut at.
	ErrText = errors.New("password: not valid text")
	// ErrBusy: no hashing slot became free within PASSWORD_HASH_WAIT. A server answers
	// 503 with Retry-After.
	ErrBusy = errors.New("password: too many hashes at once")
)

// HashError says why a stored hash cannot be used. It is for the operator's log: it
// names the scheme and the parameter but never shows the hash.
type HashError struct {
	Scheme string // name as in PASSWORD_SCHEMES, or "unknown"
	Param  string // the offending parameter, may be empty
	Reason string
}

// Error implements error.
func (e *HashError) Error() string {
	s := "password: stored " + e.Scheme + " hash: "
	if e.Param != "" {
		s += e.Param + " "
	}
	return s + e.Reason
}

const (
	reasonMalformed = "is malformed"
	reasonCeiling   = "is over its ceiling"
)

func malformed(param string) error { return &HashError{Param: param, Reason: reasonMalformed} }
