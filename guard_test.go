package doorward_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
)

var answer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, err := doorward.IdentityFrom(r.Context())
	if err != nil {
		_, _ = fmt.Fprintf(w, "nobody")
		return
	}
	_, _ = fmt.Fprintf(w, "%s by %s", id.User.SecurityAccount().Email, id.Mechanism)
})

func TestMechanisms(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	token := app.AuthToken(u)
	session := app.Browser()
	session.LoginAs(u)
	have := map[string][]string{
		"session": nil,
		"token":   {"Authentication-Token", token},
		"basic":   {"Authorization", basic(joe, kit.Password)},
	}
	for i, via := range [][]string{nil, {"session"}, {"token"}, {"basic"}, {"session", "basic"}, {"basic", "token", "session"}} {
		path := fmt.Sprintf("/app/%d", i)
		app.Mux.Handle(path, app.Require(doorward.Auth{Via: via})(answer))
		for mechanism, headers := range have {
			b := app.Browser()
			if mechanism == "session" {
				b = session.Clone()
			}
			b.JSON = true
			res := b.Get(path, headers...)
			allowed := strings.Contains(strings.Join(via, " "), mechanism) || via == nil && mechanism != "basic"
			if want := map[bool]int{true: 200, false: 401}[allowed]; res.Status != want || allowed && res.Body != joe+" by "+mechanism {
				t.Errorf("via %q, %s: %d %s", via, mechanism, res.Status, res.Body)
			}
		}
	}
	// Tokens go before sessions, sessions before basic.
	b := session.Clone()
	b.Get("/app/0", "Authentication-Token", token).Contains("by token")
	b.Get("/app/4", "Authorization", basic(joe, kit.Password)).Contains("by session")
	b.Get("/app/1", "Authentication-Token", token).Contains("by session")
}

func TestMixedCredentials(t *testing.T) {
	app := kit.New(t, nil)
	u, v := app.NewUser(joe), app.NewUser(jane)
	app.Mux.Handle("/any", app.Require(doorward.Auth{Via: []string{"session", "token", "basic"}})(answer))
	app.Mux.Handle("/session", app.Require(doorward.Auth{Via: []string{"session"}})(answer))
	app.Mux.Handle("/token", app.Require(doorward.Auth{Via: []string{"token"}})(answer))
	token := app.AuthToken(v)
	b := app.Browser()
	b.LoginAs(u)
	b.JSON = true
	for _, path := range []string{"/any", "/session", "/token", "/verify"} {
		b.Get(path, "Authentication-Token", token).Want(400).Contains("MIXED_CREDENTIALS")
	}
	b.Get("/any", "Authorization", basic(jane, kit.Password)).Want(400)
	// A credential that proves nothing counts as none.
	b.Get("/any", "Authentication-Token", "spoilt").Want(200).Contains(joe)
	b.Get("/any", "Authorization", basic(jane, "wrong password")).Want(200).Contains(joe)
	b.Get("/token", "Authentication-Token", "spoilt").Want(401)
	b.Get("/session", "Authorization", basic(jane, kit.Password)).Want(200).Contains(joe)
	app.Change(v, func(a *doorward.Account) { a.Active = false })
	b.Get("/any", "Authentication-Token", token).Want(200).Contains(joe)
}

func TestUnauthenticated(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Realm = `the "real" one` })
	app.Mux.Handle("/page", app.RequireUser()(answer))
	app.Mux.Handle("/basic", app.Require(doorward.Auth{Via: []string{"basic"}})(answer))
	app.Mux.Handle("/realm", app.Require(doorward.Auth{Via: []string{"basic", "session"}, Realm: "other"})(answer))
	b := app.Browser()
	b.Get("/page?x=1&y=/2;%20%C3%A9").GoesTo("/login?next=/page?x%3D1%26y%3D/2;%2520%25C3%25A9")
	if got := b.Get("/login").Flashes(); len(got) != 1 || got[0] != "UNAUTHENTICATED" {
		t.Errorf("flashes %q", got)
	}
	if got := b.Get("/login").Flashes(); got != nil {
		t.Errorf("shown twice: %q", got)
	}
	res := b.Get("/basic").Want(401).Contains("UNAUTHENTICATED")
	if got := res.Header.Get("WWW-Authenticate"); got != `Basic realm="the \"real\" one", charset="UTF-8"` {
		t.Errorf("challenge %q", got)
	}
	b.JSON = true
	if got := b.Get("/realm").Want(401).Header.Get("WWW-Authenticate"); !strings.Contains(got, `realm="other"`) {
		t.Errorf("challenge %q", got)
	}
	if got := b.Get("/page").Want(401).Header.Get("WWW-Authenticate"); got != "" {
		t.Errorf("challenge %q where basic is not allowed", got)
	}
	if got := kit.EventsOf[doorward.Unauthenticated](app.Events); len(got) != 4 || got[0].Path != "/page" || got[0].Method != "GET" {
		t.Errorf("events %+v", got)
	}
}

