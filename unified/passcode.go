package unified

import (
	"context"
	"errors"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// passwordFirst puts the password before the codes. A code that is compared before
// a hash could be guessed for nothing: who goes away while the hash waits for its
// turn is not counted, and neither is who is turned away by a full queue.
func passwordFirst(methods []string) []string {
	if i := slices.Index(methods, viaPassword); i > 0 {
		return slices.Insert(slices.Delete(slices.Clone(methods), i, i+1), 0, viaPassword)
	}
	return methods
}

// match returns the method of which passcode is u's, trying all that are offered,
// the password first and the others in their order, or [codes.ErrWrong]. What is
// wrong costs a stranger the same whether there is such a user or not and whatever
// he has set up: one hash, one secret opened by method, and for what looks like a
// code one update of the store by method.
func (f *Feature) match(ctx context.Context, by asker, u doorward.User, passcode string) (via string, err error) {
	for _, m := range passwordFirst(f.methods) {
		if m == viaPassword {
			err = f.checkPassword(ctx, u, passcode)
		} else {
			err = f.codes.Check(ctx, f.secret(ctx, by, u, m), passcode, f.cfg.TokenValidity, sent(m))
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
