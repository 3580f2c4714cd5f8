package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
)

// proxied is a proxy with the configuration of examples, doorward behind it, and
// an application that knows nothing of either.
type proxied struct {
	t     *testing.T
	door  *live
	dir   string
	roots *x509.CertPool
	plain string // address of port 80
	tls   string // address of port 443
	app   *httptest.Server
	got   *witness // what arrived at app
	log   *buffer
}

// seen is what the application got, and answers as JSON.
type seen struct {
	Method, URI, Host string
	Header            http.Header
	Body              []byte
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch r.URL.Path {
	case "/own/401", "/own/500", "/own/403":
		w.Header().Set("Set-Cookie", "own=1")
		status := map[string]int{"/own/401": 401, "/own/403": 403, "/own/500": 500}[r.URL.Path]
		http.Error(w, "the application's own words", status)
		return
	case "/socket":
		if r.Header.Get("Upgrade") != "websocket" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			http.Error(w, "no upgrade", http.StatusBadRequest)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + r.Header.Get("Remote-User"))
		_ = rw.Flush()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Host, r.Header, body})
}

// behindNginx starts all three. If stub is not empty it is the URL of what stands
// in for doorward.
func behindNginx(t *testing.T, site, stub string, environ ...string) *proxied {
	t.Helper()
	program := nginx(t)
	p := newProxied(t, stub, environ...)
	p.start(func() []string {
		p.configure(site)
		return p.command(program)
	})
	return p
}

// nginx is where the program is.
func nginx(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
		if _, err = os.Stat(program); err != nil {
			testdb.Missing(t, "nginx is not installed; this test shows that its examples work")
		}
	}
	return program
}

func (p *proxied) command(program string) []string {
	return []string{program, "-p", p.dir, "-c", filepath.Join(p.dir, "nginx.conf"), "-e", "stderr"}
}

// newProxied is everything but the proxy.
func newProxied(t *testing.T, stub string, environ ...string) *proxied {
	t.Helper()
	p := &proxied{t: t, dir: t.TempDir(), got: &witness{next: http.HandlerFunc(echo)}, log: &buffer{}}
	p.app = httptest.NewServer(p.got)
	t.Cleanup(p.app.Close)
	if p.door = (&live{url: stub}); stub == "" {
		p.door = start(t, p.dir, append(guardedSettings(), environ...)...)
	}
	p.certify()
	return p
}

// start configures and runs the proxy.
func (p *proxied) start(configure func() []string) {
	p.t.Helper()
	for range 5 { // somebody else may take a port between our look and the proxy's
		p.plain, p.tls = freePort(p.t), freePort(p.t)
		if p.run(configure()) {
			return
		}
	}
	p.t.Fatalf("the proxy does not start:\n%s", p.log)
}

