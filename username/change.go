package username

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/doorward/doorward"
)

// changeForm is what is posted to the page that changes the username.
type changeForm struct {
	Username string `json:"username"`
}

func (f *Feature) change() doorward.Form[changeForm] {
	return doorward.Form[changeForm]{Page: f.changePage, Check: f.checkChange, Submit: f.submitChange}
}

func (f *Feature) changePage(r *http.Request, _ *changeForm) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	var current any // null, as the column
	name := id.User.SecurityAccount().Username
	if name != "" {
		current = name
	}
	return doorward.Result{
		Page: f.cfg.Change.Template, Scope: "change_username", User: id.User,
		Values: map[string]any{"Current": name, "Required": f.cfg.Required, "Min": f.cfg.Rules.MinLength, "Max": f.cfg.Rules.MaxLength},
		JSON:   map[string]any{"current_username": current},
	}, nil
}

// checkChange replaces the username by its normal form.
func (f *Feature) checkChange(_ *http.Request, in *changeForm, p *doorward.Problem) {
	if f.cfg.Required && !p.Require("username", in.Username, "USERNAME_NOT_PROVIDED") || p.Has("username") {
		return
	}
	normal, v := f.cfg.Rules.Check(in.Username)
	if v != nil {
		p.Add("username", doorward.Message{Key: v.Key, Args: v.Args, Text: v.Text})
		return
	}
	in.Username = normal
}

func (f *Feature) submitChange(_ http.ResponseWriter, r *http.Request, in *changeForm) (doorward.Result, error) {
	ctx := r.Context()
	id, err := doorward.IdentityFrom(ctx)
	if err != nil {
		return doorward.Result{}, err
	}
	if err := f.rt.Mail().AdmitOwn(r, "change", id.User); err != nil {
		return doorward.Result{}, err
	}
	old, err := f.rename(ctx, id.User, in.Username)
	if err != nil {
		return doorward.Result{}, err
	}
	if old != in.Username { // or there was none, and there is none
		doorward.Fire(ctx, f.rt, &f.hooks.UsernameChanged, UsernameChanged{User: id.User, OldUsername: old})
		f.notify(ctx, id.User)
	}
	view := f.cfg.Change.PostChange
	if view == "" {
		view = f.rt.Links().PostLogin()
	}
	res, err := f.rt.Links().End(r, doorward.LinkEnd{Message: doorward.M("USERNAME_CHANGE"), Else: view, JSON: map[string]any{}})
	res.User = id.User
	return res, err
}

// rename stores a username, in one step with the question who has it. Of two who
// want the same at once the store's unique index refuses one.
func (f *Feature) rename(ctx context.Context, u doorward.User, name string) (old string, err error) {
	err = f.rt.Stores().InTx(ctx, func(ctx context.Context) error {
		if err := f.available(ctx, u, name); err != nil {
			return err
		}
		return f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
			if name == "" && f.onlyName(acc) {
				return doorward.Fail("username", "USERNAME_NOT_PROVIDED")
			}
			old, acc.Username = acc.Username, name
			return nil
		})
	})
	var told *doorward.Problem
	switch {
	case err == nil || errors.As(err, &told):
		return old, err
	case errors.Is(err, doorward.ErrDuplicate):
		return "", taken(name)
	case errors.Is(err, doorward.ErrNotFound):
		return "", doorward.ErrAnonymous // deleted meanwhile
	}
	return "", fmt.Errorf("store username: %w", err)
}

// available refuses what somebody has. One's own name is refused as it is, but
// may be written in other cases of letters. No name is nobody's.
func (f *Feature) available(ctx context.Context, u doorward.User, name string) error {
	if name == "" {
		return nil
	}
	owner, err := f.rt.Accounts().Holder(ctx, "username", name)
	if err != nil || owner == nil {
		return err
	}
	acc := owner.SecurityAccount()
	if acc.Uniquifier == u.SecurityAccount().Uniquifier && acc.Username != name {
		return nil
	}
	return taken(name)
}

func taken(name string) error {
	return doorward.Fail("username", "USERNAME_ALREADY_ASSOCIATED", "username", name)
}

// onlyName reports whether the username is all that an account can be named
// with: without it nobody could sign in to it any more.
func (f *Feature) onlyName(acc *doorward.Account) bool {
	only := false
	for _, ia := range f.rt.Identities() {
		switch {
		case ia.Attr == "username":
			only = true
		case ia.Attr == "email" && acc.Email != "", ia.Attr == "us_phone_number" && acc.USPhoneNumber != "":
			return false
		}
	}
	return only
}
