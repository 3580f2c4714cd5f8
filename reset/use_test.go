package reset_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/lockout"
)

// TestReset follows a link from the form to the sign-in, in both formats.
func TestReset(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		stores := open(t)
		app := newApp(t, func(c *batteries.Config) { c.Stores = stores })
		for i, asJSON := range []bool{true, false} {
			password := next + strings.Repeat("!", i)
			b := app.Browser()
			b.JSON = asJSON
			b.CSRF("/reset")
			b.Post("/reset", kit.Fields{"email": joe}).Want(200)
			path := mailed(t, app)
			app.CheckMails("https://localhost")
			b.Get(path).Want(200).Lacks(joe)
			app.Outbox.Reset()
			app.Events.Reset()
			before := app.Hashes()
			res := b.Post(path, both(password))
			if asJSON {
				res.Want(200)
				if res.JSONAt("response.csrf_token") != nil || res.JSONAt("response.user") != nil {
					t.Errorf("more than nothing: %s", res.Body)
				}
			} else {
				res.GoesTo("/login")
				if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"PASSWORD_RESET_NO_LOGIN"}) {
					t.Errorf("flashes %q", got)
				}
			}
			if got := app.Events.Take(); !slices.Equal(got, []string{"PasswordReset"}) {
				t.Errorf("events %q", got)
			}
			if n := app.Hashes() - before; n != 1 {
				t.Errorf("%d hashes", n)
			}
			if sent := app.Outbox.Sent(); len(sent) != 1 || sent[0].To != joe || sent[0].Template != "reset_notice" || !strings.Contains(sent[0].Text, "https://localhost/reset\n") {
				t.Errorf("mails %+v", sent)
			}
			if b.WhoAmI() != "" {
				t.Error("signed in")
			}
			if lets(app, joe, kit.Password) || !lets(app, joe, password) {
				t.Error("the password was not set")
			}
			dead(t, app, path, "INVALID_RESET_PASSWORD_TOKEN")
		}
		if !app.Logs.Contains("action=password-reset ", "outcome=success", "user="+joe) || !app.Logs.Contains("action=password-reset-link ", "user="+joe) {
			t.Errorf("not in the security log:\n%s", app.Logs)
		}
	})
}

// dead checks that a link does nothing, in every format.
func dead(t *testing.T, app *kit.App, path, key string) {
	t.Helper()
	before, hashes := app.Snapshot(), app.Hashes()
	for _, method := range []string{"GET", "POST"} {
		b := app.Browser()
		b.CSRF("/reset")
		ask := func(b *kit.Browser) *kit.Response {
			if method == "GET" {
				return b.Get(path)
			}
			return b.Post(path, both(next))
		}
		ask(b).GoesTo("/reset").Lacks(joe)
		if got := b.Get("/reset").Flashes(); !slices.Equal(got, []string{key}) {
			t.Errorf("%s: flashes %q", method, got)
		}
		b.JSON = true
		if got := ask(b).Want(400).Lacks(joe).Errors(""); !slices.Equal(got, []string{key}) {
			t.Errorf("%s: %q", method, got)
		}
	}
	if app.Snapshot() != before {
		t.Error("a dead link changed something")
	}
	if n := app.Hashes() - hashes; n != 0 {
		t.Errorf("%d hashes for a dead link", n)
	}
}

// TestLinkDies: of what an account may go through, this ends its links.
func TestLinkDies(t *testing.T) {
	for name, end := range map[string]func(*kit.App, doorward.User){
		"uniquifier": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
		},
		"password": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.PasswordHash += "x" })
		},
		"no password": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.PasswordHash = "" })
		},
		"address": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Email = "other@example.com" })
		},
		"switched off": func(app *kit.App, u doorward.User) { app.Change(u, func(acc *doorward.Account) { acc.Active = false }) },
		"deleted":      func(app *kit.App, u doorward.User) { app.Delete(u) },
		"everywhere": func(app *kit.App, u doorward.User) {
			if err := app.Accounts().SignOutEverywhere(t.Context(), u, nil); err != nil {
				t.Error(err)
			}
		},
		"another link": func(app *kit.App, u doorward.User) {
			b := jsonBrowser(app)
			b.CSRF("/reset")
			b.Post(linkTo(t, app, joe), both(next+"!")).Want(200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t, nil)
			path := linkTo(t, app, joe)
			app.Browser().Get(path).Want(200)
			end(app, find(t, app, joe))
			dead(t, app, path, "INVALID_RESET_PASSWORD_TOKEN")
		})
	}
	t.Run("time", func(t *testing.T) {
		app := newApp(t, func(c *batteries.Config) { c.Reset.Within = 2 * time.Hour })
		path := linkTo(t, app, joe)
		app.Clock.Advance(2*time.Hour - time.Second)
		app.Browser().Get(path).Want(200)
		app.Clock.Advance(2 * time.Second)
		dead(t, app, path, "PASSWORD_RESET_EXPIRED")
	})
	t.Run("tampering", func(t *testing.T) {
		app := newApp(t, nil)
		path := linkTo(t, app, joe)
		for _, p := range []string{path + "A", path[:len(path)-2], "/reset/%00", "/reset/" + strings.Repeat("x", 5000), strings.Replace(path, ".", "..", 1)} {
			app.Browser().Get(p).GoesTo("/reset")
		}
		app.Browser().Get("/reset/").Want(404)
		app.Browser().Get("/reset/%20").Want(404)
	})
}

