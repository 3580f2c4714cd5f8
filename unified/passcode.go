package unified

import (
	"context"
	"errors"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/password"
)

// match returns the method of which passcode is u's, trying all that are offered
// in their order, or [codes.ErrWrong]. What is wrong costs the same whether there
// is such a user or not and whatever he has set up: one hash, and for what looks
// like a code one update of the store by method.
func (f *Feature) match(ctx context.Context, u doorward.User, passcode string) (via string, err error) {
	for _, m := range f.methods {
		if m == viaPassword {
			err = f.checkPassword(ctx, u, passcode)
		} else {
			err = f.codes.Check(ctx, f.secret(ctx, u, m), passcode, f.cfg.TokenValidity, sent(m))
		}
		if !errors.Is(err, codes.ErrWrong) {
			return m, err
		}
	}
	return "", codes.ErrWrong
}

// costlierHashes is said once: it is about the configuration, not about one account.
const costlierHashes = "stored password hashes cost more than new ones; " +
	"set SECURITY_PASSWORD_HASH_PROFILE=flask-security or the ARGON2 settings to theirs, " +
	"or the time of an answer tells accounts from none"

// checkPassword hashes once in every case. A hash that is weaker than the policy
// is replaced.
func (f *Feature) checkPassword(ctx context.Context, u doorward.User, plain string) error {
	if u == nil || u.SecurityAccount().PasswordHash == "" {
		if err := f.cfg.Hasher.Waste(ctx, plain); err != nil {
			return f.hashTrouble(ctx, u, err)
		}
		return codes.ErrWrong
	}
	stored := u.SecurityAccount().PasswordHash
	match, err := f.cfg.Hasher.Verify(ctx, plain, stored)
	if err != nil {
		return f.hashTrouble(ctx, u, err)
	}
	if match.Costlier {
		f.costlier.Do(func() { f.rt.Logger().WarnContext(ctx, costlierHashes) })
	}
	if !match.OK {
		return codes.ErrWrong
	}
	if match.Rehash {
		f.upgrade(ctx, u, plain, stored)
	}
	return nil
}

// hashTrouble decides what a visitor sees when nothing could be compared: a
// stored hash that cannot be used is a wrong password to him, and news for the
// operator; a queue that is full is 503.
func (f *Feature) hashTrouble(ctx context.Context, u doorward.User, err error) error {
	var bad *password.HashError
	switch {
	case errors.As(err, &bad) && u != nil:
		f.rt.Logger().ErrorContext(ctx, "stored password hash cannot be used", "user", u.SecurityAccount().Uniquifier, "err", err)
		return codes.ErrWrong
	case errors.Is(err, password.ErrTooLong):
		return codes.ErrWrong
	case errors.Is(err, password.ErrBusy):
		return doorward.Busy(err)
	}
	return err
}

// upgrade stores a stronger hash of the same password, unless the password
// changed meanwhile. It is no reason to refuse a sign-in if that fails.
func (f *Feature) upgrade(ctx context.Context, u doorward.User, plain, stored string) {
	next, err := f.cfg.Hasher.Hash(password.Preferred(ctx, u.SecurityAccount().Uniquifier), plain)
	if err == nil {
		err = f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
			if acc.PasswordHash == stored {
				acc.PasswordHash = next
			}
			return nil
		})
	}
	if err != nil {
		f.rt.Logger().WarnContext(ctx, "outdated password hash was not replaced", "err", err)
	}
}
