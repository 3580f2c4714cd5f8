package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// witness is an application that agrees to every change of protocol, as servers
// do that know h2c, and remembers what arrived.
type witness struct {
	next http.Handler
	mu   sync.Mutex
	list []seen
}

func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.list = append(w.list, seen{Method: r.Method, URI: r.RequestURI, Host: r.Host, Header: r.Header.Clone()})
	w.mu.Unlock()
	wanted := strings.Join(r.Header.Values("Upgrade"), ", ")
	if wanted == "" || strings.HasPrefix(r.URL.Path, "/socket") {
		w.next.ServeHTTP(out, r)
		return
	}
	conn, rw, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + wanted + "\r\n\r\n")
	_ = rw.Flush()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	through := make([]byte, 4096)
	n, _ := rw.Read(through)
	_, _ = rw.WriteString("through the tunnel: " + string(through[:n]))
	_ = rw.Flush()
}

// take is what arrived since it was called last.
func (w *witness) take() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	return list
}

// wire writes bytes over TLS, by HTTP/1.1, and returns all that comes back until
// the other side closes.
func (p *proxied) wire(t *testing.T, request string) string {
	t.Helper()
	d := &tls.Dialer{Config: &tls.Config{RootCAs: p.roots, ServerName: "app.example.org", MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}}
	conn, err := d.DialContext(t.Context(), "tcp", p.tls)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(conn) // a reset after the answer is an end too
	return string(all)
}

// statuses are those of the answers in text, one after the other.
func statuses(text string) (list []int) {
	b := bufio.NewReader(strings.NewReader(text))
	for {
		res, err := http.ReadResponse(b, nil)
		if err != nil {
			return list
		}
		list = append(list, res.StatusCode)
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode == http.StatusSwitchingProtocols {
			return list
		}
	}
}

// session is the cookie of somebody who is signed in without a role.
func (p *proxied) session() string {
	v := p.visitor()
	v.signIn(guarded+"/x", credentials("ann@doors.test"))
	return "Cookie: __Host-session=" + cookies(v, &url.URL{Scheme: "https", Host: "app.example.org", Path: "/"})["__Host-session"] + "\r\n"
}

// socket: web sockets work, for who may come in and for this site.
func (p *proxied) socket(t *testing.T) {
	v := p.visitor()
	v.signIn(guarded+"/x", credentials("ann@doors.test"))
	upgrade := "GET /socket HTTP/1.1\r\nHost: app.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n"
	if head := p.raw(t, upgrade+"Connection: close\r\n\r\n"); !strings.Contains(head, " 401 ") {
		t.Errorf("a stranger: %s", head)
	}
	cookie := "Cookie: __Host-session=" + cookies(v, &url.URL{Scheme: "https", Host: "app.example.org", Path: "/"})["__Host-session"] + "\r\n"
	if head := p.raw(t, upgrade+cookie+"\r\n"); !strings.Contains(head, " 101 ") || !strings.Contains(head, "Upgrade: websocket") {
		t.Errorf("a user: %s", head)
	}
	if head := p.raw(t, upgrade+cookie+"Origin: https://evil.example\r\n\r\n"); !strings.Contains(head, " 403 ") {
		t.Errorf("another site's script: %s", head)
	}
}

const h2Settings = "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"

