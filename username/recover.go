package username

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
)

// recoverForm asks for the username of an address.
type recoverForm struct {
	Email string `json:"email"`
}

// kindRecover is how the limiters know a request for a username.
const kindRecover = "recover"

func (f *Feature) recovery() doorward.Form[recoverForm] {
	return doorward.Form[recoverForm]{Page: f.recoverPage, Check: f.checkRecover, Submit: f.submitRecover}
}

func (f *Feature) recoverPage(*http.Request, *recoverForm) (doorward.Result, error) {
	return doorward.Result{Page: f.cfg.Recovery.Template, Scope: "recover_username"}, nil
}

func (f *Feature) checkRecover(_ *http.Request, in *recoverForm, p *doorward.Problem) {
	in.Email = strings.TrimSpace(in.Email)
	if !p.Has("email") && !p.Require("email", in.Email, "EMAIL_NOT_PROVIDED") {
		p.Conceal(f.requested())
	}
}

// requested is the answer, whoever asked.
func (f *Feature) requested() doorward.Result {
	return doorward.Result{Redirect: f.rt.Web().Path("login"), Flash: []doorward.Message{doorward.M("USERNAME_RECOVERY_REQUEST")}}
}

// submitRecover sends the owner of an address his username. The same is looked
// up, counted and written for an address that gets no mail, and in generic mode
// the answer is the same, too (ASVS 6.3.8).
func (f *Feature) submitRecover(_ http.ResponseWriter, r *http.Request, in *recoverForm) (doorward.Result, error) {
	ctx, ia := r.Context(), f.attribute("email")
	value := ia.Map(in.Email)
	if value == "" {
		return doorward.Result{}, doorward.Fail("email", "INVALID_EMAIL_ADDRESS").Conceal(f.requested())
	}
	user, err := f.rt.Accounts().Holder(ctx, ia.Attr, value)
	if err != nil {
		return doorward.Result{}, err
	}
	send, err := f.rt.Mail().Admit(r, kindRecover, value, user)
	if err != nil {
		return doorward.Result{}, err
	}
	var refused *doorward.Problem
	if err := f.mayRecover(ctx, in.Email, user); err != nil && !errors.As(err, &refused) {
		return doorward.Result{}, err
	}
	send = send && refused == nil
	if err := f.remind(ctx, user, send); err != nil {
		return doorward.Result{}, err
	}
	if refused != nil {
		return doorward.Result{}, refused.Conceal(f.requested())
	}
	if send {
		doorward.Fire(ctx, f.rt, &f.hooks.RecoverySent, RecoverySent{User: user})
	}
	return f.requested(), nil
}

// mayRecover says why an address gets no mail: it cannot, nobody has it, or its
// owner could not sign in.
func (f *Feature) mayRecover(ctx context.Context, typed string, user doorward.User) error {
	_, err := f.cfg.Email(ctx, typed)
	switch {
	case errors.Is(err, address.ErrInvalid), errors.Is(err, address.ErrUndeliverable):
		return doorward.Fail("email", "INVALID_EMAIL_ADDRESS")
	case err != nil:
		return fmt.Errorf("validate address: %w", err)
	case user == nil:
		return doorward.Fail("email", "USER_DOES_NOT_EXIST")
	}
	return f.rt.SignIn().Admit(ctx, doorward.Attempt{User: user, Field: "email"})
}
