package change

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/text/unicode/norm"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

// submit proves the old password, judges the new one, hashes it, and only then
// changes the account, which takes no time worth mentioning.
func (f *Feature) submit(_ http.ResponseWriter, r *http.Request, in *changeForm) (doorward.Result, error) {
	u, err := f.caller(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if u.SecurityAccount().PasswordHash != "" {
		if u, err = f.prove(r, u, in.Password); err != nil {
			return doorward.Result{}, err
		}
		if same(in.Password, in.NewPassword) {
			return doorward.Result{}, doorward.Fail("password", "PASSWORD_IS_THE_SAME")
		}
	}
	ctx, acc := r.Context(), u.SecurityAccount()
	if err := f.judge(ctx, acc, in.NewPassword); err != nil {
		return doorward.Result{}, err
	}
	if err := f.rt.Mail().AdmitOwn(r, "change", u); err != nil {
		return doorward.Result{}, err
	}
	proved := acc.PasswordHash
	hash, err := f.hash(password.Preferred(ctx, acc.Uniquifier), in.NewPassword)
	if err != nil {
		return doorward.Result{}, err
	}
	res, err := f.rt.SignIn().Renew(r, u, "change", func(acc *doorward.Account) error {
		if acc.PasswordHash != proved { // somebody was faster, and it is his password now
			return wrongPassword()
		}
		acc.PasswordHash = hash
		return nil
	})
	if errors.Is(err, doorward.ErrAnonymous) { // the same, seen by its ending this session
		err = wrongPassword()
	}
	if err != nil {
		return doorward.Result{}, err
	}
	f.changed(ctx, u, !f.cfg.NoEmail)
	res.Redirect = f.rt.Web().View(f.cfg.PostChange)
	if res.Redirect == "" {
		res.Redirect = f.rt.Links().PostLogin()
	}
	res.Flash = []doorward.Message{doorward.M("PASSWORD_CHANGE")}
	return res, nil
}

// same reports whether two passwords are one. Texts that any normal form makes
// equal are equal in this one, whatever PASSWORD_NORMALIZE_FORM is.
func same(one, other string) bool { return norm.NFKD.String(one) == norm.NFKD.String(other) }

// judge asks the policy, which knows what an attacker would try for this user
// (ASVS 6.2.11).
func (f *Feature) judge(ctx context.Context, acc *doorward.Account, plain string) error {
	p := &doorward.Problem{}
	for _, v := range f.cfg.Policy.Check(ctx, plain, []string{acc.Email, acc.Username, acc.USPhoneNumber, acc.TFPhoneNumber}) {
		p.Add("new_password", doorward.Message{Key: v.Key, Args: v.Args, Text: v.Text})
	}
	return p.OrNil()
}

// hash decides what a visitor sees when his password was not hashed.
func (f *Feature) hash(ctx context.Context, plain string) (string, error) {
	hash, err := f.cfg.Hasher.Hash(ctx, plain)
	switch {
	case err == nil:
		return hash, nil
	case errors.Is(err, password.ErrBusy):
		return "", doorward.Busy(err)
	case errors.Is(err, password.ErrTooLong):
		return "", doorward.Fail("new_password", "PASSWORD_TOO_LONG")
	}
	return "", fmt.Errorf("hash new password: %w", err)
}

// Set gives u another password, for operators: everything that was signed in as
// u is signed out, tokens included. The policy is not asked; that is up to
// whoever calls. notify sends u a mail about it.
func (f *Feature) Set(ctx context.Context, u doorward.User, plain string, notify bool) error {
	hash, err := f.cfg.Hasher.Hash(ctx, plain)
	if err != nil {
		return fmt.Errorf("hash new password: %w", err)
	}
	err = f.rt.Accounts().SignOutEverywhere(ctx, u, func(acc *doorward.Account) error { acc.PasswordHash = hash; return nil })
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	f.changed(ctx, u, notify)
	return nil
}

// changed tells everybody that there is a new password.
func (f *Feature) changed(ctx context.Context, u doorward.User, notify bool) {
	if notify && f.rt.Mail().On() {
		f.rt.Mail().Notify(ctx, doorward.Letter{
			Template: f.cfg.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE", f.cfg.Subject),
			To: u.SecurityAccount().Email, User: u,
		})
	}
	doorward.Fire(ctx, f.rt, &f.hooks.PasswordChanged, PasswordChanged{User: u})
}
