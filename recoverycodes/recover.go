package recoverycodes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// recoveryForm is posted in place of a second factor.
type recoveryForm struct {
	Code string `json:"code"`
}

func (f *Feature) recoveryForm() doorward.Form[recoveryForm] {
	return doorward.Form[recoveryForm]{
		Page: func(r *http.Request, _ *recoveryForm) (doorward.Result, error) {
			_, err := f.waiting(r)
			return doorward.Result{Page: f.cfg.RecoveryTemplate, Scope: "mf_recovery"}, err
		},
		Check: func(_ *http.Request, in *recoveryForm, p *doorward.Problem) {
			p.Require("code", in.Code, "code_required")
		},
		Submit: f.recover,
	}
}

// waiting returns the sign-in that waits for a second factor of this browser.
// Who has none to replace must set one up.
func (f *Feature) waiting(r *http.Request) (*doorward.Attempt, error) {
	a, err := f.rt.SignIn().Pending(r)
	if err == nil && len(a.Methods) == 0 {
		return nil, f.rt.SignIn().Refuse(r)
	}
	return a, err
}

// recover takes a code and signs in. The browser is not trusted from then on
// to do without: who needs a recovery code may have lost a device.
func (f *Feature) recover(w http.ResponseWriter, r *http.Request, in *recoveryForm) (doorward.Result, error) {
	a, err := f.waiting(r)
	if err != nil {
		return doorward.Result{}, err
	}
	ctx := r.Context()
	if err := f.rt.SignIn().Admit(ctx, doorward.Attempt{User: a.User, Via: a.Via}); err != nil {
		return doorward.Result{}, err // before a code is used up for nothing
	}
	var left int
	u, err := f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "code", Identity: f.rt.SignIn().AccountName(a.User),
		Find: func(context.Context) (doorward.User, error) { return a.User, nil },
		Check: func(ctx context.Context, u doorward.User) (err error) {
			left, err = f.use(ctx, u, in.Code)
			return err
		},
	})
	if err != nil {
		return doorward.Result{}, err
	}
	doorward.Fire(ctx, f.rt, &f.hooks.CodeUsed, CodeUsed{User: u, Left: left})
	f.codes.Notify(ctx, codes.Notice{User: u, What: "notice_recovery_used", Left: left})
	res, err := f.rt.SignIn().Complete(w, r, "recovery_code", false)
	if err == nil {
		res.Flash = append(res.Flash, leftMessage(left))
	}
	return res, err
}

// use takes a code of u away and returns how many are left. Of parallel
// requests with one code one does: the entry that it was found in must still be
// there under the store's lock. What cannot be opened is left alone, and so is
// what somebody else stores or uses meanwhile. That it was used is claimed, too:
// another application on the same table may write back the list that it had read.
func (f *Feature) use(ctx context.Context, u doorward.User, typed string) (left int, err error) {
	uniquifier, have := u.SecurityAccount().Uniquifier, f.open(ctx, u.SecurityAccount().RecoveryCodes) // before the lock: a vault may take its time
	used, ok := match(have, typed)
	if !ok {
		return 0, wrongCode()
	}
	st, claim := f.rt.Stores(), f.claimKey(u.SecurityAccount(), used.code)
	err = st.InTx(ctx, func(ctx context.Context) error {
		err := st.Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
			at := slices.Index(acc.RecoveryCodes, used.stored)
			if at < 0 || acc.Uniquifier != uniquifier { // used, or everything of the user's ended
				return errGone
			}
			acc.RecoveryCodes = slices.Concat(acc.RecoveryCodes[:at], acc.RecoveryCodes[at+1:])
			left = remaining(have, acc.RecoveryCodes)
			return nil
		})
		if err != nil {
			return err // before the claim: a code that is still there can be used again, also without transactions
		}
		return st.Claims.Claim(ctx, claim, f.rt.Now().Add(claimKept))
	})
	switch {
	case errors.Is(err, errGone), errors.Is(err, doorward.ErrNotFound), errors.Is(err, doorward.ErrClaimed):
		return 0, wrongCode()
	case err != nil:
		return 0, fmt.Errorf("use a recovery code: %w", err)
	}
	return left, nil
}

// claimKept is how long it is remembered that a code was used: as long as any list
// with it may come back.
const claimKept = 10 * 365 * 24 * time.Hour

// claimKey names a code of an account by what the account keeps when its password
// changes. A code of 48 random bits hardly needs the name.
func (f *Feature) claimKey(acc *doorward.Account, code string) string {
	return f.used.Digest(cmp.Or(acc.Email, acc.Username) + "\x00" + code)
}

var errGone = errors.New("recoverycodes: used meanwhile")

// remaining counts those of have that are stored.
func remaining(have []entry, stored []string) (n int) {
	for _, e := range have {
		if slices.Contains(stored, e.stored) {
			n++
		}
	}
	return n
}

func wrongCode() *doorward.Problem { return doorward.Fail("code", "INVALID_RECOVERY_CODE") }

// leftMessage is shown after a sign-in by a code. With the last one the user can
// sign in once more and then not at all, so it says what to do.
func leftMessage(left int) doorward.Message {
	switch left {
	case 0:
		return doorward.M("RECOVERY_CODES_NONE_LEFT")
	case 1:
		return doorward.M("RECOVERY_CODES_ONE_LEFT")
	}
	return doorward.M("RECOVERY_CODES_LEFT", "n", left)
}
