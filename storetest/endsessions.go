package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

var endSessionTests = []test{
	{"end", users | sessions, func(t *testing.T, w *world) {
		u, other := w.user(t, "a@example.com"), w.user(t, "b@example.com")
		s := w.session(t, u, "mine")
		is(t, w.Sessions.EndSession(t.Context(), other.SecurityAccount().Uniquifier, s.IDHash), doorward.ErrNotFound)
		is(t, w.Sessions.EndSession(t.Context(), "", s.IDHash), doorward.ErrNotFound)
		equal(t, "gone", w.gone(t, s.IDHash), false)
		ok(t, w.Sessions.EndSession(t.Context(), s.Uniquifier, s.IDHash))
		equal(t, "gone", w.gone(t, s.IDHash), true)
		is(t, w.Sessions.EndSession(t.Context(), s.Uniquifier, s.IDHash), doorward.ErrNotFound)
	}},
	{"an ended session never comes back", users | sessions, func(t *testing.T, w *world) {
		s := w.session(t, w.user(t, "a@example.com"), "mine")
		ok(t, w.Sessions.EndSession(t.Context(), s.Uniquifier, s.IDHash))
		is(t, w.Sessions.UpdateSession(t.Context(), s.IDHash, func(x *doorward.Session) error { *x = s; return nil }), doorward.ErrNotFound)
		is(t, w.Sessions.RekeySession(t.Context(), s.IDHash, s.IDHash, s.Uniquifier), doorward.ErrNotFound)
		ok(t, w.Sessions.TouchSessions(t.Context(), map[string]time.Time{s.IDHash: day.Add(time.Hour)}))
		equal(t, "gone", w.gone(t, s.IDHash), true)
		for _, uniquifier := range []string{s.Uniquifier, ""} { // nor a row that is nobody's
			is(t, w.Sessions.EndSession(t.Context(), uniquifier, s.IDHash), doorward.ErrNotFound)
		}
		list, err := w.Sessions.ListSessions(t.Context(), s.Uniquifier)
		ok(t, err)
		equal(t, "listed", len(list), 0)
	}},
	{"nor in a race", users | sessions, func(t *testing.T, w *world) {
		s := w.session(t, w.user(t, "a@example.com"), "mine")
		ended := atOnce(t, 40, func(i int) (bool, error) {
			switch i % 4 {
			case 0:
				err := w.Sessions.EndSession(t.Context(), s.Uniquifier, s.IDHash)
				return err == nil, err
			case 1:
				return false, w.Sessions.TouchSessions(t.Context(), map[string]time.Time{s.IDHash: day.Add(time.Hour)})
			}
			return false, w.Sessions.UpdateSession(t.Context(), s.IDHash, func(x *doorward.Session) error { x.Fresh = !x.Fresh; return nil })
		}, doorward.ErrNotFound)
		equal(t, "ended", ended, 1)
		equal(t, "gone", w.gone(t, s.IDHash), true)
	}},
	{"of many that end one does", users | sessions, func(t *testing.T, w *world) {
		s := w.session(t, w.user(t, "a@example.com"), "mine")
		ended := atOnce(t, 100, func(int) (bool, error) {
			err := w.Sessions.EndSession(t.Context(), s.Uniquifier, s.IDHash)
			return err == nil, err
		}, doorward.ErrNotFound)
		equal(t, "ended", ended, 1)
	}},
	{"of many that replace none is left over", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		old := w.session(t, u, "old")
		n := 20
		atOnce(t, n, func(i int) (bool, error) {
			return true, w.Sessions.CreateSession(t.Context(), newSession("new"+strconv.Itoa(i), old.Uniquifier), old.IDHash)
		})
		list, err := w.Sessions.ListSessions(t.Context(), old.Uniquifier)
		ok(t, err)
		equal(t, "sessions", len(list), n)
		equal(t, "old gone", w.gone(t, old.IDHash), true)
	}},
	{"touch only goes forward", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		one, two := w.session(t, u, "one"), w.session(t, u, "two")
		later := day.Add(time.Hour).Add(time.Microsecond)
		ok(t, w.Sessions.TouchSessions(t.Context(), map[string]time.Time{one.IDHash: later, two.IDHash: day.Add(-time.Hour), key("gone"): later}))
		ok(t, w.Sessions.TouchSessions(t.Context(), nil))
		for id, want := range map[string]time.Time{one.IDHash: later, two.IDHash: two.SeenAt} {
			have, _, _, err := w.Sessions.LoadSession(t.Context(), id)
			ok(t, err)
			equalTime(t, "seen", have.SeenAt, want)
			equalTime(t, "expires", have.ExpiresAt, one.ExpiresAt)
		}
	}},
	{"touch many", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		seen := map[string]time.Time{}
		for i := range 300 {
			seen[key("s"+string(rune('A'+i%26))+string(rune('a'+i/26)))] = day.Add(time.Hour)
		}
		for id := range seen {
			s := newSession("", u.SecurityAccount().Uniquifier)
			s.IDHash = id
			ok(t, w.Sessions.CreateSession(t.Context(), s, ""))
		}
		ok(t, w.Sessions.TouchSessions(t.Context(), seen))
		list, err := w.Sessions.ListSessions(t.Context(), u.SecurityAccount().Uniquifier)
		ok(t, err)
		equal(t, "sessions", len(list), len(seen))
		for _, s := range list {
			equalTime(t, "seen", s.SeenAt, day.Add(time.Hour))
		}
	}},
	{"list newest first", users | sessions, func(t *testing.T, w *world) {
		u, other := w.user(t, "a@example.com"), w.user(t, "b@example.com")
		w.session(t, other, "other")
		for seed, age := range map[string]time.Duration{"b": 2, "c": 1, "a": 3} {
			s := newSession(seed, u.SecurityAccount().Uniquifier)
			s.CreatedAt = day.Add(-age * time.Microsecond)
			ok(t, w.Sessions.CreateSession(t.Context(), s, ""))
		}
		list, err := w.Sessions.ListSessions(t.Context(), u.SecurityAccount().Uniquifier)
		ok(t, err)
		equal(t, "sessions", len(list), 3)
		for i, seed := range []string{"c", "b", "a"} {
			equal(t, "id", list[i].IDHash, key(seed))
		}
		sameSession(t, list[0], func() doorward.Session {
			s := newSession("c", u.SecurityAccount().Uniquifier)
			s.CreatedAt = day.Add(-time.Microsecond)
			return s
		}())
	}},
	{"end all, or all but one", users | sessions, func(t *testing.T, w *world) {
		u, other := w.user(t, "a@example.com"), w.user(t, "b@example.com")
		theirs := w.session(t, other, "theirs")
		mine := u.SecurityAccount().Uniquifier
		one := w.session(t, u, "one")
		w.session(t, u, "two")
		w.session(t, u, "three")
		for _, c := range []struct {
			except string
			want   int
		}{{one.IDHash, 2}, {one.IDHash, 0}, {theirs.IDHash, 1}, {"", 0}} {
			n, err := w.Sessions.EndSessions(t.Context(), mine, c.except)
			ok(t, err)
			equal(t, "ended", n, c.want)
		}
		equal(t, "the other's gone", w.gone(t, theirs.IDHash), false)
		w.session(t, u, "four")
		n, err := w.Sessions.EndSessions(t.Context(), mine, "")
		ok(t, err)
		equal(t, "ended", n, 1)
	}},
	{"delete what expired or was idle", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		add := func(seed string, expires, seen time.Duration) {
			s := newSession(seed, u.SecurityAccount().Uniquifier)
			s.ExpiresAt, s.SeenAt = day.Add(expires), day.Add(seen)
			ok(t, w.Sessions.CreateSession(t.Context(), s, ""))
		}
		add("expired", -time.Microsecond, 0)
		add("idle", time.Hour, -time.Hour-time.Microsecond)
		add("live", time.Microsecond, -time.Hour+time.Microsecond)
		n, err := w.Sessions.DeleteExpiredSessions(t.Context(), day, time.Time{})
		ok(t, err)
		equal(t, "expired", n, 1)
		n, err = w.Sessions.DeleteExpiredSessions(t.Context(), day, day.Add(-time.Hour))
		ok(t, err)
		equal(t, "idle", n, 1)
		equal(t, "live gone", w.gone(t, key("live")), false)
	}},
}