func TestFreshness(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Token.MaxAge = some(100 * time.Hour)
		c.Fresh.Within, c.Fresh.Grace = some(time.Hour), some(10*time.Minute)
	})
	u := app.NewUser(joe)
	app.Mux.Handle("/fresh", app.Require(doorward.Auth{Via: []string{"session", "token", "basic"}, Fresh: true})(answer))
	app.Mux.Handle("/five", app.Require(doorward.Auth{Within: 5 * time.Minute, Grace: time.Minute})(answer))
	token := app.AuthToken(u)
	b := app.Browser()
	b.LoginAs(u)
	b.Get("/fresh").Want(200)
	app.Clock.Advance(59 * time.Minute)
	b.Clone().Get("/five").Want(302) // a guard with a limit of its own
	b.Get("/fresh").Want(200)
	for range 8 { // the grace slides with every check
		app.Clock.Advance(9 * time.Minute)
		b.Get("/fresh").Want(200)
	}
	app.Clock.Advance(11 * time.Minute)
	b.Get("/fresh").GoesTo("/verify?next=/fresh")
	if got := b.Get("/verify").Flashes(); len(got) != 1 || got[0] != "REAUTHENTICATION_REQUIRED" {
		t.Errorf("flashes %q", got)
	}
	b.PostForm("/verify?next=/fresh", kit.Fields{"password": kit.Password}).GoesTo("/fresh")
	b.Get("/fresh").Want(200)

	other := app.Browser()
	other.JSON = true
	other.Get("/fresh", "Authentication-Token", token).Want(401) // hours old; no grace for tokens
	other.Get("/fresh", "Authorization", basic(joe, kit.Password)).Want(200)
	res := other.PostJSON("/verify", kit.Fields{"password": kit.Password}, "Authentication-Token", token)
	if res.Status == 400 { // the kit's own session cookie came along
		bare := app.Browser()
		bare.JSON, bare.NoCSRF = true, true
		res = bare.PostJSON("/verify", kit.Fields{"password": kit.Password}, "Authentication-Token", token)
		if len(bare.Cookies()) > 1 {
			t.Errorf("a caller with a token got cookies %q", bare.Cookies())
		}
	}
	fresh, _ := res.Want(200).JSONAt("response.user.authentication_token").(string)
	app.Browser().Get("/fresh", "Authentication-Token", fresh).Want(200)
}

func TestFreshnessSettings(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Fresh.DenyToken = true })
	u := app.NewUser(joe)
	app.Browser().Get("/doorwardtest/fresh", "Accept", "application/json", "Authentication-Token", app.AuthToken(u)).Want(401)

	app = kit.New(t, func(c *batteries.Config) { c.Fresh.Within = some(-time.Second) })
	u = app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	app.Clock.Advance(48 * time.Hour)
	b.Get("/doorwardtest/fresh").Want(200)
	b.Get("/verify").Want(404) // nobody is ever asked, so there is no page

	app = kit.New(t, func(c *batteries.Config) { c.Fresh.Grace = conf.Some(time.Duration(0)) })
	u = app.NewUser(joe)
	b = app.Browser()
	b.LoginAs(u)
	b.Get("/doorwardtest/fresh").Want(200)
	app.Clock.Advance(24*time.Hour + time.Second)
	b.Get("/doorwardtest/fresh").Want(302)
}

func TestRolesAndPermissions(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	app.GiveRole(u, "editor", "read", "write")
	app.GiveRole(u, "author", "publish")
	guards := map[string]struct {
		guard func(http.Handler) http.Handler
		ok    bool
	}{
		"one":             {app.RequireRoles("editor"), true},
		"all":             {app.RequireRoles("editor", "author"), true},
		"not all":         {app.RequireRoles("editor", "admin"), false},
		"other case":      {app.RequireRoles("Editor"), false},
		"any":             {app.AcceptRoles("admin", "author"), true},
		"none of":         {app.AcceptRoles("admin"), false},
		"any of nothing":  {app.AcceptRoles(), false},
		"permissions":     {app.RequirePermissions("read", "publish"), true},
		"not permitted":   {app.RequirePermissions("read", "delete"), false},
		"any permission":  {app.AcceptPermissions("delete", "publish"), true},
		"no permission":   {app.AcceptPermissions("delete"), false},
		"role as a right": {app.AcceptPermissions("editor"), false},
	}
	in := app.Browser()
	in.LoginAs(u)
	for name, c := range guards {
		path := "/role/" + strings.ReplaceAll(name, " ", "-")
		app.Mux.Handle(path, c.guard(answer))
		in.Get(path).Want(map[bool]int{true: 200, false: 403}[c.ok])
		app.Browser().Get(path).Want(403) // alone it never asks to sign in
	}
	app.Mux.Handle("/both", app.RequireUser()(app.RequireRoles("editor")(answer)))
	app.Browser().Get("/both").Want(302)
	app.Events.Reset()
	in.JSON = true
	if got := in.Get("/role/none-of").Body; got != `{"meta":{"code":403},"response":{"errors":["UNAUTHORIZED"]}}`+"\n" {
		t.Errorf("%s", got)
	}
	if got := kit.EventsOf[doorward.Unauthorized](app.Events); len(got) != 1 || got[0].User == nil || got[0].Path != "/role/none-of" {
		t.Errorf("events %+v", got)
	}
	// A role that is taken away is gone with the next request.
	if _, err := app.Stores.Roles.RemoveRole(t.Context(), u, "editor"); err != nil {
		t.Fatal(err)
	}
	in.Get("/both").Want(403)
}

