package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/change"
	"github.com/doorward/doorward/changeemail"
	"github.com/doorward/doorward/confirm"
	"github.com/doorward/doorward/passwordless"
	"github.com/doorward/doorward/reset"
	"github.com/doorward/doorward/username"
)

// TestBrowserLanguages looks at the pages that the walk does not come by, in a
// language that is written like English, and in one that is not.
func TestBrowserLanguages(t *testing.T) {
	chromium := launch(t)
	for lang, dir := range map[string]string{"de": "ltr", "ar": "rtl"} {
		t.Run(lang, func(t *testing.T) {
			box := &letterbox{}
			s := serve(t, func(c *batteries.Config) {
				c.Mail.Sender, c.URLs.ServerName = box, "localhost"
				c.Confirm, c.Reset = &confirm.Config{Lax: true}, &reset.Config{}
				c.Change, c.ChangeEmail = &change.Config{}, &changeemail.Config{}
				c.Usernames.Enable = true
				c.Username = username.Config{Change: &username.Change{}, Recovery: &username.Recovery{}}
				c.Lockout.AccountTries = 2
			})
			b := open(t, chromium, s.URL)
			b.speak(lang)
			w := &walk{tab: b, box: box, lang: lang, dir: dir}
			w.anonymous()
			w.signIn(address, secret)
			w.known()
		})
	}
}

// anonymous sees what visitors see, and their mistakes.
func (w *walk) anonymous() {
	w.t.Helper()
	w.page("/login", "login")
	w.fill("email", address, "password", "not the pass phrase")
	w.send("login-wrong")
	w.page("/register", "register-empty")
	w.fill("email", "not an address", "password", "short", "password_confirm", "other")
	w.load(submitAnyway)
	w.see("register-wrong")
	w.page("/confirm", "confirm-again")
	w.fill("email", address)
	w.send("confirm-again-sent")
	w.page("/recover-username", "recover-username")
	w.fill("email", address)
	w.send("recover-username-sent")
	w.page("/unlock", "unlock-request")
	w.visit("/reset/no-such-token")
	w.see("reset-dead")
	for _, status := range []string{"404", "429", "503"} {
		w.visit("/error/" + status)
		w.see("error-" + status)
	}
	w.visit("/second")
	w.see("second")
}

// known sees what users see.
func (w *walk) known() {
	w.t.Helper()
	w.page("/sessions", "sessions")
	w.page("/verify", "verify")
	w.page("/change-username", "change-username")
	w.fill("username", "x")
	w.load(submitAnyway)
	w.see("change-username-wrong")
	w.page("/change", "change")
	w.fill("password", "wrong", "new_password", "short", "new_password_confirm", "other")
	w.load(submitAnyway)
	w.see("change-wrong")
}

// TestBrowserPasswordless signs in by mail.
func TestBrowserPasswordless(t *testing.T) {
	chromium := launch(t)
	for lang, dir := range map[string]string{"de": "ltr", "ar": "rtl"} {
		t.Run(lang, func(t *testing.T) {
			box := &letterbox{}
			s := serve(t, func(c *batteries.Config) {
				c.Mail.Sender, c.URLs.ServerName = box, "localhost"
				c.Passwordless = &passwordless.Config{}
			})
			b := open(t, chromium, s.URL)
			b.speak(lang)
			w := &walk{tab: b, box: box, lang: lang, dir: dir}
			w.page("/login?next=/books", "passwordless")
			w.fill("email", address)
			w.send("passwordless-sent")
			w.follow("passwordless-link")
			w.wantPath("/books")
			w.wantText("Books of " + address)
		})
	}
}

// submitAnyway sends the form of the page without asking the browser whether it
// is well filled in.
var submitAnyway = chromedp.Evaluate[chromedp.Void](`document.querySelector("main form").noValidate = true; document.querySelector("main form button[type=submit]").click()`)
