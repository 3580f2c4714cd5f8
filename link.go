package doorward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/doorward/doorward/signed"
)

var (
	// ErrLinkDead is returned for the token of a link that was not made here, is
	// damaged, was used already, or is of an account that has changed since.
	ErrLinkDead = errors.New("doorward: the link is not good")
	// ErrLinkExpired is returned for one that is too old.
	ErrLinkExpired = errors.New("doorward: the link is too old")
)

// Links is the part of the engine that makes and checks the links of mails.
type Links struct {
	e    *engine
	name string
}

// To returns the absolute URL of one of our paths, and false if SERVER_NAME is
// not set. Its origin is the one that is configured, never one that a request
// claims to have come to.
func (l Links) To(path string) (string, bool) {
	origin, ok := l.e.cfg.URLs.origin()
	return origin + l.e.cfg.URLs.Prefix + path, ok
}

func (u *URLConfig) origin() (string, bool) {
	if u.ServerName == "" {
		return u.Origin, u.Origin != ""
	}
	host := u.ServerName
	if u.Subdomain != "" {
		host = u.Subdomain + "." + host
	}
	return u.Scheme + "://" + host, true
}

// SPA reports whether links lead to the views of a single-page application.
func (l Links) SPA() bool { return l.e.cfg.URLs.Behavior == "spa" }

// ByGet reports whether opening a link uses it.
func (l Links) ByGet() bool { return l.SPA() || l.e.cfg.URLs.LinkUse == "get" }

// LinkKind is a kind of link in mails.
type LinkKind struct {
	// Name tells kinds apart: a token of one is none of another.
	Name string
	// Path is the page's that takes the links; the token is the segment behind it.
	Path string
	// Within is how long a link lives.
	Within time.Duration
	// Bound, if set, returns what of the account a link is about: it dies when
	// that changes. It dies with the uniquifier in any case.
	Bound func(*Account) string
}

// LinkMaker makes and checks the links of one kind. It is safe for concurrent use.
type LinkMaker struct {
	kind   LinkKind
	links  Links
	signer *signed.Signer
}

// Kind returns what makes links of a kind. Make it in Init and keep it.
func (l Links) Kind(k LinkKind) *LinkMaker {
	return &LinkMaker{kind: k, links: l, signer: l.e.keys.Signer("link/" + l.name + "/" + k.Name)}
}

// Link is a link that was opened.
type Link struct {
	User  User
	Extra string // as given to [LinkMaker.New]
	Token string

	until time.Time
	// What the token says of the account, whatever becomes of User.
	uniquifier, bound string
}

// claimSlack is how much longer it is remembered that a link was used than it
// lives, for machines whose clocks differ.
const claimSlack = time.Hour

// Within is how long a link lives.
func (m *LinkMaker) Within() time.Duration { return m.kind.Within }

// New returns a link for u, and its token. extra goes with it: whoever has the
// link can read that, but not change it. For a nil u it is a link of nobody, made
// with the same work.
func (m *LinkMaker) New(u User, extra string) (link, token string) {
	acc := &Account{Uniquifier: NewUniquifier()}
	if u != nil {
		acc = u.SecurityAccount()
	}
	payload, err := json.Marshal([]string{acc.Uniquifier, m.bound(acc), extra, m.kind.Within.String()})
	if err != nil {
		payload = nil // strings always marshal
	}
	token = m.signer.Sign(payload, m.links.e.now())
	link, _ = m.links.To(m.kind.Path + "/" + token)
	return link, token
}

// bound is a hash of what a link is about, for the account of it.
func (m *LinkMaker) bound(acc *Account) string {
	if m.kind.Bound == nil {
		return ""
	}
	return hashText(m.kind.Name + "\x00" + acc.Uniquifier + "\x00" + m.kind.Bound(acc))
}

// Open returns what a token stands for. The error is [ErrLinkDead], or
// [ErrLinkExpired] with the Link as it was, or the store's. It uses nothing up.
func (m *LinkMaker) Open(ctx context.Context, token string) (Link, error) {
	payload, at, err := m.signer.Verify(token, m.kind.Within, m.links.e.now())
	expired := errors.Is(err, signed.ErrExpired)
	var parts []string
	if err != nil && !expired || json.Unmarshal(payload, &parts) != nil || len(parts) != 4 {
		return Link{}, ErrLinkDead
	}
	// What the setting was then counts too: a longer one must not bring back what
	// has expired, and perhaps been used.
	within, err := time.ParseDuration(parts[3])
	if err != nil {
		return Link{}, ErrLinkDead
	}
	expired = expired || m.links.e.now().Sub(at) > within
	u, err := m.links.e.cfg.Stores.Users.FindUser(ctx, UserQuery{Attr: "fs_uniquifier", Value: parts[0]})
	if errors.Is(err, ErrNotFound) {
		return Link{}, ErrLinkDead
	}
	if err != nil {
		return Link{}, fmt.Errorf("find user of a link: %w", err)
	}
	link := Link{User: u, Extra: parts[2], Token: token, until: at.Add(within + claimSlack), uniquifier: parts[0], bound: parts[1]}
	switch {
	case m.Still(link, u.SecurityAccount()) != nil:
		return Link{}, ErrLinkDead
	case expired:
		return link, ErrLinkExpired
	}
	return link, nil
}

func (m *LinkMaker) fits(acc *Account, bound string) bool {
	want := m.bound(acc)
	return want == bound && bound == "" || sameText(want, bound)
}

// Use uses a link up: of any number of callers one gets nil, and the others
// [ErrLinkDead]. Call it in the transaction of what the link does, and then ask
// [LinkMaker.Still] of the account as it is stored.
func (m *LinkMaker) Use(ctx context.Context, l Link) error {
	err := m.links.e.claim(ctx, "link/"+m.links.name+"/"+m.kind.Name, l.Token, l.until)
	if errors.Is(err, ErrClaimed) {
		return ErrLinkDead
	}
	return err
}

// Still returns [ErrLinkDead] if acc is not any more what the link is about: for
// use where the account is changed, under the store's lock.
func (m *LinkMaker) Still(l Link, acc *Account) error {
	if acc.Uniquifier == "" || acc.Uniquifier != l.uniquifier || !m.fits(acc, l.bound) {
		return ErrLinkDead
	}
	return nil
}

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
