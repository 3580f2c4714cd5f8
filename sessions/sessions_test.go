package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/login"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/sessions"
)

type member struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

const (
	secret  = "battery staple horse"
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
	hostile = "<script>alert(1)</script>\u202e (<b>; \"onload=x) A/9.9"
)

type site struct {
	t     *testing.T
	store *memstore.Store[member, *member]
	url   string

	mu     sync.Mutex
	now    time.Time
	events []string
}

func newSite(t *testing.T, cfg sessions.Config) *site {
	t.Helper()
	s := &site{t: t, store: memstore.New[member](), now: time.Now()}
	hasher, err := password.NewForTests(testhash.Allow(), password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "bob"} {
		m := &member{Account: doorward.Account{Email: name + "@example.com", PasswordHash: hash, Active: true}}
		if err := s.store.CreateUser(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	dc := doorward.Config{
		Stores: doorward.StoresFrom(s.store), SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.now = s.now.Add(time.Second) // so that "newest" is decided
			return s.now
		},
		OnEvent: func(_ context.Context, e any) {
			s.mu.Lock()
			defer s.mu.Unlock()
			text := fmt.Sprintf("%T", e)
			if ended, ok := e.(doorward.SessionsEnded); ok {
				text += fmt.Sprint(" ", ended.Count, " ", ended.User.SecurityAccount().Email)
			}
			s.events = append(s.events, strings.TrimPrefix(text, "doorward."))
		},
	}
	dc.Pages.Messages = map[string]doorward.Text{}
	for _, key := range []string{"SESSION_NOT_FOUND", "SESSION_ENDED", "API_ERROR", "CSRF_TOKEN_MISSING"} {
		dc.Pages.Messages[key] = doorward.Text{Text: key}
	}
	sec, err := doorward.New(dc, login.New(login.Config{Hasher: hasher}), sessions.New(cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sec.Close(context.Background()) })
	srv := httptest.NewServer(sec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := doorward.CurrentUser[*member](r.Context())
		if errors.Is(err, doorward.ErrAnonymous) {
			_, _ = io.WriteString(w, "nobody")
			return
		}
		_, _ = io.WriteString(w, u.Email)
	})))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *site) fired() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.Join(s.events, ", ")
	s.events = nil
	return out
}

// browser sends forms, or JSON.
type browser struct {
	s     *site
	json  bool
	agent string
	http  *http.Client
}

type reply struct {
	status   int
	header   http.Header
	body     string
	response map[string]any
}

// signIn returns the browser of a user who is signed in.
func (s *site) signIn(name, agent string, asJSON bool) *browser {
	s.t.Helper()
	b := s.anonymous(agent, asJSON)
	if r := b.post("/login", "/login", map[string]any{"email": name + "@example.com", "password": secret, "remember": true}); r.status != 200 && r.status != 302 {
		s.t.Fatalf("sign-in: %d %s", r.status, r.body)
	}
	s.fired()
	return b
}

func (s *site) anonymous(agent string, asJSON bool) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, asJSON, agent, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path, contentType, body string) reply {
	b.s.t.Helper()
	req, err := http.NewRequest(method, b.s.url+path, strings.NewReader(body))
	if err != nil {
		b.s.t.Fatal(err)
	}
	req.Header.Set("User-Agent", b.agent)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if b.json {
		req.Header.Set("Accept", "application/json")
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Header, body: string(raw)}
	var env struct{ Response map[string]any }
	if json.Unmarshal(raw, &env) == nil {
		out.response = env.Response
	}
	return out
}

func (b *browser) get(path string) reply { return b.do(http.MethodGet, path, "", "") }
func (b *browser) whoami() string        { return b.get("/whoami").body }

var csrfField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

func (b *browser) post(path, page string, fields map[string]any) reply {
	b.s.t.Helper()
	if page != "" {
		r := b.get(page)
		if t, ok := r.response["csrf_token"]; ok {
			fields["csrf_token"] = t
		} else if m := csrfField.FindStringSubmatch(r.body); m != nil {
			fields["csrf_token"] = m[1]
		}
	}
	if b.json {
		raw, err := json.Marshal(fields)
		if err != nil {
			b.s.t.Fatal(err)
		}
		return b.do(http.MethodPost, path, "application/json", string(raw))
	}
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, fmt.Sprint(v))
	}
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

