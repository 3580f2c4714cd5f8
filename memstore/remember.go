package memstore

import (
	"context"
	"time"

	"github.com/doorward/doorward"
)

func remembers(d *data) map[string]doorward.Remember { return d.remembers }

func cloneRemember(r doorward.Remember) doorward.Remember {
	r.RotatedAt, r.CreatedAt, r.ExpiresAt = micro(r.RotatedAt), micro(r.CreatedAt), micro(r.ExpiresAt)
	return r
}

// CreateRemember implements [doorward.RememberStore].
func (s *Store[U, PU]) CreateRemember(ctx context.Context, r doorward.Remember) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if _, taken := d.remembers[r.Selector]; taken {
				return &doorward.DuplicateError{Attr: "selector"}
			}
			d.remembers[r.Selector] = cloneRemember(r)
			return nil
		})
	})
}

// UpdateRemember implements [doorward.RememberStore]. The selector and the
// uniquifier do not change; change runs once.
func (s *Store[U, PU]) UpdateRemember(ctx context.Context, selector string, change func(*doorward.Remember) error) (out doorward.Remember, err error) {
	err = s.write(ctx, func(t *tx) error {
		have, err := find(t, remembers, selector)
		if err != nil {
			return err
		}
		r := have
		if err := change(&r); err != nil {
			return err
		}
		r.Selector, r.Uniquifier = have.Selector, have.Uniquifier
		r = cloneRemember(r)
		return t.apply(func(d *data) error {
			d.remembers[selector], out = r, r
			return nil
		})
	})
	return out, err
}

// EndRemember implements [doorward.RememberStore].
func (s *Store[U, PU]) EndRemember(ctx context.Context, selector string) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error { delete(d.remembers, selector); return nil })
	})
}

// EndRemembers implements [doorward.RememberStore].
func (s *Store[U, PU]) EndRemembers(ctx context.Context, uniquifier string) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			deleteWhere(d.remembers, func(r doorward.Remember) bool { return r.Uniquifier == uniquifier })
			return nil
		})
	})
}

// Claim implements [doorward.ClaimStore]. A claim is kept until DeleteExpired.
func (s *Store[U, PU]) Claim(ctx context.Context, key string, until time.Time) error {
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			if _, taken := d.claims[key]; taken {
				return doorward.ErrClaimed
			}
			d.claims[key] = micro(until)
			return nil
		})
	})
}
