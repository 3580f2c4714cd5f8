package reset_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
)

var errFault = errors.New("the store is out of order")

// faulty fails the at-th call of those that a reset makes.
type faulty struct{ at int }

func (f *faulty) fails() error {
	if f.at--; f.at == 0 {
		return errFault
	}
	return nil
}

type faultyUsers struct {
	doorward.UserStore
	*faulty
}

func (f faultyUsers) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.UserStore.FindUser(ctx, q)
}

func (f faultyUsers) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.UserStore.UpdateUser(ctx, u, change)
}

type faultySessions struct {
	doorward.SessionStore
	*faulty
}

func (f faultySessions) EndSessions(ctx context.Context, uniquifier, except string) (int, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.SessionStore.EndSessions(ctx, uniquifier, except)
}

type faultyRemember struct {
	doorward.RememberStore
	*faulty
}

func (f faultyRemember) EndRemembers(ctx context.Context, uniquifier string) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.RememberStore.EndRemembers(ctx, uniquifier)
}

type faultyClaims struct {
	doorward.ClaimStore
	*faulty
}

func (f faultyClaims) Claim(ctx context.Context, key string, until time.Time) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.ClaimStore.Claim(ctx, key, until)
}

type faultyGuesses struct {
	doorward.GuessStore
	*faulty
}

func (f faultyGuesses) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.GuessStore.UpdateGuesses(ctx, keys, change)
}

// TestFaults lets each call to the stores fail once. With transactions nothing
// has happened then, and the link works. Without, the password is never changed
// while a session of before it lives.
func TestFaults(t *testing.T) {
	for _, tx := range []bool{true, false} {
		for at := 1; ; at++ {
			f := &faulty{}
			app := newApp(t, func(c *batteries.Config) {
				st := &c.Stores
				st.Users, st.Claims, st.Guesses = faultyUsers{st.Users, f}, faultyClaims{st.Claims, f}, faultyGuesses{st.Guesses, f}
				st.Sessions, st.Remember = faultySessions{st.Sessions, f}, faultyRemember{st.Remember, f}
				if !tx {
					st.Tx = nil
				}
			})
			old, b := app.Browser(), jsonBrowser(app)
			old.LoginAs(find(t, app, joe))
			path, before := linkTo(t, app, joe), app.Snapshot()
			b.CSRF("/reset")
			f.at = at
			res := b.Post(path, both(next))
			reached := f.at <= 0
			f.at = 0
			if !reached {
				if at < 8 {
					t.Errorf("%d calls only", at-1)
				}
				break
			}
			changed := app.Snapshot() != before
			switch {
			case res.Status == 200 && !changed, tx && res.Status != 200 && changed:
				t.Errorf("call %d of tx=%t: answer %d, changed %t", at, tx, res.Status, changed)
			case changed && old.WhoAmI() != "":
				t.Errorf("call %d of tx=%t: the password is new, and a session of the old one lives", at, tx)
			case tx && res.Status != 200:
				b.Post(path, both(next)).Want(200)
			case res.Status == 200 && !app.Logs.Contains("out of order"):
				t.Errorf("call %d of tx=%t: nobody was told", at, tx)
			}
		}
	}
}

// intruder changes the password before the second update.
type intruder struct {
	doorward.UserStore
	updates int
}

func (s *intruder) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	if s.updates++; s.updates == 2 {
		if err := s.UserStore.UpdateUser(ctx, u, func(acc *doorward.Account) error { acc.PasswordHash = "another's"; return nil }); err != nil {
			return err
		}
	}
	return s.UserStore.UpdateUser(ctx, u, change)
}

// Without transactions another link may come between the steps of one.
func TestBetween(t *testing.T) {
	users := &intruder{updates: 10}
	app := newApp(t, func(c *batteries.Config) {
		users.UserStore = c.Stores.Users
		c.Stores.Users, c.Stores.Tx = users, nil
	})
	path, b := linkTo(t, app, joe), jsonBrowser(app)
	b.CSRF("/reset")
	users.updates = 0
	b.Post(path, both(next)).Want(400).Fails("", "INVALID_RESET_PASSWORD_TOKEN")
	if got := app.Account(joe).PasswordHash; got != "another's" {
		t.Error("two links set the password")
	}
}
