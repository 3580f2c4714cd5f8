package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const guarded = "https://app.example.org"

func credentials(email string) url.Values {
	return url.Values{"email": {email}, "password": {secretWord}}
}

// signIn goes to page, from there to the sign-in page, and back.
func (v *visitor) signIn(page string, form url.Values) {
	v.p.t.Helper()
	a := v.get(page)
	if a.status != http.StatusFound {
		v.p.t.Fatalf("%s without signing in: %d %s", page, a.status, a.body)
	}
	at, err := url.Parse(page)
	if err != nil {
		v.p.t.Fatal(err)
	}
	if at, err = at.Parse(a.header.Get("Location")); err != nil {
		v.p.t.Fatal(err)
	}
	a = v.fill(at.String(), form)
	back, err := at.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusFound || back.String() != page {
		v.p.t.Fatalf("back from signing in: %d %q, not %q; %s", a.status, a.header.Get("Location"), page, a.body)
	}
}

func prefixed(environ ...string) []string { return append(environ, "SECURITY_URL_PREFIX=/auth") }

func TestNginxOneHost(t *testing.T) {
	p := behindNginx(t, "one-host.conf", "", prefixed()...)
	p.account("ann@doors.test")
	p.account("ada@doors.test", "admin", "editors of pages")

	t.Run("a browser signs in and comes back", func(t *testing.T) {
		v := p.visitor()
		v.signIn(guarded+"/wiki/page?a=1&b=%26%2F", credentials("ann@doors.test"))
		got := v.get(guarded + "/wiki/page?a=1&b=%26%2F").reached(t)
		if got.Header.Get("Remote-User") != "ann@doors.test" || got.Header.Get("Remote-Email") != "ann@doors.test" || got.Header.Values("Remote-Groups") != nil {
			t.Errorf("who: %v", got.Header)
		}
		if got.URI != "/wiki/page?a=1&b=%26%2F" || got.Host != "app.example.org" || got.Header.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("what: %+v", got)
		}
		if a := v.get(guarded + "/admin/x"); a.status != http.StatusForbidden {
			t.Errorf("without the role: %d %s", a.status, a.body)
		}
		if a := v.get(guarded + "/api/x"); a.status != http.StatusUnauthorized || a.header.Get("Location") != "" {
			t.Errorf("by a session where a token is asked for: %d %v", a.status, a.header)
		}
	})
	t.Run("roles", func(t *testing.T) {
		v := p.visitor()
		v.signIn(guarded+"/admin/x", credentials("ada@doors.test"))
		got := v.get(guarded + "/admin/x").reached(t)
		if groups := got.Header.Values("Remote-Groups"); len(groups) != 1 || groups[0] != "admin,editors of pages" {
			t.Errorf("groups: %q", groups)
		}
	})
	t.Run("a program gets 401", func(t *testing.T) {
		for _, path := range []string{"/", "/admin/", "/api/"} {
			a := p.visitor().do("GET", guarded+path, asJS, http.NoBody)
			if a.status != http.StatusUnauthorized || a.header.Get("Location") != "" {
				t.Errorf("%s: %d %v", path, a.status, a.header)
			}
			if basic := a.header.Get("WWW-Authenticate"); (path == "/api/") != strings.HasPrefix(basic, "Basic ") {
				t.Errorf("%s: WWW-Authenticate %q", path, basic)
			}
		}
		if a := p.visitor().do("POST", guarded+"/", html, strings.NewReader("x")); a.status != http.StatusUnauthorized {
			t.Errorf("a browser's POST: %d", a.status)
		}
	})
	t.Run("signing out ends it", func(t *testing.T) {
		v := p.visitor()
		v.signIn(guarded+"/x", credentials("ann@doors.test"))
		saved := v.jar.Cookies(&url.URL{Scheme: "https", Host: "app.example.org", Path: "/"})
		if a := v.fillAs(guarded+"/auth/", guarded+"/auth/logout", html, url.Values{}); a.status != http.StatusFound {
			t.Fatalf("sign out: %d %s", a.status, a.body)
		}
		if a := v.do("GET", guarded+"/x", asJS, http.NoBody); a.status != http.StatusUnauthorized {
			t.Errorf("after signing out: %d %s", a.status, a.body)
		}
		a := p.visitor().do("GET", guarded+"/x", asJS, http.NoBody, func(r *http.Request) {
			for _, c := range saved {
				r.AddCookie(c)
			}
		})
		if a.status != http.StatusUnauthorized {
			t.Errorf("with the saved cookie: %d", a.status)
		}
	})
	t.Run("token and basic", func(t *testing.T) { p.mechanisms(t) })
	t.Run("what a client claims does not arrive", func(t *testing.T) { p.smuggled(t) })
	t.Run("bodies and answers are the application's", func(t *testing.T) { p.untouched(t) })
	t.Run("a remembered browser", func(t *testing.T) { p.remembered(t) })
	t.Run("a web socket", func(t *testing.T) { p.socket(t) })
	t.Run("no tunnel past the guard", func(t *testing.T) { p.tunnels(t) })
	t.Run("no request within a request", func(t *testing.T) { p.nested(t) })
	t.Run("nobody asks from outside", func(t *testing.T) {
		v := p.visitor()
		v.signIn(guarded+"/x", credentials("ann@doors.test"))
		for _, path := range []string{"/.doorward/user", "/.doorward/admin", "/.doorward/api"} {
			if a := v.get(guarded + path); a.status != http.StatusNotFound || a.header.Get("Remote-User") != "" {
				t.Errorf("%s: %d", path, a.status)
			}
		}
		if got := v.get(guarded + "/forward-auth").reached(t); got.URI != "/forward-auth" {
			t.Errorf("%+v", got)
		}
		if a := v.get("http://app.example.org/x"); a.status != http.StatusMovedPermanently {
			t.Errorf("in the clear: %d", a.status)
		}
	})
}

