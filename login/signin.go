package login

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/usernames"
)

// signInForm is what is posted to the sign-in page. The order is that of the
// errors.
type signInForm struct {
	Password string `json:"password"`
	Next     string `json:"next"`
	Remember bool   `json:"remember"`
	Username string `json:"username"`
	Email    string `json:"email"`
}

func (f *Feature) signIn() doorward.Form[signInForm] {
	return doorward.Form[signInForm]{
		New: func(r *http.Request) *signInForm {
			return &signInForm{Next: r.URL.Query().Get("next"), Remember: f.rt.Web().RememberDefault()}
		},
		Page:   f.signInPage,
		Check:  f.checkSignIn,
		Submit: f.submitSignIn,
	}
}

func (f *Feature) signInPage(r *http.Request, in *signInForm) (doorward.Result, error) {
	names := []string{}
	for _, ia := range f.rt.Identities() {
		names = append(names, ia.Attr)
	}
	if r.Method == http.MethodGet {
		f.rt.Web().OfferCSRFCookie(r)
	}
	res := doorward.Result{
		Page: f.cfg.LoginTemplate, Scope: "login",
		Values: map[string]any{"Identities": names, "Usernames": f.cfg.Usernames != nil},
		JSON:   map[string]any{"identity_attributes": names},
	}
	id, err := doorward.IdentityFrom(r.Context())
	switch {
	case err == nil:
		res.User = id.User
	case errors.Is(err, doorward.ErrAnonymous):
		f.rt.SignIn().Abandon(r) // who begins again does not go on with what waits for a second factor
	default:
		return res, err
	}
	return res, nil
}

// checkSignIn looks at the form alone.
func (f *Feature) checkSignIn(r *http.Request, in *signInForm, p *doorward.Problem) {
	p.Require("password", in.Password, "PASSWORD_NOT_PROVIDED")
	f.rt.Web().CheckNext(r, in.Next, p)
	if f.cfg.Usernames == nil {
		in.Username = ""
	} else if in.Username != "" && !p.Has("username") {
		if _, v := f.cfg.Usernames.Check(in.Username); v != nil && v.Key != usernames.KeyMixedScripts { // older names may be mixed
			p.Add("username", doorward.Message{Key: v.Key, Args: v.Args})
		}
	}
	if f.cfg.Usernames == nil || in.Email != "" {
		f.checkEmail(in, p)
	}
	if in.Email == "" && in.Username == "" && len(p.Errors) == 0 {
		p.Add("", doorward.M("USER_DOES_NOT_EXIST"))
		p.Generic("GENERIC_AUTHN_FAILED", "")
	}
	p.Generic("GENERIC_AUTHN_FAILED", "email", "password", "username")
}

func (f *Feature) checkEmail(in *signInForm, p *doorward.Problem) {
	if !p.Require("email", in.Email, "EMAIL_NOT_PROVIDED") {
		return
	}
	if ia, ok := f.attribute("email"); ok && ia.Map(strings.TrimSpace(in.Email)) == "" {
		p.Add("email", doorward.M("INVALID_EMAIL_ADDRESS"))
	}
}

// identity returns by which attribute the form names an account, and the
// normal form of the value. The email address goes before the username.
func (f *Feature) identity(in *signInForm) (field string, ia doorward.IdentityAttribute, value string) {
	for _, c := range []struct{ field, typed string }{{"email", strings.TrimSpace(in.Email)}, {"username", in.Username}} {
		if ia, ok := f.attribute(c.field); ok && c.typed != "" {
			return c.field, ia, ia.Map(c.typed)
		}
	}
	return "", doorward.IdentityAttribute{}, ""
}

func (f *Feature) submitSignIn(w http.ResponseWriter, r *http.Request, in *signInForm) (doorward.Result, error) {
	field, ia, value := f.identity(in)
	user, err := f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "password", Identity: value,
		Find: func(ctx context.Context) (doorward.User, error) {
			if value == "" { // no such attribute, or nothing it accepts
				return nil, doorward.ErrNotFound
			}
			return f.rt.Stores().Users.FindUser(ctx, doorward.UserQuery{Attr: ia.Attr, Value: value, AnyCase: ia.AnyCase})
		},
		Check: func(ctx context.Context, u doorward.User) error { return f.authenticate(ctx, u, field, in.Password) },
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Login(w, r, doorward.Attempt{
		User: user, Via: []string{"password"}, Field: field, Remember: in.Remember, Next: in.Next,
	})
}

// authenticate checks a password. It hashes once, whether there is such a user
// or not.
func (f *Feature) authenticate(ctx context.Context, u doorward.User, field, plain string) error {
	ok, err := f.passwords.Check(ctx, u, plain)
	switch {
	case err != nil:
		return err
	case u == nil:
		return doorward.Fail(field, "USER_DOES_NOT_EXIST").Generic("GENERIC_AUTHN_FAILED")
	case !ok:
		return doorward.Fail("password", "INVALID_PASSWORD").Generic("GENERIC_AUTHN_FAILED")
	}
	return nil
}
