package lockout_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/memstore"
)

const year = 365 * 24 * time.Hour

// TestClockJumps: a clock that was wrong for a while locks nobody for longer
// than the longest wait.
func TestClockJumps(t *testing.T) {
	fill := map[string]struct {
		do   func(t *testing.T, app *kit.App)
		from func(app *kit.App) *kit.Browser
		most time.Duration
	}{
		"seat": {func(t *testing.T, app *kit.App) {
			for range 5 {
				guess(t, from(app, "192.0.2.7"), joe)
			}
		}, func(app *kit.App) *kit.Browser { return from(app, "192.0.2.7") }, 15 * time.Minute},
		"account": {func(t *testing.T, app *kit.App) { lock(t, app, joe) }, func(app *kit.App) *kit.Browser { return stranger(app, 1) }, time.Hour},
		"address": {func(t *testing.T, app *kit.App) {
			for i := range 100 {
				guess(t, from(app, "192.0.2.7"), account(i))
			}
		}, func(app *kit.App) *kit.Browser { return from(app, "192.0.2.7") }, 36 * time.Second},
	}
	for name, f := range fill {
		for _, jump := range []time.Duration{-20 * year, -year, -2 * time.Hour, -time.Minute, -time.Second, time.Second, year, 20 * year} {
			t.Run(fmt.Sprint(name, " ", jump), func(t *testing.T) {
				app := limited(t, nil)
				f.do(t, app)
				app.Clock.Advance(jump)
				b := f.from(app)
				res := signIn(b, joe, wrong)
				retry, _ := strconv.Atoi(res.Header.Get("Retry-After"))
				if wait := time.Duration(retry) * time.Second; wait < 0 || wait > f.most || (res.Status == 429) != (wait > 0) {
					t.Errorf("%d, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
				}
				app.Clock.Advance(f.most)
				if -time.Minute <= jump && jump < 0 {
					app.Clock.Advance(-jump) // as far as clocks may differ
				}
				signIn(b, joe, kit.Password).Want(200)
			})
		}
	}
}

// The clock is moved while a password is compared.
func TestClockJumpsMeanwhile(t *testing.T) {
	for _, jump := range []time.Duration{-year, year} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			var app *kit.App
			var by time.Duration
			app = limited(t, func(c *batteries.Config) {
				c.More = append(c.More, mover{func() { app.Clock.Advance(by); by = 0 }})
			})
			b := from(app, "192.0.2.7")
			for range 4 {
				guess(t, b, joe)
			}
			by = jump
			signIn(b, joe, kit.Password)
			app.Clock.Advance(15 * time.Minute)
			app.Browser().Get("/login").Want(200)
			signIn(from(app, "192.0.2.7"), joe, kit.Password).Want(200)
			if strings.Contains(app.Logs.String(), "panic") {
				t.Error(app.Logs)
			}
		})
	}
}

// mover is a limiter that calls move when a guess begins.
type mover struct{ move func() }

func (mover) Name() string { return "mover" }

func (mover) Init(*doorward.Runtime) error { return nil }

func (m mover) Begin(*http.Request, doorward.Try) (func(doorward.Outcome), error) {
	m.move()
	return nil, nil
}

// TestStoreAway: while nothing can be counted, nothing is compared.
func TestStoreAway(t *testing.T) {
	for _, c := range []struct {
		name         string
		load, update error
		status       int
	}{
		{"load", doorward.ErrUnavailable, nil, 503}, {"update", nil, doorward.ErrUnavailable, 503},
		{"load, a fault", errors.New("syntax error"), nil, 500}, {"update, a fault", nil, errors.New("syntax error"), 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := &failing{}
			app := limited(t, func(cfg *batteries.Config) {
				store.GuessStore = cfg.Stores.Guesses
				cfg.Stores.Guesses = store
			})
			private(app)
			b := from(app, "192.0.2.7")
			b.CSRF("/login")
			before := app.Hashes()
			store.load, store.update = c.load, c.update
			for _, email := range []string{joe, "nobody@example.com"} {
				signIn(b, email, kit.Password).Want(c.status)
				signIn(b, email, wrong).Want(c.status)
			}
			basic(app, "192.0.2.7", joe, kit.Password).Want(503)
			if n := app.Hashes() - before; n != 0 {
				t.Errorf("%d hashes", n)
			}
			if n := app.Batteries.Lockout.OpenLines(); n != 0 {
				t.Errorf("%d lines are left open", n)
			}
			store.load, store.update = nil, nil
			signIn(b, joe, kit.Password).Want(200)
		})
	}
}

// A place that cannot be given back stays counted; the sign-in is good.
func TestStoreAwayAfterwards(t *testing.T) {
	store := &failing{}
	app := limited(t, func(cfg *batteries.Config) {
		store.GuessStore = cfg.Stores.Guesses
		cfg.Stores.Guesses = store
		cfg.More = append(cfg.More, mover{func() { store.update = doorward.ErrUnavailable }})
	})
	signIn(from(app, "192.0.2.7"), joe, kit.Password).Want(200)
	if !app.Logs.Contains("WARN", "stays counted as a wrong one") {
		t.Error("not logged")
	}
	if s := status(t, app, find(t, app, joe)); s.Failures != 1 {
		t.Errorf("%+v", s)
	}
	if n := app.Batteries.Lockout.OpenLines(); n != 0 {
		t.Errorf("%d lines are left open", n)
	}
}