// tunnels: whatever a client asks to change to, the application hears of web
// sockets only (RFC 9113 3.1: h2c by Upgrade is no more; its token and settings
// were never meant to be forwarded, RFC 7540 3.2.1).
func (p *proxied) tunnels(t *testing.T) {
	cookie := p.session()
	for name, head := range map[string]string{
		"h2c":                   "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" + h2Settings,
		"without settings":      "Connection: Upgrade\r\nUpgrade: h2c\r\n",
		"settings alone":        "Connection: HTTP2-Settings\r\n" + h2Settings,
		"settings, no option":   h2Settings,
		"capitals":              "connection: UPGRADE, http2-settings\r\nuPGRADE: H2C\r\n" + h2Settings,
		"more options":          "Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n",
		"two Connections":       "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n",
		"no Connection":         "Upgrade: h2c\r\n",
		"a tab":                 "Connection: Upgrade\r\nUpgrade:\t h2c \t\r\n",
		"h2c before web socket": "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
		"h2c after web socket":  "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
		"like web socket":       "Connection: Upgrade\r\nUpgrade: websockets\r\n",
		"ends in web socket":    "Connection: Upgrade\r\nUpgrade: h2cwebsocket\r\n",
		"a version":             "Connection: Upgrade\r\nUpgrade: websocket/13\r\n",
		"TLS":                   "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
		"HTTP/2.0":              "Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n",
		"empty":                 "Connection: Upgrade\r\nUpgrade: \r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p.got.take()
			text := p.wire(t, "GET /x HTTP/1.1\r\nHost: app.example.org\r\n"+cookie+head+"\r\n"+last(cookie))
			if got := statuses(text); !slices.Equal(got, []int{200, 200}) {
				t.Errorf("answers %v: %s", got, text)
			}
			p.arrived(t, 2)
		})
	}
	// Of two headers one may be believed. What arrives is a web socket or nothing.
	for _, head := range []string{"Upgrade: h2c\r\nUpgrade: websocket\r\n", "Upgrade: websocket\r\nUpgrade: h2c\r\n"} {
		p.got.take()
		text := p.wire(t, "GET /socket HTTP/1.1\r\nHost: app.example.org\r\n"+cookie+"Connection: Upgrade\r\n"+head+h2Settings+"\r\n"+last(cookie))
		for _, s := range p.got.take() {
			if up := s.Header.Values("Upgrade"); len(up) > 1 || len(up) == 1 && up[0] != "websocket" || s.Header.Get("HTTP2-Settings") != "" {
				t.Errorf("%q: %v arrived; %s", head, s.Header, text)
			}
		}
	}
	// Where the application does not agree to web sockets there is no tunnel: what
	// follows is the proxy's to read, be it HTTP/2's first bytes or a request.
	sock := "GET /socket-refused HTTP/1.1\r\nHost: app.example.org\r\n" + cookie + "Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 777\r\n\r\n"
	for name, after := range map[string]string{
		"preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"request": "GET /admin/inner HTTP/1.1\r\nHost: app.example.org\r\nRemote-User: root\r\nConnection: close\r\n" + cookie + "\r\n",
		"CONNECT": "CONNECT app.example.org:443 HTTP/1.1\r\nHost: app.example.org\r\nConnection: close\r\n" + cookie + "\r\n",
	} {
		p.got.take()
		if text := p.wire(t, sock+after); strings.Contains(text, " 101 ") || !strings.Contains(text, "/socket-refused") {
			t.Errorf("refused, then %s: %s", name, text)
		}
		p.arrived(t, 1)
	}
	p.hops(t, cookie)
}

// hops: no client takes out by Connection what the proxy put in (RFC 9110 7.6.1).
func (p *proxied) hops(t *testing.T, cookie string) {
	p.got.take()
	p.wire(t, "GET /x HTTP/1.1\r\nHost: app.example.org\r\n"+cookie+"Connection: close, Remote-User, Remote-Groups, X-Forwarded-For, X-Forwarded-Proto\r\n\r\n")
	for _, s := range p.arrived(t, 1) {
		if s.Header.Get("Remote-User") != "ann@doors.test" || s.Header.Get("X-Forwarded-Proto") != "https" || s.Header.Get("X-Forwarded-For") == "" {
			t.Errorf("taken out: %v", s.Header)
		}
	}
}

func last(cookie string) string {
	return "GET /last HTTP/1.1\r\nHost: app.example.org\r\nConnection: close\r\n" + cookie + "\r\n"
}

// arrived checks each request that the application got: asked about, and without
// a wish to leave HTTP/1.1. There must be want of them; -1: any number.
func (p *proxied) arrived(t *testing.T, want int) []seen {
	t.Helper()
	list := p.got.take()
	for _, s := range list {
		// The one web socket that is asked for here is refused.
		up := s.Header.Values("Upgrade")
		if len(up) > 1 || len(up) == 1 && (up[0] != "websocket" || s.URI != "/socket-refused") || s.Header.Values("HTTP2-Settings") != nil {
			t.Errorf("%s arrived with %v", s.URI, s.Header)
		}
		if who := s.Header.Values("Remote-User"); len(who) != 1 || who[0] != "ann@doors.test" || s.Header.Get("Remote-Groups") != "" {
			t.Errorf("%s arrived from %q, %v", s.URI, who, s.Header)
		}
		if strings.HasPrefix(s.URI, "/admin") || s.Method == http.MethodConnect || s.Method == "PRI" {
			t.Errorf("%s %s arrived", s.Method, s.URI)
		}
	}
	if want >= 0 && len(list) != want {
		brief, _ := json.Marshal(list)
		t.Errorf("%d requests arrived, not %d: %s", len(list), want, brief)
	}
	return list
}

