package storetest

import (
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

var sessionTests = []test{
	{"comes back whole with user and roles", users | roles | sessions, func(t *testing.T, w *world) {
		w.role(t, "writer", "write", "read")
		w.role(t, "admin")
		u := w.user(t, "a@example.com", "writer", "admin")
		w.session(t, w.user(t, "b@example.com"), "other")
		want := w.session(t, u, "mine")
		have, got, list, err := w.Sessions.LoadSession(t.Context(), want.IDHash)
		ok(t, err)
		sameLoaded(t, have, want)
		sameSession(t, w.stored(t, want), want)
		equal(t, "user", got.SecurityAccount().Email, "a@example.com")
		equal(t, "active", got.SecurityAccount().Active, true)
		wantRoles(t, list, "admin", "writer")
		equal(t, "permissions", len(list[1].Permissions), 2)
	}},
	{"without roles, without what may be empty", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		want := doorward.Session{IDHash: key("bare"), Uniquifier: u.SecurityAccount().Uniquifier, CreatedAt: day, SeenAt: day, ExpiresAt: day}
		ok(t, w.Sessions.CreateSession(t.Context(), want, ""))
		have, _, list, err := w.Sessions.LoadSession(t.Context(), want.IDHash)
		ok(t, err)
		sameLoaded(t, have, want)
		sameSession(t, w.stored(t, want), want)
		equal(t, "never proved", have.AuthnAt.IsZero(), true)
		equal(t, "roles", len(list), 0)
	}},
	{"not found", users | sessions, func(t *testing.T, w *world) {
		w.session(t, w.user(t, "a@example.com"), "mine")
		for _, id := range []string{key("other"), "", "%", key("mine")[:63]} {
			equal(t, "gone", w.gone(t, id), true)
		}
		ok(t, w.Sessions.CreateSession(t.Context(), newSession("orphan", "nobody's"), ""))
		equal(t, "of nobody gone", w.gone(t, key("orphan")), true)
	}},
	{"an empty uniquifier is nobody", users | sessions, func(t *testing.T, w *world) {
		w.user(t, "a@example.com")
		ok(t, w.Sessions.CreateSession(t.Context(), newSession("x", ""), ""))
		equal(t, "gone", w.gone(t, key("x")), true)
	}},
	{"expiry is not the store's to judge", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		s := newSession("old", u.SecurityAccount().Uniquifier)
		s.ExpiresAt = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
		ok(t, w.Sessions.CreateSession(t.Context(), s, ""))
		equal(t, "gone", w.gone(t, s.IDHash), false)
	}},
	{"rotating the uniquifier ends it", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		s := w.session(t, u, "mine")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Uniquifier = "rotated"; return nil }))
		equal(t, "gone", w.gone(t, s.IDHash), true)
	}},
	{"create replaces", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		old := w.session(t, u, "old")
		ok(t, w.Sessions.CreateSession(t.Context(), newSession("new", u.SecurityAccount().Uniquifier), old.IDHash))
		equal(t, "old gone", w.gone(t, old.IDHash), true)
		equal(t, "new gone", w.gone(t, key("new")), false)
		ok(t, w.Sessions.CreateSession(t.Context(), newSession("newer", u.SecurityAccount().Uniquifier), key("never was")))
		equal(t, "newer gone", w.gone(t, key("newer")), false)
	}},
	{"an id is used once", users | sessions, func(t *testing.T, w *world) {
		u, other := w.user(t, "a@example.com"), w.user(t, "b@example.com")
		s := w.session(t, u, "mine")
		is(t, w.Sessions.CreateSession(t.Context(), newSession("mine", other.SecurityAccount().Uniquifier), ""), doorward.ErrDuplicate)
		_, got, _, err := w.Sessions.LoadSession(t.Context(), s.IDHash)
		ok(t, err)
		equal(t, "user", got.SecurityAccount().Email, "a@example.com")
	}},
	{"update", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		want := w.session(t, u, "mine")
		ok(t, w.Sessions.UpdateSession(t.Context(), want.IDHash, func(s *doorward.Session) error {
			sameSession(t, *s, want)
			s.Fresh, s.Via, s.AuthnAt, s.GraceUntil = false, append(s.Via, "sms"), day.Add(time.Hour), day.Add(2*time.Hour)
			s.Binding, s.SeenAt, s.ExpiresAt, s.Address, s.UserAgent = "b", day.Add(3*time.Hour), day.Add(4*time.Hour), "192.0.2.7", "ü"
			s.CreatedAt = day.Add(5 * time.Hour)
			want = *s
			s.IDHash, s.Uniquifier = key("other"), "other"
			return nil
		}))
		have, _, _, err := w.Sessions.LoadSession(t.Context(), want.IDHash)
		ok(t, err)
		sameLoaded(t, have, want)
		sameSession(t, w.stored(t, want), want)
		equal(t, "the other id gone", w.gone(t, key("other")), true)
	}},
	{"update abandoned", users | sessions, func(t *testing.T, w *world) {
		s := w.session(t, w.user(t, "a@example.com"), "mine")
		is(t, w.Sessions.UpdateSession(t.Context(), s.IDHash, func(s *doorward.Session) error { s.Fresh = false; return errAbandon }), errAbandon)
		if !panics(func() {
			_ = w.Sessions.UpdateSession(t.Context(), s.IDHash, func(*doorward.Session) error { return crash(nil) })
		}) {
			t.Error("the panic was swallowed")
		}
		sameSession(t, w.stored(t, s), s)
	}},
	{"no update is lost", users | sessions, func(t *testing.T, w *world) {
		s := w.session(t, w.user(t, "a@example.com"), "mine")
		n := many(100)
		atOnce(t, n, func(int) (bool, error) {
			return true, w.Sessions.UpdateSession(t.Context(), s.IDHash, func(s *doorward.Session) error { s.Via = append(s.Via, "x"); return nil })
		})
		have, _, _, err := w.Sessions.LoadSession(t.Context(), s.IDHash)
		ok(t, err)
		equal(t, "via", len(have.Via), n+2)
	}},
	{"rekey", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		want := w.session(t, u, "old")
		ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Uniquifier = "rotated"; return nil }))
		ok(t, w.Sessions.RekeySession(t.Context(), want.IDHash, key("new"), "rotated"))
		equal(t, "old gone", w.gone(t, want.IDHash), true)
		have, _, _, err := w.Sessions.LoadSession(t.Context(), key("new"))
		ok(t, err)
		want.IDHash, want.Uniquifier = key("new"), "rotated"
		sameLoaded(t, have, want)
		sameSession(t, w.stored(t, want), want)
		is(t, w.Sessions.RekeySession(t.Context(), key("old"), key("newer"), "rotated"), doorward.ErrNotFound)
		ok(t, w.Sessions.RekeySession(t.Context(), key("new"), key("new"), "rotated"))
		equal(t, "to itself gone", w.gone(t, key("new")), false)
		w.session(t, u, "taken")
		is(t, w.Sessions.RekeySession(t.Context(), key("new"), key("taken"), "rotated"), doorward.ErrDuplicate)
		equal(t, "after the refusal gone", w.gone(t, key("new")), false)
	}},
	{"of many that rekey one does", users | sessions, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		s := w.session(t, u, "old")
		won := atOnce(t, 100, func(i int) (bool, error) {
			err := w.Sessions.RekeySession(t.Context(), s.IDHash, key("new"+strconv.Itoa(i)), s.Uniquifier)
			return err == nil, err
		}, doorward.ErrNotFound)
		equal(t, "winners", won, 1)
		list, err := w.Sessions.ListSessions(t.Context(), s.Uniquifier)
		ok(t, err)
		equal(t, "sessions", len(list), 1)
	}},
	{"results are the caller's", users | sessions, func(t *testing.T, w *world) {
		s := w.session(t, w.user(t, "a@example.com"), "mine")
		s.Via[0] = "changed"
		for range 2 {
			have, _, _, err := w.Sessions.LoadSession(t.Context(), s.IDHash)
			ok(t, err)
			equal(t, "via", have.Via[0], "password")
			have.Via[0] = "changed"
		}
	}},
}

