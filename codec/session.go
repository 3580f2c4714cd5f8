package codec

import (
	"net/http"
	"net/netip"
	"time"
)

// Session writes and reads session cookies that both systems write.
type Session interface {
	// Open reads a cookie. The error is [ErrInvalid].
	Open(value string, now time.Time) (Cookie, error)
	// Seal writes one. An error means that c holds what the format cannot.
	Seal(c Cookie, now time.Time) (string, error)
	// Marks are the texts by which the other system may know the browser of r
	// again (see [Cookie.Mark]): the first is what it writes. client is the
	// address that the engine takes the request to come from.
	Marks(r *http.Request, client netip.Addr) []string
}

// Cookie is what a session cookie holds. The zero value is a visitor of whom
// nothing is known, and needs no cookie.
type Cookie struct {
	// User is the uniquifier of who is signed in; "" for nobody.
	User string
	// Fresh is false for who was remembered, and where protection has struck.
	Fresh bool
	// AuthnAt is when a credential was proved, GraceUntil how long that counts as
	// recent; zero if the cookie does not say.
	AuthnAt, GraceUntil time.Time
	// Mark is what the other system knows the browser by; "" for nothing.
	Mark string
	// Forget says that the remember-me cookie that comes along is on its way out.
	Forget bool
	// Permanent says that the cookie outlives the browser's session.
	Permanent bool
	// CSRF is the secret of the visitor's tokens; nil for none.
	CSRF []byte
	// Flashes are messages for the next page.
	Flashes []Flash
	// Own is the engine's, and goes through unread; "" for nothing.
	Own string
	// SignedAt is when the cookie was written. Seal sets it to now.
	SignedAt time.Time
	// Rest is what else the codec found, for Seal to write again: the other
	// application's own values survive. nil for nothing.
	Rest any
}

// Flash is a message for the next page.
type Flash struct{ Category, Text string }

// Remember writes and reads remember-me cookies. They cannot be ended one by
// one: they live as long as the uniquifier.
type Remember interface {
	// Open returns the uniquifier in a cookie, or [ErrInvalid].
	Open(value string) (uniquifier string, err error)
	Seal(uniquifier string) string
}

// CSRF writes and reads CSRF tokens.
type CSRF interface {
	// Open returns the secret of the session that a token was made for, and when.
	// The error is [ErrInvalid].
	Open(token string, now time.Time) (secret []byte, at time.Time, err error)
	Seal(secret []byte, now time.Time) string
}
