package username_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/username"
)

const page = "/change-username"

// is checks what is stored for joe.
func is(t *testing.T, want string) func(*kit.App, *kit.Browser) {
	return func(app *kit.App, _ *kit.Browser) {
		if got := app.Account(joe).Username; got != want {
			t.Errorf("the username is %q, want %q", got, want)
		}
	}
}

// post is a step that changes the name and succeeds.
func post(name any) kit.Step {
	return kit.Step{Path: page, Fields: kit.Fields{"username": name}, Location: "/", User: joe,
		Events: []string{"UsernameChanged"}, Mails: []string{joe}, WantJSON: []string{`"user":{}`, `"csrf_token":"`}}
}

// refused is a step that changes nothing.
func refused(name any, key string) kit.Step {
	return kit.Step{Path: page, Fields: kit.Fields{"username": name}, Status: 400, User: joe, Errors: map[string][]string{"username": {key}}}
}

func changeScenarios(t *testing.T) []kit.Scenario {
	after := func(s kit.Step, name string) kit.Step { s.After = is(t, name); return s }
	quiet := func(s kit.Step) kit.Step { s.Events, s.Mails = nil, nil; return s }
	required := func(c *batteries.Config) { both(c); c.Usernames.Required = true }
	other := func(name string) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, b *kit.Browser) {
			signedIn("joey")(app, b)
			app.NewUser("ann@example.com", named(name))
		}
	}
	return []kit.Scenario{
		{Name: "page", Config: both, Given: signedIn("joey"), Steps: []kit.Step{{Path: page, User: joe, WantJSON: []string{`"current_username":"joey"`, `"user":{}`, `"csrf_token":"`}}}},
		{Name: "page of none", Config: both, Given: signedIn(""), Steps: []kit.Step{{Path: page, User: joe, WantJSON: []string{`"current_username":null`}}}},
		{Name: "change", Config: both, Given: signedIn("joey"), Steps: []kit.Step{after(post("Joseph"), "Joseph"), after(post("joey"), "joey")}},
		{Name: "first one", Config: both, Given: signedIn(""), Steps: []kit.Step{after(post("joey"), "joey")}},
		{Name: "normal form", Config: both, Given: signedIn("joey"), Steps: []kit.Step{after(post("ｚｏｅｙ"), "zoey")}},
		{Name: "letters only", Config: both, Given: signedIn("joey"), Steps: []kit.Step{after(post("JOEY"), "JOEY")}},
		{Name: "own name", Config: both, Given: signedIn("joey"), Steps: []kit.Step{after(refused("joey", "USERNAME_ALREADY_ASSOCIATED"), "joey")}},
		{Name: "own name in another form", Config: both, Given: signedIn("joey"), Steps: []kit.Step{refused("ｊｏｅｙ", "USERNAME_ALREADY_ASSOCIATED")}},
		{Name: "taken", Config: both, Given: other("anne"), Steps: []kit.Step{after(refused("anne", "USERNAME_ALREADY_ASSOCIATED"), "joey")}},
		{Name: "taken in other letters", Config: both, Given: other("ANNE"), Steps: []kit.Step{refused("anne", "USERNAME_ALREADY_ASSOCIATED"), refused("AnnE", "USERNAME_ALREADY_ASSOCIATED")}},
		{Name: "cleared", Config: both, Given: signedIn("joey"), Steps: []kit.Step{after(post(""), ""), quiet(post("")), quiet(post(nil))}},
		{Name: "cleared while others have none", Config: both, Given: other(""), Steps: []kit.Step{after(post(""), "")}},
		{Name: "required", Config: required, Given: signedIn("joey"), Steps: []kit.Step{after(refused("", "USERNAME_NOT_PROVIDED"), "joey"), refused("  ", "USERNAME_NOT_PROVIDED"), post("Joseph")}},
		{Name: "rules", Config: both, Given: signedIn("joey"), Steps: []kit.Step{
			refused("joe", "USERNAME_INVALID_LENGTH"), refused(strings.Repeat("a", 33), "USERNAME_INVALID_LENGTH"),
			refused("<b>joey</b>", "USERNAME_ILLEGAL_CHARACTERS"), refused(" joey", "USERNAME_ILLEGAL_CHARACTERS"), refused("  ", "USERNAME_ILLEGAL_CHARACTERS"), refused("joe\ufffdy", "USERNAME_ILLEGAL_CHARACTERS"),
			refused("joe@example.com", "USERNAME_DISALLOWED_CHARACTERS"), refused("joe\u202ey", "USERNAME_DISALLOWED_CHARACTERS"), refused("joe\u200dy", "USERNAME_DISALLOWED_CHARACTERS"),
			after(refused("j\u043eey", "USERNAME_MIXED_SCRIPTS"), "joey"),
			refused("joey\x00", "API_ERROR"),
		}},
		{Name: "not for signing in", Config: func(c *batteries.Config) { both(c); c.Usernames.Enable = false }, Given: other("ANNE"),
			Steps: []kit.Step{refused("anne", "USERNAME_ALREADY_ASSOCIATED"), after(post("Joseph"), "Joseph"), after(post(""), "")}},
		{Name: "no mail", Config: func(c *batteries.Config) { both(c); c.Username.Change.NoEmail = true }, Given: signedIn("joey"),
			Steps: []kit.Step{{Path: page, Fields: kit.Fields{"username": "Joseph"}, User: joe, Events: []string{"UsernameChanged"}}}},
		{Name: "nobody", Config: both, Steps: []kit.Step{{Path: page, Status: 401, Page: 302, Location: "/login?next=/change-username", Events: []string{"Unauthenticated"}}}},
		{Name: "view after signing in", Config: func(c *batteries.Config) { both(c); c.URLs.PostLogin = "/home" }, Given: signedIn("joey"),
			Steps: []kit.Step{{Path: page, Fields: kit.Fields{"username": "Joseph"}, Location: "/home", User: joe, Events: []string{"UsernameChanged"}, Mails: []string{joe}}}},
		{Name: "view", Config: func(c *batteries.Config) { both(c); c.Username.Change.PostChange = "/done" }, Given: signedIn("joey"),
			Steps: []kit.Step{{Path: page + "?next=/evil", Fields: kit.Fields{"username": "Joseph", "next": "/evil"}, Location: "/done", User: joe, Events: []string{"UsernameChanged"}, Mails: []string{joe}}}},
	}
}