type entry struct {
	ID       string    `json:"id"`
	Device   string    `json:"device"`
	Browser  string    `json:"browser"`
	OS       string    `json:"os"`
	Address  string    `json:"address"`
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"last_seen"`
	Current  bool      `json:"current"`
	Via      []string  `json:"via"`
}

// list reads the sessions as the API shows them.
func (b *browser) list() []entry {
	b.s.t.Helper()
	api := *b
	api.json = true
	r := api.get("/sessions")
	var out []entry
	raw, err := json.Marshal(r.response["sessions"])
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil || r.status != 200 {
		b.s.t.Fatalf("list: %d %s %v", r.status, r.body, err)
	}
	return out
}

func both(t *testing.T, run func(t *testing.T, asJSON bool)) {
	t.Run("json", func(t *testing.T) { run(t, true) })
	t.Run("form", func(t *testing.T) { run(t, false) })
}

func TestList(t *testing.T) {
	s := newSite(t, sessions.Config{})
	first := s.signIn("ann", firefox, true)
	s.signIn("ann", iphone, true)
	s.signIn("ann", hostile, true)
	s.signIn("bob", firefox, true)
	list := first.list()
	if len(list) != 3 {
		t.Fatalf("list %+v", list)
	}
	for i, want := range []struct{ device, browser, os string }{{"computer", "Firefox 128", "Linux"}, {"", "", ""}, {"iPhone", "Safari 17", "iOS"}} {
		e := list[i]
		if e.Current != (i == 0) || len(e.ID) != 64 || e.Address != "127.0.0.1" || fmt.Sprint(e.Via) != "[password]" ||
			e.Created.IsZero() || e.LastSeen.Before(e.Created) || e.Created.Location() != time.UTC {
			t.Errorf("entry %d: %+v", i, e)
		}
		if want.device != "" && (e.Device != want.device || e.Browser != want.browser || e.OS != want.os) {
			t.Errorf("entry %d is %q %q %q, want %+v", i, e.Device, e.Browser, e.OS, want)
		}
	}
	first.json = false
	page := first.get("/sessions").body
	for _, want := range []string{"Firefox 128, Linux", "this browser", `<time datetime="` + list[0].LastSeen.Format(time.RFC3339), " UTC</time>", "End all other sessions", "iPhone"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, no := range []string{"<script>", "\u202e", "bob@"} {
		if strings.Contains(page, no) {
			t.Errorf("%q is on the page", no)
		}
	}
}

func TestMax(t *testing.T) {
	s := newSite(t, sessions.Config{Max: 2})
	first := s.signIn("ann", firefox, true)
	for range 3 {
		s.signIn("ann", iphone, true)
	}
	if list := first.list(); len(list) != 2 || !list[0].Current {
		t.Errorf("list %+v", list)
	}
}

func TestEndOne(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, sessions.Config{})
		mine, other := s.signIn("ann", firefox, asJSON), s.signIn("ann", iphone, asJSON)
		r := mine.post("/sessions", "/sessions", map[string]any{"id": mine.list()[1].ID})
		if asJSON && (r.status != 200 || len(r.response) != 2 || r.response["ended"] != 1.0 || r.response["csrf_token"] == nil) ||
			!asJSON && (r.status != 302 || r.header.Get("Location") != "/sessions") {
			t.Errorf("answer %d %s", r.status, r.body)
		}
		if got := s.fired(); got != "SessionsEnded 1 ann@example.com" {
			t.Errorf("events %s", got)
		}
		if page := mine.get("/sessions").body; !asJSON && !strings.Contains(page, "SESSION_ENDED") {
			t.Errorf("no message on %s", page)
		}
		// The other browser had asked to be remembered, and stays out all the same.
		if a, b := mine.whoami(), other.whoami(); a != "ann@example.com" || b != "nobody" {
			t.Errorf("signed in: %s and %s", a, b)
		}
	})
}

func TestEndOthers(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, sessions.Config{})
		mine, second, third, bob := s.signIn("ann", firefox, asJSON), s.signIn("ann", iphone, asJSON), s.signIn("ann", iphone, asJSON), s.signIn("bob", firefox, asJSON)
		r := mine.post("/sessions", "/sessions", map[string]any{"all": true})
		if asJSON && (r.status != 200 || r.response["ended"] != 2.0) || !asJSON && (r.status != 302 || r.header.Get("Location") != "/sessions") {
			t.Errorf("answer %d %s", r.status, r.body)
		}
		if got := s.fired(); got != "SessionsEnded 2 ann@example.com" {
			t.Errorf("events %s", got)
		}
		if got := fmt.Sprint(mine.whoami(), second.whoami(), third.whoami(), bob.whoami()); got != "ann@example.comnobodynobodybob@example.com" {
			t.Errorf("signed in: %s", got)
		}
		page := mine.get("/sessions").body
		if !asJSON && strings.Contains(page, "End all other sessions") {
			t.Error("there is nothing left to end")
		}
	})
}

