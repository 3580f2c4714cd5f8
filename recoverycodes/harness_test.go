package recoverycodes_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/recoverycodes"
)

const (
	joe    = "joe@example.com"
	ann    = "ann@example.com"
	manage = "/mf-recovery-codes"
	enter  = "/mf-recovery"
)

// second is a second factor. What a user has set up stands in TFPrimaryMethod;
// "must" is who has to set up something.
type second struct{}

func (second) Name() string                 { return "second" }
func (second) Init(*doorward.Runtime) error { return nil }

func (second) Methods(_ context.Context, u doorward.User) ([]string, error) {
	if m := u.SecurityAccount().TFPrimaryMethod; m != "must" {
		return strings.Fields(m), nil
	}
	return nil, nil
}

func (second) Required(_ context.Context, a *doorward.Attempt, ready bool) (bool, error) {
	return ready || a.User.SecurityAccount().TFPrimaryMethod == "must", nil
}

func (second) Begin(_ http.ResponseWriter, _ *http.Request, _ *doorward.Attempt, method string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true, "tf_method": method}}, nil
}

// having puts the feature and a second factor into a configuration.
func having(f **recoverycodes.Feature, edit ...func(*recoverycodes.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		cfg := recoverycodes.Config{Codes: c.Codes}
		for _, e := range edit {
			e(&cfg)
		}
		made := recoverycodes.New(cfg)
		if f != nil {
			*f = made
		}
		c.More = append(c.More, second{}, made)
	}
}

// site is an installation with joe, who has a second factor and codes.
type site struct {
	*kit.App
	feature *recoverycodes.Feature
	joe     doorward.User
	codes   []string
}

func newSite(t testing.TB, edit ...func(*batteries.Config)) *site {
	t.Helper()
	s := &site{}
	s.App = kit.New(t, func(c *batteries.Config) {
		for _, e := range edit {
			e(c)
		}
		having(&s.feature)(c)
	})
	s.joe = s.NewUser(joe)
	s.codes = generate(t, s.App, s.joe)
	set(s.App, s.joe, "authenticator")
	s.Events.Reset()
	s.Outbox.Reset()
	return s
}

// generate gives u codes, as a browser gets them.
func generate(t testing.TB, app *kit.App, u doorward.User) []string {
	t.Helper()
	set(app, u, "")
	b := app.Browser()
	b.JSON = true
	b.LoginAs(u).Want(200)
	return list(app, b.Post(manage, kit.Fields{}).Want(200))
}

func list(app *kit.App, res *kit.Response) []string {
	var out []string
	all, _ := res.JSONAt("response.recovery_codes").([]any)
	for _, v := range all {
		code, _ := v.(string)
		app.Secret(code)
		out = append(out, code)
	}
	return out
}

// set gives u a second factor.
func set(app *kit.App, u doorward.User, methods string) {
	app.Change(u, func(a *doorward.Account) { a.TFPrimaryMethod = methods })
}

// waits is a browser whose sign-in waits for its second factor.
func waits(app *kit.App, email string, asJSON bool) *kit.Browser {
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", kit.Fields{"email": email, "password": kit.Password}).Want(200).Contains(`"tf_required":true`)
	b.CSRF(enter)
	b.JSON = asJSON
	return b
}

func code(s string) kit.Fields { return kit.Fields{"code": s} }

// stored are the entries in joe's column.
func (s *site) stored() []string { return slices.Clone(s.Account(joe).RecoveryCodes) }
