package memstore

import (
	"context"
	"slices"

	"github.com/doorward/doorward"
)

// LoadGuesses implements [doorward.GuessStore].
func (s *Store[U, PU]) LoadGuesses(ctx context.Context, keys []string) (out []doorward.Guesses, err error) {
	err = s.read(ctx, func(d *data) error {
		out = d.guessesOf(keys)
		return nil
	})
	return out, err
}

func (d *data) guessesOf(keys []string) []doorward.Guesses {
	out := make([]doorward.Guesses, len(keys))
	for i, k := range keys {
		out[i] = d.guesses[k]
		out[i].Key = k
	}
	return out
}

// UpdateGuesses implements [doorward.GuessStore]. change runs once.
func (s *Store[U, PU]) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	return s.write(ctx, func(t *tx) error {
		var have []doorward.Guesses
		if err := t.apply(func(d *data) error { have = d.guessesOf(keys); return nil }); err != nil {
			return err
		}
		rows := slices.Clone(have)
		if err := change(rows); err != nil {
			return err
		}
		return t.apply(func(d *data) error {
			for i, g := range rows {
				g.Key = keys[i]
				g.At, g.Until, g.Expires = micro(g.At), micro(g.Until), micro(g.Expires)
				if g.Count == 0 && g.Until.IsZero() {
					delete(d.guesses, g.Key)
				} else {
					d.guesses[g.Key] = g
				}
			}
			return nil
		})
	})
}
