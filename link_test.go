package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// linker is a feature with links of two kinds: those of "go" die when the
// address changes, and lead to a page; those of "free" are bound to nothing.
type linker struct {
	name, view string
	rt         *doorward.Runtime
	goes, free *doorward.LinkMaker
	also       *doorward.LinkMaker // a kind like free
	used       atomic.Int64
}

func newLinker(name string) *linker { return &linker{name: name} }

func (f *linker) Name() string { return f.name }

func (f *linker) Init(rt *doorward.Runtime) error {
	f.rt = rt
	links, path := rt.Links(), "/"+f.name
	f.goes = links.Kind(doorward.LinkKind{Name: "go", Path: path, Within: time.Hour, Bound: func(acc *doorward.Account) string { return acc.Email }})
	f.free = links.Kind(doorward.LinkKind{Name: "free", Path: path, Within: time.Hour})
	f.also = links.Kind(doorward.LinkKind{Name: "also free", Path: path, Within: time.Hour})
	page := fstest.MapFS{"templates/security/" + f.name + ".html": {Data: []byte(`{{define "content"}}<form method="post" action="{{.Page.Action}}">{{template "csrf" .}}<button>{{.T "GO"}}</button></form>{{end}}`)}}
	texts := map[string]doorward.Text{"GO": {Text: "Go"}, "GONE": {Category: "success", Text: "Gone there, %(name)s."}, "DEAD": {Category: "error", Text: "Dead."}}
	return errors.Join(rt.Pages(page, texts),
		rt.Handle(links.Page(doorward.Route{Name: f.name, Path: path + "/{token}"}, f.show, f.use)))
}

func (f *linker) end(r *http.Request, message doorward.Message, u doorward.User, json map[string]any) (doorward.Result, error) {
	return f.rt.Links().End(r, doorward.LinkEnd{Message: message, View: f.view, Else: "login", User: u, JSON: json})
}

func (f *linker) show(r *http.Request) (doorward.Result, error) {
	_, err := f.goes.Open(r.Context(), r.PathValue("token"))
	if errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, doorward.ErrLinkExpired) {
		return f.end(r, doorward.M("DEAD"), nil, nil)
	}
	return doorward.Result{Page: "security/" + f.name + ".html", Values: map[string]any{"Action": r.URL.EscapedPath()}, JSON: map[string]any{}}, err
}

func (f *linker) use(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	l, err := f.goes.Open(r.Context(), r.PathValue("token"))
	if err == nil {
		err = f.spend(r.Context(), f.goes, l)
	}
	if errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, doorward.ErrLinkExpired) {
		return f.end(r, doorward.M("DEAD"), nil, nil)
	}
	if err != nil {
		return doorward.Result{}, err
	}
	return f.end(r, doorward.M("GONE", "name", l.User.SecurityAccount().Email), l.User, map[string]any{})
}

// spend uses a link and counts that in the account, in one step.
func (f *linker) spend(ctx context.Context, of *doorward.LinkMaker, l doorward.Link) error {
	err := f.rt.Stores().InTx(ctx, func(ctx context.Context) error {
		if err := of.Use(ctx, l); err != nil {
			return err
		}
		return f.rt.Stores().Users.UpdateUser(ctx, l.User, func(acc *doorward.Account) error {
			acc.LoginCount++
			return of.Still(l, acc)
		})
	})
	if err == nil {
		f.used.Add(1)
	}
	return err
}

func pathOf(t testing.TB, link string) string {
	t.Helper()
	path, ok := strings.CutPrefix(link, "https://localhost")
	if !ok {
		t.Fatalf("a link leads to %s", link)
	}
	return path
}