func TestUnauthorizedView(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.URLs.Unauthorized = "/sorry" })
	app.Mux.Handle("/admin", app.RequireRoles("admin")(answer))
	b := app.Browser()
	b.Get("/admin").GoesTo("/sorry")
	if got := b.Get("/login").Flashes(); len(got) != 1 || got[0] != "UNAUTHORIZED" {
		t.Errorf("flashes %q", got)
	}
	b.JSON = true
	b.Get("/admin").Want(403)
}

func TestRequireAnonymous(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.URLs.PostLogin = "/home" })
	u := app.NewUser(joe)
	app.Mux.Handle("/join", app.RequireAnonymous()(answer))
	b := app.Browser()
	b.Get("/join").Want(200)
	b.LoginAs(u)
	b.Get("/join?next=/join").GoesTo("/home")
	if got := b.Get("/verify").Flashes(); got != nil {
		t.Errorf("flashes %q: it is no news that one is signed in", got)
	}
	b.JSON = true
	b.Get("/join").Want(400).Contains("ANONYMOUS_USER_REQUIRED")
}

func TestOwnRefusals(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Unauthenticated = func(w http.ResponseWriter, _ *http.Request, via []string) {
			http.Error(w, "who? by "+strings.Join(via, "+"), http.StatusTeapot)
		}
		c.NotFresh = func(w http.ResponseWriter, _ *http.Request, a doorward.Auth) {
			http.Error(w, fmt.Sprint("again ", a.Fresh), http.StatusTeapot)
		}
		c.Unauthorized = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) }
	})
	u := app.NewUser(joe)
	app.Mux.Handle("/admin", app.RequireRoles("admin")(answer))
	b := app.Browser()
	b.Get("/doorwardtest/user").Want(418).Contains("who? by session+token")
	b.Get("/verify").Want(418).Contains("who? by session+token")
	b.Get("/admin").Want(418)
	b.LoginAs(u)
	app.Clock.Advance(25 * time.Hour)
	b.Get("/doorwardtest/fresh").Want(418).Contains("again true")
}

// brokenStore fails whatever a test says fails.
type brokenStore struct {
	doorward.UserStore
	doorward.SessionStore
	load, session error
}

func (s *brokenStore) LoadUser(ctx context.Context, q doorward.UserQuery) (doorward.User, []doorward.Role, error) {
	if s.load != nil {
		return nil, nil, s.load
	}
	return s.UserStore.LoadUser(ctx, q)
}

func (s *brokenStore) LoadSession(ctx context.Context, id string) (doorward.Session, doorward.User, []doorward.Role, error) {
	if s.session != nil {
		return doorward.Session{}, nil, nil, s.session
	}
	return s.SessionStore.LoadSession(ctx, id)
}

// Where the store fails nobody is anonymous: the answer is 503, and the cookie stays.
func TestStoreFailure(t *testing.T) {
	var st brokenStore
	app := kit.New(t, func(c *batteries.Config) {
		st.UserStore, st.SessionStore = c.Stores.Users, c.Stores.Sessions
		c.Stores.Users, c.Stores.Sessions = &st, &st
	})
	u := app.NewUser(joe)
	token := app.AuthToken(u)
	b := app.Browser()
	b.LoginAs(u)
	app.Mux.Handle("/join", app.RequireAnonymous()(answer))
	app.Mux.Handle("/role", app.RequireRoles("x")(answer))
	down := errors.New("the database is away")
	st.load, st.session = down, down
	for _, path := range []string{"/doorwardtest/user", "/doorwardtest/fresh", "/join", "/role", "/verify", "/login"} {
		for _, asJSON := range []bool{true, false} {
			c := b.Clone()
			c.JSON = asJSON
			res := c.Get(path).Want(503).Lacks("away")
			if res.Header.Get("Retry-After") == "" || len(res.Cookies) > 0 {
				t.Errorf("%s: Retry-After %q, cookies %v", path, res.Header.Get("Retry-After"), res.Cookies)
			}
		}
	}
	app.Browser().Get("/doorwardtest/user", "Accept", "application/json", "Authentication-Token", token).Want(503)
	if !app.Logs.Contains("ERROR", "the database is away") {
		t.Error("not logged")
	}
	st.load, st.session = nil, nil
	if b.WhoAmI() != joe {
		t.Error("the session did not outlive the failure")
	}
}
