package register

import (
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// received is the one answer of generic mode: it names nobody, and is the same
// whether an account was made or not.
func (f *Feature) received(r *http.Request, in *registerForm) doorward.Result {
	return doorward.Result{
		Redirect: f.rt.Web().Target(r, in.Next, f.cfg.PostRegister),
		Flash:    []doorward.Message{doorward.M("REGISTRATION_RECEIVED")},
	}
}

// welcome signs the new user in. Whatever stands in the way of that, the
// account is there: the answer then says so, and names what a gate said.
func (f *Feature) welcome(w http.ResponseWriter, r *http.Request, in *registerForm, user doorward.User) doorward.Result {
	target := f.rt.Web().Target(r, in.Next, f.cfg.PostRegister)
	res, err := f.rt.SignIn().Login(w, r, doorward.Attempt{User: user, Via: []string{"register"}, Next: in.Next, View: target})
	if err == nil {
		return res
	}
	res = doorward.Result{User: user, Redirect: target, Flash: []doorward.Message{doorward.M("REGISTERED")}}
	var told *doorward.Problem
	if !errors.As(err, &told) {
		f.rt.Logger().ErrorContext(r.Context(), "registered, but not signed in", "err", err)
		return res
	}
	for _, e := range told.Errors {
		res.Flash = append(res.Flash, e.Message)
	}
	return res
}
