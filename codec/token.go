package codec

import (
	"context"
	"time"
)

// Token writes and reads authentication tokens.
type Token interface {
	// Open returns what a token says and when it was signed. The error is
	// [ErrInvalid].
	Open(token string, now time.Time) (Claims, time.Time, error)
	Seal(c Claims, now time.Time) (string, error)
}

// Claims is what an authentication token says.
type Claims struct {
	// UID is the uniquifier, or the token uniquifier: By is its column, or "" if
	// that is not known.
	UID, By string
	// AuthnAt is when a credential was proved; zero if that is not known.
	AuthnAt time.Time
	// Expires is the end that the token itself names; zero for none.
	Expires time.Time
}

// Links writes and reads the tokens of links in mails.
type Links interface {
	// Open returns what a token of a kind of link stands for. The error is
	// [ErrInvalid].
	Open(kind, token string, now time.Time) (Link, error)
	// Seal returns the token of a link.
	Seal(kind string, l Link, now time.Time) (string, error)
	// Knows reports whether the other system has links of the kind. All others
	// keep the engine's format.
	Knows(kind string) bool
}

// Link is what a link in a mail stands for.
type Link struct {
	Uniquifier string
	// Extra goes with the link: the new address of a change of it.
	Extra string
	// Email and PasswordHash are the account's when the link is made. Open leaves
	// them empty: see Check.
	Email, PasswordHash string
	// Bound is the engine's hash of what the link is about; "" after Open if the
	// other system made the link, or its format has no room for it.
	Bound string
	// SignedAt is when the link was made. Seal sets it to now.
	SignedAt time.Time
	// Check is set by Open. It reports whether an account is still what the other
	// system bound the link to, which may take as long as a password hash. The
	// error is of ctx, or says that too many wait.
	Check func(ctx context.Context, email, passwordHash string) (bool, error)
}

// Trust writes and reads the cookie of a browser that need not give the second
// factor.
type Trust interface {
	// Open returns the uniquifier in a cookie and when that was written, or
	// [ErrInvalid].
	Open(value string, now time.Time) (uniquifier string, at time.Time, err error)
	Seal(uniquifier string, now time.Time) string
}
