package login

import (
	"context"
	"fmt"
	"net/http"

	"github.com/doorward/doorward"
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
// limits as a sign-in.
func (f *Feature) submitVerify(_ http.ResponseWriter, r *http.Request, in *verifyForm) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	acc := id.User.SecurityAccount()
	_, err = f.rt.SignIn().Prove(r, "password", f.name(id.User), func(ctx context.Context) (doorward.User, error) {
		user, err := f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: acc.Uniquifier})
		if err != nil {
			return nil, fmt.Errorf("find user to verify: %w", err)
		}
		return user, f.checkPassword(ctx, user, in.Password)
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