func TestChange(t *testing.T) {
	kit.Run(t, changeScenarios(t)...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), changeScenarios(t)...) })
}

// TestChangeStale: who proved himself too long ago is asked to do it again.
func TestChangeStale(t *testing.T) {
	app := kit.New(t, both)
	b := app.Browser()
	b.LoginAs(app.NewUser(joe, named("joey")))
	token := b.CSRF("")
	app.Clock.Advance(25 * 60 * 60 * 1e9)
	b.JSON = true
	b.Get(page).Want(401).Contains("REAUTHENTICATION_REQUIRED")
	b.PostJSON(page, kit.Fields{"username": "Joseph", "csrf_token": token}).Want(401)
	b.JSON = false
	b.Get(page).GoesTo("/verify?next=/change-username")
	is(t, "joey")(app, b)
}

// TestChangeCSRF: another site changes nothing.
func TestChangeCSRF(t *testing.T) {
	app := kit.New(t, both)
	b := app.Browser()
	b.LoginAs(app.NewUser(joe, named("joey")))
	b.NoCSRF = true
	for _, asJSON := range []bool{true, false} {
		b.JSON = asJSON
		if res := b.Post(page, kit.Fields{"username": "Joseph"}); len(res.Errors("csrf_token")) == 0 {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	}
	is(t, "joey")(app, b)
}

// TestChangeJSON: values that are no text.
func TestChangeJSON(t *testing.T) {
	app := kit.New(t, both)
	b := app.Browser()
	b.JSON = true
	b.LoginAs(app.NewUser(joe, named("joey")))
	for _, v := range []any{1, true, []string{"Joseph"}, map[string]string{"a": "b"}} {
		b.Post(page, kit.Fields{"username": v}).Want(400).Fails("username", "API_ERROR")
	}
	is(t, "joey")(app, b)
}

// TestOnlyName: a username that is all an account can be named with stays.
func TestOnlyName(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { both(c); c.Identities = []string{"username"} })
	b := app.Browser()
	b.JSON = true
	b.LoginAs(app.NewUser(joe, named("joey")))
	b.Post(page, kit.Fields{"username": ""}).Want(400).Fails("username", "USERNAME_NOT_PROVIDED")
	is(t, "joey")(app, b)
	b.Post(page, kit.Fields{"username": "Joseph"}).Want(200)
	is(t, "Joseph")(app, b)
	if got := app.Events.Names(); !slices.Contains(got, "UsernameChanged") {
		t.Errorf("events %q", got)
	}
}

