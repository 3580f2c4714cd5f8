package login

import (
	"net/http"
	"slices"

	"github.com/doorward/doorward"
)

// signOutForm is posted to sign out. RefreshToken is for the feature that
// issues those.
type signOutForm struct {
	RefreshToken string `json:"refresh_token"`
}

func (f *Feature) signOut(methods []string) doorward.Route {
	rt := doorward.Route{Name: "logout", Path: f.cfg.LogoutURL, ExemptCSRF: !f.cfg.LogoutCSRF, NoGet: true}
	if slices.Contains(methods, http.MethodGet) {
		rt.Get = func(w http.ResponseWriter, r *http.Request) (doorward.Result, error) { return f.leave(r) }
	}
	form := doorward.Form[signOutForm]{Page: func(*http.Request, *signOutForm) (doorward.Result, error) {
		return doorward.Result{Page: f.cfg.LogoutTemplate, Scope: "logout"}, nil
	}}
	if slices.Contains(methods, http.MethodPost) {
		form.Submit = func(_ http.ResponseWriter, r *http.Request, _ *signOutForm) (doorward.Result, error) {
			return f.leave(r)
		}
	}
	return form.Route(rt)
}

// leave signs this browser out; it is no error if nobody was signed in.
func (f *Feature) leave(r *http.Request) (doorward.Result, error) {
	if err := f.rt.SignIn().Logout(r); err != nil {
		return doorward.Result{}, err
	}
	next := ""
	if r.Method == http.MethodPost {
		next = r.PostFormValue("next")
	}
	return doorward.Result{Redirect: f.rt.Web().Target(r, next, f.rt.Web().PostLogout()), JSON: map[string]any{}, Bare: true}, nil
}
