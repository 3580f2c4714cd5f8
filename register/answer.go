package register

import (
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// received is the one answer of generic mode: it names nobody but the address
// that was typed, and is the same whether an account was made or not.
func (f *Feature) received(r *http.Request, in *registerForm) doorward.Result {
	message := doorward.M("REGISTRATION_RECEIVED")
	if _, on := doorward.Find[confirmer](f.rt); on {
		message = doorward.M("CONFIRM_REGISTRATION", "email", in.Email)
	}
	return doorward.Result{Redirect: f.rt.Web().Target(r, in.Next, f.cfg.PostRegister), Flash: []doorward.Message{message}}
}

// welcome signs the new user in, if nothing stands in the way of that. In any
// case the account is there, and an address that is to be confirmed is the
// first thing to know about it.
func (f *Feature) welcome(w http.ResponseWriter, r *http.Request, in *registerForm, user doorward.User) doorward.Result {
	target := f.rt.Web().Target(r, in.Next, f.cfg.PostRegister)
	a := doorward.Attempt{User: user, Via: []string{"register"}, Next: in.Next, View: target}
	confirms := f.confirms(user)
	if confirms {
		a.Flash = []doorward.Message{doorward.M("CONFIRM_REGISTRATION", "email", in.Email)}
	}
	err := f.rt.SignIn().Admit(r.Context(), a)
	if err == nil {
		var res doorward.Result
		if res, err = f.rt.SignIn().Login(w, r, a); err == nil {
			if res.JSON["tf_required"] == true { // the sign-in goes on elsewhere
				res.Flash = append(res.Flash, a.Flash...)
			}
			return res
		}
	}
	res := doorward.Result{User: user, Redirect: target, Flash: a.Flash}
	if !confirms {
		res.Flash = []doorward.Message{doorward.M("REGISTERED")}
	}
	told, ok := errors.AsType[*doorward.Problem](err)
	if !ok {
		f.rt.Logger().ErrorContext(r.Context(), "registered, but not signed in", "err", err)
		return res
	}
	for _, e := range told.Errors {
		if !confirms || e.Message.Key != "CONFIRMATION_REQUIRED" { // which has been said, and in better words
			res.Flash = append(res.Flash, e.Message)
		}
	}
	return res
}