func guardedSettings() []string {
	return append(open(), "DOORWARD_TRUSTED_PROXIES=127.0.0.1")
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// configure copies the example and changes addresses and paths in it, and
// nothing else.
func (p *proxied) configure(site string) {
	p.t.Helper()
	const examples = "../../examples/nginx/"
	snippets, err := filepath.Glob(examples + "doorward/*.conf")
	if err != nil || len(snippets) == 0 {
		p.t.Fatal("no snippets", err)
	}
	for _, s := range snippets {
		p.write("doorward/"+filepath.Base(s), readFile(p.t, s))
	}
	text := readFile(p.t, examples+site)
	for from, to := range map[string]string{
		"listen 80;":             "listen " + p.plain + ";",
		"listen 443 ssl;":        "listen " + p.tls + " ssl;",
		"server 127.0.0.1:8080;": "server " + strings.TrimPrefix(p.door.url, "http://") + ";",
		"server 127.0.0.1:3000;": "server " + strings.TrimPrefix(p.app.URL, "http://") + ";",
	} {
		if !strings.Contains(text, from) && from != "listen 80;" {
			p.t.Fatalf("%s has no %q", site, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	p.site(text)
}

// site writes what nginx starts with.
func (p *proxied) site(text string) {
	p.t.Helper()
	p.write("site.conf", regexp.MustCompile(`/etc/nginx/tls/[a-z.]+`).ReplaceAllStringFunc(text, func(s string) string {
		return filepath.Join(p.dir, "tls"+filepath.Ext(s))
	}))
	p.write("nginx.conf", `daemon off;
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
    include site.conf;
}
`)
}

func (p *proxied) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// run starts a proxy and reports whether it accepts connections.
func (p *proxied) run(command []string) bool {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait()
	}()
	p.t.Cleanup(func() { cancel(); <-gone })
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for {
		select {
		case <-gone:
			return false
		case <-late:
			p.t.Fatalf("the proxy does not listen:\n%s", p.log)
		case <-tick.C:
			conn, err := new(net.Dialer).DialContext(p.t.Context(), "tcp", p.tls)
			if err == nil {
				_ = conn.Close()
				return true
			}
		}
	}
}

// certify makes a certificate for every host of the examples.
func (p *proxied) certify() {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.org"}, DNSNames: []string{"*.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		p.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	p.write("tls.crt", string(certificate))
	p.write("tls.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	p.roots = x509.NewCertPool()
	p.roots.AppendCertsFromPEM(certificate)
}

// visitor is a browser that finds every host at nginx.
type visitor struct {
	p      *proxied
	jar    *cookiejar.Jar
	client *http.Client
}

func (p *proxied) visitor() *visitor {
	p.t.Helper()
	v := &visitor{p: p}
	v.jar, _ = cookiejar.New(nil)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			to := p.tls
			if strings.HasSuffix(addr, ":80") {
				to = p.plain
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}
	p.t.Cleanup(transport.CloseIdleConnections)
	v.client = &http.Client{Jar: v.jar, Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return v
}

func (v *visitor) do(method, target, accept string, body io.Reader, edit ...func(*http.Request)) answer {
	v.p.t.Helper()
	r, err := http.NewRequestWithContext(v.p.t.Context(), method, target, body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	for _, e := range edit {
		e(r)
	}
	res, err := v.client.Do(r)
	if err != nil {
		v.p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func (v *visitor) get(target string, edit ...func(*http.Request)) answer {
	v.p.t.Helper()
	return v.do("GET", target, html, http.NoBody, edit...)
}

// fill sends the form of a page at the page's own URL.
func (v *visitor) fill(page string, form url.Values) answer {
	v.p.t.Helper()
	return v.fillAs(page, page, html, form)
}

// fillAs sends a form with the token that page shows to target.
func (v *visitor) fillAs(page, target, accept string, form url.Values) answer {
	v.p.t.Helper()
	shown := v.get(page)
	token := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(shown.body)
	if token == nil {
		v.p.t.Fatalf("%s has no form: %d %s", page, shown.status, shown.body)
	}
	form.Set("csrf_token", token[1])
	return v.do("POST", target, accept, strings.NewReader(form.Encode()), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://"+r.Host)
	})
}

// reached is what the application got; it fails if nothing arrived there.
func (a answer) reached(t *testing.T) seen {
	t.Helper()
	var s seen
	if err := json.NewDecoder(bytes.NewReader([]byte(a.body))).Decode(&s); a.status != http.StatusOK || err != nil {
		t.Fatalf("did not reach the application: %d %v %s", a.status, a.header, a.body)
	}
	return s
}

// account makes a user with roles.
func (p *proxied) account(email string, roles ...string) {
	p.t.Helper()
	steps := [][]string{{"users", "create", email, "--active", "--password", secretWord}}
	for _, role := range roles {
		steps = append(steps, []string{"roles", "create", role}, []string{"roles", "add", email, role})
	}
	for _, args := range steps {
		if out, code := operate(p.t, p.dir, guardedSettings(), args...); code != 0 {
			p.t.Fatalf("%v: %s", args, out)
		}
	}
}

// token signs in as a program does, and returns its token.
func (p *proxied) token(t *testing.T, email string) string {
	t.Helper()
	v := p.visitor()
	form := credentials(email)
	a := v.fillAs(guarded+"/auth/login", guarded+"/auth/login?include_auth_token", asJS, form)
	user, _ := a.response(t)["user"].(map[string]any)
	token, _ := user["authentication_token"].(string)
	if token == "" {
		t.Fatalf("no token: %d %s", a.status, a.body)
	}
	return token
}
