package devmail

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// admits reports whether r, which shows no sign of a stranger, is not made at
// the wish of a page from elsewhere.
func (b *Mailbox) admits(r *http.Request) bool { return !fetched(r) && b.crossOrigin.Check(r) == nil }

// fetched reports whether another site or port of this machine had the browser
// ask, other than by a link that somebody followed to a page of his own (Fetch
// Metadata; ASVS 3.5.8).
func fetched(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// stranger tells by what r shows that somebody beyond this machine reaches the
// server; it is empty if by nothing.
func stranger(r *http.Request) string {
	if !fromLoopback(r) {
		return fmt.Sprintf("a request came from %.64q", r.RemoteAddr)
	}
	if !ownHost(r.Host) {
		return fmt.Sprintf("a request was for the host %.128q", r.Host)
	}
	if sign := forwarded(r); sign != "" {
		return sign
	}
	if origin := elsewhere(r); origin != "" {
		return fmt.Sprintf("a browser was at %.128q", origin)
	}
	return ""
}

func fromLoopback(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().IsLoopback()
}

// ownHost reports whether host, with or without a port, is what this machine
// calls itself.
func ownHost(host string) bool {
	u, err := url.Parse("//" + host)
	return err == nil && u.Host == host && own(u.Hostname())
}

func own(name string) bool {
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback() || strings.ToLower(name) == "localhost"
}

// forwarded tells by what r shows that a proxy on this machine hands on what
// somebody else asked for. One header is enough, whatever it says (RFC 7239,
// RFC 9110 7.6.3); and no browser speaks HTTP/1.0, while some proxies do that
// say nothing else.
func forwarded(r *http.Request) string {
	if !r.ProtoAtLeast(1, 1) {
		return "a request was HTTP/1.0, which some proxies speak"
	}
	for name := range r.Header {
		switch {
		case strings.HasPrefix(name, "X-Forwarded"), strings.HasPrefix(name, "Cf-"),
			name == "Forwarded", name == "Via", name == "X-Real-Ip", name == "X-Client-Ip", name == "True-Client-Ip":
			return fmt.Sprintf("a request had the header %.64q, which proxies add", name)
		}
	}
	return ""
}

// elsewhere returns the origin of another host that a browser takes this server
// for. A browser says what page asks in Sec-Fetch-Site where the URL has TLS or
// leads to its own machine; what is not said is taken for a page of this server,
// as it is one in a browser that came without TLS. Origins that are no web
// site's, as those of a browser's extensions, tell nothing.
func elsewhere(r *http.Request) string {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return ""
	}
	for _, name := range []string{"Origin", "Referer"} {
		u, err := url.Parse(r.Header.Get(name))
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !own(u.Hostname()) {
			return u.Scheme + "://" + u.Host
		}
	}
	return ""
}
