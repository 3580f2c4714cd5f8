package register_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/usernames"
)

// box is an outbox behind a queue that may be full.
type box struct {
	mail.Outbox
	full error
}

func (b *box) Ready() error { return b.full }

// resetter stands for the feature that resets passwords.
type resetter struct{}

func (resetter) Name() string { return "resetter" }
func (resetter) Init(rt *doorward.Runtime) error {
	return rt.Handle(doorward.Route{Name: "forgot_password", Path: "/reset", Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
		return doorward.Result{}, nil
	}})
}
func (resetter) ResetLink(_ context.Context, u doorward.User) (link, token string) {
	return "https://example.com/reset/for-" + u.SecurityAccount().Email, "for-" + u.SecurityAccount().Email
}

// mailing is an installation that sends mails, and box is where they are.
func mailing(t *testing.T, cfg register.Config, engine func(*doorward.Config), more ...doorward.Feature) (*site, *box) {
	t.Helper()
	b := &box{}
	s := newSite(t, cfg, func(c *doorward.Config) {
		c.Mail.Sender, c.URLs.ServerName, c.URLs.Scheme = b, "example.com", "https"
		if engine != nil {
			engine(c)
		}
	}, more...)
	return s, b
}

func (b *box) only(t *testing.T) mail.Message {
	t.Helper()
	sent := b.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d mails, want 1: %+v", len(sent), sent)
	}
	return sent[0]
}

// says checks both parts of a mail.
func says(t *testing.T, m mail.Message, want, never []string) {
	t.Helper()
	for _, part := range []string{m.Text, m.HTML} {
		for _, w := range want {
			if !strings.Contains(part, w) {
				t.Errorf("%q is missing from\n%s", w, part)
			}
		}
		for _, n := range never {
			if strings.Contains(part, n) {
				t.Errorf("%q is in\n%s", n, part)
			}
		}
	}
}

func TestWelcome(t *testing.T) {
	for _, c := range []struct {
		name        string
		cfg         register.Config
		more        []doorward.Feature
		want, never []string
		flash, who  string
	}{
		{"plain", register.Config{}, nil, []string{"https://example.com/login"}, []string{"/confirm/"}, "", "new@example.com [register]"},
		{"to be confirmed", register.Config{}, []doorward.Feature{confirm.New(confirm.Config{})},
			[]string{"https://example.com/confirm/"}, []string{"/login"}, "CONFIRM_REGISTRATION", "nobody"},
		{"confirmed later", register.Config{}, []doorward.Feature{confirm.New(confirm.Config{Lax: true})},
			[]string{"https://example.com/confirm/"}, nil, "CONFIRM_REGISTRATION", "new@example.com [register]"},
		{"subject", register.Config{Subject: "At last"}, nil, []string{"At last"}, nil, "", "new@example.com [register]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				more := c.more
				if len(more) == 0 {
					more = []doorward.Feature{loginPage{}}
				}
				s, box := mailing(t, c.cfg, nil, more...)
				b := s.browser(asJSON)
				r := b.post("/register", good())
				if asJSON && (r.status != 200 || r.response["user"] == nil) || !asJSON && r.status != 302 {
					t.Errorf("answer %d %s", r.status, r.body)
				}
				if got := b.whoami(); got != c.who {
					t.Errorf("signed in is %s, want %s", got, c.who)
				}
				page := s.page(b)
				for _, key := range []string{"CONFIRM_REGISTRATION", "CONFIRMATION_REQUIRED", "REGISTERED"} {
					if strings.Contains(page, key) != (!asJSON && key == c.flash) {
						t.Errorf("%s: flashes on\n%s", key, page)
					}
				}
				m := box.only(t)
				if m.To != "new@example.com" || m.Template != "welcome" || m.Subject == "" || c.cfg.Subject != "" && m.Subject != c.cfg.Subject {
					t.Errorf("%+v", m)
				}
				says(t, m, c.want, append(c.never, goodPassword, "127.0.0.1"))
			})
		})
	}
}

// loginPage stands for the sign-in page.
type loginPage struct{}

