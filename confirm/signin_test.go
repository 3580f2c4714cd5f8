package confirm_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestAutoLogin: through the funnel, as one who proved that he reads the mail.
func TestAutoLogin(t *testing.T) {
	both(t, func(t *testing.T, asJSON bool) {
		app := site(t, with(confirm.Config{AutoLogin: true}))
		path := link(t, app, app.NewUser(ann, unconfirmed))
		b := app.Browser()
		b.JSON = asJSON
		saved := b.Clone()
		app.Events.Reset()
		if res := press(b, path); asJSON {
			res.Want(200).Contains(`"user":{}`, `"tf_required":false`)
		} else {
			res.GoesTo("/")
		}
		if got := app.Events.Names(); !slices.Equal(got, []string{"Confirmed", "Authenticated"}) {
			t.Errorf("events %q", got)
		}
		if got := kit.EventsOf[doorward.Authenticated](app.Events); len(got) != 1 || !slices.Equal(got[0].Via, []string{"confirm"}) {
			t.Errorf("%+v", got)
		}
		if b.WhoAmI() != ann || saved.WhoAmI() != "" {
			t.Error("not signed in, or elsewhere too")
		}
		other := app.Browser() // the second time nobody is
		other.JSON = asJSON
		lost(t, app, other, path, "ALREADY_CONFIRMED")
		if who := other.WhoAmI(); who != "" {
			t.Errorf("%s is signed in by a used link", who)
		}
	})
}

// TestOtherUser: somebody else who is signed in here is signed out.
func TestOtherUser(t *testing.T) {
	for _, auto := range []bool{false, true} {
		both(t, func(t *testing.T, asJSON bool) {
			app := site(t, with(confirm.Config{AutoLogin: auto, Lax: true}))
			john := app.NewUser(joe)
			u := app.NewUser(ann, unconfirmed)
			b := app.Browser()
			b.JSON = asJSON
			b.LoginAs(john)
			saved := b.Clone()
			press(b, link(t, app, u))
			want := map[bool]string{true: ann}[auto]
			if who := b.WhoAmI(); who != want {
				t.Errorf("signed in is %q, want %q", who, want)
			}
			if who := saved.WhoAmI(); who != "" {
				t.Errorf("the old session is still %s", who)
			}
			if !slices.Contains(app.Events.Names(), "LoggedOut") {
				t.Errorf("events %q", app.Events.Names())
			}
			// A link that does not work signs nobody out.
			b = app.Browser()
			b.LoginAs(john)
			press(b, link(t, app, must(app, ann)))
			press(b, "/confirm/x.y.z")
			if who := b.WhoAmI(); who != joe {
				t.Errorf("signed in is %q", who)
			}
		})
	}
}

// TestSameUser: who is signed in already stays so, in the same session.
func TestSameUser(t *testing.T) {
	app := site(t, with(confirm.Config{AutoLogin: true, Lax: true}))
	u := app.NewUser(ann, unconfirmed)
	b := app.Browser()
	b.LoginAs(u)
	app.Events.Reset()
	press(b, link(t, app, u)).GoesTo("/login")
	if got := app.Events.Names(); !slices.Equal(got, []string{"Confirmed"}) || b.WhoAmI() != ann {
		t.Errorf("events %q, signed in is %q", got, b.WhoAmI())
	}
}

