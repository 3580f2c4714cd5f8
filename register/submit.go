package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
	"github.com/doorward/doorward/password"
)

// submit checks every field, then asks the limiters (ASVS 2.4.1), then hashes
// once whether the account will be made or not, then makes it, then writes one
// mail whatever came of it.
func (f *Feature) submit(w http.ResponseWriter, r *http.Request, in *registerForm) (doorward.Result, error) {
	ctx := r.Context()
	user := f.rt.Stores().Admin.NewUser()
	had, err := f.check(r, in, user)
	if err != nil {
		return doorward.Result{}, err
	}
	mayMail, err := f.admit(r, in, had)
	if err != nil {
		return doorward.Result{}, err
	}
	hash, err := f.cfg.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return doorward.Result{}, hashTrouble(err)
	}
	acc := user.SecurityAccount()
	acc.Email, acc.Username, acc.PasswordHash, acc.Active = in.Email, in.Username, hash, true
	if !had.any() {
		if had, err = f.create(ctx, user); err != nil {
			return doorward.Result{}, err
		}
	}
	if had.any() && !f.rt.Generic() {
		p := &doorward.Problem{}
		had.report(in, p)
		return doorward.Result{}, p
	}
	f.tell(ctx, user, had)
	if f.mails() {
		f.rt.Mail().Notify(ctx, f.letter(ctx, user, had, mayMail))
	}
	if f.rt.Generic() {
		return f.received(r, in), nil
	}
	return f.welcome(w, r, in, user), nil
}

// admit asks the limiters, and reports whether a mail may go out, too.
func (f *Feature) admit(r *http.Request, in *registerForm, had taken) (mayMail bool, err error) {
	if !f.mails() {
		return false, f.rt.SignIn().Count(r, "register")
	}
	return f.rt.Mail().Admit(r, "register", in.Email, had.email)
}

// tell fires the event.
func (f *Feature) tell(ctx context.Context, user doorward.User, had taken) {
	if had.any() {
		doorward.Fire(ctx, f.rt, &f.hooks.NotRegistered, NotRegistered{User: had.owner(), ExistingEmail: had.email != nil, ExistingUsername: had.username != nil})
		return
	}
	doorward.Fire(ctx, f.rt, &f.hooks.Registered, Registered{User: user})
}

// check looks at everything there is to say about the form, so that a visitor
// is told all of it at once. What is taken is a message on its field, except in
// generic mode; it is returned in any case.
func (f *Feature) check(r *http.Request, in *registerForm, user doorward.User) (taken, error) {
	ctx, p := r.Context(), &doorward.Problem{}
	f.checkShape(r, in, p)
	if err := f.checkEmail(ctx, in, p); err != nil {
		return taken{}, err
	}
	if err := f.setOwn(in, user, p); err != nil {
		return taken{}, err
	}
	var ask asked
	if !p.Has("email") {
		ask.email = in.Email
	}
	if !p.Has("username") {
		ask.username = in.Username
	}
	had, err := f.taken(ctx, ask)
	if err != nil {
		return taken{}, err
	}
	if !f.rt.Generic() {
		had.report(in, p)
	}
	if strings.TrimSpace(in.Password) != "" {
		for _, v := range f.cfg.Policy.Check(ctx, in.Password, []string{in.Email, in.Username}) {
			p.Add("password", doorward.Message{Key: v.Key, Args: v.Args, Text: v.Text})
		}
	}
	return had, p.OrNil()
}

// checkEmail replaces the address by its normal form.
func (f *Feature) checkEmail(ctx context.Context, in *registerForm, p *doorward.Problem) error {
	if p.Has("email") {
		return nil
	}
	normal, err := f.cfg.Email(ctx, strings.TrimSpace(in.Email))
	switch {
	case errors.Is(err, address.ErrInvalid), errors.Is(err, address.ErrUndeliverable):
		p.Add("email", doorward.M("INVALID_EMAIL_ADDRESS"))
	case err != nil:
		return fmt.Errorf("validate address: %w", err)
	default:
		in.Email = normal
	}
	return nil
}

// setOwn gives the application's fields to it.
func (f *Feature) setOwn(in *registerForm, user doorward.User, p *doorward.Problem) error {
	for _, own := range f.cfg.Fields {
		if p.Has(own.Name) {
			continue
		}
		err := own.Set(user, in.Own[own.Name])
		var told *doorward.Problem
		switch {
		case errors.As(err, &told):
			for _, e := range told.Errors {
				p.Add(own.Name, e.Message)
			}
		case err != nil:
			return fmt.Errorf("field %s: %w", own.Name, err)
		}
	}
	return nil
}

// hashTrouble decides what a visitor sees when his password was not hashed.
func hashTrouble(err error) error {
	switch {
	case errors.Is(err, password.ErrBusy):
		return doorward.Busy(err)
	case errors.Is(err, password.ErrTooLong):
		return doorward.Fail("password", "PASSWORD_TOO_LONG")
	}
	return fmt.Errorf("hash new password: %w", err)
}
