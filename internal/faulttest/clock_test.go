package faulttest_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// move sets the clock and does what the server does every hour.
func (w *world) move(d time.Duration) {
	w.t.Helper()
	w.Clock.Advance(d)
	now := w.Clock.Now()
	if _, err := w.Stores.Sessions.DeleteExpiredSessions(w.t.Context(), now, now.Add(-7*day)); err != nil {
		w.t.Fatal(err)
	}
	cleaner := w.Stores.Sessions.(interface {
		DeleteExpired(ctx context.Context, now time.Time) (int, error)
	})
	if _, err := cleaner.DeleteExpired(w.t.Context(), now); err != nil {
		w.t.Fatal(err)
	}
}

// checkAges looks for cookies that begin over, or that stay for longer than the
// longest there is, a remembered browser's; one that is from before a step back
// may stay that much longer.
func (w *world) checkAges(r *kit.Response) {
	w.t.Helper()
	now := w.Clock.Now()
	for _, c := range r.Cookies {
		left := c.Expires.Sub(now)
		if c.MaxAge < -1 || c.MaxAge > int(year/time.Second) || c.Value != "" && !c.Expires.IsZero() && (left <= 0 || left > year+2*time.Hour) {
			w.t.Errorf("at %v a cookie with Max-Age %d, Expires %v", now, c.MaxAge, c.Expires)
		}
	}
}

// TestClockJumps says who is signed in after each jump. A session is over after
// 30 days, or 7 days without use.
func TestClockJumps(t *testing.T) {
	for name, c := range map[string]struct {
		before time.Duration // a jump before signing in
		jumps  []time.Duration
		want   []string
	}{
		"an hour back":                   {0, []time.Duration{-time.Hour, time.Hour, 7*day - time.Hour, 7 * day}, []string{joe, joe, joe, ""}},
		"an hour back, and the limit":    {0, []time.Duration{-time.Hour, 31 * day}, []string{joe, ""}},
		"ten years forward":              {0, []time.Duration{10 * year, -10 * year}, []string{"", ""}},
		"ten years back":                 {0, []time.Duration{-10 * year, time.Hour}, []string{"", ""}},
		"ten years back and forth":       {0, []time.Duration{-10 * year, 10 * year, 31 * day}, []string{"", joe, ""}},
		"idle, and back":                 {0, []time.Duration{8 * day, -8 * day}, []string{"", ""}},
		"used until the limit":           {0, []time.Duration{6 * day, 6 * day, 6 * day, 6 * day, 5 * day, 2 * day}, []string{joe, joe, joe, joe, joe, ""}},
		"back and forth until the limit": {0, []time.Duration{6 * day, -5 * time.Hour, 6 * day, 6 * day, 6 * day, 6 * day, 6 * time.Hour}, []string{joe, joe, joe, joe, joe, joe, ""}},
		"begun ten years ahead":          {10 * year, []time.Duration{-10 * year, time.Hour, 31 * day}, []string{"", "", ""}},
		"begun an hour ahead":            {time.Hour, []time.Duration{-time.Hour, 6 * day}, []string{joe, joe}},
		"begun ten years behind":         {-10 * year, []time.Duration{10 * year}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testdb.SQLite)
			w.Clock.Advance(c.before)
			b := w.api("one")
			w.checkAges(b.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(http.StatusOK))
			for i, d := range c.jumps {
				w.move(d)
				r := b.Get("/doorwardtest/whoami")
				w.checkAges(r)
				if got := r.JSONAt("email"); got != c.want[i] {
					t.Errorf("after jump %d, of %v: signed in is %q, want %q", i+1, d, got, c.want[i])
				}
				w.noted(b, c.want[i] != "")
			}
		})
	}
}

// noted stores the last use of b's session, which is done in the background.
func (w *world) noted(b *kit.Browser, used bool) {
	w.t.Helper()
	list, err := w.Stores.Sessions.ListSessions(w.t.Context(), w.joe.SecurityAccount().Uniquifier)
	if err != nil || !used {
		return
	}
	seen := map[string]time.Time{}
	for _, s := range list {
		seen[s.IDHash] = w.Clock.Now()
	}
	if err := w.Stores.Sessions.TouchSessions(w.t.Context(), seen); err != nil {
		w.t.Error(err)
	}
}

