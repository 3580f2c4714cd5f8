package confirm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
)

// TestParallel: of many uses of one link at once one works, and the others are
// told that it has.
func TestParallel(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app := site(t, with(confirm.Config{AutoLogin: true}), func(c *batteries.Config) { c.Stores = stores(t) })
		path := link(t, app, app.NewUser(ann, unconfirmed))
		const n = 100
		browsers := make([]*kit.Browser, n)
		for i := range browsers {
			browsers[i] = app.Browser()
			browsers[i].JSON = true
			browsers[i].CSRF("/login")
		}
		app.Events.Reset()
		kit.Parallel(t, n, 1, func(i int) bool {
			res := browsers[i].Post(path, kit.Fields{})
			if res.Status == 200 {
				return browsers[i].WhoAmI() == ann
			}
			res.Want(400).Fails("", "ALREADY_CONFIRMED")
			return false
		})
		if got := len(kit.EventsOf[confirm.Confirmed](app.Events)); got != 1 {
			t.Errorf("%d events", got)
		}
		if got := len(kit.EventsOf[doorward.Authenticated](app.Events)); got != 1 {
			t.Errorf("%d sign-ins", got)
		}
	})
}

// TestParallelLinks: several links, and an operator, confirm once altogether.
func TestParallelLinks(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app := site(t, func(c *batteries.Config) { c.Stores = stores(t) })
		app.NewUser(ann, unconfirmed)
		const n = 20
		browsers, paths := make([]*kit.Browser, n), make([]string, n)
		for i := range browsers {
			browsers[i] = app.Browser()
			browsers[i].JSON = true
			browsers[i].CSRF("/login")
			paths[i] = link(t, app, must(app, ann))
			app.Clock.Advance(1e9) // or else they are the same
		}
		u, err := app.Accounts().Find(t.Context(), ann)
		if err != nil {
			t.Fatal(err)
		}
		app.Events.Reset()
		kit.Parallel(t, n, 1, func(i int) bool {
			if i == 0 {
				changed, err := app.Batteries.Confirm.Confirm(t.Context(), u)
				if err != nil {
					t.Error(err)
				}
				return changed
			}
			return browsers[i].Post(paths[i], kit.Fields{}).Status == 200
		})
		if got := len(kit.EventsOf[confirm.Confirmed](app.Events)); got != 1 {
			t.Errorf("%d events", got)
		}
	})
}

// away is a store of users that fails while it is told to, or does something
// else before it does what it is asked.
type away struct {
	doorward.UserStore
	err    error
	before func()
}

func (a *away) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	if a.err != nil {
		return a.err
	}
	if do := a.before; do != nil {
		a.before = nil
		do()
	}
	return a.UserStore.UpdateUser(ctx, u, change)
}

// TestTrouble: a link that could not be used is not used up.
func TestTrouble(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		users := &away{}
		app := site(t, func(c *batteries.Config) {
			c.Stores = stores(t)
			users.UserStore = c.Stores.Users
			c.Stores.Users = users
		})
		u := app.NewUser(ann, unconfirmed)
		path := link(t, app, u)
		users.err = errors.New("no connection")
		b := app.Browser()
		b.JSON = true
		press(b, path).Want(500).Lacks("no connection")
		if _, err := app.Batteries.Confirm.Confirm(t.Context(), u); !errors.Is(err, users.err) {
			t.Errorf("by hand: %v", err)
		}
		if got := kit.EventsOf[confirm.Confirmed](app.Events); len(got) != 0 {
			t.Errorf("events %+v", got)
		}
		users.err = nil
		press(b, path).Want(200)
	})
}

// TestChangedMeanwhile: what ends a link ends it also between a look at it and
// its use.
func TestChangedMeanwhile(t *testing.T) {
	for name, edit := range map[string]func(*doorward.Account){
		"address":    func(acc *doorward.Account) { acc.Email = "other@example.com" },
		"uniquifier": func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() },
	} {
		users := &away{}
		app := site(t, with(confirm.Config{AutoLogin: true}), func(c *batteries.Config) {
			c.Stores.Tx = nil // in a transaction of its own the change would have to wait
			users.UserStore = c.Stores.Users
			c.Stores.Users = users
		})
		app.NewUser(ann, unconfirmed)
		b := app.Browser()
		b.JSON = true
		b.CSRF("/login")
		path, other := link(t, app, must(app, ann)), app.Account(ann)
		users.before = func() {
			u, err := users.FindUser(t.Context(), doorward.UserQuery{Attr: "fs_uniquifier", Value: other.Uniquifier})
			if err != nil {
				t.Fatal(err)
			}
			app.Change(u, edit)
			other = *u.SecurityAccount()
		}
		b.Post(path, kit.Fields{}).Want(400).Fails("", "INVALID_CONFIRMATION_TOKEN")
		if confirmed(app, other.Email) || b.WhoAmI() != "" {
			t.Errorf("%s: confirmed, or signed in", name)
		}
	}
}