func (p *proxied) mechanisms(t *testing.T) {
	token := p.token(t, "ada@doors.test")
	for name, c := range map[string]struct {
		edit   func(*http.Request)
		path   string
		status int
	}{
		"token":                      {func(r *http.Request) { r.Header.Set("Authentication-Token", token) }, "/api/x", 200},
		"token where a session does": {func(r *http.Request) { r.Header.Set("Authentication-Token", token) }, "/x", 200},
		"basic":                      {func(r *http.Request) { r.SetBasicAuth("ada@doors.test", secretWord) }, "/api/x", 200},
		"basic where it is not":      {func(r *http.Request) { r.SetBasicAuth("ada@doors.test", secretWord) }, "/x", 401},
		"a wrong password":           {func(r *http.Request) { r.SetBasicAuth("ada@doors.test", "wrong") }, "/api/x", 401},
		"a broken token":             {func(r *http.Request) { r.Header.Set("Authentication-Token", token[1:]) }, "/api/x", 401},
		"two users": {func(r *http.Request) {
			r.Header.Set("Authentication-Token", token)
			r.SetBasicAuth("ann@doors.test", secretWord)
		}, "/api/x", 400},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.visitor().do("GET", guarded+c.path, asJS, http.NoBody, c.edit)
			if a.status != c.status {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if c.status != http.StatusOK {
				return
			}
			got := a.reached(t)
			if got.Header.Get("Remote-User") != "ada@doors.test" || got.Header.Get("Authentication-Token") != "" || got.Header.Get("Authorization") != "" {
				t.Errorf("%v", got.Header)
			}
		})
	}
}

