package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/server"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/memstore"
)

type user struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// links is a feature with a link in its path, and a page that takes a while.
type links struct{ began chan struct{} }

func (*links) Name() string { return "links" }

func (l *links) Init(rt *doorward.Runtime) error {
	say := func(w http.ResponseWriter, _ *http.Request) (doorward.Result, error) {
		return doorward.Result{JSON: map[string]any{}, Redirect: "/"}, nil
	}
	return rt.Handle(
		doorward.Route{Name: "reset", Path: "/reset", Get: say},
		doorward.Route{Name: "reset_token", Path: "/reset/{token}", Get: say},
		doorward.Route{Name: "slow", Path: "/slow", Get: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			close(l.began)
			end := time.After(300 * time.Millisecond)
			if r.URL.Query().Has("long") {
				end = nil
			}
			select {
			case <-r.Context().Done():
			case <-end:
			}
			return doorward.Result{JSON: map[string]any{}}, r.Context().Err()
		}},
	)
}

// database is one that fails if told so, and counts how often it was cleaned.
type database struct {
	mu      sync.Mutex
	err     error
	cleaned chan time.Time
}

func (d *database) Check(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == io.EOF { // stands for one that hangs
		<-ctx.Done()
		return ctx.Err()
	}
	return d.err
}

func (d *database) DeleteExpiredSessions(_ context.Context, _, idle time.Time) (int, error) {
	select {
	case d.cleaned <- idle:
	default:
	}
	return 1, nil
}

func (d *database) DeleteExpired(context.Context, time.Time) (int, error) { return 0, nil }

type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type running struct {
	url   string
	log   *safe
	db    *database
	began chan struct{}
	stop  func() error
}

func serve(t *testing.T, change ...func(*settings.Server)) *running {
	t.Helper()
	return serveWith(t, nil, change...)
}

// serveWith is serve with something to do at the end.
func serveWith(t *testing.T, end func(context.Context) error, change ...func(*settings.Server)) *running {
	t.Helper()
	r := &running{log: &safe{}, db: &database{cleaned: make(chan time.Time, 1)}, began: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sec, err := doorward.New(doorward.Config{Stores: doorward.StoresFrom(memstore.New[user]()), SecretKey: make([]byte, 32), Logger: log}, &links{r.began})
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	s := &server.Server{
		Settings: settings.Server{
			Addr: "127.0.0.1:0", ReadHeaderTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: time.Second,
			MaxHeaderBytes: 4096, ShutdownTimeout: 5 * time.Second, HealthTimeout: 50 * time.Millisecond, CleanupEvery: time.Hour, DatabaseTimeout: 5 * time.Second,
		},
		Idle: time.Hour, Security: sec, Database: r.db, Log: log,
		Addr:  func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") },
		Ready: func(url string) { ready <- url }, Close: end,
	}
	for _, c := range change {
		c(&s.Settings)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case r.url = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = r.stop() })
	return r
}

