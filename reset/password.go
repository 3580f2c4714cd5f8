package reset

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
)

// resetForm is the new password.
type resetForm struct {
	Password        string `json:"password"`
	PasswordConfirm string `json:"password_confirm"`
}

func (f *Feature) resetForm() doorward.Form[resetForm] {
	return doorward.Form[resetForm]{
		Page: f.resetPage,
		// A form with a value of the wrong type gets no further than this; any
		// other is checked in reset, when it is known whose link it is.
		Check: func(_ *http.Request, in *resetForm, p *doorward.Problem) {
			if len(p.Errors) > 0 {
				checkShape(in, p)
			}
		},
		Submit: f.reset,
	}
}

// resetPage asks for the new password. Opening a link changes nothing in any
// mode, so it does not matter who opens it (ASVS 3.5.3).
func (f *Feature) resetPage(r *http.Request, _ *resetForm) (doorward.Result, error) {
	token := r.PathValue("token")
	if r.Method != http.MethodPost {
		_, err := f.open(r.Context(), token)
		switch {
		case isOver(err):
			return f.rt.Links().End(r, f.over(err))
		case err != nil:
			return doorward.Result{}, err
		case f.rt.Links().SPA():
			return f.rt.Links().End(r, doorward.LinkEnd{View: f.cfg.View, Query: map[string]string{"token": token}, JSON: map[string]any{}})
		}
	}
	return doorward.Result{
		Page: f.cfg.ResetTemplate, Scope: "reset_password", JSON: map[string]any{},
		Values: map[string]any{"Action": r.URL.EscapedPath(), "Token": token, "PasswordLength": f.cfg.PasswordLength, "SignsIn": f.cfg.AutoLogin},
	}, nil
}

// reset sets the password of a link's account. A form that is refused leaves
// the link as good as it was.
func (f *Feature) reset(w http.ResponseWriter, r *http.Request, in *resetForm) (doorward.Result, error) {
	ctx := r.Context()
	link, err := f.open(ctx, r.PathValue("token"))
	if err == nil {
		err = f.check(ctx, in, link.User)
	}
	hash := ""
	if err == nil { // before the transaction, which holds locks
		if hash, err = f.cfg.Hasher.Hash(ctx, in.Password); err != nil {
			return doorward.Result{}, hashTrouble(err)
		}
		own := isOwn(ctx, link.User)
		var proved bool
		if proved, err = f.store(ctx, link, hash); err == nil {
			return f.changed(w, r, PasswordReset{User: link.User, Confirmed: proved}, own)
		}
	}
	if isOver(err) {
		return f.rt.Links().End(r, f.over(err))
	}
	return doorward.Result{}, err
}

// checkShape checks what the form alone tells.
func checkShape(in *resetForm, p *doorward.Problem) {
	p.Require("password", in.Password, "PASSWORD_NOT_PROVIDED")
	if p.Require("password_confirm", in.PasswordConfirm, "PASSWORD_NOT_PROVIDED") && in.PasswordConfirm != in.Password {
		p.Add("password_confirm", doorward.M("RETYPE_PASSWORD_MISMATCH"))
	}
}

// check says everything that is wrong at once. The policy knows what of the
// account somebody who guesses would try first (ASVS 6.1.2, 6.2.11).
func (f *Feature) check(ctx context.Context, in *resetForm, u doorward.User) error {
	p, acc := &doorward.Problem{}, u.SecurityAccount()
	checkShape(in, p)
	if strings.TrimSpace(in.Password) != "" {
		for _, v := range f.cfg.Policy.Check(ctx, in.Password, []string{acc.Email, acc.Username, acc.USPhoneNumber}) {
			p.Add("password", doorward.Message{Key: v.Key, Args: v.Args, Text: v.Text})
		}
	}
	return p.OrNil()
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

// store uses the link up, sets the password and ends every session, remembered
// browser and token, in one step. Of any number of links that are used at once
// one sets the password: a second use of the same one is refused by its claim,
// and another one by the hash, which the first has changed. Without transactions
// the password and the uniquifier still change together or not at all.
//
// Who has the link reads the mail of the address: if that was not confirmed, it
// is now, and confirmed is true. The password that a stranger may have chosen for
// it is gone, as are his sessions.
func (f *Feature) store(ctx context.Context, l doorward.Link, hash string) (confirmed bool, err error) {
	st, was, now := f.rt.Stores(), bound(l.User.SecurityAccount()), f.rt.Now().UTC().Truncate(time.Microsecond)
	err = st.InTx(ctx, func(ctx context.Context) error {
		if err := f.links.Use(ctx, l); err != nil {
			return err
		}
		// It stays locked until the transaction ends.
		if err := st.Users.UpdateUser(ctx, l.User, func(acc *doorward.Account) error { return f.links.Still(l, acc) }); err != nil {
			return fmt.Errorf("look at whose password to reset: %w", err)
		}
		return f.rt.Accounts().SignOutEverywhere(ctx, l.User, func(acc *doorward.Account) error {
			if !acc.Active || bound(acc) != was {
				return doorward.ErrLinkDead
			}
			acc.PasswordHash = hash
			if confirmed = acc.ConfirmedAt.IsZero(); confirmed {
				acc.ConfirmedAt = now
			}
			return nil
		})
	})
	if errors.Is(err, doorward.ErrNotFound) {
		err = doorward.ErrLinkDead // the account was deleted meanwhile
	}
	return confirmed && err == nil, err
}
