package doorwardtest

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
)

// Fields are the fields of a form or of a JSON object.
type Fields map[string]any

// Browser is one visitor: cookies, address and agent. It is for one goroutine;
// [Browser.Clone] makes more of it.
type Browser struct {
	// JSON asks for JSON answers, and Post sends JSON.
	JSON bool
	// Follow goes where redirects lead, within the application.
	Follow bool
	// TLS, Host, Addr and Agent are how requests reach the application.
	TLS               bool
	Host, Addr, Agent string
	// Header is sent with every request.
	Header http.Header
	// NoCSRF sends no token.
	NoCSRF bool

	app   *App
	jar   jar
	token string // the last CSRF token seen
}

// Browser returns a new visitor with no cookies.
func (a *App) Browser() *Browser {
	return &Browser{app: a, jar: jar{}, Host: Host, Addr: "192.0.2.1:40000", Agent: "doorwardtest", Header: http.Header{}}
}

// Clone returns a visitor with a copy of the cookies: to come back later with
// what was saved, or for another goroutine.
func (b *Browser) Clone() *Browser {
	c := *b
	c.jar, c.Header = maps.Clone(b.jar), b.Header.Clone()
	return &c
}

// In returns a [Browser.Clone] that reports to tb.
func (b *Browser) In(tb testing.TB) *Browser {
	c := b.Clone()
	c.app = b.app.In(tb)
	return c
}

// Get gets a page. headers are names and values in turn.
func (b *Browser) Get(target string, headers ...string) *Response {
	b.app.tb.Helper()
	return b.Do(http.MethodGet, target, nil, headers...)
}

// Post posts fields: as JSON where b.JSON is set, as a form otherwise.
func (b *Browser) Post(target string, fields Fields, headers ...string) *Response {
	b.app.tb.Helper()
	if b.JSON {
		return b.PostJSON(target, fields, headers...)
	}
	return b.PostForm(target, fields, headers...)
}