// smuggled sends what only the proxy may say, in every spelling.
func (p *proxied) smuggled(t *testing.T) {
	v := p.visitor()
	v.signIn(guarded+"/x", credentials("ann@doors.test"))
	lies := map[string]string{
		"Remote-User": "root", "Remote-Email": "root@doors.test", "Remote-Groups": "admin", "remote_user": "root", "REMOTE_GROUPS": "admin",
		"Remote-User_": "root", "Remote.User": "root", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.66",
		"X-Forwarded-Uri": "/public", "X-Forwarded-Method": "OPTIONS", "X_Forwarded_Host": "evil.example", "X-Original-URL": "https://evil.example/",
	}
	a := v.get(guarded+"/x", func(r *http.Request) {
		for name, value := range lies {
			r.Header[name] = []string{value, value + "2"}
		}
		delete(r.Header, "X-Original-URL") // nobody's here: passed on as it is
	})
	got := a.reached(t)
	if got.Header.Get("Remote-User") != "ann@doors.test" || len(got.Header["Remote-User"]) != 1 || len(got.Header["Remote-Email"]) != 1 || got.Header["Remote-Groups"] != nil {
		t.Errorf("who: %v", got.Header)
	}
	for name, values := range got.Header {
		for _, value := range values {
			for _, lie := range []string{"root", "admin", "evil", "192.0.2.66", "/public"} {
				if strings.Contains(value, lie) {
					t.Errorf("%s: %s arrived", name, value)
				}
			}
		}
	}
	// A claim does not sign in, and does not choose where signing in leads.
	stranger := p.visitor()
	a = stranger.get(guarded+"/x", func(r *http.Request) {
		for name, value := range lies {
			r.Header[name] = []string{value}
		}
	})
	if a.status != http.StatusFound || a.header.Get("Location") != "/auth/login?next=/x" {
		t.Errorf("a stranger: %d %q", a.status, a.header.Get("Location"))
	}
	// What came in a request line with a host of its own is that host's.
	line := p.raw(t, "GET https://evil.example/x HTTP/1.1\r\nHost: app.example.org\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
	if strings.Contains(line, "evil.example") || strings.Contains(line, " 200 ") {
		t.Errorf("an absolute request line: %s", line)
	}
}

// raw writes bytes over TLS and returns the answer's head.
func (p *proxied) raw(t *testing.T, request string) string {
	t.Helper()
	d := &tls.Dialer{Config: &tls.Config{RootCAs: p.roots, ServerName: "app.example.org", MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(t.Context(), "tcp", p.tls)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	b := bufio.NewReader(conn)
	var head strings.Builder
	for {
		line, err := b.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			rest := make([]byte, b.Buffered())
			_, _ = io.ReadFull(b, rest)
			return head.String() + string(rest)
		}
	}
}

func (p *proxied) untouched(t *testing.T) {
	v := p.visitor()
	v.signIn(guarded+"/x", credentials("ann@doors.test"))
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	for name, reader := range map[string]io.Reader{"with a length": bytes.NewReader(body), "in chunks": io.MultiReader(bytes.NewReader(body))} {
		got := v.do("PUT", guarded+"/upload", asJS, reader, func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") }).reached(t)
		if got.Method != "PUT" || !bytes.Equal(got.Body, body) {
			t.Errorf("%s: %s of %d bytes", name, got.Method, len(got.Body))
		}
	}
	for _, status := range []int{401, 403, 500} {
		a := v.get(fmt.Sprintf("%s/own/%d", guarded, status))
		if a.status != status || !strings.Contains(a.body, "own words") || a.header.Get("Set-Cookie") != "own=1" {
			t.Errorf("the application's %d: %d %v %s", status, a.status, a.header, a.body)
		}
	}
	if a := v.do("POST", guarded+"/x", html, strings.NewReader("x"), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); a.status != http.StatusForbidden {
		t.Errorf("another site's POST: %d", a.status)
	}
}

// remembered: a session that begins while nginx asks reaches the browser, with
// the remember-me cookie that took the place of the spent one.
func (p *proxied) remembered(t *testing.T) {
	v := p.visitor()
	form := credentials("ann@doors.test")
	form.Set("remember", "true")
	v.signIn(guarded+"/x", form)
	at := &url.URL{Scheme: "https", Host: "app.example.org", Path: "/"}
	v.forgetSession(at)
	before := cookies(v, at)
	if before["remember_token"] == "" || before["__Host-session"] != "" {
		t.Fatalf("before: %v", before)
	}
	a := v.get(guarded + "/x")
	a.reached(t)
	if got := a.header.Values("Set-Cookie"); len(got) != 2 {
		t.Fatalf("cookies: %q", got)
	}
	after := cookies(v, at)
	if after["__Host-session"] == "" || after["remember_token"] == "" || after["remember_token"] == before["remember_token"] {
		t.Errorf("after: %v", after)
	}
	again := v.get(guarded + "/x")
	again.reached(t)
	if got := again.header.Values("Set-Cookie"); len(got) != 0 {
		t.Errorf("cookies are sent on and on: %q", got)
	}
	// A remembered browser proved nothing just now: 15 minutes are not met.
	w := p.visitor()
	form = credentials("ada@doors.test")
	form.Set("remember", "true")
	w.signIn(guarded+"/admin/x", form)
	w.forgetSession(at)
	a = w.get(guarded + "/admin/x?a=b")
	if a.status != http.StatusFound || a.header.Get("Location") != "/auth/verify?next=/admin/x%3Fa%3Db" || len(a.header.Values("Set-Cookie")) != 2 {
		t.Fatalf("remembered, at a page that asks for more: %d %v", a.status, a.header)
	}
	a = w.fill(guarded+a.header.Get("Location"), url.Values{"password": {secretWord}})
	if a.status != http.StatusFound || a.header.Get("Location") != "/admin/x?a=b" {
		t.Fatalf("verified: %d %v %s", a.status, a.header, a.body)
	}
	w.get(guarded + "/admin/x?a=b").reached(t)
}

func cookies(v *visitor, at *url.URL) map[string]string {
	out := map[string]string{}
	for _, c := range v.jar.Cookies(at) {
		out[c.Name] = c.Value
	}
	return out
}

// forgetSession is what closing the browser does.
func (v *visitor) forgetSession(at *url.URL) {
	v.jar.SetCookies(at, []*http.Cookie{{Name: "__Host-session", Path: "/", Secure: true, MaxAge: -1}})
}

// TestNginxPassesTroubleOn: nginx knows 401 and 403 and calls the rest 500; the
// example makes of it what it was, and lets nobody through.
func TestNginxPassesTroubleOn(t *testing.T) {
	for answered, want := range map[int]int{400: 400, 401: 401, 403: 403, 404: 503, 429: 429, 500: 503, 503: 503} {
		t.Run(http.StatusText(answered), func(t *testing.T) {
			stub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "77")
				w.Header().Set("Remote-User", "root")
				w.WriteHeader(answered)
			}))
			defer stub.Close()
			p := behindNginx(t, "one-host.conf", stub.URL)
			a := p.visitor().get(guarded + "/x")
			if a.status != want || strings.Contains(a.body, "Remote-User") {
				t.Errorf("%d %s", a.status, a.body)
			}
			if retry := a.header.Get("Retry-After"); (retry == "77") != (want == 429 || want == 503 || want == 400) {
				t.Errorf("Retry-After: %q", retry)
			}
		})
	}
}