// What a link stands for, and what ends it.
func TestLinkTokens(t *testing.T) {
	rotate := func(a *kit.App, u doorward.User) {
		a.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
	}
	tests := map[string]struct {
		before func(a *kit.App, u doorward.User)
		token  func(string) string
		of     string // the maker that is asked
		want   error
	}{
		"good":                {},
		"last moment":         {before: func(a *kit.App, _ doorward.User) { a.Clock.Advance(time.Hour) }},
		"expired":             {before: func(a *kit.App, _ doorward.User) { a.Clock.Advance(time.Hour + time.Millisecond) }, want: doorward.ErrLinkExpired},
		"from the future":     {before: func(a *kit.App, _ doorward.User) { a.Clock.Advance(-2 * time.Minute) }, want: doorward.ErrLinkExpired},
		"cut":                 {token: func(s string) string { return s[:len(s)-1] }, want: doorward.ErrLinkDead},
		"half":                {token: func(s string) string { return s[:len(s)/2] }, want: doorward.ErrLinkDead},
		"empty":               {token: func(string) string { return "" }, want: doorward.ErrLinkDead},
		"longer":              {token: func(s string) string { return s + "A" }, want: doorward.ErrLinkDead},
		"padded":              {token: func(s string) string { return s + "=" }, want: doorward.ErrLinkDead},
		"without signature":   {token: func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] }, want: doorward.ErrLinkDead},
		"payload changed":     {token: func(s string) string { return s[:8] + flipped(s[8]) + s[9:] }, want: doorward.ErrLinkDead},
		"signature changed":   {token: func(s string) string { return s[:len(s)-9] + flipped(s[len(s)-9]) + s[len(s)-8:] }, want: doorward.ErrLinkDead},
		"huge":                {token: func(s string) string { return strings.Repeat(s, 100) }, want: doorward.ErrLinkDead},
		"other kind":          {of: "free", want: doorward.ErrLinkDead},
		"other kind, unbound": {of: "also", want: doorward.ErrLinkDead},
		"other feature":       {of: "other", want: doorward.ErrLinkDead},
		"signed out":          {before: rotate, want: doorward.ErrLinkDead},
		"signed out, too old": {before: func(a *kit.App, u doorward.User) { rotate(a, u); a.Clock.Advance(2 * time.Hour) }, want: doorward.ErrLinkDead},
		"address changed": {before: func(a *kit.App, u doorward.User) {
			a.Change(u, func(acc *doorward.Account) { acc.Email = "new@example.com" })
		}, want: doorward.ErrLinkDead},
		"something else changed": {before: func(a *kit.App, u doorward.User) {
			a.Change(u, func(acc *doorward.Account) { acc.PasswordHash = "x" })
		}},
		"deleted": {before: func(a *kit.App, u doorward.User) { a.Delete(u) }, want: doorward.ErrLinkDead},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			f, other := newLinker("go"), newLinker("other")
			app := withFeatures(t, nil, f, other)
			u := app.NewUser(joe)
			maker := f.goes
			if c.of == "also" {
				maker = f.free
			}
			link, token := maker.New(u, "extra words")
			app.Secret(token)
			if link != "https://localhost/go/"+token || strings.Contains(token, "/") {
				t.Fatalf("link %s", link)
			}
			if c.before != nil {
				c.before(app, u)
			}
			if c.token != nil {
				token = c.token(token)
			}
			of := map[string]*doorward.LinkMaker{"": f.goes, "free": f.free, "also": f.also, "other": other.goes}[c.of]
			l, err := of.Open(t.Context(), token)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if errors.Is(c.want, doorward.ErrLinkDead) {
				if l.User != nil || l.Extra != "" {
					t.Errorf("it says of a dead link: %+v", l)
				}
				return
			}
			if l.User.SecurityAccount().Email != joe || l.Extra != "extra words" || l.Token != token {
				t.Errorf("%+v", l)
			}
		})
	}
}

