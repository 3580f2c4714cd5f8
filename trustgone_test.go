package doorward_test

import (
	"testing"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
)

// A trusted browser is one that need not give a second factor again. Where there is
// none any more, whatever kind it was, and one must be, there is nothing to trust.
func TestTrustWithoutFactor(t *testing.T) {
	for name, c := range map[string]struct {
		methods  []string
		required bool
		asked    bool
	}{
		"has one":                {[]string{"app"}, false, false},
		"has one, and must":      {[]string{"app"}, true, false},
		"has none, and need not": {nil, false, false},
		"has none, but must":     {nil, true, true},
	} {
		second := newSecond("second", "app")
		app, _ := withSecond(t, func(c *doorward.Config) { c.Second.NotAlways = true }, second)
		b := app.Browser()
		b.JSON = true
		login := kit.Fields{"email": joe, "password": kit.Password, "remember": true}
		b.Post("/login", login).Want(200).Contains(`"tf_required":true`)
		b.Post("/second", kit.Fields{"code": "123456", "trust": true}).Want(200)
		b.Post("/logout", nil).Want(200)
		second.methods, second.required = c.methods, c.required
		res := b.Post("/login", login).Want(200)
		if asked := res.JSONAt("response.tf_required") != false; asked != c.asked || (b.WhoAmI() == "") != c.asked {
			t.Errorf("%s: asked is %t, signed in is %q", name, asked, b.WhoAmI())
		}
	}
}
