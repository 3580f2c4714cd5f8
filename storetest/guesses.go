package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

// counted adds one to every row.
func counted(rows []doorward.Guesses) error {
	for i := range rows {
		rows[i].Count++
		rows[i].At, rows[i].Expires = day, day.Add(time.Hour)
	}
	return nil
}

// guesses loads rows.
func (w *world) guesses(t *testing.T, keys ...string) []doorward.Guesses {
	t.Helper()
	rows, err := w.Guesses.LoadGuesses(t.Context(), keys)
	ok(t, err)
	equal(t, "rows", len(rows), len(keys))
	for i, key := range keys {
		equal(t, "key", rows[i].Key, key)
	}
	return rows
}

// bare fails unless a row has its key and nothing else.
func bare(t *testing.T, g doorward.Guesses) {
	t.Helper()
	if g.Count != 0 || !g.At.IsZero() || !g.Until.IsZero() || !g.Expires.IsZero() {
		t.Errorf("not empty: %+v", g)
	}
}

var guessTests = []test{
	{"comes back whole, in the order of keys", guesses, func(t *testing.T, w *world) {
		want := doorward.Guesses{Key: key("b"), Count: 7, At: day, Until: day.Add(time.Microsecond), Expires: day.Add(time.Hour)}
		ok(t, w.Guesses.UpdateGuesses(t.Context(), []string{key("c"), key("b"), key("a")}, func(rows []doorward.Guesses) error {
			equal(t, "rows", len(rows), 3)
			for i, seed := range []string{"c", "b", "a"} {
				equal(t, "key", rows[i].Key, key(seed))
				bare(t, rows[i])
			}
			rows[1] = want
			rows[2].Count = 1
			return nil
		}))
		rows := w.guesses(t, key("a"), key("x"), key("b"), key("c"))
		equal(t, "count", rows[0].Count, 1)
		bare(t, rows[1])
		bare(t, rows[3])
		equal(t, "count", rows[2].Count, want.Count)
		equalTime(t, "at", rows[2].At, want.At)
		equalTime(t, "until", rows[2].Until, want.Until)
		equalTime(t, "expires", rows[2].Expires, want.Expires)
	}},
	{"an error of change leaves everything", guesses, func(t *testing.T, w *world) {
		both := []string{key("a"), key("b")}
		ok(t, w.Guesses.UpdateGuesses(t.Context(), both[:1], counted))
		err := w.Guesses.UpdateGuesses(t.Context(), both, func(rows []doorward.Guesses) error {
			equal(t, "what change sees", rows[0].Count, 1)
			return errors.Join(counted(rows), errAbandon)
		})
		is(t, err, errAbandon)
		rows := w.guesses(t, both...)
		equal(t, "count", rows[0].Count, 1)
		bare(t, rows[1])
	}},
	{"nothing left is nothing stored", guesses, func(t *testing.T, w *world) {
		both := []string{key("a"), key("b")}
		ok(t, w.Guesses.UpdateGuesses(t.Context(), both, counted))
		ok(t, w.Guesses.UpdateGuesses(t.Context(), both, func(rows []doorward.Guesses) error {
			rows[0].Count = 0                                      // its times are no reason to keep it
			rows[1].Count, rows[1].Until = 0, day.Add(time.Minute) // this one is
			return nil
		}))
		rows := w.guesses(t, both...)
		bare(t, rows[0])
		equalTime(t, "until", rows[1].Until, day.Add(time.Minute))
	}},
	{"none of no keys", guesses, func(t *testing.T, w *world) {
		w.guesses(t)
		ok(t, w.Guesses.UpdateGuesses(t.Context(), nil, func(rows []doorward.Guesses) error { equal(t, "rows", len(rows), 0); return nil }))
	}},
	{"no increment is lost, whatever order the keys are in", guesses, func(t *testing.T, w *world) {
		all := []string{key("a"), key("b"), key("c")}
		back := slices.Clone(all)
		slices.Reverse(back)
		n := many(100)
		atOnce(t, n, func(i int) (bool, error) {
			if i%2 == 0 {
				return true, w.Guesses.UpdateGuesses(t.Context(), all, counted)
			}
			return true, w.Guesses.UpdateGuesses(t.Context(), back, counted)
		})
		for _, g := range w.guesses(t, all...) {
			equal(t, "count", g.Count, n)
		}
	}},
	{"nor where rows come and go", guesses, func(t *testing.T, w *world) {
		one := []string{key("a")}
		n := many(100)
		made := atOnce(t, n, func(int) (made bool, err error) {
			err = w.Guesses.UpdateGuesses(t.Context(), one, func(rows []doorward.Guesses) error {
				made = rows[0].Count == 0
				rows[0].Count = 1 - rows[0].Count
				return nil
			})
			return made, err
		})
		equal(t, "made", made, n/2)
		bare(t, w.guesses(t, one...)[0])
	}},
	{"of many that reserve the last try one does", guesses, func(t *testing.T, w *world) {
		both := []string{key("a"), key("b")}
		won := atOnce(t, 100, func(int) (bool, error) {
			err := w.Guesses.UpdateGuesses(t.Context(), both, func(rows []doorward.Guesses) error {
				if rows[0].Count > 0 {
					return errAbandon
				}
				return counted(rows)
			})
			return err == nil, err
		}, errAbandon)
		equal(t, "winners", won, 1)
	}},
	{"in a transaction that is taken back", guesses | tx, func(t *testing.T, w *world) {
		err := w.Tx.InTx(t.Context(), func(ctx context.Context) error {
			ok(t, w.Guesses.UpdateGuesses(ctx, []string{key("a")}, counted))
			rows, err := w.Guesses.LoadGuesses(ctx, []string{key("a")})
			ok(t, err)
			equal(t, "inside", rows[0].Count, 1)
			return errAbandon
		})
		is(t, err, errAbandon)
		bare(t, w.guesses(t, key("a"))[0])
	}},
	{"what expired is deleted", guesses, func(t *testing.T, w *world) {
		store, has := w.Guesses.(interface {
			DeleteExpired(ctx context.Context, now time.Time) (int, error)
		})
		if !has {
			t.Skip("the store has no DeleteExpired")
		}
		both := []string{key("a"), key("b")}
		ok(t, w.Guesses.UpdateGuesses(t.Context(), both, counted))
		ok(t, w.Guesses.UpdateGuesses(t.Context(), both[1:], func(rows []doorward.Guesses) error { rows[0].Expires = day.Add(2 * time.Hour); return nil }))
		_, err := store.DeleteExpired(t.Context(), day.Add(time.Hour+time.Microsecond))
		ok(t, err)
		rows := w.guesses(t, both...)
		bare(t, rows[0])
		equal(t, "count", rows[1].Count, 1)
	}},
}
