package forwardauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
	kit "github.com/doorward/doorward/doorwardtest"
)

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}

// FuzzRequest: whatever is asked, nobody is let through who lacks a role, and
// nobody is sent to a host that is not ours.
func FuzzRequest(f *testing.F) {
	f.Add("", "GET", "http", kit.Host, "/page", "Accept", "text/html")
	f.Add("mechanism=token&within=15m", "POST", "wss", kit.Host+":443", "/a?b=//c", "Remote_User", "root")
	f.Add("redirect=false&x", "get", "javascript", "evil.example", "//evil.example/\\", "X-Forwarded-Host", "evil.example")
	f.Add("any_role=admin#", "GET\r\n", "https", "[::1]", "/\x00%0d%0a", "Cookie", "session=x; session=y")
	f.Add("role=%6f&&;", "", "", "", "", "Authorization", "Basic Og==")
	d := newDoor(f, nil)
	f.Fuzz(func(t *testing.T, query, method, proto, host, uri, name, value string) {
		d := &door{t: t, handler: d.handler, ada: d.ada}
		for _, b := range []*kit.Browser{nil, d.ada} {
			r := d.request("", b)
			r.URL.RawQuery = query + "&role=owner"
			for h, v := range map[string]string{"X-Forwarded-Method": method, "X-Forwarded-Proto": proto, "X-Forwarded-Host": host, "X-Forwarded-Uri": uri} {
				r.Header[h] = []string{v}
			}
			r.Header[http.CanonicalHeaderKey(name)] = append(r.Header[http.CanonicalHeaderKey(name)], value)
			res := d.answer(r)
			switch res.StatusCode {
			case 302, 400, 401, 403, 429:
			default:
				t.Errorf("%d", res.StatusCode)
			}
			to := res.Header.Get("Location")
			if u, err := url.Parse(to); err != nil || !printable(to) || u.Host != "" || strings.Contains(to, `\`) || to != "" && (to[0] != '/' || strings.HasPrefix(to, "//")) {
				t.Errorf("leads to %q", to)
			}
		}
	})
}

// FuzzHeaderText: a name becomes one item of a header and can be read back.
func FuzzHeaderText(f *testing.F) {
	for _, s := range []string{"ann", "a b", " a ", "a,b", "100%", "jörg", "\r\nX: y", "\x00", "%41"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := forwardauth.HeaderText(s)
		if !printable(out) || strings.Contains(out, ",") || strings.TrimSpace(out) != out {
			t.Errorf("%q", out)
		}
		if back, err := url.PathUnescape(out); err != nil || back != s {
			t.Errorf("%q became %q: %v", s, back, err)
		}
	})
}
