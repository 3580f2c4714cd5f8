package changeemail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
)

// requestForm names the new address.
type requestForm struct {
	Email string `json:"email"`
}

func (f *Feature) form() doorward.Form[requestForm] {
	return doorward.Form[requestForm]{Page: f.page, Check: check, Submit: f.request}
}

func (f *Feature) page(r *http.Request, _ *requestForm) (doorward.Result, error) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		return doorward.Result{}, err
	}
	current := map[string]any{"current_email": id.User.SecurityAccount().Email}
	return doorward.Result{Page: f.cfg.Template, Scope: "change_email", User: id.User, Values: current, JSON: current}, nil
}

func check(_ *http.Request, in *requestForm, p *doorward.Problem) {
	p.Require("email", in.Email, "EMAIL_NOT_PROVIDED")
}

// request sends a link to the new address. One that is taken, the user's own
// included, is answered in generic mode as if it were free, after the same work.
func (f *Feature) request(_ http.ResponseWriter, r *http.Request, in *requestForm) (doorward.Result, error) {
	sent, err := f.page(r, in)
	if err != nil {
		return doorward.Result{}, err
	}
	email, err := f.normal(r.Context(), in.Email)
	if err != nil {
		return doorward.Result{}, err
	}
	if err := f.rt.Mail().AdmitOwn(r, "change", sent.User); err != nil {
		return doorward.Result{}, err
	}
	admitted, err := f.rt.Mail().Admit(r, "change-email", email, nil)
	if err != nil {
		return doorward.Result{}, err
	}
	taken, err := f.taken(r.Context(), email)
	if err != nil {
		return doorward.Result{}, err
	}
	if err := f.mail(r.Context(), sent.User, email, admitted && !taken); err != nil {
		return doorward.Result{}, err
	}
	sent.Form, sent.Flash = &requestForm{}, []doorward.Message{doorward.M("CHANGE_EMAIL_SENT", "email", email)}
	if taken {
		return doorward.Result{}, doorward.Fail("email", "EMAIL_ALREADY_ASSOCIATED", "email", email).Conceal(sent)
	}
	return sent, nil
}

// normal returns the normal form of an address that can receive mail.
func (f *Feature) normal(ctx context.Context, typed string) (string, error) {
	email, err := f.cfg.Email(ctx, strings.TrimSpace(typed))
	switch {
	case errors.Is(err, address.ErrInvalid), errors.Is(err, address.ErrUndeliverable):
		return "", doorward.Fail("email", "INVALID_EMAIL_ADDRESS")
	case err != nil:
		return "", fmt.Errorf("validate address: %w", err)
	}
	return email, nil
}

// taken reports whether an account has that address.
func (f *Feature) taken(ctx context.Context, email string) (bool, error) {
	u, err := f.rt.Accounts().Holder(ctx, "email", email)
	return u != nil, err
}

// mail writes the mail with the link, and sends it if it may.
func (f *Feature) mail(ctx context.Context, u doorward.User, email string, may bool) error {
	to := ""
	if may {
		to = email
	}
	link, token := f.links.New(u, email)
	err := f.rt.Mail().Send(ctx, doorward.Letter{
		Template: f.cfg.EmailTemplate, Subject: doorward.Subject("CHANGE_EMAIL_SUBJECT", f.cfg.Subject), To: to, User: u,
		Values: map[string]any{"link": link, "token": token, "within": f.cfg.Within},
	})
	if err == nil && may {
		doorward.Fire(ctx, f.rt, &f.hooks.InstructionsSent, InstructionsSent{User: u, NewEmail: email})
	}
	return err
}
