package change

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

// changeForm is what is posted. Password is the old one.
type changeForm struct {
	Password           string `json:"password"`
	NewPassword        string `json:"new_password"`
	NewPasswordConfirm string `json:"new_password_confirm"`
}

func (f *Feature) form() doorward.Form[changeForm] {
	return doorward.Form[changeForm]{Page: f.page, Check: check, Submit: f.submit}
}

func (f *Feature) page(r *http.Request, _ *changeForm) (doorward.Result, error) {
	u, err := f.caller(r)
	ended := r.Method == http.MethodPost && errors.Is(err, doorward.ErrAnonymous) // by who was faster: the form says so
	if err != nil && !ended {
		return doorward.Result{}, err
	}
	has := ended || u.SecurityAccount().PasswordHash != ""
	return doorward.Result{
		Page: f.cfg.Template, Scope: "change_password", User: u,
		Values: map[string]any{"ActivePassword": has, "PasswordLength": f.cfg.PasswordLength},
		JSON:   map[string]any{"active_password": has},
	}, nil
}

// caller returns the whole record of whoever is signed in. Without a password
// there is nothing to ask for, so the sign-in has to be a recent one, to look at
// the page and to send it (ASVS 7.5.1).
func (f *Feature) caller(r *http.Request) (doorward.User, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return nil, err
	}
	u, err := f.find(r.Context(), id.User.SecurityAccount().Uniquifier)
	if errors.Is(err, doorward.ErrNotFound) {
		return nil, doorward.ErrAnonymous // signed out meanwhile
	}
	if err == nil && u.SecurityAccount().PasswordHash == "" {
		err = f.rt.SignIn().RequireFresh(r)
	}
	return u, err
}

// find returns the user whose sessions have that uniquifier. It changes with
// every change of the password.
func (f *Feature) find(ctx context.Context, uniquifier string) (doorward.User, error) {
	u, err := f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: uniquifier})
	if err != nil {
		return nil, fmt.Errorf("find user whose password changes: %w", err)
	}
	return u, nil
}

// check looks at the form alone. Whether there is an old password to ask for is
// for submit to find out.
func check(_ *http.Request, in *changeForm, p *doorward.Problem) {
	p.Require("new_password", in.NewPassword, "PASSWORD_NOT_PROVIDED")
	if p.Require("new_password_confirm", in.NewPasswordConfirm, "PASSWORD_NOT_PROVIDED") && in.NewPasswordConfirm != in.NewPassword {
		p.Add("new_password_confirm", doorward.M("RETYPE_PASSWORD_MISMATCH"))
	}
}

// prove compares the old password, within the same limits as a sign-in: whoever
// stole a session does not get to guess the password by it (ASVS 6.3.1).
// It returns the record whose hash was compared.
func (f *Feature) prove(r *http.Request, u doorward.User, plain string) (doorward.User, error) {
	if strings.TrimSpace(plain) == "" {
		return nil, doorward.Fail("password", "PASSWORD_NOT_PROVIDED")
	}
	signIn, uniquifier := f.rt.SignIn(), u.SecurityAccount().Uniquifier
	return signIn.Prove(r, doorward.Proof{
		Kind: "password", Identity: signIn.AccountName(u),
		Find: func(ctx context.Context) (doorward.User, error) { return f.find(ctx, uniquifier) },
		Check: func(ctx context.Context, u doorward.User) error {
			if u == nil {
				return doorward.ErrAnonymous // signed out meanwhile
			}
			return f.compare(password.Preferred(ctx, uniquifier), u, plain)
		},
	})
}

func (f *Feature) compare(ctx context.Context, u doorward.User, plain string) error {
	match, err := f.cfg.Hasher.Verify(ctx, plain, u.SecurityAccount().PasswordHash)
	var unusable *password.HashError
	switch {
	case err == nil && match.OK:
		return nil
	case err == nil, errors.Is(err, password.ErrTooLong), errors.Is(err, password.ErrText):
		return wrongPassword()
	case errors.As(err, &unusable):
		f.rt.Logger().ErrorContext(ctx, "stored password hash cannot be used", "user", u.SecurityAccount().Uniquifier, "err", err)
		return wrongPassword()
	case errors.Is(err, password.ErrBusy):
		return doorward.Busy(err)
	}
	return fmt.Errorf("compare old password: %w", err)
}

func wrongPassword() *doorward.Problem { return doorward.Fail("password", "INVALID_PASSWORD") }