// What a form lacks is said at once, and the link works still.
func TestFields(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) { c.Usernames.Enable = true })
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Username, acc.Email = "zebrafinch7", "josephine.doe@example.com" })
	path := linkTo(t, app, "josephine.doe@example.com")
	type list = []string
	before := app.Hashes()
	for _, c := range []struct {
		fields            kit.Fields
		password, confirm list
	}{
		{kit.Fields{}, list{"PASSWORD_NOT_PROVIDED"}, list{"PASSWORD_NOT_PROVIDED"}},
		{both("   "), list{"PASSWORD_NOT_PROVIDED"}, list{"PASSWORD_NOT_PROVIDED"}},
		{both(next, ""), nil, list{"PASSWORD_NOT_PROVIDED"}},
		{both(next, next+"x"), nil, list{"RETYPE_PASSWORD_MISMATCH"}},
		{both("abc", "abcd"), list{"PASSWORD_INVALID_LENGTH"}, list{"RETYPE_PASSWORD_MISMATCH"}},
		{both(strings.Repeat("a1b", 100_000)), list{"PASSWORD_INVALID_LENGTH"}, nil},
		{both("Zebrafinch7"), list{"PASSWORD_TOO_SIMPLE"}, nil},
		{both("Josephine.Doe"), list{"PASSWORD_TOO_SIMPLE"}, nil},
		{both("josephine.doe@example.com"), list{"PASSWORD_TOO_SIMPLE"}, nil},
	} {
		for _, asJSON := range []bool{true, false} {
			b := app.Browser()
			b.JSON = asJSON
			b.CSRF(path)
			res := b.Post(path, c.fields)
			if asJSON {
				res.Want(400)
			} else {
				res.Want(200).Contains(`action="` + path + `"`)
			}
			if !slices.Equal(res.Errors("password"), c.password) || !slices.Equal(res.Errors("password_confirm"), c.confirm) {
				t.Errorf("%.40v: %q, %q", c.fields, res.Errors("password"), res.Errors("password_confirm"))
			}
		}
	}
	b := jsonBrowser(app)
	b.CSRF(path)
	for _, value := range []any{1, true, []string{"a", "b"}, map[string]any{"a": 1}} {
		res := b.Post(path, kit.Fields{"password": value, "password_confirm": next}).Want(400)
		if got := res.Errors("password"); !slices.Equal(got, list{"API_ERROR"}) {
			t.Errorf("%v: %q", value, got)
		}
	}
	if n := app.Hashes() - before; n != 0 {
		t.Errorf("%d hashes", n)
	}
	app.Browser().Get(path).Want(200)
}

// Opening a link changes nothing, however it is opened and whatever the mode.
func TestOpening(t *testing.T) {
	for _, mode := range []string{"post", "get"} {
		app := newApp(t, func(c *batteries.Config) { c.URLs.LinkUse = mode })
		path, before := linkTo(t, app, joe), app.Snapshot()
		for _, method := range []string{"GET", "HEAD", "GET"} {
			res := app.Browser().Do(method, path, nil).Want(200)
			if got := res.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
			if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
				t.Errorf("Cache-Control %q", got)
			}
		}
		for _, asJSON := range []bool{true, false} { // nor does another site
			b := app.Browser()
			b.JSON, b.NoCSRF = asJSON, true
			if res := b.Post(path, both(next)); res.Status == http.StatusFound || len(res.Errors("csrf_token")) == 0 {
				t.Errorf("%d %s", res.Status, res.Body)
			}
		}
		if app.Snapshot() != before || len(app.Events.Take()) != 2 { // CSRFRefused
			t.Error("something happened")
		}
		b := jsonBrowser(app)
		b.CSRF(path)
		b.Post(path, both(next)).Want(200)
	}
}

func TestSPA(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) {
		c.URLs.Behavior, c.Reset.View, c.Reset.ErrorView = "spa", "/ui/reset?a=b", "/ui/oops"
	})
	path := linkTo(t, app, joe)
	token := path[strings.LastIndexByte(path, '/')+1:]
	for _, asJSON := range []bool{true, false} {
		b := app.Browser()
		b.JSON = asJSON
		b.Get(path).GoesTo("/ui/reset?a=b&token=" + url.QueryEscape(token))
		b.Get("/reset/x.y.z").GoesTo("/ui/oops?error=INVALID_RESET_PASSWORD_TOKEN")
	}
	b := jsonBrowser(app)
	b.CSRF("/reset")
	b.Post("/reset/x.y.z", both(next)).Want(400).Fails("", "INVALID_RESET_PASSWORD_TOKEN")
	b.Post(path, both(next)).Want(200)
	app.Browser().Get(path).GoesTo("/ui/oops?error=INVALID_RESET_PASSWORD_TOKEN")
	path = linkTo(t, app, joe)
	app.Clock.Advance(25 * time.Hour)
	app.Browser().Get(path).GoesTo("/ui/oops?error=PASSWORD_RESET_EXPIRED")
}

