package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

const flaskKey = "the secret key that both applications have"

func besideFlask() []string {
	return []string{"SECURITY_FLASK_COMPAT=true", "SECURITY_PASSWORD_HASH_WAIT=1 minute", "SECRET_KEY=" + flaskKey, "SECURITY_REGISTERABLE=true",
		"SECURITY_STATIC_FOLDER_URL=/doorward-static"}
}

// stubFlask stands in for the Flask application: POST /login signs in whoever it
// is told to, and every page says whose session it sees.
type stubFlask struct {
	t      *testing.T
	format codec.Session
}

func (s stubFlask) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now, c := time.Now(), codec.Cookie{}
	if sent, err := r.Cookie("session"); err == nil && sent.Value != "" { // as Flask has it
		if c, err = s.format.Open(sent.Value, now); err != nil {
			s.t.Errorf("Flask cannot read the session: %v", err)
		}
	}
	if r.Method == http.MethodPost && r.URL.Path == "/login" {
		addr, err := netip.ParseAddr(r.Header.Get("X-Forwarded-For"))
		if err != nil {
			s.t.Errorf("X-Forwarded-For: %v", err)
		}
		c = codec.Cookie{User: r.PostFormValue("uniquifier"), Fresh: true, AuthnAt: now, Mark: s.format.Marks(r, addr)[0]}
		value, err := s.format.Seal(c, now)
		if err != nil {
			s.t.Errorf("seal: %v", err)
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: value, Path: "/", HttpOnly: true})
	}
	fmt.Fprintf(w, "flask %s user=%s", r.URL.Path, c.User)
}

// movedTo starts nginx with examples/flask as far as the files of moved say.
func movedTo(t *testing.T, moved ...string) *proxied {
	t.Helper()
	return movedWith(t, besideFlask(), moved...)
}

func movedWith(t *testing.T, environ []string, moved ...string) *proxied {
	t.Helper()
	program := nginx(t)
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(flaskKey)})
	if err != nil {
		t.Fatal(err)
	}
	flask := httptest.NewServer(stubFlask{t, set.Session})
	t.Cleanup(flask.Close)
	p := newProxied(t, "", environ...)
	const examples = "../../examples/"
	for _, pattern := range []string{"nginx/doorward/*.conf", "flask/moved/*.inc"} {
		files, err := filepath.Glob(examples + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("no files", pattern, err)
		}
		for _, f := range files {
			_, name, _ := strings.Cut(filepath.ToSlash(f), "/"+strings.Split(pattern, "/")[0]+"/")
			p.write("doorward/"+strings.TrimPrefix(name, "doorward/"), readFile(t, f))
		}
	}
	for _, name := range moved {
		p.write("doorward/moved/"+name, readFile(t, examples+"flask/moved/"+name))
	}
	p.start(func() []string {
		text := readFile(t, examples+"flask/nginx.conf")
		for from, to := range map[string]string{
			"listen 80;": "listen " + p.plain + ";", "listen 443 ssl;": "listen " + p.tls + " ssl;",
			"server 127.0.0.1:5000;": "server " + strings.TrimPrefix(flask.URL, "http://") + ";",
			"server 127.0.0.1:8080;": "server " + strings.TrimPrefix(p.door.url, "http://") + ";",
			"server 127.0.0.1:3000;": "server " + strings.TrimPrefix(p.app.URL, "http://") + ";",
		} {
			if !strings.Contains(text, from) {
				t.Fatalf("nginx.conf has no %q", from)
			}
			text = strings.ReplaceAll(text, from, to)
		}
		p.site(text)
		return p.command(program)
	})
	return p
}

