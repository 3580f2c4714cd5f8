package doorward

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/codec"
)

const (
	idSize      = 32 // bytes of a session id: 256 bits (ASVS 7.2.3)
	csrfSize    = 20
	cookieV1    = 1
	cookieAAD   = "session"
	maxSameName = 4 // cookies of one name that are tried; a sibling domain may have planted some
)

// browser is what the session cookie holds, sealed: everything about a visitor
// that is not about a signed-in user.
type browser struct {
	id     []byte // of the session row; nil for an anonymous visitor
	csrf   []byte
	issued time.Time
	shared *codec.Cookie // what is beside ours in a cookie that is shared
	left   []byte        // id of a row that another application signed out of
	browserRest
}

type browserRest struct {
	Flashes []flash           `json:"f,omitempty"`
	Drafts  map[string]string `json:"d,omitempty"` // features' own values, by "feature.key"
	User    string            `json:"u,omitempty"` // whose row id is, in a cookie that is shared
	Session *Session          `json:"s,omitempty"` // in stateless mode only
	CC      string            `json:"c,omitempty"` // state of the script-readable CSRF cookie
}

type flash struct {
	Category string `json:"c"`
	Text     string `json:"t"`
}

func (b *browser) empty() bool {
	return b.id == nil && b.csrf == nil && b.restEmpty() && b.left == nil && (b.shared == nil || b.shared.Rest == nil)
}

// shrink drops what can be done without best, and reports whether there was
// anything to drop.
func (b *browser) shrink() bool {
	switch {
	case len(b.Flashes) > 0:
		b.Flashes = b.Flashes[1:]
	case len(b.Drafts) > 0 || b.CC != "":
		b.Drafts, b.CC = nil, ""
	case b.shared != nil || b.Session == nil:
		return false
	case b.Session.UserAgent != "":
		b.Session.UserAgent = ""
	default:
		b.Session = nil
	}
	return true
}

func (b *browser) restEmpty() bool {
	return len(b.Flashes) == 0 && len(b.Drafts) == 0 && b.Session == nil && b.CC == "" && b.User == ""
}

// encode puts what every request reads into fixed places, and the rest, which
// is usually nothing, behind it as JSON.
func (b *browser) encode() ([]byte, error) {
	out := make([]byte, 0, 128)
	out = append(out, cookieV1)
	out = binary.BigEndian.AppendUint64(out, uint64(b.issued.Unix()))
	out = append(out, byte(len(b.id)))
	out = append(out, b.id...)
	out = append(out, byte(len(b.csrf)))
	out = append(out, b.csrf...)
	if b.restEmpty() {
		return out, nil
	}
	rest, err := compactJSON(&b.browserRest)
	return append(out, rest...), err
}

// compactJSON leaves <, > and & as they are: the cookie is sealed, and small.
func compactJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

var errCookie = errors.New("doorward: malformed session cookie")

func (b *browser) decode(in []byte) error {
	if len(in) < 11 || in[0] != cookieV1 {
		return errCookie
	}
	b.issued = time.Unix(int64(binary.BigEndian.Uint64(in[1:9])), 0)
	in = in[9:]
	var ok bool
	if b.id, in, ok = take(in, idSize); !ok {
		return errCookie
	}
	if b.csrf, in, ok = take(in, csrfSize); !ok {
		return errCookie
	}
	if len(in) > 0 {
		return json.Unmarshal(in, &b.browserRest)
	}
	return nil
}

// take returns a length-prefixed piece, which is empty or has size bytes.
func take(in []byte, size int) (piece, rest []byte, ok bool) {
	if len(in) == 0 || in[0] != 0 && int(in[0]) != size || len(in) < 1+int(in[0]) {
		return nil, nil, false
	}
	n := int(in[0])
	if n > 0 {
		piece = in[1 : 1+n : 1+n]
	}
	return piece, in[1+n:], true
}

// cookieAttrs are the attributes of one cookie.
type cookieAttrs struct {
	domain, path string
	secure       string // "auto", "true", "false"
	sameSite     http.SameSite
	httpOnly     bool
	partitioned  bool
}

func (a cookieAttrs) cookie(name, value string, tls bool) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Domain: a.domain, Path: a.path, Secure: a.isSecure(tls),
		HttpOnly: a.httpOnly, SameSite: a.sameSite, Partitioned: a.partitioned}
}

func (a cookieAttrs) isSecure(tls bool) bool {
	return a.secure == "true" || a.secure == "auto" && tls
}

func sameSite(s string) (http.SameSite, bool) {
	switch strings.ToLower(s) {
	case "lax":
		return http.SameSiteLaxMode, true
	case "strict":
		return http.SameSiteStrictMode, true
	case "none":
		return http.SameSiteNoneMode, true
	case "", "null":
		return http.SameSiteDefaultMode, true
	}
	return 0, false
}

func (c *SessionConfig) attrs() cookieAttrs {
	ss, _ := sameSite(c.SameSite)
	path := c.Path
	if path == "" {
		path = "/"
	}
	return cookieAttrs{domain: c.Domain, path: path, secure: c.Secure, sameSite: ss, httpOnly: !c.NoHTTPOnly, partitioned: c.Partitioned}
}

func (c *SessionConfig) rememberAttrs() cookieAttrs {
	ss, _ := sameSite(c.RememberSameSite)
	return cookieAttrs{domain: c.RememberDomain, path: c.RememberPath, secure: c.RememberSecure, sameSite: ss, httpOnly: !c.RememberNoHTTPOnly}
}

// sessionName is the session cookie's: with the __Host- prefix where it may have
// it, so that neither a sibling domain nor a plain-text page can plant one
// (RFC 6265bis 4.1.3.2, ASVS 3.3.3). One that is shared is called as agreed.
func (v *visit) sessionName() string {
	c := &v.e.cfg.Session
	if v.e.cfg.Codecs.Session == nil && (cookieAttrs{secure: c.Secure}).isSecure(v.tls()) && c.Domain == "" && (c.Path == "" || c.Path == "/") {
		return "__Host-" + c.CookieName
	}
	return c.CookieName
}

func parseCookieMap(m map[string]string) (cookieAttrs, error) {
	a := cookieAttrs{path: "/", secure: "auto", sameSite: http.SameSiteStrictMode}
	for k, v := range m {
		var err error
		ok := true
		switch strings.ToLower(k) {
		case "samesite":
			a.sameSite, ok = sameSite(v)
		case "httponly":
			a.httpOnly, err = strconv.ParseBool(v)
		case "secure":
			a.secure = strings.ToLower(v)
			ok = validSecure(a.secure)
		case "path":
			a.path = v
		case "domain":
			a.domain = v
		default:
			ok = false
		}
		if err != nil || !ok {
			return a, &ConfigError{Problem: "CSRF_COOKIE: cannot use " + k + "=" + v, Hint: "samesite, httponly, secure, path, domain"}
		}
	}
	return a, nil
}

func validSecure(s string) bool { return s == "auto" || s == "true" || s == "false" }
