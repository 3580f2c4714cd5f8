package doorward

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"net/http"
	"slices"
	"time"

	"github.com/doorward/doorward/signed"
)

// The session cookie holds a random secret. A token is that secret and the
// time, sealed: each one looks different, so that compression does not leak it
// (BREACH), and a page of one session is worth nothing in another.

const csrfAAD = "csrf"

// states of the script-readable cookie: it is sent once after a sign-in, and
// removed at sign-out.
const (
	ccSet   = "set"
	ccSent  = "sent"
	ccClear = "clear"
)

// CSRFToken returns the token that forms of the application put into a hidden
// field named csrf_token (and scripts into the header X-CSRF-Token) for guards
// to accept an unsafe request that a session authenticates. It is "" outside
// of [Security.Authenticate] and where checks are off. Asking for it sets the
// session cookie, so ask before the page is written.
func CSRFToken(ctx context.Context) string {
	v := visitFrom(ctx)
	if v == nil {
		return ""
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.csrfToken()
}

func (v *visit) csrfToken() string {
	if v.e.cfg.CSRF.Disabled {
		return ""
	}
	if v.tokenOut == "" {
		b := v.state()
		if b.csrf == nil {
			b.csrf, v.dirty = randomBytes(csrfSize), true
		}
		v.tokenOut = v.e.sealCSRF(b.csrf)
	}
	return v.tokenOut
}

func (e *engine) sealCSRF(secret []byte) string {
	if c := e.cfg.Codecs.CSRF; c != nil {
		return c.Seal(secret, e.now())
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(e.now().Unix()))
	return e.csrf.SealString(append(plain, secret...), csrfAAD)
}

func (e *engine) openCSRF(token string) (secret []byte, issued time.Time, err error) {
	if c := e.cfg.Codecs.CSRF; c != nil {
		return c.Open(token, e.now())
	}
	plain, err := e.csrf.OpenString(token, csrfAAD)
	if err != nil || len(plain) != 8+csrfSize {
		return nil, issued, signed.ErrInvalid
	}
	return plain[8:], time.Unix(int64(binary.BigEndian.Uint64(plain)), 0), nil
}

// checkCSRFToken returns the key of what is wrong with token, or "".
func (v *visit) checkCSRFToken(token string) string {
	b := v.state()
	switch {
	case token == "":
		return "CSRF_TOKEN_MISSING"
	case b.csrf == nil:
		return "CSRF_SESSION_MISSING"
	case len(token) > 512:
		return "CSRF_TOKEN_INVALID"
	}
	secret, issued, err := v.e.openCSRF(token)
	if err != nil || subtle.ConstantTimeCompare(secret, b.csrf) != 1 {
		return "CSRF_TOKEN_INVALID"
	}
	limit := v.e.cfg.CSRF.TimeLimit
	if age := v.e.now().Sub(issued); !limit.IsNull() && (age > limit.Or(time.Hour) || age < -time.Minute) {
		return "CSRF_TOKEN_EXPIRED"
	}
	return ""
}

// csrfNeeded reports whether a request authenticated by mechanism ("" for
// nobody) must carry a token. A request that no browser would send by itself
// need not: one whose token of authentication is in a header or the body, and
// that has no session cookie.
func (v *visit) csrfNeeded(mechanism string) bool {
	cfg := &v.e.cfg.CSRF
	if cfg.Disabled || v.e.isSafe(v.r) {
		return false
	}
	if mechanism == "" {
		return true
	}
	if cfg.Mechanisms.IsSet() && !slices.Contains(cfg.Mechanisms.Or(nil), mechanism) {
		return false
	}
	if mechanism == MechanismToken {
		_, where := v.presentedToken()
		_, err := v.r.Cookie(v.sessionName())
		return where == "query" || err == nil
	}
	return true
}

// csrfProblem checks a request that must carry a token: by the browser's word
// on where it comes from (Fetch Metadata, Origin), and by the token, which
// field returns if no header has it.
func (v *visit) csrfProblem(field func() string) *Problem {
	if p := v.originProblem(); p != nil {
		return p
	}
	if v.e.cfg.CSRF.IgnoreAnonymous && v.anonymous() {
		return nil
	}
	token := ""
	for _, h := range v.e.cfg.CSRF.Headers {
		if token = v.r.Header.Get(h); token != "" {
			break
		}
	}
	if token == "" {
		token = field()
	}
	if key := v.checkCSRFToken(token); key != "" {
		return v.csrfFailure(key)
	}
	return nil
}

func (v *visit) anonymous() bool { return v.claimed() == nil }

// claimed is in whose name the request comes, as far as that was looked at: the
// user of the credential that was checked, or of any that is good.
func (v *visit) claimed() User {
	if v.principal != nil && v.principal.err == nil {
		return v.principal.id.User
	}
	for i := range v.results {
		if v.results[i].err == nil {
			return v.results[i].id.User
		}
	}
	return nil
}

// originProblem refuses what the browser says another site sent.
func (v *visit) originProblem() *Problem {
	if v.e.crossOrigin.Check(v.r) != nil {
		return v.csrfFailure("CSRF_CROSS_ORIGIN")
	}
	return nil
}

func (v *visit) csrfFailure(key string) *Problem {
	fire(v.ctx(), v.e, &v.e.hooks.CSRFRefused, CSRFRefused{User: v.claimed(), Reason: key})
	p := Fail(v.e.cfg.CSRF.Field, key)
	p.Status, p.strict = http.StatusBadRequest, true
	return p
}

// csrfCookie keeps the script-readable cookie, if there is one, in step with
// the session: see the states above.
func (v *visit) csrfCookie() {
	name := v.e.cfg.CSRF.CookieName
	if name == "" || !v.loaded || v.e.cfg.CSRF.Disabled {
		return
	}
	attrs := v.e.csrfCookieAttrs
	c, err := v.r.Cookie(name)
	stale := err != nil || v.checkCSRFToken(c.Value) != ""
	switch {
	case v.b.CC == ccClear:
		v.b.CC, v.dirty = "", true
		v.clearCookie(attrs, name)
	case v.b.CC == ccSet || v.b.CC == ccSent && (stale || v.e.cfg.CSRF.CookieRefresh):
		v.b.CC, v.dirty = ccSent, true
		v.setCookie(attrs.cookie(name, v.csrfToken(), v.tls()))
	}
}

func newCrossOrigin(origins []string) (*http.CrossOriginProtection, error) {
	c := http.NewCrossOriginProtection()
	for _, o := range origins {
		if err := c.AddTrustedOrigin(o); err != nil {
			return nil, &ConfigError{Problem: "CSRF_TRUSTED_ORIGINS: " + err.Error(), Hint: "write https://app.example.com"}
		}
	}
	return c, nil
}
