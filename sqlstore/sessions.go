package sqlstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward"
)

// sessionColumns are the columns of a session.
const sessionColumns = "id_hash, fs_uniquifier, " + sessionRest

// sessionRest are those that may change. What no statement compares is in facts.
const sessionRest = "seen_at, expires_at, facts, created_at, address, user_agent"

// micros is a time in the store's own tables: microseconds since 1970, or 0
// for the zero time.
type micros time.Time

// Scan implements [database/sql.Scanner].
func (m *micros) Scan(src any) error {
	n, ok := src.(int64)
	if text, isText := textOf(src); isText { // some drivers read all as text
		var err error
		n, err = strconv.ParseInt(text, 10, 64)
		ok = err == nil
	}
	if !ok {
		return errors.New("a time is not stored as an integer")
	}
	*m = micros{}
	if n != 0 {
		*m = micros(time.UnixMicro(n).UTC())
	}
	return nil
}

func toMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// sessionDests is where to scan the columns of a session.
func sessionDests(s *doorward.Session) []any {
	return []any{
		&s.IDHash, &s.Uniquifier, (*micros)(&s.SeenAt), (*micros)(&s.ExpiresAt), (*facts)(s),
		(*micros)(&s.CreatedAt), &s.Address, &s.UserAgent,
	}
}

// sessionArgs are the values of the columns of a session.
func sessionArgs(s doorward.Session) ([]any, error) {
	f, err := factsOf(s)
	if err != nil {
		return nil, err
	}
	return []any{
		s.IDHash, s.Uniquifier, toMicros(s.SeenAt), toMicros(s.ExpiresAt), f, toMicros(s.CreatedAt), s.Address, legible(s.UserAgent),
	}, nil
}

// legible is what a stranger sent, without what a text column does not take: a
// sign-in must not fail for that.
func legible(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// sessionQuery is the one statement of a request: session, user and roles.
// Expiry is not in it: another parameter would cost more than it saves.
func (s *Store[U, PU]) sessionQuery() string {
	session := "s.seen_at, s.expires_at, s.facts"
	if s.d.pack != nil {
		session = s.d.pack(" ", "s.seen_at", "s.expires_at", "s.facts")
	}
	roles, join := s.rolesOfU()
	return "SELECT " + roles + ", " + session + ", " + s.lean +
		" FROM " + s.table(s.cfg.sessions()) + " s JOIN " + s.table(s.cfg.Users) + " u ON " + s.joined +
		join + " WHERE s.id_hash = " + s.d.param
}

// LoadSession implements [doorward.SessionStore].
func (s *Store[U, PU]) LoadSession(ctx context.Context, idHash string) (doorward.Session, doorward.User, []doorward.Role, error) {
	if idHash == "" { // nobody's, even if the table has such a row
		return doorward.Session{}, nil, nil, doorward.ErrNotFound
	}
	rows, err := s.rows(ctx, s.session, idHash)
	if err != nil {
		return doorward.Session{}, nil, nil, err
	}
	var x doorward.Session
	u, list, err := s.read(ctx, rows, &x, false)
	if err == nil {
		x.IDHash, x.Uniquifier = idHash, u.SecurityAccount().Uniquifier
	}
	if err == nil && x.Uniquifier == "" { // nobody's, even if the table has such a user
		err = doorward.ErrNotFound
	}
	if err != nil {
		return doorward.Session{}, nil, nil, err
	}
	return x, u, list, nil
}

// CreateSession implements [doorward.SessionStore].
func (s *Store[U, PU]) CreateSession(ctx context.Context, x doorward.Session, replaces string) error {
	args, err := sessionArgs(x)
	if err != nil {
		return err
	}
	table := s.table(s.cfg.sessions())
	return s.write(ctx, func(t *tx) error {
		if replaces != "" {
			if _, err := t.exec(ctx, "DELETE FROM "+table+" WHERE id_hash = ?", replaces); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, "INSERT INTO "+table+" ("+sessionColumns+") VALUES ("+marks(len(args))+")", args...)
		return err
	})
}

// UpdateSession implements [doorward.SessionStore].
func (s *Store[U, PU]) UpdateSession(ctx context.Context, idHash string, change func(*doorward.Session) error) error {
	table := s.table(s.cfg.sessions())
	return s.write(ctx, func(t *tx) error {
		var x doorward.Session
		err := t.row(ctx, "SELECT "+sessionColumns+" FROM "+table+" WHERE id_hash = ?"+s.d.lock, []any{idHash}, sessionDests(&x)...)
		if err != nil {
			return err
		}
		if err := change(&x); err != nil {
			return err
		}
		args, err := sessionArgs(x)
		if err != nil {
			return err
		}
		set := strings.ReplaceAll(sessionRest, ", ", " = ?, ") + " = ?"
		_, err = t.exec(ctx, "UPDATE "+table+" SET "+set+" WHERE id_hash = ?", append(args[2:], idHash)...)
		return err
	})
}

// RekeySession implements [doorward.SessionStore].
func (s *Store[U, PU]) RekeySession(ctx context.Context, idHash, newIDHash, newUniquifier string) error {
	query := "UPDATE " + s.table(s.cfg.sessions()) + " SET id_hash = ?, fs_uniquifier = ? WHERE id_hash = ?"
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(ctx, s.cfg.sessions(), "id_hash", idHash); err != nil {
			return err
		}
		_, err := t.exec(ctx, query, newIDHash, newUniquifier, idHash)
		return err
	})
}

// TouchSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) TouchSessions(ctx context.Context, seen map[string]time.Time) error {
	if len(seen) == 0 {
		return nil
	}
	query := "UPDATE " + s.table(s.cfg.sessions()) + " SET seen_at = ? WHERE id_hash = ? AND seen_at < ?"
	return s.write(ctx, func(t *tx) error {
		for _, id := range slices.Sorted(maps.Keys(seen)) { // in one order everywhere, so that none waits in a circle
			at := seen[id]
			if _, err := t.exec(ctx, query, toMicros(at), id, toMicros(at)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ListSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) ListSessions(ctx context.Context, uniquifier string) ([]doorward.Session, error) {
	query := "SELECT " + sessionColumns + " FROM " + s.table(s.cfg.sessions()) + " WHERE fs_uniquifier = ? ORDER BY created_at DESC, id_hash"
	rows, err := s.query(ctx, query, uniquifier)
	if err != nil {
		return nil, err
	}
	var out []doorward.Session
	err = s.each(ctx, rows, func() error {
		var x doorward.Session
		err := rows.Scan(sessionDests(&x)...)
		out = append(out, x)
		return s.wrap(err)
	})
	return out, err
}

// EndSession implements [doorward.SessionStore].
func (s *Store[U, PU]) EndSession(ctx context.Context, uniquifier, idHash string) error {
	query := "DELETE FROM " + s.table(s.cfg.sessions()) + " WHERE id_hash = ? AND fs_uniquifier = ?"
	return s.write(ctx, func(t *tx) error { return one(t.exec(ctx, query, idHash, uniquifier)) })
}

// EndSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) EndSessions(ctx context.Context, uniquifier, except string) (int, error) {
	return s.delete(ctx, s.cfg.sessions(), "fs_uniquifier = ? AND id_hash <> ?", uniquifier, except)
}

// delete removes rows and says how many.
func (c *core) delete(ctx context.Context, table, where string, args ...any) (n int, err error) {
	err = c.write(ctx, func(t *tx) error {
		n, err = t.exec(ctx, "DELETE FROM "+c.table(table)+" WHERE "+where, args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
