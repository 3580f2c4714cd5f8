package unified

import (
	"context"
	"errors"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
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

func (f *Feature) checkPassword(ctx context.Context, u doorward.User, plain string) error {
	ok, err := f.passwords.Check(ctx, u, plain)
	if err == nil && !ok {
		err = codes.ErrWrong
	}
	return err
}
