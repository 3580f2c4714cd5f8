package interop_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"
	"time"
)

// side is one of the two applications.
type side struct {
	name string
	url  string
	sent func(t *testing.T) []message // so far, oldest first
}

// message is a mail or a text message.
type message struct{ To, Body string }

// fields are the members of a JSON object.
type fields map[string]any

// visitor is a client with cookies of its own, who speaks JSON. To this library
// it also sends the token against cross-site requests that it saw last.
type visitor struct {
	t     *testing.T
	at    *side
	http  http.Client
	token string
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

func (v *visitor) get(path string) *reply {
	v.t.Helper()
	return v.do(http.MethodGet, path, nil)
}

func (v *visitor) post(path string, body fields) *reply {
	v.t.Helper()
	if v.token == "" {
		v.get("/login")
	}
	all := fields{"csrf_token": v.token}
	maps.Copy(all, body)
	text, err := json.Marshal(all)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(http.MethodPost, path, text)
}

func (v *visitor) do(method, path string, body []byte) *reply {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.at.url+path, bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	r := &reply{t: v.t, what: v.at.name + ": " + method + " " + path, status: res.StatusCode, text: text}
	if token, _ := r.response()["csrf_token"].(string); token != "" {
		v.token = token
	}
	return r
}

// reply is an answer. Its methods end the test where it is not as expected.
type reply struct {
	t      *testing.T
	what   string
	status int
	text   []byte
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, not %d: %.1000s", r.what, r.status, status, r.text)
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
	before := len(s.sentTo(t, to))
	act()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		if all := s.sentTo(t, to); len(all) > before {
			code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(all[len(all)-1].Body)
			if code == "" {
				t.Fatalf("%s: no code in the message: %s", s.name, all[len(all)-1].Body)
			}
			return code
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: no message came to %s", s.name, to)
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
