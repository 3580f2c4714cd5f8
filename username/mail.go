package username

import (
	"context"

	"github.com/doorward/doorward"
)

// notify tells the owner of an account about its new username (ASVS 6.3.7).
func (f *Feature) notify(ctx context.Context, u doorward.User) {
	c := f.cfg.Change
	if c.NoEmail {
		return
	}
	f.rt.Mail().Notify(ctx, doorward.Letter{
		Template: c.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_USERNAME_CHANGE_NOTICE", c.Subject),
		To: u.SecurityAccount().Email, User: u, Values: map[string]any{"username": u.SecurityAccount().Username},
	})
}

// remind writes the mail with the username, and sends it if send says so. An
// account without one is told that.
func (f *Feature) remind(ctx context.Context, u doorward.User, send bool) error {
	c, to, name := f.cfg.Recovery, "", ""
	if u != nil {
		name = u.SecurityAccount().Username
		if send {
			to = u.SecurityAccount().Email
		}
	}
	return f.rt.Mail().Send(ctx, doorward.Letter{
		Template: c.EmailTemplate, Subject: doorward.Subject("EMAIL_SUBJECT_USERNAME_RECOVERY", c.Subject),
		To: to, User: u, Values: map[string]any{"username": name},
	})
}
