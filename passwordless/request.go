package passwordless

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
)

// requestForm asks for a link. Next goes with the link to where it is used.
type requestForm struct {
	Email string `json:"email"`
	Next  string `json:"next"`
}

// kindRequest is how the limiters know a request for a link.
const kindRequest = "passwordless"

func (f *Feature) request() doorward.Form[requestForm] {
	return doorward.Form[requestForm]{
		New:  func(r *http.Request) *requestForm { return &requestForm{Next: r.URL.Query().Get("next")} },
		Page: f.requestPage, Check: f.checkRequest, Submit: f.submitRequest,
	}
}

func (f *Feature) requestPage(r *http.Request, _ *requestForm) (doorward.Result, error) {
	if r.Method == http.MethodGet {
		f.rt.Web().OfferCSRFCookie(r)
	}
	res := doorward.Result{Page: f.cfg.Template, Scope: "send_login"}
	id, err := doorward.IdentityFrom(r.Context())
	if err == nil {
		res.User = id.User
	} else if !errors.Is(err, doorward.ErrAnonymous) {
		return res, err
	}
	return res, nil
}

func (f *Feature) checkRequest(r *http.Request, in *requestForm, p *doorward.Problem) {
	in.Email = strings.TrimSpace(in.Email)
	f.rt.Web().CheckNext(r, in.Next, p)
	if !p.Has("email") && !p.Require("email", in.Email, "EMAIL_NOT_PROVIDED") && len(p.Errors) == 1 {
		p.Conceal(f.requested(in))
	}
}

// requested is the answer, whoever asked. It shows nothing of the user: who
// knows an address has proved nothing.
func (f *Feature) requested(in *requestForm) doorward.Result {
	return doorward.Result{
		Page: f.cfg.Template, Scope: "send_login", Form: in, JSON: map[string]any{"user": map[string]any{}},
		Flash: []doorward.Message{doorward.M("LOGIN_EMAIL_SENT", "email", in.Email)},
	}
}

// submitRequest sends the owner of an address a link. The same is looked up,
// counted and written for an address that gets none, and in generic mode the
// answer is the same, too (ASVS 6.3.8).
func (f *Feature) submitRequest(_ http.ResponseWriter, r *http.Request, in *requestForm) (doorward.Result, error) {
	ctx, ia := r.Context(), f.email()
	value := ia.Map(in.Email)
	if value == "" {
		return doorward.Result{}, doorward.Fail("email", "INVALID_EMAIL_ADDRESS").Conceal(f.requested(in))
	}
	user, err := f.rt.Accounts().Holder(ctx, "email", value)
	if err != nil {
		return doorward.Result{}, err
	}
	send, err := f.rt.Mail().Admit(r, kindRequest, value, user)
	if err != nil {
		return doorward.Result{}, err
	}
	var refused *doorward.Problem
	if err := f.maySignIn(ctx, user); err != nil && !errors.As(err, &refused) {
		return doorward.Result{}, err
	}
	if err := f.sendLink(ctx, user, in.Next, send && refused == nil); err != nil {
		return doorward.Result{}, err
	}
	if refused != nil {
		return doorward.Result{}, refused.Conceal(f.requested(in))
	}
	return f.requested(in), nil
}

// email is the attribute: as for sign-ins, if they know it.
func (f *Feature) email() doorward.IdentityAttribute {
	for _, ia := range f.rt.Identities() {
		if ia.Attr == "email" {
			return ia
		}
	}
	return doorward.IdentityAttribute{Attr: "email", AnyCase: true, Map: func(typed string) string {
		normal, err := address.Normalize(typed)
		if err != nil {
			return ""
		}
		return normal
	}}
}

// maySignIn says why somebody gets no link: there is no such account, or it
// could not be signed in to.
func (f *Feature) maySignIn(ctx context.Context, u doorward.User) error {
	if u == nil {
		return doorward.Fail("email", "USER_DOES_NOT_EXIST")
	}
	return f.rt.SignIn().Admit(ctx, doorward.Attempt{User: u, Via: via(), Field: "email"})
}

// via is how a user signs in here.
func via() []string { return []string{"token"} }

// maxNext is the longest next that goes with a link, in bytes: what becomes of
// long lines in mails is up to many programs.
const maxNext = 512

// sendLink writes the mail with a link, and sends it if send says so: to the
// address that is stored, for what was typed may only look like it.
func (f *Feature) sendLink(ctx context.Context, u doorward.User, next string, send bool) error {
	to := ""
	if send && u != nil {
		to = u.SecurityAccount().Email
	}
	if len(next) > maxNext {
		next = ""
	}
	link, token := f.links.New(u, next)
	err := f.rt.Mail().Send(ctx, doorward.Letter{
		Template: f.cfg.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_PASSWORDLESS", f.cfg.Subject), To: to, User: u,
		Values: map[string]any{"login_link": link, "login_token": token, "within": f.cfg.Within},
	})
	if err == nil && to != "" {
		doorward.Fire(ctx, f.rt, &f.hooks.LinkSent, LinkSent{User: u})
	}
	return err
}
