package doorward

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// Page makes a route of a page that links lead to. show is the page with the
// button, which uses nothing, and use does what the button does. Programs that
// look at mails open links (ASVS 3.5.3): only where the settings say so opening
// one is pressing the button, and then not for a HEAD, a prefetch, or a picture
// or frame in a page of another site.
func (l Links) Page(rt Route, show func(*http.Request) (Result, error), use HandlerFunc) Route {
	type nothing struct{}
	form := Form[nothing]{
		Page:   func(r *http.Request, _ *nothing) (Result, error) { return show(r) },
		Submit: func(w http.ResponseWriter, r *http.Request, _ *nothing) (Result, error) { return use(w, r) },
	}
	rt = form.Route(rt)
	if l.ByGet() {
		rt.ExemptCSRF = true
		rt.Get = func(w http.ResponseWriter, r *http.Request) (Result, error) {
			if r.Method == http.MethodHead || isPrefetch(r) || isEmbedded(r) {
				return show(r)
			}
			return use(w, r)
		}
	}
	return rt
}

// isPrefetch reports whether a browser says that nobody has asked for this yet.
func isPrefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

// isEmbedded reports whether a page of another site has loaded this without
// going there. Browsers that do not say so (W3C Fetch Metadata) are believed.
func isEmbedded(r *http.Request) bool {
	dest := r.Header.Get("Sec-Fetch-Dest")
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && dest != "" && dest != "document"
}

// LinkEnd is how a link ended and where it leads.
type LinkEnd struct {
	Message Message
	// View is the setting that says where; Else is used if that is empty, and is
	// a page's name or a URL.
	View, Else string
	// User is named in the query that a single-page application gets.
	User User
	// Email is named there in place of the user's.
	Email string
	// Query has more for it; Message is left out if it has no key.
	Query map[string]string
	// JSON is the answer to API clients; nil: the message is an error.
	JSON map[string]any
}

// End answers a request for a link, or one that was a link's: a single-page
// application's view with what happened in its query; JSON; or a page after
// which the message is shown.
func (l Links) End(r *http.Request, end LinkEnd) (Result, error) {
	if l.e.cfg.WantsJSON(r) && !(l.ByGet() && r.Method != http.MethodPost) && end.JSON == nil {
		return Result{}, &Problem{Errors: []FieldError{{Message: end.Message}}}
	}
	return l.e.endLink(r, end), nil
}

func (e *engine) endLink(r *http.Request, end LinkEnd) Result {
	links := Links{e: e}
	view := e.resolve(end.View)
	if links.SPA() && view != "" {
		return Result{Redirect: withQuery(view, e.linkQuery(r, end)), Always: r.Method != http.MethodPost, JSON: end.JSON}
	}
	if view == "" {
		view = e.resolve(end.Else)
	}
	if view == "" {
		view = e.cfg.URLs.Root
	}
	res := Result{Redirect: view, JSON: end.JSON, Always: links.ByGet() && r.Method != http.MethodPost}
	if end.Message.Key != "" || end.Message.Text != "" {
		res.Flash = []Message{end.Message}
	}
	return res
}

// linkQuery is what a single-page application is told.
func (e *engine) linkQuery(r *http.Request, end LinkEnd) map[string]string {
	q := map[string]string{}
	if end.Message.Key != "" || end.Message.Text != "" {
		q[e.category(end.Message)] = e.text(e.languageOf(r.Context()), end.Message)
	}
	if end.User != nil {
		maps.Copy(q, e.redirectParams(end.User))
	}
	if end.Email != "" {
		q["email"] = end.Email
	}
	maps.Copy(q, end.Query)
	return q
}

// redirectParams is what single-page applications are told of a user: the
// address, the first identity that is set, and what the user type adds.
func (e *engine) redirectParams(u User) map[string]string {
	acc, q := u.SecurityAccount(), map[string]string{}
	if acc.Email != "" {
		q["email"] = acc.Email
	}
	known := map[string]string{"email": acc.Email, "username": acc.Username, "us_phone_number": acc.USPhoneNumber}
	for _, ia := range e.cfg.IdentityAttributes {
		if v := known[ia.Attr]; v != "" {
			q["identity"] = v
			break
		}
	}
	if p, ok := u.(interface{ RedirectParams() map[string]string }); ok {
		maps.Copy(q, p.RedirectParams())
	}
	return q
}

// withQuery adds to the query of a view; what it has under the same name goes.
func withQuery(view string, more map[string]string) string {
	base, fragment, hasFragment := strings.Cut(view, "#")
	path, query, _ := strings.Cut(base, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{}
	}
	for k, v := range more {
		values.Set(k, v)
	}
	if len(values) > 0 {
		path += "?" + values.Encode()
	}
	if hasFragment {
		path += "#" + fragment
	}
	return path
}
