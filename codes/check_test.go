package codes_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
)

// A code is accepted once, and no code of its step or an earlier one is after
// it (RFC 6238 section 5.2).
func TestOnce(t *testing.T) {
	s := newSite(t)
	secret, other := codes.NewSecret(), codes.NewSecret()
	before, now, next := s.code(secret, -30*time.Second), s.code(secret, 0), s.code(secret, 30*time.Second)
	s.takes("now", secret, now, false, true)
	s.takes("again", secret, now, false, false)
	s.takes("the step before", secret, before, false, false)
	s.takes("the same step of another secret", other, s.code(other, 0), false, true)
	s.takes("the step after", secret, next, false, true)
	s.takes("that one again", secret, next, false, false)
	s.takes("now, still", secret, now, false, false)
	s.takes("of another secret", secret, s.code(other, time.Minute), false, false)
	s.takes("typed with spaces and dashes", secret, " "+s.code(secret, time.Minute)[:3]+" - "+s.code(secret, time.Minute)[3:]+"=", false, true)
}

// What was used stays used when the clock goes wrong.
func TestOnceByAnyClock(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	first := s.code(secret, 0)
	s.takes("at first", secret, first, false, true)
	s.Clock.Advance(time.Hour)
	ahead := s.code(secret, 0)
	s.takes("an hour ahead", secret, ahead, false, true)
	s.Clock.Advance(-time.Hour)
	for _, from := range []time.Duration{-within, 0, 30 * time.Second, within} {
		s.takes(fmt.Sprintf("back, %v from now", from), secret, s.code(secret, from), false, false)
	}
	if err := s.send(delivery(secret)); err != codes.ErrNotSent { //nolint:errorlint // returned as it is
		t.Errorf("a code that cannot be accepted was sent: %v", err)
	}
	if !s.Logs.Contains("ERROR", "a code was not sent", "clock") || len(s.Outbox.Sent()) != 0 {
		t.Errorf("%d mails, log:\n%s", len(s.Outbox.Sent()), s.Logs)
	}
	s.Clock.Advance(time.Hour)
	s.takes("ahead again", secret, ahead, false, false)
	s.takes("the step before that", secret, s.code(secret, -30*time.Second), false, false)
	s.takes("the next one", secret, s.code(secret, 30*time.Second), false, true)
	s.Clock.Advance(-time.Hour - within)
	s.takes("the first one, back again", secret, first, false, false)
}

// Codes are accepted from the step that it was within ago to the step that it
// will be within from now, both included.
func TestWindow(t *testing.T) {
	const step = 30 * time.Second
	s := newSite(t) // whose clock stands at the beginning of a step
	for _, w := range []struct {
		within           time.Duration
		clock            time.Duration // into its step
		oldest, youngest int
	}{
		{0, 0, 0, 0},
		{0, step - 1, 0, 0},
		{1, 0, -1, 0},
		{1, step - time.Second, 0, 0},
		{time.Second, step - time.Second, 0, 1},
		{step, 0, -1, 1},
		{45 * time.Second, 0, -2, 1},
		{45 * time.Second, 15*time.Second - 1, -2, 1},
		{45 * time.Second, 15 * time.Second, -1, 2},
		{120 * time.Second, 0, -4, 4},
		{120 * time.Second, step - 1, -4, 4},
		{300 * time.Second, 0, -10, 10},
		{300 * time.Second, step - 1, -10, 10},
		{time.Hour, 0, -120, 120},
	} {
		for n, good := range map[int]bool{w.oldest - 1: false, w.oldest: true, w.youngest: true, w.youngest + 1: false} {
			secret := codes.NewSecret()
			code := s.code(secret, time.Duration(n)*step)
			s.Clock.Advance(w.clock)
			s.within(fmt.Sprintf("within %v, %v into a step: step %d", w.within, w.clock, n), secret, code, w.within, false, good)
			s.Clock.Advance(-w.clock)
		}
	}
}

// What cannot be a code is refused before the store is asked.
func TestNoCode(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	s.sent(delivery(secret))
	n := s.cost(func() {
		for _, typed := range []string{"", " ", "12345", "1234567", "abcdef", "12345\x00", "１２３４５６", "-12345", "1e3", strings.Repeat("1", 1<<20)} {
			s.takes(fmt.Sprintf("%.20q", typed), secret, typed, true, false)
			s.takes(fmt.Sprintf("%.20q, of nobody", typed), codes.Secret{}, typed, true, false)
		}
	})
	if n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
}

// Nobody's secret accepts nothing and does the same work.
func TestNobody(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	code := s.sent(delivery(secret))
	for _, sent := range []bool{true, false} {
		own := s.cost(func() { s.takes("wrong", secret, s.wrong(secret), sent, false) })
		none := s.cost(func() { s.takes("nobody's", codes.Secret{}, code, sent, false) })
		if own != 1 || none != own {
			t.Errorf("sent %t: the store is asked %d times for a user, %d for nobody", sent, own, none)
		}
	}
	if !(codes.Secret{}).IsZero() || secret.IsZero() {
		t.Error("which secret is nobody's?")
	}
	s.takes("somebody's, after it", secret, code, true, true)
	for range 5000 { // were it the same one each time, some would guess it
		if s.codes.Check(t.Context(), codes.Secret{}, code, time.Hour, false) == nil {
			t.Fatal("a code of nobody's was accepted")
		}
	}
}