// TestStart: what cannot work is said at once.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*batteries.Config)
		want []string
	}{
		{"no mails, no host", func(c *batteries.Config) { c.Mail.Sender, c.URLs.ServerName = nil, "" }, nil},
		{"smallest", func(c *batteries.Config) {
			l := &c.Lockout
			l.Tries, l.Waiting, l.AccountTries, l.AddressTries, l.AccountMax, l.IPv6Prefix, l.Delay = 1, 1, 1, 1, 5, 16, time.Second
		}, nil},
		{"the waits, upside down", func(c *batteries.Config) { c.Lockout.Delay, c.Lockout.DelayMax = time.Hour, time.Minute }, nil},
		{"no store, on purpose", func(c *batteries.Config) { c.Stores.Guesses, c.UnlimitedGuessing = nil, true }, nil},
		{"no claims", func(c *batteries.Config) { c.Stores.Claims = nil }, []string{"Config.Stores.Claims"}},
		{"no claims, no mails", func(c *batteries.Config) { c.Stores.Claims, c.Mail.Sender = nil, nil }, nil},
		{"no host", func(c *batteries.Config) { c.URLs.ServerName = "" }, []string{"SERVER_NAME"}},
		{"beyond NIST", func(c *batteries.Config) { c.Lockout.AccountMax = 101 }, []string{"LOCKOUT_ACCOUNT_MAX is 101", "NIST"}},
		{"too few", func(c *batteries.Config) { c.Lockout.AccountMax = 4 }, []string{"LOCKOUT_ACCOUNT_MAX is 4"}},
		{"cookie", func(c *batteries.Config) { c.Lockout.BrowserCookie = "known browser" }, []string{"LOCKOUT_BROWSER_COOKIE"}},
		{"for ever", func(c *batteries.Config) { c.Lockout.AccountForget = 200 * year }, []string{"LOCKOUT_ACCOUNT_FORGET"}},
		{"prefix", func(c *batteries.Config) { c.Lockout.IPv6Prefix = 129 }, []string{"LOCKOUT_IPV6_PREFIX is 129"}},
		{"everything", func(c *batteries.Config) {
			l := &c.Lockout
			l.Tries, l.Waiting, l.AccountTries, l.AddressTries, l.AccountMax, l.IPv6Prefix = -1, -1, -1, -1, -1, -1
			l.Delay, l.DelayMax, l.Forget, l.AccountTime, l.AccountTimeMax, l.AccountForget = -1, -1, -1, -1, -1, -1
			l.AddressWindow, l.BrowserAge, l.UnlockWithin, l.UnlockEvery = -1, -1, -1, -1
			l.RegisterTries, l.UnlockTries, l.UnknownForget, l.PardonEvery, l.UnlockEveryMax, l.UnlockForget = -1, -1, -1, -1, -1, -1
		}, []string{
			"LOCKOUT_TRIES", "LOCKOUT_WAITING", "LOCKOUT_ACCOUNT_TRIES", "LOCKOUT_ADDRESS_TRIES", "LOCKOUT_ACCOUNT_MAX", "LOCKOUT_IPV6_PREFIX",
			"LOCKOUT_DELAY", "LOCKOUT_DELAY_MAX", "LOCKOUT_FORGET", "LOCKOUT_ACCOUNT_TIME", "LOCKOUT_ACCOUNT_TIME_MAX", "LOCKOUT_ACCOUNT_FORGET",
			"LOCKOUT_ADDRESS_WINDOW", "LOCKOUT_BROWSER_AGE", "UNLOCK_WITHIN", "UNLOCK_MAIL_EVERY is",
			"LOCKOUT_REGISTER_TRIES", "UNLOCK_TRIES", "LOCKOUT_UNKNOWN_FORGET", "LOCKOUT_PARDON_EVERY", "UNLOCK_MAIL_EVERY_MAX", "UNLOCK_MAIL_FORGET",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cfg batteries.Config
			cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[kit.User]()), []byte(kit.SecretKey)
			cfg.Mail.Sender, cfg.URLs.ServerName = &queued{}, kit.Host
			c.edit(&cfg)
			app, err := batteries.New(cfg)
			if err == nil {
				if err := app.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if (err == nil) != (c.want == nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("nothing about %s in\n%v", want, err)
				}
			}
		})
	}
}

func TestStartWithoutStore(t *testing.T) {
	stores := doorward.StoresFrom(memstore.New[kit.User]())
	stores.Guesses = nil
	_, err := doorward.New(doorward.Config{Stores: stores, SecretKey: []byte(kit.SecretKey)}, lockout.New(lockout.Config{AccountMax: 101}))
	if err == nil {
		t.Fatal("it starts")
	}
	for _, want := range []string{"no store to count wrong credentials", "INSECURE_UNLIMITED_GUESSING", "LOCKOUT_ACCOUNT_MAX is 101"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %s in\n%v", want, err)
		}
	}
}
