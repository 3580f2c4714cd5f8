package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
)

// guessed is a second factor that counts what is compared with it. Whatever a
// code is that answers has no entry for, is wrong.
type guessed struct {
	*fakeSecond
	answers  map[string]error
	compared atomic.Int64
}

func newGuessed() *guessed {
	return &guessed{fakeSecond: newSecond("guessed", "app"), answers: map[string]error{"123456": nil}}
}

func (f *guessed) Init(rt *doorward.Runtime) error {
	f.rt = rt
	resend := func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
		a, err := rt.SignIn().Pending(r)
		if err != nil {
			return doorward.Result{}, err
		}
		return doorward.Result{Redirect: "/", JSON: map[string]any{"id": a.ID, "methods": a.Methods}}, nil
	}
	refuse := func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
		return doorward.Result{}, rt.SignIn().Refuse(r)
	}
	return rt.Handle(
		doorward.Form[codeForm]{Submit: f.submit}.Route(doorward.Route{Name: "guessed", Path: "/guessed"}),
		doorward.Route{Name: "resend", Path: "/resend", Post: resend},
		doorward.Route{Name: "refuse", Path: "/refuse", Post: refuse},
	)
}

func (f *guessed) submit(w http.ResponseWriter, r *http.Request, in *codeForm) (doorward.Result, error) {
	a, err := f.rt.SignIn().Pending(r)
	if err != nil {
		return doorward.Result{}, err
	}
	_, err = f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "code", Identity: f.rt.SignIn().AccountName(a.User),
		Find: func(context.Context) (doorward.User, error) { return a.User, nil },
		Check: func(context.Context, doorward.User) error {
			f.compared.Add(1)
			if err, known := f.answers[in.Code]; known {
				return err
			}
			return doorward.Fail("code", "INVALID_CODE")
		},
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Complete(w, r, f.name, in.Trust)
}

// guessing is an installation in which nothing else limits guessing, with a
// browser whose sign-in waits for its second factor.
func guessing(t *testing.T, edit func(*batteries.Config)) (*kit.App, *guessed, *kit.Browser) {
	t.Helper()
	f := newGuessed()
	app := kit.New(t, func(c *batteries.Config) {
		c.UnlimitedGuessing, c.More = true, []doorward.Feature{f}
		if edit != nil {
			edit(c)
		}
	})
	app.NewUser(joe)
	return app, f, waiting(app)
}

// waiting is a browser whose sign-in waits.
func waiting(app *kit.App) *kit.Browser {
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", credentials(joe)).Want(200).Contains(`"tf_required":true`)
	b.CSRF("/login")
	return b
}

// denied checks that a browser has nothing that waits.
func denied(t *testing.T, res *kit.Response) {
	t.Helper()
	res.Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
}

// A sign-in that waits has so many tries, whatever copies of its cookie come.
func TestPendingTries(t *testing.T) {
	for _, most := range []int{10, 1, 3} {
		app, f, b := guessing(t, func(c *batteries.Config) { c.Second.Tries = most % 10 }) // 0: the default
		old := b.Clone()
		id := b.PostJSON("/resend", nil).Want(200).JSONAt("response.id")
		for i := range most {
			from := []*kit.Browser{b, old.Clone()}[i%2]
			from.PostJSON("/guessed", code("000000")).Want(400).Fails("code", "INVALID_CODE")
			if got := b.PostJSON("/resend", nil).Want(200).JSONAt("response.id"); got != id {
				t.Fatalf("the sign-in is another: %v, %v", id, got)
			}
		}
		for _, from := range []*kit.Browser{old.Clone(), b, old} {
			denied(t, from.PostJSON("/guessed", code("123456")))
			denied(t, from.PostJSON("/resend", nil)) // it was cleared
			if from.WhoAmI() != "" {
				t.Error("signed in")
			}
		}
		if n := int(f.compared.Load()); n != most {
			t.Errorf("%d were compared, want %d", n, most)
		}
		another := waiting(app)
		another.PostJSON("/guessed", code("123456")).Want(200)
		if another.WhoAmI() != joe {
			t.Error("another sign-in has no tries")
		}
	}
}

// Tries are taken before anything is compared.
func TestPendingTriesAtOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		_, f, b := guessing(t, func(c *batteries.Config) { c.Stores = stores(t) })
		kit.Parallel(t, 100, 10, func(int) bool {
			c := b.Clone()
			res := c.PostJSON("/guessed", code("000000"))
			return len(res.Errors("code")) == 1
		})
		if n := f.compared.Load(); n != 10 {
			t.Errorf("%d were compared", n)
		}
		denied(t, b.PostJSON("/guessed", code("123456")))
	})
}

// What was not found out is no wrong try, and neither is what a limiter refuses.
func TestPendingTriesGivenBack(t *testing.T) {
	limiter := &fakeLimiter{bare: bare{name: "limiter"}}
	_, f, b := guessing(t, func(c *batteries.Config) { c.More = append(c.More, limiter) })
	busy := doorward.Busy(errors.New("too many"))
	f.answers["500000"], f.answers["503000"] = errors.New("the store is down"), busy
	for range 15 {
		b.PostJSON("/guessed", code("500000")).Want(500)
		b.PostJSON("/guessed", code("503000")).Want(503)
		limiter.refuse = true
		b.PostJSON("/guessed", code("000000")).Want(429)
		limiter.refuse = false
	}
	for range 9 {
		b.PostJSON("/guessed", code("000000")).Want(400).Fails("code", "INVALID_CODE")
	}
	b.PostJSON("/guessed", code("123456")).Want(200)
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
}

