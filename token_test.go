package doorward_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
)

const whoPath = "/doorwardtest/user"

// byToken returns whom a token identifies, "" for nobody.
func byToken(app *kit.App, token string) string {
	res := app.Browser().Get(whoPath, "Accept", "application/json", "Authentication-Token", token)
	who, _ := res.JSONAt("email").(string)
	return who
}

func TestTokenIsGiven(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	for target, want := range map[string]bool{"/login": false, "/login?include_auth_token": true, "/login?include_auth_token=1": true} {
		b := app.Browser()
		b.JSON = true
		res := b.PostJSON(target, credentials(joe)).Want(200)
		if got := res.JSONAt("response.user.authentication_token") != nil; got != want {
			t.Errorf("%s: a token is given: %t", target, got)
		}
		// A GET's answer may be read across sites, and never has one.
		b.Get("/login?include_auth_token").Want(200).Lacks("authentication_token")
		b.Get("/verify?include_auth_token").Want(200).Lacks("authentication_token")
		b.PostJSON("/verify?include_auth_token", kit.Fields{"password": "wrong password"}).Want(400).Lacks("authentication_token")
	}
	app = kit.New(t, func(c *batteries.Config) { c.Token.Always = true })
	app.NewUser(joe)
	app.Browser().PostJSON("/login", credentials(joe)).Want(200).Contains("authentication_token")
	// A browser's redirect never carries one.
	res := app.Browser().PostForm("/login?include_auth_token", credentials(joe))
	if strings.Contains(res.Location(), "token") {
		t.Errorf("leads to %s", res.Location())
	}
}

// A feature may sign in at a GET, by a link: that answer has no token either.
func TestNoTokenByGet(t *testing.T) {
	link := &bare{name: "link"}
	link.init = func(rt *doorward.Runtime) error {
		enter := func(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			u, err := rt.Accounts().Find(r.Context(), joe)
			if err != nil {
				return doorward.Result{}, err
			}
			return rt.SignIn().Login(w, r, doorward.Attempt{User: u, Via: []string{"link"}})
		}
		return rt.Handle(doorward.Route{Name: "link", Path: "/link", Get: enter, Post: enter})
	}
	app := withFeatures(t, func(c *doorward.Config) { c.Token.Always = true }, link)
	app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	b.Get("/link?include_auth_token").Want(200).Contains(`"user":{}`)
	app.Browser().PostJSON("/link", nil).Want(200).Contains("authentication_token")
}

