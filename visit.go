package doorward

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/doorward/doorward/codec"
)

type contextKey struct{}

// visit is what the context of a request carries: one per request, so that a
// sign-in during it is seen by every handler after it, and nothing is looked
// up until somebody asks.
type visit struct {
	e *engine
	// r is the request as Authenticate got it.
	r *http.Request
	w *responseWriter

	within visitContext   // what handlers get as context
	behind visitContext   // what stores get
	writer responseWriter // and what w is
	proofs proofs
	lang   language

	mu         sync.Mutex
	loaded     bool // the cookie has been read
	presented  bool // and there was one
	b          browser
	dirty      bool // and it must be written
	marked     bool // and this browser is the one that proved a credential
	touched    bool // the answer depends on cookies
	cookies    []*http.Cookie
	results    []checked   // of the mechanisms looked at so far
	principal  *authResult // who the request is, once decided
	decided    authResult  // which principal is
	body       *body       // of the security pages
	row        *Session    // of the live session
	loadedRow  Session     // which row is, if it was read
	csrfPassed bool        // a guard checked the token
	toldMixed  bool        // of credentials of two users
	tokenOut   string      // CSRF token handed out already
	remembered string      // selector of the row by which a sign-in remembered this browser
}

type authResult struct {
	id  Identity
	err error
}

type checked struct {
	mechanism string
	authResult
}

// visitContext is the context of a request with its visit in it. Being a part
// of that, it costs no allocation of its own.
type visitContext struct {
	context.Context
	v *visit
	// hidden: who asks for the visit gets none, so that a store which asks who
	// is signed in does not wait for itself. The engine finds it all the same.
	hidden bool
}

type behindKey struct{}

// Value implements context.Context.
func (c *visitContext) Value(key any) any {
	if key == (behindKey{}) || key == (contextKey{}) && !c.hidden {
		return c.v
	}
	return c.Context.Value(key)
}

func visitFrom(ctx context.Context) *visit {
	v, _ := ctx.Value(contextKey{}).(*visit)
	return v
}

// visitBehind also finds the visit of a store call.
func visitBehind(ctx context.Context) *visit {
	v, _ := ctx.Value(behindKey{}).(*visit)
	return v
}

// Authenticate makes the identity of a request available to next, and writes
// cookies and Cache-Control with its answer. It refuses nothing; the Require
// methods do. [Security.Handler] includes it.
func (s *Security) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.e.visit(w, r, next) })
}

func (e *engine) visit(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if v := visitFrom(r.Context()); v != nil && v.e == e {
		next.ServeHTTP(w, r)
		return
	}
	v := &visit{e: e, r: r}
	v.writer = responseWriter{ResponseWriter: w, v: v}
	v.w = &v.writer
	v.within = visitContext{Context: r.Context(), v: v}
	v.behind = visitContext{Context: r.Context(), v: v, hidden: true}
	defer v.proofs.settle(Proved) // what no sign-in made use of
	next.ServeHTTP(v.w, r.WithContext(&v.within))
	v.w.commit()
}

// hostOnly is the name of a cookie for this host alone.
func (v *visit) hostOnly(name string) string {
	if v.tls() {
		return "__Host-" + name
	}
	return name
}

// ctx is for the store calls of this request.
func (v *visit) ctx() context.Context { return &v.behind }

func (v *visit) tls() bool { return v.e.proxies.isTLS(v.r) }

// state returns what the session cookie holds; call it with v.mu held.
func (v *visit) state() *browser {
	if v.loaded {
		return &v.b
	}
	v.loaded, v.touched = true, true
	for i, c := range v.r.CookiesNamed(v.sessionName()) {
		if i == maxSameName {
			break
		}
		b, err := v.openCookie(c.Value)
		if err == nil && v.e.now().Sub(b.issued) < v.e.cfg.Session.Lifetime {
			v.b, v.presented = b, true
			break
		}
	}
	if v.b.shared == nil && v.e.cfg.Codecs.Session != nil {
		v.b.shared = &codec.Cookie{}
	}
	return &v.b
}

