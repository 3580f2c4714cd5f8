package doorward_test

import (
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func TestRouteMatrix(t *testing.T) {
	t.Run("batteries", func(t *testing.T) { kit.RouteMatrix(t, kit.New(t, kit.Everything)) })
	t.Run("second factor", func(t *testing.T) { kit.RouteMatrix(t, withFeatures(t, nil, newSecond("second", "app"))) })
}

func TestTokenMatrix(t *testing.T) { kit.TokenMatrix(t, kit.Everything) }

func TestTypeFuzz(t *testing.T) {
	kit.TypeFuzz(t, kit.New(t, kit.Everything))
}

func TestTwins(t *testing.T) {
	kit.Twins(t, kit.New(t, func(c *batteries.Config) {
		kit.Everything(c)
		c.GenericResponses = true
	}))
}

func TestMailTrap(t *testing.T) {
	kit.MailTrap(t, kit.New(t, kit.Everything), "https://localhost")
}

// Of identical requests that consume something one succeeds.
func TestParallel(t *testing.T) { parallelVerify(t, kit.New(t, nil)) }

func parallelVerify(t *testing.T, app *kit.App) {
	t.Helper()
	u := app.NewUser(joe)
	b := app.Browser()
	b.LoginAs(u)
	b.JSON = true
	b.CSRF("/verify")
	kit.Parallel(t, 20, 1, func(int) bool {
		c := b.Clone()
		return c.PostJSON("/verify", kit.Fields{"password": kit.Password}).Status == 200
	})
	if s, _ := app.Accounts().Sessions(t.Context(), u); len(s) != 1 {
		t.Errorf("%d sessions", len(s))
	}
	kit.Parallel(t, 20, 20, func(int) bool {
		c := app.Browser()
		return c.PostForm("/login", credentials(joe)).Status == 302
	})
	if got := app.Account(joe).LoginCount; got != 21 {
		t.Errorf("%d sign-ins were counted, want 21", got)
	}
}
