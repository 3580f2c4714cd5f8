package browsertest_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/mail"
)

// letterbox has the last mail, at once.
type letterbox struct {
	mu   sync.Mutex
	last mail.Message
}

func (*letterbox) Queued() {}

func (l *letterbox) Send(_ context.Context, m mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = m
	return nil
}

// link returns where the last mail leads.
func (l *letterbox) link(t *testing.T) string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	u, err := url.Parse(regexp.MustCompile(`https?://\S+`).FindString(l.last.Text))
	if err != nil || u.Path == "" {
		t.Fatalf("no link in %q", l.last.Text)
	}
	return u.RequestURI()
}

// TestBrowserLockout guesses until an account is locked, and unlocks it by the
// mail.
func TestBrowserLockout(t *testing.T) {
	box := &letterbox{}
	s := serve(t, func(c *batteries.Config) {
		c.Mail.Sender, c.URLs.ServerName = box, "localhost"
		c.Lockout.AccountTries = 2
	})
	chromium := launch(t)
	b := open(t, chromium, s.URL)
	signIn := func(password string) int {
		b.fill("email", address, "password", password)
		return b.press(`main button[type=submit]`)
	}
	b.visit("/login")
	for range 2 {
		signIn("not the pass phrase")
	}
	if got := signIn(secret); got != 429 {
		t.Fatalf("status %d, want 429", got)
	}
	b.wantText("Please wait 15 minutes before the next one.")
	if title := eval[string](b, "document.title"); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("the title %q does not begin with the error", title)
	}
	b.look("login-locked")

	b.press(`.links a[href="/unlock"]`)
	b.look("unlock-request")
	b.fill("email", address)
	b.press(`main button[type=submit]`)
	b.wantPath("/login")
	b.wantText("a link to unlock it is on its way")
	b.look("unlock-requested")

	path := box.link(t)
	b.visit(path)
	b.look("unlock")
	b.press(`main button[type=submit]`)
	b.wantPath("/login")
	b.wantText("The account is unlocked.")
	b.look("unlocked")
	if got := b.visit(path + "x"); got != 404 {
		t.Errorf("status %d, want 404", got)
	}
	b.wantText("This link has been used")
	b.look("unlock-dead")
	b.fill("email", address)
	b.press(`main button[type=submit]`)
	b.wantPath("/login")
	b.visit("/login?next=/books")
	signIn(secret)
	b.wantPath("/books")
}