var rememberTests = []test{
	{"comes back whole", remember, func(t *testing.T, w *world) {
		for _, want := range []doorward.Remember{newRemember("sel", "u"), {Selector: "bare", Verifier: "v", Uniquifier: "u", CreatedAt: day, ExpiresAt: day}} {
			ok(t, w.Remember.CreateRemember(t.Context(), want))
			have, err := w.Remember.UpdateRemember(t.Context(), want.Selector, func(r *doorward.Remember) error { return nil })
			ok(t, err)
			sameRemember(t, have, want)
			equal(t, "never rotated", have.RotatedAt.IsZero(), want.RotatedAt.IsZero())
			is(t, w.Remember.CreateRemember(t.Context(), want), doorward.ErrDuplicate)
		}
	}},
	{"update", remember, func(t *testing.T, w *world) {
		want := newRemember("sel", "u")
		ok(t, w.Remember.CreateRemember(t.Context(), want))
		want.Previous, want.Verifier, want.RotatedAt, want.ExpiresAt = want.Verifier, key("next"), day.Add(time.Minute), day.Add(2*time.Hour)
		have, err := w.Remember.UpdateRemember(t.Context(), "sel", func(r *doorward.Remember) error { *r = want; return nil })
		ok(t, err)
		sameRemember(t, have, want)
		have, err = w.Remember.UpdateRemember(t.Context(), "sel", func(r *doorward.Remember) error { sameRemember(t, *r, want); r.Verifier = "no"; return errAbandon })
		if err != errAbandon { //nolint:errorlint // "as it is" is the promise
			t.Errorf("error %v (%v), want the one of change as it is", err, have)
		}
		have, err = w.Remember.UpdateRemember(t.Context(), "sel", func(*doorward.Remember) error { return nil })
		ok(t, err)
		sameRemember(t, have, want)
		_, err = w.Remember.UpdateRemember(t.Context(), "other", func(*doorward.Remember) error { return nil })
		is(t, err, doorward.ErrNotFound)
	}},
	{"of many that rotate one does", remember, func(t *testing.T, w *world) {
		ok(t, w.Remember.CreateRemember(t.Context(), newRemember("sel", "u")))
		won := atOnce(t, 100, func(i int) (bool, error) {
			_, err := w.Remember.UpdateRemember(t.Context(), "sel", func(r *doorward.Remember) error {
				if r.Verifier != key("secret") {
					return errAbandon
				}
				r.Verifier = key("next")
				return nil
			})
			return err == nil, err
		}, errAbandon)
		equal(t, "winners", won, 1)
	}},
	{"end and move", remember, func(t *testing.T, w *world) {
		exists := func(selector string) bool {
			t.Helper()
			_, err := w.Remember.UpdateRemember(t.Context(), selector, func(*doorward.Remember) error { return nil })
			if err != nil && !errors.Is(err, doorward.ErrNotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		for _, sel := range []string{"a", "b", "c"} {
			ok(t, w.Remember.CreateRemember(t.Context(), newRemember(sel, "u")))
		}
		ok(t, w.Remember.CreateRemember(t.Context(), newRemember("d", "other")))
		for range 2 { // no error if it is gone
			ok(t, w.Remember.EndRemember(t.Context(), "a"))
		}
		equal(t, "a", exists("a"), false)
		for range 2 {
			ok(t, w.Remember.EndRemembers(t.Context(), "u"))
		}
		equal(t, "b", exists("b"), false)
		equal(t, "c", exists("c"), false)
		equal(t, "d", exists("d"), true)
	}},
}

func newRemember(selector, uniquifier string) doorward.Remember {
	return doorward.Remember{
		Selector: selector, Verifier: key("secret"), Previous: key("before"), RotatedAt: day.Add(time.Second),
		Uniquifier: uniquifier, CreatedAt: day, ExpiresAt: day.Add(time.Hour),
	}
}

func sameRemember(t *testing.T, have, want doorward.Remember) {
	t.Helper()
	equalTime(t, "rotated", have.RotatedAt, want.RotatedAt)
	equalTime(t, "created", have.CreatedAt, want.CreatedAt)
	equalTime(t, "expires", have.ExpiresAt, want.ExpiresAt)
	have.RotatedAt, have.CreatedAt, have.ExpiresAt = want.RotatedAt, want.CreatedAt, want.ExpiresAt
	equal(t, "row", have, want)
}

var claimTests = []test{
	{"once", claims, func(t *testing.T, w *world) {
		soon := time.Now().Add(time.Hour)
		ok(t, w.Claims.Claim(t.Context(), key("a"), soon))
		is(t, w.Claims.Claim(t.Context(), key("a"), soon), doorward.ErrClaimed)
		is(t, w.Claims.Claim(t.Context(), key("a"), soon.Add(time.Hour)), doorward.ErrClaimed)
		ok(t, w.Claims.Claim(t.Context(), key("b"), soon))
	}},
	{"of many exactly one", claims, func(t *testing.T, w *world) {
		soon := time.Now().Add(time.Hour)
		won := atOnce(t, 100, func(int) (bool, error) {
			err := w.Claims.Claim(t.Context(), key("a"), soon)
			return err == nil, err
		}, doorward.ErrClaimed)
		equal(t, "winners", won, 1)
	}},
}
