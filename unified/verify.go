package unified

import (
	"context"
	"errors"
	"net/http"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/password"
)

// verifyForm proves again who is signed in, or asks for a code to do so.
type verifyForm struct {
	Passcode string `json:"passcode" kind:"code"`
	Method   string `json:"chosen_method"`
	Next     string `json:"next"`
}

func (f *Feature) verify() doorward.Form[verifyForm] {
	return doorward.Form[verifyForm]{
		Page: f.verifyPage,
		Check: func(_ *http.Request, in *verifyForm, p *doorward.Problem) {
			p.Require("passcode", in.Passcode, "INVALID_PASSWORD_CODE")
		},
		Submit: f.submitVerify,
	}
}

func (f *Feature) verifyPage(r *http.Request, _ *verifyForm) (doorward.Result, error) {
	u, err := f.me(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	return f.verifyShown(r, u), nil
}

func (f *Feature) verifyShown(r *http.Request, u doorward.User) doorward.Result {
	shown := f.rt.Web().Reauth(r, u)
	shown["available_methods"] = f.methods
	shown["code_methods"] = only(f.methods, func(m string) bool { return f.ready(u.SecurityAccount(), m) == nil })
	return doorward.Result{Page: f.cfg.VerifyTemplate, Scope: "us_verify", JSON: shown, Values: shown}
}

// submitVerify takes any of the caller's methods, within the same limits as a
// sign-in, but not behind the strangers who sign in.
func (f *Feature) submitVerify(_ http.ResponseWriter, r *http.Request, in *verifyForm) (doorward.Result, error) {
	via, err := f.proveMine(r, func(ctx context.Context, u doorward.User) (string, error) {
		return f.match(password.Preferred(ctx, u.SecurityAccount().Uniquifier), himself, u, in.Passcode)
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Reauthenticated(r, via, in.Next, f.cfg.PostVerify)
}

// proveMine checks a passcode of who is signed in.
func (f *Feature) proveMine(r *http.Request, check func(context.Context, doorward.User) (string, error)) (via string, err error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return "", err
	}
	_, err = f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: kindPasscode, Identity: f.rt.SignIn().AccountName(id.User),
		Find: func(ctx context.Context) (doorward.User, error) {
			return f.byUniquifier(ctx, id.User.SecurityAccount().Uniquifier)
		},
		Check: func(ctx context.Context, u doorward.User) (err error) {
			if u == nil {
				return doorward.ErrAnonymous // gone meanwhile
			}
			via, err = check(ctx, u)
			if errors.Is(err, codes.ErrWrong) {
				return doorward.Fail("passcode", "INVALID_PASSWORD_CODE")
			}
			return err
		},
	})
	return via, err
}

// verifyCode sends the caller a code to prove himself with.
func (f *Feature) verifyCode() doorward.Form[verifyForm] {
	return doorward.Form[verifyForm]{Page: f.verifyPage, Submit: f.submitVerifyCode}
}

func (f *Feature) submitVerifyCode(_ http.ResponseWriter, r *http.Request, in *verifyForm) (doorward.Result, error) {
	u, err := f.me(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	acc := u.SecurityAccount()
	if err := f.ready(acc, in.Method); err != nil {
		return doorward.Result{}, err
	}
	err = f.send(r, delivery{user: u, method: in.Method, to: address(acc, in.Method), secret: f.secret(r.Context(), himself, u, in.Method)})
	if err != nil {
		return doorward.Result{}, err
	}
	res := f.verifyShown(r, u)
	res.Form, res.JSON, res.Flash = in, map[string]any{}, []doorward.Message{doorward.M("CODE_HAS_BEEN_SENT")}
	return res, nil
}
