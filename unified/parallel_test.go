package unified_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/internal/sqltest"
)

// crowd is how many come at once.
const crowd = 100

func open(stores func(testing.TB) doorward.Stores, t *testing.T) func(*batteries.Config) {
	return with(func(c *batteries.Config) { c.Stores, c.UnlimitedGuessing = stores(t), true })
}

// TestParallel: of a hundred uses at once of one code, by each method, or of one
// link, one signs in.
func TestParallel(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app, keys := site(t, open(stores, t), all()...)
		for _, method := range append(all(), "link") {
			code, path := "", ""
			switch method {
			case "authenticator":
				code = keys.code(app)
			case "link":
				path = askLink(t, app)
			default:
				code = ask(app, method)
			}
			seed := visitor(app, true)
			seed.CSRF("/us-signin")
			browsers := make([]*kit.Browser, crowd)
			for i := range browsers {
				browsers[i] = seed.Clone()
			}
			app.Events.Reset()
			kit.Parallel(t, crowd, 1, func(i int) bool {
				if path != "" {
					return browsers[i].Post(path, kit.Fields{}).Status == 200
				}
				return enter(browsers[i], code).Status == 200
			})
			in := 0
			for _, b := range browsers {
				if b.WhoAmI() == joe {
					in++
				}
			}
			if n := len(kit.EventsOf[doorward.Authenticated](app.Events)); n != 1 || in != 1 {
				t.Errorf("%s: %d events, %d browsers signed in", method, n, in)
			}
		}
	})
}

// TestParallelVerify: nor is there more than one proof by a code.
func TestParallelVerify(t *testing.T) {
	app, keys := site(t, with(func(c *batteries.Config) { c.UnlimitedGuessing = true }), "authenticator")
	browsers := make([]*kit.Browser, crowd)
	for i := range browsers {
		browsers[i] = as(app, joe)
		browsers[i].CSRF("/us-verify")
	}
	code := keys.code(app)
	kit.Parallel(t, crowd, 1, func(i int) bool {
		return browsers[i].Post("/us-verify", kit.Fields{"passcode": code}).Status == 200
	})
}

// TestParallelSetup: one state is completed once, of two accounts that want one
// number one gets it, and of all ways to sign in the last one stays.
func TestParallelSetup(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app, _ := site(t, open(stores, t))
		app.NewUser(ann)
		b := as(app, joe)
		state, key := begin(b, "authenticator", "")
		code := otp.Code(key, otp.Step(app.Clock.Now()))
		kit.Parallel(t, crowd, 1, func(int) bool {
			return b.Clone().Post("/us-setup/"+state, kit.Fields{"passcode": code}).Status == 200
		})
		two := []*kit.Browser{b, as(app, ann)}
		paths, passcodes := make([]string, 2), make([]string, 2)
		for i := range two {
			one, _ := begin(two[i], "sms", phone)
			paths[i], passcodes[i] = "/us-setup/"+one, last(app, "sms")
		}
		kit.Parallel(t, 2, 1, func(i int) bool {
			return two[i].Post(paths[i], kit.Fields{"passcode": passcodes[i]}).Status == 200
		})

		secrets := app.Account(joe).USTOTPSecrets
		secrets = map[string]string{"authenticator": secrets["authenticator"], "email": secrets["authenticator"]}
		app.Change(find(app, joe), func(acc *doorward.Account) { acc.PasswordHash, acc.USTOTPSecrets = "", secrets })
		kit.Parallel(t, 2, 1, func(i int) bool {
			return b.Clone().Post("/us-setup", kit.Fields{"delete_method": []string{"email", "authenticator"}[i]}).Status == 200
		})
		if got := app.Account(joe).USTOTPSecrets; len(got) != 1 {
			t.Errorf("left are %d", len(got))
		}
	})
}
