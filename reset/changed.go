package reset

import (
	"context"
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// unlocker is what limits guessing at accounts.
type unlocker interface {
	Unlock(ctx context.Context, u doorward.User, by string) (bool, error)
}

// isOwn reports whether the visitor is signed in to the account.
func isOwn(ctx context.Context, u doorward.User) bool {
	id, err := doorward.IdentityFrom(ctx)
	return err == nil && id.User.SecurityAccount().Uniquifier == u.SecurityAccount().Uniquifier
}

// changed tells everybody of a password that is stored, whatever becomes of the
// request, and signs the visitor in if the settings say so. own says that the
// session he came with is one of those that have ended.
func (f *Feature) changed(w http.ResponseWriter, r *http.Request, ev PasswordReset, own bool) (doorward.Result, error) {
	ctx, u := context.WithoutCancel(r.Context()), ev.User
	doorward.Fire(ctx, f.rt, &f.hooks.PasswordReset, ev)
	if l, ok := doorward.Find[unlocker](f.rt); ok {
		if _, err := l.Unlock(ctx, u, "reset"); err != nil { // time does it, too
			f.rt.Logger().ErrorContext(ctx, "an account whose password was reset was not unlocked", "err", err)
		}
	}
	if !f.cfg.NoNotice { // ASVS 6.3.7
		f.rt.Mail().Notify(ctx, doorward.Letter{
			Template: f.cfg.NoticeTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_PASSWORD_NOTICE", f.cfg.NoticeSubject), To: emailOf(u), User: u,
		})
	}
	if own {
		if err := f.rt.SignIn().Logout(r); err != nil { // the session is over in any case
			f.rt.Logger().ErrorContext(ctx, "a cookie of a session that a reset ended was left", "err", err)
		}
	}
	if f.cfg.AutoLogin {
		return f.signIn(w, r, u)
	}
	return f.done(r)
}

// done leads to where the visitor signs in.
func (f *Feature) done(r *http.Request, more ...doorward.Message) (doorward.Result, error) {
	res, err := f.rt.Links().End(r, doorward.LinkEnd{
		Message: doorward.M("PASSWORD_RESET_NO_LOGIN"), View: f.cfg.PostReset, Else: "login", JSON: map[string]any{},
	})
	res.Flash, res.Bare = append(res.Flash, more...), true
	return res, err
}

// signIn takes the visitor through the funnel, so that a reset skips neither
// gates nor the second factor (ASVS 6.4.3). Where it stops him the password is
// changed all the same, and the answer says so.
func (f *Feature) signIn(w http.ResponseWriter, r *http.Request, u doorward.User) (doorward.Result, error) {
	res, err := f.rt.SignIn().Login(w, r, doorward.Attempt{
		User: u, Via: []string{"reset"}, View: f.cfg.PostReset,
		// In place of next: a link leads where the settings say.
		End: &doorward.LinkEnd{Message: doorward.M("PASSWORD_RESET"), View: f.cfg.PostReset, Else: f.rt.Links().PostLogin()},
	})
	if err == nil {
		return res, nil
	}
	told, ok := errors.AsType[*doorward.Problem](err)
	if !ok {
		f.rt.Logger().ErrorContext(r.Context(), "password reset, but not signed in", "err", err)
		return f.done(r)
	}
	var why []doorward.Message
	for _, e := range told.Errors {
		why = append(why, e.Message)
	}
	return f.done(r, why...)
}
