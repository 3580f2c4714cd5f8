package unified

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// showLink asks whoever followed a link to press a button. It names the account,
// so that nobody is signed in to another's without noticing, and looks at no
// code: programs that read mails open links.
func (f *Feature) showLink(r *http.Request) (doorward.Result, error) {
	id, code := linkParts(r)
	if id == "" || code == "" {
		return f.linkFailed(r, doorward.M("API_ERROR"), nil)
	}
	u, err := f.byUniquifier(r.Context(), id)
	if err != nil && !errors.Is(err, doorward.ErrNotFound) {
		return doorward.Result{}, err
	}
	values := map[string]any{"Action": r.URL.EscapedPath() + "?" + r.URL.RawQuery, "Account": ""}
	if err == nil {
		values["Account"] = masked(u.SecurityAccount().Email)
	}
	return doorward.Result{Page: f.cfg.LinkTemplate, Scope: "us_verify_link", JSON: map[string]any{}, Values: values}, nil
}

// masked shows enough of an address for its owner: an old link, found in a log, must
// not tell it to others.
func masked(email string) string {
	i := strings.LastIndexByte(email, '@')
	if i < 1 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(email)
	return email[:size] + "…" + email[i:]
}

func linkParts(r *http.Request) (id, code string) {
	q := r.URL.Query()
	return q.Get("id"), q.Get("code")
}

func (f *Feature) byUniquifier(ctx context.Context, id string) (doorward.User, error) {
	return f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: id})
}

// useLink signs in with the code of a link, within the limits of a passcode.
// The code is used up by it, like one that was typed.
func (f *Feature) useLink(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	id, code := linkParts(r)
	if id == "" || code == "" {
		return f.linkFailed(r, doorward.M("API_ERROR"), nil)
	}
	var named doorward.User
	u, err := f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: kindPasscode,
		Find: func(ctx context.Context) (doorward.User, error) { return f.byUniquifier(ctx, id) },
		Check: func(ctx context.Context, u doorward.User) error {
			named = u
			return f.checkLink(ctx, f.stranger(r, byLink, id), u, code)
		},
	})
	if err != nil {
		return f.linkStopped(r, err, named)
	}
	return f.linkIn(w, r, u)
}

func (f *Feature) checkLink(ctx context.Context, by asker, u doorward.User, code string) error {
	var secret codes.Secret
	if f.offers(codes.Email) {
		secret = f.secret(ctx, by, u, codes.Email)
	}
	err := f.codes.Check(ctx, secret, code, f.cfg.TokenValidity, true)
	switch {
	case !errors.Is(err, codes.ErrWrong):
		return err
	case u == nil:
		return doorward.Fail("", "USER_DOES_NOT_EXIST")
	}
	return doorward.Fail("", "INVALID_CODE")
}

// linkIn takes the owner of a link through the funnel. A single-page application
// has no page for a second factor in the middle of a link.
func (f *Feature) linkIn(w http.ResponseWriter, r *http.Request, u doorward.User) (doorward.Result, error) {
	links := f.rt.Links()
	a := doorward.Attempt{User: u, Via: []string{codes.Email}, MultiFactor: f.enough(codes.Email),
		Flash: []doorward.Message{doorward.M("PASSWORDLESS_LOGIN_SUCCESSFUL")}}
	if links.SPA() {
		a.Flash, a.End = nil, &doorward.LinkEnd{View: links.PostLogin(), User: u}
	}
	res, err := f.rt.SignIn().Login(w, r, a)
	if err != nil {
		return f.linkStopped(r, err, nil)
	}
	if more, _ := res.JSON["tf_required"].(bool); more && links.SPA() {
		f.rt.SignIn().Abandon(r)
		return links.End(r, doorward.LinkEnd{View: links.LoginError(), User: u, Query: map[string]string{"tf_required": "1"}, JSON: map[string]any{"tf_required": true}})
	}
	// What a GET answers may be read by another site, and may hold a token.
	res.Always = res.Always || r.Method != http.MethodPost && res.Redirect != ""
	return res, nil
}

// linkStopped shows why a link signs nobody in. u is whose code was wrong.
func (f *Feature) linkStopped(r *http.Request, err error, u doorward.User) (doorward.Result, error) {
	var told *doorward.Problem
	if !errors.As(err, &told) || told.Status != 0 || len(told.Errors) == 0 {
		return doorward.Result{}, err
	}
	return f.linkFailed(r, told.Errors[0].Message, u)
}

// linkFailed leads back to where links are asked for, and says why: in generic
// mode in the same words whatever the reason. u is named to a single-page
// application.
func (f *Feature) linkFailed(r *http.Request, m doorward.Message, u doorward.User) (doorward.Result, error) {
	if f.rt.Generic() {
		m, u = doorward.M("GENERIC_AUTHN_FAILED"), nil
	}
	end := doorward.LinkEnd{Message: m, Else: "us_signin"}
	if f.rt.Links().SPA() {
		end.View, end.User = f.rt.Links().LoginError(), u
	}
	return f.rt.Links().End(r, end)
}
