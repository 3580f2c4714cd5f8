package changeemail

import (
	"context"
	"errors"
	"net/http"

	"github.com/doorward/doorward"
)

// linkPage asks whoever followed a link to press a button. It shows the new
// address, whose mailbox the link was in, and nothing else of the account.
func (f *Feature) linkPage(r *http.Request) (doorward.Result, error) {
	l, why, err := f.open(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if why.Key != "" {
		return f.refuse(r, why)
	}
	return doorward.Result{Page: f.cfg.LinkTemplate, Scope: "change_email", JSON: map[string]any{},
		Values: map[string]any{"Action": r.URL.EscapedPath(), "Email": l.Extra}}, nil
}

// open returns the link of the request, or a message that says why it is of no
// use.
func (f *Feature) open(r *http.Request) (doorward.Link, doorward.Message, error) {
	l, err := f.links.Open(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, doorward.ErrLinkExpired):
		return l, doorward.M("CHANGE_EMAIL_EXPIRED", "within", f.cfg.Within), nil
	case errors.Is(err, doorward.ErrLinkDead):
		return l, doorward.M("API_ERROR"), nil
	}
	return l, doorward.Message{}, err
}

func (f *Feature) refuse(r *http.Request, why doorward.Message) (doorward.Result, error) {
	return f.rt.Links().End(r, doorward.LinkEnd{Message: why, View: f.cfg.ErrorView, Else: "change_email"})
}

// useLink changes the address. The account gets a new uniquifier by that, so the
// link works once, and all that was mailed to the old address is dead.
func (f *Feature) useLink(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	l, why, err := f.open(r)
	if err != nil {
		return doorward.Result{}, err
	}
	if why.Key != "" {
		return f.refuse(r, why)
	}
	old := l.User.SecurityAccount().Email
	err = f.rt.Links().Renew(r, l.User, func(ctx context.Context) error { return f.free(ctx, l.Extra) }, func(acc *doorward.Account) error {
		if err := f.links.Still(l, acc); err != nil {
			return err
		}
		acc.Email, acc.ConfirmedAt = l.Extra, f.rt.Now()
		return nil
	})
	// Used, or the account has changed, or somebody else has the address by now.
	if errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, doorward.ErrAnonymous) || errors.Is(err, doorward.ErrDuplicate) {
		return f.refuse(r, doorward.M("API_ERROR"))
	}
	if err != nil {
		return doorward.Result{}, err
	}
	f.changed(r.Context(), l.User, old)
	view := f.cfg.PostChange
	return f.rt.Links().End(r, doorward.LinkEnd{Message: doorward.M("CHANGE_EMAIL_CONFIRMED"), View: view, Else: f.rt.Links().PostLogin(), User: l.User, JSON: map[string]any{}})
}

// free returns [doorward.ErrDuplicate] if an account has that address: a table
// that an application brings may be unique in one case of letters only.
func (f *Feature) free(ctx context.Context, email string) error {
	taken, err := f.taken(ctx, email)
	if err == nil && taken {
		err = doorward.ErrDuplicate
	}
	return err
}

// changed tells everybody, the mailbox of the old address included (ASVS 6.3.7).
// The new address is not in that mail: it may be somebody else's mailbox by now.
func (f *Feature) changed(ctx context.Context, u doorward.User, old string) {
	if !f.cfg.NoNotice {
		f.rt.Mail().Notify(ctx, doorward.Letter{
			Template: f.cfg.NoticeTemplate, Subject: doorward.Subject("CHANGE_EMAIL_NOTICE_SUBJECT", f.cfg.NoticeSubject), To: old, User: u,
		})
	}
	doorward.Fire(ctx, f.rt, &f.hooks.ChangeEmailConfirmed, ChangeEmailConfirmed{User: u, OldEmail: old})
}
