package register_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/confirm"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/usernames"
)

// TestMailTwins: whatever is taken, one mail goes out, and the answer is the same.
func TestMailTwins(t *testing.T) {
	const oldie, nova = "old@example.com", "new@example.com"
	twins := []struct{ name, email, username, vat, template, to string }{
		{"free", nova, "newbie", "", "welcome", nova},
		{"address taken", oldie, "newbie", "", "welcome_existing", oldie},
		{"address taken in other letters", "OLD@example.com", "newbie", "", "welcome_existing", oldie},
		{"username taken", nova, "Oldie", "", "welcome_existing_username", nova},
		{"both taken", oldie, "oldie", "", "welcome_existing", oldie},
		{"own column taken", nova, "newbie", "DE1", "", ""},
	}
	for name, more := range map[string]func() []doorward.Feature{
		"plain":   func() []doorward.Feature { return nil },
		"confirm": func() []doorward.Feature { return []doorward.Feature{confirm.New(confirm.Config{}), resetter{}} },
		"lax":     func() []doorward.Feature { return []doorward.Feature{confirm.New(confirm.Config{Lax: true})} },
		"limits":  func() []doorward.Feature { return []doorward.Feature{lockout.New(lockout.Config{}), loginPage{}} },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				var first, page string
				for _, c := range twins {
					s, box := mailing(t, register.Config{Usernames: &usernames.Rules{}, Fields: []register.Field{vat()}}, func(dc *doorward.Config) {
						withUsernames(dc)
						dc.GenericResponses = true
					}, more()...)
					s.add(oldie, "oldie")
					s.addVAT("DE1")
					b := s.browser(asJSON)
					r := b.post("/register", with(fields{"email": c.email, "username": c.username, "vat": c.vat}))
					after := b.get("/register").shape()
					if first == "" {
						first, page = r.shape(), after
					}
					if r.shape() != first || after != page || s.hashes.Load() != 1 || b.whoami() != "nobody" {
						t.Errorf("%s (%d hashes, %s):\n%s\nfree:\n%s", c.name, s.hashes.Load(), b.whoami(), r.shape()+after, first+page)
					}
					sent := box.Sent()
					if c.template == "" {
						if len(sent) != 0 {
							t.Errorf("%s: %+v", c.name, sent)
						}
						continue
					}
					if m := box.only(t); m.To != c.to || m.Template != c.template {
						t.Errorf("%s: %q to %s", c.name, m.Template, m.To)
					}
				}
				want := map[bool]string{true: "CONFIRM_REGISTRATION", false: "REGISTRATION_RECEIVED"}[name == "confirm" || name == "lax"]
				if !asJSON && !strings.Contains(page, want) {
					t.Errorf("no %s on\n%s", want, page)
				}
			})
		})
	}
}

func vat() register.Field {
	return register.Field{Name: "vat", Set: func(u doorward.User, v string) error { u.(*member).VAT = v; return nil }}
}

// addVAT stores somebody with a value of the application's unique column.
func (s *site) addVAT(vat string) {
	s.t.Helper()
	m := &member{VAT: vat, Account: doorward.Account{Email: "vat@example.com", Active: true}}
	if err := s.store.CreateUser(s.t.Context(), m); err != nil {
		s.t.Fatal(err)
	}
}

// TestExistingMail: what the owner of an address is told, and nobody else.
func TestExistingMail(t *testing.T) {
	generic := func(c *doorward.Config) { withUsernames(c); c.GenericResponses = true }
	for _, c := range []struct {
		name        string
		more        []doorward.Feature
		confirmed   bool
		want, never []string
	}{
		{"plain", nil, false, nil, []string{"/reset/", "/confirm/"}},
		{"reset", []doorward.Feature{resetter{}}, false, []string{"https://example.com/reset/for-old@example.com"}, []string{"/confirm/"}},
		{"not confirmed", []doorward.Feature{confirm.New(confirm.Config{})}, false, []string{"https://example.com/confirm/"}, []string{"/reset/"}},
		{"not confirmed, reset", []doorward.Feature{confirm.New(confirm.Config{}), resetter{}}, false, []string{"/reset/for-old@example.com"}, []string{"/confirm/"}},
		{"confirmed", []doorward.Feature{confirm.New(confirm.Config{}), resetter{}}, true, []string{"/reset/for-old@example.com"}, []string{"/confirm/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, box := mailing(t, register.Config{Usernames: &usernames.Rules{}}, generic, c.more...)
			old := s.add("old@example.com", "oldie")
			if c.confirmed {
				if err := s.store.UpdateUser(t.Context(), old, func(acc *doorward.Account) error { acc.ConfirmedAt = acc.CreatedAt; return nil }); err != nil {
					t.Fatal(err)
				}
			}
			s.browser(true).post("/register", with(fields{"email": "OLD@example.com", "username": "Cheapwatches"}))
			says(t, box.only(t), c.want, append(c.never, "Cheapwatches", "OLD@", goodPassword, old.Uniquifier))
			box.Reset()
			s.browser(true).post("/register", with(fields{"email": "other@example.com", "username": "oldie"}))
			m := box.only(t)
			says(t, m, []string{"https://example.com/register"}, []string{"oldie", "old@example.com", "/reset", "/confirm/", goodPassword})
		})
	}
}

// TestMailCannon: of many registrations of one address only some cause a mail;
// the others are answered and do as the first.
func TestMailCannon(t *testing.T) {
	for name, c := range map[string]struct{ email, username string }{
		"free, then taken": {"victim@example.com", "newbie"},
		"username taken":   {"victim@example.com", "oldie"},
		"address taken":    {"OLD@example.com", "newbie"},
	} {
		s, box := mailing(t, register.Config{Usernames: &usernames.Rules{}}, func(c *doorward.Config) { withUsernames(c); c.GenericResponses = true },
			lockout.New(lockout.Config{}), loginPage{})
		s.add("old@example.com", "oldie")
		first := ""
		for i := range 15 {
			r := s.browser(true).post("/register", with(fields{"email": c.email, "username": c.username}))
			if first == "" {
				first = r.shape()
			}
			if r.shape() != first {
				t.Errorf("%s, %d:\n%s\nfirst:\n%s", name, i, r.shape(), first)
			}
		}
		if n := len(box.Sent()); n != 10 {
			t.Errorf("%s: %d mails, want 10", name, n)
		}
	}
}
