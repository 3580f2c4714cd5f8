package browsertest_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/change"
	"github.com/doorward/doorward/changeemail"
	"github.com/doorward/doorward/confirm"
	"github.com/doorward/doorward/reset"
)

// speak makes the browser ask for a language.
func (b *tab) speak(lang string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
		return err
	}))
}

// TestBrowserWalk is a life with an account: register, confirm from the mail,
// sign in, change the address and the password, forget it, reset it, and sign in
// again; in a language that is written like English, and in one that is not.
func TestBrowserWalk(t *testing.T) {
	chromium := launch(t)
	for lang, dir := range map[string]string{"de": "ltr", "ar": "rtl"} {
		t.Run(lang, func(t *testing.T) {
			box := &letterbox{}
			s := serve(t, func(c *batteries.Config) {
				c.Mail.Sender, c.URLs.ServerName = box, "localhost"
				c.Confirm, c.Reset = &confirm.Config{}, &reset.Config{}
				c.Change, c.ChangeEmail = &change.Config{}, &changeemail.Config{}
				c.Usernames.Enable = true
			})
			b := open(t, chromium, s.URL)
			b.speak(lang)
			w := &walk{tab: b, box: box, lang: lang, dir: dir}
			w.register("grace@example.org", secret)
			w.follow("confirm")
			b.wantPath("/login")
			w.signIn("grace@example.org", secret)

			w.page("/change-email", "change-email")
			b.fill("email", "hopper@example.org")
			w.send("change-email-sent")
			w.follow("change-email-link")
			w.signInIfAsked("hopper@example.org", secret)

			const second = "another rather long pass phrase"
			w.page("/change", "change")
			b.fill("password", secret, "new_password", second, "new_password_confirm", second)
			w.send("")
			b.visit("/books")
			b.wantText("Books of hopper@example.org")
			b.visit("/login")

			w.forget("hopper@example.org", "a third rather long pass phrase")
		})
	}
}

type walk struct {
	*tab
	box       *letterbox
	lang, dir string
}

// page opens a page, and looks at it.
func (w *walk) page(path, name string) {
	w.t.Helper()
	if got := w.visit(path); got != 200 {
		w.t.Fatalf("%s: status %d:\n%s", path, got, w.text())
	}
	w.see(name)
}

// see checks that the page is in the language that was asked for.
func (w *walk) see(name string) {
	w.t.Helper()
	if got := eval[string](w.tab, "document.documentElement.lang + ' ' + document.documentElement.dir"); got != w.lang+" "+w.dir {
		w.t.Errorf("%s is written %q, want %s %s", w.path(), got, w.lang, w.dir)
	}
	w.look("walk-" + w.lang + "-" + name)
}

// send presses the page's button, and looks at what comes.
func (w *walk) send(name string) {
	w.t.Helper()
	w.press(`main button[type=submit]`)
	if name != "" {
		w.see(name)
	}
}

// follow opens the link of the last mail, which must be in the visitor's
// language, and presses the button there.
func (w *walk) follow(name string) {
	w.t.Helper()
	if got := w.box.last.Language; got != w.lang {
		w.t.Errorf("the mail is in %q:\n%s", got, w.box.last.Text)
	}
	w.page(w.box.link(w.t), name)
	w.send("")
}

func (w *walk) register(email, password string) {
	w.t.Helper()
	w.page("/register", "register")
	w.fill("email", email, "password", password, "password_confirm", password)
	w.send("")
}

func (w *walk) signIn(email, password string) {
	w.t.Helper()
	w.page("/login?next=/books", "login")
	w.fill("email", email, "password", password)
	w.send("")
	w.wantPath("/books")
	w.wantText("Books of " + email)
}

// signInIfAsked signs in where changing the address has ended the session.
func (w *walk) signInIfAsked(email, password string) {
	w.t.Helper()
	w.visit("/books")
	if w.path() != "/books" {
		w.signIn(email, password)
	}
}

// forget signs out, and back in with another password by the mail.
func (w *walk) forget(email, password string) {
	w.t.Helper()
	w.visit("/sessions")
	w.press(`header form button`)
	w.page("/reset", "reset")
	w.fill("email", email)
	w.send("reset-sent")
	w.page(w.box.link(w.t), "reset-link")
	w.fill("password", password, "password_confirm", password)
	w.send("reset-done")
	w.wantPath("/login")
	w.signIn(email, password)
}