func flipped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// Links go on working while their key is a fallback, and no longer.
func TestLinkKeys(t *testing.T) {
	old := newLinker("go")
	first := withFeatures(t, nil, old)
	u := first.NewUser(joe)
	_, token := old.goes.New(u, "")
	first.Secret(token)
	with := func(key string, fallbacks ...string) *linker {
		f := newLinker("go")
		withFeatures(t, func(c *doorward.Config) {
			c.Stores, c.SecretKey, c.SecretKeyFallbacks, c.Now = first.Stores, []byte(key), fallbacks, first.Clock.Now
		}, f)
		return f
	}
	const next = "a later key for tests, and for nothing else"
	both := with(next, kit.SecretKey)
	l, err := both.goes.Open(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if err := both.spend(t.Context(), both.goes, l); err != nil {
		t.Fatal(err)
	}
	if err := old.spend(t.Context(), old.goes, l); !errors.Is(err, doorward.ErrLinkDead) {
		t.Errorf("used under both keys: %v", err)
	}
	if _, err := with(next).goes.Open(t.Context(), token); !errors.Is(err, doorward.ErrLinkDead) {
		t.Errorf("without the key: %v", err)
	}
	_, token = both.goes.New(u, "")
	if _, err := old.goes.Open(t.Context(), token); !errors.Is(err, doorward.ErrLinkDead) {
		t.Errorf("new links are made with the old key: %v", err)
	}
}

// A link that was opened before its account changed does nothing afterwards,
// even where the caller's copy of the account has been changed since.
func TestLinkStill(t *testing.T) {
	for name, change := range map[string]func(*doorward.Account){
		"signed out": func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() },
		"address":    func(acc *doorward.Account) { acc.Email = "new@example.com" },
	} {
		for _, kind := range []string{"go", "free"} {
			if name == "address" && kind == "free" {
				continue // which is bound to nothing
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				f := newLinker("go")
				app := withFeatures(t, nil, f)
				of := map[string]*doorward.LinkMaker{"go": f.goes, "free": f.free}[kind]
				u := app.NewUser(joe)
				_, token := of.New(u, "")
				l, err := of.Open(t.Context(), token)
				if err != nil {
					t.Fatal(err)
				}
				app.Change(u, change)
				if err := f.spend(t.Context(), of, l); !errors.Is(err, doorward.ErrLinkDead) {
					t.Errorf("used: %v", err)
				}
				app.Change(l.User, func(acc *doorward.Account) { acc.LoginCount = 0 }) // the copy is the stored one now
				if err := of.Still(l, l.User.SecurityAccount()); !errors.Is(err, doorward.ErrLinkDead) {
					t.Errorf("still what it is about: %v", err)
				}
				if _, err := of.Open(t.Context(), token); !errors.Is(err, doorward.ErrLinkDead) {
					t.Errorf("opened again: %v", err)
				}
			})
		}
	}
	if err := newLinkMaker(t).Still(doorward.Link{}, &doorward.Account{}); !errors.Is(err, doorward.ErrLinkDead) {
		t.Errorf("a link of nobody is about nobody: %v", err)
	}
}

func newLinkMaker(t *testing.T) *doorward.LinkMaker {
	f := newLinker("go")
	withFeatures(t, nil, f)
	return f.goes
}

// That a link was used is remembered longer than any of several machines would
// take it, whose clocks are not the same.
func TestLinkClaimOutlivesLink(t *testing.T) {
	f := newLinker("go")
	var until time.Time
	app := withFeatures(t, func(c *doorward.Config) {
		c.Stores.Claims = claims{c.Stores.Claims, func(at time.Time) { until = at }}
	}, f)
	_, token := f.goes.New(app.NewUser(joe), "")
	made := app.Clock.Now()
	app.Clock.Advance(time.Hour)
	l, err := f.goes.Open(t.Context(), token)
	if err == nil {
		err = f.spend(t.Context(), f.goes, l)
	}
	if err != nil || until.Sub(made) <= time.Hour+time.Minute {
		t.Errorf("%v; forgotten after %s", err, until.Sub(made))
	}
}

// claims tells of the times that are claimed for.
type claims struct {
	doorward.ClaimStore
	tell func(time.Time)
}

func (c claims) Claim(ctx context.Context, key string, until time.Time) error {
	c.tell(until)
	return c.ClaimStore.Claim(ctx, key, until)
}

// Whose link it was, nobody can make it say: a link of nobody looks like one.
func TestLinkOfNobody(t *testing.T) {
	f := newLinker("go")
	app := withFeatures(t, nil, f)
	_, somebodys := f.goes.New(app.NewUser(joe), "x")
	_, nobodys := f.goes.New(nil, "x")
	if len(somebodys) != len(nobodys) {
		t.Errorf("%d bytes and %d", len(somebodys), len(nobodys))
	}
	if _, err := f.goes.Open(t.Context(), nobodys); !errors.Is(err, doorward.ErrLinkDead) {
		t.Error(err)
	}
}

