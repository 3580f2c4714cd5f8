package doorward_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

const rememberName = "remember_token"

func remembered(t *testing.T, app *kit.App, email string) *kit.Browser {
	t.Helper()
	b := app.Browser()
	fields := credentials(email)
	fields["remember"] = "true"
	b.PostForm("/login", fields).Want(302)
	if b.Cookie(rememberName) == "" {
		t.Fatal("no remember-me cookie")
	}
	return b
}

func TestRemembered(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	b := remembered(t, app, joe)
	c := b.Clone()
	c.Close()
	first := c.Cookie(rememberName)
	app.Events.Reset()
	if c.WhoAmI() != joe {
		t.Fatal("not remembered")
	}
	if got := app.Events.Take(); len(got) != 1 || got[0] != "Remembered" {
		t.Errorf("events %q", got)
	}
	if c.Cookie(rememberName) == first {
		t.Error("the value was not replaced")
	}
	c.Get("/doorwardtest/user").Want(200)
	c.Get("/doorwardtest/fresh").GoesTo("/verify?next=/doorwardtest/fresh")
	c.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(302)
	c.Get("/doorwardtest/fresh").Want(200)
	if app.Account(joe).LoginCount != 1 {
		t.Error("being remembered counts as a sign-in")
	}
	// No password, no remember-me: the box was not ticked.
	plain := app.Browser()
	plain.PostForm("/login", credentials(joe)).Want(302)
	plain.Close()
	if plain.WhoAmI() != "" || !slices.Equal(plain.Cookies(), []string{"known_browser"}) {
		t.Errorf("remembered unasked: %q", plain.Cookies())
	}
}

// A value that was replaced comes back: somebody has copied it, and both lose.
func TestRememberReplay(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	b := remembered(t, app, joe)
	b.Close()
	thief := b.Clone()
	if b.WhoAmI() != joe {
		t.Fatal("not remembered")
	}
	app.Clock.Advance(59 * time.Second)
	early := thief.Clone()
	if early.WhoAmI() != joe {
		t.Error("a request sent at once is refused")
	}
	app.Clock.Advance(2 * time.Second)
	if thief.WhoAmI() != "" {
		t.Error("an old value signs in")
	}
	if thief.Cookie(rememberName) != "" {
		t.Error("the worthless cookie was left")
	}
	if !app.Logs.Contains("WARN", "remember-me value used twice") {
		t.Error("nobody tells the operator")
	}
	b.Close()
	if b.WhoAmI() != "" {
		t.Error("the row outlived the replay")
	}
}

// Requests that a page sends at once all work, and leave one good value.
func TestRememberParallel(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	b := remembered(t, app, joe)
	b.Close()
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := ""
	for range 20 {
		c := b.Clone()
		wg.Go(func() {
			if who := c.WhoAmI(); who != joe {
				t.Errorf("signed in is %q", who)
			}
			mu.Lock()
			defer mu.Unlock()
			if v := c.Cookie(rememberName); v != b.Cookie(rememberName) {
				if next != "" && next != v {
					t.Error("two values were handed out")
				}
				next = v
			}
		})
	}
	wg.Wait()
	app.Clock.Advance(time.Hour)
	b.SetCookie(rememberName, next)
	if b.WhoAmI() != joe {
		t.Error("the new value does not work")
	}
}

func TestRememberForged(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	app.NewUser(jane)
	a, b := remembered(t, app, joe), remembered(t, app, jane)
	a.Close()
	b.Close()
	aSel, aSecret, _ := strings.Cut(a.Cookie(rememberName), ".")
	bSel, bSecret, _ := strings.Cut(b.Cookie(rememberName), ".")
	for _, value := range []string{
		bSel + "." + aSecret, aSel + "." + bSecret + "00", aSel + aSecret, aSel + "." + aSel, "." + aSecret, aSel + ".",
		"." + aSel + aSecret, aSel[:16] + "." + aSel[16:] + aSecret, aSel + "." + strings.ToUpper(aSecret), "..", ".", "x",
		aSel + "." + strings.Repeat("0", 64), strings.Repeat("0", 32) + "." + aSecret,
	} {
		c := app.Browser()
		c.SetCookie(rememberName, value)
		if who := c.WhoAmI(); who != "" {
			t.Errorf("%q signs %s in", value, who)
		}
	}
	// A wrong secret on a known row cannot be told from a replay: it may end the
	// row, and never signs in.
	if who := a.WhoAmI(); who != joe && who != "" {
		t.Errorf("signed in is %q", who)
	}
}

func TestRememberEnds(t *testing.T) {
	for name, end := range map[string]func(*kit.App, *kit.Browser, doorward.User){
		"signed out": func(_ *kit.App, b *kit.Browser, _ doorward.User) { b.PostForm("/logout", kit.Fields{}).Want(302) },
		"expired":    func(app *kit.App, _ *kit.Browser, _ doorward.User) { app.Clock.Advance(365 * 24 * time.Hour) },
		"switched off": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Active = false })
		},
		"deleted": func(app *kit.App, _ *kit.Browser, u doorward.User) { app.Delete(u) },
		"rotated": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			app.Change(u, func(a *doorward.Account) { a.Uniquifier = doorward.NewUniquifier() })
		},
		"ended all": func(app *kit.App, _ *kit.Browser, u doorward.User) {
			_, _ = app.Accounts().EndSessions(t.Context(), u)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := kit.New(t, nil)
			u := app.NewUser(joe)
			b := remembered(t, app, joe)
			saved := app.Browser()
			saved.SetCookie(rememberName, b.Cookie(rememberName))
			end(app, b, u)
			if who := saved.WhoAmI(); who != "" {
				t.Errorf("the saved cookie signs %s in", who)
			}
		})
	}
}

// Signing in again in a remembered browser ends the old row.
func TestRememberOneRow(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	b := remembered(t, app, joe)
	saved := app.Browser()
	saved.SetCookie(rememberName, b.Cookie(rememberName))
	c := app.Browser()
	c.SetCookie(rememberName, b.Cookie(rememberName))
	c.LoginAs(&kit.User{Account: app.Account(joe)})
	if saved.WhoAmI() != "" {
		t.Error("the row is left")
	}
}

func TestRememberRefresh(t *testing.T) {
	for refresh, want := range map[bool]string{true: joe, false: ""} {
		app := kit.New(t, func(c *batteries.Config) {
			c.Session.RememberDuration, c.Session.RememberRefresh = 10*24*time.Hour, refresh
		})
		app.NewUser(joe)
		b := remembered(t, app, joe)
		for range 3 {
			app.Clock.Advance(4 * 24 * time.Hour)
			b.SetCookie("session", "")
			_ = b.WhoAmI()
		}
		if got := b.WhoAmI(); got != want {
			t.Errorf("refresh %t: signed in is %q", refresh, got)
		}
	}
}

func TestRememberOff(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Stores.Remember = nil })
	app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
	if b.Cookie(rememberName) != "" {
		t.Error("a cookie that nobody reads")
	}
}
