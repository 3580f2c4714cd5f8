package codes

import (
	"context"

	"github.com/doorward/doorward"
)

// Notice is a mail to a user about a change of how he signs in, which he may not
// have made (NIST SP 800-63B-4 section 4.6, ASVS 6.3.7).
type Notice struct {
	User doorward.User
	// What is the key of the text that says what has changed: notice_set,
	// notice_removed, notice_second_set, notice_second_off, notice_recovery_made
	// or notice_recovery_used.
	What   string
	Method string // that it is about: "email"; "" for none
	Left   int    // recovery codes
}

// Notify sends a notice after the change is stored. What goes wrong is logged.
func (c *Codes) Notify(ctx context.Context, n Notice) {
	if c.cfg.NoNotices || !c.rt.Mail().On() {
		return
	}
	c.rt.Mail().Notify(ctx, doorward.Letter{
		Template: "security/email/factor_notice", Subject: doorward.Subject("EMAIL_SUBJECT_FACTOR_NOTICE", c.cfg.NoticeSubject),
		To: n.User.SecurityAccount().Email, User: n.User,
		Values: map[string]any{"what": n.What, "method": "method_" + n.Method, "left": n.Left},
	})
}