// Of a hundred who use one link at once one does, in every store.
func TestLinkUsedOnce(t *testing.T) {
	run := func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		f := newLinker("go")
		app := withFeatures(t, func(c *doorward.Config) {
			if stores != nil {
				c.Stores = stores(t)
			}
		}, f)
		u := app.NewUser(joe)
		for _, of := range []*doorward.LinkMaker{f.goes, f.free} {
			_, token := of.New(u, "")
			app.Secret(token)
			before := app.Account(joe).LoginCount
			kit.Parallel(t, 100, 1, func(int) bool {
				l, err := of.Open(context.Background(), token)
				if err == nil {
					err = f.spend(context.Background(), of, l)
				}
				if err != nil && !errors.Is(err, doorward.ErrLinkDead) {
					t.Error(err)
				}
				return err == nil
			})
			if got := app.Account(joe).LoginCount; got != before+1 {
				t.Errorf("it counted %d times", got-before)
			}
		}
	}
	t.Run("memory", func(t *testing.T) { run(t, nil) })
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			db := testdb.Open(t, kind)
			run(t, func(tb testing.TB) doorward.Stores { return storesOf(tb, db) })
		})
	}
}

func storesOf(tb testing.TB, db *testdb.Database) doorward.Stores {
	tb.Helper()
	dialect := sqlstore.Dialect(db.Kind)
	if _, err := sqlstore.Migrate(tb.Context(), db.DB, dialect, sqlstore.Config{}); err != nil {
		tb.Fatal(err)
	}
	st, err := sqlstore.New[member](db.DB, dialect, sqlstore.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = st.Close() })
	return doorward.StoresFrom(st)
}

// A store that is away is no dead link.
func TestLinkWithoutStore(t *testing.T) {
	f := newLinker("go")
	app := withFeatures(t, func(c *doorward.Config) { c.Stores.Users = userless{c.Stores.Users} }, f)
	_, token := f.goes.New(app.NewUser(joe), "")
	if _, err := f.goes.Open(t.Context(), token); err == nil || errors.Is(err, doorward.ErrLinkDead) || !errors.Is(err, doorward.ErrUnavailable) {
		t.Error(err)
	}
	app.Browser().Get("/go/" + token).Want(http.StatusServiceUnavailable)
}

type userless struct{ doorward.UserStore }

func (userless) FindUser(context.Context, doorward.UserQuery) (doorward.User, error) {
	return nil, doorward.ErrUnavailable
}

// Only pressing the button uses a link, or opening it where the settings say so.
func TestLinkPage(t *testing.T) {
	looks := map[string]struct {
		method  string
		headers []string
	}{
		"open":          {http.MethodGet, nil},
		"open, json":    {http.MethodGet, []string{"Accept", "application/json"}},
		"from webmail":  {http.MethodGet, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}},
		"head":          {http.MethodHead, nil},
		"prefetch":      {http.MethodGet, []string{"Sec-Purpose", "prefetch"}},
		"prerender":     {http.MethodGet, []string{"Sec-Purpose", "prefetch;prerender"}},
		"old prefetch":  {http.MethodGet, []string{"X-Moz", "prefetch"}},
		"preview":       {http.MethodGet, []string{"X-Purpose", "preview"}},
		"picture":       {http.MethodGet, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image"}},
		"frame":         {http.MethodGet, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}},
		"foreign fetch": {http.MethodGet, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty"}},
	}
	uses := map[string]bool{"open": true, "open, json": true, "from webmail": true} // by GET
	for _, mode := range []string{"post", "get", "spa"} {
		for name, look := range looks {
			t.Run(mode+"/"+name, func(t *testing.T) {
				f := newLinker("go")
				app := withFeatures(t, func(c *doorward.Config) {
					if c.URLs.LinkUse = mode; mode == "spa" {
						c.URLs.LinkUse, c.URLs.Behavior = "", "spa"
					}
				}, f)
				link, token := f.goes.New(app.NewUser(joe), "")
				app.Secret(token)
				path := pathOf(t, link)
				b := app.Browser()
				for range 2 {
					b.Do(look.method, path, nil, look.headers...)
				}
				want := 0
				if mode != "post" && uses[name] {
					want = 1
				}
				if got := int(f.used.Load()); got != want {
					t.Errorf("used %d times, want %d", got, want)
				}
				if want == 1 {
					return
				}
				b.Get(path, "Sec-Purpose", "prefetch").Want(200).Contains(`action="`+path+`"`, `name="csrf_token"`)
				b.PostForm(path, nil).GoesTo("/login")
				if f.used.Load() != 1 {
					t.Error("the button does nothing")
				}
			})
		}
	}
}

