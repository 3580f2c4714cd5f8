// Package passwords compares passwords of accounts for the features that sign in
// by them, so that all do so in the same way and at the same cost.
package passwords

import (
	"context"
	"errors"
	"sync"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

// Hasher is what is needed of a [password.Hasher].
type Hasher interface {
	Verify(ctx context.Context, plain, stored string) (password.Match, error)
	Hash(ctx context.Context, plain string) (string, error)
	Waste(ctx context.Context, plain string) error
}

var _ Hasher = (*password.Hasher)(nil)

// Checker compares. It is safe for concurrent use.
type Checker struct {
	rt       *doorward.Runtime
	hasher   Hasher
	costlier sync.Once // guards the warning about stored hashes
}

// New returns a Checker for a feature.
func New(rt *doorward.Runtime, h Hasher) *Checker { return &Checker{rt: rt, hasher: h} }

// costlierHashes is said once: it is about the configuration, not about one account.
const costlierHashes = "stored password hashes cost more than new ones; " +
	"set SECURITY_PASSWORD_HASH_PROFILE=flask-security or the ARGON2 settings to theirs, " +
	"or the time of an answer tells accounts from none"

// Check reports whether plain is u's password. It hashes once in any case: for
// nobody (nil), and for who has no password, too. A hash that is weaker than the
// policy is replaced. The error is a [doorward.Problem] if the queue of hashes is
// full (503), or the hasher's.
func (c *Checker) Check(ctx context.Context, u doorward.User, plain string) (bool, error) {
	if u == nil || u.SecurityAccount().PasswordHash == "" {
		return false, c.trouble(ctx, u, c.hasher.Waste(ctx, plain))
	}
	stored := u.SecurityAccount().PasswordHash
	match, err := c.hasher.Verify(ctx, plain, stored)
	if err != nil {
		return false, c.trouble(ctx, u, err)
	}
	if match.Costlier {
		c.costlier.Do(func() { c.rt.Logger().WarnContext(ctx, costlierHashes) })
	}
	if match.OK && match.Rehash {
		c.upgrade(ctx, u, plain, stored)
	}
	return match.OK, nil
}

// trouble decides what becomes of a password that could not be compared: for a
// stored hash that cannot be used it is a wrong one, and news for the operator; a
// queue that is full is 503.
func (c *Checker) trouble(ctx context.Context, u doorward.User, err error) error {
	var bad *password.HashError
	switch {
	case errors.As(err, &bad) && u != nil:
		c.rt.Logger().ErrorContext(ctx, "stored password hash cannot be used", "user", u.SecurityAccount().Uniquifier, "err", err)
		return nil
	case errors.Is(err, password.ErrTooLong):
		return nil
	case errors.Is(err, password.ErrBusy):
		return doorward.Busy(err)
	}
	return err
}

// upgrade stores a stronger hash of the same password, unless the password
// changed meanwhile. The user has proved it, so he does not stand in the line of
// strangers again. It is no reason to refuse a sign-in if that fails.
func (c *Checker) upgrade(ctx context.Context, u doorward.User, plain, stored string) {
	next, err := c.hasher.Hash(password.Preferred(ctx, u.SecurityAccount().Uniquifier), plain)
	if err == nil {
		err = c.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
			if acc.PasswordHash == stored {
				acc.PasswordHash = next
			}
			return nil
		})
	}
	if err != nil {
		c.rt.Logger().WarnContext(ctx, "outdated password hash was not replaced", "err", err)
	}
}