// openCookie reads a session cookie.
func (v *visit) openCookie(value string) (b browser, err error) {
	if v.e.cfg.Codecs.Session != nil {
		return v.openShared(value)
	}
	plain, err := v.e.cookies.OpenString(value, cookieAAD)
	if err == nil {
		err = b.decode(plain)
	}
	if v.e.cfg.Stores.Sessions != nil {
		b.Session = nil
	}
	return b, err
}

// sealCookie writes one.
func (v *visit) sealCookie() (string, error) {
	v.b.issued = v.e.now()
	if v.e.cfg.Codecs.Session != nil {
		return v.sealShared()
	}
	plain, err := v.b.encode()
	if err != nil {
		return "", err
	}
	return v.e.cookies.SealString(plain, cookieAAD), nil
}

// setCookie queues a cookie for the answer; one of the same name is replaced.
func (v *visit) setCookie(c *http.Cookie) {
	for i := range v.cookies {
		if v.cookies[i].Name == c.Name {
			v.cookies[i] = c
			return
		}
	}
	v.cookies = append(v.cookies, c)
}

func (v *visit) clearCookie(a cookieAttrs, name string) {
	c := a.cookie(name, "", v.tls())
	c.MaxAge = -1
	v.setCookie(c)
}

// writeCookies runs once, when the header of the answer is written.
func (v *visit) writeCookies(h http.Header) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.csrfCookie()
	sc := &v.e.cfg.Session
	if v.loaded && v.presented && v.permanent() && !sc.NoRefresh && !v.b.empty() {
		v.dirty = true
	}
	switch {
	case !v.dirty:
	case v.b.empty():
		if v.presented {
			v.clearCookie(sc.attrs(), v.sessionName())
		}
	default:
		v.setCookie(v.sealed())
	}
	for _, c := range v.cookies {
		h.Add("Set-Cookie", c.String())
	}
	if v.touched {
		h.Add("Vary", "Cookie")
	}
	if cc := v.e.cacheControl; cc != "" && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", cc)
	}
}

// sealed is the session cookie. What makes it larger than a browser keeps is
// dropped: flashes first, then drafts (RFC 6265 6.1, ASVS 3.3.5).
func (v *visit) sealed() *http.Cookie {
	sc := &v.e.cfg.Session
	name := v.sessionName()
	for {
		value, err := v.sealCookie()
		if err != nil { // nothing that is in it makes one
			v.e.log.ErrorContext(v.ctx(), "session cookie not written", "err", err)
		}
		large := len(name)+len(value) > v.e.cfg.Limits.Cookie
		if large && v.b.shrink() {
			v.e.log.WarnContext(v.ctx(), "session cookie too large, something was dropped", "bytes", len(value))
			continue
		}
		if large { // another application's keys are not ours to drop
			v.e.log.WarnContext(v.ctx(), "session cookie too large, browsers may keep the former one", "bytes", len(value))
		}
		c := sc.attrs().cookie(name, value, v.tls())
		if v.permanent() {
			c.MaxAge = int(sc.Lifetime / time.Second)
		}
		return c
	}
}

func (v *visit) flash(ms []flash) {
	if len(ms) == 0 || v.e.cfg.Pages.NoFlash {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.state()
	b.Flashes = append(b.Flashes, ms...)
	v.dirty = true
}

func (v *visit) takeFlashes() []flash {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.state()
	out := b.Flashes
	if len(out) > 0 {
		b.Flashes, v.dirty = nil, true
	}
	return out
}

func (v *visit) draft(key string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state().Drafts[key]
}

// setDraft keeps a value in the cookie; an empty one is removed.
func (v *visit) setDraft(key, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.putDraft(key, value)
}

func (v *visit) putDraft(key, value string) {
	b := v.state()
	if b.Drafts[key] == value {
		return
	}
	v.dirty = true
	if value == "" {
		delete(b.Drafts, key)
		return
	}
	if b.Drafts == nil {
		b.Drafts = map[string]string{}
	}
	b.Drafts[key] = value
}

func (v *visit) addr() netip.Addr { return v.e.proxies.clientAddr(v.r) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return b
}
