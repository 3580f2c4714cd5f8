package twofactor

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// The names of states in JSON.
const (
	stateSetup      = "setup_from_login"
	stateValidating = "validating_profile"
	stateReady      = "ready"
)

// Begin implements [doorward.SecondFactor].
func (f *Feature) Begin(w http.ResponseWriter, r *http.Request, a *doorward.Attempt, method string) (doorward.Result, error) {
	f.rt.Web().SetDraft(r, draftKey, "")
	if method == "" {
		return doorward.Result{
			JSON:     map[string]any{"tf_required": true, "tf_state": stateSetup},
			Redirect: f.rt.Web().Path("two_factor_setup"),
		}, nil
	}
	if !a.User.SecurityAccount().Active { // switched off while a method was chosen
		return doorward.Result{}, f.illegal(r)
	}
	own, _ := stored(a.User.SecurityAccount())
	if own.method != codes.Authenticator {
		if err := f.send(r, a.User, own, own.method); err != nil {
			return f.notBegun(w, r, a, err)
		}
	}
	return doorward.Result{
		JSON:     map[string]any{"tf_required": true, "tf_state": stateReady, "tf_primary_method": own.method, "tf_method": own.method},
		Redirect: f.with("two_factor_token_validation", a.Next),
	}, nil
}

// notBegun leads to where there are other ways than a code that was not sent: to
// choose another method, or to be rescued. The sign-in goes on waiting: only to
// choose again it is an error, for what answers those of a first factor begins anew.
func (f *Feature) notBegun(w http.ResponseWriter, r *http.Request, a *doorward.Attempt, err error) (doorward.Result, error) {
	p := &doorward.Problem{}
	switch {
	case errors.Is(err, codes.ErrNotSent):
		p = notSent("").Bare()
	case !errors.As(err, &p):
		return doorward.Result{}, err
	}
	if len(a.Methods) > 1 {
		return doorward.Result{}, p.LeadTo(f.with("tf_select", a.Next))
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	res := doorward.Result{Status: p.Status, Bare: true, Redirect: f.with("two_factor_token_validation", a.Next)}
	var said []string
	for _, e := range p.Errors {
		said = append(said, f.rt.Web().Text(r.Context(), e.Message))
		res.Flash = append(res.Flash, e.Message)
	}
	res.JSON = map[string]any{"errors": said}
	return res, nil
}

func notSent(field string) *doorward.Problem {
	p := doorward.Fail(field, "FAILED_TO_SEND_CODE")
	p.Status = http.StatusInternalServerError
	return p
}

// with returns the path of a page with next in its query.
func (f *Feature) with(page, next string) string {
	path := f.rt.Web().Path(page)
	if next == "" {
		return path
	}
	return path + "?next=" + strings.ReplaceAll(url.QueryEscape(next), "%2F", "/")
}

// send sends u a code of own by a method, which need not be its own: codes of an
// authenticator are sent by mail to who has lost it. What cannot be sent is
// [codes.ErrNotSent].
func (f *Feature) send(r *http.Request, u doorward.User, own factor, by string) error {
	to := u.SecurityAccount().Email
	if by == codes.SMS {
		to, _ = f.codes.Phone(own.phone) // the original stores what was typed
	}
	secret, err := f.codes.Open(own.secret)
	if err != nil {
		f.rt.Logger().ErrorContext(r.Context(), "a second factor cannot be used", "user", u.SecurityAccount().Uniquifier, "err", err)
		return codes.ErrNotSent
	}
	if to == "" || len(f.codes.Offered([]string{by})) == 0 {
		f.rt.Logger().ErrorContext(r.Context(), "a code cannot be sent: nobody sends it, or there is nowhere to send it", "method", by, "user", u.SecurityAccount().Uniquifier)
		return codes.ErrNotSent
	}
	within, unproved := f.within(own.method), own.phone != u.SecurityAccount().TFPhoneNumber
	err = f.codes.Send(r, codes.Delivery{Secret: secret, Method: by, To: to, User: u, Unproved: unproved, Within: within, Letter: func(code string) doorward.Letter {
		return doorward.Letter{
			Template: f.cfg.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_TWO_FACTOR", f.cfg.EmailSubject),
			Values: map[string]any{"token": code, "username": nameOf(u), "within": within},
		}
	}})
	if err != nil {
		return err
	}
	ev := CodeSent{User: u, Method: by}
	if by == codes.SMS {
		ev.Phone = to
	}
	doorward.Fire(r.Context(), f.rt, &f.hooks.CodeSent, ev)
	return nil
}

// nameOf is how mails call a user.
func nameOf(u doorward.User) string {
	acc := u.SecurityAccount()
	if acc.Username != "" {
		return acc.Username
	}
	return acc.Email
}