// TestEverythingEnds: sessions, remembered browsers and tokens of either kind.
func TestEverythingEnds(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		stores := open(t)
		app := newApp(t, func(c *batteries.Config) { c.Stores = stores })
		app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.TokenUniquifier = doorward.NewUniquifier() })
		u := find(t, app, joe)
		own, other, remembered, jane := app.Browser(), app.Browser(), app.Browser(), app.Browser()
		own.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"})
		if len(own.Cookies()) < 2 {
			t.Fatalf("cookies %q", own.Cookies())
		}
		other.LoginAs(u)
		remembered.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"})
		jane.LoginAs(app.NewUser("jane@example.com"))
		token := app.AuthToken(u)
		path := linkTo(t, app, joe)
		app.Events.Reset()
		own.PostForm(path, both(next)).GoesTo("/login")
		if own.Cookie("remember_token") != "" {
			t.Error("the browser is remembered still")
		}
		if got := own.Get("/login").Want(200).Flashes(); !slices.Equal(got, []string{"PASSWORD_RESET_NO_LOGIN"}) {
			t.Errorf("flashes %q", got)
		}
		remembered.Close()
		for name, b := range map[string]*kit.Browser{"own": own, "other": other, "remembered": remembered} {
			if who := b.WhoAmI(); who != "" {
				t.Errorf("%s: signed in as %s", name, who)
			}
		}
		if got := app.Browser().Get("/doorwardtest/whoami", "Authentication-Token", token).JSONAt("email"); got != "" {
			t.Errorf("the token is %v's", got)
		}
		if jane.WhoAmI() != "jane@example.com" {
			t.Error("another user was signed out")
		}
		if n, err := app.Accounts().Sessions(t.Context(), find(t, app, joe)); len(n) != 0 || err != nil {
			t.Errorf("%d sessions, %v", len(n), err)
		}
		jane.PostForm(linkTo(t, app, joe), both(next+"!")).GoesTo("/login")
		if jane.WhoAmI() != "jane@example.com" {
			t.Error("who resets the password of another account of his is signed out")
		}
	})
}

// A user who came another way gets a first password.
func TestFirstPassword(t *testing.T) {
	app := newApp(t, nil)
	app.NewUser("jane@example.com", func(acc *doorward.Account) { acc.PasswordHash = "" })
	b := jsonBrowser(app)
	b.CSRF("/reset")
	b.Post("/reset", kit.Fields{"email": "jane@example.com"}).Want(200)
	path := mailed(t, app)
	b.Post(path, both(next)).Want(200)
	if !lets(app, "jane@example.com", next) {
		t.Error("no password")
	}
	dead(t, app, path, "INVALID_RESET_PASSWORD_TOKEN")
}

// Who was locked out by a stranger's guesses can sign in with the new password.
func TestUnlocks(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) { c.Lockout.AccountTries = 2 })
	for _, addr := range []string{"198.51.100.1:1", "198.51.100.2:1"} {
		b := jsonBrowser(app)
		b.Addr = addr
		b.Post("/login", kit.Fields{"email": joe, "password": "not the password at all"}).Want(400)
	}
	if lets(app, joe, kit.Password) {
		t.Fatal("not locked")
	}
	b := jsonBrowser(app)
	b.CSRF("/reset")
	app.Events.Reset()
	b.Post(linkTo(t, app, joe), both(next)).Want(200)
	if got := kit.EventsOf[lockout.Unlocked](app.Events); len(got) != 1 || got[0].By != "reset" {
		t.Errorf("%+v", got)
	}
	if !lets(app, joe, next) {
		t.Error("locked still")
	}
}

// TestMeanwhile changes the account after the link was found good, while the
// password is hashed: the link does nothing then.
func TestMeanwhile(t *testing.T) {
	for name, change := range map[string]func(*kit.App, doorward.User){
		"uniquifier": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
		},
		"password": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.PasswordHash = "" })
		},
		"address": func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Email = "o@example.com" })
		},
		"switched off": func(app *kit.App, u doorward.User) { app.Change(u, func(acc *doorward.Account) { acc.Active = false }) },
		"deleted":      func(app *kit.App, u doorward.User) { app.Delete(u) },
	} {
		t.Run(name, func(t *testing.T) {
			sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
				stores := open(t)
				var app *kit.App
				after := ""
				app = newApp(t, func(c *batteries.Config) {
					c.Stores = stores
					c.Reset.Hasher = hasherFunc(func(context.Context, string) (string, error) {
						change(app, find(t, app, joe))
						after = app.Snapshot()
						return "a hash", nil
					})
				})
				b := jsonBrowser(app)
				b.CSRF("/reset")
				app.Events.Reset()
				b.Post(linkTo(t, app, joe), both(next)).Want(400).Fails("", "INVALID_RESET_PASSWORD_TOKEN")
				if app.Snapshot() != after || len(app.Events.Take())+len(app.Outbox.Sent()) != 0 {
					t.Error("something happened")
				}
			})
		})
	}
}
