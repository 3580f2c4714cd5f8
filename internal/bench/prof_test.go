package bench_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/doorward/doorward/internal/bench"
)

// BenchmarkRequest is one authenticated GET without a network, for profiles.
func BenchmarkRequest(b *testing.B) {
	w, err := bench.NewWorld(b.Context(), b.TempDir(), 10_000)
	if err != nil {
		b.Fatal(err)
	}
	cookies, tokens, err := w.Credentials(b.Context(), 64)
	if err != nil {
		b.Fatal(err)
	}
	signed := w.SignedValues(64)
	same, err := w.FloorSame(b.Context(), bench.CookieValue)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name, header string
		h            http.Handler
		vals         []string
	}{
		{"session", "Cookie", w.Hello(), cookies},
		{"token", "Authentication-Token", w.Hello(), tokens},
		{"floor", "Cookie", same, signed},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				r := httptest.NewRequest(http.MethodGet, "/hello", nil)
				v := c.vals[i%len(c.vals)]
				if c.header == "Cookie" {
					v = "session=" + v
				}
				r.Header.Set(c.header, v)
				rec := httptest.NewRecorder()
				c.h.ServeHTTP(rec, r)
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}
