package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestFailedIssueSignsNobodyIn: a sign-in that cannot be completed leaves no
// session, no remembered browser, and no event.
func TestFailedIssueSignsNobodyIn(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.More = []doorward.Feature{&fakeIssuer{bare: bare{name: "broken"}, err: errors.New("no paper")}}
	})
	u := app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(500)
	if who := b.WhoAmI(); who != "" {
		t.Errorf("%s is signed in", who)
	}
	if b.Cookie("remember_token") != "" {
		t.Error("the browser is remembered")
	}
	if s, err := app.Accounts().Sessions(t.Context(), u); err != nil || len(s) != 0 {
		t.Errorf("%d sessions, %v", len(s), err)
	}
	if got := kit.EventsOf[doorward.Authenticated](app.Events); len(got) != 0 {
		t.Errorf("told: %v", got)
	}
}

// freshIssuer notes whom it is asked about.
type freshIssuer struct {
	bare
	ids []doorward.Identity
}

func (f *freshIssuer) Issue(_ context.Context, id doorward.Identity) (map[string]any, []*http.Cookie, error) {
	f.ids = append(f.ids, id)
	return nil, nil, nil
}

// TestFreshAtOnce: who was remembered and proves the password is fresh for the rest of
// that request, and not from the next one on.
func TestFreshAtOnce(t *testing.T) {
	for path, fields := range map[string]kit.Fields{
		"/verify": {"password": kit.Password},
		"/change": {"password": kit.Password, "new_password": "another long password", "new_password_confirm": "another long password"},
	} {
		issuer := &freshIssuer{bare: bare{name: "noting"}}
		app := kit.New(t, func(c *batteries.Config) {
			kit.Everything(c)
			c.More = append(c.More, issuer)
		})
		app.NewUser(joe)
		b := app.Browser()
		b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": "true"}).Want(302)
		b.SetCookie("session", "")
		b.SetCookie("__Host-session", "")
		if who := b.WhoAmI(); who != joe {
			t.Fatalf("remembered is %q", who)
		}
		issuer.ids = nil
		b.JSON = true
		b.CSRF(path)
		b.Post(path, fields).Want(200)
		if len(issuer.ids) != 1 || !issuer.ids[0].Fresh {
			t.Errorf("%s: %+v", path, issuer.ids)
		}
	}
}
