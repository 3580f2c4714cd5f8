package change_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/change"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/reset"
)

const (
	joe   = "joe@example.com"
	next  = "staple tomorrow seven"
	wrong = "not the password at all"
)

// queued is an outbox that needs no queue before it: what is sent is there.
type queued struct{ *mail.Outbox }

func (queued) Queued() {}

func on(c *batteries.Config) {
	c.Change = &change.Config{}
	c.Mail.Sender = queued{c.Mail.Sender.(*mail.Outbox)}
}

func changing(more ...func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		on(c)
		for _, edit := range more {
			edit(c)
		}
	}
}

func newApp(t *testing.T, more ...func(*batteries.Config)) (*kit.App, doorward.User) {
	t.Helper()
	app := kit.New(t, changing(more...))
	return app, app.NewUser(joe)
}

func form(old, new string) kit.Fields {
	return kit.Fields{"password": old, "new_password": new, "new_password_confirm": new}
}

func signedIn(_ *kit.App, b *kit.Browser) {
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password})
}

func scenarios() []kit.Scenario {
	refused := func(name string, fields kit.Fields, errs map[string][]string, events ...string) kit.Scenario {
		return kit.Scenario{Name: name, Config: on, Given: signedIn, Steps: []kit.Step{
			{Path: "/change", Fields: fields, Status: 400, Errors: errs, Events: events, User: joe, Forbid: []string{next, wrong, kit.Password},
				After: func(app *kit.App, _ *kit.Browser) { signIn(app, kit.Password).Want(200) }},
		}}
	}
	long := strings.Repeat("long ", 40)
	return []kit.Scenario{
		{Name: "changes", Config: on, Given: signedIn, Steps: []kit.Step{
			{Path: "/change", User: joe, WantJSON: []string{`"active_password":true`, `"user":{}`, `"csrf_token":"`}},
			{Path: "/change?next=/elsewhere", Fields: form(kit.Password, next), Location: "/", User: joe,
				Events: []string{"Authenticated", "PasswordChanged"}, Mails: []string{joe},
				WantJSON: []string{`"user":{}`, `"csrf_token":"`}, Forbid: []string{"authentication_token", next, kit.Password}},
			{Path: "/change", Fields: form(kit.Password, next+"!"), Status: 400, User: joe, Events: []string{"AuthnFailed"},
				Errors: map[string][]string{"password": {"INVALID_PASSWORD"}}},
		}},
		{Name: "view", Config: changing(func(c *batteries.Config) { c.Change.PostChange = "/done"; c.URLs.PostLogin = "/home" }), Given: signedIn,
			Steps: []kit.Step{{Path: "/change", Fields: form(kit.Password, next), Location: "/done", User: joe, Events: []string{"Authenticated", "PasswordChanged"}, Mails: []string{joe}}}},
		{Name: "view after signing in, and no mail", Config: changing(func(c *batteries.Config) { c.Change.NoEmail = true; c.URLs.PostLogin = "/home" }), Given: signedIn,
			Steps: []kit.Step{{Path: "/change", Fields: form(kit.Password, next), Location: "/home", User: joe, Events: []string{"Authenticated", "PasswordChanged"}}}},
		{Name: "anonymous", Config: on, Steps: []kit.Step{
			{Path: "/change", Fields: form(kit.Password, next), Status: 401, Page: 302, Location: "/login?next=/change", Events: []string{"Unauthenticated"}}}},
		refused("nothing", kit.Fields{}, map[string][]string{"new_password": {"PASSWORD_NOT_PROVIDED"}, "new_password_confirm": {"PASSWORD_NOT_PROVIDED"}, "password": nil}),
		refused("no old password", form(" ", next), map[string][]string{"password": {"PASSWORD_NOT_PROVIDED"}}),
		refused("another old password", form(wrong, next), map[string][]string{"password": {"INVALID_PASSWORD"}}, "AuthnFailed"),
		refused("another old password, and a bad new one", form(wrong, "x"), map[string][]string{"password": {"INVALID_PASSWORD"}, "new_password": nil}, "AuthnFailed"),
		refused("an old password that is too long", form(strings.Repeat("x", 100_000), next), map[string][]string{"password": {"INVALID_PASSWORD"}}, "AuthnFailed"),
		refused("the same", form(kit.Password, kit.Password), map[string][]string{"password": {"PASSWORD_IS_THE_SAME"}}),
		refused("a confirmation of another", kit.Fields{"password": kit.Password, "new_password": next, "new_password_confirm": next + "!"},
			map[string][]string{"new_password_confirm": {"RETYPE_PASSWORD_MISMATCH"}}),
		refused("short", form(kit.Password, "x"), map[string][]string{"new_password": {"PASSWORD_INVALID_LENGTH"}}),
		refused("long", form(kit.Password, long), map[string][]string{"new_password": {"PASSWORD_INVALID_LENGTH"}}),
		refused("simple", form(kit.Password, "password1"), map[string][]string{"new_password": {"PASSWORD_TOO_SIMPLE"}}),
	}
}

func signIn(app *kit.App, plain string) *kit.Response {
	return api(app).Post("/login", kit.Fields{"email": joe, "password": plain})
}

