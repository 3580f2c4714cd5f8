package twofactor

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// disable is the choice of no second factor.
const disable = "disable"

// setupForm chooses a factor.
type setupForm struct {
	Setup string `json:"setup"`
	Phone string `json:"phone"`
}

func (f *Feature) setupForm() doorward.Form[setupForm] {
	return doorward.Form[setupForm]{Page: f.setupPage, Check: f.checkSetup, Submit: f.submitSetup}
}

// settingUp returns who may set up a factor: who is signed in and has proved it
// lately, or a sign-in that waits for the first one. required says that there
// must be one.
func (f *Feature) settingUp(r *http.Request) (c caller, required bool, err error) {
	if c, err = f.caller(r); err != nil {
		return c, false, err
	}
	if c.attempt != nil {
		if len(c.attempt.Methods) > 0 {
			return c, false, f.illegal(r)
		}
		return c, true, nil
	}
	if err := f.rt.SignIn().RequireFresh(r); err != nil {
		return c, false, err
	}
	required, err = f.Required(r.Context(), &doorward.Attempt{User: c.user}, false)
	return c, required, err
}

// setupPage says what is set up, and what can be.
func (f *Feature) setupPage(r *http.Request, in *setupForm) (doorward.Result, error) {
	c, required, err := f.settingUp(r)
	if err != nil {
		return doorward.Result{}, err
	}
	own, has := stored(c.user.SecurityAccount())
	choices := f.codes.Offered(f.cfg.Methods)
	if has && !required {
		choices = append([]string{disable}, choices...)
	}
	phone := c.user.SecurityAccount().TFPhoneNumber
	if r.Method == http.MethodGet {
		in.Phone = phone
	}
	res := f.setupResult(c)
	res.Values["Choices"], res.Values["PrimaryMethod"], res.Values["Required"] = choices, own.method, required
	res.JSON = map[string]any{
		"tf_required": required, "tf_primary_method": orNull(own.method), "tf_method": orNull(own.method),
		"tf_phone_number": orNull(phone), "tf_available_methods": choices,
	}
	return res, nil
}

func (f *Feature) setupResult(c caller) doorward.Result {
	return doorward.Result{Page: f.cfg.SetupTemplate, Scope: "two_factor_setup", Values: map[string]any{
		"Changing": c.attempt == nil, "Email": c.user.SecurityAccount().Email, "SMS": slices.Contains(f.codes.Offered(f.cfg.Methods), codes.SMS),
	}}
}

// orNull is s in JSON.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (f *Feature) checkSetup(_ *http.Request, in *setupForm, p *doorward.Problem) {
	if in.Setup == "mail" { // as older clients say
		in.Setup = codes.Email
	}
	if !p.Has("setup") && in.Setup != disable && !slices.Contains(f.codes.Offered(f.cfg.Methods), in.Setup) {
		p.Add("setup", doorward.M("TWO_FACTOR_METHOD_NOT_AVAILABLE"))
	}
	if in.Setup != codes.SMS || p.Has("phone") || p.Has("setup") {
		return
	}
	number, ok := f.codes.Phone(in.Phone)
	if !ok {
		p.Add("phone", doorward.M("PHONE_INVALID"))
		return
	}
	in.Phone = number
}

func (f *Feature) submitSetup(_ http.ResponseWriter, r *http.Request, in *setupForm) (doorward.Result, error) {
	c, required, err := f.settingUp(r)
	if err != nil {
		return doorward.Result{}, err
	}
	f.rt.Web().SetDraft(r, draftKey, "") // there is one setup at a time
	if in.Setup == disable {
		return f.turnOff(r, c, required)
	}
	s, err := f.choose(r, c, in)
	if errors.Is(err, codes.ErrNotSent) {
		err = notSent("setup")
	}
	if err != nil {
		return doorward.Result{}, err
	}
	return f.chosen(r, c, s)
}

// turnOff removes the factor of who need not have one.
func (f *Feature) turnOff(r *http.Request, c caller, required bool) (doorward.Result, error) {
	if required {
		return doorward.Result{}, doorward.Fail("setup", "TWO_FACTOR_METHOD_NOT_AVAILABLE")
	}
	if err := f.rt.Mail().AdmitOwn(r, "own", c.user); err != nil {
		return doorward.Result{}, err
	}
	if _, err := f.remove(r.Context(), c.user); err != nil {
		return doorward.Result{}, err
	}
	return doorward.Result{Redirect: f.rt.Web().View(f.cfg.PostSetup), Flash: []doorward.Message{doorward.M("TWO_FACTOR_DISABLED")}, JSON: map[string]any{}, User: c.user}, nil
}

// choose makes a new secret and sends the first code of it. Nothing is stored.
func (f *Feature) choose(r *http.Request, c caller, in *setupForm) (setup, error) {
	sealed, err := f.codes.Seal(codes.NewSecret())
	if err != nil {
		return setup{}, err
	}
	own := factor{method: in.Setup, secret: sealed}
	switch own.method {
	case codes.SMS:
		own.phone = in.Phone
		fallthrough
	case codes.Email:
		err = f.send(r, c.user, own, own.method)
	default:
		err = f.rt.Mail().AdmitOwn(r, "own", c.user) // of what comes of it he is told by mail
	}
	if err != nil {
		return setup{}, err
	}
	s, err := f.begun(c, own)
	if err == nil {
		f.rt.Web().SetDraft(r, draftKey, s.token)
	}
	return s, err
}

// chosen shows what to do next. The key of an authenticator is in the answer to a
// POST with a CSRF token only, which no other site can read or cause.
func (f *Feature) chosen(r *http.Request, c caller, s setup) (doorward.Result, error) {
	res, err := f.setupStep(r.Context(), c, s, true)
	res.JSON = map[string]any{"tf_state": stateValidating, "tf_primary_method": s.Method, "tf_method": s.Method, "tf_state_token": nil}
	if c.attempt == nil {
		res.JSON["tf_state_token"] = s.token
	}
	if a, ok := res.Values["Authr"].(codes.Setup); ok {
		res.JSON["tf_authr_key"], res.JSON["tf_authr_b32key"], res.JSON["tf_authr_uri"] = a.Key, a.Base32, a.URI
		res.JSON["tf_authr_username"], res.JSON["tf_authr_issuer"] = a.Username, a.Issuer
	}
	return res, err
}

// setupStep is the page that asks for the first code of a setup, with the key of
// an authenticator if secret says so.
func (f *Feature) setupStep(ctx context.Context, c caller, s setup, secret bool) (doorward.Result, error) {
	res := f.setupResult(c)
	res.Form = &codeForm{}
	res.Values["ChosenMethod"], res.Values["Phone"], res.Values["Within"] = s.Method, s.Phone, f.within(s.Method)
	if res.Values["Action"] = f.rt.Web().Path("two_factor_token_validation"); c.attempt == nil {
		res.Values["StateToken"] = s.token
		res.Values["Action"] = f.rt.Web().Path("two_factor_setup") + "/" + s.token
	}
	if s.Method != codes.Authenticator || !secret {
		return res, nil
	}
	key, err := f.codes.Open(s.Secret)
	if err != nil {
		return res, err
	}
	authr, err := f.codes.Setup(key, c.user)
	res.Values["Authr"], res.Values["AuthrURI"] = authr, template.URL(authr.URI) // #nosec G203 -- made here, of escaped parts
	return res, err
}
