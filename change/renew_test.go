package change_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/password"
)

// byForm signs in with remember-me.
func byForm(app *kit.App) *kit.Browser {
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).GoesTo("/")
	b.JSON = true
	return b
}

func who(app *kit.App, token string) string {
	email, _ := app.Browser().Get("/doorwardtest/whoami", "Authentication-Token", token).JSONAt("email").(string)
	return email
}

func tokenIn(res *kit.Response) string {
	token, _ := res.JSONAt("response.user.authentication_token").(string)
	return token
}

// TestGoesOn: the browser that changes the password goes on, and nothing else
// does: no other browser, and no copy of its cookies.
func TestGoesOn(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		all := open(t)
		stores := func(c *batteries.Config) { c.Stores = all }
		app, u := newApp(t, stores)
		b, other, far, token := byForm(app), byForm(app), byForm(app), app.AuthToken(u)
		far.Close() // remembered only
		id, csrf, saved := b.Cookie("session"), b.CSRF("/change"), b.Clone()
		res := b.Post("/change?include_auth_token=1", form(kit.Password, next)).Want(200)
		if b.Cookie("session") == id || b.CSRF("") == csrf || tokenIn(res) == "" {
			t.Errorf("the session keeps its id or its CSRF token, or there is no token: %s", res.Body)
		}
		if b.WhoAmI() != joe || who(app, tokenIn(res)) != joe {
			t.Error("this browser does not go on, or its token")
		}
		copied := saved.Clone()
		copied.Close()
		for name, gone := range map[string]*kit.Browser{"with the cookies of before": saved, "with the remember-me cookie of before": copied, "another": other, "a remembered one": far} {
			if gone.WhoAmI() != "" {
				t.Errorf("a browser goes on: %s", name)
			}
		}
		if who(app, token) != "" {
			t.Error("the old token goes on")
		}
		b.Get("/doorwardtest/fresh").Want(200)
		if b.Close(); b.WhoAmI() != joe {
			t.Error("this browser is not remembered any more")
		}
		signIn(app, kit.Password).Want(400)
		signIn(app, next).Want(200)
	})
}

// A browser that was only remembered has proved the password by changing it.
func TestRemembered(t *testing.T) {
	app, _ := newApp(t)
	b := byForm(app)
	b.Close()
	b.Get("/doorwardtest/fresh").Want(401)
	b.Post("/change", form(kit.Password, next)).Want(200)
	b.Get("/doorwardtest/fresh").Want(200)
	if b.Close(); b.WhoAmI() != joe {
		t.Error("this browser is not remembered any more")
	}
}

// A client with a token gets the next one, and no session.
func TestToken(t *testing.T) {
	app, u := newApp(t)
	token := app.AuthToken(u)
	b := api(app)
	b.NoCSRF = true
	b.Header.Set("Authentication-Token", token)
	res := b.Post("/change", form(kit.Password, next)).Want(200)
	if who(app, token) != "" || who(app, tokenIn(res)) != joe {
		t.Errorf("the old token goes on, or the new one does not work: %s", res.Body)
	}
	if b.Header.Del("Authentication-Token"); b.WhoAmI() != "" {
		t.Error("a token began a session")
	}
}

// A client with a password in the header proves it twice, and gets no session.
func TestBasic(t *testing.T) {
	app, _ := newApp(t, func(c *batteries.Config) { c.APIMethods = []string{"session", "token", "basic"} })
	b := api(app)
	header := func(plain string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(joe+":"+plain))}
	}
	csrf, _ := b.Get("/change", header(kit.Password)...).Want(200).JSONAt("response.csrf_token").(string)
	fields := form(kit.Password, next)
	fields["csrf_token"] = csrf
	res := b.Post("/change", fields, header(kit.Password)...).Want(200)
	if tokenIn(res) != "" || b.WhoAmI() != "" {
		t.Errorf("a session or a token: %s", res.Body)
	}
	b.Get("/change", header(kit.Password)...).Want(401)
	b.Get("/change", header(next)...).Want(200)
}

// Sessions that are kept in the cookie alone end by the uniquifier.
func TestStateless(t *testing.T) {
	app, _ := newApp(t, func(c *batteries.Config) { c.Stores.Sessions, c.Session.StatelessSessions = nil, true })
	b, other := byForm(app), byForm(app)
	saved := b.Clone()
	saved.SetCookie("remember_token", "")
	app.Clock.Advance(25 * time.Hour)
	b.Post("/change", form(kit.Password, next)).Want(200)
	b.Get("/doorwardtest/fresh").Want(200)
	for _, gone := range []*kit.Browser{saved, other} {
		if gone.WhoAmI() != "" {
			t.Error("another session goes on")
		}
	}
	if b.Close(); b.WhoAmI() != joe {
		t.Error("this browser is not remembered any more")
	}
}

