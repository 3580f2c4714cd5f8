package doorward_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

var errFault = errors.New("the store is out of order")

// faulty fails one call, the at-th from now, and has no transactions: each step
// stands for itself.
type faulty struct {
	users    doorward.UserStore
	sessions doorward.SessionStore
	doorward.RememberStore
	doorward.RoleStore
	doorward.ClaimStore
	doorward.GuessStore
	at int
}

func (f *faulty) fails() error {
	if f.at--; f.at == 0 {
		return errFault
	}
	return nil
}

type faultyUsers struct{ *faulty }

func (f faultyUsers) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.users.FindUser(ctx, q)
}

func (f faultyUsers) LoadUser(ctx context.Context, q doorward.UserQuery) (doorward.User, []doorward.Role, error) {
	if err := f.fails(); err != nil {
		return nil, nil, err
	}
	return f.users.LoadUser(ctx, q)
}

func (f faultyUsers) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.users.UpdateUser(ctx, u, change)
}

type faultySessions struct {
	doorward.SessionStore
	f *faulty
}

func (s faultySessions) LoadSession(ctx context.Context, id string) (doorward.Session, doorward.User, []doorward.Role, error) {
	if err := s.f.fails(); err != nil {
		return doorward.Session{}, nil, nil, err
	}
	return s.SessionStore.LoadSession(ctx, id)
}

func (s faultySessions) CreateSession(ctx context.Context, x doorward.Session, replaces string) error {
	if err := s.f.fails(); err != nil {
		return err
	}
	return s.SessionStore.CreateSession(ctx, x, replaces)
}

func (s faultySessions) UpdateSession(ctx context.Context, id string, change func(*doorward.Session) error) error {
	if err := s.f.fails(); err != nil {
		return err
	}
	return s.SessionStore.UpdateSession(ctx, id, change)
}

func (s faultySessions) RekeySession(ctx context.Context, id, next, uniquifier string) error {
	if err := s.f.fails(); err != nil {
		return err
	}
	return s.SessionStore.RekeySession(ctx, id, next, uniquifier)
}

func (s faultySessions) EndSession(ctx context.Context, uniquifier, id string) error {
	if err := s.f.fails(); err != nil {
		return err
	}
	return s.SessionStore.EndSession(ctx, uniquifier, id)
}

func (f *faulty) CreateRemember(ctx context.Context, r doorward.Remember) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.RememberStore.CreateRemember(ctx, r)
}

func (f *faulty) UpdateRemember(ctx context.Context, selector string, change func(*doorward.Remember) error) (doorward.Remember, error) {
	if err := f.fails(); err != nil {
		return doorward.Remember{}, err
	}
	return f.RememberStore.UpdateRemember(ctx, selector, change)
}

func (f *faulty) EndRemember(ctx context.Context, selector string) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.RememberStore.EndRemember(ctx, selector)
}

func (f *faulty) RolesOf(ctx context.Context, u doorward.User) ([]doorward.Role, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.RoleStore.RolesOf(ctx, u)
}

func (f *faulty) Claim(ctx context.Context, key string, until time.Time) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.ClaimStore.Claim(ctx, key, until)
}

func (f *faulty) LoadGuesses(ctx context.Context, keys []string) ([]doorward.Guesses, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.GuessStore.LoadGuesses(ctx, keys)
}

func (f *faulty) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.GuessStore.UpdateGuesses(ctx, keys, change)
}

// TestEveryStepFails lets each store call of a request fail once. The answer
// then says that it did not work, nobody is signed in by it, and a sign-out
// that says it worked has ended the session.
func TestEveryStepFails(t *testing.T) {
	for name, c := range map[string]struct {
		given  func(*kit.App, *kit.Browser)
		send   func(*kit.Browser) *kit.Response
		before string // who is signed in before, and after a failure
		after  string // after success
	}{
		"sign in": {nil, func(b *kit.Browser) *kit.Response {
			return b.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": true})
		}, "", joe},
		"verify": {func(app *kit.App, b *kit.Browser) { signedIn(app, b) }, func(b *kit.Browser) *kit.Response {
			return b.PostJSON("/verify", kit.Fields{"password": kit.Password})
		}, joe, joe},
		"sign out": {func(_ *kit.App, b *kit.Browser) {
			b.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": true}).Want(200)
		}, func(b *kit.Browser) *kit.Response { return b.PostJSON("/logout", nil) }, joe, ""},
	} {
		t.Run(name, func(t *testing.T) {
			worked := false
			for at := 1; !worked && at < 50; at++ {
				f := &faulty{}
				app := kit.New(t, func(cfg *batteries.Config) {
					st := cfg.Stores
					f.users, f.sessions, f.RememberStore, f.RoleStore, f.ClaimStore, f.GuessStore = st.Users, st.Sessions, st.Remember, st.Roles, st.Claims, st.Guesses
					cfg.Stores = doorward.Stores{Users: faultyUsers{f}, Admin: st.Admin, Roles: f, Sessions: faultySessions{st.Sessions, f}, Remember: f, Claims: f, Guesses: f}
				})
				app.NewUser(joe)
				b := app.Browser()
				b.JSON = true
				if c.given != nil {
					c.given(app, b)
				}
				b.CSRF("/login")
				saved := b.Clone()
				f.at = at
				res := c.send(b)
				worked = f.at > 0
				f.at = 0
				switch who := b.WhoAmI(); {
				case worked && (res.Status != 200 || who != c.after):
					t.Errorf("nothing failed: %d, signed in is %q", res.Status, who)
				case !worked && res.Status == 200:
					if who != c.after || c.after == "" && saved.WhoAmI() != "" {
						t.Errorf("call %d failed, the answer says it worked, and signed in is %q (saved: %q)", at, who, saved.WhoAmI())
					}
				case !worked && (res.Status < 500 || c.after == joe && c.before == "" && who != ""):
					t.Errorf("call %d failed: %d, signed in is %q", at, res.Status, who)
				}
			}
			if !worked {
				t.Error("it never works")
			}
		})
	}
}

type away struct{ doorward.UserStore }

func (away) FindUser(context.Context, doorward.UserQuery) (doorward.User, error) {
	return nil, fmt.Errorf("no route to the database: %w", doorward.ErrUnavailable)
}

// A store that is away is a line a second in the log, however many ask, and 503
// with the time to come back for all of them.
func TestOutageIsToldOnce(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Stores.Users = away{c.Stores.Users} })
	try := func() {
		res := app.Browser().PostJSON("/login", credentials(joe)).Want(503)
		if res.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	count := func() int { return strings.Count(app.Logs.String(), "request failed") }
	for range 3 {
		try()
	}
	if count() != 1 {
		t.Errorf("%d lines", count())
	}
	app.Clock.Advance(time.Second)
	try()
	if count() != 2 || !app.Logs.Contains("request failed", "no route to the database", "untold=2") {
		t.Errorf("%d lines:\n%s", count(), app.Logs)
	}
	app.Clock.Advance(-time.Hour)
	try()
	if count() != 3 {
		t.Error("nothing is told after the clock was set back")
	}
}