// TestStopped: what stops the sign-in is not told, and the address is
// confirmed all the same.
func TestStopped(t *testing.T) {
	for name, c := range map[string]struct {
		user func(*doorward.Account)
		gate error
	}{
		"switched off": {func(acc *doorward.Account) { unconfirmed(acc); acc.Active = false }, nil},
		"gate":         {unconfirmed, doorward.Fail("", "DISABLED_ACCOUNT")},
		"trouble":      {unconfirmed, errors.New("no connection")},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, asJSON bool) {
				app := site(t, with(confirm.Config{AutoLogin: true}), func(b *batteries.Config) { b.More = []doorward.Feature{gate{err: c.gate}} })
				path := link(t, app, app.NewUser(ann, c.user))
				b := app.Browser()
				b.JSON = asJSON
				if res := press(b, path).Lacks("DISABLED_ACCOUNT"); asJSON {
					res.Want(200)
				} else {
					res.GoesTo("/login")
					if got := b.Clone().Get("/login").Flashes(); !slices.Equal(got, []string{"EMAIL_CONFIRMED"}) {
						t.Errorf("flashes %q", got)
					}
				}
				if !confirmed(app, ann) || b.WhoAmI() != "" {
					t.Error("not confirmed, or signed in")
				}
				if logged := app.Logs.Contains("confirmed, but not signed in"); logged != (name == "trouble") {
					t.Errorf("logged is %v", logged)
				}
			})
		})
	}
}

type gate struct {
	err error
}

func (gate) Name() string                                     { return "gate" }
func (gate) Init(*doorward.Runtime) error                     { return nil }
func (g gate) Admit(context.Context, *doorward.Attempt) error { return g.err }

// TestSecondFactor: a link is one factor, and the session comes after both.
func TestSecondFactor(t *testing.T) {
	for _, behavior := range []string{"", "spa"} {
		both(t, func(t *testing.T, asJSON bool) {
			app := site(t, with(confirm.Config{AutoLogin: true, PostConfirm: "/done", ErrorView: "/failed"}), func(c *batteries.Config) {
				c.More, c.URLs.Behavior = []doorward.Feature{&second{}}, behavior
			})
			path := link(t, app, app.NewUser(ann, unconfirmed))
			b := app.Browser()
			b.JSON = asJSON
			res := press(b, path)
			if asJSON {
				res.Want(200).Contains(`"tf_required":true`).Lacks(`"user"`)
			} else {
				res.GoesTo("/second")
				if got := b.Clone().Get("/login").Flashes(); !slices.Equal(got, []string{"EMAIL_CONFIRMED"}) {
					t.Errorf("flashes %q", got)
				}
			}
			if who := b.WhoAmI(); who != "" || !confirmed(app, ann) {
				t.Fatalf("signed in by half: %q", who)
			}
			if res := b.Post("/second", kit.Fields{}); asJSON {
				res.Want(200)
			} else {
				res.GoesTo("/done")
			}
			if who := b.WhoAmI(); who != ann {
				t.Errorf("signed in is %q", who)
			}
		})
	}
}

// second is a second factor that asks for nothing but another request.
type second struct{ rt *doorward.Runtime }

func (*second) Name() string { return "second" }

func (f *second) Init(rt *doorward.Runtime) error {
	f.rt = rt
	return rt.Handle(doorward.Route{Name: "second", Path: "/second", Post: func(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
		if _, err := rt.SignIn().Pending(r); err != nil {
			return doorward.Result{}, err
		}
		return rt.SignIn().Complete(w, r, "second", false)
	}})
}

func (*second) Methods(context.Context, doorward.User) ([]string, error) {
	return []string{"second"}, nil
}

func (*second) Required(context.Context, *doorward.Attempt, bool) (bool, error) { return true, nil }

func (*second) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true}}, nil
}

func TestByHand(t *testing.T) {
	app := site(t)
	u := app.NewUser(ann, unconfirmed)
	for _, want := range []bool{true, false} {
		changed, err := app.Batteries.Confirm.Confirm(t.Context(), u)
		if err != nil || changed != want {
			t.Errorf("changed is %v, %v, want %v", changed, err, want)
		}
	}
	if got := kit.EventsOf[confirm.Confirmed](app.Events); len(got) != 1 || got[0].By != "operator" || got[0].Record().Action != "confirm" {
		t.Errorf("events %+v", got)
	}
	app.Delete(u)
	if changed, err := app.Batteries.Confirm.Confirm(t.Context(), u); changed || !errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("of nobody: %v %v", changed, err)
	}
}
