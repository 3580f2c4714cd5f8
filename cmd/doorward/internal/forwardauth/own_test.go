package forwardauth_test

import (
	"net/http"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestForOneself: who is no proxy may ask who he is, if he says nothing of
// another request; and then nothing that he says chooses a host or a page.
func TestForOneself(t *testing.T) {
	plain := []string{"Peer", "192.0.2.1:1", "X-Forwarded-Method", "-", "X-Forwarded-Proto", "-", "X-Forwarded-Host", "-", "X-Forwarded-Uri", "-", "X-Forwarded-For", "-"}
	d := newDoor(t, func(c *batteries.Config) { c.Limits.TrustedProxies = []string{"127.0.0.1"} })
	for name, c := range map[string]struct {
		query   string
		who     *kit.Browser
		headers []string
		status  int
		to      string
	}{
		"signed in":           {"", d.ada, nil, 200, ""},
		"with the role":       {"role=admin", d.ada, nil, 200, ""},
		"without the role":    {"role=admin", d.ann, nil, 403, ""},
		"nobody, in browser":  {"", nil, nil, 302, "/login?next=/"},
		"nobody, a program":   {"", nil, []string{"Accept", "application/json"}, 401, ""},
		"a token":             {"", nil, []string{"Authentication-Token", d.token}, 200, ""},
		"a misspelt rule":     {"roles=admin", d.ada, nil, 403, ""},
		"forwarded":           {"", d.ada, []string{"Forwarded", "for=10.0.0.1"}, 403, ""},
		"a forwarded host":    {"", nil, []string{"X-Forwarded-Host", "localhost"}, 403, ""},
		"a forwarded address": {"", d.ada, []string{"X-Forwarded-For", "127.0.0.1"}, 403, ""},
		"an original URL":     {"", d.ada, []string{"X-Original-Url", "/x"}, 403, ""},
		"with underscores":    {"", d.ada, []string{"X_Forwarded_Host", "localhost"}, 403, ""},
		"a name of his own":   {"", d.ada, []string{"Remote_User", "root"}, 403, ""},
		"from another site":   {"", d.ada, []string{"Sec-Fetch-Site", "cross-site"}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, to := d.ask(c.query, c.who, append(append([]string{}, plain...), c.headers...)...)
			if got != c.status || to != c.to {
				t.Errorf("%d %q, want %d %q", got, to, c.status, c.to)
			}
		})
	}
	r := d.request("", d.ada, plain...)
	r.Method = http.MethodPost
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if res := d.answer(r); res.StatusCode != http.StatusForbidden {
		t.Errorf("a POST of another site: %d", res.StatusCode)
	}
}