func (loginPage) Name() string { return "login-page" }
func (loginPage) Init(rt *doorward.Runtime) error {
	return rt.Handle(doorward.Route{Name: "login", Path: "/login", Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
		return doorward.Result{Page: "security/error.html", Values: map[string]any{"Status": 200}}, nil
	}})
}

// page returns a page of ours, with the flashes.
func (s *site) page(b *browser) string {
	return b.get("/register/nothing").body + b.get("/login").body + b.get("/confirm").body
}

// TestConfirmFirst is the whole way of a new user.
func TestConfirmFirst(t *testing.T) {
	s, box := mailing(t, register.Config{}, nil, confirm.New(confirm.Config{AutoLogin: true}))
	b := s.browser(false)
	b.post("/register", good())
	_, path, _ := strings.Cut(box.only(t).Text, "https://example.com")
	path = strings.Fields(path)[0]
	if r := b.post(path, fields{}); r.status != 302 || b.whoami() != "new@example.com [confirm]" {
		t.Errorf("%s: %d, signed in is %s", path, r.status, b.whoami())
	}
	if s.users()[0].ConfirmedAt.IsZero() {
		t.Error("not confirmed")
	}
	if strings.Contains(s.log.String(), "refused") {
		t.Errorf("the gate at registration was taken for a refused sign-in: %s", s.log.String())
	}
}

// second is a second factor that everybody must have.
type second struct{}

func (second) Name() string                                                    { return "second" }
func (second) Init(*doorward.Runtime) error                                    { return nil }
func (second) Methods(context.Context, doorward.User) ([]string, error)        { return nil, nil }
func (second) Required(context.Context, *doorward.Attempt, bool) (bool, error) { return true, nil }
func (second) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true}}, nil
}

// TestSecondFactorFirst: who has to go on elsewhere is told of the mail, too.
func TestSecondFactorFirst(t *testing.T) {
	s, _ := mailing(t, register.Config{}, nil, confirm.New(confirm.Config{Lax: true}), second{})
	b := s.browser(false)
	r := b.post("/register", good())
	if r.header.Get("Location") != "/second" || b.whoami() != "nobody" {
		t.Errorf("%d to %s, signed in is %s", r.status, r.header.Get("Location"), b.whoami())
	}
	if !strings.Contains(s.page(b), "CONFIRM_REGISTRATION") {
		t.Error("no word of the mail")
	}
}

// An account that the application makes confirmed needs no link.
func TestConfirmedByApplication(t *testing.T) {
	invited := register.Field{Name: "invitation", Set: func(u doorward.User, _ string) error {
		u.SecurityAccount().ConfirmedAt = u.SecurityAccount().CreatedAt.AddDate(2030, 0, 0)
		return nil
	}}
	s, box := mailing(t, register.Config{Fields: []register.Field{invited}}, nil, confirm.New(confirm.Config{}))
	b := s.browser(true)
	b.post("/register", good())
	if got := b.whoami(); got != "new@example.com [register]" {
		t.Errorf("signed in is %s", got)
	}
	says(t, box.only(t), nil, []string{"/confirm/"})
}

func TestNoMails(t *testing.T) {
	for name, c := range map[string]struct {
		cfg    register.Config
		engine func(*doorward.Config)
	}{
		"switched off":            {register.Config{NoMail: true}, func(*doorward.Config) {}},
		"switched off, generic":   {register.Config{NoMail: true}, func(c *doorward.Config) { c.GenericResponses = true }},
		"without sender":          {register.Config{}, func(c *doorward.Config) { c.Mail.Sender = nil }},
		"without sender, generic": {register.Config{}, func(c *doorward.Config) { c.Mail.Sender, c.GenericResponses = nil, true }},
	} {
		s, box := mailing(t, c.cfg, c.engine)
		s.add("old@example.com", "")
		for _, email := range []string{"new@example.com", "old@example.com"} {
			s.browser(true).post("/register", with(fields{"email": email}))
		}
		if n := len(box.Sent()); n != 0 || len(s.users()) != 2 {
			t.Errorf("%s: %d mails, %d users", name, n, len(s.users()))
		}
	}
}

