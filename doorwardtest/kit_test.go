package doorwardtest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
)

// recorder is a testing.TB that keeps what a helper complains about.
type recorder struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(s string, a ...any) { r.said = append(r.said, fmt.Sprintf(s, a...)) }

func (r *recorder) finish() string {
	for _, f := range r.cleanups {
		f()
	}
	return strings.Join(r.said, "\n")
}

// wants checks that a misuse is noticed: the kit must be able to fail.
func wants(t *testing.T, word string, misuse func(tb testing.TB)) {
	t.Helper()
	r := &recorder{TB: t}
	misuse(r)
	if said := r.finish(); word == "" && said != "" || !strings.Contains(said, word) {
		t.Errorf("the kit says %q, want %q in it", said, word)
	}
}

func TestSecretsInLogs(t *testing.T) {
	leak := func(secret string) func(testing.TB) {
		return func(tb testing.TB) {
			app := kit.New(tb, func(c *batteries.Config) {
				c.OnEvent = func(context.Context, any) { c.Logger.Info("signed in with " + secret) }
			})
			app.NewUser("joe@example.com")
			app.Browser().PostForm("/login", kit.Fields{"email": "joe@example.com", "password": kit.Password})
		}
	}
	wants(t, "a secret is in the log", leak(kit.Password))
	wants(t, "", leak("a password"))
	wants(t, "a secret is in the log", func(tb testing.TB) {
		app := kit.New(tb, nil)
		app.Mux.HandleFunc("/leak", func(_ http.ResponseWriter, r *http.Request) {
			c, _ := r.Cookie("session")
			_, _ = app.Logs.Write([]byte("cookie " + c.Value))
		})
		b := app.Browser()
		b.CSRF("/login")
		b.Get("/leak")
	})
}

func TestBrowserComplaints(t *testing.T) {
	for name, c := range map[string]struct {
		cookie http.Cookie
		tls    bool
		says   string
	}{
		"good":        {http.Cookie{Name: "a", Value: "b", Path: "/"}, false, ""},
		"prefix":      {http.Cookie{Name: "__Host-a", Value: "b", Path: "/x", Secure: true}, true, "path /"},
		"plain":       {http.Cookie{Name: "a", Value: "b", Secure: true}, false, "without TLS"},
		"other site":  {http.Cookie{Name: "a", Value: "b", Domain: "other.example"}, false, "other.example"},
		"none":        {http.Cookie{Name: "a", Value: "b", SameSite: http.SameSiteNoneMode}, true, "SameSite=None"},
		"partitioned": {http.Cookie{Name: "a", Value: "b", Partitioned: true}, true, "Partitioned"},
		"large":       {http.Cookie{Name: "a", Value: strings.Repeat("b", 4096)}, true, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, c.says, func(tb testing.TB) {
				app := kit.New(tb, nil)
				app.Mux.HandleFunc("/set", func(w http.ResponseWriter, _ *http.Request) { http.SetCookie(w, &c.cookie) })
				b := app.Browser()
				b.TLS = c.tls
				b.Get("/set")
			})
		})
	}
}

func TestJar(t *testing.T) {
	app := kit.New(t, nil)
	app.Mux.HandleFunc("/set", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "closing", Value: "1", Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "hour", Value: "1", Path: "/", MaxAge: 3600})
		http.SetCookie(w, &http.Cookie{Name: "expires", Value: "1", Path: "/", Expires: app.Clock.Now().Add(time.Hour)})
		http.SetCookie(w, &http.Cookie{Name: "below", Value: "1", Path: "/below"})
	})
	echo := func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Header.Get("Cookie")) }
	app.Mux.HandleFunc("/echo", echo)
	app.Mux.HandleFunc("/below/echo", echo)
	b := app.Browser()
	b.Get("/set")
	b.Get("/echo").Contains("closing=1", "hour=1", "expires=1").Lacks("below")
	b.Get("/below/echo").Contains("below=1")
	b.Close()
	b.Get("/echo").Contains("hour=1", "expires=1").Lacks("closing")
	app.Clock.Advance(time.Hour)
	if got := b.Get("/echo").Body; got != "" {
		t.Errorf("sent for ever: %s", got)
	}
}

func TestParallelCounts(t *testing.T) {
	wants(t, "2 of 5 requests", func(tb testing.TB) { kit.Parallel(tb, 5, 1, func(i int) bool { return i < 2 }) })
	wants(t, "", func(tb testing.TB) { kit.Parallel(tb, 5, 1, func(i int) bool { return i == 3 }) })
}

func TestCheckMails(t *testing.T) {
	for name, c := range map[string]struct {
		mail mail.Message
		says string
	}{
		"good":         {mail.Message{To: "joe@example.com", Text: "go to https://app.example/reset/x"}, ""},
		"other host":   {mail.Message{To: "joe@example.com", Text: "go to https://evil.example/reset/x"}, "link to https://evil.example"},
		"longer host":  {mail.Message{To: "joe@example.com", Text: "go to https://app.example.evil.example/x"}, "link to"},
		"other scheme": {mail.Message{To: "joe@example.com", HTML: `<a href="http://app.example/x">`}, "link to"},
		"nobody":       {mail.Message{To: "x@evil.example"}, "nobody's"},
		"header":       {mail.Message{To: "joe@example.com", Subject: "a\r\nBcc: x"}, "line break"},
		"markup":       {mail.Message{To: "joe@example.com", HTML: "<script>"}, "stranger"},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, c.says, func(tb testing.TB) {
				app := kit.New(tb, nil)
				app.NewUser("joe@example.com")
				_ = app.Outbox.Send(context.Background(), c.mail)
				app.CheckMails("https://app.example")
			})
		})
	}
}

func TestResponseHelpers(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser("joe@example.com")
	b := app.Browser()
	if got := b.Get("/login").Text(); !strings.Contains(got, "Sign in") || strings.Contains(got, "<") {
		t.Errorf("text %q", got)
	}
	b.Follow = true
	b.Get("/verify").Want(200)
	b.Follow = false
	b.PostForm("/login", kit.Fields{"email": "joe@example.com"}).Want(200).Fails("password", "PASSWORD_NOT_PROVIDED").Fails("email")
	if res := b.Get("/login", "Accept", "application/json"); res.JSONAt("response.identity_attributes.0") != "email" || res.JSONAt("response.no.such") != nil {
		t.Errorf("%s", res.Body)
	}
	before := app.Snapshot()
	app.Change(app.NewUser("jane@example.com"), func(a *doorward.Account) { a.LoginCount = 7 })
	if app.Snapshot() == before || app.Account("jane@example.com").LoginCount != 7 {
		t.Error("the snapshot does not change")
	}
}
