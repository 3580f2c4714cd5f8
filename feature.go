package doorward

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/doorward/doorward/signed"
)

// Feature adds a capability to a [Security]. A feature may also take part in
// every sign-in and request by implementing one of the roles below; the engine
// finds them by type and calls them in the order the features were given.
type Feature interface {
	// Name is unique among the features given to [New].
	Name() string
	// Init checks that what the feature needs is there and registers its
	// routes, pages and texts. It does no input or output, and keeps rt. A
	// feature's Init must not look for other features; see [Find].
	Init(rt *Runtime) error
}

// Gate may stop a sign-in after the credential was proved, for example
// because the address is not confirmed yet. It answers with a [Problem].
type Gate interface {
	Admit(ctx context.Context, a *Attempt) error
}

// SecondFactor asks for more proof after the first.
type SecondFactor interface {
	// Methods returns what u has set up; none means nothing.
	Methods(ctx context.Context, u User) ([]string, error)
	// Required reports whether a must be completed with a second factor. ready
	// says that some method of any feature is set up.
	Required(ctx context.Context, a *Attempt, ready bool) (bool, error)
	// Begin returns what to send the visitor to go on with a by method; "" for
	// a user who has set up none and must.
	Begin(w http.ResponseWriter, r *http.Request, a *Attempt, method string) (Result, error)
}

// Verifier is a mechanism that authenticates single requests.
type Verifier interface {
	// Mechanism is its name in [Auth].Via: "basic".
	Mechanism() string
	// Check returns who the request's credential belongs to and when it was
	// proved. [ErrAnonymous] means that there is none, or that it is wrong.
	Check(ctx context.Context, r *http.Request) (User, time.Time, error)
}

// Issuer adds to the answer of every completed sign-in: keys of the "user"
// object and cookies.
type Issuer interface {
	Issue(ctx context.Context, id Identity) (map[string]any, []*http.Cookie, error)
}

// AccessResetter takes away what its feature knows of u that could let
// somebody in.
type AccessResetter interface {
	ResetAccess(ctx context.Context, u User) error
}

// Runtime is what a feature sees of the engine. Its methods are safe for
// concurrent use once Init has returned.
type Runtime struct {
	e    *engine
	name string
}

// Stores returns the installation's stores.
func (rt *Runtime) Stores() Stores { return rt.e.cfg.Stores }

// Logger returns the logger for operators.
func (rt *Runtime) Logger() *slog.Logger { return rt.e.log }

// Now returns the time.
func (rt *Runtime) Now() time.Time { return rt.e.now() }

// Hooks returns the engine's events.
func (rt *Runtime) Hooks() *Hooks { return &rt.e.hooks }

// Generic reports whether answers must not tell if an account exists.
func (rt *Runtime) Generic() bool { return rt.e.cfg.GenericResponses }

// Identities returns the identity attributes in order.
func (rt *Runtime) Identities() []IdentityAttribute { return rt.e.cfg.IdentityAttributes }

// Pages adds the feature's templates, under "templates/" of files, and the
// English words of its messages and labels by key. A key with two different
// texts is a start error, and so is a template that another feature has.
func (rt *Runtime) Pages(files fs.FS, texts map[string]Text) error {
	sub, err := fs.Sub(files, "templates")
	if err == nil {
		err = rt.e.addPages(rt.name, sub)
	}
	return errors.Join(err, rt.e.addTexts(rt.name, texts))
}

// Handle registers routes.
func (rt *Runtime) Handle(routes ...Route) error {
	for _, r := range routes {
		if err := rt.e.routes.add(rt.name, r); err != nil {
			return err
		}
	}
	return nil
}

// Signer returns what signs for one purpose of this feature. Make it in Init and
// keep it.
func (rt *Runtime) Signer(purpose string) *signed.Signer {
	return rt.e.keys.Signer("feature/" + rt.name + "/" + purpose)
}

// Need returns a [ConfigError] unless ok.
func (rt *Runtime) Need(ok bool, problem, hint string) error {
	if ok {
		return nil
	}
	return &ConfigError{rt.name, problem, hint}
}

// SignIn returns the part of the engine through which users are signed in and out.
func (rt *Runtime) SignIn() SignIn { return SignIn{rt.e, rt.name} }

// Web returns the part that knows about URLs and this visitor's browser.
func (rt *Runtime) Web() Web { return Web{rt.e, rt.name} }

// Links makes and checks the links of mails.
func (rt *Runtime) Links() Links { return Links{rt.e, rt.name} }

// Mail writes mails.
func (rt *Runtime) Mail() Mail { return Mail{rt.e} }

