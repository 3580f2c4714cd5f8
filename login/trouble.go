package login

import (
	"context"
	"errors"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

// hashTrouble decides what a visitor sees when a hash could not be compared: a
// stored one that cannot be used is a wrong password to him, and news for the
// operator; a queue that is full is 503.
func (f *Feature) hashTrouble(ctx context.Context, user doorward.User, err error) error {
	var bad *password.HashError
	switch {
	case errors.As(err, &bad):
		f.rt.Logger().ErrorContext(ctx, "stored password hash cannot be used", "user", user.SecurityAccount().Uniquifier, "err", err)
		return wrongPassword()
	case errors.Is(err, password.ErrTooLong):
		return wrongPassword()
	}
	return busy(err)
}

func busy(err error) error {
	switch {
	case errors.Is(err, password.ErrBusy):
		return doorward.Busy(err)
	case errors.Is(err, password.ErrTooLong):
		return doorward.Fail("password", "INVALID_PASSWORD").Generic("GENERIC_AUTHN_FAILED")
	}
	return err
}