// TestRememberedWhenTheClockJumps: a step back is no theft, and a browser that
// was remembered by a clock ten years ahead is not remembered for eleven.
func TestRememberedWhenTheClockJumps(t *testing.T) {
	for name, c := range map[string]struct {
		before time.Duration
		jumps  []time.Duration
		want   []string
	}{
		"a minute back":            {0, []time.Duration{-time.Minute, -time.Minute, 3 * time.Minute}, []string{joe, joe, joe}},
		"an hour back":             {0, []time.Duration{-time.Hour, time.Hour}, []string{joe, joe}},
		"two years forward":        {0, []time.Duration{2 * year, -2 * year}, []string{"", ""}},
		"ten years back and forth": {0, []time.Duration{-10 * year, 10 * year}, []string{"", joe}},
		"begun ten years ahead":    {10 * year, []time.Duration{-10 * year, 300 * day, 100 * day}, []string{"", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testdb.SQLite)
			w.Clock.Advance(c.before)
			b := w.signedIn("one")
			for i, d := range c.jumps {
				b.Close() // only the remember-me cookie stays
				twin := b.Clone()
				w.move(d)
				r := b.Get("/doorwardtest/whoami")
				w.checkAges(r)
				if got := r.JSONAt("email"); got != c.want[i] {
					t.Errorf("after jump %d, of %v: signed in is %q, want %q", i+1, d, got, c.want[i])
				}
				w.move(-time.Second) // a request sent at once, and a step back
				if got := twin.WhoAmI(); got != c.want[i] {
					t.Errorf("at the same time, after jump %d: %q, want %q", i+1, got, c.want[i])
				}
			}
			if w.Logs.Contains("used twice") {
				t.Error("taken for theft")
			}
		})
	}
}

// TestTokenWhenTheClockJumps: a token is good for 15 minutes, whatever the clock
// did when it was made.
func TestTokenWhenTheClockJumps(t *testing.T) {
	for name, c := range map[string]struct {
		before time.Duration
		jumps  []time.Duration
		want   []int
	}{
		"an hour back":          {0, []time.Duration{-time.Hour, time.Hour, 16 * time.Minute}, []int{401, 200, 401}},
		"ten years back":        {0, []time.Duration{-10 * year}, []int{401}},
		"made ten years ahead":  {10 * year, []time.Duration{-10 * year, time.Hour}, []int{401, 401}},
		"made ten years behind": {-10 * year, []time.Duration{10 * year}, []int{401}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testdb.SQLite)
			w.Clock.Advance(c.before)
			token := w.AuthToken(w.joe)
			for i, d := range c.jumps {
				w.move(d)
				if r := w.api("program").Get("/doorwardtest/user", "Authentication-Token", token); r.Status != c.want[i] {
					t.Errorf("after jump %d, of %v: %d, want %d", i+1, d, r.Status, c.want[i])
				}
			}
		})
	}
}

// TestLockoutEnds: whatever the clock does, nobody is locked out for longer than
// the longest wait, a day.
func TestLockoutEnds(t *testing.T) {
	for name, d := range map[string]time.Duration{"an hour back": -time.Hour, "ten years back": -10 * year, "ten years forward": 10 * year} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testdb.SQLite)
			try := func(password string) *kit.Response {
				return w.api("guesser").PostJSON("/login", kit.Fields{"email": joe, "password": password})
			}
			locked := false
			for range 200 {
				r := try("not it")
				if locked = r.Status == http.StatusTooManyRequests; locked {
					break
				}
			}
			if !locked {
				t.Skip("nothing limits guesses here")
			}
			w.move(d)
			r := try(kit.Password)
			for range 50 {
				if r.Status != http.StatusTooManyRequests {
					break
				}
				wait, err := strconv.Atoi(r.Header.Get("Retry-After"))
				if err != nil || wait <= 0 || time.Duration(wait)*time.Second > day {
					t.Fatalf("told to wait for %q seconds", r.Header.Get("Retry-After"))
				}
				w.move(time.Duration(wait) * time.Second)
				r = try(kit.Password)
			}
			r.Want(http.StatusOK)
		})
	}
}

// TestClaimsWhenTheClockJumps: a claim is kept until its time. Where a clock ran
// ahead of that, the claim was forgotten, and the clock came back, what was used
// once can be used again for the rest of its time: that is the price of
// forgetting. A jump that no clean-up sees, and one back, change nothing.
func TestClaimsWhenTheClockJumps(t *testing.T) {
	w := newWorld(t, testdb.SQLite)
	key := strings.Repeat("ab", 32)
	claim := func() error { return w.Stores.Claims.Claim(t.Context(), key, w.Clock.Now().Add(time.Hour)) }
	if err := claim(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{-10 * year, 10 * year, 59 * time.Minute} {
		w.move(d)
		if err := claim(); !errors.Is(err, doorward.ErrClaimed) {
			t.Errorf("after %v: %v", d, err)
		}
	}
	w.Clock.Advance(10 * year)
	w.Clock.Advance(-10 * year)
	if err := claim(); !errors.Is(err, doorward.ErrClaimed) {
		t.Errorf("a jump that nobody saw: %v", err)
	}
	w.move(10 * year)
	w.move(-10 * year)
	if err := claim(); err != nil {
		t.Errorf("forgotten meanwhile, and not claimed again: %v", err)
	}
}