// api is a client that speaks JSON.
func api(app *kit.App) *kit.Browser {
	b := app.Browser()
	b.JSON = true
	return b
}

func TestChange(t *testing.T) { kit.Run(t, scenarios()...) }

func TestChangeOnSQL(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), scenarios()...) }

// Passwords that one normal form makes equal are the same, however they were
// typed then and now.
func TestSame(t *testing.T) {
	const composed, decomposed, wide = "caf\u00e9 au lait at noon", "cafe\u0301 au lait at noon", "\uff43af\u00e9 au lait at noon"
	for _, c := range []struct{ old, new, want string }{
		{composed, decomposed, "PASSWORD_IS_THE_SAME"}, {decomposed, composed, "PASSWORD_IS_THE_SAME"},
		{composed, wide, "PASSWORD_IS_THE_SAME"}, {composed, "cafe au lait at noon", ""}, {composed, strings.ToUpper(composed), ""},
	} {
		app, u := newApp(t)
		if err := app.Batteries.Change.Set(t.Context(), u, composed, false); err != nil {
			t.Fatal(err)
		}
		b := api(app)
		b.LoginAs(u)
		res := b.Post("/change", form(c.old, c.new))
		if c.want != "" {
			res.Want(400).Fails("password", c.want)
		} else {
			res.Want(200)
		}
	}
}

// Values of the wrong type are said so, and compared with nothing.
func TestTypes(t *testing.T) {
	app, u := newApp(t)
	b := api(app)
	b.LoginAs(u)
	before := app.Hashes()
	b.Post("/change", kit.Fields{"password": 1, "new_password": []any{1}, "new_password_confirm": map[string]any{}}).
		Want(400).Fails("password", "API_ERROR").Fails("new_password", "API_ERROR").Fails("new_password_confirm", "API_ERROR")
	b.Post("/change", kit.Fields{"password": true, "new_password": next, "new_password_confirm": next}).Want(400).Fails("password", "API_ERROR")
	if n := app.Hashes() - before; n != 0 {
		t.Errorf("%d hashes", n)
	}
}

// A stolen session is no place to guess the password.
func TestGuessing(t *testing.T) {
	app, u := newApp(t)
	b := api(app)
	b.LoginAs(u)
	for range 5 {
		b.Post("/change", form(wrong, next)).Want(400).Fails("password", "INVALID_PASSWORD")
	}
	before := app.Hashes()
	res := b.Post("/change", form(kit.Password, next)).Want(http.StatusTooManyRequests).Contains("TOO_MANY_TRIES")
	if res.Header.Get("Retry-After") == "" || app.Hashes() != before {
		t.Errorf("Retry-After %q, %d hashes", res.Header.Get("Retry-After"), app.Hashes()-before)
	}
	app.Clock.Advance(time.Minute)
	b.Post("/change", form(kit.Password, next)).Want(200)
	if got := kit.EventsOf[doorward.AuthnFailed](app.Events); len(got) != 5 {
		t.Errorf("%d times a wrong password", len(got))
	}
}

// The policy knows the user.
func TestOwnData(t *testing.T) {
	app, u := newApp(t)
	app.Change(u, func(acc *doorward.Account) { acc.Username, acc.USPhoneNumber = "balthazar77", "+4915112345678" })
	b := api(app)
	b.LoginAs(u)
	for _, plain := range []string{"balthazar77", "Balthazar77", "+4915112345678"} {
		b.Post("/change", form(kit.Password, plain)).Want(400).Fails("new_password", "PASSWORD_TOO_SIMPLE")
	}
}

// Without a password there is none to ask for: the sign-in must be a recent one.
func TestWithoutPassword(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		app := kit.New(t, changing())
		u := app.NewUser(joe, func(acc *doorward.Account) { acc.PasswordHash = "" })
		b := app.Browser()
		b.JSON = asJSON
		b.LoginAs(u)
		if res := b.Get("/change").Want(200).Lacks(`name="password"`); asJSON && res.JSONAt("response.active_password") != false {
			t.Error(res.Body)
		}
		app.Clock.Advance(25 * time.Hour)
		posts := []kit.Fields{form("", next), {}, {"password": wrong}}
		if asJSON {
			b.Get("/change").Want(401).Contains("reauth_required", "REAUTHENTICATION_REQUIRED")
			for _, f := range posts {
				b.Post("/change", f).Want(401).Contains("reauth_required")
			}
		} else {
			b.Get("/change").GoesTo("/verify?next=/change")
			for _, f := range posts {
				b.Post("/change", f).GoesTo("/verify?next=/change")
			}
		}
		if app.Account(joe).PasswordHash != "" {
			t.Fatal("a password was set by an old sign-in")
		}
		b = api(app)
		b.LoginAs(u)
		b.Post("/change", form("", next)).Want(200)
		signIn(app, next).Want(200)
		b.Post("/change", form("", next+"!")).Want(400).Fails("password", "PASSWORD_NOT_PROVIDED")
	}
}

