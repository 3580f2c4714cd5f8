package twofactor_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// askOnce lets remembered browsers be trusted; admins must have a second factor.
func askOnce(c *batteries.Config) {
	c.Second.NotAlways = true
	c.TwoFactor.Decide = func(_ context.Context, a *doorward.Attempt, must bool) (bool, error) {
		return must || a.User.SecurityAccount().Username == "admin", nil
	}
}

func promoted(acc *doorward.Account) { acc.Username = "admin" }

// trusting is a browser that is trusted, and signed out.
func trusting(t *testing.T, email string, o totp) *kit.Browser {
	t.Helper()
	o.app.Clock.Advance(time.Minute)
	b := api(o.app)
	b.CSRF("/login")
	b.Post("/login", kit.Fields{"email": email, "password": kit.Password, "remember": true}).Want(200)
	if b.Post("/tf-validate", code(o.code(0))).Want(200).Cookie("tf_validity") == nil {
		t.Fatal("not trusted")
	}
	b.Post("/logout", kit.Fields{}).Want(200)
	return b
}

// replace sets up another authenticator by the pages for it.
func replace(t *testing.T, app *kit.App, o totp) totp {
	t.Helper()
	res, token := choose(signedInBy(app, o), "authenticator")
	n := scan(t, app, res)
	signedInBy(app, o).Post("/tf-setup/"+token, code(n.code(0))).Want(200)
	return n
}

// signedInBy is a browser of joe's that is not trusted.
func signedInBy(app *kit.App, o totp) *kit.Browser { return signedIn(app, joe, &o) }

// A browser is trusted with the second factor for which it was: where that is gone
// and one must be, or it is another, the browser is asked like any other.
func TestTrustEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		since func(t *testing.T, app *kit.App, o totp)
		state string // of the answer to the password; "" signs in
	}{
		{"nothing", func(*testing.T, *kit.App, totp) {}, ""},
		{"must have one, and has", func(t *testing.T, app *kit.App, _ totp) { app.Change(find(t, app, joe), promoted) }, ""},
		{"signed in elsewhere", func(_ *testing.T, app *kit.App, o totp) { signedInBy(app, o) }, ""},
		{"removed", func(_ *testing.T, app *kit.App, o totp) {
			signedInBy(app, o).Post("/tf-setup", kit.Fields{"setup": "disable"}).Want(200)
		}, ""},
		{"removed, and must have one", func(t *testing.T, app *kit.App, o totp) {
			signedInBy(app, o).Post("/tf-setup", kit.Fields{"setup": "disable"}).Want(200)
			app.Change(find(t, app, joe), promoted)
		}, "setup_from_login"},
		{"removed by an operator, and must have one", func(t *testing.T, app *kit.App, _ totp) {
			app.Change(find(t, app, joe), func(acc *doorward.Account) { promoted(acc); acc.TFPrimaryMethod, acc.TFTOTPSecret = "", "" })
		}, "setup_from_login"},
		{"replaced", func(t *testing.T, app *kit.App, o totp) { replace(t, app, o) }, "ready"},
		{"replaced by another kind", func(t *testing.T, app *kit.App, _ totp) { give(t, app, find(t, app, joe), "email") }, "ready"},
		{"another kind, of the same secret", func(t *testing.T, app *kit.App, _ totp) {
			app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.TFPrimaryMethod = "email" })
		}, "ready"},
		{"signed out everywhere", func(t *testing.T, app *kit.App, _ totp) {
			app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
		}, "ready"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, o := site(t, "authenticator", askOnce)
			b := trusting(t, joe, o)
			c.since(t, app, o)
			app.Clock.Advance(time.Minute)
			res := begin(b, joe).Want(200)
			if got, _ := res.JSONAt("response.tf_state").(string); got != c.state || (b.WhoAmI() == joe) != (c.state == "") {
				t.Errorf("%q, signed in is %q:\n%s", got, b.WhoAmI(), res.Body)
			}
		})
	}
}

// It is trusted again after it has given the new one; and never for another account,
// which has the same secret by some accident.
func TestTrustBeginsAnew(t *testing.T) {
	app, o := site(t, "authenticator", askOnce)
	b := trusting(t, joe, o)
	n := replace(t, app, o)
	begin(b, joe).Want(200).Contains(`"tf_state":"ready"`)
	app.Clock.Advance(time.Minute)
	b = trusting(t, joe, n)
	begin(b, joe).Want(200).Contains(`"tf_required":false`)
	b.Post("/logout", kit.Fields{}).Want(200)
	was := app.Account(joe)
	app.NewUser(ann, func(acc *doorward.Account) {
		acc.TFPrimaryMethod, acc.TFTOTPSecret = was.TFPrimaryMethod, was.TFTOTPSecret
	})
	begin(b, ann).Want(200).Contains(`"tf_state":"ready"`)
	if b.WhoAmI() != "" {
		t.Error("trusted with another account")
	}
}

// A cookie that cannot be read is none, and the log says so without it.
func TestTrustUnread(t *testing.T) {
	app, o := site(t, "authenticator", askOnce)
	b := trusting(t, joe, o)
	const forged = "a-forged-cookie"
	b.SetCookie("tf_validity", forged)
	begin(b, joe).Want(200).Contains(`"tf_required":true`)
	if !app.Logs.Contains("DEBUG", "trust in a browser not read") || app.Logs.Contains(forged) {
		t.Errorf("the log says\n%s", app.Logs)
	}
}
