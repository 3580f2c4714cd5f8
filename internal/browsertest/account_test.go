package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorward/doorward/batteries"
)

func TestBrowserRegister(t *testing.T) {
	s := serve(t, nil)
	b := open(t, launch(t), s.URL)
	b.visit("/login")
	b.press(`.links a[href="/register"]`)
	b.look("register")

	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("main form").noValidate = true`))
	b.fill("email", "grace@example.org", "password", "12345678", "password_confirm", "other")
	b.press(`main button[type=submit]`)
	b.wantPath("/register")
	b.wantText("easy to guess")
	b.look("register-failed")

	b.fill("password", secret, "password_confirm", secret)
	b.press(`main button[type=submit]`)
	b.wantPath("/")
	b.visit("/books")
	b.wantText("Books of grace@example.org")
}

// TestBrowserSessions ends one browser's session from another.
func TestBrowserSessions(t *testing.T) {
	s := serve(t, nil)
	chromium := launch(t)
	one, two := open(t, chromium, s.URL), open(t, chromium, s.URL)
	for _, b := range []*tab{one, two} {
		b.visit("/login?next=/books")
		b.fill("email", address, "password", secret)
		b.press(`main button[type=submit]`)
		b.wantPath("/books")
	}

	one.visit("/sessions")
	one.look("sessions")
	if n := eval[int](one, `document.querySelectorAll(".list > li").length`); n != 2 {
		t.Fatalf("%d sessions listed, want 2", n)
	}
	one.press(`.list > li:not([aria-current]) button`)
	one.wantText("The session has been ended.")
	one.look("sessions-ended")

	two.visit("/books")
	two.wantPath("/login?next=/books")
	one.visit("/books")
	one.wantPath("/books")
}

// TestBrowserUsernames looks at the pages with every field they can have.
func TestBrowserUsernames(t *testing.T) {
	s := serve(t, func(c *batteries.Config) { c.Usernames.Enable = true })
	b := open(t, launch(t), s.URL)
	for _, page := range []string{"login", "register"} {
		b.visit("/" + page)
		b.look(page + "-username")
	}
}