// The button is pressed on our page, and on no other site's.
func TestLinkPageForgery(t *testing.T) {
	for _, mode := range []string{"post", "get"} {
		t.Run(mode, func(t *testing.T) {
			f := newLinker("go")
			app := withFeatures(t, func(c *doorward.Config) { c.URLs.LinkUse = mode }, f)
			link, token := f.goes.New(app.NewUser(joe), "")
			app.Secret(token)
			path := pathOf(t, link)
			foreign := app.Browser()
			foreign.NoCSRF = true
			foreign.PostForm(path, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").Want(400)
			foreign.PostForm(path, nil, "Origin", "https://evil.example").Want(400)
			if f.used.Load() != 0 {
				t.Fatal("another site pressed the button")
			}
			bare := foreign.PostJSON(path, nil)
			if want := map[string]int{"post": 400, "get": 200}[mode]; bare.Status != want {
				t.Errorf("without a token: %d, want %d", bare.Status, want)
			}
		})
	}
}

// What a page of links says of itself: no referrer takes the token elsewhere, no
// cache keeps it, no log has it (which the kit checks of all secrets).
func TestLinkPageKeepsItsSecret(t *testing.T) {
	f := newLinker("go")
	app := withFeatures(t, nil, f)
	link, token := f.goes.New(app.NewUser(joe), "")
	app.Secret(token)
	b := app.Browser()
	res := b.Get(pathOf(t, link)).Want(200)
	if got := res.Header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy %q", got)
	}
	if got := res.Header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	b.NoCSRF = true
	b.PostForm(pathOf(t, link), nil).Want(400)
	b.Do(http.MethodPut, pathOf(t, link), nil).Want(405)
	if !app.Logs.Contains("/go/{token}") && strings.Contains(app.Logs.String(), token) {
		t.Error("the token is in the log")
	}
}

// How a link ends, by who asks and how links lead on.
func TestLinkEnd(t *testing.T) {
	const views = "/app?a=1&email=x#part"
	who := "email=" + strings.Replace(joe, "@", "%40", 1) + "&identity=" + strings.Replace(joe, "@", "%40", 1)
	gone := "Gone+there%2C+" + strings.Replace(joe, "@", "%40", 1) + "."
	tests := map[string]struct {
		mode, view  string
		json        bool
		get         bool
		dead        bool
		status      int
		to, text    string
		flash       string
		redirectSet func(*doorward.URLConfig)
	}{
		"page":                {status: 302, to: "/login", flash: "Gone there, " + joe + "."},
		"page, view":          {view: "/app?a=1", status: 302, to: "/app?a=1"},
		"page, view by name":  {view: "verify", status: 302, to: "/verify"},
		"page, dead":          {dead: true, status: 302, to: "/login", flash: "Dead."},
		"json":                {json: true, status: 200},
		"json, dead":          {json: true, dead: true, status: 400, text: "Dead."},
		"json, dead, opened":  {json: true, dead: true, get: true, status: 400, text: "Dead."},
		"get":                 {mode: "get", get: true, status: 302, to: "/login", flash: "Gone there, " + joe + "."},
		"get, json":           {mode: "get", get: true, json: true, status: 302, to: "/login"},
		"get, json, dead":     {mode: "get", get: true, json: true, dead: true, status: 302, to: "/login"},
		"get, json, posted":   {mode: "get", json: true, dead: true, status: 400, text: "Dead."},
		"spa":                 {mode: "spa", view: views, get: true, status: 302, to: "/app?a=1&" + who + "&success=" + gone + "#part"},
		"spa, json":           {mode: "spa", view: views, json: true, get: true, status: 302, to: "/app?a=1&" + who + "&success=" + gone + "#part"},
		"spa, dead":           {mode: "spa", view: views, get: true, dead: true, status: 302, to: "/app?a=1&email=x&error=Dead.#part"},
		"spa, without a view": {mode: "spa", get: true, status: 302, to: "/login", flash: "Gone there, " + joe + "."},
		"spa, other host": {mode: "spa", view: "/app", get: true, dead: true, status: 302, to: "//localhost:3000/app?error=Dead.",
			redirectSet: func(u *doorward.URLConfig) { u.RedirectHost = "localhost:3000" }},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			f := newLinker("go")
			f.view = c.view
			app := withFeatures(t, func(cfg *doorward.Config) {
				if c.mode == "get" {
					cfg.URLs.LinkUse = "get"
				}
				if c.mode == "spa" {
					cfg.URLs.Behavior = "spa"
				}
				if c.redirectSet != nil {
					c.redirectSet(&cfg.URLs)
				}
			}, f)
			link, token := f.goes.New(app.NewUser(joe), "")
			app.Secret(token)
			path := pathOf(t, link)
			if c.dead {
				app.Clock.Advance(2 * time.Hour)
			}
			b := app.Browser()
			b.JSON = c.json
			var res *kit.Response
			if c.get {
				// Nothing that a request says decides where it leads.
				res = b.Get(path+"?next=https://evil.example&view=//evil.example&error=x", "Referer", "https://evil.example/", "X-Forwarded-Host", "evil.example")
			} else {
				b.CSRF("/login")
				res = b.Post(path, kit.Fields{"next": "https://evil.example"})
			}
			res.Want(c.status).Contains(c.text).Lacks(token)
			if res.Location() != c.to || strings.Contains(res.Location(), token) {
				t.Errorf("leads to %q, want %q", res.Location(), c.to)
			}
			if c.json && c.text != "" {
				res.Fails("", c.text)
			}
			if c.flash != "" {
				b.JSON = false
				if got := b.Get("/login").Flashes(); len(got) != 1 || got[0] != c.flash {
					t.Errorf("flashes %q, want %q", got, c.flash)
				}
			}
		})
	}
}

