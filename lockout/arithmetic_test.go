package lockout_test

import (
	"math"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/lockout"
)

func TestStreakDelays(t *testing.T) {
	now := time.Date(2031, 5, 17, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name        string
		first, most time.Duration
		want        []time.Duration
	}{
		{"doubling", 30, 900, []time.Duration{30, 60, 120, 240, 480, 900, 900}},
		{"exactly", 15, 60, []time.Duration{15, 30, 60, 60}},
		{"upside down", 60, 10, []time.Duration{10, 10}},
		{"one wait", 60, 60, []time.Duration{60, 60}},
		{"huge", time.Duration(math.MaxInt64) / 3 / time.Second, math.MaxInt64 / time.Second, []time.Duration{
			time.Duration(math.MaxInt64) / 3 / time.Second, time.Duration(math.MaxInt64) / 3 / time.Second * 2}},
	} {
		s := lockout.NewStreak(1, c.first*time.Second, c.most*time.Second, time.Hour)
		g := doorward.Guesses{}
		for i, want := range c.want {
			s.Take(&g, now)
			if got := s.Wait(g, now); got != want*time.Second {
				t.Errorf("%s, %d: %v, want %v", c.name, i, got, want*time.Second)
			}
		}
	}
}

// Who gives nothing back opens no door.
func TestGiveNothing(t *testing.T) {
	closed := time.Date(2031, 5, 17, 12, 0, 0, 0, time.UTC)
	for n, open := range map[int]bool{-1: false, 0: false, 1: true} {
		g := doorward.Guesses{Count: 20, Until: closed}
		if lockout.Give(&g, n); g.Until.IsZero() != open || g.Count != 20-max(0, n) {
			t.Errorf("after %d: %+v", n, g)
		}
	}
}

// FuzzRows takes and gives on whatever a store may hold.
func FuzzRows(f *testing.F) {
	f.Add(0, int64(0), int64(0), int64(0), int64(0), 1)
	f.Add(5, int64(1), int64(1e9), int64(1e10), int64(1e9), 5)
	f.Add(math.MaxInt, int64(math.MaxInt64), int64(math.MinInt64), int64(-62135596800), int64(253402300799), math.MaxInt)
	f.Add(math.MinInt, int64(253402300799), int64(253402300799), int64(253402300799), int64(0), math.MinInt)
	f.Add(-1, int64(-62167219200), int64(-62167219200), int64(-62167219200), int64(-62167219200), -1)
	streak := lockout.NewStreak(5, 30*time.Second, 15*time.Minute, 24*time.Hour)
	rate := lockout.NewRate(100, time.Hour)
	f.Fuzz(func(t *testing.T, count int, at, until, expires, clock int64, n int) {
		now := time.Unix(clock, 0)
		stored := doorward.Guesses{Count: count, At: time.Unix(at, 0), Until: time.Unix(until, 0), Expires: time.Unix(expires, 0)}

		g := stored
		within(t, "streak", streak.Wait(g, now), 15*time.Minute)
		streak.Heal(&g, now)
		within(t, "healed streak", streak.Wait(g, now), 15*time.Minute)
		if streak.Heal(&g, now) {
			t.Error("a streak that was healed is not well")
		}
		later := now.Add(15*time.Minute + time.Minute)
		if wait := streak.Wait(g, later); wait != 0 && later.After(now) {
			t.Errorf("%v more after the longest wait", wait)
		}
		streak.Take(&g, now)
		counted(t, g)
		lockout.Give(&g, n)
		if g.Count < 0 {
			t.Errorf("%d guesses", g.Count)
		}

		g = stored
		within(t, "rate", rate.Wait(g, now), 36*time.Second)
		rate.Heal(&g, now)
		within(t, "healed rate", rate.Wait(g, now), 36*time.Second)
		if rate.Heal(&g, now) {
			t.Error("a rate that was healed is not well")
		}
		later = now.Add(36*time.Second + time.Minute)
		if wait := rate.Wait(g, later); wait != 0 && later.After(now) {
			t.Errorf("%v more after the longest wait", wait)
		}
		rate.Take(&g, now)
		counted(t, g)
	})
}

func within(t *testing.T, what string, wait, most time.Duration) {
	t.Helper()
	if wait < 0 || wait > most {
		t.Errorf("%s: a wait of %v", what, wait)
	}
}

func counted(t *testing.T, g doorward.Guesses) {
	t.Helper()
	if g.Count < 1 || g.Count > math.MaxInt32 {
		t.Errorf("%d guesses after one more", g.Count)
	}
}
