package devmail_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
)

func TestAdmits(t *testing.T) {
	from := func(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	tests := map[string]struct {
		edit  func(*http.Request)
		admit bool
	}{
		"plain":               {nil, true},
		"127.0.0.9":           {from("127.0.0.9:1"), true},
		"IPv6":                {from("[::1]:1"), true},
		"mapped":              {from("[::ffff:127.0.0.1]:1"), true},
		"neighbour":           {from("192.168.1.7:1"), false},
		"stranger":            {from("203.0.113.9:1"), false},
		"mapped stranger":     {from("[::ffff:203.0.113.9]:1"), false},
		"no address":          {from(""), false},
		"a socket":            {from("@"), false},
		"address without":     {from("127.0.0.1"), false},
		"host 127.0.0.1":      {host("127.0.0.1:8080"), true},
		"host ::1":            {host("[::1]:8080"), true},
		"host without port":   {host("localhost"), true},
		"host ::1 alone":      {host("[::1]"), true},
		"host in capitals":    {host("LocalHost:1"), true},
		"rebound host":        {host("evil.example:8080"), false},
		"host that begins so": {host("localhost.evil.example"), false},
		"address as a prefix": {host("127.0.0.1.nip.example:8080"), false},
		"host that ends so":   {host("evil.localhost:8080"), false},
		"host in a port":      {host("localhost:8080@evil.example"), false},
		"empty host":          {host(""), false},
		"host and line":       {host("localhost\n"), false},
		"X-Forwarded-For":     {with("X-Forwarded-For", "203.0.113.9"), false},
		"forwarded for us":    {with("X-Forwarded-For", "127.0.0.1"), false},
		"empty forwarded":     {with("X-Forwarded-For", ""), false},
		"X-Forwarded-Host":    {with("X-Forwarded-Host", "localhost"), false},
		"X-Forwarded-Proto":   {with("X-Forwarded-Proto", "https"), false},
		"Forwarded":           {with("Forwarded", "for=127.0.0.1"), false},
		"X-Real-IP":           {with("X-Real-IP", "127.0.0.1"), false},
		"Via":                 {with("Via", "1.1 proxy"), false},
		"a tunnel":            {with("CF-Connecting-IP", "203.0.113.9"), false},
		"HTTP/1.0":            {func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 1, 0 }, false},
		"own page":            {with("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"), true},
		"typed":               {with("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), true},
		"link elsewhere":      {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), true},
		"fetch elsewhere":     {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Accept", "application/json"), false},
		"image elsewhere":     {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), false},
		"frame elsewhere":     {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), false},
		"another port":        {with("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := mailbox(t, devmail.Config{}, letter())
			nobody := httptest.NewRecorder()
			http.NotFound(nobody, httptest.NewRequest("GET", "/", nil))
			for _, path := range []string{"/dev/mail", "/dev/mail/", "/dev/mail/1", "/dev/mail/1/html", "/dev/mail/style.css", "/dev/mail/9", "/dev/mail/a/b/c"} {
				w := ask(b, "GET", path, tt.edit)
				if known := w.Header().Get("Content-Security-Policy") != ""; known != tt.admit {
					t.Errorf("%s: answered by the mailbox %t, want %t", path, known, tt.admit)
				}
				if !tt.admit && (w.Code != 404 || w.Body.String() != nobody.Body.String() || len(w.Header()) != len(nobody.Header())) {
					t.Errorf("%s: %d %v %q is a hint", path, w.Code, w.Header(), w.Body)
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
		"another deletes": {"DELETE", "/dev/mail", with("Origin", "https://evil.example"), 404, 1},
		"by following":    {"GET", "/dev/mail/clear", nil, 404, 1},
		"proxy":           {"DELETE", "/dev/mail", with("Via", "1.1 x"), 404, 1},
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
	want(t, ask(h, "GET", "/dev/mail", with("Via", "1.1 x")), http.StatusTeapot)
	want(t, ask(h, "GET", "/dev/mail", nil), 200)
}
