package reset_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/reset"
)

// What cannot work is said at start, all of it.
func TestConfig(t *testing.T) {
	bare := doorward.Config{Stores: doorward.StoresFrom(memstore.New[kit.User]()), SecretKey: []byte(kit.SecretKey)}
	bare.Stores.Claims = nil
	bare.URLs.Behavior = "spa"
	_, err := doorward.New(bare, reset.New(reset.Config{Within: -time.Second}))
	for _, want := range []string{"no password hasher", "no password policy", "Config.Stores.Claims", "RESET_PASSWORD_WITHIN is -1s", "no mails can be sent", "RESET_VIEW", "RESET_ERROR_VIEW"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	var told *doorward.ConfigError
	if !errors.As(err, &told) || told.Feature != "reset" {
		t.Errorf("%+v", told)
	}
	kit.New(t, with(func(c *batteries.Config) { // needs no mails then
		c.Mail.Sender, c.URLs.ServerName = nil, ""
		c.Reset.NoEmail, c.Reset.NoNotice = true, true
	}))
}

// TestSettings changes each of those that visitors notice.
func TestSettings(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) {
		c.URLs.Prefix = "/auth"
		c.Reset.URL, c.Reset.PostReset, c.Reset.NoNotice, c.Reset.Subject = "/forgotten", "/welcome", true, "Hello again"
		delete(c.Pages.Messages, "PASSWORD_RESET_EXPIRED")
		c.Reset.Within = 90 * time.Minute
	})
	b := app.Browser()
	b.CSRF("/auth/forgotten")
	b.PostForm("/auth/forgotten", kit.Fields{"email": joe}).Want(200).Contains(`action="/auth/forgotten"`)
	m := app.Outbox.Sent()[0]
	if m.Subject != "Hello again" || m.To != joe || !strings.Contains(m.Text, "https://localhost/auth/forgotten/") || !strings.Contains(m.HTML, "1 hour and 30 minutes") {
		t.Errorf("%+v", m)
	}
	path := linkTo(t, app, joe)
	b.Get(path).Want(200).Contains(`action="` + path + `"`)
	b.PostForm(path+"?next=/elsewhere", both(next)).GoesTo("/welcome")
	if n := len(app.Outbox.Sent()); n != 1 {
		t.Errorf("%d mails", n)
	}
	path = linkTo(t, app, joe)
	app.Clock.Advance(2 * time.Hour)
	b.Get(path).GoesTo("/auth/forgotten")
	b.Get("/auth/forgotten").Contains("1 hour and 30 minutes")
	b.Get("/auth/login").Contains(`href="/auth/forgotten"`)
}

// The mail leads to the site, whatever a request says, and to who has the
// account, whatever was typed.
func TestMail(t *testing.T) {
	app := newApp(t, nil)
	app.NewUser("Jane.Doe@Example.com")
	b := app.Browser()
	b.CSRF("/reset")
	for _, lie := range [][]string{{"Host", "evil.example"}, {"X-Forwarded-Host", "evil.example"}, {"Forwarded", "host=evil.example"}} {
		app.Outbox.Reset()
		c := jsonBrowser(app)
		c.CSRF("/reset")
		c.Post("/reset", kit.Fields{"email": "jANE.dOE@example.com"}, lie...)
		for _, m := range app.Outbox.Sent() {
			if m.To != "Jane.Doe@Example.com" {
				t.Errorf("sent to %s", m.To)
			}
		}
		app.CheckMails("https://localhost")
	}
	// Whatever looks alike to us or to a store, the stored address gets the mail.
	app.NewUser("kim@example.com")
	app.Outbox.Reset()
	b.PostForm("/reset", kit.Fields{"email": "\u212aim@example.com"})
	for _, m := range app.Outbox.Sent() {
		if m.To != "kim@example.com" {
			t.Errorf("sent to %q", m.To)
		}
	}
	for _, typed := range []string{"k\u0131m@example.com", "kim@example.com\r\nBcc: x@evil.example", "kim@example.com,x@evil.example"} {
		app.Outbox.Reset()
		if res := b.PostForm("/reset", kit.Fields{"email": typed}); len(res.Errors("email")) != 1 || len(app.Outbox.Sent()) != 0 {
			t.Errorf("%q: %d, %q, %d mails", typed, res.Status, res.Errors("email"), len(app.Outbox.Sent()))
		}
	}
}

// Only the caller's own methods are answered.
func TestMethods(t *testing.T) {
	app := newApp(t, nil)
	for _, path := range []string{"/reset", linkTo(t, app, joe)} {
		if res := app.Browser().Do(http.MethodPut, path, nil).Want(http.StatusMethodNotAllowed); res.Header.Get("Allow") == "" {
			t.Error("no Allow")
		}
	}
}

// FuzzReset posts what strangers may to a link that works. Nothing may fail,
// and the password changes only if it was given twice.
func FuzzReset(f *testing.F) {
	f.Add(next, next, "")
	f.Add("", "a\x00b", "x.y.z")
	f.Add("\xff\xfe", strings.Repeat("ä", 200), "%2e%2e")
	f.Add("abcdefgh", "abcdefgh", "..")
	app := kit.New(f, with(nil))
	app.NewUser(joe)
	f.Fuzz(func(t *testing.T, password, confirm, suffix string) {
		app := app.In(t)
		_, token := app.Batteries.Reset.ResetLink(t.Context(), find(t, app, joe))
		before := app.Account(joe).PasswordHash
		b := app.Browser()
		b.CSRF("/reset")
		res := b.PostForm("/reset/"+token, kit.Fields{"password": password, "password_confirm": confirm})
		if res.Status >= 500 {
			t.Errorf("%d %s", res.Status, res.Body)
		}
		changed := app.Account(joe).PasswordHash != before
		if ok := res.Status == 302 && res.Location() == "/login"; changed != ok || changed && password != confirm {
			t.Errorf("changed is %t, answer %d", changed, res.Status)
		}
		if suffix != "" && !slices.Contains([]string{".", ".."}, suffix) {
			_, token = app.Batteries.Reset.ResetLink(t.Context(), find(t, app, joe))
			if _, err := http.NewRequest(http.MethodGet, "/reset/"+token+suffix, nil); err != nil {
				return
			}
			if res := b.Get("/reset/" + token + suffix); res.Status == 200 && !strings.ContainsAny(suffix, "?#") {
				t.Errorf("a token with %q behind it is good", suffix)
			}
		}
	})
}