// PostForm posts a form with the CSRF token of its page, unless fields have one.
func (b *Browser) PostForm(target string, fields Fields, headers ...string) *Response {
	b.app.tb.Helper()
	form := url.Values{}
	for k, v := range b.withToken(target, fields) {
		switch x := v.(type) {
		case []string:
			form[k] = x
		case nil:
		default:
			form.Set(k, fmt.Sprint(x))
		}
	}
	return b.Do(http.MethodPost, target, strings.NewReader(form.Encode()), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

// PostJSON posts a JSON object with a CSRF token, unless fields have one.
func (b *Browser) PostJSON(target string, fields Fields, headers ...string) *Response {
	b.app.tb.Helper()
	body, err := json.Marshal(b.withToken(target, fields))
	if err != nil {
		b.app.tb.Fatalf("doorwardtest: %v", err)
	}
	return b.Do(http.MethodPost, target, bytes.NewReader(body), append([]string{"Content-Type", "application/json"}, headers...)...)
}

func (b *Browser) withToken(target string, fields Fields) Fields {
	for name, v := range fields {
		if s, ok := v.(string); ok && isSecretField(name) {
			b.app.Secret(s)
		}
	}
	out := Fields{}
	maps.Copy(out, fields)
	if _, given := fields["csrf_token"]; given || b.NoCSRF {
		return out
	}
	if t := b.CSRF(target); t != "" {
		out["csrf_token"] = t
	}
	return out
}

func isSecretField(name string) bool {
	return strings.Contains(name, "password") || strings.Contains(name, "token") || name == "code" || name == "passcode"
}

// CSRF returns a token for this browser's session: the last one seen, or one
// from the page, or one from the application.
func (b *Browser) CSRF(page string) string {
	b.app.tb.Helper()
	if b.token == "" && page != "" {
		follow := b.Follow
		b.Follow = false
		b.Get(page)
		b.Follow = follow
	}
	if b.token == "" {
		b.Get(ownPath + "csrf")
	}
	return b.token
}

// LoginAs signs u in at once, through the same checks as every sign-in. Where
// they stop it, for a second factor for example, the answer says how.
func (b *Browser) LoginAs(u doorward.User) *Response {
	b.app.tb.Helper()
	r := b.request(http.MethodGet, ownPath+"login", nil)
	full, err := b.app.Stores.Users.FindUser(r.Context(), doorward.UserQuery{Attr: "fs_uniquifier", Value: u.SecurityAccount().Uniquifier})
	if err != nil {
		b.app.tb.Fatalf("doorwardtest: sign in: %v", err)
	}
	return b.send(r.WithContext(withUser(r.Context(), full)))
}

// WhoAmI returns the address of whom the application takes this browser for,
// or "" for nobody.
func (b *Browser) WhoAmI() string {
	b.app.tb.Helper()
	email, _ := b.Get(ownPath + "whoami").JSONAt("email").(string)
	return email
}

// AuthToken signs u in with [Password] and returns an authentication token, by
// a browser of its own.
func (a *App) AuthToken(u doorward.User) string {
	a.tb.Helper()
	t, ok := a.authToken(u)
	if !ok {
		a.tb.Fatalf("doorwardtest: no authentication token for %s", u.SecurityAccount().Email)
	}
	return t
}

func (a *App) authToken(u doorward.User) (string, bool) {
	a.tb.Helper()
	b := a.Browser()
	b.JSON = true
	res := b.PostJSON(a.Route("login").Path+"?include_auth_token=1", Fields{"email": u.SecurityAccount().Email, "password": Password})
	t, ok := res.JSONAt("response.user.authentication_token").(string)
	return t, ok
}

func (b *Browser) request(method, target string, body io.Reader, headers ...string) *http.Request {
	b.app.tb.Helper()
	r, err := http.NewRequestWithContext(b.app.tb.Context(), method, target, body)
	if err != nil {
		b.app.tb.Fatalf("doorwardtest: %v", err)
	}
	r.RemoteAddr, r.RequestURI, r.Proto, r.ProtoMajor, r.ProtoMinor = b.Addr, target, "HTTP/1.1", 1, 1
	if r.Host == "" {
		r.Host = b.Host
	}
	r.URL.Scheme, r.URL.Host = "", ""
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if b.TLS {
		r.TLS = &tls.ConnectionState{}
	}
	r.Header.Set("User-Agent", b.Agent)
	if b.JSON {
		r.Header.Set("Accept", "application/json")
	} else {
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	}
	for name, vs := range b.Header {
		r.Header[name] = slices.Clone(vs)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	for _, c := range b.jar.send(r.Host, r.URL.Path, b.TLS, b.app.Clock.Now()) {
		r.AddCookie(c)
	}
	return r
}

// Do sends one request. headers are names and values in turn.
func (b *Browser) Do(method, target string, body io.Reader, headers ...string) *Response {
	b.app.tb.Helper()
	return b.send(b.request(method, target, body, headers...))
}

func (b *Browser) send(r *http.Request) *Response {
	b.app.tb.Helper()
	rec := httptest.NewRecorder()
	b.app.ServeHTTP(rec, r)
	got := rec.Result()
	res := &Response{Status: got.StatusCode, Header: got.Header, Body: rec.Body.String(), Cookies: got.Cookies(), tb: b.app.tb, what: r.Method + " " + r.RequestURI}
	renewed := false
	for _, c := range res.Cookies {
		if complaint := b.jar.add(c, r.Host, b.TLS, b.app.Clock.Now()); complaint != "" {
			b.app.tb.Errorf("%s: a browser refuses this: %s", res.what, complaint)
		}
		b.app.Secret(c.Value)
		renewed = renewed || strings.HasSuffix(c.Name, "session")
	}
	if t := res.csrfToken(); t != "" {
		b.token = t
		b.app.Secret(t)
	} else if renewed {
		b.token = ""
	}
	if t, ok := res.JSONAt("response.user.authentication_token").(string); ok {
		b.app.Secret(t)
	}
	if to := res.Location(); b.Follow && to != "" && strings.HasPrefix(to, "/") {
		return b.Get(to)
	}
	return res
}
