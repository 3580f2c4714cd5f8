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

// submit checks every field and asks the limiters, then hashes a password once
// whether the account will be made or not, then makes it, then writes one mail whatever came
// of it.
func (f *Feature) submit(w http.ResponseWriter, r *http.Request, in *registerForm) (doorward.Result, error) {
	ctx := r.Context()
	user := f.rt.Stores().Admin.NewUser()
	mayMail, err := f.check(r, in, user)
	if err != nil {
		return doorward.Result{}, err
	}
	acc := user.SecurityAccount()
	if err := f.credential(ctx, acc, in.Password); err != nil {
		return doorward.Result{}, err
	}
	acc.Email, acc.Username, acc.Active = in.Email, in.Username, true
	had, err := f.create(ctx, user) // which looks up once more what is known to be taken, too
	if err != nil {
		return doorward.Result{}, err
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

// admit looks up what is taken, and asks the limiters before anything that costs
// more, whether the form is good or not (ASVS 2.4.1). It reports whether a mail may
// go out; what is wrong with the form already sends none, and takes none from the
// owner of the address.
func (f *Feature) admit(r *http.Request, email string, in *registerForm, p *doorward.Problem) (had taken, mayMail bool, err error) {
	ask := asked{email: email}
	if !p.Has("username") {
		ask.username = in.Username
	}
	if had, err = f.taken(r.Context(), ask); err != nil {
		return taken{}, false, err
	}
	refused := email == "" || len(p.Errors) > 0 || had.any() && !f.rt.Generic()
	if refused || !f.mails() {
		return had, false, f.rt.SignIn().Count(r, "register")
	}
	mayMail, err = f.rt.Mail().Admit(r, "register", email, had.email)
	return had, mayMail, err
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
// generic mode. It reports whether a mail may go out.
func (f *Feature) check(r *http.Request, in *registerForm, user doorward.User) (mayMail bool, err error) {
	ctx, p := r.Context(), &doorward.Problem{}
	f.checkShape(r, in, p)
	if err := f.setOwn(in, user, p); err != nil {
		return false, err
	}
	likely := ""
	if !p.Has("email") {
		likely = f.likely(strings.TrimSpace(in.Email))
	}
	had, mayMail, err := f.admit(r, likely, in, p)
	if err != nil {
		return false, err
	}
	if err := f.checkEmail(ctx, in, p); err != nil {
		return false, err
	}
	if p.Has("email") {
		had.email = nil // it is no address: whose it would be does not matter
	} else if in.Email != likely { // Email has a form of its own; then that counts, too
		if had, mayMail, err = f.admit(r, in.Email, in, p); err != nil {
			return false, err
		}
	}
	if !f.rt.Generic() {
		had.report(in, p)
	}
	if strings.TrimSpace(in.Password) != "" {
		for _, v := range f.cfg.Policy.Check(ctx, in.Password, []string{in.Email, in.Username}) {
			p.Add("password", doorward.Message{Key: v.Key, Args: v.Args, Text: v.Text})
		}
	}
	return mayMail, p.OrNil()
}

// likely returns the normal form of an address without asking anybody, or "".
func (f *Feature) likely(typed string) string {
	if normal, err := address.Normalize(typed); err == nil {
		return normal
	}
	for _, ia := range f.rt.Identities() {
		if ia.Attr == "email" {
			return ia.Map(typed)
		}
	}
	return ""
}

// checkEmail replaces the address by its normal form, if it can receive mail.
// The DNS may be asked for that.
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

// coder makes what a user without a password signs in with: package unified does.
type coder interface {
	NewUserSecrets() (map[string]string, error)
}

// credential gives a new account a password, or without one a secret from which
// codes are made that are sent to its address.
func (f *Feature) credential(ctx context.Context, acc *doorward.Account, plain string) (err error) {
	if plain != "" {
		if acc.PasswordHash, err = f.cfg.Hasher.Hash(ctx, plain); err != nil {
			return hashTrouble(err)
		}
		return nil
	}
	if c, on := doorward.Find[coder](f.rt); on {
		if acc.USTOTPSecrets, err = c.NewUserSecrets(); err != nil {
			return fmt.Errorf("make secrets for a new user: %w", err)
		}
	}
	if len(acc.USTOTPSecrets) == 0 {
		return errors.New("an account without a password has no way to sign in")
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
