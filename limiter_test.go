package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
)

func TestLimiterFirst(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}, refuse: true}
	app := withFeatures(t, nil, lim)
	u := app.NewUser(joe)
	app.Mux.Handle("/basic", app.Require(doorward.Auth{Via: []string{"basic"}})(answer))
	in := app.Browser()
	in.LoginAs(u) // proves nothing: no limiter is asked
	if len(lim.tries) != 0 {
		t.Fatalf("asked about %+v", lim.tries)
	}
	before := app.Hashes()
	b := app.Browser()
	b.JSON = true
	for _, email := range []string{joe, "nobody@example.com"} {
		res := b.PostJSON("/login", credentials(email)).Want(429).Contains("TOO_MANY_TRIES")
		if res.Header.Get("Retry-After") != "90" {
			t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
		}
	}
	app.Browser().PostForm("/login", credentials(joe)).Want(429)
	in.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(429)
	b.Get("/basic", "Authorization", basic(joe, kit.Password)).Want(429)
	if got := app.Hashes() - before; got != 0 {
		t.Errorf("%d hashes for who is over the limit", got)
	}
	if len(app.Events.Names()) > 1 { // the one of LoginAs
		t.Errorf("events %q", app.Events.Names())
	}
	// What is no password is refused before the limiter is asked.
	asked := len(lim.tries)
	b.PostJSON("/login", kit.Fields{"email": joe}).Want(400)
	if len(lim.tries) != asked {
		t.Error("an empty form counts as a try")
	}
}

func TestLimiterOutcomes(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}}
	var fail error
	app := withFeatures(t, func(c *doorward.Config) {
		c.Stores.Users = &failingFind{c.Stores.Users, &fail}
	}, lim)
	app.NewUser(joe)
	for _, c := range []struct {
		email, password string
		fail            error
		want            doorward.Outcome
	}{
		{joe, kit.Password, nil, doorward.Succeeded},
		{"JOE@EXAMPLE.COM", "wrong password", nil, doorward.Failed},
		{"nobody@example.com", kit.Password, nil, doorward.Failed},
		{joe, kit.Password, errors.New("the database is away"), doorward.Errored},
	} {
		lim.tries, lim.done = nil, nil
		b := app.Browser()
		b.CSRF("/login")
		fail = c.fail
		b.PostForm("/login", kit.Fields{"email": c.email, "password": c.password})
		fail = nil
		if got := lim.told(); !slices.Equal(got, []doorward.Outcome{c.want}) {
			t.Errorf("%s: told %v, want %v", c.email, got, c.want)
		}
		if len(lim.tries) != 1 || lim.tries[0].Kind != "password" || lim.tries[0].Addr.String() != "192.0.2.1" {
			t.Errorf("tries %+v", lim.tries)
		}
	}
}

// A panic while a credential is checked gives the place back, too.
func TestLimiterPanic(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}}
	prover := &bare{name: "prover"}
	prover.init = func(rt *doorward.Runtime) error {
		return rt.Handle(doorward.Route{Name: "prove", Path: "/prove", Get: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			_, err := rt.SignIn().Prove(r, "code", "joe", func(context.Context) (doorward.User, error) { panic("oh") })
			return doorward.Result{}, err
		}})
	}
	app := withFeatures(t, nil, lim, prover)
	app.Browser().Get("/prove").Want(500).Contains("INTERNAL_ERROR").Lacks("oh<")
	if got := lim.told(); !slices.Equal(got, []doorward.Outcome{doorward.Errored}) {
		t.Errorf("told %v", got)
	}
	if !app.Logs.Contains("handler panicked") {
		t.Error("not logged")
	}
}

// All limiters are asked; what one reserved is given back when another refuses.
func TestLimiters(t *testing.T) {
	one, two := &fakeLimiter{bare: bare{name: "one"}}, &fakeLimiter{bare: bare{name: "two"}, refuse: true}
	app := withFeatures(t, nil, one, two)
	app.NewUser(joe)
	app.Browser().PostForm("/login", credentials(joe)).Want(429)
	if got := one.told(); !slices.Equal(got, []doorward.Outcome{doorward.Errored}) {
		t.Errorf("told %v", got)
	}
}

type failingFind struct {
	doorward.UserStore
	err *error
}

func (s *failingFind) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	if *s.err != nil {
		return nil, *s.err
	}
	return s.UserStore.FindUser(ctx, q)
}
