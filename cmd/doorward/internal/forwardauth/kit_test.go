package forwardauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
)

const (
	ann = "ann@example.org" // has no role
	ada = "ada@example.org" // has three

	maxURL = 4000
)

// door is an installation with the endpoint, asked as a proxy asks.
type door struct {
	*kit.App
	t       testing.TB
	handler http.Handler
	trips   *atomic.Int32 // to the store
	broken  *atomic.Bool
	ann     *kit.Browser
	ada     *kit.Browser
	token   string // of ada
}

// counted is a store that counts who asks it, and fails if told so.
type counted struct {
	*memstore.Store[kit.User, *kit.User]
	trips  *atomic.Int32
	broken *atomic.Bool
}

func (c *counted) LoadSession(ctx context.Context, id string) (doorward.Session, doorward.User, []doorward.Role, error) {
	c.trips.Add(1)
	if c.broken.Load() {
		return doorward.Session{}, nil, nil, errors.New("the disk is gone")
	}
	return c.Store.LoadSession(ctx, id)
}

func (c *counted) LoadUser(ctx context.Context, q doorward.UserQuery) (doorward.User, []doorward.Role, error) {
	c.trips.Add(1)
	return c.Store.LoadUser(ctx, q)
}

func (c *counted) UpdateSession(ctx context.Context, id string, change func(*doorward.Session) error) error {
	c.trips.Add(1)
	return c.Store.UpdateSession(ctx, id, change)
}

func newDoor(t testing.TB, edit func(*batteries.Config)) *door {
	t.Helper()
	d := newBareDoor(t, edit)
	d.NewUser(ann)
	u := d.NewUser(ada)
	d.GiveRole(u, "editor", "write", "read")
	d.GiveRole(u, "admin", "all")
	d.GiveRole(u, "x,y") // made by somebody else than the command line
	d.token = d.AuthToken(u)
	d.ann, d.ada = d.Browser(), d.Browser()
	d.ann.PostForm("/login", kit.Fields{"email": ann, "password": kit.Password}).Want(http.StatusFound)
	d.ada.PostForm("/login", kit.Fields{"email": ada, "password": kit.Password}).Want(http.StatusFound)
	return d
}

// request is what a proxy sends for a browser that asked for a page, at the
// address and with the agent of b, which may be nil.
func (d *door) request(query string, b *kit.Browser, headers ...string) *http.Request {
	r := httptest.NewRequestWithContext(d.t.Context(), http.MethodGet, forwardauth.Path+"?"+query, http.NoBody)
	r.Host, r.RemoteAddr = kit.Host, "127.0.0.1:4711"
	for name, value := range map[string]string{
		"X-Forwarded-Method": "GET", "X-Forwarded-Proto": "http", "X-Forwarded-Host": kit.Host, "X-Forwarded-Uri": "/page?a=b",
		"Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
	} {
		r.Header.Set(name, value)
	}
	if b != nil {
		host, _, _ := strings.Cut(b.Addr, ":")
		r.Header.Set("X-Forwarded-For", host)
		r.Header.Set("User-Agent", b.Agent)
		for _, name := range b.Cookies() {
			r.AddCookie(&http.Cookie{Name: name, Value: b.Cookie(name)})
		}
	}
	set(r, headers)
	return r
}

// set puts name, value pairs into r; a value of "-" takes the name out.
func set(r *http.Request, headers []string) {
	for i := 0; i+1 < len(headers); i += 2 {
		name, value := headers[i], headers[i+1]
		switch {
		case value == "-":
			r.Header.Del(name)
		case name == "Peer":
			r.RemoteAddr = value
		case strings.HasPrefix(name, "+"):
			r.Header.Add(name[1:], value)
		default:
			r.Header[http.CanonicalHeaderKey(name)] = []string{value} // also what Set would not take
		}
	}
}

func (d *door) answer(r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, r)
	return rec.Result()
}

// ask is the answer's status and where it leads.
func (d *door) ask(query string, b *kit.Browser, headers ...string) (int, string) {
	d.t.Helper()
	res := d.answer(d.request(query, b, headers...))
	d.sound(res)
	return res.StatusCode, res.Header.Get("Location")
}

// sound checks what holds for every answer.
func (d *door) sound(res *http.Response) {
	d.t.Helper()
	h := res.Header
	if h.Get("Cache-Control") != "no-store" || h.Get("Vary") == "" || h.Get("X-Content-Type-Options") != "nosniff" {
		d.t.Errorf("headers of %d: %v", res.StatusCode, h)
	}
	for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Groups"} {
		want := 0
		if res.StatusCode == http.StatusOK {
			want = 1
		}
		if len(h.Values(name)) != want {
			d.t.Errorf("%d with %s %q", res.StatusCode, name, h.Values(name))
		}
	}
	if res.StatusCode == http.StatusOK && h.Get("Remote-User") == "" {
		d.t.Error("let through without a name")
	}
}

// newBareDoor has no users: its pages may be on a host where no browser of the
// kit finds them.
func newBareDoor(t testing.TB, edit func(*batteries.Config)) *door {
	t.Helper()
	d := &door{t: t, trips: &atomic.Int32{}, broken: &atomic.Bool{}}
	var f *forwardauth.Feature
	d.App = kit.New(t, func(c *batteries.Config) {
		c.Stores = doorward.StoresFrom(&counted{memstore.New[kit.User](), d.trips, d.broken})
		c.Limits.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8", "::1"}
		c.URLs.ServerName, c.Mail.Sender, c.UnlimitedGuessing = "", nil, true // nothing that needs a name
		if edit != nil {
			edit(c)
		}
		f = forwardauth.New(c.Config, maxURL)
		c.More = append(c.More, f)
	})
	d.handler = f.Handler(d.Security)
	return d
}

// busy is a limiter that refuses everybody with its problem, if it has one.
type busy struct{ problem *doorward.Problem }

func (*busy) Name() string                 { return "busy" }
func (*busy) Init(*doorward.Runtime) error { return nil }

func (b *busy) Begin(*http.Request, doorward.Try) (func(doorward.Outcome), error) {
	if b.problem != nil {
		return nil, b.problem
	}
	return func(doorward.Outcome) {}, nil
}
