package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hidden is nginx in front of doorward as many tutorials have it: it asks for
// 127.0.0.1 whatever the visitor asked for, and does not say that it is there.
const hidden = `daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen %s;
        listen %s ssl;
        ssl_certificate tls.crt;
        ssl_certificate_key tls.key;
        location / {
            proxy_pass %s;
            proxy_http_version 1.1;
        }
    }
}
`

func resettable() []string { return append(open(), "SECURITY_RECOVERABLE=true") }

func behindHidden(t *testing.T) *proxied {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
		if _, err = os.Stat(program); err != nil {
			if os.Getenv("DOORWARD_REQUIRE_SERVICES") == "1" {
				t.Fatal("nginx is not installed")
			}
			t.Skip("nginx is not installed; this test shows who reads mails through it")
		}
	}
	p := &proxied{t: t, dir: t.TempDir(), log: &buffer{}}
	p.door = start(t, p.dir, resettable()...)
	p.certify()
	p.start(func() []string {
		p.write("nginx.conf", fmt.Sprintf(hidden, p.plain, p.tls, p.door.url))
		return []string{program, "-p", p.dir, "-c", filepath.Join(p.dir, "nginx.conf"), "-e", "stderr"}
	})
	return p
}

// said is a header as a browser sends it.
func said(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

// TestHiddenProxy has a proxy that hides itself reach the mails until somebody
// comes through it with a browser, and never again.
func TestHiddenProxy(t *testing.T) {
	for name, origin := range map[string]string{"TLS": "https://door.example.org", "no TLS": "http://door.example.org"} {
		t.Run(name, func(t *testing.T) { visited(t, origin) })
	}
}

func visited(t *testing.T, origin string) {
	p := behindHidden(t)
	p.door.register("ann@doors.test")
	if a := p.door.get("/dev/mail", asJS); a.status != 200 || !strings.Contains(a.body, "ann@doors.test") {
		t.Fatalf("no mail for this machine: %d %s", a.status, a.body)
	}
	thief := p.visitor()
	if a := thief.do("GET", origin+"/dev/mail", asJS, http.NoBody); a.status != 200 {
		t.Fatalf("this proxy does not hide itself: %d %s", a.status, a.body)
	}

	v := p.visitor()
	first := v.get(origin + "/login")
	if got := first.header.Get("Referrer-Policy"); first.status != 200 || got != "strict-origin" {
		t.Fatalf("the first page: %d, referrer policy %q", first.status, got)
	}
	says := []string{"Referer", origin + "/"} // what that policy has browsers say
	if strings.HasPrefix(origin, "https:") {
		says = append(says, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "style")
	}
	if a := v.do("GET", origin+"/fs-static/doorward.css", "text/css", http.NoBody, said(says...)); a.status != 200 {
		t.Errorf("the style sheet: %d", a.status)
	}

	closed(t, p, origin)
	p.door.stop()
	reopened(t, p.dir)
}

// closed wants nobody to see a mail, not even one that is asked for now.
func closed(t *testing.T, p *proxied, origin string) {
	t.Helper()
	p.door.jar, _ = cookiejar.New(nil) // signed out
	if a := p.door.post("/reset", "/reset", html, url.Values{"email": {"ann@doors.test"}}); a.status >= 400 {
		t.Errorf("ask for a reset: %d %s", a.status, a.body)
	}
	thief := p.visitor()
	for _, path := range []string{"/dev/mail", "/dev/mail/1", "/dev/mail/2", "/dev/mail/1/html", "/dev/mail/style.css"} {
		for name, a := range map[string]answer{
			"the relay": thief.do("GET", origin+path, asJS, http.NoBody), "this machine": p.door.get(path, asJS),
		} {
			if a.status != 404 || strings.Contains(a.body, "ann@") || strings.Contains(a.body, "/reset/") {
				t.Errorf("%s for %s: %d %s", path, name, a.status, a.body)
			}
		}
	}
	log := p.door.log.String()
	if n := strings.Count(log, "others than this machine reach the server"); n != 1 || !strings.Contains(log, "a browser was at") {
		t.Errorf("%d warnings: %s", n, log)
	}
	if !strings.Contains(log, "a mail was logged instead of sent") || strings.Contains(log, p.door.url+"/reset/") {
		t.Errorf("log: %s", log)
	}
}

// reopened starts with the marker, and without.
func reopened(t *testing.T, dir string) {
	t.Helper()
	again := start(t, dir, resettable()...)
	if a := again.get("/dev/mail", html); a.status != 404 {
		t.Errorf("after a restart: %d", a.status)
	}
	if log := again.log.String(); strings.Count(log, "no mails are sent or shown") != 1 || !strings.Contains(log, "doorward.public") {
		t.Errorf("the start does not say so: %s", log)
	}
	again.stop()
	if err := os.Remove(filepath.Join(dir, "doorward.public")); err != nil {
		t.Fatal(err)
	}
	third := start(t, dir, resettable()...)
	if a := third.get("/dev/mail", html); a.status != 200 {
		t.Errorf("without the file: %d", a.status)
	}
	if log := third.log.String(); strings.Contains(log, "no mails are sent or shown") {
		t.Errorf("log: %s", log)
	}
}

// TestReadyTellsOfMails: what is shown to whom is said at start.
func TestReadyTellsOfMails(t *testing.T) {
	dir := t.TempDir()
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run(t.Context(), []string{"serve", "--addr", "127.0.0.1:0"}, strings.NewReader(""), in, io.Discard, within(dir, resettable()))
		_ = in.Close()
	}()
	lines := bufio.NewReader(out)
	_, _ = lines.ReadString('\n')
	line, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(line, "/dev/mail to whoever reaches this port from this machine\n") {
		t.Errorf("%q, %v", line, err)
	}
	t.Cleanup(func() { <-done }) // the test's context is done before
}

// TestEveryPathIsWatched: what a proxy asks beside the pages counts, a probe of
// this machine's own does not.
func TestEveryPathIsWatched(t *testing.T) {
	for _, path := range []string{"/healthz", "/forward-auth"} {
		l := start(t, t.TempDir(), resettable()...)
		l.get(path, html)
		if a := l.get("/dev/mail", html); a.status != 200 {
			t.Errorf("%s for this machine shuts the mailbox: %d", path, a.status)
		}
		l.do("GET", path, html, nil, func(r *http.Request) { r.Host = "door.example" })
		if a := l.get("/dev/mail", html); a.status != 404 {
			t.Errorf("%s for another host leaves it open: %d", path, a.status)
		}
	}
}
