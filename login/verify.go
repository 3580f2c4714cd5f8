package login

import (
	"context"
	"net/http"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

type verifyForm struct {
	Password string `json:"password"`
	Next     string `json:"next"`
}

func (f *Feature) verify() doorward.Form[verifyForm] {
	return doorward.Form[verifyForm]{
		Page: func(r *http.Request, _ *verifyForm) (doorward.Result, error) {
			id, err := doorward.IdentityFrom(r.Context())
			keys := f.rt.Web().Reauth(r, id.User)
			return doorward.Result{Page: f.cfg.VerifyTemplate, Scope: "verify", User: id.User, JSON: keys, Values: keys}, err
		},
		Check: func(_ *http.Request, in *verifyForm, p *doorward.Problem) {
			p.Require("password", in.Password, "PASSWORD_NOT_PROVIDED")
		},
		Submit: f.submitVerify,
	}
}

// submitVerify compares the password of whoever is signed in, within the same
// limits as a sign-in, but not behind the strangers who sign in.
func (f *Feature) submitVerify(_ http.ResponseWriter, r *http.Request, in *verifyForm) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	acc := id.User.SecurityAccount()
	_, err = f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "password", Identity: f.name(id.User),
		Find: func(ctx context.Context) (doorward.User, error) {
			return f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: acc.Uniquifier})
		},
		Check: func(ctx context.Context, u doorward.User) error {
			if u == nil {
				return doorward.ErrAnonymous // gone meanwhile
			}
			return f.authenticate(password.Preferred(ctx, acc.Uniquifier), u, "", in.Password)
		},
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Reauthenticated(r, "password", in.Next, f.cfg.PostVerify)
}

// name is how the limiter knows a user: as when he signs in.
func (f *Feature) name(u doorward.User) string {
	acc := u.SecurityAccount()
	if v := f.rt.SignIn().Identify(acc.Email); v != "" {
		return v
	}
	return f.rt.SignIn().Identify(acc.Username)
}
