package password

import (
	"errors"
	"time"
)

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
	// ErrBusy: too many hashes wait already, or none of the places became free within
	// PASSWORD_HASH_WAIT. A server answers 503 with Retry-After; the error is a
	// [*BusyError], which knows after what time.
	ErrBusy = errors.New("password: too many hashes at once")
)

// BusyError is an [ErrBusy] that knows when to come back.
type BusyError struct{ after time.Duration }

// Bounds of what RetryAfter tells. Nobody profits from a promise of minutes.
const (
	retryMin = time.Second
	retryMax = 30 * time.Second
)

// Error implements error.
func (e *BusyError) Error() string { return ErrBusy.Error() }

// Unwrap returns [ErrBusy].
func (e *BusyError) Unwrap() error { return ErrBusy }

// RetryAfter estimates how long those who wait will take: one second to thirty. It says
// nothing about the account that was asked for.
func (e *BusyError) RetryAfter() time.Duration { return e.after }

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