// TestParallel: of many changes at once, from one session and from several, one wins.
func TestParallel(t *testing.T) {
	for name, browsers := range map[string]func(*kit.App) func() *kit.Browser{
		"one session": func(app *kit.App) func() *kit.Browser { return byForm(app).Clone },
		"several":     func(app *kit.App) func() *kit.Browser { return func() *kit.Browser { return byForm(app) } },
	} {
		t.Run(name, func(t *testing.T) {
			sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
				all := open(t)
				stores := func(c *batteries.Config) { c.Stores = all }
				app, _ := newApp(t, stores, func(c *batteries.Config) { c.Lockout.AccountMails = 100 })
				browser := browsers(app)
				const n = 12
				var bs []*kit.Browser
				for range n {
					b := browser()
					b.CSRF("/change")
					bs = append(bs, b)
				}
				app.Outbox.Reset()
				app.Events.Reset()
				got := make([]*kit.Response, n)
				kit.Parallel(t, n, 1, func(i int) bool {
					got[i] = bs[i].Post("/change", form(kit.Password, next+string(rune('a'+i))))
					return got[i].Status == http.StatusOK
				})
				for i, res := range got {
					plain := next + string(rune('a'+i))
					if res.Status == http.StatusOK {
						signIn(app, plain).Want(200)
						continue
					}
					// Signed out by who won, or with too many hashes of his own at once.
					if res.Status != http.StatusUnauthorized && res.Status != http.StatusServiceUnavailable {
						res.Want(400).Fails("password", "INVALID_PASSWORD")
					}
				}
				names := app.Events.Names()
				if len(app.Outbox.Sent()) != 1 || len(kit.EventsOf[doorward.AuthnFailed](app.Events)) > 0 || !slices.Contains(names, "PasswordChanged") {
					t.Errorf("%d mails, events %q", len(app.Outbox.Sent()), names)
				}
			})
		})
	}
}

func hashOf(app *kit.App, plain string) string {
	hash, _ := app.Hasher.Hash(context.Background(), plain)
	return hash
}

// meanwhile is a hasher in front of which something happens when a new hash is made.
type meanwhile struct {
	batteries.Hasher
	once sync.Once
	do   func()
}

func (h *meanwhile) Hash(ctx context.Context, plain string) (string, error) {
	if plain == next {
		h.once.Do(h.do)
	}
	return h.Hasher.Hash(ctx, plain)
}

// TestMeanwhile: what happened while the new password was hashed is not undone.
func TestMeanwhile(t *testing.T) {
	const theirs = "another one that was faster"
	for name, c := range map[string]struct {
		do   func(app *kit.App, u doorward.User)
		fail func(*kit.Response)
		want string // the password afterwards
	}{
		"changed": {func(app *kit.App, u doorward.User) {
			_ = app.Batteries.Change.Set(context.Background(), u, theirs, false)
		},
			func(res *kit.Response) { res.Want(400).Fails("password", "INVALID_PASSWORD") }, theirs},
		"another hash": {func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.PasswordHash = hashOf(app, theirs) })
		}, func(res *kit.Response) { res.Want(400).Fails("password", "INVALID_PASSWORD") }, theirs},
		"signed out": {func(app *kit.App, u doorward.User) {
			_ = app.Accounts().SignOutEverywhere(context.Background(), u, nil)
		}, func(res *kit.Response) { res.Want(400) }, kit.Password},
		"session ended": {func(app *kit.App, u doorward.User) { _, _ = app.Accounts().EndSessions(context.Background(), u) },
			func(res *kit.Response) { res.Want(400) }, kit.Password},
	} {
		t.Run(name, func(t *testing.T) {
			h := &meanwhile{}
			app := kit.New(t, changing(func(c *batteries.Config) {
				inner, err := password.New(c.Password)
				if err != nil {
					t.Fatal(err)
				}
				h.Hasher, c.Hasher = inner, h
			}))
			u := app.NewUser(joe)
			h.do = func() { c.do(app, u) }
			b := api(app)
			b.LoginAs(u)
			c.fail(b.Post("/change", form(kit.Password, next)))
			signIn(app, c.want).Want(200)
			if n := len(app.Outbox.Sent()); n != 0 {
				t.Errorf("%d mails", n)
			}
		})
	}
}

// listening is a hasher that notes for whom it works.
type listening struct {
	batteries.Hasher
	who []string
}

func (h *listening) Hash(ctx context.Context, plain string) (string, error) {
	h.note(ctx)
	return h.Hasher.Hash(ctx, plain)
}

func (h *listening) Verify(ctx context.Context, plain, stored string) (password.Match, error) {
	h.note(ctx)
	return h.Hasher.Verify(ctx, plain, stored)
}

func (h *listening) note(ctx context.Context) {
	name, _ := password.PreferredUser(ctx)
	h.who = append(h.who, name)
}

// A user who is signed in does not stand in the line of strangers.
func TestPreferred(t *testing.T) {
	h := &listening{}
	app, u := newApp(t, func(c *batteries.Config) {
		inner, err := password.New(c.Password)
		if err != nil {
			t.Fatal(err)
		}
		h.Hasher, c.Hasher = inner, h
	})
	b := api(app)
	b.LoginAs(u)
	uniquifier := u.SecurityAccount().Uniquifier
	b.Post("/change", form(kit.Password, next)).Want(200)
	if !slices.Equal(h.who, []string{uniquifier, uniquifier}) {
		t.Errorf("hashed for %q", h.who)
	}
}