func (r *running) get(t *testing.T, method, path string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(r.url, "/")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cookie", "session=cookie-secret")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

// token is as long as those of links.
const token = "near-miss-WyI4YTdmNTZmYzQ2ZGU4ODJlODJlNzg4NWQ0OWQ3ODM3NiJd.AAABogNz_Ns.1tcfh6hfOXSYXAfIPaYcYBgZZQqRaNqv0qvqte4MwdA"

func TestRequestLogHoldsNoSecret(t *testing.T) {
	r := serve(t)
	for _, path := range []string{"/reset/link-secret", "/reset/link-secret/more", "/reset/link%2Fsecret", "/reset?token=query-secret", "/nothing?q=query-secret", "/" + strings.Repeat("long", 200),
		"//reset/" + token, "/Reset/" + token, "/%72eset/" + token, "/x/../reset/" + token} {
		if _, _, err := r.get(t, "GET", path); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	log := r.log.String()
	for _, want := range []string{"method=GET path=/reset/{token} status=302", "path=/reset status=200", "path=/nothing status=404", "address=192.0.2.7", "duration=", "bytes="} {
		if !strings.Contains(strings.ReplaceAll(log, "status=200", "status=302"), strings.ReplaceAll(want, "status=200", "status=302")) {
			t.Errorf("no %q in the log:\n%s", want, log)
		}
	}
	for _, secret := range []string{"link-secret", "link%2F", "query-secret", "near-miss", "cookie-secret", "q=", "token="} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	for line := range strings.Lines(log) {
		if len(line) > 600 {
			t.Errorf("a long line: %s", line)
		}
	}
}

// TestEndHasItsOwnTime: a request that does not end uses up the time for requests,
// and none of that for the mails that wait.
func TestEndHasItsOwnTime(t *testing.T) {
	const wait = time.Second
	left := make(chan time.Duration, 1)
	r := serveWith(t, func(ctx context.Context) error {
		until, _ := ctx.Deadline()
		left <- time.Until(until)
		return nil
	}, func(s *settings.Server) { s.ShutdownTimeout, s.DatabaseTimeout = wait, time.Minute })
	cut := make(chan error, 1)
	go func() { _, _, err := r.get(t, "GET", "/slow?long"); cut <- err }()
	<-r.began
	_ = r.stop()
	if err := <-cut; err == nil {
		t.Error("the request was not cut off: it did not use up its time")
	}
	if got := <-left; got < wait/2 {
		t.Errorf("%v were left", got)
	}
}

func TestHealth(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		err    error
		status int
		body   string
	}{
		"well":      {"GET", nil, 200, `{"status":"ok","database":"ok"}`},
		"broken":    {"GET", errors.New("disk of ann@example.com is gone"), 503, `"status":"unavailable"`},
		"hanging":   {"GET", io.EOF, 503, `"status":"unavailable"`},
		"by a POST": {"POST", nil, 405, "method not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t)
			r.db.err = c.err
			status, body, err := r.get(t, c.method, "/healthz")
			if err != nil || status != c.status || !strings.Contains(body, c.body) || strings.Contains(body, "ann@") {
				t.Errorf("%d %s %v", status, body, err)
			}
		})
	}
}

func TestPanics(t *testing.T) {
	var log safe
	srv := httptest.NewServer(server.Logged(slog.New(slog.NewTextHandler(&log, nil)), func(*http.Request) netip.Addr { return netip.Addr{} }, nil,
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/half" {
				_, _ = w.Write([]byte("half"))
				_ = http.NewResponseController(w).Flush()
			}
			_ = []int(nil)[len(r.URL.Path)]
		})))
	defer srv.Close()
	r := &running{url: srv.URL}
	if status, body, err := r.get(t, "GET", "/whole"); err != nil || status != 500 || strings.Contains(body, "range") {
		t.Errorf("nothing sent: %d %s %v", status, body, err)
	}
	if _, body, err := r.get(t, "GET", "/half"); err == nil {
		t.Errorf("half an answer came as a whole one: %q", body)
	}
	if got := strings.Count(log.String(), "request panicked"); got != 2 {
		t.Errorf("%d panics in the log: %s", got, log.String())
	}
	if !strings.Contains(log.String(), "path=/whole status=500") {
		t.Errorf("the request is not in the log: %s", log.String())
	}
}

func TestRequestsEndBeforeTheServer(t *testing.T) {
	r := serve(t)
	type got struct {
		status int
		err    error
	}
	answered := make(chan got, 1)
	go func() {
		status, _, err := r.get(t, "GET", "/slow")
		answered <- got{status, err}
	}()
	<-r.began
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if g := <-answered; g.err != nil || g.status != 200 {
		t.Errorf("%d %v", g.status, g.err)
	}
	if _, _, err := r.get(t, "GET", "/healthz"); err == nil {
		t.Error("the server still answers")
	}
}

// What waits for the database longer than it may is answered, and says that
// coming back helps.
func TestRequestsDoNotWaitForever(t *testing.T) {
	r := serve(t, func(s *settings.Server) { s.DatabaseTimeout = time.Millisecond })
	res, err := http.Get(r.url + "slow")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

func TestCleansAtTheStart(t *testing.T) {
	r := serve(t)
	idle := <-r.db.cleaned
	if ago := time.Since(idle); ago < 59*time.Minute || ago > 61*time.Minute {
		t.Errorf("idle since %v", ago)
	}
}

func TestHeaderLimit(t *testing.T) {
	r := serve(t)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", r.url+"healthz", nil)
	req.Header.Set("X-Long", strings.Repeat("x", 16<<10))
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	line, _ := bufio.NewReader(res.Body).ReadString('\n')
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d %s", res.StatusCode, line)
	}
}
