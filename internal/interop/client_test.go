package interop_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// side is one of the two applications.
type side struct {
	name   string
	url    string
	me     string                                 // the page that tells who is signed in
	csrf   string                                 // the field of the token
	sent   func(t *testing.T) []message           // so far, oldest first
	guards func(role, permission string) []string // pages for who has them
	staff  staff
	world  *world
}

// staff does at one side what visitors cannot.
type staff interface {
	deactivate(t *testing.T, email string)
	grant(t *testing.T, email, role string, permissions ...string)
	revoke(t *testing.T, email, role string)
}

// message is a mail or a text message.
type message struct{ To, Body string }

// fields are the members of a JSON object.
type fields map[string]any

// visitor is a client with cookies of its own, who speaks JSON. Both sides are
// one site to its browser, since cookies know no ports (RFC 6265 section 8.5). It
// sends the token against cross-site requests that it saw last, at whichever
// side that was.
type visitor struct {
	t     *testing.T
	at    *side
	http  http.Client
	token string
	agent string // what the browser calls itself
}

func newVisitor(t *testing.T, at *side) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{t: t, at: at, http: http.Client{Jar: jar, Timeout: patience, CheckRedirect: stay}}
}

// on goes to a side.
func (v *visitor) on(at *side) *visitor {
	v.at = at
	return v
}

// cookie is the value of a cookie, "" if there is none.
func (v *visitor) cookie(name string) string {
	for _, c := range v.http.Jar.Cookies(v.site()) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// put sets a cookie, or deletes it with the value "".
func (v *visitor) put(name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/"}
	if value == "" {
		c.MaxAge = -1
	}
	v.http.Jar.SetCookies(v.site(), []*http.Cookie{c})
}

// copied is another browser into which somebody has copied the cookies.
func (v *visitor) copied() *visitor {
	v.t.Helper()
	c := newVisitor(v.t, v.at)
	c.token = v.token
	c.http.Jar.SetCookies(v.site(), v.http.Jar.Cookies(v.site()))
	return c
}

func (v *visitor) site() *url.URL {
	v.t.Helper()
	u, err := url.Parse(v.at.url)
	if err != nil {
		v.t.Fatal(err)
	}
	return u
}

func (v *visitor) get(path string) *reply {
	v.t.Helper()
	return v.do(http.MethodGet, path, nil, nil)
}

// post sends a form as JSON.
func (v *visitor) post(path string, body fields) *reply {
	v.t.Helper()
	if v.token == "" {
		v.get("/login")
	}
	return v.send(path, body)
}

// send does so without asking for a token first.
func (v *visitor) send(path string, body fields) *reply {
	v.t.Helper()
	r, err := v.attempt(path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

// attempt is send for any goroutine.
func (v *visitor) attempt(path string, body fields) (*reply, error) {
	all := fields{v.at.csrf: v.token}
	maps.Copy(all, body)
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return v.exchange(http.MethodPost, path, text, http.Header{"Content-Type": {"application/json"}, "X-Csrftoken": {v.token}})
}

func (v *visitor) do(method, path string, body []byte, header http.Header) *reply {
	v.t.Helper()
	r, err := v.exchange(method, path, body, header)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

func (v *visitor) exchange(method, path string, body []byte, header http.Header) (*reply, error) {
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.at.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", cmp.Or(v.agent, "interop/1.0"))
	maps.Copy(req.Header, header)
	res, err := v.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	r := &reply{t: v.t, what: v.at.name + ": " + method + " " + path, status: res.StatusCode, text: text, to: res.Header.Get("Location")}
	if token, _ := r.response()["csrf_token"].(string); token != "" {
		v.token = token
	}
	return r, nil
}

// reply is an answer. Its methods end the test where it is not as expected.
type reply struct {
	t      *testing.T
	what   string
	status int
	text   []byte
	to     string // where it redirects to
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, not %d: %.1000s", r.what, r.status, status, r.text)
	}
	return r
}

// leads checks the path of a redirect.
func (r *reply) leads(path string) *reply {
	r.t.Helper()
	r.want(http.StatusFound)
	to, err := url.Parse(r.to)
	if err != nil || to.Path != path {
		r.t.Fatalf("%s: leads to %q, not %s", r.what, r.to, path)
	}
	return r
}

func (r *reply) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.text, v); err != nil {
		r.t.Fatalf("%s: %v: %.1000s", r.what, err, r.text)
	}
}

func (r *reply) response() map[string]any {
	var envelope struct{ Response map[string]any }
	_ = json.Unmarshal(r.text, &envelope) // what is no envelope has no members
	return envelope.Response
}

// field is a member of the response that is a text.
func (r *reply) field(name string) string {
	r.t.Helper()
	text, _ := r.response()[name].(string)
	if text == "" {
		r.t.Fatalf("%s: no %q: %.1000s", r.what, name, r.text)
	}
	return text
}

// has checks a member of the response.
func (r *reply) has(name string, want any) *reply {
	r.t.Helper()
	if got := r.response()[name]; got != want {
		r.t.Fatalf("%s: %q is %v, not %v: %.1000s", r.what, name, got, want, r.text)
	}
	return r
}

// list is a member of the response that is a list of texts.
func (r *reply) list(name string) (out []string) {
	r.t.Helper()
	all, _ := r.response()[name].([]any)
	for _, v := range all {
		text, _ := v.(string)
		out = append(out, text)
	}
	if len(out) == 0 {
		r.t.Fatalf("%s: no %q: %.1000s", r.what, name, r.text)
	}
	return out
}

// sentCode is the code in the message that act makes this side send.
func (s *side) sentCode(t *testing.T, to string, act func()) string {
	t.Helper()
	return s.sentText(t, to, `\b([0-9]{6})\b`, act)
}

// sentToken is the token of the link, below a path, in the mail that act makes
// this side send.
func (s *side) sentToken(t *testing.T, to, path string, act func()) string {
	t.Helper()
	return s.sentText(t, to, `https?://[^/\s]+`+path+`/([\w.~-]+)`, act)
}

// sentText is what a pattern finds in the message that act makes this side send.
func (s *side) sentText(t *testing.T, to, pattern string, act func()) string {
	t.Helper()
	before := len(s.sentTo(t, to))
	act()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		all := s.sentTo(t, to)
		for _, m := range all[before:] {
			if found := regexp.MustCompile(pattern).FindStringSubmatch(m.Body); found != nil {
				return found[1]
			}
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: no such message came to %s: %v", s.name, to, all)
		}
	}
}

func (s *side) sentTo(t *testing.T, to string) (out []message) {
	t.Helper()
	for _, m := range s.sent(t) {
		if receives(to, m.To) {
			out = append(out, m)
		}
	}
	return out
}

// receives reports whether a message to an address reaches who gave this one.
// Numbers are written in several ways.
func receives(given, to string) bool {
	if strings.Contains(given, "@") {
		return given == to
	}
	digits := regexp.MustCompile(`[^0-9]`)
	return strings.TrimPrefix(digits.ReplaceAllString(to, ""), "1") == digits.ReplaceAllString(given, "")
}