// Find returns the first feature that is a T: an interface that the feature
// which asks declares, with what it needs of another. It is for use while
// requests are served, when every feature has been initialised.
func Find[T any](rt *Runtime) (T, bool) {
	for _, f := range rt.e.features {
		if t, ok := f.(T); ok {
			return t, true
		}
	}
	var none T
	return none, false
}

// Reauth is a service: it says by which other means a user can prove himself
// again. Its keys are added to the answers that ask for it:
// has_webauthn_verify_credential, oauth_enabled, oauth_providers.
type Reauth interface {
	ReauthKeys(ctx context.Context, u User) map[string]any
}

func (e *engine) reauth(r *http.Request, u User) map[string]any {
	out := map[string]any{"has_webauthn_verify_credential": false, "oauth_enabled": false, "oauth_providers": []string{}}
	if u == nil {
		return out
	}
	for _, f := range e.features {
		if ra, ok := f.(Reauth); ok {
			for k, v := range ra.ReauthKeys(r.Context(), u) {
				out[k] = v
			}
		}
	}
	return out
}

// Web is the part of the engine that knows about URLs and browsers.
type Web struct {
	e    *engine
	name string
}

// Path returns the path of the page of that name, with the prefix, or "".
func (w Web) Path(page string) string { return w.e.path(page) }

// View turns a setting that is a page's name or a URL into a URL; "" stays "".
func (w Web) View(view string) string { return w.e.resolve(view) }

// Target returns where a browser goes after an action: the form's next, the
// query's next, or view, whichever first is allowed.
func (w Web) Target(r *http.Request, formNext, view string) string {
	return w.e.afterAction(r, formNext, view)
}

// PostLogout is the view after signing out.
func (w Web) PostLogout() string { return w.e.cfg.URLs.PostLogout }

// CheckNext adds INVALID_REDIRECT to p if a form's next points outside.
func (w Web) CheckNext(r *http.Request, next string, p *Problem) {
	if !p.Has("next") && !w.e.nextAllowed(r, next) {
		p.Add("next", M("INVALID_REDIRECT"))
	}
}

// Addr returns the address the request came from, behind trusted proxies.
func (w Web) Addr(r *http.Request) netip.Addr { return w.e.proxies.clientAddr(r) }

// Draft returns what this feature put into this browser's cookie under key.
func (w Web) Draft(r *http.Request, key string) string {
	if v := visitFrom(r.Context()); v != nil {
		return v.draft(w.name + "." + key)
	}
	return ""
}

// SetDraft keeps a short value in the browser's sealed cookie; an empty one is
// removed. Visitors cannot read or change it, but can send an old cookie
// again: what must happen once needs a claim.
func (w Web) SetDraft(r *http.Request, key, value string) {
	if v := visitFrom(r.Context()); v != nil {
		v.setDraft(w.name+"."+key, value)
	}
}

// Cookie returns the value of a cookie of the request, "" without one. A browser
// may send what it likes: sign what must be believed.
func (w Web) Cookie(ctx context.Context, name string) string {
	v := visitBehind(ctx)
	if v == nil {
		return ""
	}
	c, err := v.r.Cookie(v.hostOnly(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// SetCookie adds a cookie to the answer that scripts cannot read and that is
// sent to this host only. Over TLS it stays on TLS, and has the prefix __Host-,
// so that no other host of the domain can plant one of its name (ASVS 3.3.3).
func (w Web) SetCookie(ctx context.Context, name, value string, age time.Duration) {
	v := visitFrom(ctx)
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	a := cookieAttrs{path: "/", secure: "auto", sameSite: http.SameSiteLaxMode, httpOnly: true}
	c := a.cookie(v.hostOnly(name), value, v.tls())
	c.MaxAge = int(age / time.Second)
	v.setCookie(c)
	v.touched = true
}

// Reauth returns the keys that tell a client how else the user can prove himself.
func (w Web) Reauth(r *http.Request, u User) map[string]any { return w.e.reauth(r, u) }

// RememberDefault reports whether the remember-me box starts ticked.
func (w Web) RememberDefault() bool { return w.e.cfg.DefaultRememberMe }

// OfferCSRFCookie sends the script-readable CSRF cookie with this answer, if
// the settings name one: sign-in pages do.
func (w Web) OfferCSRFCookie(r *http.Request) {
	if v := visitFrom(r.Context()); v != nil && w.e.cfg.CSRF.CookieName != "" {
		v.mu.Lock()
		v.state().CC = ccSet
		v.mu.Unlock()
	}
}

// WantsJSON reports whether the answer will be JSON.
func (w Web) WantsJSON(r *http.Request) bool { return w.e.cfg.WantsJSON(r) }

// Text returns the words of a message in the language of the request that ctx
// belongs to.
func (w Web) Text(ctx context.Context, m Message) string { return w.e.text(w.e.languageOf(ctx), m) }
