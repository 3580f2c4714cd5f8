package clustertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

const password = "correct-horse-9"

// client is a program that signs in, with cookies of its own.
type client struct {
	at   string
	http *http.Client
	see  func(began time.Time, step string, a answer) // is told of every answer; may be nil
}

func newClient(at string) *client {
	jar, _ := cookiejar.New(nil)
	// One connection a request, so that the balancer chooses each time.
	return &client{at: at, http: &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back; status 0 is a connection that was cut or refused.
type answer struct {
	status int
	header http.Header
	body   map[string]any // of a JSON answer, its response object
	text   string
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.text) }

// retryable reports whether the client should come back later: nobody could be
// reached, or nobody could answer.
func (a answer) retryable() bool {
	return a.status == 0 || a.status == http.StatusBadGateway || a.status == http.StatusServiceUnavailable || a.status == http.StatusGatewayTimeout
}

func (c *client) do(ctx context.Context, method, path string, body any, header ...string) answer {
	began := time.Now()
	a := c.send(ctx, method, path, body, header...)
	if c.see != nil && ctx.Err() == nil {
		c.see(began, method+" "+path, a)
	}
	return a
}

func (c *client) send(ctx context.Context, method, path string, body any, header ...string) answer {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.at+path, bytes.NewReader(text))
	if err != nil {
		return answer{status: -1, text: err.Error()}
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(r)
	if err != nil {
		return answer{text: err.Error()}
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{text: err.Error()}
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(got)}
	var env struct{ Response map[string]any }
	_ = json.Unmarshal(got, &env)
	a.body = env.Response
	return a
}

// post asks for a page's token first, as a program does.
func (c *client) post(ctx context.Context, page, path string, body map[string]any) answer {
	shown := c.do(ctx, "GET", page, nil)
	token, _ := shown.body["csrf_token"].(string)
	if shown.status != http.StatusOK || token == "" {
		return shown
	}
	return c.do(ctx, "POST", path, body, "X-CSRFToken", token)
}

func (c *client) register(ctx context.Context, email string) answer {
	return c.post(ctx, "/register", "/register", map[string]any{"email": email, "password": password, "password_confirm": password})
}

func (c *client) signIn(ctx context.Context, email, secret string) answer {
	return c.post(ctx, "/login", "/login", map[string]any{"email": email, "password": secret})
}

func (c *client) signOut(ctx context.Context) answer {
	return c.post(ctx, "/", "/logout", map[string]any{})
}

// who is whom the server knows; 401 is nobody.
func (c *client) who(ctx context.Context) answer { return c.do(ctx, "GET", "/profile", nil) }

// copied is another client with the cookies that this one has now.
func (c *client) copied(at string) *client {
	n := newClient(at)
	from, _ := url.Parse(c.at)
	to, _ := url.Parse(at)
	n.http.Jar.SetCookies(to, c.http.Jar.Cookies(from))
	return n
}
