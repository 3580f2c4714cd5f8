package devmail_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
	"github.com/doorward/doorward/mail"
)

var (
	_ mail.Sender           = (*devmail.Mailbox)(nil)
	_ interface{ Queued() } = (*devmail.Mailbox)(nil)
	_ http.Handler          = (*devmail.Mailbox)(nil)
)

const link = "http://localhost:8080/reset/eyJ0b2tlbiJ9.aZ-_x"

func letter() mail.Message {
	return mail.Message{
		To: "ada@example.org", From: "door@example.org", Subject: "Reset your password", Template: "reset_instructions",
		Text: "Follow " + link + ".\nGood bye.", HTML: `<!doctype html><html lang="en"><body><a href="` + link + `">Reset</a></body></html>`,
	}
}

func mailbox(t *testing.T, cfg devmail.Config, mails ...mail.Message) *devmail.Mailbox {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }
	}
	b := devmail.New(cfg)
	for _, m := range mails {
		if err := b.Send(context.Background(), m); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// ask makes a request as a program on this machine would; edit may be nil.
func ask(h http.Handler, method, path string, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:40000", "localhost:8080"
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// with sets headers, given as name and value.
func with(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

func from(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func version(major, minor int) func(*http.Request) {
	return func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = major, minor }
}

// absent wants the answer of a server without a mailbox.
func absent(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	nobody := httptest.NewRecorder()
	http.NotFound(nobody, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 || w.Body.String() != nobody.Body.String() || len(w.Header()) != len(nobody.Header()) {
		t.Errorf("%d %v %q is a hint", w.Code, w.Header(), w.Body)
	}
}

func want(t *testing.T, w *httptest.ResponseRecorder, status int, parts ...string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	for _, p := range parts {
		if !strings.Contains(w.Body.String(), p) {
			t.Errorf("the answer has no %q but:\n%s", p, w.Body)
		}
	}
}

func refuse(t *testing.T, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(w.Body.String(), p) {
			t.Errorf("the answer has %q:\n%s", p, w.Body)
		}
	}
}
