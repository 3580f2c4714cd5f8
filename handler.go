package doorward

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Handler serves the security pages in front of app, and everything else is
// app's, with the identity of the request at hand (see [Security.Authenticate]).
// A path of app never meets our routes; a method that one of our paths does not
// answer is 405. app may be nil: then the rest is 404, in the caller's format.
func (s *Security) Handler(app http.Handler) http.Handler {
	e := s.e
	if app == nil {
		app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.respond(w, r, Result{}, refuse(http.StatusNotFound, "NOT_FOUND"))
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ours := e.ownPath(r); ours {
			if rt, param := e.routes.match(path); rt != nil {
				r.Pattern = e.cfg.URLs.Prefix + rt.Path
				if param != "" {
					r.SetPathValue(strings.Trim(rt.Path[strings.LastIndexByte(rt.Path, '/')+1:], "{}"), param)
				}
				e.visit(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.serveTimed(w, r, rt) }))
				return
			}
			if name, ok := strings.CutPrefix(path, e.cfg.URLs.Static+"/"); ok {
				e.serveStatic(w, r, name)
				return
			}
		}
		e.visit(w, r, app)
	})
}

// ownPath returns the request's path below the prefix, and whether it may be
// one of ours.
func (e *engine) ownPath(r *http.Request) (string, bool) {
	if sub := e.cfg.URLs.Subdomain; sub != "" && e.proxies.host(r) != sub+"."+e.cfg.URLs.ServerName {
		return "", false
	}
	return strings.CutPrefix(r.URL.EscapedPath(), e.cfg.URLs.Prefix)
}

// serveTimed is serve for the meter.
func (e *engine) serveTimed(w http.ResponseWriter, r *http.Request, rt *Route) {
	if e.cfg.Meter == nil {
		e.serve(w, r, rt)
		return
	}
	start := time.Now()
	e.serve(w, r, rt)
	status := statusOf(visitFrom(r.Context()).w.status, http.StatusOK)
	e.timed(r.Context(), "doorward.request", time.Since(start), slog.String("route", rt.Name), slog.String("method", knownMethod(r.Method)), slog.Int("status", status))
}

// knownMethod keeps strangers from making up attributes.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		return m
	}
	return "other"
}

// serve answers a request for one of our routes: method, caller, body, CSRF,
// handler. A panic is logged and answered 500 (ASVS 16.5.4).
func (e *engine) serve(w http.ResponseWriter, r *http.Request, rt *Route) {
	defer func() {
		if p := recover(); p != nil {
			e.log.ErrorContext(r.Context(), "handler panicked", "path", loggedPath(r), "panic", p, "stack", string(debug.Stack()))
			if v := visitFrom(r.Context()); !v.w.done { // half an answer gets no second one
				e.respond(w, r, Result{}, refuse(http.StatusInternalServerError, "INTERNAL_ERROR"))
			}
		}
	}()
	var res Result
	var err error
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(rt.Methods(), ", "))
		w.WriteHeader(http.StatusNoContent)
		return
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && rt.Get != nil:
		res, err = e.serveGet(w, r, rt)
	case r.Method == http.MethodPost && (rt.Post != nil || rt.form != nil && rt.form.posts()):
		res, err = e.servePost(w, r, rt)
	default:
		w.Header().Set("Allow", strings.Join(rt.Methods(), ", "))
		err = refuse(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	}
	if err != nil && (errors.Is(err, ErrAnonymous) || errors.Is(err, errNotFresh)) {
		e.refuse(w, r, e.offer(r, rt), err)
		return
	}
	e.respond(w, r, res, err)
}

// offer is how a caller whom a route refused may authenticate. Basic
// authentication is offered to programs, and to a browser that tried it.
func (e *engine) offer(r *http.Request, rt *Route) Auth {
	a := rt.asks(e.cfg.APIMethods)
	if rt.Auth != nil && !e.cfg.WantsJSON(r) && r.Header.Get("Authorization") == "" {
		a.Via = slices.DeleteFunc(slices.Clone(a.Via), func(m string) bool { return m == MechanismBasic })
	}
	return a
}

func (e *engine) serveGet(w http.ResponseWriter, r *http.Request, rt *Route) (Result, error) {
	if err := e.admitCaller(r, rt); err != nil {
		return Result{}, err
	}
	return rt.Get(w, r)
}

func (e *engine) servePost(w http.ResponseWriter, r *http.Request, rt *Route) (Result, error) {
	v := visitFrom(r.Context())
	b, bad := readBody(v.w, r, e.cfg.Limits.Body)
	v.mu.Lock()
	v.body = b
	v.mu.Unlock()
	if err := e.admitCaller(r, rt); err != nil {
		return Result{}, err
	}
	if bad == nil {
		var err error
		if bad, err = e.routeCSRF(r, v, rt.ExemptCSRF); err != nil {
			return Result{}, err
		}
	}
	if rt.form != nil {
		return rt.form.post(w, r, b, bad)
	}
	if bad != nil {
		return Result{}, bad
	}
	return rt.Post(w, r)
}

// routeCSRF checks the token of a request to one of our routes.
func (e *engine) routeCSRF(r *http.Request, v *visit, exempt bool) (*Problem, error) {
	id, err := IdentityFrom(r.Context())
	if err != nil && !errors.Is(err, ErrAnonymous) {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.csrfNeeded(id.Mechanism) {
		return nil, nil
	}
	if exempt {
		return v.originProblem(), nil
	}
	return v.csrfProblem(func() string { return v.body.text(e.cfg.CSRF.Field) }), nil
}

func (e *engine) admitCaller(r *http.Request, rt *Route) error {
	switch rt.Caller {
	case AnonymousCaller:
		return e.admitAnonymous(r)
	case SignInCaller:
		if r.Method == http.MethodPost || !e.cfg.WantsJSON(r) {
			return e.admitAnonymous(r)
		}
	case UserCaller, FreshCaller:
		return e.admitUser(r, rt.asks(e.cfg.APIMethods))
	}
	return nil
}

// admitUser is admit without the CSRF check, which our routes make with the form.
func (e *engine) admitUser(r *http.Request, a Auth) error {
	v := visitFrom(r.Context())
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err := v.admit(a)
	return err
}

// serveStatic serves our own files. They hold nothing of anybody, and their
// URL changes with them, so they may be cached.
func (e *engine) serveStatic(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	f, err := e.static.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	info, err := f.Stat()
	_ = f.Close()
	if err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.ServeFileFS(w, r, e.static, name)
}
