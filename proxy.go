package doorward

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the peers whose X-Forwarded headers are believed. Anybody else
// can write what he likes into them (ASVS 4.1.3).
type proxies []netip.Prefix

func parseProxies(list []string) (proxies, error) {
	var out proxies
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, &ConfigError{Problem: fmt.Sprintf("TRUSTED_PROXIES: %q is no address", s), Hint: "write 127.0.0.1, or the network of your proxies alone"}
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p proxies) trusts(a netip.Addr) bool {
	for _, x := range p {
		if x.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

func peer(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, _ := netip.ParseAddr(host)
	return a.Unmap()
}

// clientAddr is the address the request came from: the peer's, or, going back
// from a trusted peer, the last one in X-Forwarded-For that is not a trusted
// proxy. Garbage ends the walk at the last address that was good.
func (p proxies) clientAddr(r *http.Request) netip.Addr {
	at := peer(r)
	if len(p) == 0 || !p.trusts(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			return at
		}
		at = a.Unmap()
		if !p.trusts(at) {
			return at
		}
	}
	return at
}

// parseHop reads an address, which some proxies write with a port.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, true
	}
	ap, err := netip.ParseAddrPort(s)
	return ap.Addr(), err == nil
}

// forwarded returns a header that only a trusted proxy may set. Where it has
// several values or entries, the last one is the trusted proxy's.
func (p proxies) forwarded(r *http.Request, header string) string {
	if len(p) == 0 || !p.trusts(peer(r)) {
		return ""
	}
	vs := r.Header.Values(header)
	if len(vs) == 0 {
		return ""
	}
	v := vs[len(vs)-1]
	return strings.TrimSpace(v[strings.LastIndexByte(v, ',')+1:])
}

func (p proxies) isTLS(r *http.Request) bool {
	proto := p.forwarded(r, "X-Forwarded-Proto")
	return r.TLS != nil || strings.EqualFold(proto, "https") || strings.EqualFold(proto, "wss")
}

// host is the host (and port) the visitor's browser shows.
func (p proxies) host(r *http.Request) string {
	if h := p.forwarded(r, "X-Forwarded-Host"); h != "" {
		return h
	}
	return r.Host
}

func (p proxies) scheme(r *http.Request) string {
	if p.isTLS(r) {
		return "https"
	}
	return "http"
}
