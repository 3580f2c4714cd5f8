package forwardauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward"
)

// maxNext is how long a URL may be that the sign-in page leads back to.
const maxNext = 2048

// grant lets the request through and says whose it is. All three headers are
// always set, so that the proxy has something to put over what a client sent.
func (f *Feature) grant(w http.ResponseWriter, r *http.Request, id doorward.Identity) {
	acc := id.User.SecurityAccount()
	// A name that looks like an address must not be taken for another user's.
	user := strings.ReplaceAll(headerText(acc.Username), "@", "%40")
	email := headerText(acc.Email)
	if user == "" {
		user = email
	}
	if user == "" {
		f.rt.Logger().WarnContext(r.Context(), "forward-auth refused", "reason", "the user has neither a name nor an email address")
		f.refuse(w, r, http.StatusForbidden, "UNAUTHORIZED", nil)
		return
	}
	var groups []string
	for _, role := range id.Roles {
		groups = append(groups, headerText(role.Name))
	}
	h := w.Header()
	h.Set("Remote-User", user)
	h.Set("Remote-Email", email)
	h.Set("Remote-Groups", strings.Join(groups, ","))
	w.WriteHeader(http.StatusOK)
}

// headerText writes s so that it is one item of a header and can be nothing
// else: printable ASCII stays, and the rest, the comma, the percent sign and
// blanks at the ends are percent-encoded as UTF-8 (RFC 9110 5.5). Two different
// texts stay different.
func headerText(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		inner := c == ' ' && i > 0 && i < len(s)-1
		if inner || c > ' ' && c < 0x7f && c != ',' && c != '%' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// unauthenticated asks to sign in: a browser by sending it to the page, if that
// would help, and programs by the status.
func (f *Feature) unauthenticated(w http.ResponseWriter, r *http.Request, q question) {
	doorward.Fire(r.Context(), f.rt, &f.rt.Hooks().Unauthenticated, doorward.Unauthenticated{Method: q.orig.method, Path: q.path()})
	basic := q.rules.accepts(doorward.MechanismBasic)
	tried := basic && r.Header.Get("Authorization") != ""
	if q.rules.accepts(doorward.MechanismSession) && !tried && f.send(w, r, q, "login") {
		return
	}
	if basic {
		w.Header().Set("WWW-Authenticate", "Basic realm="+strconv.QuoteToASCII(f.cfg.Realm)+`, charset="UTF-8"`)
	}
	f.refuse(w, r, http.StatusUnauthorized, "UNAUTHENTICATED", nil)
}

// stale asks to prove again who is signed in.
func (f *Feature) stale(w http.ResponseWriter, r *http.Request, q question, id doorward.Identity) {
	if id.Mechanism == doorward.MechanismSession && f.send(w, r, q, "us_verify", "verify") {
		return
	}
	f.refuse(w, r, http.StatusUnauthorized, "REAUTHENTICATION_REQUIRED", map[string]any{"reauth_required": true})
}

func (f *Feature) unauthorized(w http.ResponseWriter, r *http.Request, q question, id doorward.Identity) {
	doorward.Fire(r.Context(), f.rt, &f.rt.Hooks().Unauthorized, doorward.Unauthorized{User: id.User, Method: q.orig.method, Path: q.path()})
	f.refuse(w, r, http.StatusForbidden, "UNAUTHORIZED", nil)
}

// failed passes on the engine's refusals, among them 429 and a 503 where too
// many passwords are being checked. Any other error means that nobody can say
// who is asking, and lets nobody in.
func (f *Feature) failed(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := errors.AsType[*doorward.Problem](err)
	if !ok {
		if r.Context().Err() == nil || !errors.Is(err, context.Canceled) {
			f.rt.Logger().ErrorContext(r.Context(), "request failed", "path", Path, "err", err)
		}
		p = doorward.Fail("", "UNAVAILABLE")
		p.Status, p.RetryAfter = http.StatusServiceUnavailable, 5*time.Second
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	status, text := p.Status, doorward.M("UNAVAILABLE")
	if status == 0 {
		status = http.StatusBadRequest
	}
	if len(p.Errors) > 0 {
		text = p.Errors[0].Message
	}
	f.write(w, r, status, f.rt.Web().Text(r.Context(), text), nil)
}

// send sends a browser that asked for a page to one of ours, the first there
// is, and from there back.
func (f *Feature) send(w http.ResponseWriter, r *http.Request, q question, pages ...string) bool {
	if !q.orig.wantsPage() || f.rt.Web().WantsJSON(r) {
		return false
	}
	for _, page := range pages {
		path := f.rt.Web().Path(page)
		if path == "" {
			continue
		}
		w.Header().Set("Location", q.location(path))
		if q.rules.redirect {
			w.WriteHeader(http.StatusFound)
			return true
		}
		f.refuse(w, r, http.StatusUnauthorized, "UNAUTHENTICATED", nil)
		return true
	}
	return false
}

// location is the URL of a page of ours with the way back: a path, where both
// are on one host, so that nothing depends on what that is called. Where our host
// has a name the page's URL is whole, for Traefik takes a path to be on the host
// of this server.
func (q *question) location(page string) string {
	back := q.orig.uri
	if q.named {
		page = q.orig.scheme + "://" + q.own + page
	}
	if q.orig.host != q.own {
		back = q.orig.scheme + "://" + q.orig.host + back
	}
	if len(back) > maxNext {
		return page
	}
	return page + "?next=" + strings.ReplaceAll(url.QueryEscape(back), "%2F", "/")
}

func (q *question) path() string {
	path, _, _ := strings.Cut(q.orig.uri, "?")
	return path
}

func (f *Feature) refuse(w http.ResponseWriter, r *http.Request, status int, key string, more map[string]any) {
	f.write(w, r, status, f.rt.Web().Text(r.Context(), doorward.M(key)), more)
}

// write answers in the words and the form of the pages' refusals.
func (f *Feature) write(w http.ResponseWriter, r *http.Request, status int, text string, more map[string]any) {
	if !f.rt.Web().WantsJSON(r) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text)
		return
	}
	response := map[string]any{"errors": []string{text}}
	for k, v := range more {
		response[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]any{"code": status}, "response": response})
}
