package register

import (
	"net/http"
	"strings"

	"github.com/doorward/doorward"
)

// registerForm is what is posted. The names say which of its fields there are;
// those of the application are in Own.
type registerForm struct {
	Email           string            `json:"email"`
	Password        string            `json:"password"`
	PasswordConfirm string            `json:"password_confirm"`
	Next            string            `json:"next"`
	Username        string            `json:"username"`
	Own             map[string]string `json:"-"`

	names []string
}

// FieldNames makes the fields depend on the settings; see [doorward.Form].
func (in *registerForm) FieldNames() []string { return in.names }

// SetField takes a field of the application's own.
func (in *registerForm) SetField(name, value string) { in.Own[name] = value }

func (f *Feature) form() doorward.Form[registerForm] {
	return doorward.Form[registerForm]{
		New: func(r *http.Request) *registerForm {
			return &registerForm{Next: r.URL.Query().Get("next"), Own: map[string]string{}, names: f.names}
		},
		Page: f.page,
		// A form with a value of the wrong type gets no further than this, and
		// shows what else is wrong with it; any other is checked in submit,
		// together with what must be looked up.
		Check: func(r *http.Request, in *registerForm, p *doorward.Problem) {
			if len(p.Errors) > 0 {
				f.checkShape(r, in, p)
			}
		},
		Submit: f.submit,
	}
}

func (f *Feature) page(_ *http.Request, _ *registerForm) (doorward.Result, error) {
	return doorward.Result{Page: f.cfg.Template, Scope: "register", Values: map[string]any{
		"Confirm": !f.cfg.NoConfirm, "Usernames": f.cfg.Usernames != nil, "UsernameRequired": f.cfg.UsernameRequired,
		"Fields": f.cfg.Fields, "PasswordLength": f.cfg.PasswordLength, "PasswordOptional": f.cfg.PasswordOptional,
	}}, nil
}

// checkShape checks what the form alone tells. Fields that are off are empty.
func (f *Feature) checkShape(r *http.Request, in *registerForm, p *doorward.Problem) {
	p.Require("email", in.Email, "EMAIL_NOT_PROVIDED")
	f.checkPasswords(in, p)
	f.rt.Web().CheckNext(r, in.Next, p)
	f.checkUsername(in, p)
	for _, own := range f.cfg.Fields {
		if own.Required {
			p.Require(own.Name, in.Own[own.Name], "FIELD_NOT_PROVIDED")
		}
	}
}

// checkPasswords wants a password twice, or where it is optional the same one or
// none twice: blanks are none.
func (f *Feature) checkPasswords(in *registerForm, p *doorward.Problem) {
	if f.cfg.PasswordOptional {
		in.Password, in.PasswordConfirm = orNone(in.Password), orNone(in.PasswordConfirm)
	} else {
		p.Require("password", in.Password, "PASSWORD_NOT_PROVIDED")
	}
	switch {
	case f.cfg.NoConfirm || p.Has("password_confirm"):
	case !f.cfg.PasswordOptional && !p.Require("password_confirm", in.PasswordConfirm, "PASSWORD_NOT_PROVIDED"):
	case in.PasswordConfirm != in.Password:
		p.Add("password_confirm", doorward.M("RETYPE_PASSWORD_MISMATCH"))
	}
}

// orNone makes a password of blanks none at all.
func orNone(plain string) string {
	if strings.TrimSpace(plain) == "" {
		return ""
	}
	return plain
}

// checkUsername replaces the username by its normal form.
func (f *Feature) checkUsername(in *registerForm, p *doorward.Problem) {
	if f.cfg.Usernames == nil || f.cfg.UsernameRequired && !p.Require("username", in.Username, "USERNAME_NOT_PROVIDED") || p.Has("username") {
		return
	}
	normal, v := f.cfg.Usernames.Check(in.Username)
	if v != nil {
		p.Add("username", doorward.Message{Key: v.Key, Args: v.Args, Text: v.Text})
		return
	}
	in.Username = normal
}