// A panic while comparing gives the try back as well.
func TestPendingTriesNotHeld(t *testing.T) {
	app, f, b := guessing(t, nil)
	f.answers["500000"] = errors.New("the store is down")
	kit.Parallel(t, 50, 50, func(int) bool {
		res := b.Clone().PostJSON("/guessed", code("500000"))
		return res.Status == 500 || len(res.Errors("")) == 1 // more than ten at a time
	})
	if app.Logs.Contains("stays counted") {
		t.Error("a try was not given back")
	}
	b.PostJSON("/guessed", code("123456")).Want(200)
}

// Refuse clears what waits, and so does asking for it where it must be chosen.
func TestRefuseClears(t *testing.T) {
	_, _, b := guessing(t, nil)
	saved := b.Clone()
	denied(t, b.PostJSON("/refuse", nil))
	denied(t, b.PostJSON("/resend", nil))
	denied(t, b.PostJSON("/guessed", code("123456")))
	saved.JSON = false
	saved.PostForm("/refuse", nil).GoesTo("/login")
	saved.Get("/login").Want(200).Contains("TWO_FACTOR_PERMISSION_DENIED")
	saved.PostForm("/guessed", code("123456")).GoesTo("/login")
	if b.WhoAmI() != "" || saved.WhoAmI() != "" {
		t.Error("signed in")
	}
}

// A store that cannot count lets nobody guess.
func TestPendingTriesUncounted(t *testing.T) {
	broken := &brokenGuesses{}
	_, f, b := guessing(t, func(c *batteries.Config) {
		broken.GuessStore = c.Stores.Guesses
		c.Stores.Guesses = broken
	})
	broken.down.Store(true)
	b.PostJSON("/guessed", code("123456")).Want(500)
	if f.compared.Load() != 0 || b.WhoAmI() != "" {
		t.Error("compared without being counted")
	}
	broken.down.Store(false)
	b.PostJSON("/guessed", code("123456")).Want(200)
}

type brokenGuesses struct {
	doorward.GuessStore
	down atomic.Bool
}

func (s *brokenGuesses) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	if s.down.Load() {
		return errors.New("the store is down")
	}
	return s.GuessStore.UpdateGuesses(ctx, keys, change)
}

// withSecret asks for a second factor who has a secret, by the record it is given.
type withSecret struct{ *fakeSecond }

func (withSecret) Methods(_ context.Context, u doorward.User) ([]string, error) {
	if u.SecurityAccount().TFTOTPSecret != "" {
		return []string{"app"}, nil
	}
	return nil, nil
}

// What an application signs in may be a user as loaded with a request, without
// the columns that say what is set up.
func TestLeanUserIsAsked(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		second := withSecret{newSecond("second")}
		app := kit.New(t, func(c *batteries.Config) { c.Stores, c.More = stores(t), []doorward.Feature{second} })
		app.NewUser(joe, func(a *doorward.Account) { a.TFTOTPSecret, a.TFPrimaryMethod = "sealed", "authenticator" })
		app.NewUser(jane)
		app.Mux.HandleFunc("/own", func(w http.ResponseWriter, r *http.Request) {
			u, _, err := app.Stores.Users.LoadUser(r.Context(), doorward.UserQuery{Attr: "email", Value: r.URL.Query().Get("who")})
			if err != nil {
				t.Error(err)
				return
			}
			if app.Login(w, r, u, "own") {
				w.WriteHeader(http.StatusNoContent)
			}
		})
		b := app.Browser()
		b.Get("/own?who=" + joe).GoesTo("/second")
		if b.WhoAmI() != "" {
			t.Error("the second factor was skipped")
		}
		b.PostForm("/second", code("123456"))
		if b.WhoAmI() != joe {
			t.Error("the second factor does not sign in")
		}
		b = app.Browser()
		b.Get("/own?who=" + jane).Want(http.StatusNoContent)
		if b.WhoAmI() != jane {
			t.Error("who has none is not signed in")
		}
	})
}

// Without a store to count in there is no second factor.
func TestPendingTriesNeedStore(t *testing.T) {
	stores := kit.New(t, nil).Stores
	stores.Guesses = nil
	cfg := batteries.Config{UnlimitedGuessing: true}
	cfg.Stores, cfg.SecretKey, cfg.More = stores, []byte(kit.SecretKey), []doorward.Feature{newGuessed()}
	if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), "Stores.Guesses") {
		t.Errorf("%v", err)
	}
	for _, tries := range []int{-1, 101} {
		cfg.Stores.Guesses = kit.New(t, nil).Stores.Guesses
		cfg.Second.Tries = tries
		if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), "TWO_FACTOR_TRIES") {
			t.Errorf("%d tries: %v", tries, err)
		}
	}
}
