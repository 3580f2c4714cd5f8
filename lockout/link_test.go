package lockout_test

import (
	"context"
	"fmt"
	"net/http"
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

func TestLink(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		t.Run(fmt.Sprint("json ", asJSON), func(t *testing.T) {
			app, box := mailing(t, nil)
			lock(t, app, joe)
			path := link(t, box)
			scanner := stranger(app, 500)
			for _, headers := range [][]string{nil, {"Sec-Purpose", "prefetch"}, {"Purpose", "prefetch"}} {
				scanner.Get(path, headers...).Want(200)
				scanner.Do(http.MethodHead, path, nil, headers...).Want(200)
			}
			scanner.JSON = false
			scanner.Get(path).Want(200).Contains(`name="unlock_form"`, `action="`+path+`"`)
			if scanner.Cookie(device) != "" || !status(t, app, find(t, app, joe)).Until.After(app.Clock.Now()) {
				t.Fatal("looking at the link unlocked the account")
			}

			b := from(app, "192.0.2.50")
			b.JSON = asJSON
			app.Events.Reset()
			if asJSON {
				use(b, path).Want(200)
			} else {
				use(b, path).GoesTo("/login")
				if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"ACCOUNT_UNLOCKED"}) {
					t.Errorf("flashes %q", got)
				}
			}
			if got := app.Events.Take(); !slices.Equal(got, []string{"Unlocked"}) {
				t.Errorf("events %q", got)
			}
			if s := status(t, app, find(t, app, joe)); s != (lockout.Status{}) {
				t.Errorf("%+v", s)
			}
			if b.WhoAmI() != "" {
				t.Error("the link signs in")
			}
			lock(t, app, joe)
			b.JSON = true
			guess(t, b, joe) // this browser is known
			for range 2 {
				use(b, path).Want(404).Contains("UNLOCK_LINK_DEAD")
			}
			if !status(t, app, find(t, app, joe)).Until.After(app.Clock.Now()) {
				t.Error("a used link unlocked the account")
			}
			signIn(b, joe, kit.Password).Want(200)
		})
	}
}

// TestLinkDead: links that unlock nothing.
func TestLinkDead(t *testing.T) {
	for name, c := range map[string]struct {
		before func(app *kit.App, u doorward.User)
		change func(path string) string
	}{
		"old":     {before: func(app *kit.App, _ doorward.User) { app.Clock.Advance(24*time.Hour + time.Second) }},
		"deleted": {before: func(app *kit.App, u doorward.User) { app.Delete(u) }},
		"password changed": {before: func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
		}},
		"cut":         {change: func(p string) string { return p[:len(p)-1] }},
		"changed":     {change: func(p string) string { return p[:len(p)-2] + "AA" }},
		"other":       {change: func(p string) string { return "/unlock/" + strings.Replace(p[8:], ".", "A.", 1) }},
		"empty":       {change: func(string) string { return "/unlock/" }},
		"garbage":     {change: func(string) string { return "/unlock/x.y.z" }},
		"huge":        {change: func(string) string { return "/unlock/" + strings.Repeat("A", 20000) }},
		"with a path": {change: func(p string) string { return p + "/more" }},
	} {
		t.Run(name, func(t *testing.T) {
			app, box := mailing(t, nil)
			lock(t, app, joe)
			path := link(t, box)
			if c.before != nil {
				c.before(app, find(t, app, joe))
			}
			if c.change != nil {
				path = c.change(path)
			}
			app.Events.Reset()
			for _, asJSON := range []bool{true, false} {
				b := from(app, "192.0.2.50")
				b.JSON = asJSON
				b.Get(path).Want(404)
				use(b, path).Want(404)
				if b.Cookie(device) != "" {
					t.Error("the browser is known")
				}
			}
			if got := app.Events.Names(); len(got) != 0 {
				t.Errorf("events %q", got)
			}
		})
	}
}

// TestLinkParallel: of many uses at once one unlocks.
func TestLinkParallel(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		stores := open(t)
		app, box := mailing(t, func(c *batteries.Config) { c.Stores = stores })
		lock(t, app, joe)
		path := link(t, box)
		bs := make([]*kit.Browser, 100)
		for i := range bs {
			bs[i] = stranger(app, i)
			bs[i].CSRF("/login")
		}
		kit.Parallel(t, len(bs), 1, func(i int) bool { return bs[i].Post(path, kit.Fields{}).Status == 200 })
	})
}

// failing is a store of guesses that does not work.
type failing struct {
	doorward.GuessStore
	load, update error
}

func (s *failing) LoadGuesses(ctx context.Context, keys []string) ([]doorward.Guesses, error) {
	if s.load != nil {
		return nil, s.load
	}
	return s.GuessStore.LoadGuesses(ctx, keys)
}

func (s *failing) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	if s.update != nil {
		return s.update
	}
	return s.GuessStore.UpdateGuesses(ctx, keys, change)
}

// TestLinkTrouble: a store that fails while a link is used uses up nothing.
func TestLinkTrouble(t *testing.T) {
	store := &failing{}
	app, box := mailing(t, func(c *batteries.Config) {
		store.GuessStore = c.Stores.Guesses
		c.Stores.Guesses = store
	})
	lock(t, app, joe)
	path := link(t, box)
	b := from(app, "192.0.2.50")
	store.update = fmt.Errorf("a crash: %w", doorward.ErrUnavailable)
	app.Events.Reset()
	use(b, path).Want(503)
	if b.Cookie(device) != "" || len(app.Events.Names()) != 0 {
		t.Errorf("events %q", app.Events.Names())
	}
	store.update = nil
	use(b, path).Want(200)

	lock(t, app, joe)
	store.load = fmt.Errorf("a crash: %w", doorward.ErrUnavailable)
	ask(app, joe).Want(503)
	ask(app, "nobody@example.com").Want(503)
}
