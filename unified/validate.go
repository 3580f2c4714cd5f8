package unified

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/signed"
)

// state is a way to sign in that is being set up. It goes with the visitor, signed
// and bound to the account that asked for it, with the secret sealed, and is used
// once.
type state struct {
	For    string `json:"f"` // whose it is, in a way that tells nobody
	Method string `json:"m"`
	Secret string `json:"s"`
	Phone  string `json:"p,omitempty"`
}

// owner names an account: its uniquifier would be in logs of URLs otherwise.
func (f *Feature) owner(acc *doorward.Account) string {
	return f.states.Digest("owner\x00" + acc.Uniquifier)
}

func (f *Feature) sign(st state) string {
	payload, err := json.Marshal(st)
	if err != nil {
		return "" // strings always marshal
	}
	return f.states.Sign(payload, f.rt.Now())
}

// open returns the state of a token that u was given. The error is a
// [doorward.Problem] that leads back to where another one is given.
func (f *Feature) open(u doorward.User, token string) (st state, err error) {
	payload, _, err := f.states.Verify(token, f.cfg.SetupWithin, f.rt.Now())
	expired := errors.Is(err, signed.ErrExpired)
	if err != nil && !expired || json.Unmarshal(payload, &st) != nil || st.For != f.owner(u.SecurityAccount()) || !f.offers(st.Method) {
		return st, f.dead("", doorward.M("API_ERROR"))
	}
	if expired {
		return st, f.dead("", doorward.M("US_SETUP_EXPIRED", "within", f.cfg.SetupWithin))
	}
	return st, nil
}

// dead is a problem after which setting up begins anew.
func (f *Feature) dead(field string, m doorward.Message) *doorward.Problem {
	p := &doorward.Problem{}
	p.Add(field, m)
	return p.LeadTo(f.rt.Web().Path("us_setup"))
}

// stateShown is the page that asks for the code of st.
func (f *Feature) stateShown(u doorward.User, st state, token string) (doorward.Result, error) {
	res := f.setupShown(u)
	more := map[string]any{"chosen_method": st.Method, "state": token, "phone": nullable(st.Phone)}
	if st.Method == codes.Authenticator {
		secret, err := f.codes.Open(st.Secret)
		if err != nil {
			return res, err
		}
		shown, err := f.codes.Setup(secret, u)
		if err != nil {
			return res, err
		}
		maps.Copy(more, map[string]any{"authr_key": shown.Key, "authr_b32key": shown.Base32, "authr_username": shown.Username, "authr_issuer": shown.Issuer, "authr_uri": shown.URI})
		res.Values["authr_qrcode"], res.Values["authr_link"] = shown.QR, template.URL(shown.URI) // #nosec G203 -- made here, of escaped parts
	}
	maps.Copy(res.Values, more)
	res.Values["code_sent"] = sent(st.Method)
	res.JSON = more
	return res, nil
}

// validateForm has the code that completes a set-up.
type validateForm struct {
	Passcode string `json:"passcode" kind:"code"`
}

func (f *Feature) validate() doorward.Form[validateForm] {
	return doorward.Form[validateForm]{
		Page: f.validatePage,
		Check: func(_ *http.Request, in *validateForm, p *doorward.Problem) {
			p.Require("passcode", in.Passcode, "code_required")
		},
		Submit: f.submitValidate,
	}
}

// validatePage shows what a wrong code was for, with the same picture.
func (f *Feature) validatePage(r *http.Request, _ *validateForm) (doorward.Result, error) {
	u, err := f.me(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	token := r.PathValue("token")
	st, err := f.open(u, token)
	if err != nil {
		return doorward.Result{}, err
	}
	return f.stateShown(u, st, token)
}

// submitValidate stores what was set up, after its code came back.
func (f *Feature) submitValidate(_ http.ResponseWriter, r *http.Request, in *validateForm) (doorward.Result, error) {
	u, err := f.me(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	token := r.PathValue("token")
	st, err := f.open(u, token)
	if err != nil {
		return doorward.Result{}, err
	}
	_, err = f.proveMine(r, func(ctx context.Context, _ doorward.User) (string, error) {
		secret, err := f.codes.Open(st.Secret)
		if err != nil {
			return "", err
		}
		return st.Method, f.codes.Check(ctx, secret, in.Passcode, f.cfg.TokenValidity, sent(st.Method))
	})
	if err != nil {
		return doorward.Result{}, err
	}
	if err := f.store(r.Context(), u, st, token); err != nil {
		return doorward.Result{}, err
	}
	f.codes.Notify(r.Context(), codes.Notice{User: u, What: "notice_set", Method: st.Method})
	doorward.Fire(r.Context(), f.rt, &f.hooks.ProfileChanged, ProfileChanged{User: u, Methods: []string{st.Method}})
	return doorward.Result{
		Redirect: f.rt.Web().View(f.cfg.PostSetup), Flash: []doorward.Message{doorward.M("US_SETUP_SUCCESSFUL")},
		JSON: map[string]any{"chosen_method": st.Method, "phone": nullable(st.Phone)},
	}, nil
}

// claimSlack is how much longer it is remembered that a state was used than it
// lives, for machines whose clocks differ.
const claimSlack = time.Hour

// store keeps what was set up with u, once. That nobody has the phone number is
// the column's to say, now and not when it was asked for.
func (f *Feature) store(ctx context.Context, u doorward.User, st state, token string) error {
	stores := f.rt.Stores()
	err := stores.InTx(ctx, func(ctx context.Context) error {
		until := f.rt.Now().Add(f.cfg.SetupWithin + claimSlack)
		if err := stores.Claims.Claim(ctx, f.states.Digest(token), until); err != nil {
			return err
		}
		return stores.Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
			if f.owner(acc) != st.For {
				return doorward.ErrAnonymous // signed out everywhere meanwhile
			}
			secrets := map[string]string{st.Method: st.Secret}
			for m, s := range acc.USTOTPSecrets {
				if m != st.Method {
					secrets[m] = s
				}
			}
			acc.USTOTPSecrets = secrets
			if st.Method == codes.SMS {
				acc.USPhoneNumber = st.Phone
			}
			return nil
		})
	})
	switch {
	case errors.Is(err, doorward.ErrClaimed):
		return f.dead("", doorward.M("API_ERROR"))
	case errors.Is(err, doorward.ErrDuplicate):
		return taken().LeadTo(f.rt.Web().Path("us_setup"))
	case err != nil && !errors.Is(err, doorward.ErrAnonymous):
		return fmt.Errorf("store a way to sign in: %w", err)
	}
	return err
}
