package devmail_test

import (
	"net/http"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
)

func TestAdmits(t *testing.T) {
	tests := map[string]struct {
		edit  func(*http.Request)
		admit bool
	}{
		"plain":           {nil, true},
		"own page":        {with("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"), true},
		"typed":           {with("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), true},
		"link elsewhere":  {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), true},
		"fetch elsewhere": {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Accept", "application/json"), false},
		"image elsewhere": {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), false},
		"frame elsewhere": {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), false},
		"another port":    {with("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"), false},
		"a proxy":         {with("Via", "1.1 proxy"), false},
		"a stranger":      {from("203.0.113.9:1"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := mailbox(t, devmail.Config{}, letter())
			for _, path := range []string{"/dev/mail", "/dev/mail/", "/dev/mail/1", "/dev/mail/1/html", "/dev/mail/style.css", "/dev/mail/9", "/dev/mail/a/b/c"} {
				w := ask(b, "GET", path, tt.edit)
				if known := w.Header().Get("Content-Security-Policy") != ""; known != tt.admit {
					t.Errorf("%s: answered by the mailbox %t, want %t", path, known, tt.admit)
				}
				if !tt.admit {
					absent(t, w)
				}
			}
		})
	}
}

func TestClear(t *testing.T) {
	tests := map[string]struct {
		method, path string
		edit         func(*http.Request)
		status, left int
	}{
		"button":          {"POST", "/dev/mail/clear", with("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 303, 0},
		"older browser":   {"POST", "/dev/mail/clear", with("Origin", "http://localhost:8080"), 303, 0},
		"program":         {"DELETE", "/dev/mail", nil, 204, 0},
		"another site":    {"POST", "/dev/mail/clear", with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 404, 1},
		"another port":    {"POST", "/dev/mail/clear", with("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 404, 1},
		"another origin":  {"POST", "/dev/mail/clear", with("Origin", "http://localhost:3000"), 404, 1},
		"no origin":       {"POST", "/dev/mail/clear", with("Origin", "null"), 404, 1},
		"another deletes": {"DELETE", "/dev/mail", with("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 404, 1},
		"by following":    {"GET", "/dev/mail/clear", nil, 404, 1},
		"wrong method":    {"PUT", "/dev/mail", nil, 405, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := mailbox(t, devmail.Config{}, letter())
			want(t, ask(b, tt.method, tt.path, tt.edit), tt.status)
			if n := len(list(t, b)); n != tt.left {
				t.Errorf("%d mails left, want %d", n, tt.left)
			}
		})
	}
}

// TestNext has everything that is not for the mailbox answered by what stands
// behind it.
func TestNext(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := mailbox(t, devmail.Config{}, letter()).Handler(next)
	for _, path := range []string{"/", "/dev", "/dev/mailbox", "/login"} {
		want(t, ask(h, "GET", path, nil), http.StatusTeapot)
	}
	want(t, ask(h, "GET", "/dev/mail", with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors")), http.StatusTeapot)
	want(t, ask(h, "GET", "/dev/mail", nil), 200)
	want(t, ask(h, "GET", "/dev/mail", with("Via", "1.1 x")), http.StatusTeapot)
	want(t, ask(h, "GET", "/dev/mail", nil), http.StatusTeapot)
}
