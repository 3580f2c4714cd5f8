package passwordless

import (
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// showLink asks whoever followed a link to press a button: to sign in, or to
// get a new link in place of one that is too old. It names the account, so that
// nobody is signed in to another's without noticing.
func (f *Feature) showLink(r *http.Request) (doorward.Result, error) {
	l, err := f.links.Open(r.Context(), r.PathValue("token"))
	expired := errors.Is(err, doorward.ErrLinkExpired)
	switch {
	case errors.Is(err, doorward.ErrLinkDead):
		return f.failed(r, doorward.M("INVALID_LOGIN_TOKEN"), nil)
	case err != nil && !expired:
		return doorward.Result{}, err
	}
	return doorward.Result{Page: f.cfg.LinkTemplate, Scope: "token_login", JSON: map[string]any{}, Values: map[string]any{
		"Action": r.URL.EscapedPath(), "Email": l.User.SecurityAccount().Email, "Expired": expired, "Within": f.cfg.Within,
	}}, nil
}

// useLink signs in, once.
func (f *Feature) useLink(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	l, err := f.links.Open(r.Context(), r.PathValue("token"))
	if errors.Is(err, doorward.ErrLinkExpired) {
		return f.sendAgain(r, l)
	}
	if err == nil {
		err = f.links.Use(r.Context(), l)
	}
	if errors.Is(err, doorward.ErrLinkDead) {
		return f.failed(r, doorward.M("INVALID_LOGIN_TOKEN"), nil)
	}
	if err != nil {
		return doorward.Result{}, err
	}
	return f.signIn(w, r, l)
}

// signIn takes the owner of a link through the funnel.
func (f *Feature) signIn(w http.ResponseWriter, r *http.Request, l doorward.Link) (doorward.Result, error) {
	a := doorward.Attempt{User: l.User, Via: via(), Next: l.Extra, Flash: []doorward.Message{doorward.M("PASSWORDLESS_LOGIN_SUCCESSFUL")}}
	if links := f.rt.Links(); links.SPA() {
		a.Next, a.Flash, a.End = "", nil, &doorward.LinkEnd{View: links.PostLogin(), User: l.User}
	}
	res, err := f.rt.SignIn().Login(w, r, a)
	if err != nil {
		return f.stopped(r, err)
	}
	// What a GET answers may be read by another site, and may hold a token.
	res.Always = res.Always || r.Method != http.MethodPost && res.Redirect != ""
	return res, nil
}

// sendAgain sends a new link in place of one that is too old: within the limits
// of asking for one, and not to whom asking for one would not help.
func (f *Feature) sendAgain(r *http.Request, l doorward.Link) (doorward.Result, error) {
	to := l.User.SecurityAccount().Email
	send, err := f.rt.Mail().Admit(r, kindRequest, to, l.User)
	if err != nil {
		return doorward.Result{}, err
	}
	if err := f.maySignIn(r.Context(), l.User); err != nil {
		return f.stopped(r, err)
	}
	if err := f.sendLink(r.Context(), l.User, l.Extra, send); err != nil {
		return doorward.Result{}, err
	}
	return f.failed(r, doorward.M("LOGIN_EXPIRED", "within", f.cfg.Within, "email", to), l.User)
}

// stopped shows why a good link signs nobody in.
func (f *Feature) stopped(r *http.Request, err error) (doorward.Result, error) {
	var told *doorward.Problem
	if !errors.As(err, &told) || told.Status != 0 || len(told.Errors) == 0 {
		return doorward.Result{}, err
	}
	m := told.Errors[0].Message
	if f.rt.Generic() {
		m = doorward.M("GENERIC_AUTHN_FAILED")
	}
	return f.failed(r, m, nil)
}

// failed leads back to where links are asked for, and says why. u is named to a
// single-page application.
func (f *Feature) failed(r *http.Request, m doorward.Message, u doorward.User) (doorward.Result, error) {
	end := doorward.LinkEnd{Message: m, Else: "login"}
	if f.rt.Links().SPA() {
		end.View, end.User = f.rt.Links().LoginError(), u
	}
	return f.rt.Links().End(r, end)
}
