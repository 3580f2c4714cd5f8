package main

import (
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// behindCaddy is the same installation with Caddy and examples/caddy. It runs
// where Caddy is installed, and is never required.
func behindCaddy(t *testing.T, environ ...string) *proxied {
	t.Helper()
	program, err := exec.LookPath("caddy")
	if err != nil {
		t.Skip("caddy is not installed; this test shows that examples/caddy works")
	}
	p := newProxied(t, "", environ...)
	p.start(func() []string {
		_, plain, _ := strings.Cut(p.plain, ":")
		_, secure, _ := strings.Cut(p.tls, ":")
		p.write("Caddyfile", "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port "+plain+"\n\thttps_port "+secure+"\n\tskip_install_trust\n}\n"+
			strings.NewReplacer(
				"127.0.0.1:8080", strings.TrimPrefix(p.door.url, "http://"),
				"127.0.0.1:3000", strings.TrimPrefix(p.app.URL, "http://"),
				"app.example.org {", "app.example.org {\n\ttls "+filepath.Join(p.dir, "tls.crt")+" "+filepath.Join(p.dir, "tls.key"),
			).Replace(readFile(t, "../../examples/caddy/Caddyfile")))
		return []string{program, "run", "--config", filepath.Join(p.dir, "Caddyfile"), "--adapter", "caddyfile"}
	})
	return p
}

func TestCaddy(t *testing.T) {
	p := behindCaddy(t, prefixed()...)
	p.account("ann@doors.test")
	p.account("ada@doors.test", "admin", "editors of pages")
	at := &url.URL{Scheme: "https", Host: "app.example.org", Path: "/"}

	v := p.visitor()
	v.signIn(guarded+"/wiki/page?a=1&b=%26%2F", credentials("ann@doors.test"))
	got := v.get(guarded + "/wiki/page?a=1&b=%26%2F").reached(t)
	if got.Header.Get("Remote-User") != "ann@doors.test" || got.URI != "/wiki/page?a=1&b=%26%2F" {
		t.Errorf("%+v", got)
	}
	if a := v.get(guarded + "/admin/x"); a.status != http.StatusForbidden {
		t.Errorf("without the role: %d", a.status)
	}
	if a := v.do("GET", guarded+"/api/x", asJS, http.NoBody); a.status != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("without a token: %d %v", a.status, a.header)
	}
	lies := func(r *http.Request) {
		for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Groups"} {
			r.Header[name] = []string{"root", "admin"}
		}
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Uri", "/evil")
	}
	got = v.get(guarded+"/x", lies).reached(t)
	if who := got.Header["Remote-User"]; len(who) != 1 || who[0] != "ann@doors.test" || got.Header.Get("Remote-Groups") != "" {
		t.Errorf("claims: %v", got.Header)
	}
	if a := p.visitor().get(guarded+"/x", lies); a.status != http.StatusFound || a.header.Get("Location") != "/auth/login?next=/x" {
		t.Errorf("a stranger's claims: %d %q", a.status, a.header.Get("Location"))
	}
	if a := v.get(guarded+"/x", func(r *http.Request) { r.Header["Remote_Groups"] = []string{"admin"} }); a.status != http.StatusForbidden {
		t.Errorf("an underscore: %d %s", a.status, a.body)
	}

	w := p.visitor()
	form := credentials("ada@doors.test")
	form.Set("remember", "true")
	w.signIn(guarded+"/admin/x", form)
	if groups := w.get(guarded + "/admin/x").reached(t).Header.Get("Remote-Groups"); groups != "admin,editors of pages" {
		t.Errorf("groups: %q", groups)
	}
	w.forgetSession(at)
	before := cookies(w, at)["remember_token"]
	a := w.get(guarded + "/x")
	a.reached(t)
	if set := a.header.Values("Set-Cookie"); len(set) != 2 || cookies(w, at)["remember_token"] == before || cookies(w, at)["__Host-session"] == "" {
		t.Errorf("remembered: %q", set)
	}
	if set := w.get(guarded + "/x").header.Values("Set-Cookie"); set != nil {
		t.Errorf("cookies are sent on and on: %q", set)
	}
	token := p.token(t, "ada@doors.test")
	got = p.visitor().do("PUT", guarded+"/api/x", asJS, strings.NewReader("body"), func(r *http.Request) { r.Header.Set("Authentication-Token", token) }).reached(t)
	if string(got.Body) != "body" || got.Method != "PUT" || got.Header.Get("Authentication-Token") != "" {
		t.Errorf("by token: %+v", got)
	}
	t.Run("a web socket", func(t *testing.T) { p.socket(t) })
	t.Run("no tunnel past the guard", func(t *testing.T) { p.tunnels(t) })
	t.Run("no request within a request", func(t *testing.T) { p.nested(t) })
}
