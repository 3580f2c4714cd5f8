package confirm

import (
	"context"
	"fmt"
	"net/url"

	"github.com/doorward/doorward"
)

// Admit implements [doorward.Gate]: who has not confirmed his address does not
// get in, unless LOGIN_WITHOUT_CONFIRMATION says so. It is asked after the
// credential was proved, and in generic mode says nothing (ASVS 6.3.8).
func (f *Feature) Admit(_ context.Context, a *doorward.Attempt) error {
	if f.cfg.Lax || !a.User.SecurityAccount().ConfirmedAt.IsZero() {
		return nil
	}
	p := doorward.Fail(a.Field, "CONFIRMATION_REQUIRED").Generic("GENERIC_AUTHN_FAILED")
	if f.cfg.RequiredView != "" && !f.rt.Generic() {
		p.LeadTo(withEmail(f.rt.Web().View(f.cfg.RequiredView), a.User.SecurityAccount().Email))
	}
	return p
}

func withEmail(view, email string) string {
	u, err := url.Parse(view)
	if err != nil {
		return view
	}
	q := u.Query()
	q.Set("email", email)
	u.RawQuery = q.Encode()
	return u.String()
}

// Confirm takes u's address for confirmed, as an operator who knows does, and
// reports whether it was not before. Links that are on their way do nothing
// any more.
func (f *Feature) Confirm(ctx context.Context, u doorward.User) (changed bool, err error) {
	err = f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		if changed = acc.ConfirmedAt.IsZero(); changed {
			acc.ConfirmedAt = f.rt.Now()
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("confirm: %w", err)
	}
	if changed {
		doorward.Fire(ctx, f.rt, &f.hooks.Confirmed, Confirmed{User: u, By: "operator"})
	}
	return changed, nil
}

// ConfirmationLink returns a link that confirms u's address as it is now, and
// its token, for a mail to that address and to nowhere else: whoever has the
// link is taken for who reads the mail.
func (f *Feature) ConfirmationLink(_ context.Context, u doorward.User) (link, token string) {
	return f.links.New(u, "")
}
