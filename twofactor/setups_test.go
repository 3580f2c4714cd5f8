package twofactor_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// The token of a setup is its user's alone, and nobody else's row changes.
func TestSetupOfAnother(t *testing.T) {
	app, _ := site(t, "")
	app.NewUser(ann)
	a, b := signedIn(app, joe, nil), signedIn(app, ann, nil)
	res, token := choose(a, "authenticator")
	o := scan(t, app, res)
	b.Post("/tf-setup/"+token, code(o.code(0))).Want(400).Fails("", "API_ERROR")
	if app.Account(ann).TFTOTPSecret != "" || app.Account(joe).TFTOTPSecret != "" {
		t.Error("stored")
	}
	a.Post("/tf-setup/"+token, code(o.code(0))).Want(200) // and no code was used up
	app.Clock.Advance(time.Minute)
	a.Post("/tf-setup/"+token, code(o.code(0))).Want(400).Fails("", "API_ERROR")
	for _, bad := range []string{token + "A", token[1:], strings.ToUpper(token), token[:len(token)-1], "x." + token} {
		a.Post("/tf-setup/"+bad, code(o.code(0))).Want(400).Fails("", "API_ERROR")
	}
}

// Nor does it outlive the uniquifier of its user.
func TestSetupOfAnotherTime(t *testing.T) {
	app, _ := site(t, "")
	a := signedIn(app, joe, nil)
	res, token := choose(a, "authenticator")
	o := scan(t, app, res)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
	signedIn(app, joe, nil).Post("/tf-setup/"+token, code(o.code(0))).Want(400).Fails("", "API_ERROR")
}

// What was chosen in one sign-in is nothing in another, though the cookie has it.
func TestSetupOfAnotherAttempt(t *testing.T) {
	app, _ := site(t, "", required)
	b := api(app)
	begin(b, joe).Want(200)
	res, _ := choose(b, "authenticator")
	o := scan(t, app, res)
	begin(b, joe).Want(200)
	b.Post("/tf-validate", code(o.code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	if app.Account(joe).TFTOTPSecret != "" || b.WhoAmI() != "" {
		t.Error("stored, or signed in")
	}
}

// Nor is it for who has come in without one meanwhile, in the same browser.
func TestSetupOfAnAttemptSignedIn(t *testing.T) {
	app, _ := site(t, "", required, func(c *batteries.Config) {
		c.TwoFactor.Decide = func(_ context.Context, a *doorward.Attempt, must bool) (bool, error) {
			return must && !slices.Contains(a.Via, "doorwardtest"), nil
		}
	})
	b := api(app)
	begin(b, joe).Want(200)
	res, _ := choose(b, "authenticator")
	o := scan(t, app, res)
	b.LoginAs(find(t, app, joe))
	b.Post("/tf-validate", code(o.code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	if app.Account(joe).TFTOTPSecret != "" || b.WhoAmI() != joe {
		t.Errorf("stored, or signed out: %q", b.WhoAmI())
	}
}

// A number is written when it is proved and not before.
func TestPhoneBeforeProof(t *testing.T) {
	app, o := site(t, "")
	b := signedIn(app, joe, nil)
	_ = o
	give(t, app, find(t, app, joe), "sms")
	res := b.Post("/tf-setup", kit.Fields{"setup": "sms", "phone": "+44 20 7946 0958"}).Want(200)
	token, _ := res.JSONAt("response.tf_state_token").(string)
	if got := app.Account(joe).TFPhoneNumber; got != phone {
		t.Errorf("the number is %s already", got)
	}
	if sent := app.Texts.Sent(); sent[len(sent)-1].To != "+442079460958" {
		t.Errorf("sent to %s", sent[len(sent)-1].To)
	}
	b.Post("/tf-setup/"+token, code(texted(app))).Want(200)
	if got := app.Account(joe).TFPhoneNumber; got != "+442079460958" {
		t.Errorf("the number is %s", got)
	}
}

// Whoever knew the password before there was a second factor, and kept the cookie
// of the sign-in that had to set one up, cannot put his own in its place.
func TestOldSetupCookie(t *testing.T) {
	app, _ := site(t, "", required)
	thief, busy, owner := api(app), api(app), api(app)
	for _, b := range []*kit.Browser{thief, busy, owner} {
		begin(b, joe).Want(200)
	}
	res, _ := choose(busy, "authenticator")
	stolen := scan(t, app, res)
	res, _ = choose(owner, "authenticator")
	own := scan(t, app, res)
	half := owner.Clone()
	owner.Post("/tf-validate", code(own.code(0))).Want(200)
	was := app.Account(joe)

	app.Clock.Advance(time.Minute)
	thief.Clone().Get("/tf-setup").Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	thief.Post("/tf-setup", kit.Fields{"setup": "authenticator"}).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	busy.Post("/tf-validate", code(stolen.code(0))).Want(400).Fails("code", "TWO_FACTOR_INVALID_TOKEN")
	half.Post("/tf-validate", code(own.code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED") // completed before
	if now := app.Account(joe); now.TFTOTPSecret != was.TFTOTPSecret || thief.WhoAmI()+busy.WhoAmI()+half.WhoAmI() != "" {
		t.Error("replaced, or signed in")
	}
}

// meddling is a claim store that lets something happen at the last moment.
type meddling struct {
	doorward.ClaimStore
	now *func()
}

func (m meddling) Claim(ctx context.Context, key string, until time.Time) error {
	if do := *m.now; do != nil {
		*m.now = nil
		do()
	}
	return m.ClaimStore.Claim(ctx, key, until)
}

// Whether a setup may still be stored is looked at when it is.
func TestFactorAtTheLastMoment(t *testing.T) {
	for name, change := range map[string]func(*doorward.Account){
		"another factor": func(acc *doorward.Account) { acc.TFPrimaryMethod, acc.TFTOTPSecret = "email", "the owner's" },
		"switched off":   func(acc *doorward.Account) { acc.Active = false },
		"rotated":        func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() },
	} {
		t.Run(name, func(t *testing.T) {
			var now func()
			app, _ := site(t, "", required, func(c *batteries.Config) {
				c.Stores.Claims, c.Stores.Tx = meddling{c.Stores.Claims, &now}, nil
			})
			b := api(app)
			begin(b, joe).Want(200)
			res, _ := choose(b, "authenticator")
			u := find(t, app, joe)
			now = func() { app.Change(u, change) }
			b.Post("/tf-validate", code(scan(t, app, res).code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
			if acc := app.Account(joe); acc.TFTOTPSecret != u.SecurityAccount().TFTOTPSecret || b.WhoAmI() != "" {
				t.Error("stored, or signed in")
			}
		})
	}
}
