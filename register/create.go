package register

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward"
)

// asked is what a form wants to have; empty is nothing.
type asked struct{ email, username string }

// taken is who has it already.
type taken struct {
	email, username doorward.User
	attr            string // a unique column of the application's own
}

func (t taken) any() bool { return t.email != nil || t.username != nil || t.attr != "" }

func (t taken) owner() doorward.User {
	if t.email != nil {
		return t.email
	}
	return t.username
}

// report says what is taken, on the fields it was typed into.
func (t taken) report(in *registerForm, p *doorward.Problem) {
	if t.email != nil {
		p.Add("email", doorward.M("EMAIL_ALREADY_ASSOCIATED", "email", in.Email))
	}
	if t.username != nil {
		p.Add("username", doorward.M("USERNAME_ALREADY_ASSOCIATED", "username", in.Username))
	}
	if t.attr != "" {
		field, value := "", ""
		if v, own := in.Own[t.attr]; own {
			field, value = t.attr, v
		}
		p.Add(field, doorward.M("IDENTITY_ALREADY_ASSOCIATED", "attr", t.attr, "value", value))
	}
}

// taken looks up both, whatever the first gives.
func (f *Feature) taken(ctx context.Context, a asked) (t taken, err error) {
	if t.email, err = f.rt.Accounts().Holder(ctx, "email", a.email); err != nil {
		return taken{}, err
	}
	if t.username, err = f.rt.Accounts().Holder(ctx, "username", a.username); err != nil {
		return taken{}, err
	}
	return t, nil
}

var errTaken = errors.New("register: taken meanwhile")

// create stores the user with the default roles, unless somebody else was
// faster. Then it returns what is taken.
func (f *Feature) create(ctx context.Context, user doorward.User) (taken, error) {
	acc := user.SecurityAccount()
	ask := asked{acc.Email, acc.Username}
	var had taken
	err := f.rt.Stores().InTx(ctx, func(ctx context.Context) (err error) {
		if had, err = f.taken(ctx, ask); err != nil {
			return err
		}
		if had.any() {
			return errTaken
		}
		return f.rt.Stores().Admin.CreateUser(ctx, user, f.cfg.DefaultRoles...)
	})
	switch {
	case err == nil:
		return taken{}, nil
	case errors.Is(err, errTaken):
		return had, nil
	case errors.Is(err, doorward.ErrDuplicate):
		return f.duplicate(ctx, ask, err)
	case errors.Is(err, doorward.ErrNotFound):
		return taken{}, fmt.Errorf("register with REGISTER_ROLES %q, of which one does not exist: %w", f.cfg.DefaultRoles, err)
	}
	return taken{}, fmt.Errorf("store new user: %w", err)
}

// duplicate finds out which value the store refused.
func (f *Feature) duplicate(ctx context.Context, ask asked, cause error) (taken, error) {
	had, err := f.taken(ctx, ask)
	if err != nil || had.any() {
		return had, err
	}
	had.attr = "value" // deleted again since, or the store does not say
	if dup, ok := errors.AsType[*doorward.DuplicateError](cause); ok && dup.Attr != "" {
		had.attr = dup.Attr
	}
	return had, nil
}
