package register_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/register"
)

type member struct {
	ID      int64  `db:"id,pk"`
	Company string `db:"company"`
	VAT     string `db:"vat,unique"`
	doorward.Account
}

func (m *member) SecurityPayload() map[string]any { return map[string]any{"email": m.Email} }

const goodPassword = "battery staple horse"

// site is an installation with a browser's worth of help.
type site struct {
	t      *testing.T
	store  *memstore.Store[member, *member]
	hashes atomic.Int64
	url    string
	log    bytes.Buffer

	mu     sync.Mutex
	events []any
}

// counting counts what is hashed.
type counting struct {
	*password.Hasher
	n *atomic.Int64
}

func (c counting) Hash(ctx context.Context, plain string) (string, error) {
	c.n.Add(1)
	return c.Hasher.Hash(ctx, plain)
}

// newSite makes every message say its key, so that tests do not depend on words.
func newSite(t *testing.T, cfg register.Config, engine func(*doorward.Config), more ...doorward.Feature) *site {
	t.Helper()
	s := &site{t: t, store: memstore.New[member]()}
	hasher, err := password.NewForTests(testhash.Allow(), password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := password.NewPolicy(password.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Policy = policy
	if cfg.Hasher == nil {
		cfg.Hasher = counting{hasher, &s.hashes}
	}
	dc := doorward.Config{
		Stores: doorward.StoresFrom(s.store), SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
		OnEvent: func(_ context.Context, e any) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
		},
	}
	dc.Pages.Messages = map[string]doorward.Text{}
	for _, key := range strings.Fields(`EMAIL_NOT_PROVIDED INVALID_EMAIL_ADDRESS PASSWORD_NOT_PROVIDED RETYPE_PASSWORD_MISMATCH
		PASSWORD_INVALID_LENGTH PASSWORD_TOO_SIMPLE USERNAME_NOT_PROVIDED USERNAME_INVALID_LENGTH USERNAME_ILLEGAL_CHARACTERS
		USERNAME_DISALLOWED_CHARACTERS FIELD_NOT_PROVIDED REGISTERED REGISTRATION_RECEIVED CONFIRM_REGISTRATION API_ERROR INVALID_REDIRECT UNAVAILABLE
		CSRF_TOKEN_MISSING ANONYMOUS_USER_REQUIRED PASSWORD_TOO_LONG CONFIRMATION_REQUIRED`) {
		dc.Pages.Messages[key] = doorward.Text{Text: key}
	}
	dc.Pages.Messages["EMAIL_ALREADY_ASSOCIATED"] = doorward.Text{Text: "EMAIL_ALREADY_ASSOCIATED %(email)s"}
	dc.Pages.Messages["USERNAME_ALREADY_ASSOCIATED"] = doorward.Text{Text: "USERNAME_ALREADY_ASSOCIATED %(username)s"}
	dc.Pages.Messages["IDENTITY_ALREADY_ASSOCIATED"] = doorward.Text{Text: "IDENTITY_ALREADY_ASSOCIATED %(attr)s"}
	if engine != nil {
		engine(&dc)
	}
	sec, err := doorward.New(dc, append([]doorward.Feature{register.New(cfg)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sec.Close(context.Background()) })
	srv := httptest.NewServer(sec.Handler(http.HandlerFunc(whoami)))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func whoami(w http.ResponseWriter, r *http.Request) {
	id, err := doorward.IdentityFrom(r.Context())
	if errors.Is(err, doorward.ErrAnonymous) {
		_, _ = io.WriteString(w, "nobody")
		return
	}
	_, _ = fmt.Fprint(w, id.User.SecurityAccount().Email, " ", id.Via)
}

func (s *site) add(email, username string) *member {
	s.t.Helper()
	m := &member{Account: doorward.Account{Email: email, Username: username, Active: true}}
	if err := s.store.CreateUser(s.t.Context(), m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *site) users() []*member {
	s.t.Helper()
	all, _, err := s.store.ListUsers(s.t.Context(), "", 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	out := make([]*member, len(all))
	for i, u := range all {
		out[i] = u.(*member)
	}
	return out
}

// fired names the events since the last call.
func (s *site) fired() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.events {
		out = append(out, strings.TrimPrefix(fmt.Sprintf("%T", e), "doorward."))
		if strings.Contains(fmt.Sprintf("%+v", e), goodPassword) {
			s.t.Errorf("%T holds the password", e)
		}
	}
	s.events = nil
	return strings.ReplaceAll(strings.Join(out, " "), "register.", "")
}

// browser sends forms, or JSON.
type browser struct {
	s    *site
	json bool
	http *http.Client
}

type reply struct {
	status   int
	header   http.Header
	body     string
	response map[string]any // of a JSON answer
}

func (s *site) browser(asJSON bool) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, asJSON, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path, contentType, body string) reply {
	b.s.t.Helper()
	req, err := http.NewRequest(method, b.s.url+path, strings.NewReader(body))
	if err != nil {
		b.s.t.Fatal(err)
	}
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
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		var env struct{ Response map[string]any }
		if err := json.Unmarshal(raw, &env); err != nil {
			b.s.t.Fatal(err)
		}
		out.response = env.Response
	}
	return out
}

func (b *browser) get(path string) reply { return b.do(http.MethodGet, path, "", "") }

func (b *browser) whoami() string { return b.get("/whoami").body }

var csrfField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

func (b *browser) token(path string) string {
	r := b.get(path)
	if t, ok := r.response["csrf_token"].(string); ok {
		return t
	}
	if m := csrfField.FindStringSubmatch(r.body); m != nil {
		return m[1]
	}
	return ""
}

// post sends fields with the token of the page.
func (b *browser) post(path string, fields map[string]any) reply {
	b.s.t.Helper()
	fields = maps.Clone(fields)
	fields["csrf_token"] = b.token("/register")
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

var (
	errorList = regexp.MustCompile(`(?s)<ul class="errors" id="([a-z_]+)-errors"[^>]*>(.*?)</ul>`)
	errorItem = regexp.MustCompile(`(?s)<li class="fs-error-msg">(.*?)</li>`)
	formLevel = regexp.MustCompile(`(?s)<div id="fs-form-errors".*?</div>`)
)

// errors returns the messages of an answer as "field: text", in order of fields.
func (r reply) errors() string {
	found := map[string][]string{}
	if r.response != nil {
		fields, _ := r.response["field_errors"].(map[string]any)
		for f, list := range fields {
			for _, text := range list.([]any) {
				found[f] = append(found[f], text.(string))
			}
		}
	} else {
		for _, m := range errorList.FindAllStringSubmatch(r.body, -1) {
			for _, item := range errorItem.FindAllStringSubmatch(m[2], -1) {
				found[m[1]] = append(found[m[1]], item[1])
			}
		}
		for _, item := range errorItem.FindAllStringSubmatch(formLevel.FindString(r.body), -1) {
			found[""] = append(found[""], item[1])
		}
	}
	var out []string
	for _, f := range slices.Sorted(maps.Keys(found)) {
		out = append(out, f+": "+strings.Join(found[f], " | "))
	}
	return strings.Join(out, "; ")
}

// both runs a test as an API client and as a browser.
func both(t *testing.T, run func(t *testing.T, asJSON bool)) {
	t.Run("json", func(t *testing.T) { run(t, true) })
	t.Run("form", func(t *testing.T) { run(t, false) })
}
