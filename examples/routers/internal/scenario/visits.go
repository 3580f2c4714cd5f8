package scenario

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/examples/routers/internal/demo"
)

func (x *Example) anonymous(t *testing.T) {
	b := x.browser(t)
	home := b.get(t, "/", page).want(t, http.StatusOK, `href="/login"`)
	if c := home.header.Values("Set-Cookie"); c != nil {
		t.Errorf("%s: sets cookies: %q", home.what, c)
	}
	b.get(t, "/account", page).leadsTo(t, http.StatusFound, "/login?next=/account")
	b.get(t, "/projects/7?tab=a&x=b", page).leadsTo(t, http.StatusFound, "/login?next=/projects/7?tab%3Da%26x%3Db")
	b.get(t, "/admin", page).leadsTo(t, http.StatusFound, "/login?next=/admin")
	b.get(t, "/api/me", asJS).want(t, http.StatusUnauthorized).envelope(t)
	b.do(t, http.MethodPost, "/account", strings.NewReader("company=Evil"), "Content-Type", form, "Accept", asJS).want(t, http.StatusUnauthorized).envelope(t)
	b.do(t, http.MethodGet, "/api/me", nil, "Accept", asJS, "Authentication-Token", "forged").want(t, http.StatusUnauthorized).envelope(t)
	// A cookie that is decided on while the page is written goes out with it.
	if got := b.get(t, "/test/csrf", page).want(t, http.StatusOK); got.body == "" || got.header.Get("Set-Cookie") == "" {
		t.Errorf("%s: token %q, cookie %q", got.what, got.body, got.header.Get("Set-Cookie"))
	}
}

func (x *Example) ownPages(t *testing.T) {
	b := x.browser(t)
	b.get(t, "/login", page).want(t, http.StatusOK, `name="password"`)
	b.get(t, "/register", page).want(t, http.StatusOK, `name="password_confirm"`)
	if env := b.get(t, "/login", asJS).want(t, http.StatusOK).envelope(t); env["csrf_token"] == nil {
		t.Errorf("GET /login: no token for a program in %v", env)
	}
	b.get(t, "/sessions", page).leadsTo(t, http.StatusFound, "/login?next=/sessions")
	b.get(t, "/fs-static/doorward.css", "*/*").want(t, http.StatusOK)
	if head := b.do(t, http.MethodHead, "/login", nil, "Accept", page).want(t, http.StatusOK); head.body != "" {
		t.Errorf("HEAD /login has a body: %s", head.body)
	}
	if o := b.do(t, http.MethodOptions, "/login", nil).want(t, http.StatusNoContent); o.header.Get("Allow") != "GET, HEAD, OPTIONS, POST" {
		t.Errorf("OPTIONS /login allows %q", o.header.Get("Allow"))
	}
	b.do(t, http.MethodDelete, "/login", nil, "Accept", asJS).want(t, http.StatusMethodNotAllowed).envelope(t)
}

// routersOwn compares answers that are the router's with those it gives alone.
func (x *Example) routersOwn(t *testing.T, handler, bare http.Handler) {
	requests := []string{
		"GET /nothing", "GET /login/", "POST /login/", "GET /logins", "GET /account/", "GET /accoun", "GET /Login", "GET //login", "GET /x/../login",
		"DELETE /", "PUT /account", "HEAD /", "HEAD /nothing", "OPTIONS /", "OPTIONS /account", "OPTIONS /nothing", "GET /projects/", "GET /projects/a%2Fb",
	}
	for _, line := range requests {
		method, path, _ := strings.Cut(line, " ")
		want, got := shape(bare, method, path), shape(handler, method, path)
		if got != want {
			t.Errorf("%s: alone\n%s\nbehind Doorward\n%s", line, want, got)
		}
	}
	if first := shape(bare, "GET", "/nothing"); !strings.HasPrefix(first, "404") {
		t.Errorf("GET /nothing: %s", first)
	}
}

// shape is what counts of an answer.
func shape(h http.Handler, method, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	head := w.Header()
	allow := slices.Sorted(slices.Values(head.Values("Allow"))) // chi has them in the order of a map
	return fmt.Sprintf("%d|%s|%q|%s|%s", w.Code, head.Get("Location"), allow, head.Get("Content-Type"), w.Body)
}