// stored is the row of s as it is stored.
func (w *world) stored(t *testing.T, s doorward.Session) doorward.Session {
	t.Helper()
	all, err := w.Sessions.ListSessions(t.Context(), s.Uniquifier)
	ok(t, err)
	for _, x := range all {
		if x.IDHash == s.IDHash {
			return x
		}
	}
	t.Fatal("the session is gone")
	return s
}

// sameLoaded compares what a request must get of a session.
func sameLoaded(t *testing.T, have, want doorward.Session) {
	t.Helper()
	if have.CreatedAt.IsZero() {
		have.CreatedAt = want.CreatedAt
	}
	if have.Address == "" {
		have.Address = want.Address
	}
	if have.UserAgent == "" {
		have.UserAgent = want.UserAgent
	}
	sameSession(t, have, want)
}

func sameSession(t *testing.T, have, want doorward.Session) {
	t.Helper()
	b := reflect.ValueOf(want)
	for f, v := range reflect.ValueOf(have).Fields() {
		x, y := v.Interface(), b.FieldByIndex(f.Index).Interface()
		if at, isTime := x.(time.Time); isTime {
			equalTime(t, f.Name, at, y.(time.Time))
		} else if !reflect.DeepEqual(x, y) {
			t.Errorf("%s is %v, want %v", f.Name, x, y)
		}
	}
}