// Links lead to where the configuration says, whatever a request claims.
func TestLinkOrigin(t *testing.T) {
	for want, edit := range map[string]func(*doorward.URLConfig){
		"https://localhost/go/":             func(*doorward.URLConfig) {},
		"http://localhost/go/":              func(u *doorward.URLConfig) { u.Scheme = "http" },
		"https://localhost/auth/go/":        func(u *doorward.URLConfig) { u.Prefix = "/auth/" },
		"https://id.example.com/go/":        func(u *doorward.URLConfig) { u.ServerName, u.Subdomain = "example.com", "id" },
		"https://[2001:db8::1]:8443/go/":    func(u *doorward.URLConfig) { u.ServerName = "[2001:db8::1]:8443" },
		"http://localhost:8080/go/":         func(u *doorward.URLConfig) { u.ServerName, u.Origin = "", "http://localhost:8080" },
		"https://localhost/from/config/go/": func(u *doorward.URLConfig) { u.Prefix, u.Origin = "/from/config", "http://localhost:8080" },
	} {
		t.Run(want, func(t *testing.T) {
			f := newLinker("go")
			app := withFeatures(t, func(c *doorward.Config) { edit(&c.URLs) }, f)
			if link, token := f.goes.New(app.NewUser(joe), ""); link != want+token {
				t.Errorf("leads to %s", strings.TrimSuffix(link, token))
			}
		})
	}
}

// FuzzLinkToken: nothing but what was signed here opens, and nothing panics.
func FuzzLinkToken(f *testing.F) {
	feature := newLinker("go")
	app := kit.New(f, func(c *batteries.Config) { c.More = []doorward.Feature{feature} })
	u := app.NewUser(joe)
	_, good := feature.goes.New(u, "extra")
	_, free := feature.free.New(u, "extra")
	_, nobodys := feature.goes.New(nil, "")
	for _, s := range []string{good, free, nobodys, "", ".", "..", "a.b.c", good + ".", "." + good, good + "\n", " " + good, strings.ToUpper(good), "W10.AAABk-PwWgA." + good[len(good)-43:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		l, err := feature.goes.Open(t.Context(), token)
		switch {
		case token == good:
			if err != nil || l.User == nil {
				t.Errorf("the good one: %v", err)
			}
		case !errors.Is(err, doorward.ErrLinkDead) || l.User != nil:
			t.Errorf("%q: %v", token, err)
		}
	})
}
