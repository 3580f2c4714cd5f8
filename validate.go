package doorward

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// validateCookies refuses cookies that net/http or a browser would drop without
// a word: nobody could sign in, and nothing would say why.
func (c *Config) validateCookies() error {
	s := &c.Session
	cookies := []struct {
		setting string
		cookie  *http.Cookie
	}{
		{"SESSION_COOKIE_", s.attrs().cookie(s.CookieName, "x", true)},
		{"REMEMBER_COOKIE_", s.rememberAttrs().cookie(s.RememberName, "x", true)},
		{"SECURITY_TWO_FACTOR_VALIDITY_COOKIE_", &http.Cookie{Name: c.Second.CookieName, Value: "x", Path: "/"}},
	}
	if c.CSRF.CookieName != "" {
		cookies = append(cookies, struct {
			setting string
			cookie  *http.Cookie
		}{"SECURITY_CSRF_COOKIE_", &http.Cookie{Name: c.CSRF.CookieName, Value: "x", Path: "/"}})
	}
	var errs []error
	owner := map[string]string{}
	for _, x := range cookies {
		if err := x.cookie.Valid(); err != nil {
			errs = append(errs, &ConfigError{Problem: fmt.Sprintf("%s*: the cookie %q cannot be sent: %v", x.setting, x.cookie.Name, err), Hint: "correct its name, path or domain"})
		}
		if !strings.HasPrefix(x.cookie.Path, "/") {
			errs = append(errs, &ConfigError{Problem: fmt.Sprintf("%sPATH: %q does not begin with a slash", x.setting, x.cookie.Path), Hint: "leave it out for /"})
		}
		if other, taken := owner[x.cookie.Name]; taken {
			errs = append(errs, &ConfigError{Problem: fmt.Sprintf("%sNAME and %sNAME are both %q", other, x.setting, x.cookie.Name), Hint: "give each cookie a name of its own"})
		}
		owner[x.cookie.Name] = x.setting
	}
	for _, d := range []struct {
		setting string
		value   time.Duration
	}{
		{"SECURITY_SESSION_IDLE", s.Idle}, {"PERMANENT_SESSION_LIFETIME", s.Lifetime}, {"REMEMBER_COOKIE_DURATION", s.RememberDuration},
		{"SECURITY_REMEMBER_GRACE", s.RememberGrace}, {"SECURITY_TWO_FACTOR_LOGIN_VALIDITY", c.Second.Validity},
		{"SECURITY_TWO_FACTOR_PENDING", c.Second.Pending}, {"SECURITY_LAST_SEEN_EVERY", c.Limits.LastSeenEvery},
	} {
		if d.value <= 0 {
			errs = append(errs, &ConfigError{Problem: fmt.Sprintf("%s: %s is not a positive time", d.setting, d.value), Hint: "leave it out for the default"})
		}
	}
	return errors.Join(errs...)
}

func (c *Config) validateURLs() error {
	var errs []error
	if p := c.URLs.Prefix; p != "" && (!strings.HasPrefix(p, "/") || !plainPath(p)) {
		errs = append(errs, &ConfigError{Problem: fmt.Sprintf("SECURITY_URL_PREFIX: %q is no path", p), Hint: "write /auth"})
	}
	if p := c.URLs.Static; !strings.HasPrefix(p, "/") || !plainPath(p) {
		errs = append(errs, &ConfigError{Problem: fmt.Sprintf("SECURITY_STATIC_FOLDER_URL: %q is no path", p), Hint: "write /fs-static"})
	}
	if _, ok := c.URLs.safeTarget("", c.URLs.Root); !ok || !strings.HasPrefix(c.URLs.Root, "/") {
		errs = append(errs, &ConfigError{Problem: fmt.Sprintf("APPLICATION_ROOT: %q is no path", c.URLs.Root), Hint: "write / or /app"})
	}
	return errors.Join(errs...)
}

// plainPath reports whether a path is the same in a request: requests are
// compared as they are written, and an escaped letter would never match.
func plainPath(p string) bool { return p == (&url.URL{Path: p}).EscapedPath() }