// TestEndCurrent: ending the session one uses is signing out.
func TestEndCurrent(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, sessions.Config{})
		mine, other := s.signIn("ann", firefox, asJSON), s.signIn("ann", iphone, asJSON)
		r := mine.post("/sessions", "/sessions", map[string]any{"id": mine.list()[0].ID})
		if asJSON && (r.status != 200 || r.response["ended"] != 1.0) || !asJSON && (r.status != 302 || r.header.Get("Location") != "/") {
			t.Errorf("answer %d %s", r.status, r.body)
		}
		if got := s.fired(); got != "LoggedOut" {
			t.Errorf("events %s", got)
		}
		if got := fmt.Sprint(mine.whoami(), other.whoami()); got != "nobodyann@example.com" {
			t.Errorf("signed in: %s", got)
		}
	})
}

func TestRefused(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, sessions.Config{})
		mine, other, bob := s.signIn("ann", firefox, asJSON), s.signIn("ann", iphone, asJSON), s.signIn("bob", firefox, asJSON)
		bobs, others := bob.list()[0].ID, mine.list()[1].ID
		for _, c := range []struct {
			name   string
			fields map[string]any
			page   string
			status int
			want   string
		}{
			{"another user's", map[string]any{"id": bobs}, "/sessions", 404, "SESSION_NOT_FOUND"},
			{"unknown", map[string]any{"id": strings.Repeat("0", 64)}, "/sessions", 404, "SESSION_NOT_FOUND"},
			{"no id", map[string]any{"id": "x"}, "/sessions", 404, "SESSION_NOT_FOUND"},
			{"nothing", map[string]any{}, "/sessions", 400, "API_ERROR"},
			{"both", map[string]any{"id": others, "all": true}, "/sessions", 400, "API_ERROR"},
			{"no CSRF token", map[string]any{"id": others}, "", 400, "CSRF_TOKEN_MISSING"},
			{"no CSRF token, all", map[string]any{"all": true}, "", 400, "CSRF_TOKEN_MISSING"},
		} {
			status := c.status
			if !asJSON && c.want == "API_ERROR" {
				status = 200
			}
			r := mine.post("/sessions", c.page, c.fields)
			if r.status != status || !strings.Contains(r.body, c.want) || strings.Contains(r.body, bobs) {
				t.Errorf("%s: %d %s", c.name, r.status, r.body)
			}
		}
		if got := s.fired(); got != "CSRFRefused, CSRFRefused" {
			t.Errorf("events %s", got)
		}
		if got := fmt.Sprint(mine.whoami(), other.whoami(), bob.whoami()); got != "ann@example.comann@example.combob@example.com" {
			t.Errorf("signed in: %s", got)
		}
	})
}

func TestAnonymous(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		s := newSite(t, sessions.Config{})
		b := s.anonymous(firefox, asJSON)
		for _, r := range []reply{b.get("/sessions"), b.post("/sessions", "/login", map[string]any{"all": true})} {
			if asJSON && (r.status != 401 || r.response["sessions"] != nil) || !asJSON && (r.status != 302 || !strings.HasPrefix(r.header.Get("Location"), "/login?next=/sessions")) {
				t.Errorf("answer %d to %q: %s", r.status, r.header.Get("Location"), r.body)
			}
		}
	})
}

// TestToken: a caller with a token has no session of his own in the list.
func TestToken(t *testing.T) {
	s := newSite(t, sessions.Config{})
	r := s.anonymous(firefox, true).post("/login?include_auth_token", "/login", map[string]any{"email": "ann@example.com", "password": secret})
	user, _ := r.response["user"].(map[string]any)
	token, _ := user["authentication_token"].(string)
	if token == "" {
		t.Fatalf("no token in %s", r.body)
	}
	for _, c := range []struct{ method, body, want string }{{"GET", "", `"current":false`}, {"POST", `{"all":true}`, `"ended":1`}, {"GET", "", `"sessions":[]`}} {
		req, err := http.NewRequest(c.method, s.url+"/sessions", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authentication-Token", token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 200 || !strings.Contains(string(raw), c.want) {
			t.Errorf("%s: %d %s", c.method, res.StatusCode, raw)
		}
	}
}

func TestStartErrors(t *testing.T) {
	st := doorward.StoresFrom(memstore.New[member]())
	st.Sessions = nil
	cfg := doorward.Config{Stores: st, SecretKey: []byte("0123456789abcdef"), Logger: slog.New(slog.DiscardHandler)}
	cfg.Session.StatelessSessions = true
	var ce *doorward.ConfigError
	if _, err := doorward.New(cfg, sessions.New(sessions.Config{})); !errors.As(err, &ce) || !strings.Contains(err.Error(), "cannot be listed") {
		t.Errorf("stateless: %v", err)
	}
	cfg.Stores, cfg.Session.StatelessSessions = doorward.StoresFrom(memstore.New[member]()), false
	if _, err := doorward.New(cfg, sessions.New(sessions.Config{Max: -1})); !errors.As(err, &ce) {
		t.Errorf("SESSIONS_MAX -1: %v", err)
	}
}
