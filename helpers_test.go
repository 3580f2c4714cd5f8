package doorward_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
)

func some[T any](v T) conf.Opt[T] { return conf.Some(v) }

// serve sends a request with the browser's cookies to another handler.
func serve(t *testing.T, h http.Handler, b *kit.Browser, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = b.Addr
	r.Header.Set("User-Agent", b.Agent)
	for _, name := range b.Cookies() {
		r.AddCookie(&http.Cookie{Name: name, Value: b.Cookie(name)})
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// member is the application's user type.
type member = kit.User

// withFeatures is an application with the password sign-in and these features.
func withFeatures(t *testing.T, edit func(*doorward.Config), features ...doorward.Feature) *kit.App {
	t.Helper()
	return kit.New(t, func(c *batteries.Config) {
		if edit != nil {
			edit(&c.Config)
		}
		c.More = features
	})
}
