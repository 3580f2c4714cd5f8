package unified

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// signInForm is posted to the sign-in page, and to the one that sends a code.
// The order is that of the errors.
type signInForm struct {
	Next     string `json:"next"`
	Passcode string `json:"passcode" kind:"code"`
	Method   string `json:"chosen_method"`
	Identity string `json:"identity"`
	Remember bool   `json:"remember"`
}

const kindPasscode = "passcode" // of a proof

func (f *Feature) signIn() doorward.Form[signInForm] {
	return doorward.Form[signInForm]{New: f.newSignIn, Page: f.signInPage, Check: f.checkSignIn, Submit: f.submitSignIn}
}

func (f *Feature) newSignIn(*http.Request) *signInForm {
	return &signInForm{Remember: f.rt.Web().RememberDefault()}
}

func (f *Feature) signInPage(r *http.Request, _ *signInForm) (doorward.Result, error) {
	shown := f.choices()
	res := doorward.Result{Page: f.cfg.SignInTemplate, Scope: "us_signin", Values: shown, JSON: shown}
	id, err := doorward.IdentityFrom(r.Context())
	switch {
	case err == nil:
		res.User = id.User
	case !errors.Is(err, doorward.ErrAnonymous):
		return res, err
	default: // who begins anew does not go on with a half-finished sign-in
		f.rt.SignIn().Abandon(r)
	}
	if r.Method == http.MethodGet {
		f.rt.Web().OfferCSRFCookie(r)
	}
	return res, nil
}

// choices is what there is to sign in with, whoever asks.
func (f *Feature) choices() map[string]any {
	names := []string{}
	for _, ia := range f.rt.Identities() {
		names = append(names, ia.Attr)
	}
	return map[string]any{"identity_attributes": names, "available_methods": f.methods, "code_methods": only(f.methods, sent)}
}

// checkSignIn looks at the form alone.
func (f *Feature) checkSignIn(r *http.Request, in *signInForm, p *doorward.Problem) {
	in.Identity = strings.TrimSpace(in.Identity)
	f.rt.Web().CheckNext(r, in.Next, p)
	if p.Require("identity", in.Identity, "US_SPECIFY_IDENTITY") {
		p.Require("passcode", in.Passcode, "INVALID_PASSWORD_CODE")
	}
	p.Generic("GENERIC_AUTHN_FAILED", "identity", "passcode")
}

// submitSignIn proves the passcode first, by whatever method it is of, and asks
// only then whether the account may sign in: or else strangers could tell which
// accounts are switched off.
func (f *Feature) submitSignIn(w http.ResponseWriter, r *http.Request, in *signInForm) (doorward.Result, error) {
	via, identity := "", f.rt.SignIn().Identify(in.Identity)
	user, err := f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: kindPasscode, Identity: identity,
		Find: func(ctx context.Context) (doorward.User, error) { return f.rt.Accounts().Find(ctx, in.Identity) },
		Check: func(ctx context.Context, u doorward.User) (err error) {
			via, err = f.match(ctx, f.stranger(r, byIdentity, identity), u, in.Passcode)
			if errors.Is(err, codes.ErrWrong) {
				return wrong(u)
			}
			return err
		},
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Login(w, r, doorward.Attempt{
		User: user, Via: []string{via}, Field: "identity", Remember: in.Remember, Next: in.Next, MultiFactor: f.enough(via),
	})
}

// wrong says that a passcode was nobody's, or not u's.
func wrong(u doorward.User) error {
	if u == nil {
		return doorward.Fail("identity", "US_SPECIFY_IDENTITY").Generic("GENERIC_AUTHN_FAILED")
	}
	return doorward.Fail("passcode", "INVALID_PASSWORD_CODE").Generic("GENERIC_AUTHN_FAILED")
}

// enough reports whether no second factor is asked for after a method.
func (f *Feature) enough(via string) bool { return !slices.Contains(f.cfg.MFARequired, via) }