// Where codes are sent, the last one that was is accepted and no other of its
// window (ASVS 6.6.2).
func TestSent(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	s.takes("before one was sent", secret, s.code(secret, 0), true, false)
	first := s.sent(delivery(secret))
	s.takes("one that was not sent", secret, s.code(secret, 30*time.Second), true, false)
	s.Clock.Advance(within / 2)
	second := s.sent(delivery(secret))
	if first == second {
		t.Fatal("one code")
	}
	s.takes("the first one", secret, first, true, false)
	s.takes("the second one", secret, second, true, true)
	s.takes("the second one again", secret, second, true, false)
	s.takes("the first one, still", secret, first, true, false)
	third := s.sent(delivery(secret))
	s.Clock.Advance(within + time.Minute + 30*time.Second)
	s.takes("too old", secret, third, true, false)
}

// A code that was sent is dead after CODE_TRIES wrong ones.
func TestSentDies(t *testing.T) {
	for tries := 1; tries <= 10; tries += 3 {
		s := newSite(t, func(c *batteries.Config) { c.Codes.Tries = tries })
		secret := codes.NewSecret()
		code := s.sent(delivery(secret))
		for i := range tries - 1 {
			s.takes(fmt.Sprintf("wrong one %d", i+1), secret, s.wrong(secret), true, false)
		}
		if again := s.sent(delivery(secret)); again != code {
			t.Errorf("another code was sent: %s, %s", code, again)
		}
		s.takes("the last wrong one", secret, s.wrong(secret), true, false)
		s.takes("the right one, dead", secret, code, true, false)
		s.takes("the right one, as if not sent", secret, code, false, false)
		fresh := s.sent(delivery(secret))
		if fresh == code {
			t.Error("what is dead is sent again")
		}
		s.takes("the new one", secret, fresh, true, true)
	}
}

// Sending again sends the same code while it has half of its time, wherever in
// its window it lies, and gives no tries back.
func TestSendAgain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		within time.Duration
		used   int // codes that are used up before, which puts the next one ahead
		later  time.Duration
		same   bool
	}{
		{"at once", within, 0, 0, true},
		{"just before half of its time", within, 0, within/2 - time.Millisecond, true},
		{"at half of its time", within, 0, within / 2, false},
		{"one step ahead", within, 1, 0, true},
		{"two steps ahead", within, 2, 0, true},
		{"three steps ahead", within, 3, 0, true},
		{"as far ahead as can be", within, 4, 0, true},
		{"ahead, in a short window", 30 * time.Second, 1, 0, true},
		{"ahead, later", within, 4, 90 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			secret := codes.NewSecret()
			d := delivery(secret, func(d *codes.Delivery) { d.Within = tt.within })
			for range tt.used {
				s.within("one before", secret, s.sent(d), tt.within, true, true)
			}
			code := s.sent(d)
			for range 4 {
				s.within("wrong", secret, s.wrong(secret), tt.within, true, false)
			}
			s.Clock.Advance(tt.later)
			again := s.sent(d)
			if (again == code) != tt.same {
				t.Fatalf("%s, then %s; want the same: %t", code, again, tt.same)
			}
			s.within("the fifth wrong one", secret, s.wrong(secret), tt.within, true, false)
			s.within("the right one", secret, again, tt.within, true, !tt.same)
		})
	}
}

// A code was used, and a new one is asked for within the same half minute.
func TestSendAfterUse(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	seen := map[string]bool{}
	for i := range 5 { // this step, and those that lie within two minutes
		code := s.sent(delivery(secret))
		if seen[code] {
			t.Errorf("code %d was sent before", i)
		}
		seen[code] = true
		s.takes(fmt.Sprintf("code %d", i), secret, code, true, true)
		s.takes(fmt.Sprintf("code %d again", i), secret, code, true, false)
	}
	if err := s.send(delivery(secret)); err != codes.ErrNotSent { //nolint:errorlint // returned as it is
		t.Errorf("a code of a step that could not be accepted: %v", err)
	}
	s.Clock.Advance(30 * time.Second)
	s.takes("half a minute later", secret, s.sent(delivery(secret)), true, true)
}

// CODE_TRIES may be lowered while codes are under way.
func TestTriesLowered(t *testing.T) {
	s := newSite(t, func(c *batteries.Config) { c.Codes.Tries = 10 })
	secret := codes.NewSecret()
	code := s.sent(delivery(secret))
	for range 6 {
		s.takes("wrong", secret, s.wrong(secret), true, false)
	}
	lower := newSite(t, func(c *batteries.Config) { c.Codes.Tries, c.Stores = 5, s.Stores })
	lower.takes("the right one, after more than there are", secret, code, true, false)
	again := lower.sent(delivery(secret))
	if again == code {
		t.Error("a code that is dead was sent again")
	}
	lower.takes("the new one", secret, again, true, true)
}

