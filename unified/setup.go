package unified

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// setupForm sets up a way to sign in, removes some, or both.
type setupForm struct {
	Method string   `json:"chosen_method"`
	Delete []string `json:"delete_method"`
	Phone  string   `json:"phone"`
}

func (f *Feature) setup() doorward.Form[setupForm] {
	return doorward.Form[setupForm]{Page: f.setupPage, Check: f.checkSetup, Submit: f.submitSetup}
}

func (f *Feature) setupPage(r *http.Request, _ *setupForm) (doorward.Result, error) {
	u, err := f.me(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	return f.setupShown(u), nil
}

// setupShown is the page of what u has set up and can.
func (f *Feature) setupShown(u doorward.User) doorward.Result {
	acc, shown := u.SecurityAccount(), f.choices()
	delete(shown, "code_methods")
	shown["active_methods"], shown["setup_methods"], shown["phone"] = f.active(acc), only(f.methods, isCode), nullable(acc.USPhoneNumber)
	values := maps.Clone(shown)
	values["removable"], values["phones"] = only(f.active(acc), isCode), f.offers(codes.SMS)
	return doorward.Result{Page: f.cfg.SetupTemplate, Scope: "us_setup", JSON: shown, Values: values}
}

// nullable is s in JSON, where an empty text is null.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (f *Feature) checkSetup(_ *http.Request, in *setupForm, p *doorward.Problem) {
	if len(p.Errors) == 0 && in.Method == "" && len(in.Delete) == 0 {
		p.Add("", doorward.M("API_ERROR"))
	}
	if in.Method != "" && !p.Has("chosen_method") && !(isCode(in.Method) && f.offers(in.Method)) {
		p.Add("chosen_method", doorward.M("US_METHOD_NOT_AVAILABLE"))
	}
	if in.Method != codes.SMS || p.Has("phone") {
		return
	}
	number, ok := f.codes.Phone(in.Phone)
	if !ok {
		p.Add("phone", doorward.M("PHONE_INVALID"))
		return
	}
	in.Phone = number
}

// submitSetup sends a code to what is to be set up, then removes what is to be
// removed. Where one of the two cannot be done neither is.
func (f *Feature) submitSetup(_ http.ResponseWriter, r *http.Request, in *setupForm) (doorward.Result, error) {
	u, err := f.me(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	remove := slices.Compact(slices.Sorted(slices.Values(in.Delete)))
	if err := f.removable(u.SecurityAccount(), remove); err != nil {
		return doorward.Result{}, err
	}
	var begun state
	if in.Method != "" {
		if begun, err = f.begin(r, u, in); err != nil {
			return doorward.Result{}, err
		}
	}
	if len(remove) > 0 {
		if err := f.rt.Mail().AdmitOwn(r, "change", u); err != nil {
			return doorward.Result{}, err
		}
		if err := f.remove(r.Context(), u, remove); err != nil {
			return doorward.Result{}, err
		}
	}
	if in.Method == "" {
		return doorward.Result{Redirect: f.rt.Web().View(f.cfg.PostSetup), JSON: map[string]any{}, Flash: []doorward.Message{doorward.M("US_METHOD_REMOVED")}}, nil
	}
	res, err := f.stateShown(u, begun, f.sign(begun))
	res.Form = &setupForm{Method: in.Method, Phone: in.Phone}
	if sent(in.Method) {
		res.Flash = []doorward.Message{doorward.M("CODE_HAS_BEEN_SENT")}
	}
	return res, err
}

// removable says why methods cannot be taken from an account: they are not
// there, or no way to sign in would be left.
func (f *Feature) removable(acc *doorward.Account, methods []string) error {
	active := f.active(acc)
	for _, m := range methods {
		if !isCode(m) || !slices.Contains(active, m) {
			return doorward.Fail("delete_method", "US_METHOD_NOT_AVAILABLE")
		}
	}
	left := only(active, func(m string) bool { return !slices.Contains(methods, m) })
	elsewhere := acc.PasswordHash != "" && !f.cfg.ReplacesLogin // the other page takes it
	if len(methods) > 0 && (len(left) == 0 && !elsewhere || slices.Contains(methods, codes.SMS) && !f.named(acc)) {
		return doorward.Fail("delete_method", "US_LAST_METHOD")
	}
	return nil
}

// named reports whether an account can be named without its phone number.
func (f *Feature) named(acc *doorward.Account) bool {
	return slices.ContainsFunc(f.rt.Identities(), func(ia doorward.IdentityAttribute) bool {
		switch ia.Attr {
		case "email":
			return acc.Email != ""
		case "username":
			return acc.Username != ""
		}
		return ia.Attr != "us_phone_number" // the application knows what else there is
	})
}

// remove takes methods from u, if that still leaves one under the store's lock.
func (f *Feature) remove(ctx context.Context, u doorward.User, methods []string) error {
	err := f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		if err := f.removable(acc, methods); err != nil {
			return err
		}
		left := maps.Clone(acc.USTOTPSecrets)
		maps.DeleteFunc(left, func(m, _ string) bool { return slices.Contains(methods, m) })
		if len(left) == 0 {
			left = nil
		}
		acc.USTOTPSecrets = left
		if slices.Contains(methods, codes.SMS) {
			acc.USPhoneNumber = ""
		}
		return nil
	})
	var told *doorward.Problem
	switch {
	case errors.As(err, &told):
		return told
	case err != nil:
		return fmt.Errorf("remove a way to sign in: %w", err)
	}
	f.removed(ctx, u, methods)
	return nil
}

// begin makes a new secret and sends a code of it to what is to be set up.
// Nothing of that is stored with u before the code comes back.
func (f *Feature) begin(r *http.Request, u doorward.User, in *setupForm) (state, error) {
	acc, secret := u.SecurityAccount(), codes.NewSecret()
	sealed, err := f.codes.Seal(secret)
	if err != nil {
		return state{}, err
	}
	st := state{For: f.owner(acc), Method: in.Method, Secret: sealed}
	d := delivery{user: u, method: in.Method, secret: secret, to: acc.Email}
	var refused error
	switch in.Method {
	case codes.Authenticator:
		if err := f.rt.Mail().AdmitOwn(r, "change", u); err != nil { // of what comes of it he is told by mail
			return st, err
		}
		f.tell(r.Context(), d)
		return st, nil
	case codes.Email:
		if acc.Email == "" {
			return st, doorward.Fail("chosen_method", "US_METHOD_NOT_AVAILABLE")
		}
	case codes.SMS:
		st.Phone, d.to, d.unproved = in.Phone, in.Phone, true
		holder, err := f.rt.Accounts().Holder(r.Context(), "us_phone_number", in.Phone)
		if err != nil {
			return st, err
		}
		// Where answers must not tell, whose number it is learns who can read its codes.
		if holder != nil && holder.SecurityAccount().Uniquifier != acc.Uniquifier && !f.rt.Generic() {
			refused, d.to = taken(), "" // counted as if it was sent: nobody looks up numbers here
		}
	}
	return st, errors.Join(f.send(r, d), refused)
}

// taken says that somebody has the phone number.
func taken() *doorward.Problem {
	return doorward.Fail("phone", "IDENTITY_ALREADY_ASSOCIATED", "attr", doorward.M("us_account_us_phone_number"))
}
