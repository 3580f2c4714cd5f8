package forwardauth

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
)

// Path is where the proxy asks.
const Path = "/forward-auth"

// Feature is the endpoint.
type Feature struct {
	cfg     doorward.Config
	maxURL  int
	trusted []netip.Prefix
	own     string // host of our pages, "" if the settings do not say
	rt      *doorward.Runtime
}

// New returns the feature, for doorward.New with the same configuration. maxURL
// is the longest path and query that a proxy may ask about, in bytes.
func New(cfg doorward.Config, maxURL int) *Feature {
	return &Feature{cfg: cfg, maxURL: maxURL}
}

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "forward_auth" }

// Init implements [doorward.Feature]. It has no routes: see [Feature.Handler].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	f.own = strings.ToLower(f.cfg.URLs.ServerName)
	if sub := f.cfg.URLs.Subdomain; sub != "" {
		f.own = strings.ToLower(sub) + "." + f.own
	}
	for _, s := range f.cfg.Limits.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if a, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err == nil { // or the engine says what is wrong with it
			f.trusted = append(f.trusted, p)
		}
	}
	return nil
}

// Handler answers the proxies, for all methods: some send the original one.
func (f *Feature) Handler(s *doorward.Security) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		q, err := f.read(r)
		if err != nil {
			f.rt.Logger().WarnContext(r.Context(), "forward-auth refused", "reason", err.Error(), "peer", r.RemoteAddr)
			f.refuse(w, r, http.StatusForbidden, "UNAUTHORIZED", nil)
			return
		}
		w = &cookieWriter{ResponseWriter: w, always: !q.rules.redirect}
		s.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.decide(s, w, r, q) })).ServeHTTP(w, q.r)
	})
}

// question is a proxy's request, understood.
type question struct {
	r     *http.Request
	rules rules
	orig  original
	own   string // host of our pages
	named bool   // and the settings say so
}

// read understands a request or says why it must be refused. Nothing has been
// looked up then, and nothing of an unknown peer was believed (ASVS 4.1.3).
func (f *Feature) read(r *http.Request) (q question, err error) {
	trusted := f.trusts(r.RemoteAddr)
	if !trusted && forwarded(r.Header) {
		return q, errors.New("the peer is no trusted proxy; name it in DOORWARD_TRUSTED_PROXIES if it is yours")
	}
	if q.rules, err = parseRules(r.URL.RawQuery); err != nil {
		return q, err
	}
	if trusted {
		q.orig, err = readOriginal(r.Header, f.maxURL)
	} else {
		q.orig, err = ownRequest(r)
	}
	if err != nil {
		return q, err
	}
	q.own, q.named = plainHost(q.orig.scheme, cmp.Or(f.own, r.Host)), f.own != ""
	if !f.guards(q.own, q.orig.scheme, q.orig.host) {
		return q, errors.New("the host " + q.orig.host + " is not ours; set SERVER_NAME to the host of the sign-in page, " +
			"and SECURITY_REDIRECT_BASE_DOMAIN with SECURITY_REDIRECT_ALLOWED_SUBDOMAINS to the guarded ones")
	}
	q.r = r
	if trusted && r.Header.Get("X-Forwarded-Proto") != q.orig.scheme { // "wss": the engine knows only http and https
		q.r = r.Clone(r.Context())
		q.r.Header.Set("X-Forwarded-Proto", q.orig.scheme)
	}
	return q, nil
}

func (f *Feature) trusts(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range f.trusted {
		if p.Contains(peer.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// guards reports whether applications on host are ours to guard: on the host of
// our pages, or where signing in may lead back to. The sign-in page will decide
// about its next in the same way.
func (f *Feature) guards(own, scheme, host string) bool {
	if host == own {
		return true
	}
	if only := f.cfg.URLs.RedirectHost; f.own == "" || only != "" && only != host {
		return false
	}
	var p doorward.Problem
	f.rt.Web().CheckNext(&http.Request{Host: own}, scheme+"://"+host+"/", &p)
	return len(p.Errors) == 0
}

// decide answers a request that was understood.
func (f *Feature) decide(s *doorward.Security, w http.ResponseWriter, r *http.Request, q question) {
	id, fresh, err := f.check(s, r, q.rules.auth)
	switch {
	case errors.Is(err, doorward.ErrAnonymous):
		f.unauthenticated(w, r, q)
	case err != nil:
		f.failed(w, r, err)
	case !q.rules.crossSite && q.orig.changes() && suppliedByBrowser(id.Mechanism) && f.fromElsewhere(q):
		f.rt.Logger().WarnContext(r.Context(), "forward-auth refused", "reason", "another site sent an unsafe request", "host", q.orig.host)
		f.refuse(w, r, http.StatusForbidden, "UNAUTHORIZED", nil)
	case !q.rules.permit(id):
		f.unauthorized(w, r, q, id)
	case !fresh:
		f.stale(w, r, q, id)
	default:
		f.grant(w, r, id)
	}
}