// A stored hash that cannot be used is a wrong password, and news for operators.
func TestUnusableHash(t *testing.T) {
	app, u := newApp(t)
	app.Change(u, func(acc *doorward.Account) { acc.PasswordHash = "$unknown$1$2" })
	b := api(app)
	b.LoginAs(u)
	b.Post("/change", form(kit.Password, next)).Want(400).Fails("password", "INVALID_PASSWORD")
	if !app.Logs.Contains("stored password hash cannot be used") {
		t.Error("operators are not told")
	}
}

func TestNotice(t *testing.T) {
	for _, withReset := range []bool{true, false} {
		app, u := newApp(t, func(c *batteries.Config) {
			if withReset {
				c.Reset = &reset.Config{}
			}
		})
		b := app.Browser()
		b.LoginAs(u)
		b.PostForm("/change", form(kit.Password, next), "Host", "evil.example").GoesTo("/")
		sent := app.Outbox.Sent()
		if len(sent) != 1 || sent[0].To != joe || sent[0].Template != "change_notice" {
			t.Fatalf("%+v", sent)
		}
		app.CheckMails("https://localhost")
		for _, part := range []string{sent[0].Text, sent[0].HTML} {
			if strings.Contains(part, "https://localhost/reset") != withReset {
				t.Errorf("with a page to reset it: %v\n%s", withReset, part)
			}
		}
	}
}

func TestFlash(t *testing.T) {
	app, u := newApp(t)
	b := app.Browser()
	b.LoginAs(u)
	b.Post("/change", form(kit.Password, next)).GoesTo("/")
	if got := b.Get("/change").Flashes(); !slices.Equal(got, []string{"PASSWORD_CHANGE"}) {
		t.Errorf("flashes %q", got)
	}
}

// TestSet is what operators do.
func TestSet(t *testing.T) {
	app, u := newApp(t)
	app.Change(u, func(acc *doorward.Account) { acc.TokenUniquifier = doorward.NewUniquifier() })
	b, token := app.Browser(), app.AuthToken(u)
	b.LoginAs(u)
	app.Events.Reset()
	if err := app.Batteries.Change.Set(t.Context(), u, next, true); err != nil {
		t.Fatal(err)
	}
	if got := app.Events.Take(); !slices.Equal(got, []string{"PasswordChanged"}) {
		t.Errorf("events %q", got)
	}
	if sent := app.Outbox.Sent(); len(sent) != 1 || sent[0].To != joe {
		t.Errorf("mails %+v", sent)
	}
	app.Browser().Get("/doorwardtest/user", "Authentication-Token", token, "Accept", "application/json").Want(401)
	if b.WhoAmI() != "" {
		t.Error("a session goes on")
	}
	signIn(app, kit.Password).Want(400)
	signIn(app, next).Want(200)
	if err := app.Batteries.Change.Set(t.Context(), u, "", false); !errors.Is(err, password.ErrEmpty) {
		t.Errorf("an empty password: %v", err)
	}
	if err := app.Batteries.Change.Set(t.Context(), u, wrong, false); err != nil || len(app.Outbox.Sent()) != 1 {
		t.Errorf("%v, %d mails", err, len(app.Outbox.Sent()))
	}
	app.Delete(u)
	if err := app.Batteries.Change.Set(t.Context(), u, next, true); !errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("a user who is gone: %v", err)
	}
}

func TestNeeds(t *testing.T) {
	cfg := batteries.Config{Change: &change.Config{}}
	app := kit.New(t, nil)
	cfg.Stores, cfg.SecretKey, cfg.Mail.Sender = app.Stores, []byte(kit.SecretKey), app.Outbox
	if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), "doorward/change: links in mails") {
		t.Errorf("without a host to lead to: %v", err)
	}
	dc := doorward.Config{Stores: app.Stores, SecretKey: []byte(kit.SecretKey)}
	_, err := doorward.New(dc, change.New(change.Config{}))
	if err == nil || !strings.Contains(err.Error(), "no password hasher") || !strings.Contains(err.Error(), "no password policy") {
		t.Errorf("with nothing: %v", err)
	}
}

// TestNoticesEnd: the address of an account need not be its user's, and gets no
// notices without end. Nothing is hashed for who is over the limit.
func TestNoticesEnd(t *testing.T) {
	app, u := newApp(t)
	b := app.Browser()
	b.JSON = true
	b.LoginAs(u)
	old := kit.Password
	for i := range 10 {
		now := fmt.Sprintf("horse number %d of many", i)
		b.Post("/change", form(old, now)).Want(200)
		old = now
	}
	app.Outbox.Reset()
	res := b.Post("/change", form(old, "one horse too many")).Want(429)
	if res.Header.Get("Retry-After") == "" || len(app.Outbox.Sent()) > 0 {
		t.Errorf("%v, %d mails", res.Header, len(app.Outbox.Sent()))
	}
	signIn(app, old).Want(200)
	app.Clock.Advance(10 * time.Minute)
	b.Post("/change", form(old, "one horse too many")).Want(200)
}

func TestRoutes(t *testing.T) { kit.RouteMatrix(t, kit.New(t, changing())) }

func TestTypeFuzz(t *testing.T) { kit.TypeFuzz(t, kit.New(t, changing())) }