// TestChangeEvent: the event has both names, and the mail the new one.
func TestChangeEvent(t *testing.T) {
	app := kit.New(t, both)
	b := app.Browser()
	b.LoginAs(app.NewUser(joe, named("joey")))
	b.PostForm(page, kit.Fields{"username": "Joseph"}).GoesTo("/")
	if got := b.Get(page).Want(200).Flashes(); !slices.Equal(got, []string{"USERNAME_CHANGE"}) {
		t.Errorf("flashes %q", got)
	}
	evs := kit.EventsOf[username.UsernameChanged](app.Events)
	if len(evs) != 1 || evs[0].OldUsername != "joey" || evs[0].User.SecurityAccount().Username != "Joseph" {
		t.Errorf("%+v", evs)
	}
	b.PostForm(page, kit.Fields{"username": ""}).GoesTo("/")
	sent := app.Outbox.Sent()
	if len(sent) != 2 || sent[0].Template != "change_username_notice" || !strings.Contains(sent[0].Text, "Joseph") || !strings.Contains(sent[0].HTML, "Joseph") ||
		!strings.Contains(sent[1].Text, "was removed") {
		t.Errorf("%+v", sent)
	}
	app.CheckMails("https://localhost")
}

// TestChangeParallel: of many who want one name at once one gets it, with or
// without transactions, in whatever letters.
func TestChangeParallel(t *testing.T) {
	stores := map[string]func(testing.TB) doorward.Stores{"memory": nil, "no transactions": nil}
	for _, kind := range testdb.Kinds {
		stores[kind] = sqltest.Stores(kind)
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			app := kit.New(t, func(c *batteries.Config) {
				both(c)
				if open != nil {
					c.Stores = open(t)
				}
				if name == "no transactions" {
					c.Stores.Tx = nil
				}
			})
			const n = 20
			bs := make([]*kit.Browser, n)
			for i := range bs {
				bs[i] = app.Browser()
				bs[i].JSON = true
				bs[i].LoginAs(app.NewUser(fmt.Sprintf("u%d@example.com", i)))
				bs[i].CSRF("")
			}
			kit.Parallel(t, n, 1, func(i int) bool {
				typed := "wanted"
				if i%2 == 1 && name != "no transactions" {
					typed = "WANTED"
				}
				res := bs[i].Post(page, kit.Fields{"username": typed})
				if res.Status != http.StatusOK && (res.Status != 400 || !slices.Equal(res.Errors("username"), []string{"USERNAME_ALREADY_ASSOCIATED"})) {
					t.Errorf("%d %s", res.Status, res.Body)
				}
				return res.Status == http.StatusOK
			})
			if got := len(kit.EventsOf[username.UsernameChanged](app.Events)); got != 1 {
				t.Errorf("%d events", got)
			}
		})
	}
}

// racing is a store in which names are taken, and accounts are deleted, after
// they were looked up.
type racing struct {
	doorward.UserStore
	gone bool
}

func (s *racing) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	if q.Attr == "username" {
		return nil, doorward.ErrNotFound
	}
	return s.UserStore.FindUser(ctx, q)
}

func (s *racing) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	if s.gone {
		return doorward.ErrNotFound
	}
	return s.UserStore.UpdateUser(ctx, u, change)
}

// TestChangeRace: what the store refuses in the end is told like what was known
// before.
func TestChangeRace(t *testing.T) {
	store := &racing{}
	app := kit.New(t, func(c *batteries.Config) {
		both(c)
		store.UserStore = c.Stores.Users
		c.Stores.Users = store
	})
	app.NewUser("ann@example.com", named("anne"))
	b := app.Browser()
	b.JSON = true
	b.LoginAs(app.NewUser(joe, named("joey")))
	b.Post(page, kit.Fields{"username": "anne"}).Want(400).Fails("username", "USERNAME_ALREADY_ASSOCIATED")
	is(t, "joey")(app, b)
	store.gone = true
	b.Post(page, kit.Fields{"username": "Joseph"}).Want(401)
	if n := len(app.Outbox.Sent()); n != 0 || len(kit.EventsOf[username.UsernameChanged](app.Events)) != 0 {
		t.Errorf("%d mails, events %q", n, app.Events.Names())
	}
}

// TestNoticesEnd: the address of an account need not be its user's, and gets no
// notices without end.
func TestNoticesEnd(t *testing.T) {
	app := kit.New(t, both)
	b := app.Browser()
	b.JSON = true
	b.LoginAs(app.NewUser("joe@example.com"))
	for i := range 10 {
		b.Post("/change-username", kit.Fields{"username": fmt.Sprintf("name%d", i)}).Want(200)
	}
	b.Post("/change-username", kit.Fields{"username": "onemore"}).Want(429)
	if n := len(app.Outbox.Sent()); n != 10 {
		t.Errorf("%d mails", n)
	}
	if got := app.Account("joe@example.com").Username; got != "name9" {
		t.Errorf("the name is %q", got)
	}
}
