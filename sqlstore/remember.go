package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/doorward/doorward"
)

// rememberColumns are the columns of a Remember in the order of its fields.
const rememberColumns = "selector, verifier, previous, rotated_at, fs_uniquifier, created_at, expires_at"

// CreateRemember implements [doorward.RememberStore].
func (s *Store[U, PU]) CreateRemember(ctx context.Context, r doorward.Remember) error {
	query := "INSERT INTO " + s.table(s.cfg.remembers()) + " (" + rememberColumns + ") VALUES (" + marks(7) + ")"
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, query, r.Selector, r.Verifier, r.Previous, toMicros(r.RotatedAt), r.Uniquifier, toMicros(r.CreatedAt), toMicros(r.ExpiresAt))
		return err
	})
}

// UpdateRemember implements [doorward.RememberStore]. The selector and the
// uniquifier do not change.
func (s *Store[U, PU]) UpdateRemember(ctx context.Context, selector string, change func(*doorward.Remember) error) (doorward.Remember, error) {
	table := s.table(s.cfg.remembers())
	var r doorward.Remember
	err := s.write(ctx, func(t *tx) error {
		r = doorward.Remember{}
		err := t.row(ctx, "SELECT "+rememberColumns+" FROM "+table+" WHERE selector = ?"+s.d.lock, []any{selector}, rememberDests(&r)...)
		if err != nil {
			return err
		}
		have := r
		if err := change(&r); err != nil {
			return err
		}
		r.Selector, r.Uniquifier = have.Selector, have.Uniquifier
		for _, at := range []*time.Time{&r.RotatedAt, &r.CreatedAt, &r.ExpiresAt} { // as a look-up would return it
			if err := (*micros)(at).Scan(toMicros(*at)); err != nil {
				return err
			}
		}
		query := "UPDATE " + table + " SET verifier = ?, previous = ?, rotated_at = ?, created_at = ?, expires_at = ? WHERE selector = ?"
		_, err = t.exec(ctx, query, r.Verifier, r.Previous, toMicros(r.RotatedAt), toMicros(r.CreatedAt), toMicros(r.ExpiresAt), selector)
		return err
	})
	if err != nil {
		return doorward.Remember{}, err
	}
	return r, nil
}

func rememberDests(r *doorward.Remember) []any {
	return []any{
		&r.Selector, &r.Verifier, &r.Previous, (*micros)(&r.RotatedAt), &r.Uniquifier, (*micros)(&r.CreatedAt), (*micros)(&r.ExpiresAt),
	}
}

// EndRemember implements [doorward.RememberStore].
func (s *Store[U, PU]) EndRemember(ctx context.Context, selector string) error {
	_, err := s.delete(ctx, s.cfg.remembers(), "selector = ?", selector)
	return err
}

// EndRemembers implements [doorward.RememberStore].
func (s *Store[U, PU]) EndRemembers(ctx context.Context, uniquifier string) error {
	_, err := s.delete(ctx, s.cfg.remembers(), "fs_uniquifier = ?", uniquifier)
	return err
}

// Claim implements [doorward.ClaimStore]. A claim is kept until DeleteExpired.
func (s *Store[U, PU]) Claim(ctx context.Context, key string, until time.Time) error {
	query := "INSERT INTO " + s.table(s.cfg.claims()) + " (claim, expires_at) VALUES (?, ?)"
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, query, key, toMicros(until))
		return err
	})
	if errors.Is(err, doorward.ErrDuplicate) {
		return doorward.ErrClaimed
	}
	return err
}
