package reset

import (
	"context"
	"errors"

	"github.com/doorward/doorward"
)

// ResetLink returns a link by which whoever reads u's mail can reset its
// password, and the token in it, for features and applications that send such
// links in mails of their own. u must be the whole record, as a UserStore's
// FindUser returns it: a link is bound to the stored hash.
func (f *Feature) ResetLink(_ context.Context, u doorward.User) (link, token string) {
	return f.links.New(u, "")
}

// bound is what ends a link by changing: the password, because that is what it
// is for, and the address, because the old one may be a stranger's by now. A
// user without a password has an empty hash, which changes like any other.
func bound(acc *doorward.Account) string { return acc.PasswordHash + "\x00" + acc.Email }

// open returns the link of a token. One of an account that is switched off is
// dead for as long as it is: whoever may not sign in sets no password either.
func (f *Feature) open(ctx context.Context, token string) (doorward.Link, error) {
	l, err := f.links.Open(ctx, token)
	if err == nil && !l.User.SecurityAccount().Active {
		return doorward.Link{}, doorward.ErrLinkDead
	}
	return l, err
}

// isOver reports whether err says that a link does not work any more, and is
// nobody's trouble but the visitor's.
func isOver(err error) bool {
	return errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, doorward.ErrLinkExpired)
}

// over is how a link that does not work ends. It names nobody, and leads to
// where another link can be had.
func (f *Feature) over(err error) doorward.LinkEnd {
	m := doorward.M("INVALID_RESET_PASSWORD_TOKEN")
	if errors.Is(err, doorward.ErrLinkExpired) {
		m = doorward.M("PASSWORD_RESET_EXPIRED", "within", f.cfg.Within)
	}
	return doorward.LinkEnd{Message: m, View: f.cfg.ErrorView, Else: "forgot_password"}
}