func TestNginxWhenDoorwardIsAway(t *testing.T) {
	p := behindNginx(t, "one-host.conf", "", prefixed()...)
	p.account("ann@doors.test")
	v := p.visitor()
	v.signIn(guarded+"/x", credentials("ann@doors.test"))
	v.get(guarded + "/x").reached(t)
	p.door.stop()
	if a := v.get(guarded + "/x"); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestNginxManyHosts(t *testing.T) {
	p := behindNginx(t, "many-hosts.conf", "", "SERVER_NAME=auth.example.org", "SESSION_COOKIE_DOMAIN=example.org", "REMEMBER_COOKIE_DOMAIN=example.org",
		"SECURITY_REDIRECT_BASE_DOMAIN=example.org", "SECURITY_REDIRECT_ALLOWED_SUBDOMAINS=wiki,shop")
	p.account("ann@doors.test")
	v := p.visitor()
	v.signIn("https://wiki.example.org/page?a=b", credentials("ann@doors.test"))
	if got := v.get("https://wiki.example.org/page?a=b").reached(t); got.Header.Get("Remote-User") != "ann@doors.test" {
		t.Errorf("%v", got.Header)
	}
	v.get("https://wiki.example.org/page", func(r *http.Request) {
		r.Header.Set("Connection", "Upgrade, HTTP2-Settings")
		r.Header.Set("Upgrade", "h2c")
		r.Header.Set("HTTP2-Settings", "AAMAAABk")
	}).reached(t)
	p.arrived(t, -1)
	if a := v.get("https://auth.example.org/forward-auth"); a.status != http.StatusNotFound {
		t.Errorf("from outside: %d", a.status)
	}
	// A name that the settings do not list is not guarded here, signed in or not.
	a := v.get("https://wiki.example.org/page", func(r *http.Request) { r.Host = "other.example.org" })
	if a.status == http.StatusOK || strings.Contains(a.header.Get("Location"), "other") {
		t.Errorf("another name: %d %v", a.status, a.header)
	}
}

// TestForwardAuthIsThere unless it is turned off, and then it is no page.
func TestForwardAuthIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		status  int
		log     string
	}{
		"for oneself":    {nil, http.StatusUnauthorized, "path=/forward-auth status=401"},
		"asked directly": {[]string{"DOORWARD_TRUSTED_PROXIES=127.0.0.1"}, http.StatusForbidden, "X-Forwarded-Method came 0 times"},
		"turned off":     {[]string{"DOORWARD_TRUSTED_PROXIES=127.0.0.1", "DOORWARD_FORWARD_AUTH=false"}, http.StatusNotFound, "path=/forward-auth status=404"},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, t.TempDir(), append(open(), c.environ...)...)
			a := l.get("/forward-auth?role=admin", asJS)
			if a.status != c.status || a.header.Get("Remote-User") != "" {
				t.Errorf("%d %v", a.status, a.header)
			}
			l.stop()
			if !strings.Contains(l.log.String(), c.log) {
				t.Errorf("log: %s", l.log)
			}
		})
	}
}
