package doorwardtest

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
)

// credential is one kind of secret that visitors hold, and the one place that
// must accept it.
type credential struct {
	name string
	// get returns the value that the owner has; "" where the installation has
	// no such thing.
	get func(a *App, u doorward.User) string
	// use presents a value to a and returns who that signs in, or lets do what
	// only the owner may; "" for nobody.
	use func(a *App, owner doorward.User, value string) string
	// life is after when the value is worth nothing.
	life time.Duration
	// once says that a second use after a while fails.
	once bool
}

func (a *App) whoBy(prepare func(*Browser)) string {
	a.tb.Helper()
	b := a.Browser()
	b.JSON = true
	prepare(b)
	who, _ := b.Get(ownPath + "user").JSONAt("email").(string)
	return who
}

// credentials are the engine's own. Links and codes of features have tests in
// their packages.
func credentials() []credential {
	return []credential{
		{name: "session cookie", life: 30 * 24 * time.Hour,
			get: func(a *App, u doorward.User) string {
				b := a.Browser()
				b.LoginAs(u)
				return b.Cookie(b.SessionCookie())
			},
			use: func(a *App, _ doorward.User, v string) string {
				return a.whoBy(func(b *Browser) { b.SetCookie("session", v) })
			}},
		{name: "remember-me cookie", life: 365 * 24 * time.Hour, once: true,
			get: func(a *App, u doorward.User) string {
				b := a.Browser()
				b.PostForm(a.Route("login").Path, Fields{"email": u.SecurityAccount().Email, "password": Password, "remember": "true"})
				return b.Cookie("remember_token")
			},
			use: func(a *App, _ doorward.User, v string) string {
				return a.whoBy(func(b *Browser) { b.SetCookie("remember_token", v) })
			}},
		{name: "token", life: 15*time.Minute + time.Second,
			get: func(a *App, u doorward.User) string { t, _ := a.authToken(u); return t },
			use: func(a *App, _ doorward.User, v string) string {
				return a.whoBy(func(b *Browser) { b.Header.Set("Authentication-Token", v) })
			}},
		{name: "CSRF token", life: time.Hour + time.Second,
			get: func(a *App, u doorward.User) string { return a.known(u).CSRF("") },
			use: func(a *App, u doorward.User, v string) string {
				b := a.known(u).Clone()
				b.JSON, b.NoCSRF = true, true
				res := b.PostJSON(a.Route("verify").Path, Fields{"password": "x"}, "X-CSRFToken", v)
				if res.Status == 400 && len(res.Errors("csrf_token")) == 0 {
					return u.SecurityAccount().Email
				}
				return ""
			}},
	}
}

// known returns one browser per user, signed in before.
func (a *App) known(u doorward.User) *Browser {
	a.tb.Helper()
	email := u.SecurityAccount().Email
	b := a.browsers[email]
	if b == nil {
		b = a.Browser()
		a.browsers[email] = b
	}
	if b.app = a; b.WhoAmI() == "" {
		b.LoginAs(u)
	}
	return b
}

// TokenMatrix presents every kind of credential of the engine to every place
// that takes one: it must work in its own place, for its owner, unchanged, in
// time and under a key that is known, and nowhere else. edit configures the
// installation as for [New].
func TokenMatrix(t *testing.T, edit func(*batteries.Config)) {
	t.Helper()
	for _, c := range credentials() {
		t.Run(c.name, func(t *testing.T) {
			app := New(t, edit)
			u := app.NewUser("owner@tokens.example")
			value := c.get(app, u)
			if value == "" {
				t.Fatal("there is none")
			}
			app.Secret(value)
			t.Run("other places", func(t *testing.T) { c.otherPlaces(app.In(t), u, value) })
			t.Run("changed", func(t *testing.T) { c.changed(app.In(t), u, value) })
			t.Run("other user", func(t *testing.T) { c.otherUser(app.In(t), value) })
			t.Run("own", func(t *testing.T) {
				one := app.In(t)
				value := c.get(one, u)
				if who := c.use(one, u, value); who != "owner@tokens.example" {
					t.Errorf("is %q's", who)
				}
				one.Clock.Advance(2 * time.Minute)
				if who := c.use(one, u, value); (who == "") != c.once {
					t.Errorf("a second use: %q", who)
				}
			})
			t.Run("expired", func(t *testing.T) {
				one := app.In(t)
				late := c.get(one, u)
				one.Clock.Advance(c.life)
				if who := c.use(one, u, late); who != "" {
					t.Errorf("signs %s in after %s", who, c.life)
				}
			})
			t.Run("keys", func(t *testing.T) { c.keys(t, edit) })
		})
	}
}

func (c credential) otherPlaces(a *App, u doorward.User, value string) {
	a.tb.Helper()
	for _, place := range credentials() {
		if place.name == c.name {
			continue
		}
		if who := place.use(a, u, value); who != "" {
			a.tb.Errorf("works as a %s for %s", place.name, who)
		}
	}
}

// changed cuts, extends and alters the value.
func (c credential) changed(a *App, u doorward.User, value string) {
	a.tb.Helper()
	bad := []string{value + "A", value + "=", value + ".", "A" + value, swapCase(value), value + "." + value, value[len(value)/2:]}
	for n := 1; n <= len(value); n += 1 + n/4 {
		bad = append(bad, value[:len(value)-n])
	}
	for i := 0; i < len(value); i += 1 + len(value)/12 {
		bad = append(bad, value[:i]+flip(value[i])+value[i+1:])
	}
	for _, v := range bad {
		if v == "" && c.name == "session cookie" || v == value {
			continue
		}
		if who := c.use(a, u, v); who != "" {
			a.tb.Errorf("signs %s in though it was changed: %d of %d bytes", who, len(v), len(value))
		}
	}
}

func flip(c byte) string {
	if c == 'a' || c == 'A' {
		return "b"
	}
	return "a"
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}

// otherUser checks that no value does anything for somebody else.
func (c credential) otherUser(a *App, value string) {
	a.tb.Helper()
	v := a.NewUser("other@tokens.example")
	if who := c.use(a, v, value); who == "other@tokens.example" {
		a.tb.Error("works for another user")
	}
}

// keys checks values of an older key, of a key that is no fallback, and of a newer one.
func (c credential) keys(t *testing.T, edit func(*batteries.Config)) {
	t.Helper()
	if c.name == "remember-me cookie" {
		return // random, and not sealed
	}
	old := New(t, edit)
	u := old.NewUser("keys@tokens.example")
	with := func(key string, fallbacks ...string) *App {
		a := New(t, func(cfg *batteries.Config) {
			if edit != nil {
				edit(cfg)
			}
			cfg.Stores, cfg.SecretKey, cfg.SecretKeyFallbacks = old.Stores, []byte(key), fallbacks
		})
		a.browsers = old.browsers // the visitors are the same
		return a
	}
	value := c.get(old, u)
	const next = "another key for tests, a later one"
	for _, k := range []struct {
		app  *App
		want string
	}{{with(next, SecretKey), "keys@tokens.example"}, {with(next), ""}, {with(next, "a key that nobody ever had at all"), ""}} {
		if c.name == "CSRF token" && k.want == "" {
			continue // without the session there is nobody to be forged
		}
		if who := c.use(k.app, u, value); who != k.want {
			t.Errorf("under other keys it is %q's, want %q", who, k.want)
		}
	}
	renewed := with(next, SecretKey)
	renewed.browsers = map[string]*Browser{}
	if who := c.use(old, u, c.get(renewed, u)); who != "" {
		t.Errorf("a new %s is made with the old key", c.name)
	}
}