// Of many at once with one code one wins, on every store.
func TestOnceAtOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		s := newSite(t, func(c *batteries.Config) { c.Stores = stores(t) })
		secret := codes.NewSecret()
		shown := s.code(secret, 0)
		kit.Parallel(t, 100, 1, func(int) bool { return s.codes.Check(t.Context(), secret, shown, within, false) == nil })
		mailed := s.sent(delivery(secret))
		kit.Parallel(t, 100, 1, func(int) bool { return s.codes.Check(t.Context(), secret, mailed, within, true) == nil })
		s.takes("afterwards", secret, mailed, true, false)
	})
}

// However many try at once, no more than CODE_TRIES are compared with a code
// that was sent.
func TestTriesAtOnce(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, stores func(testing.TB) doorward.Stores) {
		s := newSite(t, func(c *batteries.Config) { c.Stores = stores(t) })
		secret := codes.NewSecret()
		code, wrong := s.sent(delivery(secret)), s.wrong(secret)
		kit.Parallel(t, 100, 0, func(int) bool { return s.codes.Check(t.Context(), secret, wrong, within, true) == nil })
		s.takes("the right one after a hundred wrong ones", secret, code, true, false)
		// They may be fewer than CODE_TRIES at a time, and are no fewer in sum.
		code = s.sent(delivery(secret))
		for range 2 {
			kit.Parallel(t, 2, 0, func(int) bool { return s.codes.Check(t.Context(), secret, wrong, within, true) == nil })
		}
		s.takes("the right one after four wrong ones", secret, code, true, true)
	})
}

// The keys of rows are what stores take, do not tell the secret, and outlast
// the application's key.
func TestRows(t *testing.T) {
	s := newSite(t)
	secret := codes.NewSecret()
	s.rows = map[string]doorward.Guesses{}
	r := s.code(secret, 0)
	s.takes("now", secret, r, false, true)
	if len(s.rows) != 2 {
		t.Errorf("%d rows", len(s.rows))
	}
	for key := range s.rows {
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(key) {
			t.Errorf("key %q", key)
		}
	}
	mailed := s.sent(delivery(secret))
	s.rows = map[string]doorward.Guesses{}
	s.takes("one that was sent", secret, mailed, true, true)
	left := 0
	for _, g := range s.rows {
		if !g.Until.IsZero() {
			left++
		}
	}
	if len(s.rows) != 2 || left != 1 {
		t.Errorf("of a code that was used is left: %+v", s.rows)
	}
	other := newSite(t, func(c *batteries.Config) {
		c.Stores, c.SecretKey = s.Stores, []byte("another key for tests, and for nothing else")
	})
	other.takes("under another SECRET_KEY", secret, r, false, false)
	other.takes("the next one", secret, s.code(secret, time.Minute), false, true)
}

// What was sent is forgotten soon, what was used after a year.
func TestRowsExpire(t *testing.T) {
	for _, w := range []time.Duration{30 * time.Second, within, time.Hour} {
		s := newSite(t)
		secret := codes.NewSecret()
		d := delivery(secret, func(d *codes.Delivery) { d.Within = w })
		now := s.Clock.Now()
		s.rows = map[string]doorward.Guesses{}
		s.sent(d)
		var rows []doorward.Guesses
		for _, g := range s.rows {
			if g.Until.Equal(now) {
				rows = append(rows, g)
			}
		}
		if len(rows) != 1 {
			t.Fatalf("rows %+v", s.rows)
		}
		if last, soon := now.Add(w+30*time.Second), now.Add(2*w+2*time.Hour); rows[0].Expires.Before(last) || rows[0].Expires.After(soon) {
			t.Errorf("within %v: sent at %v, expires at %v", w, now, rows[0].Expires)
		}
		s.rows = map[string]doorward.Guesses{}
		s.within("it", secret, s.sent(d), w, true, true)
		for _, g := range s.rows {
			if g.Until.Equal(now.Add(30*time.Second)) && !g.Expires.Equal(now.Add(365*24*time.Hour)) {
				t.Errorf("used at %v, expires at %v", now, g.Expires)
			}
		}
		for _, after := range []time.Duration{24 * time.Hour, 360 * 24 * time.Hour} {
			s.Clock.Advance(after)
			if _, err := s.Stores.Guesses.(*counting).GuessStore.(interface {
				DeleteExpired(context.Context, time.Time) (int, error)
			}).DeleteExpired(t.Context(), s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			s.Clock.Advance(-after)
			s.within(fmt.Sprintf("used, after %v", after), secret, s.code(secret, 0), w, false, false)
		}
		s.Clock.Advance(time.Second)
	}
}

// A store that fails is no wrong code.
func TestStoreFails(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.codes.Check(ctx, codes.NewSecret(), "123456", within, false)
	if err == nil || errors.Is(err, codes.ErrWrong) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
