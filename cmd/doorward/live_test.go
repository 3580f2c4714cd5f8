package main

import (
	"bufio"
	"bytes"
	"context"
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

// live is a server that runs in the test's process, and a browser.
type live struct {
	t    *testing.T
	url  string
	log  *buffer
	stop func() int // ends the server as a signal does, and returns its exit code
	jar  http.CookieJar
}

// buffer is a bytes.Buffer that two goroutines may use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs `doorward serve` on a free port and waits until it is ready.
func start(t *testing.T, dir string, environ ...string) *live {
	t.Helper()
	return startAt(t, "127.0.0.1:0", dir, environ...)
}

func startAt(t *testing.T, addr, dir string, environ ...string) *live {
	t.Helper()
	l, err := tryStart(t, addr, dir, environ...)
	if err != "" {
		t.Fatal(err)
	}
	return l
}

func tryStart(t *testing.T, addr, dir string, environ ...string) (*live, string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	out, in := io.Pipe()
	l := &live{t: t, log: &buffer{}}
	code := make(chan int, 1)
	go func() {
		c := run(ctx, []string{"serve", "--addr", addr}, strings.NewReader(""), in, l.log, within(dir, environ))
		_ = in.Close()
		code <- c
	}()
	l.stop = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { l.stop() })
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if err != nil {
		return nil, l.log.String()
	}
	l.url = strings.TrimSuffix(regexp.MustCompile(`http://\S+`).FindString(line), "/")
	l.jar, _ = cookiejar.New(nil)
	return l, ""
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// response is the response object of a JSON answer.
func (a answer) response(t *testing.T) map[string]any {
	t.Helper()
	var env struct {
		Meta     struct{ Code int }
		Response map[string]any
	}
	if err := json.Unmarshal([]byte(a.body), &env); err != nil || env.Meta.Code != a.status {
		t.Fatalf("no envelope of %d: %s", a.status, a.body)
	}
	return env.Response
}

func (l *live) do(method, path, accept string, form url.Values, edit func(*http.Request)) answer {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	c := &http.Client{Jar: l.jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if edit != nil {
		edit(r)
	}
	res, err := c.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

const (
	html = "text/html"
	asJS = "application/json"
)

func (l *live) get(path, accept string) answer { return l.do("GET", path, accept, nil, nil) }

// post sends a form of a page, with the page's own token.
func (l *live) post(page, path, accept string, form url.Values) answer {
	l.t.Helper()
	shown := l.get(page, html)
	token := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(shown.body)
	if token == nil {
		l.t.Fatalf("%s has no token: %d %s", page, shown.status, shown.body)
	}
	form.Set("csrf_token", token[1])
	return l.do("POST", path, accept, form, nil)
}

// within keeps in dir what environ does not put elsewhere.
func within(dir string, environ []string) []string {
	return append([]string{"DATABASE_URL=sqlite:" + dir + "/doorward.db", "DOORWARD_SECRETS_FILE=" + dir + "/doorward.secrets"}, environ...)
}

// operate runs another command on the same database.
func operate(t *testing.T, dir string, environ []string, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &out, &out, within(dir, environ))
	return out.String(), code
}
