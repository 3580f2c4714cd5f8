package lockout_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// keyless is a proof that names nobody beforehand, as a passkey does.
type keyless struct{ rt *doorward.Runtime }

type keyForm struct {
	Owner string `json:"owner"`
	Right bool   `json:"right"`
}

func (f *keyless) Name() string { return "keyless" }

func (f *keyless) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return rt.Handle(doorward.Form[keyForm]{Submit: f.submit}.Route(doorward.Route{Name: "keyless", Path: "/keyless"}))
}

func (f *keyless) submit(w http.ResponseWriter, r *http.Request, in *keyForm) (doorward.Result, error) {
	u, err := f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "passkey",
		Find: func(ctx context.Context) (doorward.User, error) { return f.rt.Accounts().Find(ctx, in.Owner) },
		Check: func(_ context.Context, u doorward.User) error {
			if u == nil || !in.Right {
				return doorward.Fail("", "INVALID_KEY")
			}
			return nil
		},
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Login(w, r, doorward.Attempt{User: u, Via: []string{"keyless"}})
}

// TestKeyless: proofs that name nobody still have an account each.
func TestKeyless(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.More = append(c.More, &keyless{}) })
	app.NewUser("mallory@example.com")
	b := from(app, "192.0.2.66")
	for range 5 {
		b.Get("/login")
		b.Post("/keyless", kit.Fields{"owner": joe}).Want(400)
		own := from(app, "192.0.2.66")
		own.Get("/login")
		own.Post("/keyless", kit.Fields{"owner": "mallory@example.com", "right": true}).Want(200)
	}
	b.Post("/keyless", kit.Fields{"owner": joe, "right": true}).Want(429)
	if s := status(t, app, find(t, app, joe)); s.Failures != 5 {
		t.Errorf("%+v", s)
	}
	for range 95 { // nobody's keys count for the address
		b.Post("/keyless", kit.Fields{"owner": "nobody@example.com"}).Want(400)
	}
	b.Post("/keyless", kit.Fields{"owner": "nobody@example.com"}).Want(429)
}
