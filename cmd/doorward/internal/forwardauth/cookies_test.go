package forwardauth_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestCookies: every cookie is in a header of its own too, in answers that
// only the proxy sees, and in no other.
func TestCookies(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		status int
		copies bool
	}{
		"let through":        {"", 200, true},
		"refused":            {"role=admin", 403, false},
		"sent away":          {"within=15m", 302, false},
		"refused, for nginx": {"role=admin&redirect=false", 403, true},
		"away, for nginx":    {"within=15m&redirect=false", 401, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, func(cfg *batteries.Config) { cfg.CSRF.CookieName = "XSRF-TOKEN" })
			b := d.Browser()
			b.PostForm("/login", kit.Fields{"email": ann, "password": kit.Password, "remember": true}).Want(http.StatusFound)
			b.Close()
			res := d.answer(d.request(c.query, b))
			if res.StatusCode != c.status {
				t.Fatalf("%d", res.StatusCode)
			}
			set := res.Header.Values("Set-Cookie")
			if len(set) != 3 {
				t.Fatalf("cookies: %q", set)
			}
			var copies []string
			for _, h := range []string{"Doorward-Cookie-1", "Doorward-Cookie-2", "Doorward-Cookie-3"} {
				copies = append(copies, res.Header.Values(h)...)
			}
			if c.copies && !slices.Equal(copies, set) || !c.copies && copies != nil {
				t.Errorf("copies: %q of %q", copies, set)
			}
			if res.Header.Get("Doorward-Cookie-4") != "" {
				t.Error("more cookies than the configurations pass on")
			}
		})
	}
}
