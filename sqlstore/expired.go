package sqlstore

import (
	"context"
	"strconv"
	"time"
)

// DeleteExpired forgets the claims, remember-me rows and counts of guesses whose
// time ended before now, and says how many. It is for a task that runs now and
// then: it removes a thousand at a time, and others write in between.
func (s *Store[U, PU]) DeleteExpired(ctx context.Context, now time.Time) (total int, err error) {
	for _, table := range []struct{ name, key string }{{s.cfg.claims(), "claim"}, {s.cfg.remembers(), "selector"}, {s.cfg.guesses(), "guess"}} {
		n, err := s.purge(ctx, table.name, table.key, "expires_at", now)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// DeleteExpiredSessions implements [doorward.SessionStore]. It removes a thousand
// at a time, too.
func (s *Store[U, PU]) DeleteExpiredSessions(ctx context.Context, t, idle time.Time) (int, error) {
	expired, err := s.purge(ctx, s.cfg.sessions(), "id_hash", "expires_at", t)
	if err != nil || idle.IsZero() {
		return expired, err
	}
	unused, err := s.purge(ctx, s.cfg.sessions(), "id_hash", "seen_at", idle)
	return expired + unused, err
}

// purgeBatch is how many rows one transaction removes, which keeps other writers
// waiting meanwhile: all of them on SQLite.
const purgeBatch = 1000

// purge removes the rows whose time in column is before t, and says how many, also
// where it fails later on. They are looked for outside of the transactions. Where
// the column has no index the search goes by keys, each from the last one on, so
// that the table is read once.
func (c *core) purge(ctx context.Context, table, key, column string, t time.Time) (total int, err error) {
	where, args := column+" < ?", []any{toMicros(t)}
	query := "SELECT " + key + " FROM " + c.table(table) + " WHERE " + where
	byKey := column != "expires_at"
	if byKey {
		query += " AND " + key + " > ? ORDER BY " + key
	}
	query += " LIMIT " + strconv.Itoa(purgeBatch)
	for last := ""; ; {
		if byKey {
			args = []any{args[0], last}
		}
		keys, err := c.purgeable(ctx, query, args)
		if err != nil || len(keys) == 0 {
			return total, err
		}
		last = keys[len(keys)-1]
		// Once more with the condition: somebody may have put the time off since.
		n, err := c.delete(ctx, table, key+" IN ("+marks(len(keys))+") AND "+where, append(texts(keys), args[0])...)
		total += n
		if err != nil || len(keys) < purgeBatch || n == 0 && !byKey {
			return total, err
		}
	}
}

func (c *core) purgeable(ctx context.Context, query string, args []any) (keys []string, err error) {
	rows, err := c.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	err = c.each(ctx, rows, func() error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return c.wrap(err)
	})
	return keys, err
}
