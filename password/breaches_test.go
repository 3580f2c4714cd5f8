package password_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/password"
)

// SHA-1 of "battery staple", as the API splits it.
const (
	digestPrefix = "E3FF0"
	suffix       = "46AE352440B76336C0DF21CBAB0D9D7E9DA"
)

// TestRangeClient runs the default client against a site of our own.
func TestRangeClient(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   func(suffix string) string
		want   string
	}{
		{"leaked", 200, func(s string) string { return "\uFEFF0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n" + s + ":42\r\n" }, password.KeyBreached},
		{"first line behind a byte order mark", 200, func(s string) string { return "\uFEFF" + s + ":42\r\n" }, password.KeyBreached},
		{"lower case", 200, func(s string) string { return strings.ToLower(s) + ":1" }, password.KeyBreached},
		{"padding", 200, func(s string) string { return s + ":0\r\n" }, ""},
		{"others", 200, func(string) string { return "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n" }, ""},
		{"empty", 200, func(string) string { return "" }, ""},
		{"bad count", 200, func(s string) string { return s + ":many" }, password.KeyBreachedSiteError},
		{"server error", 503, func(string) string { return "" }, password.KeyBreachedSiteError},
		{"redirect", 302, func(string) string { return "" }, password.KeyBreachedSiteError},
		{"endless", 200, func(string) string { return strings.Repeat("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n", 100) }, password.KeyBreachedSiteError},
		{"one long line", 200, func(string) string { return strings.Repeat("x", 3000) }, password.KeyBreachedSiteError},
	}
	for _, tt := range tests {
		var asked *http.Request
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.Clone(r.Context())
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.body(suffix))
		}))
		p := newPolicy(t, password.Config{CheckBreached: "strict", BreachedURL: site.URL + "/", BreachedMaxBytes: 2048}, nil)
		got := p.Check(t.Context(), "battery staple", nil)
		site.Close()
		key := ""
		if len(got) > 0 {
			key = got[0].Key
		}
		if key != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, key, tt.want)
		}
		if asked.URL.Path != "/range/"+digestPrefix || asked.Header.Get("Add-Padding") != "true" {
			t.Errorf("%s: asked %s with %v", tt.name, asked.URL, asked.Header)
		}
	}
}

func TestRangeClientIsNotWaitedFor(t *testing.T) {
	stop := make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer site.Close()
	defer close(stop)
	cfg := password.Config{CheckBreached: "strict", BreachedURL: site.URL, BreachedTimeout: 10 * time.Millisecond}
	got := newPolicy(t, cfg, nil).Check(t.Context(), "battery staple", nil)
	if len(got) != 1 || got[0].Key != password.KeyBreachedSiteError {
		t.Errorf("%+v", got)
	}
}
