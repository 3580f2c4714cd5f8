package twofactor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
)

const crowd = 100

// Of a hundred sign-ins at once with one code one is completed, on every kind of
// database and for every method.
func TestOneCodeAtOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app, o := site(t, "authenticator", unlimited, func(c *batteries.Config) { c.Stores = stores(t) })
		for _, method := range []string{"authenticator", "email", "sms"} {
			app.Clock.Advance(time.Hour)
			o = give(t, app, find(t, app, joe), method)
			browsers := make([]*kit.Browser, crowd)
			for i := range browsers {
				browsers[i] = api(app)
				begin(browsers[i], joe).Want(200)
				browsers[i].CSRF("/tf-validate")
			}
			c := map[string]func() string{"authenticator": func() string { return o.code(0) }, "email": func() string { return mailed(app) }, "sms": func() string { return texted(app) }}[method]()
			kit.Parallel(t, crowd, 1, func(i int) bool {
				return browsers[i].Post("/tf-validate", code(c)).Status == 200 && browsers[i].WhoAmI() == joe
			})
		}
	})
}

// Of a hundred uses of one setup at once, with any of the codes that are good for
// it, one stores the factor.
func TestOneSetupAtOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app, _ := site(t, "", unlimited, func(c *batteries.Config) { c.Stores = stores(t) })
		b := signedIn(app, joe, nil)
		res, token := choose(b, "authenticator")
		o := scan(t, app, res)
		b.CSRF("/tf-setup")
		app.Events.Reset()
		browsers := make([]*kit.Browser, crowd)
		for i := range browsers {
			browsers[i] = b.Clone()
		}
		kit.Parallel(t, crowd, 1, func(i int) bool {
			path := "/tf-setup/" + token
			if i%2 == 1 {
				path = "/tf-validate"
			}
			return browsers[i].Post(path, code(o.code(i%9-4))).Status == 200
		})
		if got := strings.Join(app.Events.Names(), " "); strings.Count(got, "ProfileChanged") != 1 {
			t.Errorf("events %s", got)
		}
	})
}

// Of twenty sign-ins that set up a first factor at once, each one of its own, one
// does.
func TestFirstFactorAtOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		app, _ := site(t, "", required, unlimited, func(c *batteries.Config) { c.Stores = stores(t) })
		browsers, totps := make([]*kit.Browser, 20), make([]totp, 20)
		for i := range browsers {
			browsers[i] = api(app)
			begin(browsers[i], joe).Want(200)
			res, _ := choose(browsers[i], "authenticator")
			totps[i] = scan(t, app, res)
			browsers[i].CSRF("/tf-setup")
		}
		kit.Parallel(t, 20, 1, func(i int) bool {
			return browsers[i].Post("/tf-validate", code(totps[i].code(0))).Status == 200 && browsers[i].WhoAmI() == joe
		})
	})
}