func TestTokenLife(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*batteries.Config)
		after time.Duration
		want  string
	}{
		"new":        {nil, 0, joe},
		"almost old": {nil, 15*time.Minute - time.Second, joe},
		"old":        {nil, 15*time.Minute + time.Second, ""},
		"longer":     {func(c *batteries.Config) { c.Token.MaxAge = some(time.Hour) }, 59 * time.Minute, joe},
		"none":       {func(c *batteries.Config) { c.Token.MaxAge = conf.Some(time.Duration(0)) }, 2 * time.Second, ""},
		"its own end": {func(c *batteries.Config) {
			c.Token.Expire = func(doorward.User) time.Time { return epoch.Add(time.Minute) }
		}, 2 * time.Minute, ""},
		"no own end": {func(c *batteries.Config) { c.Token.Expire = func(doorward.User) time.Time { return time.Time{} } }, 2 * time.Minute, joe},
		"never longer": {func(c *batteries.Config) {
			c.Token.Expire = func(doorward.User) time.Time { return epoch.Add(time.Hour) }
		}, 16 * time.Minute, ""},
		"from ahead": {nil, -2 * time.Hour, ""},
	} {
		app := kit.New(t, c.edit)
		app.Clock.Advance(epoch.Sub(app.Clock.Now()))
		token := app.AuthToken(app.NewUser(joe))
		app.Clock.Advance(c.after)
		if got := byToken(app, token); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

var epoch = time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTokenEnds(t *testing.T) {
	for name, end := range map[string]func(*kit.App, doorward.User){
		"switched off": func(app *kit.App, u doorward.User) { app.Change(u, func(a *doorward.Account) { a.Active = false }) },
		"deleted":      func(app *kit.App, u doorward.User) { app.Delete(u) },
		"rotated":      func(app *kit.App, u doorward.User) { _ = app.Accounts().SignOutEverywhere(t.Context(), u, nil) },
		"access reset": func(app *kit.App, u doorward.User) { _ = app.Accounts().ResetAccess(t.Context(), u) },
		"made again":   func(app *kit.App, u doorward.User) { app.Delete(u); app.NewUser(joe) },
	} {
		app := kit.New(t, nil)
		u := app.NewUser(joe)
		token := app.AuthToken(u)
		end(app, u)
		if got := byToken(app, token); got != "" {
			t.Errorf("%s: the token is still %s's", name, got)
		}
	}
	// A column of its own lets tokens outlive a rotation, but not signing out
	// everywhere, nor a reset.
	app := kit.New(t, nil)
	u := app.NewUser(joe, func(a *doorward.Account) { a.TokenUniquifier = doorward.NewUniquifier() })
	token := app.AuthToken(u)
	app.Change(u, func(a *doorward.Account) { a.Uniquifier = doorward.NewUniquifier() })
	if byToken(app, token) != joe {
		t.Error("a rotation ended the token")
	}
	for name, end := range map[string]func() error{
		"signing out everywhere": func() error { return app.Accounts().SignOutEverywhere(t.Context(), u, nil) },
		"a reset":                func() error { return app.Accounts().ResetAccess(t.Context(), u) },
	} {
		token := app.AuthToken(u)
		if err := end(); err != nil || byToken(app, token) != "" {
			t.Errorf("%s did not end the token: %v", name, err)
		}
	}
}

func TestTokenPlaces(t *testing.T) {
	for _, query := range []bool{false, true} {
		app := kit.New(t, func(c *batteries.Config) {
			c.Token.InQuery, c.Token.Key, c.Token.Header = conf.Some(query), "tok", "X-Tok"
		})
		u := app.NewUser(joe)
		token := app.AuthToken(u)
		b := app.Browser()
		b.JSON, b.NoCSRF = true, true
		status := map[bool]int{true: 200, false: 401}
		b.Get("/verify", "X-Tok", token).Want(200)
		b.Get("/verify", "Authentication-Token", token).Want(401)
		b.Get("/verify?tok=" + token).Want(status[query])
		b = app.Browser()
		b.JSON, b.NoCSRF = true, true
		b.PostJSON("/verify", kit.Fields{"tok": token, "password": kit.Password}).Want(200)
		// The first place decides: body, query, header.
		b = app.Browser()
		b.JSON, b.NoCSRF = true, true
		b.PostJSON("/verify", kit.Fields{"tok": "spoilt", "password": kit.Password}, "X-Tok", token).Want(401)
		b.PostJSON("/verify", kit.Fields{"tok": []string{token}, "password": kit.Password}).Want(401)
		b.PostForm("/verify", kit.Fields{"tok": token, "password": kit.Password}).Want(401) // no form field
		for _, empty := range []string{"", " ", "null", "undefined"} {
			b.Get("/verify", "X-Tok", empty).Want(401)
		}
	}
}

// A token has no session: none is begun, and no cookie is given.
func TestTokenHasNoSession(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	token := app.AuthToken(u)
	before, _ := app.Accounts().Sessions(t.Context(), u)
	res := app.Browser().Get(whoPath, "Authentication-Token", token).Want(200)
	if after, _ := app.Accounts().Sessions(t.Context(), u); len(after) != len(before) || len(res.Cookies) != 0 {
		t.Errorf("%d sessions, cookies %v", len(after), res.Cookies)
	}
	if len(kit.EventsOf[doorward.TokenAccepted](app.Events)) != 1 {
		t.Errorf("events %q", app.Events.Names())
	}
}

// A verified token's answer is a fresher token, and refreshing does not make
// the old time of proof newer.
func TestTokenFreshness(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Token.MaxAge, c.Fresh.Within = some(24*time.Hour), some(time.Hour)
	})
	u := app.NewUser(joe)
	token := app.AuthToken(u)
	fresh := func(token string) int {
		return app.Browser().Get("/doorwardtest/fresh", "Accept", "application/json", "Authentication-Token", token).Status
	}
	if fresh(token) != 200 {
		t.Error("stale at once")
	}
	app.Clock.Advance(61 * time.Minute)
	if fresh(token) != 401 {
		t.Error("fresh for ever")
	}
	b := app.Browser()
	b.JSON, b.NoCSRF = true, true
	res := b.PostJSON("/verify", kit.Fields{"password": kit.Password}, "Authentication-Token", token).Want(200)
	renewed, _ := res.JSONAt("response.user.authentication_token").(string)
	if fresh(renewed) != 200 || fresh(token) != 401 {
		t.Error("the new token, or the old")
	}
}

func TestMalformedTokens(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	token := app.AuthToken(u)
	payload, sig, _ := strings.Cut(token, ".")
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"ver":"5","uid":"` + u.SecurityAccount().Uniquifier + `"}`))
	for _, bad := range []string{
		token[:len(token)-1], token + "A", token + ".", "." + token, token + "=", token + "\n", " " + token,
		payload, payload + ".", "." + sig, forged + "." + sig, strings.ToUpper(token), strings.ToLower(token),
		strings.Repeat("A", 5000), token + strings.Repeat("A", 5000), "Bearer " + token, u.SecurityAccount().Uniquifier,
	} {
		r := app.Browser()
		r.Header = http.Header{"Authentication-Token": {bad}}
		if res := r.Get(whoPath, "Accept", "application/json"); res.Status != 401 {
			t.Errorf("%.80q: %d", bad, res.Status)
		}
	}
}

func FuzzAuthToken(f *testing.F) {
	app := kit.New(f, nil)
	token := app.AuthToken(app.NewUser(joe))
	for i := 1; i < len(token); i += 7 {
		f.Add(token[:i])
		f.Add(token[i:])
	}
	f.Add("")
	f.Add("..")
	f.Add("{}")
	f.Fuzz(func(t *testing.T, s string) {
		if who := byToken(app.In(t), s); who != "" && s != token {
			t.Errorf("%q is %s's", s, who)
		}
	})
}
