package doorward_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func TestHooks(t *testing.T) {
	var order []string
	app := kit.New(t, func(c *batteries.Config) {
		c.OnEvent = func(_ context.Context, ev any) {
			if _, ok := ev.(doorward.Authenticated); ok {
				order = append(order, "every")
			}
		}
	})
	app.NewUser(joe)
	listen := func(f func(context.Context, doorward.Authenticated) error) {
		if err := app.Hooks().Authenticated.On(f); err != nil {
			t.Fatal(err)
		}
	}
	listen(func(_ context.Context, ev doorward.Authenticated) error {
		order = append(order, "first")
		// The change is stored when its event comes.
		if acc := app.Account(joe); acc.LoginCount != 1 || ev.User.SecurityAccount().Email != joe || !ev.At.Equal(app.Clock.Now()) {
			t.Errorf("event %+v, stored %+v", ev, acc)
		}
		if s, _ := app.Accounts().Sessions(context.Background(), ev.User); len(s) != 1 {
			t.Errorf("%d sessions are stored", len(s))
		}
		return nil
	})
	listen(func(ctx context.Context, _ doorward.Authenticated) error {
		order = append(order, "second")
		if id, err := doorward.IdentityFrom(ctx); err != nil || id.User.SecurityAccount().Email != joe {
			t.Errorf("in the listener: %v", err)
		}
		panic("a broken listener")
	})
	listen(func(context.Context, doorward.Authenticated) error {
		order = append(order, "third")
		return errors.New("a failing listener")
	})
	b := app.Browser()
	b.PostForm("/login", credentials(joe)).GoesTo("/")
	if b.WhoAmI() != joe {
		t.Error("a broken listener broke the sign-in")
	}
	if !slices.Equal(order, []string{"first", "second", "third", "every"}) {
		t.Errorf("order %q", order)
	}
	if !app.Logs.Contains("a broken listener") || !app.Logs.Contains("a failing listener") {
		t.Error("not logged")
	}
	if err := app.Hooks().Authenticated.On(func(context.Context, doorward.Authenticated) error { return nil }); err == nil {
		t.Error("a listener was added after the first event")
	}
	if err := app.Hooks().AccessReset.On(func(context.Context, doorward.AccessReset) error { return nil }); err != nil {
		t.Errorf("no such event yet: %v", err)
	}
}

// A listener may ask who is signed in and use the engine: nothing is locked.
func TestHookUsesTheEngine(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	err := app.Hooks().LoggedOut.On(func(ctx context.Context, ev doorward.LoggedOut) error {
		if _, err := doorward.IdentityFrom(ctx); !errors.Is(err, doorward.ErrAnonymous) {
			t.Errorf("signed out, and still known: %v", err)
		}
		_, err := app.Accounts().EndSessions(ctx, ev.User)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other, b := app.Browser(), app.Browser()
	other.LoginAs(u)
	b.LoginAs(u)
	b.PostForm("/logout", nil).Want(302)
	if other.WhoAmI() != "" {
		t.Error("the listener's work is lost")
	}
}

// Listeners that run while a request's lock is held would wait for themselves.
func TestHooksDoNotBlock(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	ask := func(ctx context.Context) error {
		_, _ = doorward.IdentityFrom(ctx)
		doorward.CSRFToken(ctx)
		return nil
	}
	h := app.Hooks()
	_ = h.Remembered.On(func(ctx context.Context, _ doorward.Remembered) error { return ask(ctx) })
	_ = h.TokenAccepted.On(func(ctx context.Context, _ doorward.TokenAccepted) error { return ask(ctx) })
	_ = h.SessionProtected.On(func(ctx context.Context, _ doorward.SessionProtected) error { return ask(ctx) })
	_ = h.Unauthenticated.On(func(ctx context.Context, _ doorward.Unauthenticated) error { return ask(ctx) })
	_ = h.Unauthorized.On(func(ctx context.Context, _ doorward.Unauthorized) error { return ask(ctx) })
	_ = h.AuthnFailed.On(func(ctx context.Context, _ doorward.AuthnFailed) error { return ask(ctx) })
	_ = h.Verified.On(func(ctx context.Context, _ doorward.Verified) error { return ask(ctx) })
	app.Mux.Handle("/role", app.RequireRoles("x")(answer))
	token := app.AuthToken(u)
	b := remembered(t, app, joe)
	b.Agent = "another"
	b.Get("/role").Want(403)
	b.PostForm("/verify", kit.Fields{"password": "wrong password"}).Want(200)
	b.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(302)
	b.Close()
	b.Get("/doorwardtest/user", "Authentication-Token", token).Want(200)
	app.Browser().Get("/verify").Want(302)
	want := []string{"Remembered", "TokenAccepted", "SessionProtected", "Unauthenticated", "Unauthorized", "AuthnFailed", "Verified"}
	for _, name := range want {
		if !slices.Contains(app.Events.Names(), name) {
			t.Errorf("no %s among %q", name, app.Events.Names())
		}
	}
}
