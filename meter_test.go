package doorward_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// counted is a meter that keeps what it gets, as text. A time is "timed" if it may be one.
type counted struct {
	mu  sync.Mutex
	all []string
}

func (m *counted) add(name string, n any, attrs []slog.Attr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, fmt.Sprint(name, " ", n, " ", attrs))
}

func (m *counted) Count(_ context.Context, name string, n int64, attrs ...slog.Attr) {
	m.add(name, n, attrs)
}

func (m *counted) Time(_ context.Context, name string, d time.Duration, attrs ...slog.Attr) {
	what := "timed"
	if d < 0 || d > time.Minute {
		what = d.String()
	}
	m.add(name, what, attrs)
}

func (m *counted) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.all
	m.all = nil
	return out
}

func TestMeter(t *testing.T) {
	request := func(route, method string, status int) string {
		return fmt.Sprintf("doorward.request timed [route=%s method=%s status=%d]", route, method, status)
	}
	event := func(action, outcome string) string {
		return fmt.Sprintf("doorward.events 1 [action=%s outcome=%s]", action, outcome)
	}
	identity := func(mechanism, outcome string) string {
		return fmt.Sprintf("doorward.identity timed [mechanism=%s outcome=%s]", mechanism, outcome)
	}
	signedIn := func(b *kit.Browser) {
		b.PostForm("/login", credentials(joe)).Want(302)
		b.CSRF("")
	}
	token := func(b *kit.Browser) string {
		b.JSON = true
		s, _ := b.PostJSON("/login?include_auth_token=1", credentials(joe)).JSONAt("response.user.authentication_token").(string)
		b.SetCookie("session", "")
		b.Header.Set("Authentication-Token", s)
		return s
	}
	for name, c := range map[string]struct {
		given, do func(*kit.Browser)
		want      []string
	}{
		"page":        {nil, func(b *kit.Browser) { b.Get("/login?email=" + joe) }, []string{request("login", "GET", 200)}},
		"head":        {nil, func(b *kit.Browser) { b.Do("HEAD", "/login", nil) }, []string{request("login", "HEAD", 200)}},
		"redirect":    {nil, func(b *kit.Browser) { b.Get("/verify") }, []string{event("access", "refused"), request("verify", "GET", 302)}},
		"options":     {nil, func(b *kit.Browser) { b.Do("OPTIONS", "/login", nil) }, []string{request("login", "OPTIONS", 204)}},
		"invented":    {nil, func(b *kit.Browser) { b.Do("BREW", "/login", nil) }, []string{request("login", "other", 405)}},
		"not ours":    {nil, func(b *kit.Browser) { b.Do("DELETE", "/login", nil) }, []string{request("login", "other", 405)}},
		"secret path": {nil, func(b *kit.Browser) { b.Get("/linked/hunter2") }, []string{event("access", "refused"), request("linked", "GET", 302)}},
		"failure": {signedIn, func(b *kit.Browser) { b.Get("/linked/hunter2") },
			[]string{identity("session", "success"), request("linked", "GET", 500)}},
		"no route": {nil, func(b *kit.Browser) {
			for _, path := range []string{"/none", "/loginx", "/login/", "/fs-static/doorward.css", "/fs-static/none"} {
				b.Get(path)
			}
		}, nil},
		"application": {signedIn, func(b *kit.Browser) { b.Get("/user").Want(200) }, []string{identity("session", "success")}},
		"nobody asks": {signedIn, func(b *kit.Browser) { b.Get("/open").Want(200) }, nil},
		"dead session": {func(b *kit.Browser) {
			signedIn(b)
			saved := b.Cookie("session")
			b.PostForm("/logout", nil)
			b.SetCookie("session", saved)
		}, func(b *kit.Browser) { b.Get("/role").Want(403) }, []string{identity("session", "failure"), event("access", "refused")}},
		"sign-in": {func(b *kit.Browser) { b.CSRF("/login") }, func(b *kit.Browser) { b.PostForm("/login", credentials(joe)) },
			[]string{identity("session", "failure"), event("sign-in", "success"), request("login", "POST", 302)}},
		"token": {func(b *kit.Browser) { token(b) }, func(b *kit.Browser) { b.Get("/user").Want(200) },
			[]string{event("token", "success"), identity("token", "success")}},
		"forged token": {nil, func(b *kit.Browser) { b.Get("/role", "Authentication-Token", "forged") },
			[]string{event("token", "failure"), identity("token", "failure"), event("access", "refused")}},
		"basic":        {nil, func(b *kit.Browser) { b.Get("/basic", "Authorization", basic(joe, kit.Password)).Want(200) }, []string{event("basic", "success"), identity("basic", "success")}},
		"basic, wrong": {nil, func(b *kit.Browser) { b.Get("/basic", "Authorization", basic(joe, "wrong password")).Want(401) }, []string{event("credential", "failure"), identity("basic", "failure"), event("access", "refused")}},
		"no CSRF token": {signedIn, func(b *kit.Browser) {
			b.NoCSRF = true
			b.PostForm("/user", nil).Want(400)
		}, []string{identity("session", "success"), event("access", "refused")}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &counted{}
			a := newLogged(t, func(c *batteries.Config) { c.Meter = m })
			a.Mux.Handle("/open", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("open")) }))
			a.NewUser(joe)
			b := a.Browser()
			if c.given != nil {
				c.given(b)
			}
			m.take()
			c.do(b)
			if got := m.take(); !slices.Equal(got, c.want) {
				t.Errorf("measured:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A store that does not answer is neither success nor failure.
func TestMeterOfFaults(t *testing.T) {
	m, f := &counted{}, &faulty{}
	app := kit.New(t, func(c *batteries.Config) {
		c.Meter = m
		c.Stores.Sessions = faultySessions{c.Stores.Sessions, f}
	})
	b := app.Browser()
	b.LoginAs(app.NewUser(joe))
	m.take()
	f.at = 1
	b.Get("/verify").Want(503)
	want := []string{"doorward.identity timed [mechanism=session outcome=error]", "doorward.request timed [route=verify method=GET status=503]"}
	if got := m.take(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Each event is counted whether its line is written or not, and also if it has
// no request.
func TestMeterWithoutLog(t *testing.T) {
	m := &counted{}
	app := kit.New(t, func(c *batteries.Config) { c.Meter, c.SecurityLog = m, slog.New(slog.DiscardHandler) })
	if err := app.Accounts().ResetAccess(t.Context(), app.NewUser(joe)); err != nil {
		t.Fatal(err)
	}
	if got := m.take(); !slices.Equal(got, []string{"doorward.events 1 [action=signed-out-everywhere outcome=success]", "doorward.events 1 [action=access-reset outcome=success]"}) {
		t.Errorf("%q", got)
	}
}

// silent is a meter that does nothing.
type silent struct{}

func (silent) Count(context.Context, string, int64, ...slog.Attr)        {}
func (silent) Time(context.Context, string, time.Duration, ...slog.Attr) {}

// metered is an application in front of which a token is checked, and a request
// to it: the measured kind of request that costs least.
func metered(tb testing.TB, m doorward.Meter) (http.Handler, *http.Request) {
	tb.Helper()
	app := kit.New(tb, nil)
	token := app.AuthToken(app.NewUser(joe))
	// Without the kit's record of events, which grows.
	s, err := batteries.New(batteries.Config{Config: doorward.Config{Stores: app.Stores, SecretKey: []byte(kit.SecretKey), Now: app.Clock.Now,
		Logger: slog.New(slog.DiscardHandler), Meter: m}, Hasher: app.Hasher})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil && !errors.Is(err, context.Canceled) {
			tb.Error(err)
		}
	})
	r := httptest.NewRequest(http.MethodGet, "/guarded", nil)
	r.Header.Set("Authentication-Token", token)
	h := s.RequireUser()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusOK {
		tb.Fatalf("status %d", w.Code)
	}
	return h, r
}

// Nobody who has no meter pays for it: not the attributes, nor the clock.
func TestNoMeterIsFree(t *testing.T) {
	allocs := func(m doorward.Meter) float64 {
		h, r := metered(t, m)
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(httptest.NewRecorder(), r) })
	}
	without, with := allocs(nil), allocs(silent{})
	if without > with-2 { // one for the attributes of the event, one for those of the mechanism
		t.Errorf("%v allocations without a meter, %v with one", without, with)
	}
}

func BenchmarkMeter(b *testing.B) {
	for name, m := range map[string]doorward.Meter{"none": nil, "silent": silent{}} {
		b.Run(name, func(b *testing.B) {
			h, r := metered(b, m)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
