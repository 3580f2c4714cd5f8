package doorward_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/register"
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
		c.Stores.Sessions = &failingCreate{c.Stores.Sessions, &fail}
	}, lim)
	app.NewUser(joe)
	app.Change(app.NewUser("off@example.com"), func(a *doorward.Account) { a.Active = false })
	app.Mux.Handle("/basic", app.Require(doorward.Auth{Via: []string{"basic"}})(answer))
	for _, c := range []struct {
		email, password string
		fail            error
		want            doorward.Outcome
	}{
		{joe, kit.Password, nil, doorward.Succeeded},
		{"JOE@EXAMPLE.COM", "wrong password", nil, doorward.Failed},
		{"nobody@example.com", kit.Password, nil, doorward.Failed},
		// Right, but as good as wrong: or else the right one could be told.
		{"off@example.com", kit.Password, nil, doorward.Failed},
		{joe, kit.Password, errors.New("the database is away"), doorward.Errored},
	} {
		for _, how := range []string{"/login", "/basic"} {
			if c.fail != nil && how == "/basic" {
				continue // makes no session
			}
			lim.tries, lim.done = nil, nil
			b := app.Browser()
			b.CSRF("/login")
			fail = c.fail
			if how == "/basic" {
				b.Get("/basic", "Authorization", basic(c.email, c.password))
			} else {
				b.PostForm("/login", kit.Fields{"email": c.email, "password": c.password})
			}
			fail = nil
			if got := lim.told(); !slices.Equal(got, []doorward.Outcome{c.want}) {
				t.Errorf("%s %s: told %v, want %v", how, c.email, got, c.want)
			}
			if len(lim.tries) != 1 || lim.tries[0].Kind != "password" || lim.tries[0].Addr.String() != "192.0.2.1" || lim.tries[0].Account != strings.ToLower(c.email) {
				t.Errorf("tries %+v", lim.tries)
			}
		}
	}
}

// Two addresses are one account to a limiter if and only if a sign-in finds one
// account by them, so that no look-alike tells whether there is an account.
func TestLimiterLookAlikes(t *testing.T) {
	spellings := []string{"nadir@example.com", "NADIR@example.com", "nad\u0131r@example.com", "NAD\u0131R@example.com", "nad\u0130r@example.com"}
	for _, there := range append(spellings, "nobody@example.com") {
		lim := &fakeLimiter{bare: bare{name: "limiter"}}
		app := withFeatures(t, func(c *doorward.Config) {
			c.IdentityAttributes = []doorward.IdentityAttribute{{Attr: "email", Map: func(s string) string { return s }, AnyCase: true}}
		}, lim)
		app.NewUser(there)
		accounts := map[string]string{}
		for _, email := range spellings {
			app.Browser().PostForm("/login", kit.Fields{"email": email, "password": "wrong password"})
			if len(lim.tries) != len(accounts)+1 {
				t.Fatalf("%d tries", len(lim.tries))
			}
			accounts[email] = lim.tries[len(accounts)].Account
		}
		for i, a := range spellings {
			for j, b := range spellings[:i] {
				if same := i == 1 && j == 0 || i == 3 && j == 2; (accounts[a] == accounts[b]) != same {
					t.Errorf("where %q has an account %q and %q are %q and %q", there, a, b, accounts[a], accounts[b])
				}
			}
		}
	}
}

type failingCreate struct {
	doorward.SessionStore
	err *error
}

func (s *failingCreate) CreateSession(ctx context.Context, row doorward.Session, replaces string) error {
	if *s.err != nil {
		return *s.err
	}
	return s.SessionStore.CreateSession(ctx, row, replaces)
}

