package doorward

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// target is a URL taken apart by hand. net/url and browsers disagree about
// what a backslash, a blank or five slashes mean; a target is used only if
// there is one way to read it.
type target struct{ scheme, host, path, rest string }

// parseTarget splits raw the way RFC 3986 does, and refuses what browsers
// repair: control characters, outer blanks, an empty authority ("///x").
func parseTarget(raw string) (t target, ok bool) {
	if raw == "" || strings.TrimSpace(raw) != raw || len(raw) > 2048 {
		return t, false
	}
	for _, c := range []byte(raw) {
		if c < ' ' || c == 0x7f { // browsers drop tab and newline inside a URL
			return t, false
		}
	}
	s := raw
	if i := strings.IndexAny(s, ":/?#"); i > 0 && s[i] == ':' {
		t.scheme, s = strings.ToLower(s[:i]), s[i+1:]
		if t.scheme != "http" && t.scheme != "https" || !strings.HasPrefix(s, "//") {
			return t, false
		}
	} else if i == 0 && s[0] == ':' {
		return t, false
	}
	if strings.HasPrefix(s, "//") {
		s = s[2:]
		end := strings.IndexAny(s, "/?#")
		if end < 0 {
			end = len(s)
		}
		if t.host, s = s[:end], s[end:]; t.host == "" {
			return t, false
		}
	}
	end := strings.IndexAny(s, "?#")
	if end < 0 {
		end = len(s)
	}
	t.path, t.rest = s[:end], s[end:]
	return t, true
}

// String is the target with path and host quoted, so that no browser reads a
// backslash or a blank in them as anything but a character (CVE-2021-32618,
// CVE-2023-49438).
func (t target) String() string {
	var b strings.Builder
	if t.scheme != "" {
		b.WriteString(t.scheme + ":")
	}
	if t.host != "" {
		b.WriteString("//" + quote(t.host, ".-_~:[]"))
	}
	b.WriteString(quote(t.path, ".-_~/"))
	b.WriteString(quote(t.rest, ".-_~/?#[]@!$&'()*+,;=:%"))
	return b.String()
}

// quote percent-encodes every byte but letters, digits and those in keep.
func quote(s, keep string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// safeTarget returns the form of raw to redirect to, and whether a request to
// host may be redirected there (ASVS 3.7.2): to paths, to the same host, and
// to the hosts the configuration lists.
func (u *URLConfig) safeTarget(host, raw string) (string, bool) {
	t, ok := parseTarget(raw)
	if !ok || t.host != "" && t.host != host && !u.allowsHost(t.host) {
		return "", false
	}
	if t.host == "" && strings.HasPrefix(t.path, "//") {
		return "", false
	}
	return t.String(), true
}

func (u *URLConfig) allowsHost(host string) bool {
	if u.RedirectHost != "" && host == u.RedirectHost {
		return true
	}
	if u.AllowSubdomains && u.ServerName != "" && (host == u.ServerName || strings.HasSuffix(host, "."+u.ServerName)) {
		return true
	}
	return u.BaseDomain != "" && slices.ContainsFunc(u.Subdomains, func(label string) bool {
		return host == u.BaseDomain && label == "." || label != "." && host == label+"."+u.BaseDomain
	})
}

// resolve turns a view setting, which is a page's name or a URL, into a URL.
func (e *engine) resolve(view string) string {
	if view == "" {
		return ""
	}
	if rt, ok := e.routes.byName[strings.TrimPrefix(view, ".")]; ok && !strings.Contains(rt.Path, "{") {
		return e.cfg.URLs.Prefix + rt.Path
	}
	if h := e.cfg.URLs.RedirectHost; h != "" {
		if t, ok := parseTarget(view); ok {
			t.host = h
			return t.String()
		}
	}
	return view
}

// afterAction is where a browser goes when an action succeeded: the form's
// next, the query's next, or the view; the first that is allowed.
func (e *engine) afterAction(r *http.Request, formNext, view string) string {
	host := e.proxies.host(r)
	for _, raw := range []string{formNext, r.URL.Query().Get("next")} {
		if to, ok := e.cfg.URLs.safeTarget(host, e.resolve(raw)); ok {
			return to
		}
	}
	if to := e.resolve(view); to != "" {
		return to
	}
	return e.cfg.URLs.Root
}

// nextAllowed reports whether next is blank or a target that may be used.
func (e *engine) nextAllowed(r *http.Request, next string) bool {
	if strings.TrimSpace(next) == "" {
		return true
	}
	_, ok := e.cfg.URLs.safeTarget(e.proxies.host(r), e.resolve(next))
	return ok
}

// withNext appends next to a page's URL.
func withNext(page, next string) string {
	if next == "" {
		return page
	}
	sep := "?"
	if strings.Contains(page, "?") {
		sep = "&"
	}
	return page + sep + "next=" + quote(next, ".-_~!$'()*,/:;?@")
}

// hereAndNow is the URL of the request as a next: relative if the browser is
// on the host that serves login pages, as it is unless SUBDOMAIN is set.
func (e *engine) hereAndNow(r *http.Request) string {
	// Targets are quoted when they are used, so the path goes in as it is,
	// unless that could be read as something else.
	here := r.URL.Path
	if strings.ContainsAny(here, "?#%\\") || strings.ContainsFunc(here, unicode.IsControl) {
		here = r.URL.EscapedPath()
	}
	if r.URL.RawQuery != "" {
		here += "?" + r.URL.RawQuery
	}
	if e.cfg.URLs.Subdomain != "" {
		here = e.proxies.scheme(r) + "://" + e.proxies.host(r) + here
	}
	return here
}
