package codes_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
)

// Every notice is a mail to its user that says what has changed.
func TestNotify(t *testing.T) {
	s := newSite(t)
	u := s.NewUser(joe)
	for _, tt := range []struct {
		notice codes.Notice
		says   string
	}{
		{codes.Notice{What: "notice_set", Method: codes.Email}, "set up: Code by email."},
		{codes.Notice{What: "notice_removed", Method: codes.SMS}, "removed: Code by text message."},
		{codes.Notice{What: "notice_second_set", Method: codes.Authenticator}, "from now on: Authenticator app."},
		{codes.Notice{What: "notice_second_off"}, "does not ask for a second step any more"},
		{codes.Notice{What: "notice_recovery_made"}, "New recovery codes"},
		{codes.Notice{What: "notice_recovery_used", Left: 1}, "You have 1 left."},
		{codes.Notice{What: "notice_recovery_used", Left: 4}, "You have 4 left."},
	} {
		s.Outbox.Reset()
		tt.notice.User = u
		s.codes.Notify(t.Context(), tt.notice)
		sent := s.Outbox.Sent()
		if len(sent) != 1 {
			t.Fatalf("%s: %d mails\n%s", tt.notice.What, len(sent), s.Logs)
		}
		for _, body := range []string{sent[0].Text, sent[0].HTML} {
			if !strings.Contains(body, tt.says) || strings.Contains(body, "notice_") || strings.Contains(body, "method_") {
				t.Errorf("%s:\n%s", tt.notice.What, body)
			}
		}
		if m := sent[0]; m.To != joe || m.Subject == "" || strings.Contains(m.Subject, "EMAIL_SUBJECT") || m.Check() != nil {
			t.Errorf("%s: %q to %q, %v", tt.notice.What, m.Subject, m.To, m.Check())
		}
	}
}

// What cannot be sent stops nothing: the change is stored.
func TestNotifyNot(t *testing.T) {
	for name, edit := range map[string]func(*batteries.Config){
		"switched off": func(c *batteries.Config) { c.Codes.NoNotices = true },
		"no mails":     func(c *batteries.Config) { c.Mail.Sender = nil },
		"no sender":    nil,
	} {
		s := newSite(t, func(c *batteries.Config) {
			if edit != nil {
				edit(c)
			}
			c.Codes.NoticeSubject = "Own"
		})
		u := s.NewUser(joe)
		s.fail(errors.New("out of order"))
		s.codes.Notify(t.Context(), codes.Notice{User: u, What: "notice_second_off"})
		if n := len(s.Outbox.Sent()); n != 0 || s.Logs.Contains("out of order") != (edit == nil) {
			t.Errorf("%s: %d mails, log:\n%s", name, n, s.Logs)
		}
		s.fail(nil)
		s.codes.Notify(t.Context(), codes.Notice{User: u, What: "notice_second_off"})
		if sent := s.Outbox.Sent(); (len(sent) == 1 && sent[0].Subject == "Own") != (edit == nil) {
			t.Errorf("%s: %+v", name, sent)
		}
		s.silent()
	}
}
