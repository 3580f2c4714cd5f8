package unified

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// signInCode sends a code to who wants to sign in with it.
func (f *Feature) signInCode() doorward.Form[signInForm] {
	return doorward.Form[signInForm]{New: f.newSignIn, Page: f.signInPage, Check: f.checkSend, Submit: f.submitSend}
}

// checkSend looks at the form alone. In generic mode nothing is said of who is
// asked for, nor how.
func (f *Feature) checkSend(r *http.Request, in *signInForm, p *doorward.Problem) {
	in.Identity = strings.TrimSpace(in.Identity)
	f.rt.Web().CheckNext(r, in.Next, p)
	if f.rt.Generic() && len(p.Errors) > 0 {
		return
	}
	p.Require("identity", in.Identity, "US_SPECIFY_IDENTITY")
	if !p.Has("chosen_method") && !(sent(in.Method) && f.offers(in.Method)) {
		p.Add("chosen_method", doorward.M("US_METHOD_NOT_AVAILABLE"))
	}
	p.Conceal(f.codeSent(in))
}

// codeSent is the answer, whoever asked.
func (f *Feature) codeSent(in *signInForm) doorward.Result {
	key := "CODE_HAS_BEEN_SENT"
	if f.rt.Generic() {
		key = "GENERIC_US_SIGNIN"
	}
	return doorward.Result{Page: f.cfg.SignInTemplate, Scope: "us_signin", Form: in, Values: f.choices(),
		JSON: map[string]any{}, Flash: []doorward.Message{doorward.M(key)}}
}

// submitSend sends a code, and a link in a mail. The same is looked up, counted,
// made and written for who gets none; in generic mode the answer is the same, too
// (ASVS 6.3.8).
func (f *Feature) submitSend(_ http.ResponseWriter, r *http.Request, in *signInForm) (doorward.Result, error) {
	ctx := r.Context()
	f.rt.SignIn().Abandon(r)
	u, err := f.rt.Accounts().Find(ctx, in.Identity)
	if errors.Is(err, doorward.ErrNotFound) {
		u = nil
	} else if err != nil {
		return doorward.Result{}, err
	}
	d := delivery{user: u, method: in.Method, link: true, next: in.Next, stranger: in.Identity}
	secret := f.secret(ctx, f.stranger(r, byIdentity, f.rt.SignIn().Identify(in.Identity)), u, in.Method) // also of who gets none
	var refused *doorward.Problem
	if err := f.mayGet(ctx, u, in.Method); err == nil {
		d.to, d.secret = address(u.SecurityAccount(), in.Method), secret
	} else if !errors.As(err, &refused) {
		return doorward.Result{}, err
	}
	err = f.send(r, d)
	if err != nil && !errors.Is(err, codes.ErrNotSent) { // a limit, which is the same for all
		return doorward.Result{}, err
	}
	if refused == nil && !errors.As(err, &refused) {
		return f.codeSent(in), nil
	}
	return doorward.Result{}, refused.Conceal(f.codeSent(in))
}

// mayGet says why u gets no code by a method.
func (f *Feature) mayGet(ctx context.Context, u doorward.User, method string) error {
	if u == nil {
		return doorward.Fail("identity", "US_SPECIFY_IDENTITY")
	}
	if err := f.rt.SignIn().Admit(ctx, doorward.Attempt{User: u, Via: []string{method}, Field: "identity"}); err != nil {
		return err
	}
	return f.ready(u.SecurityAccount(), method)
}

// ready says why a code cannot be sent by a method.
func (f *Feature) ready(acc *doorward.Account, method string) error {
	switch {
	case !sent(method) || !f.offers(method) || acc.USTOTPSecrets[method] == "":
		return doorward.Fail("chosen_method", "US_METHOD_NOT_AVAILABLE")
	case address(acc, method) == "" && method == codes.SMS:
		return doorward.Fail("chosen_method", "PHONE_INVALID")
	case address(acc, method) == "":
		return doorward.Fail("chosen_method", "US_METHOD_NOT_AVAILABLE")
	}
	return nil
}

// address is where codes of a method go.
func address(acc *doorward.Account, method string) string {
	if method == codes.SMS {
		return acc.USPhoneNumber
	}
	return acc.Email
}

// delivery is a code on its way; see [codes.Delivery].
type delivery struct {
	user       doorward.User
	method, to string
	secret     codes.Secret
	link       bool   // the mail has a link that signs in
	next       string // where that leads
	stranger   string
	unproved   bool // to is what was typed
}

// send sends a code, and tells who listens.
func (f *Feature) send(r *http.Request, d delivery) error {
	err := f.codes.Send(r, codes.Delivery{
		Secret: d.secret, Method: d.method, To: d.to, User: d.user, Within: f.cfg.TokenValidity, Stranger: d.stranger, Unproved: d.unproved,
		Letter: func(code string) doorward.Letter { return f.letter(d, code) },
		Sent:   func() { f.tell(r.Context(), d) },
	})
	if errors.Is(err, codes.ErrNotSent) {
		p := doorward.Fail("chosen_method", "FAILED_TO_SEND_CODE")
		p.Status, p.Err = http.StatusInternalServerError, err
		return p
	}
	return err
}

func (f *Feature) tell(ctx context.Context, d delivery) {
	ev := CodeSent{User: d.user, Method: d.method, MagicLink: d.link && d.method == codes.Email}
	if d.method == codes.SMS {
		ev.Phone = d.to
	}
	doorward.Fire(ctx, f.rt, &f.hooks.CodeSent, ev)
}

// letter is the mail with a code; who it is for has no part in how much work it is.
func (f *Feature) letter(d delivery, code string) doorward.Letter {
	values := map[string]any{"token": code, "login_token": code, "login_link": "", "username": "", "within": f.cfg.TokenValidity}
	id := doorward.NewUniquifier()
	if d.user != nil {
		id, values["username"] = d.user.SecurityAccount().Uniquifier, cmp.Or(d.user.SecurityAccount().Email, d.user.SecurityAccount().Username)
	}
	if d.link {
		values["login_link"] = f.link(id, code, d.next)
	}
	return doorward.Letter{Template: f.cfg.EmailTemplate, Subject: doorward.Subject("US_EMAIL_SUBJECT", f.cfg.EmailSubject), Values: values}
}

// maxNext is the longest next that goes with a link, in bytes: what becomes of
// long lines in mails is up to many programs.
const maxNext = 512

// link is the link that signs in. It names the account by its uniquifier: an
// address would be in logs and histories.
func (f *Feature) link(id, code, next string) string {
	q := url.Values{"id": {id}, "code": {code}}
	if next != "" && len(next) <= maxNext {
		q.Set("next", next)
	}
	link, _ := f.rt.Links().To(f.cfg.VerifyLinkURL + "?" + q.Encode())
	return link
}
