package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/doorward/doorward"
)

func cloneSession(x doorward.Session) doorward.Session {
	x.Via = slices.Clone(x.Via)
	for _, t := range []*time.Time{&x.AuthnAt, &x.GraceUntil, &x.CreatedAt, &x.SeenAt, &x.ExpiresAt} {
		*t = micro(*t)
	}
	return x
}

func sessions(d *data) map[string]doorward.Session { return d.sessions }

// LoadSession implements [doorward.SessionStore].
func (s *Store[U, PU]) LoadSession(ctx context.Context, idHash string) (x doorward.Session, u doorward.User, roles []doorward.Role, err error) {
	err = s.read(ctx, func(d *data) error {
		have, ok := d.sessions[idHash]
		if !ok {
			return doorward.ErrNotFound
		}
		r, err := s.match(d, doorward.UserQuery{Attr: "fs_uniquifier", Value: have.Uniquifier})
		if err != nil {
			return err
		}
		p, err := s.decode(r, true)
		if err != nil {
			return err
		}
		x, u, roles = cloneSession(have), p, d.rolesOf(s.key(r))
		return nil
	})
	return x, u, roles, err
}

// CreateSession implements [doorward.SessionStore].
func (s *Store[U, PU]) CreateSession(ctx context.Context, x doorward.Session, replaces string) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if _, taken := d.sessions[x.IDHash]; taken && x.IDHash != replaces {
				return &doorward.DuplicateError{Attr: "id_hash"}
			}
			delete(d.sessions, replaces)
			d.sessions[x.IDHash] = cloneSession(x)
			return nil
		})
	})
}

// UpdateSession implements [doorward.SessionStore]. change runs once.
func (s *Store[U, PU]) UpdateSession(ctx context.Context, idHash string, change func(*doorward.Session) error) error {
	return s.write(ctx, func(t *tx) error {
		have, err := find(t, sessions, idHash)
		if err != nil {
			return err
		}
		x := cloneSession(have)
		if err := change(&x); err != nil {
			return err
		}
		x.IDHash, x.Uniquifier = have.IDHash, have.Uniquifier
		return t.apply(func(d *data) error { d.sessions[idHash] = cloneSession(x); return nil })
	})
}

// RekeySession implements [doorward.SessionStore].
func (s *Store[U, PU]) RekeySession(ctx context.Context, idHash, newIDHash, newUniquifier string) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			x, ok := d.sessions[idHash]
			if !ok {
				return doorward.ErrNotFound
			}
			if _, taken := d.sessions[newIDHash]; taken && newIDHash != idHash {
				return &doorward.DuplicateError{Attr: "id_hash"}
			}
			delete(d.sessions, idHash)
			x.IDHash, x.Uniquifier = newIDHash, newUniquifier
			d.sessions[newIDHash] = x
			return nil
		})
	})
}

// TouchSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) TouchSessions(ctx context.Context, seen map[string]time.Time) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			for id, at := range seen {
				if x, ok := d.sessions[id]; ok && micro(at).After(x.SeenAt) {
					x.SeenAt = micro(at)
					d.sessions[id] = x
				}
			}
			return nil
		})
	})
}

// ListSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) ListSessions(ctx context.Context, uniquifier string) (out []doorward.Session, err error) {
	err = s.read(ctx, func(d *data) error {
		for _, x := range d.sessions {
			if x.Uniquifier == uniquifier {
				out = append(out, cloneSession(x))
			}
		}
		slices.SortFunc(out, func(a, b doorward.Session) int {
			return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.IDHash, b.IDHash))
		})
		return nil
	})
	return out, err
}

// EndSession implements [doorward.SessionStore].
func (s *Store[U, PU]) EndSession(ctx context.Context, uniquifier, idHash string) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if x, ok := d.sessions[idHash]; !ok || x.Uniquifier != uniquifier {
				return doorward.ErrNotFound
			}
			delete(d.sessions, idHash)
			return nil
		})
	})
}

// EndSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) EndSessions(ctx context.Context, uniquifier, except string) (int, error) {
	return s.deleteSessions(ctx, func(x doorward.Session) bool {
		return x.Uniquifier == uniquifier && (except == "" || x.IDHash != except)
	})
}

// DeleteExpiredSessions implements [doorward.SessionStore].
func (s *Store[U, PU]) DeleteExpiredSessions(ctx context.Context, t, idle time.Time) (int, error) {
	return s.deleteSessions(ctx, func(x doorward.Session) bool {
		return x.ExpiresAt.Before(t) || x.SeenAt.Before(idle)
	})
}

func (s *Store[U, PU]) deleteSessions(ctx context.Context, gone func(doorward.Session) bool) (n int, err error) {
	err = s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			n = len(d.sessions)
			deleteWhere(d.sessions, gone)
			n -= len(d.sessions)
			return nil
		})
	})
	return n, err
}
