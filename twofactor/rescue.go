package twofactor

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// The ways out for who cannot give the second factor.
const (
	rescueHelp     = "help"
	rescueEmail    = "email"
	rescueRecovery = "recovery_code"
	rescueResend   = "resend" // ours; not in recovery_options
)

// rescueForm chooses one.
type rescueForm struct {
	HelpSetup string `json:"help_setup"`
}

// rescue is one way, and where API clients find it.
type rescue struct{ name, url string }

// recoveryCodes is what is asked of the feature that has recovery codes.
type recoveryCodes interface{ RecoveryCodesLeft(doorward.User) int }

// rescues are the ways that the user of a sign-in has.
func (f *Feature) rescues(a *doorward.Attempt) (out []rescue) {
	u := a.User
	acc, here := u.SecurityAccount(), f.rt.Web().Path("two_factor_rescue")
	own, has := stored(acc)
	if has && own.method != codes.Authenticator {
		out = append(out, rescue{rescueResend, ""})
	}
	if has && !f.cfg.NoRescueEmail && f.rt.Mail().On() && acc.Email != "" && !byMail(a.Via) {
		out = append(out, rescue{rescueEmail, here})
	}
	if rc, ok := doorward.Find[recoveryCodes](f.rt); ok && f.rt.Web().Path("mf_recovery") != "" && rc.RecoveryCodesLeft(u) > 0 {
		out = append(out, rescue{rescueRecovery, f.rt.Web().Path("mf_recovery")})
	}
	if f.rt.Mail().On() {
		out = append(out, rescue{rescueHelp, here})
	}
	return out
}

// byMail reports whether the first factor was something in a mail. Another mail is
// no second one: whoever reads the mailbox has both (NIST SP 800-63B-4 section 2.2).
func byMail(via []string) bool {
	return slices.ContainsFunc(via, func(v string) bool { return slices.Contains([]string{"email", "token", "confirm", "reset"}, v) })
}

// onPage are the names of the ways as the page lists them, where a mail to who
// gets codes by mail is what sending again does.
func onPage(all []rescue, method string) (names []string) {
	for _, o := range all {
		if o.name != rescueEmail || method != codes.Email {
			names = append(names, o.name)
		}
	}
	return names
}

func (f *Feature) rescueForm() doorward.Form[rescueForm] {
	return doorward.Form[rescueForm]{Page: f.rescuePage, Submit: f.submitRescue}
}

// rescuing returns the sign-in that waits for a factor which is set up.
func (f *Feature) rescuing(r *http.Request) (*doorward.Attempt, error) {
	c, err := f.caller(r)
	switch {
	case err != nil:
		return nil, err
	case c.attempt == nil:
		return nil, f.rt.SignIn().Refuse(r)
	case len(c.attempt.Methods) == 0:
		return nil, f.illegal(r)
	}
	return c.attempt, nil
}

func (f *Feature) rescuePage(r *http.Request, _ *rescueForm) (doorward.Result, error) {
	a, err := f.rescuing(r)
	if err != nil {
		return doorward.Result{}, err
	}
	return f.verifyPage(a), nil
}

func (f *Feature) submitRescue(_ http.ResponseWriter, r *http.Request, in *rescueForm) (doorward.Result, error) {
	a, err := f.rescuing(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if !slices.ContainsFunc(f.rescues(a), func(o rescue) bool { return o.name == in.HelpSetup }) {
		return doorward.Result{}, doorward.Fail("help_setup", "TWO_FACTOR_METHOD_NOT_AVAILABLE")
	}
	own, _ := stored(a.User.SecurityAccount())
	said := doorward.M("CODE_HAS_BEEN_SENT")
	switch in.HelpSetup {
	case rescueRecovery:
		return doorward.Result{Redirect: f.with("mf_recovery", a.Next), Always: true}, nil
	case rescueResend:
		err = f.send(r, a.User, own, own.method)
	case rescueEmail:
		err = f.send(r, a.User, own, codes.Email)
	case rescueHelp:
		said = doorward.M("TWO_FACTOR_HELP_REQUESTED")
		err = f.askForHelp(r, a.User)
	}
	if errors.Is(err, codes.ErrNotSent) {
		err = notSent("help_setup")
	}
	if err != nil {
		return doorward.Result{}, err
	}
	res := f.verifyPage(a)
	res.Values["Problem"], res.Flash = in.HelpSetup, []doorward.Message{said}
	return res, nil
}

// kindHelp is how the limiters know the mails to the help desk.
const kindHelp = "two-factor-help"

// askForHelp tells the help desk of u, while he waits for it.
func (f *Feature) askForHelp(r *http.Request, u doorward.User) error {
	if err := f.rt.Mail().AdmitOwn(r, kindHelp, u); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), f.cfg.Codes.SendTimeout)
	defer cancel()
	err := f.rt.Mail().Deliver(ctx, doorward.Letter{
		Template: f.cfg.RescueEmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_TWO_FACTOR_RESCUE", f.cfg.RescueSubject),
		To: f.cfg.RescueMail, User: u, Values: map[string]any{"username": nameOf(u), "email": u.SecurityAccount().Email},
	})
	if err != nil {
		f.rt.Logger().ErrorContext(r.Context(), "the help desk was not told", "err", err)
		return codes.ErrNotSent
	}
	return nil
}
