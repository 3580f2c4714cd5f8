package devmail

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// ownName is what this machine calls itself, with any port.
var ownName = regexp.MustCompile(`^(?i:localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$`)

// admits reports whether r comes straight from a program on this machine, and
// not at the wish of a page from elsewhere.
func (b *Mailbox) admits(r *http.Request) bool {
	return fromLoopback(r) && !forwarded(r) && ownName.MatchString(r.Host) &&
		!fetched(r) && b.crossOrigin.Check(r) == nil
}

func fromLoopback(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().IsLoopback()
}

// forwarded reports whether a proxy on this machine hands on what somebody else
// asked for. One header is enough, whatever it says (RFC 7239, RFC 9110 7.6.3);
// and no browser speaks HTTP/1.0, while some proxies do that say nothing else.
func forwarded(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for name := range r.Header {
		switch {
		case strings.HasPrefix(name, "X-Forwarded"), strings.HasPrefix(name, "Cf-"):
			return true
		case name == "Forwarded", name == "Via", name == "X-Real-Ip", name == "X-Client-Ip", name == "True-Client-Ip":
			return true
		}
	}
	return false
}

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
