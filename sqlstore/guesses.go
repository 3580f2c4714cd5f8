package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/doorward/doorward"
)

// guessColumns are the columns of a Guesses in the order of its fields.
const guessColumns = "guess, tries, changed_at, until_at, expires_at"

var errGuesses = errors.New("sqlstore: a count of guesses is negative")

// LoadGuesses implements [doorward.GuessStore].
func (s *Store[U, PU]) LoadGuesses(ctx context.Context, keys []string) ([]doorward.Guesses, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := s.query(ctx, s.selectGuesses(len(keys)), texts(keys)...)
	if err != nil {
		return nil, err
	}
	return s.readGuesses(ctx, rows, keys)
}

func (c *core) selectGuesses(n int) string {
	return "SELECT " + guessColumns + " FROM " + c.table(c.cfg.guesses()) + " WHERE guess IN (" + marks(n) + ")"
}

func texts(list []string) (out []any) {
	for _, text := range list {
		out = append(out, text)
	}
	return out
}

// readGuesses puts rows into the order of keys, and closes them.
func (c *core) readGuesses(ctx context.Context, rows *sql.Rows, keys []string) ([]doorward.Guesses, error) {
	out := make([]doorward.Guesses, len(keys))
	for i, key := range keys {
		out[i].Key = key
	}
	err := c.each(ctx, rows, func() error {
		var g doorward.Guesses
		if err := rows.Scan(&g.Key, &g.Count, (*micros)(&g.At), (*micros)(&g.Until), (*micros)(&g.Expires)); err != nil {
			return c.wrap(err)
		}
		if g.Count < 0 { // would allow more tries than there should be
			return errGuesses
		}
		if i := slices.Index(keys, g.Key); i >= 0 {
			out[i] = g
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateGuesses implements [doorward.GuessStore]. All rows are made first, those
// that are missing too, in the order of their keys: so two calls that want the
// same ones wait for each other, and not in a circle.
func (s *Store[U, PU]) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	if len(keys) == 0 {
		return change(nil)
	}
	return s.write(ctx, func(t *tx) error {
		have, err := t.holdGuesses(context.WithValue(ctx, txKey{s.core}, t), keys)
		if err != nil {
			return err
		}
		want := slices.Clone(have)
		if err := change(want); err != nil {
			return err
		}
		for i, g := range want {
			if err := t.storeGuesses(ctx, have[i], g); err != nil {
				return err
			}
		}
		return nil
	})
}

// holdGuesses locks the rows of keys and reads them. ctx is of the transaction.
func (t *tx) holdGuesses(ctx context.Context, keys []string) ([]doorward.Guesses, error) {
	c, sorted := t.c, slices.Sorted(slices.Values(keys))
	table := c.table(c.cfg.guesses())
	query := "INSERT INTO " + table + " (" + guessColumns + ") VALUES " +
		strings.Repeat(", (?, 0, 0, 0, 0)", len(keys))[2:] + c.d.keep(table, "guess", "tries")
	if !c.d.keepReturns {
		if _, err := t.exec(ctx, query, texts(sorted)...); err != nil {
			return nil, err
		}
		query = c.selectGuesses(len(keys)) + c.d.lock
	} else {
		query += " RETURNING " + guessColumns
	}
	rows, err := c.query(ctx, query, texts(sorted)...)
	if err != nil {
		return nil, err
	}
	return c.readGuesses(ctx, rows, keys)
}

func (t *tx) storeGuesses(ctx context.Context, have, want doorward.Guesses) error {
	table := t.c.table(t.c.cfg.guesses())
	if want.Count == 0 && want.Until.IsZero() {
		_, err := t.exec(ctx, "DELETE FROM "+table+" WHERE guess = ?", have.Key)
		return err
	}
	if want.Count < 0 {
		return errGuesses
	}
	_, err := t.exec(ctx, "UPDATE "+table+" SET tries = ?, changed_at = ?, until_at = ?, expires_at = ? WHERE guess = ?",
		want.Count, toMicros(want.At), toMicros(want.Until), toMicros(want.Expires), have.Key)
	return err
}