// Told on the form, nobody gets a mail about what is taken.
func TestTakenNoMail(t *testing.T) {
	s, box := mailing(t, register.Config{}, nil)
	s.add("old@example.com", "")
	if r := s.browser(true).post("/register", with(fields{"email": "old@example.com"})); r.status != 400 || len(box.Sent()) != 0 {
		t.Errorf("%d, %d mails", r.status, len(box.Sent()))
	}
}

// TestMailValues: templates of an application get all that the contract has.
func TestMailValues(t *testing.T) {
	for _, c := range []struct{ template, email, username, want string }{
		{"welcome", "new@example.com", "newbie", "new@example.com link:true token:true"},
		{"welcome_existing", "old@example.com", "newbie", "old@example.com link:true token:true https://example.com/pre/reset https://example.com/reset/for-old@example.com for-old@example.com"},
		{"welcome_existing_username", "new@example.com", "oldie", "<nil> new@example.com oldie"},
	} {
		s, box := mailing(t, register.Config{Usernames: &usernames.Rules{}}, func(dc *doorward.Config) {
			withUsernames(dc)
			dc.GenericResponses, dc.URLs.Prefix = true, "/pre"
			dc.Pages.Templates = kitFS{
				"security/email/welcome.txt":                   `{{.User.Email}} link:{{ne .Mail.confirmation_link ""}} token:{{ne .Mail.confirmation_token ""}}`,
				"security/email/welcome_existing.txt":          `{{.User.Email}} link:{{ne .Mail.confirmation_link ""}} token:{{ne .Mail.confirmation_token ""}} {{.Mail.recovery_link}} {{.Mail.reset_link}} {{.Mail.reset_token}}`,
				"security/email/welcome_existing_username.txt": `{{.User}} {{.Mail.email}} {{.Mail.username}}`,
			}.fs()
		}, confirm.New(confirm.Config{}), resetter{})
		s.add("old@example.com", "oldie")
		b := s.browser(true)
		send := with(fields{"email": c.email, "username": c.username, "csrf_token": b.token("/pre/register")})
		b.do(http.MethodPost, "/pre/register", "application/json", jsonOf(send))
		if m := box.only(t); strings.TrimSpace(m.Text) != c.want || m.Template != c.template {
			t.Errorf("%s: %q, want %q", m.Template, m.Text, c.want)
		}
	}
}

// What cannot be queued is not begun.
func TestQueueFull(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s, box := mailing(t, register.Config{}, nil)
		box.full = mail.ErrFull
		if r := s.browser(asJSON).post("/register", good()); r.status != 503 || len(s.users()) != 0 {
			t.Errorf("%d, %d users", r.status, len(s.users()))
		}
	})
}

// A mail that fails is the operator's, and undoes nothing.
func TestMailTrouble(t *testing.T) {
	s, box := mailing(t, register.Config{}, func(c *doorward.Config) { c.Mail.Max = 10 }, loginPage{})
	b := s.browser(true)
	if r := b.post("/register", good()); r.status != 200 || len(s.users()) != 1 || len(box.Sent()) != 0 || b.whoami() == "nobody" {
		t.Errorf("%d, %d users, %d mails", r.status, len(s.users()), len(box.Sent()))
	}
	if !strings.Contains(s.log.String(), "MAIL_MAX_SIZE") {
		t.Errorf("log %s", s.log.String())
	}
}

// TestMailTrap: whoever fills the form with markup and lies about the host
// sends nobody anything but our words.
func TestMailTrap(t *testing.T) {
	for _, generic := range []bool{false, true} {
		kit.MailTrap(t, trapSite(t, generic), "https://localhost")
	}
}

func trapSite(t *testing.T, generic bool) *kit.App {
	t.Helper()
	return kit.New(t, func(c *batteries.Config) {
		c.Register, c.Confirm, c.Usernames.Enable, c.GenericResponses = &register.Config{}, &confirm.Config{}, true, generic
	})
}

// kitFS is a file system of templates.
type kitFS map[string]string

func (f kitFS) fs() fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range f {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