// nested: a request that hides in the body of another one, or in what follows
// a length that can be read in two ways, does not get past (RFC 9112 6.3, 11.2).
func (p *proxied) nested(t *testing.T) {
	cookie := p.session()
	inner := "GET /admin/inner HTTP/1.1\r\nHost: app.example.org\r\nRemote-User: root\r\nRemote-Groups: admin\r\nConnection: close\r\n" + cookie + "\r\n"
	post := "POST /x HTTP/1.1\r\nHost: app.example.org\r\n" + cookie
	for name, request := range map[string]string{
		"length and chunks":        post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"chunks and length":        post + "Transfer-Encoding: chunked\r\nContent-Length: 500\r\n\r\n0\r\n\r\n" + inner,
		"two lengths":              post + "Content-Length: 0\r\nContent-Length: 400\r\n\r\n" + inner,
		"a list of lengths":        post + "Content-Length: 0, 400\r\n\r\n" + inner,
		"a length with a sign":     post + "Content-Length: +0\r\n\r\n" + inner,
		"another coding":           post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
		"two codings":              post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner,
		"coding, a blank before :": post + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner,
		"coding, a tab":            post + "Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner,
		"coding, folded":           post + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner,
		"an underscore":            post + "Transfer_Encoding: chunked\r\nContent_Length: 0\r\n\r\n" + inner,
		"HTTP/1.0 with chunks":     strings.Replace(post, "HTTP/1.1", "HTTP/1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"a chunk with a bare LF":   post + "Transfer-Encoding: chunked\r\n\r\n1;\n" + "x\r\n0\r\n\r\n" + inner,
		"a chunk that is too long": post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n" + inner,
		"a body without a length":  post + "\r\n" + inner,
		"a GET with a body":        "GET /x HTTP/1.1\r\nHost: app.example.org\r\n" + cookie + "Content-Length: 5\r\n\r\n0\r\n\r\n" + inner,
		"Expect":                   post + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n" + inner,
		"a bare CR":                "GET /x HTTP/1.1\r\nHost: app.example.org\r\n" + cookie + "X: y\rRemote-User: root\r\nConnection: close\r\n\r\n",
		"a NUL":                    "GET /x HTTP/1.1\r\nHost: app.example.org\r\n" + cookie + "X: y\x00Remote-User: root\r\nConnection: close\r\n\r\n",
		"a folded header":          "GET /x HTTP/1.1\r\nHost: app.example.org\r\n" + cookie + "X: y\r\n Remote-User: root\r\nConnection: close\r\n\r\n",
		"CONNECT":                  "CONNECT app.example.org:443 HTTP/1.1\r\nHost: app.example.org:443\r\n" + cookie + "\r\n" + inner,
		"CONNECT, an address":      "CONNECT 127.0.0.1:3000 HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n" + cookie + "\r\n" + inner,
		"CONNECT, a path":          "CONNECT /admin/inner HTTP/1.1\r\nHost: app.example.org\r\n" + cookie + "\r\n" + inner,
		"HTTP/2's first bytes":     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + inner,
		"a body that is a request": post + "Content-Length: 5\r\n\r\nGET /" + inner,
		"chunks and a trailer":     post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nRemote-User: root\r\n\r\n" + inner,
		"connection without close": post + "Connection: Content-Length, Transfer-Encoding\r\nContent-Length: 5\r\n\r\nxxxxx" + inner,
	} {
		t.Run(name, func(t *testing.T) {
			p.got.take()
			text := p.wire(t, request)
			if strings.Contains(text, "/admin/inner\"") || strings.Contains(text, " 101 ") {
				t.Errorf("%s", text)
			}
			p.arrived(t, -1)
		})
	}
	// The same by HTTP/2, where the proxy has it: what follows a CONNECT is not
	// framed by HTTP/1.1, so an application that answers as to any other request
	// would take it for the next one.
	v := p.visitor()
	v.client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	p.got.take()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodConnect, guarded+":443", io.NopCloser(strings.NewReader(inner)))
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(strings.TrimSpace(cookie), ": ")
	r.Header.Set(name, value)
	if res, err := v.client.Do(r); err == nil {
		if res.StatusCode < 400 {
			t.Errorf("CONNECT: %s %d", res.Proto, res.StatusCode)
		}
		_ = res.Body.Close()
	}
	p.arrived(t, -1)
}
