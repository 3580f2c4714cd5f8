package doorward

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

// Auth says what a guard asks for. The zero value is a signed-in user, by
// session or token.
type Auth struct {
	// Via lists the mechanisms accepted; they are tried in the fixed order
	// token, session, basic. Default: session and token.
	Via []string
	// Fresh asks for a credential proved as recently as FRESHNESS and its
	// grace period say. Within and Grace, where not zero, take their place.
	Fresh         bool
	Within, Grace time.Duration
	// BodyToken also accepts a token in a JSON body, under the key
	// TOKEN_AUTHENTICATION_KEY. The body is read up to MAX_BODY, and is there to
	// be read again; a longer one is not searched.
	BodyToken bool
	// Realm is for basic authentication; default DEFAULT_HTTP_AUTH_REALM.
	Realm string
}

// RequireUser lets a request through only if somebody is signed in. Others are
// sent to the sign-in page, or answered 401. An unsafe request that a session
// or basic authentication vouches for must carry a CSRF token.
func (s *Security) RequireUser() func(http.Handler) http.Handler { return s.Require(Auth{}) }

// Require lets a request through only if it is authenticated as a says.
func (s *Security) Require(a Auth) func(http.Handler) http.Handler {
	a.Via = slices.Clone(a.Via)
	if len(a.Via) == 0 {
		a.Via = []string{MechanismSession, MechanismToken}
	}
	return func(next http.Handler) http.Handler {
		return s.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if a.BodyToken {
				visitFrom(r.Context()).peekBody(r)
			}
			if err := s.e.admit(r, a); err != nil {
				s.e.refuse(w, r, a, err)
				return
			}
			next.ServeHTTP(w, r)
		}))
	}
}

// Check finds out what [Security.Require] with a would: who makes r, and whether
// that was proved as recently as a asks. It answers nothing and looks at no CSRF
// token, so it is for deciding about a request that somebody else will answer;
// handlers of pages want a guard. Without [Security.Authenticate] around it the
// error is [ErrAnonymous].
func (s *Security) Check(r *http.Request, a Auth) (id Identity, fresh bool, err error) {
	v := visitFrom(r.Context())
	if v == nil || v.e != s.e {
		return Identity{}, false, ErrAnonymous
	}
	if len(a.Via) == 0 {
		a.Via = []string{MechanismSession, MechanismToken}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	id, err = v.admit(a)
	if errors.Is(err, errNotFresh) {
		return id, false, nil
	}
	return id, err == nil, err
}

var errNotFresh = errors.New("doorward: not fresh")

// admit checks a request in the contract's order: who, how fresh, CSRF.
func (e *engine) admit(r *http.Request, a Auth) error {
	v := visitFrom(r.Context())
	v.mu.Lock()
	defer v.mu.Unlock()
	id, err := v.admit(a)
	if err == nil {
		err = v.guardCSRF(r, id)
	}
	return err
}

// guardCSRF checks the token of a request to the application, once however
// many guards it passes. Call it with v.mu held.
func (v *visit) guardCSRF(r *http.Request, id Identity) error {
	if v.csrfPassed || !v.csrfNeeded(id.Mechanism) {
		return nil
	}
	if p := v.csrfProblem(func() string { return v.formToken(r) }); p != nil {
		p.bare = true
		return p
	}
	v.csrfPassed = true
	return nil
}

// admit decides who makes the request and whether that was proved recently
// enough. Call it with v.mu held.
func (v *visit) admit(a Auth) (Identity, error) {
	id, err := v.authenticate(a.Via)
	if err != nil {
		return id, err
	}
	v.decided = authResult{id, nil}
	v.principal = &v.decided
	fresh, err := v.fresh(id, a)
	if err == nil && !fresh {
		err = errNotFresh
	}
	return id, err
}

// formToken reads the CSRF token from a posted form, which stays readable for
// the application as r.PostForm.
func (v *visit) formToken(r *http.Request) string {
	if !isForm(r) {
		return ""
	}
	r.Body = http.MaxBytesReader(v.w, r.Body, v.e.cfg.Limits.Body)
	return r.PostFormValue(v.e.cfg.CSRF.Field)
}

// refuse answers a request that a guard did not let through.
func (e *engine) refuse(w http.ResponseWriter, r *http.Request, a Auth, err error) {
	switch {
	case errors.Is(err, ErrAnonymous):
		fire(r.Context(), e, &e.hooks.Unauthenticated, Unauthenticated{Method: r.Method, Path: loggedPath(r)})
		if e.cfg.Unauthenticated != nil {
			e.cfg.Unauthenticated(w, r, a.Via)
			return
		}
		e.respond(w, r, Result{}, e.unauthenticated(r, a))
	case errors.Is(err, errNotFresh):
		if e.cfg.NotFresh != nil {
			e.cfg.NotFresh(w, r, a)
			return
		}
		e.respond(w, r, Result{}, e.notFresh(r))
	default:
		e.respond(w, r, Result{}, err)
	}
}

func (e *engine) unauthenticated(r *http.Request, a Auth) *Problem {
	p := refuse(http.StatusUnauthorized, "UNAUTHENTICATED")
	if slices.Contains(a.Via, MechanismBasic) {
		p.basic = a.Realm
		if p.basic == "" {
			p.basic = e.cfg.Realm
		}
		return p
	}
	if login, ok := e.routes.byName["login"]; ok {
		p.redirect = withNext(e.cfg.URLs.Prefix+login.Path, e.hereAndNow(r))
	}
	return p
}

// notFresh sends the user to prove himself again.
func (e *engine) notFresh(r *http.Request) *Problem {
	p := refuse(http.StatusUnauthorized, "REAUTHENTICATION_REQUIRED")
	_, unified := e.routes.byName["us_verify"]
	p.json = map[string]any{"reauth_required": true, "unified_signin_enabled": unified}
	id, _ := IdentityFrom(r.Context())
	for k, val := range e.reauth(r, id.User) {
		p.json[k] = val
	}
	for _, name := range []string{"us_verify", "verify"} {
		if rt, ok := e.routes.byName[name]; ok {
			p.redirect = withNext(e.cfg.URLs.Prefix+rt.Path, e.hereAndNow(r))
			break
		}
	}
	return p
}

// RequireRoles lets a request through only if the caller has every role named.
// Used alone it answers an anonymous caller 403; put RequireUser before it to
// send him to sign in.
func (s *Security) RequireRoles(all ...string) func(http.Handler) http.Handler {
	return s.authorize(func(id Identity) bool { return every(all, id.HasRole) })
}

// AcceptRoles lets a request through only if the caller has one of the roles.
func (s *Security) AcceptRoles(any ...string) func(http.Handler) http.Handler {
	return s.authorize(func(id Identity) bool { return slices.ContainsFunc(any, id.HasRole) })
}

// RequirePermissions lets a request through only if the caller's roles grant
// every permission named.
func (s *Security) RequirePermissions(all ...string) func(http.Handler) http.Handler {
	return s.authorize(func(id Identity) bool { return every(all, id.HasPermission) })
}

// AcceptPermissions lets a request through only if the caller's roles grant one
// of the permissions.
func (s *Security) AcceptPermissions(any ...string) func(http.Handler) http.Handler {
	return s.authorize(func(id Identity) bool { return slices.ContainsFunc(any, id.HasPermission) })
}

func every(names []string, has func(string) bool) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !has(n) })
}

