package reset

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/address"
)

// requestForm asks for a link.
type requestForm struct {
	Email string `json:"email"`
}

func (f *Feature) requestForm() doorward.Form[requestForm] {
	return doorward.Form[requestForm]{Page: f.requestPage, Submit: f.request}
}

// requestPage is filled in for who is signed in.
func (f *Feature) requestPage(r *http.Request, in *requestForm) (doorward.Result, error) {
	if r.Method != http.MethodPost {
		id, err := doorward.IdentityFrom(r.Context())
		switch {
		case err == nil:
			in.Email = id.User.SecurityAccount().Email
		case !errors.Is(err, doorward.ErrAnonymous):
			return doorward.Result{}, err
		}
	}
	return doorward.Result{Page: f.cfg.Template, Scope: "forgot_password", Form: in, JSON: map[string]any{}}, nil
}

// kindReset is how the limiters know a request for a link.
const kindReset = "reset"

// longestShown is how much of what was typed a message repeats: the longest
// address (RFC 5321 4.5.3.1.3).
const longestShown = 254

// request sends a link to the owner of the address. The answer repeats what was
// typed and depends on nothing else, in generic mode not even on whether it is
// an address.
func (f *Feature) request(_ http.ResponseWriter, r *http.Request, in *requestForm) (doorward.Result, error) {
	if err := f.send(r, in.Email); err != nil {
		return doorward.Result{}, err
	}
	res, err := f.requestPage(r, in)
	res.Flash = []doorward.Message{doorward.M("PASSWORD_RESET_REQUEST", "email", firstRunes(in.Email, longestShown))}
	return res, err
}

// send sends a link, or says why not. In generic mode it does not say, and does
// the same work for an account that does not exist or may not have one
// (ASVS 6.3.8): the same look-up, limits and mail. No password is hashed for
// anybody, and nobody outside is asked for who is over the limit: a stranger's
// request must not cost that (ASVS 2.4.1, 15.2.2).
func (f *Feature) send(r *http.Request, typed string) error {
	ctx, typed := r.Context(), strings.TrimSpace(typed)
	if typed == "" {
		return f.told(doorward.Fail("email", "EMAIL_NOT_PROVIDED"))
	}
	likely := f.likely(typed)
	user, may, err := f.count(r, typed, likely)
	if err != nil {
		return err
	}
	normal, err := f.normal(ctx, typed)
	if err != nil {
		return f.told(err)
	}
	if normal != likely { // Email has a form of its own; then that counts, too
		if user, may, err = f.count(r, normal, normal); err != nil {
			return err
		}
	}
	if refusal := f.admit(ctx, user); refusal != nil {
		if err := f.told(refusal); err != nil {
			return err
		}
		may = false
	}
	if !may {
		user = nil
	}
	f.instruct(ctx, user)
	return nil
}

// told returns what of err its visitor may know.
func (f *Feature) told(err error) error {
	if _, problem := errors.AsType[*doorward.Problem](err); problem && f.rt.Generic() {
		return nil
	}
	return err
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
func (f *Feature) count(r *http.Request, typed, email string) (u doorward.User, may bool, err error) {
	if u, err = f.rt.Accounts().Holder(r.Context(), "email", email); err != nil {
		return nil, false, err
	}
	may, err = f.rt.Mail().Admit(r, kindReset, typed, u)
	return u, may, err
}

// normal returns the normal form of an address that can receive mail, for which
// the DNS may be asked.
func (f *Feature) normal(ctx context.Context, typed string) (string, error) {
	normal, err := f.cfg.Email(ctx, typed)
	switch {
	case errors.Is(err, address.ErrInvalid), errors.Is(err, address.ErrUndeliverable):
		return "", doorward.Fail("email", "INVALID_EMAIL_ADDRESS")
	case err != nil:
		return "", fmt.Errorf("validate address: %w", err)
	}
	return normal, nil
}

// admit says why u gets no link: there is no such account, it is switched off,
// or a gate is shut, as when its address is not confirmed.
func (f *Feature) admit(ctx context.Context, u doorward.User) error {
	if u == nil {
		return doorward.Fail("email", "USER_DOES_NOT_EXIST")
	}
	return f.rt.SignIn().Admit(ctx, doorward.Attempt{User: u, Via: []string{"reset"}, Field: "email"})
}

// instruct makes a link for u and sends it to the address that is stored, never
// to what was typed, which a store may take for the same and a mail server for
// another. For nobody it does the same and sends nothing.
func (f *Feature) instruct(ctx context.Context, u doorward.User) {
	link, token := f.links.New(u, "")
	if !f.cfg.NoEmail {
		f.rt.Mail().Notify(ctx, doorward.Letter{
			Template: f.cfg.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_PASSWORD_RESET", f.cfg.Subject), To: emailOf(u), User: u,
			Values: map[string]any{"reset_link": link, "reset_token": token, "within": f.cfg.Within},
		})
		token = ""
	}
	if u != nil {
		doorward.Fire(ctx, f.rt, &f.hooks.InstructionsSent, InstructionsSent{User: u, ResetToken: Token(token)})
	}
}

func emailOf(u doorward.User) string {
	if u == nil {
		return ""
	}
	return u.SecurityAccount().Email
}

// firstRunes returns the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
