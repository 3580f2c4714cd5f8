package confirm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
)

// sendForm asks for another link.
type sendForm struct {
	Email string `json:"email"`
}

func (f *Feature) form() doorward.Form[sendForm] {
	return doorward.Form[sendForm]{
		New: func(r *http.Request) *sendForm {
			if r.Method == http.MethodPost {
				return &sendForm{}
			}
			return &sendForm{Email: r.URL.Query().Get("email")}
		},
		Page:   func(*http.Request, *sendForm) (doorward.Result, error) { return f.sendPage(), nil },
		Submit: f.send,
	}
}

func (f *Feature) sendPage() doorward.Result {
	return doorward.Result{Page: f.cfg.Template, Scope: "send_confirmation"}
}

// send sends another link to an account that is not confirmed. In generic mode
// every other address is answered as if it were one, after the same work. Who is
// over the limit has nobody outside asked about an address (ASVS 2.4.1).
func (f *Feature) send(_ http.ResponseWriter, r *http.Request, in *sendForm) (doorward.Result, error) {
	typed := strings.TrimSpace(in.Email)
	sent := f.sendPage()
	sent.Form, sent.JSON, sent.Flash = in, map[string]any{}, []doorward.Message{doorward.M("CONFIRMATION_REQUEST", "email", typed)}
	if typed == "" {
		return doorward.Result{}, doorward.Fail("email", "EMAIL_NOT_PROVIDED").Conceal(sent)
	}
	likely := f.likely(typed)
	user, admitted, err := f.count(r, typed, likely)
	if err != nil {
		return doorward.Result{}, err
	}
	normal, p, err := f.normal(r.Context(), typed)
	if err == nil && p == nil && normal != likely { // Email has a form of its own; then that counts, too
		user, admitted, err = f.count(r, normal, normal)
	}
	if err != nil {
		return doorward.Result{}, err
	}
	if p != nil {
		return doorward.Result{}, p.Conceal(sent)
	}
	p = refusal(user)
	if err := f.mail(r.Context(), user, admitted && p == nil); err != nil {
		return doorward.Result{}, err
	}
	if p != nil {
		return doorward.Result{}, p.Conceal(sent)
	}
	return sent, nil
}

// likely returns the normal form of an address without asking anybody, or "".
func (f *Feature) likely(typed string) string {
	if normal, err := address.Normalize(typed); err == nil {
		return normal
	}
	for _, ia := range f.rt.Identities() {
		if ia.Attr == "email" {
			return ia.Map(typed)
		}
	}
	return ""
}

// count looks up whose address it is, and asks the limits.
func (f *Feature) count(r *http.Request, typed, email string) (u doorward.User, admitted bool, err error) {
	if u, err = f.rt.Accounts().Holder(r.Context(), "email", email); err != nil {
		return nil, false, err
	}
	admitted, err = f.rt.Mail().Admit(r, "confirm", typed, u)
	return u, admitted, err
}

// normal returns the normal form of an address that can receive mail, for which
// the DNS may be asked, or what is wrong with it.
func (f *Feature) normal(ctx context.Context, typed string) (string, *doorward.Problem, error) {
	normal, err := f.cfg.Email(ctx, typed)
	switch {
	case errors.Is(err, address.ErrInvalid), errors.Is(err, address.ErrUndeliverable):
		return "", doorward.Fail("email", "INVALID_EMAIL_ADDRESS"), nil
	case err != nil:
		return "", nil, fmt.Errorf("validate address: %w", err)
	}
	return normal, nil, nil
}

// refusal says why an account gets no link.
func refusal(u doorward.User) *doorward.Problem {
	switch {
	case u == nil:
		return doorward.Fail("email", "USER_DOES_NOT_EXIST")
	case !u.SecurityAccount().ConfirmedAt.IsZero():
		return doorward.Fail("email", "ALREADY_CONFIRMED")
	}
	return nil
}

// mail writes the mail, and sends it if it may.
func (f *Feature) mail(ctx context.Context, u doorward.User, may bool) error {
	to := ""
	if may {
		to = u.SecurityAccount().Email
	}
	link, token := f.links.New(u, "")
	err := f.rt.Mail().Send(ctx, doorward.Letter{
		Template: f.cfg.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_CONFIRM", f.cfg.Subject), To: to, User: u,
		Values: map[string]any{"confirmation_link": link, "confirmation_token": token, "within": f.cfg.Within},
	})
	if err != nil {
		return err
	}
	if may {
		doorward.Fire(ctx, f.rt, &f.hooks.InstructionsSent, InstructionsSent{User: u})
	}
	return nil
}
