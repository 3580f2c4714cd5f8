package twofactor

import (
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// codeForm takes a code.
type codeForm struct {
	Code string `json:"code" kind:"code"`

	checked bool // the CSRF token was good
}

// waiting is what a code is asked for.
type waiting struct {
	caller
	setup *setup // nil: the factor that the account has
	own   factor
}

func checkCode(_ *http.Request, in *codeForm, p *doorward.Problem) {
	in.checked = true
	p.Require("code", in.Code, "code_required")
}

func (f *Feature) validateForm() doorward.Form[codeForm] {
	return doorward.Form[codeForm]{Page: f.validatePage, Check: checkCode, Submit: f.validate}
}

// waiting returns what this browser's code is for. Which it is depends on the
// account as it is stored now: a setup that goes with an old cookie is not looked
// at once there is a factor.
func (f *Feature) waiting(r *http.Request) (waiting, error) {
	c, err := f.caller(r)
	if err != nil {
		return waiting{}, err
	}
	if c.attempt != nil && len(c.attempt.Methods) > 0 {
		own, ok := stored(c.user.SecurityAccount())
		if !ok { // the second factor is another feature's
			return waiting{}, f.illegal(r)
		}
		return waiting{caller: c, own: own}, nil
	}
	s, err := f.open(f.rt.Web().Draft(r, draftKey), c)
	switch {
	case errors.Is(err, errSetupExpired):
		return waiting{}, f.expired(r)
	case err != nil:
		return waiting{}, f.illegal(r)
	}
	return waiting{caller: c, setup: &s}, nil
}

func (f *Feature) validatePage(r *http.Request, in *codeForm) (doorward.Result, error) {
	w, err := f.waiting(r)
	if err != nil {
		return doorward.Result{}, err
	}
	var res doorward.Result
	if w.setup != nil {
		res, err = f.setupStep(r.Context(), w.caller, *w.setup, in.checked)
		res.JSON = map[string]any{}
	} else {
		res = f.verifyPage(w.attempt)
	}
	if w.attempt == nil {
		res.User = w.user
	} else { // who has proved half is shown nothing of the user
		res.JSON["user"] = map[string]any{}
	}
	return res, err
}

// verifyPage asks for the code of the account's factor, and offers other ways.
func (f *Feature) verifyPage(a *doorward.Attempt) doorward.Result {
	own, _ := stored(a.User.SecurityAccount())
	options := f.rescues(a)
	urls := map[string]any{}
	for _, o := range options {
		if o.url != "" {
			urls[o.name] = o.url
		}
	}
	return doorward.Result{
		Page: f.cfg.VerifyTemplate, Scope: "two_factor_verify_code", Form: &codeForm{},
		Values: map[string]any{"ChosenMethod": own.method, "Within": f.within(own.method), "Options": onPage(options, own.method), "Problem": ""},
		JSON:   map[string]any{"recovery_options": urls},
	}
}

func (f *Feature) validate(w http.ResponseWriter, r *http.Request, in *codeForm) (doorward.Result, error) {
	wait, err := f.waiting(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if wait.setup != nil {
		err = f.confirm(r, wait.caller, *wait.setup, in.Code)
		wait.own.method = wait.setup.Method
		if errors.Is(err, errSetupBad) { // somebody was faster
			err = f.illegal(r)
		}
	} else {
		err = f.prove(r, wait.user, wait.own, in.Code)
	}
	if err != nil {
		return doorward.Result{}, err
	}
	if wait.attempt == nil {
		return f.changed(doorward.Result{JSON: map[string]any{}, User: wait.user}), nil
	}
	return f.complete(w, r, wait.user, wait.own.method)
}

// complete goes on with the sign-in.
func (f *Feature) complete(w http.ResponseWriter, r *http.Request, u doorward.User, method string) (doorward.Result, error) {
	res, err := f.rt.SignIn().Complete(w, r, method, true)
	if err != nil {
		return res, err
	}
	res.Flash = append(res.Flash, doorward.M("TWO_FACTOR_LOGIN_SUCCESSFUL"))
	doorward.Fire(r.Context(), f.rt, &f.hooks.CodeConfirmed, CodeConfirmed{User: u, Method: method})
	return res, nil
}

// changed is the answer to who is signed in and has set up a factor.
func (f *Feature) changed(res doorward.Result) doorward.Result {
	res.Redirect = f.rt.Web().View(f.cfg.PostSetup)
	res.Flash = []doorward.Message{doorward.M("TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL")}
	return res
}
