package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

// UpdateUser implements [doorward.UserStore]. Only the columns that change
// altered are written, compared in the form in which they are stored, so that
// another application's changes to the others are kept. On SQLite change runs
// once; on any database it must not call the store.
func (s *Store[U, PU]) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	_, key, err := s.key(u)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		have := PU(new(U))
		query := "SELECT " + s.whole + " FROM " + s.table(s.cfg.Users) + " u WHERE u." + s.keyName() + " = ?" + s.d.lock
		if err := t.row(ctx, query, []any{key}, s.dests(nil, have, nil)...); err != nil {
			return err
		}
		row := reflect.ValueOf(have).Elem()
		before, err := s.encode(row)
		if err != nil {
			return err
		}
		if err := change(have.SecurityAccount()); err != nil {
			return err
		}
		after, err := s.encode(row)
		if err != nil {
			return err
		}
		if err := s.store(ctx, t, key, before, after); err != nil {
			return err
		}
		if err := s.plan.Decode(row, after, nil); err != nil { // as a look-up would return it
			return fmt.Errorf("sqlstore: %w", err)
		}
		t.commits = append(t.commits, func() { *u.SecurityAccount() = *have.SecurityAccount() })
		return nil
	})
}

func (s *Store[U, PU]) encode(row reflect.Value) ([]driver.Value, error) {
	values, err := s.plan.Encode(row)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return values, nil
}

// store writes what differs, and when, unless that was changed by hand.
func (s *Store[U, PU]) store(ctx context.Context, t *tx, key driver.Value, before, after []driver.Value) error {
	var set []string
	var args []any
	write := func(i int) {
		set = append(set, s.d.quote(s.plan.Columns[i].Name)+" = ?")
		args = append(args, s.bind(i, after[i]))
	}
	for i := range before {
		if !s.plan.Columns[i].Key && !columns.Equal(before[i], after[i]) {
			write(i)
		}
	}
	if len(set) == 0 {
		return nil
	}
	if i := s.plan.Index("update_datetime"); i >= 0 && columns.Equal(before[i], after[i]) {
		after[i] = columns.Moment(s.cfg.Now())
		write(i)
	}
	query := "UPDATE " + s.table(s.cfg.Users) + " SET " + strings.Join(set, ", ") + " WHERE " + s.keyName() + " = ?"
	_, err := t.exec(ctx, query, append(args, key)...)
	return err
}