func (s *Security) authorize(may func(Identity) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return s.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, err := IdentityFrom(r.Context())
			anonymous := errors.Is(err, ErrAnonymous)
			if err == nil {
				err = visitFrom(r.Context()).checkCSRF(r, id)
			}
			switch {
			case err != nil && !anonymous:
				s.e.respond(w, r, Result{}, err)
			case anonymous || !may(id):
				s.e.forbid(w, r, id.User)
			default:
				next.ServeHTTP(w, r)
			}
		}))
	}
}

func (v *visit) checkCSRF(r *http.Request, id Identity) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.guardCSRF(r, id)
}

func (e *engine) forbid(w http.ResponseWriter, r *http.Request, u User) {
	fire(r.Context(), e, &e.hooks.Unauthorized, Unauthorized{User: u, Method: r.Method, Path: loggedPath(r)})
	if e.cfg.Unauthorized != nil {
		e.cfg.Unauthorized(w, r)
		return
	}
	p := refuse(http.StatusForbidden, "UNAUTHORIZED")
	p.redirect = e.resolve(e.cfg.URLs.Unauthorized)
	e.respond(w, r, Result{}, p)
}

// RequireAnonymous lets a request through only if nobody is signed in.
func (s *Security) RequireAnonymous() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return s.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := s.e.admitAnonymous(r); err != nil {
				s.e.respond(w, r, Result{}, err)
				return
			}
			next.ServeHTTP(w, r)
		}))
	}
}

func (e *engine) admitAnonymous(r *http.Request) error {
	_, err := IdentityFrom(r.Context())
	switch {
	case errors.Is(err, ErrAnonymous):
		return nil
	case err != nil:
		return err
	}
	p := refuse(http.StatusBadRequest, "ANONYMOUS_USER_REQUIRED")
	p.redirect = e.resolve(e.cfg.URLs.PostLogin) // never next: it led to loops
	p.quiet = true
	return p
}

// fresh decides whether the caller proved who he is recently enough, and
// extends the grace of a session that did. Call it with v.mu held.
func (v *visit) fresh(id Identity, a Auth) (bool, error) {
	within, grace := a.Within, a.Grace
	if a.Fresh && within == 0 {
		within = v.e.cfg.Fresh.Within.Or(24 * time.Hour)
	}
	if grace == 0 {
		grace = v.e.cfg.Fresh.Grace.Or(time.Hour)
	}
	now := v.e.now()
	recent := !id.AuthnAt.IsZero() && now.Sub(id.AuthnAt).Abs() < within
	switch {
	case within < 0 || !a.Fresh && a.Within == 0 || id.Mechanism == MechanismBasic:
		return true, nil // not asked for; zero would be: never fresh enough
	case id.Mechanism == MechanismToken:
		return recent && !v.e.cfg.Fresh.DenyToken, nil
	case v.row == nil || !v.row.Fresh || id.AuthnAt.IsZero():
		return false, nil
	case !recent && !now.Before(v.row.GraceUntil):
		return false, nil
	}
	until := now.Add(grace)
	if until.Sub(v.row.GraceUntil) < v.e.cfg.Limits.LastSeenEvery && v.row.GraceUntil.After(now) {
		return true, nil // not written anew at every request
	}
	err := v.updateRow(v.row, func(s *Session) error { s.GraceUntil = until; return nil })
	return true, err
}