// Who knows a password and no code gets no more tries by proving the password.
func TestLimiterSecondFactor(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}}
	app := withFeatures(t, nil, lim, newSecond("second", "app"))
	app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", credentials(joe))
	b.PostForm("/second", kit.Fields{"code": "000000"})
	b.PostForm("/second", kit.Fields{"code": "123456"})
	if got := lim.told(); !slices.Equal(got, []doorward.Outcome{doorward.Proved, doorward.Failed, doorward.Succeeded}) {
		t.Errorf("told %v", got)
	}
	for _, try := range lim.tries {
		if try.Account != joe || try.User == nil {
			t.Errorf("%+v", try)
		}
	}
}

// A forged token is a try; a good one, an old one and none are not.
func TestLimiterTokens(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}}
	app := withFeatures(t, nil, lim)
	token := app.AuthToken(app.NewUser(joe))
	app.Mux.Handle("/page", app.RequireUser()(answer))
	get := func(token string) int {
		b := app.Browser()
		b.JSON = true
		return b.Get("/page", "Authentication-Token", token).Status
	}
	for _, c := range []struct {
		name, token string
		later       time.Duration
		status      int
		tries       int
	}{
		{"good", token, 0, 200, 0}, {"none", "", 0, 401, 0}, {"forged", token[:len(token)-2] + "AA", 0, 401, 1}, {"garbage", "x.y.z", 0, 401, 1},
		{"old", token, 24 * time.Hour, 401, 0},
	} {
		lim.tries = nil
		app.Clock.Advance(c.later)
		if got := get(c.token); got != c.status || len(lim.tries) != c.tries {
			t.Errorf("%s: %d, %d tries", c.name, got, len(lim.tries))
		}
	}
	lim.refuse = true
	if got := get("x.y.z"); got != 429 {
		t.Errorf("over the limit: %d", got)
	}
}

// A panic while a credential is checked gives the place back, too.
func TestLimiterPanic(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}}
	prover := &bare{name: "prover"}
	prover.init = func(rt *doorward.Runtime) error {
		return rt.Handle(doorward.Route{Name: "prove", Path: "/prove", Get: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			_, err := rt.SignIn().Prove(r, doorward.Proof{
				Kind: "code", Identity: "joe",
				Find:  func(context.Context) (doorward.User, error) { return nil, doorward.ErrNotFound },
				Check: func(context.Context, doorward.User) error { panic("oh") },
			})
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

// Every form for an account is counted, whether or not one is made, and refused
// over the limit before anything is hashed. One that is not good takes no mail from
// the owner of the address.
func TestLimiterRegister(t *testing.T) {
	lim := &fakeLimiter{bare: bare{name: "limiter"}}
	app := kit.New(t, func(c *batteries.Config) { c.Register, c.More = &register.Config{}, []doorward.Feature{lim} })
	app.NewUser(joe)
	form := func(email string) kit.Fields {
		return kit.Fields{"email": email, "password": kit.Password, "password_confirm": kit.Password}
	}
	for email, tries := range map[string][]string{
		"ann@example.com": {"register ", "mail/register ann@example.com"}, // which it is welcomed by
		"no address":      {"register "},                                  // which nobody is
		joe:               {"register "},                                  // who is told nothing by it
	} {
		lim.tries, lim.done = nil, nil
		b := app.Browser()
		b.PostForm("/register", form(email))
		var got []string
		for i, try := range lim.tries {
			got = append(got, try.Kind+" "+try.Account)
			if try.Addr.String() != "192.0.2.1" || lim.told()[i] != doorward.Failed {
				t.Errorf("%s: %+v, told %v", email, try, lim.told())
			}
		}
		if !slices.Equal(got, tries) {
			t.Errorf("%s: %q, want %q", email, got, tries)
		}
	}
	lim.refuse = true
	before := app.Hashes()
	app.Browser().PostJSON("/register", form("max@example.com")).Want(429)
	if app.Hashes() != before {
		t.Error("hashed for who is over the limit")
	}
	if _, err := app.Accounts().Find(t.Context(), "max@example.com"); !errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("made all the same: %v", err)
	}
}
