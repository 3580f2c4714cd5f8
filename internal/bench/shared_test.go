package bench_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/internal/bench"
)

// BenchmarkShared is one authenticated GET without a network, by a cookie of the
// library's own format, by one in Flask's, and by one that Flask began, which has no row.
func BenchmarkShared(b *testing.B) {
	const visitors = 64
	world := func(edit func(*batteries.Config)) (*bench.World, []string) {
		w, err := bench.NewWorldWith(b.Context(), b.TempDir(), 10_000, func(c *batteries.Config) {
			c.SecurityLog = slog.New(slog.DiscardHandler)
			edit(c)
		})
		if err != nil {
			b.Fatal(err)
		}
		cookies, _, err := w.Credentials(b.Context(), visitors)
		if err != nil {
			b.Fatal(err)
		}
		return w, cookies
	}
	own, ours := world(func(*batteries.Config) {})
	var key []byte
	both, shared := world(func(c *batteries.Config) { c.Flask, key = &flaskcompat.Config{}, c.SecretKey })
	for _, c := range []struct {
		name    string
		w       *bench.World
		cookies []string
	}{{"own", own, ours}, {"shared", both, shared}, {"begun by Flask", both, begun(b, key, visitors)}} {
		b.Run(c.name, func(b *testing.B) {
			h := c.w.Hello()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				r := httptest.NewRequest(http.MethodGet, "/hello", nil)
				r.Header.Set("Cookie", "session="+c.cookies[i%visitors])
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}

// begun returns cookies that have what Flask's sign-in puts into them.
func begun(b *testing.B, key []byte, n int) []string {
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: key})
	if err != nil {
		b.Fatal(err)
	}
	browser := httptest.NewRequest(http.MethodGet, "/hello", nil)
	mark := set.Session.Marks(browser, netip.MustParseAddrPort(browser.RemoteAddr).Addr())[0]
	var list []string
	for i := range n {
		now := time.Now()
		value, err := set.Session.Seal(codec.Cookie{
			User: bench.Uniquifier(1 + i), Fresh: true, AuthnAt: now, Mark: mark, CSRF: []byte(strings.Repeat("ab", 10)),
		}, now)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, value)
	}
	return list
}
