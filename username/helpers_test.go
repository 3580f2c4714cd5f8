package username_test

import (
	"context"
	"errors"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/username"
)

const joe = "joe@example.com"

// both turns on both parts, with usernames to sign in with.
func both(c *batteries.Config) {
	c.Username = username.Config{Change: &username.Change{}, Recovery: &username.Recovery{}}
	c.Usernames.Enable = true
	c.Mail.Sender = unqueued{c.Mail.Sender}
}

// unqueued is an outbox that needs no queue before it: what is sent is there.
type unqueued struct{ mail.Sender }

func (unqueued) Queued() {}

// signedIn is the state before most scenarios: joe, with that username.
func signedIn(name string) func(*kit.App, *kit.Browser) {
	return func(app *kit.App, b *kit.Browser) {
		u, err := app.Stores.Users.FindUser(context.Background(), doorward.UserQuery{Attr: "email", Value: joe})
		if err != nil {
			return // the scenario fails at its first step
		}
		app.Change(u, func(acc *doorward.Account) { acc.Username = name })
		b.LoginAs(u)
	}
}

func named(name string) func(*doorward.Account) {
	return func(acc *doorward.Account) { acc.Username = name }
}

// gate keeps accounts with this username out, as an unconfirmed address does.
type gate struct{}

func (gate) Name() string                 { return "gate" }
func (gate) Init(*doorward.Runtime) error { return nil }

func (gate) Admit(_ context.Context, a *doorward.Attempt) error {
	switch a.User.SecurityAccount().Username {
	case "gated":
		return doorward.Fail(a.Field, "CONFIRMATION_REQUIRED").LeadTo("/elsewhere?email=x")
	case "broken":
		return errors.New("the gate fell over")
	}
	return nil
}
