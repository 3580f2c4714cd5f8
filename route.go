package doorward

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
)

// HandlerFunc answers a request by saying what to answer.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) (Result, error)

// Caller says who may call a route.
type Caller int

// The callers.
const (
	AnyCaller       Caller = iota
	AnonymousCaller        // nobody signed in
	SignInCaller           // the same, but a GET for JSON is answered: "who am I"
	UserCaller             // by API_ENABLED_METHODS
	FreshCaller            // the same, proved recently
)

// Route is one page or endpoint of a feature.
type Route struct {
	Name string // the contract's endpoint id: "login"
	// Path is "/login", or "/reset/{token}": a last segment in braces matches
	// one segment, which the request's PathValue returns.
	Path   string
	Caller Caller
	// Auth, if set, is what UserCaller and FreshCaller ask for in place of
	// API_ENABLED_METHODS. Where it lists basic authentication, a browser that
	// did not try it is sent to the sign-in page and not asked by a dialog.
	Auth *Auth
	// Get and Post answer those methods; HEAD is answered by Get. A method
	// without a handler is answered 405.
	Get, Post HandlerFunc
	// NoGet answers GET with 405 though a Form has a page.
	NoGet bool
	// ExemptCSRF skips the token check of Post; requests that a browser marks
	// as another site's are refused all the same.
	ExemptCSRF bool

	feature string
	form    formRoute
}

// Methods returns the methods the route answers, sorted.
func (rt Route) Methods() []string {
	ms := []string{http.MethodOptions}
	if rt.Get != nil {
		ms = append(ms, http.MethodGet, http.MethodHead)
	}
	if rt.Post != nil || rt.form != nil && rt.form.posts() {
		ms = append(ms, http.MethodPost)
	}
	sort.Strings(ms)
	return ms
}

// asks is what the route wants of its caller.
func (rt Route) asks(api []string) Auth {
	a := Auth{Via: api}
	if rt.Auth != nil {
		a = *rt.Auth
	}
	if len(a.Via) == 0 {
		a.Via = []string{MechanismSession, MechanismToken}
	}
	a.Fresh = a.Fresh || rt.Caller == FreshCaller
	return a
}

// Feature is the name of the feature that serves the route.
func (rt Route) Feature() string { return rt.feature }

// routeTable finds the route of a path in one or two look-ups.
type routeTable struct {
	byName map[string]*Route
	exact  map[string]*Route
	param  map[string]*Route // by the part before the last segment, with the slash
}

func (t *routeTable) add(feature string, r Route) error {
	r.feature = feature
	if r.form != nil && r.Get == nil && r.form.gets() && !r.NoGet {
		r.Get = r.form.page
	}
	key, into := r.Path, t.exact
	if i := strings.LastIndexByte(r.Path, '/'); strings.HasPrefix(r.Path[i+1:], "{") {
		key, into = r.Path[:i+1], t.param
	}
	if !strings.HasPrefix(r.Path, "/") {
		return &ConfigError{feature, fmt.Sprintf("path %q does not begin with a slash", r.Path), ""}
	}
	if plain := strings.NewReplacer("{", "", "}", "").Replace(r.Path); !plainPath(plain) {
		return &ConfigError{feature, fmt.Sprintf("path %q has characters that a URL escapes", r.Path), "use letters, digits, - and _"}
	}
	for _, other := range []*Route{into[key], t.byName[r.Name]} {
		if other != nil {
			return &ConfigError{feature, fmt.Sprintf("%s (%s) is taken by %s", r.Path, r.Name, other.feature), "turn one of the two off, or change its URL"}
		}
	}
	into[key], t.byName[r.Name] = &r, &r
	return nil
}

// match returns the route of path and the value of its parameter. The path is
// the request's, undecoded: an encoded slash is no separator.
func (t *routeTable) match(path string) (*Route, string) {
	if r := t.exact[path]; r != nil {
		return r, ""
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 || i == len(path)-1 {
		return nil, ""
	}
	r := t.param[path[:i+1]]
	if r == nil {
		return nil, ""
	}
	value, err := url.PathUnescape(path[i+1:])
	if err != nil || strings.TrimSpace(value) == "" {
		return nil, ""
	}
	return r, value
}

// Routes returns every route of the installation, ordered by path.
func (s *Security) Routes() []Route {
	var out []Route
	for _, r := range s.e.routes.byName {
		c := *r
		c.Path = s.e.cfg.URLs.Prefix + c.Path
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Route) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (e *engine) path(name string) string {
	if r, ok := e.routes.byName[strings.TrimPrefix(name, ".")]; ok {
		return e.cfg.URLs.Prefix + r.Path
	}
	return ""
}
