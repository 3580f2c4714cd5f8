package lockout_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
)

// sender is a feature that asks if codes may be sent.
type sender struct{ rt *doorward.Runtime }

func (*sender) Name() string                      { return "sender" }
func (s *sender) Init(rt *doorward.Runtime) error { s.rt = rt; return nil }

// codesApp is an installation with one.
func codesApp(t *testing.T, edit func(*lockout.Config)) (*kit.App, doorward.Mail) {
	t.Helper()
	s := &sender{}
	app := limited(t, func(c *batteries.Config) {
		c.More = append(c.More, s)
		edit(&c.Lockout)
	})
	return app, s.rt.Mail()
}

func request(t *testing.T, addr string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
	r.RemoteAddr = addr + ":40000"
	return r
}

// An account is sent so many codes in an hour, by each way, and they count apart
// from other mails, of which there are fewer.
func TestAccountCodes(t *testing.T) {
	for _, most := range []int{20, 3} {
		app, m := codesApp(t, func(c *lockout.Config) {
			if most != 20 {
				c.AccountCodes = most
			}
		})
		u := find(t, app, joe)
		own := func(kind string) bool { return m.AdmitOwn(request(t, "192.0.2.7"), kind, u) == nil }
		for _, kind := range []string{"send-code", doorward.KindText} {
			for i := range most + 3 {
				if got := own(kind); got != (i < most) {
					t.Errorf("%s %d of %d: %t", kind, i+1, most, got)
				}
			}
		}
		for i := range 11 {
			if got := own("own"); got != (i < 10) {
				t.Errorf("another mail, %d of 10: %t", i+1, got)
			}
		}
		app.Clock.Advance(time.Hour/time.Duration(most) + time.Second) // one comes back
		if !own("send-code") || own("send-code") {
			t.Error("not one of them came back")
		}
		jane := app.NewUser("jane@example.com")
		if err := m.AdmitOwn(request(t, "192.0.2.7"), "send-code", jane); err != nil {
			t.Errorf("another account: %v", err)
		}
		if s := status(t, app, u); s.Failures != 0 {
			t.Errorf("codes that are sent count as guesses: %+v", s)
		}
	}
}

// What strangers have sent counts for the account as well, however it is named,
// and they are not told.
func TestStrangersCodes(t *testing.T) {
	for _, kind := range []string{"send-code", doorward.KindText} {
		app, m := codesApp(t, func(c *lockout.Config) { c.AccountCodes, c.MailTries = 3, 8 })
		u := find(t, app, joe)
		for i, typed := range []string{joe, "JOE@example.com", " joe@example.com ", joe} {
			send, err := m.Admit(request(t, "192.0.2.7"), kind, typed, u)
			if err != nil || send != (i < 3) {
				t.Errorf("%s as %q: %t, %v", kind, typed, send, err)
			}
		}
		for i := range 4 { // nobody's account is like one
			send, err := m.Admit(request(t, "192.0.2.7"), kind, "nobody@example.com", nil)
			if err != nil || send != (i < 3) {
				t.Errorf("%s to nobody, %d: %t, %v", kind, i, send, err)
			}
		}
		_, err := m.Admit(request(t, "192.0.2.7"), kind, "somebody@example.com", nil) // the ninth of an address
		if p, ok := errors.AsType[*doorward.Problem](err); !ok || p.Status != http.StatusTooManyRequests || p.RetryAfter <= 0 {
			t.Errorf("%s from one address: %v", kind, err)
		}
		if send, err := m.Admit(request(t, "198.51.100.7"), kind, "somebody@example.com", nil); !send || err != nil {
			t.Errorf("%s from another address: %t, %v", kind, send, err)
		}
	}
}

// Without mails there are text messages.
func TestTextsWithoutMails(t *testing.T) {
	s := &sender{}
	app := limited(t, func(c *batteries.Config) {
		c.More, c.Mail.Sender, c.Lockout.AccountCodes = []doorward.Feature{s}, nil, 1
	})
	u := find(t, app, joe)
	for i := range 2 {
		if err := s.rt.Mail().AdmitOwn(request(t, "192.0.2.7"), doorward.KindText, u); (err == nil) != (i == 0) {
			t.Errorf("text %d: %v", i, err)
		}
	}
}