// uniquifier is whom Flask's cookie names.
func (p *proxied) uniquifier(t *testing.T, email string) (id string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(p.dir, "doorward.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), `SELECT fs_uniquifier FROM "user" WHERE email = ?`, email).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// atFlask signs in at the stub.
func (v *visitor) atFlask(id string) {
	v.p.t.Helper()
	form := url.Values{"uniquifier": {id}}
	a := v.do("POST", guarded+"/login", html, strings.NewReader(form.Encode()), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	})
	if a.body != "flask /login user="+id {
		v.p.t.Fatalf("sign-in at Flask: %d %s", a.status, a.body)
	}
}

// Step 0 of the guide: everything is Flask's.
func TestNginxFlaskUnmoved(t *testing.T) {
	p := movedTo(t)
	for _, path := range []string{"/", "/login", "/reports/1", "/forward-auth", "/doorward-static/style.css"} {
		if a := p.visitor().get(guarded + path); a.body != "flask "+path+" user=" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// The first route has moved: who signed in at Flask is known there.
func TestNginxFlaskFirstRoute(t *testing.T) {
	p := movedTo(t, "1-reports.conf")
	p.account("ann@doors.test")
	id := p.uniquifier(t, "ann@doors.test")

	v := p.visitor()
	a := v.get(guarded + "/reports/1?a=b")
	if to := a.header.Get("Location"); a.status != http.StatusFound || to != "/login?next=/reports/1%3Fa%3Db" {
		t.Fatalf("without a session: %d %s", a.status, to)
	}
	if a = v.do("GET", guarded+"/reports/1", asJS, http.NoBody); a.status != http.StatusUnauthorized {
		t.Errorf("a program: %d", a.status)
	}
	v.atFlask(id)
	got := v.get(guarded + "/reports/1?a=b").reached(t)
	if got.URI != "/reports/1?a=b" || got.Header.Get("Remote-User") != "ann@doors.test" {
		t.Errorf("%+v", got)
	}
	if a := v.get(guarded + "/other"); a.body != "flask /other user="+id {
		t.Errorf("back at Flask: %s", a.body)
	}
	t.Run("what a client claims does not arrive", func(t *testing.T) {
		got := v.get(guarded+"/reports/2", func(r *http.Request) { r.Header.Set("Remote-User", "root") }).reached(t)
		if got.Header.Get("Remote-User") != "ann@doors.test" {
			t.Errorf("%v", got.Header)
		}
	})
	t.Run("an account that is switched off", func(t *testing.T) {
		if out, code := operate(t, p.dir, append(guardedSettings(), besideFlask()...), "users", "deactivate", "ann@doors.test"); code != 0 {
			t.Fatal(out)
		}
		if a := v.do("GET", guarded+"/reports/1", asJS, http.NoBody); a.status != http.StatusUnauthorized {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

// Signing in has moved: who signs in at doorward is known at Flask, and signing
// out there ends both.
func TestNginxFlaskSignIn(t *testing.T) {
	p := movedTo(t, "1-reports.conf", "2-sign-in.conf")
	p.account("ann@doors.test")
	id := p.uniquifier(t, "ann@doors.test")
	v := p.visitor()
	v.signIn(guarded+"/reports/1", credentials("ann@doors.test"))
	v.get(guarded + "/reports/1").reached(t)
	if a := v.get(guarded + "/page"); a.body != "flask /page user="+id {
		t.Errorf("at Flask: %s", a.body)
	}
	for _, path := range []string{"/wan-signin", "/login/oauthstart/github", "/fs-static/webauthn.js", "/profile", "/"} {
		if a := v.get(guarded + path); !strings.HasPrefix(a.body, "flask "+path+" ") {
			t.Errorf("%s is not Flask's: %d %s", path, a.status, a.body)
		}
	}
	page := v.get(guarded + "/verify")
	style := regexp.MustCompile(`href="(/doorward-static/[^"]+)"`).FindStringSubmatch(page.body)
	if style == nil {
		t.Fatalf("no style sheet: %d %s", page.status, page.body)
	}
	if a := v.get(guarded + style[1]); a.status != http.StatusOK || !strings.Contains(a.header.Get("Content-Type"), "css") {
		t.Errorf("%s: %d %v", style[1], a.status, a.header)
	}
	if a := v.fillAs(guarded+"/verify", guarded+"/logout", html, url.Values{}); a.status != http.StatusFound {
		t.Fatalf("sign out: %d %s", a.status, a.body)
	}
	if a := v.get(guarded + "/page"); a.body != "flask /page user=" {
		t.Errorf("at Flask after signing out: %s", a.body)
	}
	if a := v.do("GET", guarded+"/reports/1", asJS, http.NoBody); a.status != http.StatusUnauthorized {
		t.Errorf("in Go after signing out: %d", a.status)
	}
}

// Nothing is left at Flask.
func TestNginxFlaskRest(t *testing.T) {
	p := movedTo(t, "1-reports.conf", "2-sign-in.conf", "3-rest.conf")
	p.account("ann@doors.test")
	v := p.visitor()
	got := v.get(guarded+"/any/page?x=1", func(r *http.Request) { r.Header.Set("Remote-User", "root") }).reached(t)
	if got.URI != "/any/page?x=1" || got.Header.Get("Remote-User") != "" {
		t.Errorf("%+v", got)
	}
	v.signIn(guarded+"/reports/1", credentials("ann@doors.test"))
	v.get(guarded + "/reports/1").reached(t)
}

// TestFlaskRoutes compares the paths that nginx sends to doorward with those
// that doorward has.
func TestFlaskRoutes(t *testing.T) {
	var paths []*regexp.Regexp
	for _, m := range regexp.MustCompile(`(?m)^location ~ (\S+) \{`).FindAllStringSubmatch(readFile(t, "../../examples/flask/moved/2-sign-in.conf"), -1) {
		paths = append(paths, regexp.MustCompile(m[1]))
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"routes"}, strings.NewReader(""), &out, io.Discard, within(t.TempDir(), nil)); code != 0 {
		t.Fatal(code)
	}
	own := map[string]bool{"/": true, "/profile": true, "/healthz": true, "/fs-static/...": true, "/forward-auth": true}
	count := 0
	for line := range strings.Lines(out.String()) {
		path := regexp.MustCompile(`/\S*`).FindString(line)
		if path == "" || own[path] {
			continue
		}
		count++
		path, matched := strings.Replace(path, "{token}", "a.b-c_d", 1), false
		for _, re := range paths {
			matched = matched || re.MatchString(path)
		}
		if !matched {
			t.Errorf("%s would stay at Flask", path)
		}
	}
	if count < 28 || len(paths) != 2 {
		t.Errorf("%d routes: %s", count, out.String())
	}
}
