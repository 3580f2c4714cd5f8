package reset_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/reset"
)

// TestParallel: of a hundred uses at once one sets the password, be it of one
// link or of as many for one account, on two processes with one store.
func TestParallel(t *testing.T) {
	for name, links := range map[string]int{"one link": 1, "many links": 10} {
		t.Run(name, func(t *testing.T) {
			sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
				stores := open(t)
				const n = 100
				var apps [2]*kit.App
				for i := range apps {
					apps[i] = kit.New(t, with(func(c *batteries.Config) { c.Stores = stores }))
				}
				apps[0].NewUser(joe)
				var paths []string
				for range links {
					paths = append(paths, linkTo(t, apps[0], joe))
					apps[0].Clock.Advance(1e9) // or else they are the same
					apps[1].Clock.Advance(1e9)
				}
				bs := make([]*kit.Browser, n)
				for i := range bs {
					bs[i] = jsonBrowser(apps[i%2])
					bs[i].CSRF("/reset")
				}
				won := make([]bool, n)
				kit.Parallel(t, n, 1, func(i int) bool {
					res := bs[i].Post(paths[i%links], both(numbered(i)))
					won[i] = res.Status == 200
					if !won[i] {
						res.Want(400).Fails("", "INVALID_RESET_PASSWORD_TOKEN")
					}
					return won[i]
				})
				for i, w := range won {
					if w && !lets(apps[1], joe, numbered(i)) {
						t.Error("the password is not the winner's")
					}
				}
				events := len(kit.EventsOf[reset.PasswordReset](apps[0].Events)) + len(kit.EventsOf[reset.PasswordReset](apps[1].Events))
				mails := len(apps[0].Outbox.Sent()) + len(apps[1].Outbox.Sent())
				if events != 1 || mails != 1 {
					t.Errorf("%d events, %d mails", events, mails)
				}
			})
		})
	}
}

func numbered(i int) string { return next + string(rune('A'+i%26)) + string(rune('a'+i/26)) }

// Without transactions the claim and the account's own lock decide.
func TestParallelWithoutTransactions(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) { c.Stores.Tx = nil })
	var paths []string
	for range 10 {
		paths = append(paths, linkTo(t, app, joe))
		app.Clock.Advance(1e9)
	}
	bs := make([]*kit.Browser, 100)
	for i := range bs {
		bs[i] = jsonBrowser(app)
		bs[i].CSRF("/reset")
	}
	kit.Parallel(t, len(bs), 1, func(i int) bool { return bs[i].Post(paths[i%10], both(next)).Status == 200 })
}