func (x *Example) register(t *testing.T, b *browser) {
	fields := map[string]string{"email": email, "password": password, "password_confirm": "another one"}
	b.post(t, "/register", "/register", fields).want(t, http.StatusOK, `value="`+email+`"`)
	fields["password_confirm"] = password
	b.post(t, "/register", "/register", fields).leadsTo(t, http.StatusFound, "/")
	b.get(t, "/", page).want(t, http.StatusOK, "You are "+email)
	b.get(t, "/sessions", page).want(t, http.StatusOK)
	b.post(t, "/logout", "/logout", nil).leadsTo(t, http.StatusFound, "/")
}

func (x *Example) signIn(t *testing.T, b *browser) {
	asked := b.get(t, "/projects/7?tab=a", page)
	login := asked.header.Get("Location")
	fields := map[string]string{"email": email, "password": "wrong"}
	b.post(t, login, login, fields).want(t, http.StatusOK)
	fields["password"] = password
	b.post(t, login, login, fields).leadsTo(t, http.StatusFound, "/projects/7?tab=a")
	b.get(t, "/projects/7?tab=a", page).want(t, http.StatusOK, "Project 7, seen by "+email)
	b.get(t, "/api/me", asJS).want(t, http.StatusOK, `"email":"`+email+`"`)
	b.get(t, "/login", page).leadsTo(t, http.StatusFound, "/") // who is signed in has no business there
}

func (x *Example) role(t *testing.T, b *browser) {
	b.get(t, "/admin", page).want(t, http.StatusForbidden)
	b.get(t, "/admin", asJS).want(t, http.StatusForbidden).envelope(t)
	if err := demo.Grant(t.Context(), x.DB, email, "admin"); err != nil {
		t.Fatal(err)
	}
	b.get(t, "/admin", page).want(t, http.StatusOK, "role admin")
}

func (x *Example) csrf(t *testing.T, b *browser) {
	b.do(t, http.MethodPost, "/account", strings.NewReader("company=Evil"), "Content-Type", form, "Accept", page).want(t, http.StatusBadRequest)
	b.do(t, http.MethodPost, "/account", strings.NewReader("company=Evil"), "Content-Type", form, "Accept", asJS).want(t, http.StatusBadRequest).envelope(t)
	if got := b.get(t, "/api/me", asJS); strings.Contains(got.body, "Evil") {
		t.Errorf("saved without a token: %s", got.body)
	}
	b.post(t, "/account", "/account", map[string]string{"company": "Acme & Co"}).leadsTo(t, http.StatusSeeOther, "/account")
	b.get(t, "/account", page).want(t, http.StatusOK, `value="Acme &amp; Co"`)
	b.do(t, http.MethodPost, "/account", strings.NewReader("company=Header"), "Content-Type", form, "X-CSRF-Token", b.formToken(t, "/account")).
		leadsTo(t, http.StatusSeeOther, "/account")
	b.get(t, "/api/me", asJS).want(t, http.StatusOK, `"company":"Header"`)
}

// token signs a program in: it has no cookies except on the way there.
func (x *Example) token(t *testing.T) {
	b := x.browser(t)
	csrf, _ := b.get(t, "/login", asJS).envelope(t)["csrf_token"].(string)
	body := `{"email":"` + email + `","password":"` + password + `"}`
	env := b.do(t, http.MethodPost, "/login?include_auth_token", strings.NewReader(body), "Content-Type", asJS, "X-CSRF-Token", csrf).
		want(t, http.StatusOK).envelope(t)
	user, _ := env["user"].(map[string]any)
	token, _ := user["authentication_token"].(string)
	program := x.browser(t)
	program.do(t, http.MethodGet, "/api/me", nil, "Accept", asJS, "Authentication-Token", token).want(t, http.StatusOK, email)
	program.do(t, http.MethodPost, "/account", strings.NewReader("company=Program"), "Content-Type", form, "Authentication-Token", token).
		leadsTo(t, http.StatusSeeOther, "/account") // no cookie, so nothing to forge
}

func (x *Example) signOut(t *testing.T, b *browser) {
	stolen := b.request(t, http.MethodGet, "/", nil)
	cookies := b.client.Jar.Cookies(stolen.URL)
	b.post(t, "/logout", "/logout", nil).leadsTo(t, http.StatusFound, "/")
	b.get(t, "/account", page).leadsTo(t, http.StatusFound, "/login?next=/account")
	b.client.Jar.SetCookies(stolen.URL, cookies)
	b.get(t, "/account", page).leadsTo(t, http.StatusFound, "/login?next=/account")
}
