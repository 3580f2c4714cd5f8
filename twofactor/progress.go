package twofactor

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/signed"
)

// draftKey is where the browser keeps the token of a setup.
const draftKey = "setup"

// caller is who sets up a factor: somebody signed in, or in a sign-in that waits
// for it.
type caller struct {
	user    doorward.User
	attempt *doorward.Attempt // nil for who is signed in
}

// caller returns who asks. Without anybody it is the illegal state.
func (f *Feature) caller(r *http.Request) (caller, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if errors.Is(err, doorward.ErrAnonymous) {
		a, err := f.pending(r)
		if err != nil {
			return caller{}, err
		}
		return caller{a.User, a}, nil
	}
	if err != nil {
		return caller{}, err
	}
	u, err := f.whole(r.Context(), id.User.SecurityAccount().Uniquifier)
	if errors.Is(err, doorward.ErrNotFound) {
		err = doorward.ErrAnonymous // signed out meanwhile
	}
	return caller{user: u}, err
}

// whole returns the record with all its columns.
func (f *Feature) whole(ctx context.Context, uniquifier string) (doorward.User, error) {
	u, err := f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: uniquifier})
	if err != nil {
		return nil, fmt.Errorf("find user of a second factor: %w", err)
	}
	return u, nil
}

// pending returns the sign-in that waits, of an account that may still sign in:
// nothing is done for one that was switched off meanwhile.
func (f *Feature) pending(r *http.Request) (*doorward.Attempt, error) {
	a, err := f.rt.SignIn().Pending(r)
	if err != nil {
		return nil, err
	}
	var told *doorward.Problem
	if err := f.rt.SignIn().Admit(r.Context(), *a); errors.As(err, &told) {
		return nil, f.illegal(r)
	} else if err != nil {
		return nil, err
	}
	return a, nil
}

// illegal clears what is half finished, and returns the answer to a request that
// does not fit. Who is signed in stays so: a link on another site must not sign
// anybody out.
func (f *Feature) illegal(r *http.Request) error {
	f.rt.Web().SetDraft(r, draftKey, "")
	return f.rt.SignIn().Refuse(r)
}

// setup is a factor that was chosen and is not proved yet. Nothing is stored of
// it: it goes with the visitor in a signed token, and its secret is sealed.
type setup struct {
	Method string `json:"m"`
	Secret string `json:"s"`
	Phone  string `json:"p,omitempty"`
	For    string `json:"f"` // whose it is, and of which sign-in

	token string
	until time.Time // after which it is too old, for sure
}

var (
	errSetupBad     = errors.New("twofactor: the setup is nobody's, or another's")
	errSetupExpired = errors.New("twofactor: the setup took too long")
)

// owner names a user and a sign-in, in a way that tells nothing of either.
func (f *Feature) owner(acc *doorward.Account, a *doorward.Attempt) string {
	attempt := ""
	if a != nil {
		attempt = a.ID
	}
	return f.setups.Digest("owner\x00" + acc.Uniquifier + "\x00" + attempt)
}

// begun makes the token of a setup.
func (f *Feature) begun(c caller, own factor) (setup, error) {
	s := setup{Method: own.method, Secret: own.secret, Phone: own.phone, For: f.owner(c.user.SecurityAccount(), c.attempt)}
	payload, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("begin a setup: %w", err)
	}
	s.token = f.setups.Sign(payload, f.rt.Now())
	return s, nil
}

// open returns the setup of a token, if c began it.
func (f *Feature) open(token string, c caller) (setup, error) {
	var s setup
	payload, at, err := f.setups.Verify(token, f.cfg.SetupWithin, f.rt.Now())
	expired := errors.Is(err, signed.ErrExpired)
	if err != nil && !expired || json.Unmarshal(payload, &s) != nil {
		return setup{}, errSetupBad
	}
	if subtle.ConstantTimeCompare([]byte(s.For), []byte(f.owner(c.user.SecurityAccount(), c.attempt))) != 1 {
		return setup{}, errSetupBad
	}
	if expired {
		return setup{}, errSetupExpired
	}
	s.token, s.until = token, at.Add(f.cfg.SetupWithin+time.Hour) // clocks may differ
	return s, nil
}

// expired leads back to the beginning.
func (f *Feature) expired(r *http.Request) error {
	f.rt.Web().SetDraft(r, draftKey, "")
	return doorward.Fail("", "TWO_FACTOR_SETUP_EXPIRED", "within", f.cfg.SetupWithin).LeadTo(f.rt.Web().Path("two_factor_setup"))
}

// prove compares a code of u, once, within the limits of every proof.
func (f *Feature) prove(r *http.Request, u doorward.User, own factor, typed string) error {
	secret, err := f.codes.Open(own.secret)
	if err != nil {
		return err
	}
	signIn, uniquifier := f.rt.SignIn(), u.SecurityAccount().Uniquifier
	_, err = signIn.Prove(r, doorward.Proof{
		Kind: "code", Identity: signIn.AccountName(u),
		Find: func(ctx context.Context) (doorward.User, error) { return f.whole(ctx, uniquifier) },
		Check: func(ctx context.Context, u doorward.User) error {
			if u == nil {
				return doorward.ErrAnonymous // signed out meanwhile
			}
			if now, _ := stored(u.SecurityAccount()); own.kept && now.secret != own.secret { // replaced a moment ago
				return doorward.Fail("code", "TWO_FACTOR_INVALID_TOKEN")
			}
			err := f.codes.Check(ctx, secret, typed, f.within(own.method), own.method != codes.Authenticator)
			if errors.Is(err, codes.ErrWrong) {
				return doorward.Fail("code", "TWO_FACTOR_INVALID_TOKEN")
			}
			return err
		},
	})
	return err
}

// store makes a setup that was proved the factor of c, once. Whether it still may
// is looked at under the lock: an old cookie of a sign-in that began without a
// factor must not replace the one that was set up since.
func (f *Feature) store(ctx context.Context, c caller, s setup) error {
	st := f.rt.Stores()
	err := st.InTx(ctx, func(ctx context.Context) error {
		if err := st.Claims.Claim(ctx, f.setups.Digest(s.token), s.until); err != nil {
			return err
		}
		return st.Users.UpdateUser(ctx, c.user, func(acc *doorward.Account) error {
			_, has := stored(acc)
			if !acc.Active || f.owner(acc, c.attempt) != s.For || c.attempt != nil && has {
				return errSetupBad
			}
			acc.TFPrimaryMethod, acc.TFTOTPSecret = s.Method, s.Secret
			if s.Phone != "" {
				acc.TFPhoneNumber = s.Phone
			}
			return nil
		})
	})
	switch {
	case errors.Is(err, doorward.ErrClaimed), errors.Is(err, doorward.ErrNotFound), errors.Is(err, errSetupBad):
		return errSetupBad
	case err != nil:
		return fmt.Errorf("store a second factor: %w", err)
	}
	f.codes.Notify(ctx, codes.Notice{User: c.user, What: "notice_second_set", Method: s.Method})
	doorward.Fire(ctx, f.rt, &f.hooks.ProfileChanged, ProfileChanged{User: c.user, Method: s.Method})
	return nil
}
