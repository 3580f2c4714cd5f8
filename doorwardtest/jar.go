package doorwardtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// jar keeps cookies as a browser does: RFC 6265bis, on the test's clock.
type jar map[jarKey]kept

type jarKey struct{ name, domain, path string }

type kept struct {
	value   string
	secure  bool
	expires time.Time // zero: when the browser closes
}

// add takes one Set-Cookie and returns what a browser would say against it.
func (j jar) add(c *http.Cookie, host string, tls bool, now time.Time) (complaint string) {
	domain := strings.TrimPrefix(c.Domain, ".")
	path := c.Path
	switch {
	case domain != "" && domain != host && !strings.HasSuffix(host, "."+domain):
		return fmt.Sprintf("cookie %s is for %s, and came from %s", c.Name, domain, host)
	case strings.HasPrefix(c.Name, "__Host-") && (!c.Secure || c.Path != "/" || domain != ""):
		return fmt.Sprintf("cookie %s is not Secure with path / and no domain", c.Name)
	case strings.HasPrefix(c.Name, "__Secure-") && !c.Secure:
		return fmt.Sprintf("cookie %s is not Secure", c.Name)
	case c.Secure && !tls:
		return fmt.Sprintf("cookie %s is Secure, and came without TLS", c.Name)
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return fmt.Sprintf("cookie %s is SameSite=None and not Secure", c.Name)
	case c.Partitioned && !c.Secure:
		return fmt.Sprintf("cookie %s is Partitioned and not Secure", c.Name)
	case len(c.Name)+len(c.Value) > 4096:
		return fmt.Sprintf("cookie %s is too large: %d bytes", c.Name, len(c.Value))
	}
	if path == "" {
		path = "/"
	}
	key, k := jarKey{c.Name, domain, path}, kept{value: c.Value, secure: c.Secure}
	switch {
	case c.MaxAge > 0:
		k.expires = now.Add(time.Duration(c.MaxAge) * time.Second)
	case c.MaxAge == 0 && !c.Expires.IsZero():
		k.expires = c.Expires
	}
	if c.MaxAge < 0 || !k.expires.IsZero() && !now.Before(k.expires) {
		delete(j, key)
		return ""
	}
	j[key] = k
	return ""
}

// send returns the cookies for a request, longest path first.
func (j jar) send(host, path string, tls bool, now time.Time) []*http.Cookie {
	keys := slices.SortedFunc(maps.Keys(j), func(a, b jarKey) int {
		if d := len(b.path) - len(a.path); d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	var out []*http.Cookie
	for _, k := range keys {
		c := j[k]
		inside := k.path == "/" || path == k.path || strings.HasPrefix(path, strings.TrimSuffix(k.path, "/")+"/")
		ours := k.domain == "" || k.domain == host || strings.HasSuffix(host, "."+k.domain)
		alive := c.expires.IsZero() || now.Before(c.expires)
		if inside && ours && alive && (tls || !c.secure) {
			out = append(out, &http.Cookie{Name: k.name, Value: c.value})
		}
	}
	return out
}

func (j jar) find(name string) (jarKey, bool) {
	for k := range j {
		if k.name == name {
			return k, true
		}
	}
	return jarKey{}, false
}

// Cookie returns the value of a cookie of that name, or "".
func (b *Browser) Cookie(name string) string {
	k, _ := b.jar.find(name)
	return b.jar[k].value
}

// Cookies returns the names of the cookies, sorted.
func (b *Browser) Cookies() []string {
	var names []string
	for k := range b.jar {
		names = append(names, k.name)
	}
	slices.Sort(names)
	return names
}

// SetCookie puts a cookie into the browser; an empty value removes it.
func (b *Browser) SetCookie(name, value string) {
	k, ok := b.jar.find(name)
	if !ok {
		k = jarKey{name: name, path: "/"}
	}
	if value == "" {
		delete(b.jar, k)
		return
	}
	c := b.jar[k]
	c.value = value
	b.jar[k] = c
}

// SessionCookie returns the name of the session cookie the browser has, or
// "session" if it has none.
func (b *Browser) SessionCookie() string {
	for k := range b.jar {
		if k.name == "__Host-session" || k.name == "session" {
			return k.name
		}
	}
	return "session"
}

// Close closes the browser: cookies without an end of their own are gone.
func (b *Browser) Close() {
	maps.DeleteFunc(b.jar, func(_ jarKey, c kept) bool { return c.expires.IsZero() })
	b.token = ""
}
