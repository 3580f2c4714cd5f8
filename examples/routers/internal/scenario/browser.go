package scenario

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a visitor accepts.
const (
	page = "text/html,application/xhtml+xml,*/*;q=0.8"
	asJS = "application/json"
	form = "application/x-www-form-urlencoded"
)

// browser is a visitor, who follows no redirect by himself.
type browser struct {
	url    string
	client *http.Client
}

func (x *Example) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{x.url, &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	what   string
	status int
	header http.Header
	body   string
}

// want fails the test unless the answer has that status and parts of the body.
func (a answer) want(t *testing.T, status int, parts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d\n%s", a.what, a.status, status, a.body)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("%s: no %q in\n%s", a.what, part, a.body)
		}
	}
	return a
}

// leadsTo fails the test unless the answer is a redirect to there.
func (a answer) leadsTo(t *testing.T, status int, there string) {
	t.Helper()
	if to := a.header.Get("Location"); a.status != status || to != there {
		t.Errorf("%s: %d to %q, want %d to %q\n%s", a.what, a.status, to, status, there, a.body)
	}
}

// envelope returns what a JSON answer of Doorward holds.
func (a answer) envelope(t *testing.T) map[string]any {
	t.Helper()
	var env struct {
		Meta     struct{ Code int }
		Response map[string]any
	}
	err := json.Unmarshal([]byte(a.body), &env)
	if err != nil || env.Meta.Code != a.status || a.header.Get("Content-Type") != asJS {
		t.Errorf("%s: not an envelope of %d: %v %q\n%s", a.what, a.status, err, a.header.Get("Content-Type"), a.body)
	}
	return env.Response
}

func (b *browser) request(t *testing.T, method, path string, body io.Reader, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// do sends a request. headers are names and values in turn.
func (b *browser) do(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	res, err := b.client.Do(b.request(t, method, path, body, headers...))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{method + " " + path, res.StatusCode, res.Header, string(got)}
}

func (b *browser) get(t *testing.T, path, accept string) answer {
	t.Helper()
	return b.do(t, http.MethodGet, path, nil, "Accept", accept)
}

// post sends a form with the token of the page it is on.
func (b *browser) post(t *testing.T, from, path string, fields map[string]string) answer {
	t.Helper()
	v := url.Values{"csrf_token": {b.formToken(t, from)}}
	for name, value := range fields {
		v.Set(name, value)
	}
	return b.do(t, http.MethodPost, path, strings.NewReader(v.Encode()), "Accept", page, "Content-Type", form)
}

// formToken returns the CSRF token of the form on a page.
func (b *browser) formToken(t *testing.T, from string) string {
	t.Helper()
	shown := b.get(t, from, page)
	m := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(shown.body)
	if m == nil {
		t.Fatalf("%s: status %d, and no form with a token\n%s", shown.what, shown.status, shown.body)
	}
	return m[1]
}

// firstURL is what a program writes to: it finds the URL.
type firstURL struct {
	mu    sync.Mutex
	text  strings.Builder
	done  bool
	found chan string
}

func (f *firstURL) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text.Write(b)
	if m := regexp.MustCompile(`http://\S+`).FindString(f.text.String()); m != "" && !f.done {
		f.done = true
		f.found <- m
	}
	return len(b), nil
}
