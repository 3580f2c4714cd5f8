package register

import (
	"context"
	"net/url"

	"github.com/doorward/doorward"
)

// confirmer is asked for the link in the welcome mail. Where there is one, a
// new address has to be confirmed.
type confirmer interface {
	ConfirmationLink(ctx context.Context, u doorward.User) (link, token string)
}

// resetter is asked for a link by which an owner who registers again gets in.
type resetter interface {
	ResetLink(ctx context.Context, u doorward.User) (link, token string)
}

// mails reports whether registrations cause mails.
func (f *Feature) mails() bool { return !f.cfg.NoMail && f.rt.Mail().On() }

// confirms reports whether u's address is still to be confirmed.
func (f *Feature) confirms(u doorward.User) bool {
	_, on := doorward.Find[confirmer](f.rt)
	return on && u.SecurityAccount().ConfirmedAt.IsZero()
}

// letter is the one mail that a registration causes: to the new account, to the
// owner of the address, or to who asked for a name that is taken. It is written
// in any case; without may, or if only the application knows what is taken, it
// is to nobody.
//
// A stranger decides where it goes. So nothing else that he typed is in the
// built-in templates, or forms like this one would be used to send words to
// people who did not ask for them.
func (f *Feature) letter(ctx context.Context, user doorward.User, had taken, may bool) doorward.Letter {
	acc := user.SecurityAccount()
	l := doorward.Letter{Subject: doorward.Subject("EMAIL_SUBJECT_REGISTER", f.cfg.Subject), To: acc.Email}
	switch {
	case had.email != nil:
		l.Template, l.To, l.User = f.cfg.MailTemplateExisting, had.email.SecurityAccount().Email, had.email
		l.Values = f.confirmation(ctx, had.email, "")
		l.Values["reset_link"], l.Values["reset_token"], l.Values["recovery_link"] = f.recovery(ctx, had.email)
	case had.username != nil: // whose owner is none of this address's business
		l.Template = f.cfg.MailTemplateExistingName
		l.Values = map[string]any{"email": acc.Email, "username": acc.Username}
	default:
		l.Template, l.User = f.cfg.MailTemplate, user
		l.Values = f.confirmation(ctx, user, nil)
	}
	if !may || had.attr != "" {
		l.To = ""
	}
	return l
}

// confirmation has the link for an address that is to be confirmed, and none
// for any other.
func (f *Feature) confirmation(ctx context.Context, u doorward.User, none any) map[string]any {
	values := map[string]any{"confirmation_link": none, "confirmation_token": none}
	if c, on := doorward.Find[confirmer](f.rt); on && f.confirms(u) {
		values["confirmation_link"], values["confirmation_token"] = c.ConfirmationLink(ctx, u)
	}
	return values
}

// recovery returns a link to a new password and its token, and the page that
// sends others; all are empty if passwords cannot be reset.
func (f *Feature) recovery(ctx context.Context, u doorward.User) (link, token, page string) {
	r, on := doorward.Find[resetter](f.rt)
	if !on {
		return "", "", ""
	}
	link, token = r.ResetLink(ctx, u)
	root, _ := f.rt.Links().To("")
	if base, err := url.Parse(root); err == nil {
		if at, err := base.Parse(f.rt.Web().Path("forgot_password")); err == nil {
			page = at.String()
		}
	}
	return link, token, page
}
