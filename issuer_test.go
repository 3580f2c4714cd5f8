package doorward_test

import (
	"errors"
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
