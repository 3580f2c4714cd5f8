package forwardauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/doorward/doorward"
)

const (
	maxHost   = 260 // a name of DNS and a port
	maxMethod = 32
)

// original is the request that the proxy asks about.
type original struct {
	method string
	scheme string // http or https
	host   string // in lower case, without the scheme's own port
	uri    string // path and query

	header http.Header
}

// names are the headers that proxies and applications believe.
func names() []string {
	return []string{"Remote-User", "Remote-Email", "Remote-Groups",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Method", "X-Forwarded-Uri"}
}

// readOriginal takes the original request from the headers of a trusted proxy.
// Each must be there once and be readable in one way only: what two readers
// understand differently is how such endpoints were fooled.
func readOriginal(h http.Header, maxURL int) (o original, err error) {
	if err := lookalike(h); err != nil {
		return o, err
	}
	o.header = h
	for _, part := range []struct {
		name string
		into *string
		good func(string) bool
	}{
		{"X-Forwarded-Method", &o.method, isMethod},
		{"X-Forwarded-Proto", &o.scheme, isScheme},
		{"X-Forwarded-Host", &o.host, isHost},
		{"X-Forwarded-Uri", &o.uri, func(s string) bool { return len(s) <= maxURL && isPath(s) }},
	} {
		vs := h.Values(part.name)
		if len(vs) != 1 {
			return o, fmt.Errorf("%s came %d times; the proxy must set it once", part.name, len(vs))
		}
		if !part.good(vs[0]) {
			return o, fmt.Errorf("%s cannot be used", part.name)
		}
		*part.into = vs[0]
	}
	o.scheme = strings.Replace(o.scheme, "ws", "http", 1)
	o.host = plainHost(o.scheme, o.host)
	return o, nil
}

// forwarded reports whether a request says that it is about another one.
func forwarded(h http.Header) bool {
	for name := range h {
		plain := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		if plain == "forwarded" || plain == "x-real-ip" || strings.HasPrefix(plain, "x-forwarded-") || strings.HasPrefix(plain, "x-original-") {
			return true
		}
	}
	return false
}

// ownRequest is the request of somebody who asks for himself, and is about
// nothing but itself.
func ownRequest(r *http.Request) (o original, err error) {
	if err := lookalike(r.Header); err != nil {
		return o, err
	}
	if !isMethod(r.Method) || !isHost(r.Host) {
		return o, errors.New("the method or the host cannot be used")
	}
	o = original{method: r.Method, scheme: "http", uri: "/", header: r.Header}
	if r.TLS != nil {
		o.scheme = "https"
	}
	o.host = plainHost(o.scheme, r.Host)
	return o, nil
}

// lookalike refuses a header that is one of names but for underscores. Some
// applications cannot tell the two apart (RFC 3875 4.1.18 makes both one
// variable), and proxies overwrite one of them only.
func lookalike(h http.Header) error {
	for name := range h {
		if strings.Contains(name, "_") && slices.ContainsFunc(names(), func(n string) bool { return strings.EqualFold(n, strings.ReplaceAll(name, "_", "-")) }) {
			return errors.New("a header is written with an underscore to look like one of ours")
		}
	}
	return nil
}

// isMethod refuses CONNECT: what follows one is a tunnel, of whose requests
// nobody would ask (RFC 9110 9.3.6).
func isMethod(s string) bool {
	return s != "" && s != http.MethodConnect && len(s) <= maxMethod && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

// isScheme also knows what some proxies call the upgrade to a web socket.
func isScheme(s string) bool {
	return slices.Contains([]string{"http", "https", "ws", "wss"}, s)
}

func isHost(s string) bool {
	if s == "" || len(s) > maxHost || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
		return false
	}
	u, err := url.Parse("http://" + s + "/")
	return err == nil && u.Host == s && u.Hostname() != "" && !strings.HasSuffix(s, ":")
}

// isPath accepts an absolute path with a query, as browsers send it: one that
// no reader takes for a host, and without bytes that readers drop or repair.
func isPath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") {
		return false
	}
	path, _, _ := strings.Cut(s, "?")
	return !strings.Contains(path, `\`) && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' })
}

// plainHost is host in lower case without the port that scheme implies.
func plainHost(scheme, host string) string {
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return strings.TrimSuffix(strings.ToLower(host), port)
}

// changes reports whether the request may change something: by its method, or
// by opening a web socket, over which anything may follow.
func (o *original) changes() bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace}, o.method) ||
		o.header.Get("Sec-WebSocket-Key") != ""
}

// wantsPage reports whether a browser asks for a page that it will show: one it
// can be sent elsewhere from. A script's request is not (Fetch Metadata).
func (o *original) wantsPage() bool {
	mode := o.header.Get("Sec-Fetch-Mode")
	if o.method != http.MethodGet && o.method != http.MethodHead || mode != "" && mode != "navigate" || o.header.Get("Sec-WebSocket-Key") != "" {
		return false
	}
	for entry := range strings.SplitSeq(strings.Join(o.header.Values("Accept"), ","), ",") {
		typ, _, _ := strings.Cut(entry, ";")
		if strings.EqualFold(strings.TrimSpace(typ), "text/html") {
			return true
		}
	}
	return false
}

// suppliedByBrowser reports whether browsers add such a credential by
// themselves, also to what another site makes them send.
func suppliedByBrowser(mechanism string) bool {
	return mechanism == doorward.MechanismSession || mechanism == doorward.MechanismBasic
}

// fromElsewhere reports whether the browser says that a site of somebody else
// sent the request. SameSite keeps cookies from such requests already; this
// covers SameSite=None and passwords of basic authentication, for an
// application of which nobody knows whether it checks (ASVS 3.5.1).
func (f *Feature) fromElsewhere(q question) bool {
	h := q.orig.header
	if site := h.Get("Sec-Fetch-Site"); site != "" {
		return site == "cross-site"
	}
	origin := h.Get("Origin")
	if origin == "" {
		return false // no browser of the last years
	}
	u, err := url.Parse(origin)
	if err != nil {
		return true
	}
	host := plainHost(u.Scheme, u.Host) // "" for "null"
	return host != q.orig.host && !f.guards(q.own, u.Scheme, host)
}
