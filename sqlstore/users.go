package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/anycase"
	"github.com/doorward/doorward/internal/columns"
)

// FindUser implements [doorward.UserStore].
func (s *Store[U, PU]) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	rows, err := s.found(ctx, q, false)
	if err != nil {
		return nil, err
	}
	var found []PU
	err = s.each(ctx, rows, func() error {
		u := PU(new(U))
		found = append(found, u)
		return s.wrap(rows.Scan(s.dests(nil, u, nil)...))
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) > 1 && q.AnyCase:
		q.AnyCase = false
		return s.FindUser(ctx, q)
	case len(found) != 1:
		return nil, doorward.ErrNotFound
	}
	return found[0], nil
}

// LoadUser implements [doorward.UserStore].
func (s *Store[U, PU]) LoadUser(ctx context.Context, q doorward.UserQuery) (doorward.User, []doorward.Role, error) {
	rows, err := s.found(ctx, q, true)
	if err != nil {
		return nil, nil, err
	}
	u, list, err := s.read(ctx, rows, nil, q.Attr != "fs_uniquifier")
	if errors.Is(err, errSeveral) && q.AnyCase {
		q.AnyCase = false
		return s.LoadUser(ctx, q)
	}
	if err != nil {
		return nil, nil, err
	}
	return u, list, nil
}

// errSeveral: it must not be guessed who is meant.
var errSeveral = fmt.Errorf("sqlstore: several users have the value: %w", doorward.ErrNotFound)

// lookup returns the statement for a query, with its arguments. What no text
// column can hold is not found, whatever the database would make of it.
func (s *Store[U, PU]) lookup(ctx context.Context, q doorward.UserQuery, roles bool) (*statement, []any, error) {
	c := s.plan.Find(q.Attr)
	if c == nil && q.Attr == "fs_token_uniquifier" {
		return nil, nil, doorward.ErrNotFound
	}
	if c == nil || c.Secret {
		return nil, nil, fmt.Errorf("sqlstore: users are not found by %q", q.Attr)
	}
	if q.Value == "" || strings.ContainsRune(q.Value, 0) || !utf8.ValidString(q.Value) {
		return nil, nil, doorward.ErrNotFound
	}
	st, err := s.statement(ctx, lookup{q.Attr, q.AnyCase, roles})
	if err != nil {
		return nil, nil, err
	}
	if q.AnyCase {
		q.Value = anycase.Fold(q.Value)
	}
	return st, repeated(st.where, q.Value), nil
}

// found runs the statement of a look-up. A value that cannot be compared with
// the column is not in it.
func (s *Store[U, PU]) found(ctx context.Context, q doorward.UserQuery, roles bool) (*sql.Rows, error) {
	st, args, err := s.lookup(ctx, q, roles)
	if err != nil {
		return nil, err
	}
	rows, err := s.rows(ctx, st, args...)
	if errors.Is(err, errUnfit) {
		return nil, doorward.ErrNotFound
	}
	return rows, err
}

// statement returns a look-up's statement, prepared at its first use.
func (s *Store[U, PU]) statement(ctx context.Context, l lookup) (*statement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.byQuery[l]; st != nil {
		return st, nil
	}
	col := "u." + s.d.quote(l.attr)
	where := s.d.exact(col)
	if l.anyCase {
		folded := s.folded[l.attr]
		if folded != "" {
			folded = "u." + folded
		}
		where = s.d.anyCase(col, folded)
	}
	text := "SELECT " + s.whole + " FROM " + s.table(s.cfg.Users) + " u WHERE " + where + " LIMIT 2"
	if l.roles {
		roles, join := s.rolesOfU()
		text = "SELECT " + roles + ", " + s.lean + " FROM " + s.table(s.cfg.Users) + " u" + join + " WHERE " + where
	}
	// In a transaction nothing is prepared on the pool: its only free
	// connection may be the transaction's.
	if s.current(ctx) != nil {
		return &statement{text: s.d.rebind(text), where: where}, nil
	}
	st, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	st.where = where
	s.byQuery[l] = st
	return st, nil
}

const roleColumns = "r.name, r.description, r.permissions"

// rolesOfU is what to select of the roles of the user u, and from what: all of
// them in one column, or one a row and one row without.
func (s *Store[U, PU]) rolesOfU() (columns, join string) {
	if s.d.gather != nil {
		return s.gatheredRoles(), ""
	}
	return roleColumns, " LEFT JOIN " + s.table(s.cfg.RolesUsers) + " ru ON ru.user_id = u." + s.keyName() +
		" LEFT JOIN " + s.table(s.cfg.Roles) + " r ON r.id = ru.role_id"
}

// read reads what a request loads, of the session too unless x is nil, and
// closes rows.
func (s *Store[U, PU]) read(ctx context.Context, rows *sql.Rows, x *doorward.Session, several bool) (PU, []doorward.Role, error) {
	if s.d.gather != nil {
		return s.loadOne(ctx, rows, x, several)
	}
	var first []any
	if x != nil {
		first = []any{(*micros)(&x.SeenAt), (*micros)(&x.ExpiresAt), (*facts)(x)}
	}
	return s.load(ctx, rows, first, several)
}

// load reads rows of a role, of what first holds, and of a user's lean columns,
// and closes them. All rows are of one user, else it is errSeveral; only if
// several is true can there be more. Scanning the first row fills the user;
// the others are scanned for their role only.
func (s *Store[U, PU]) load(ctx context.Context, rows *sql.Rows, first []any, several bool) (u PU, list []doorward.Role, err error) {
	var r roleRow
	dests := make([]any, 0, 3+len(first)+len(s.plan.Columns))
	dests = append(dests, &r.name, &r.description, &r.permissions)
	err = s.each(ctx, rows, func() error {
		switch {
		case u == nil:
			u = PU(new(U))
			dests = s.dests(append(dests, first...), u, (*columns.Column).Lean)
		case several:
			other := PU(new(U))
			if err := rows.Scan(s.dests(dests[:3:3], other, (*columns.Column).Lean)...); err != nil {
				return s.wrap(err)
			}
			if !s.same(u, other) {
				return errSeveral
			}
			list = r.appendTo(list)
			return nil
		default:
			for i := range dests[3:] {
				dests[3+i] = skip{}
			}
		}
		if err := rows.Scan(dests...); err != nil {
			return s.wrap(err)
		}
		list = r.appendTo(list)
		return nil
	})
	if err == nil && u == nil {
		err = doorward.ErrNotFound
	}
	return u, tidy(list), err
}

// same reports whether two records have one primary key.
func (s *Store[U, PU]) same(a, b PU) bool {
	x, errX := s.plan.Key().Encode(reflect.ValueOf(a).Elem())
	y, errY := s.plan.Key().Encode(reflect.ValueOf(b).Elem())
	return errX == nil && errY == nil && columns.Equal(x, y)
}

// skip takes a column that was read before.
type skip struct{}

// Scan implements [sql.Scanner].
func (skip) Scan(any) error { return nil }

// roleRow is where a role is scanned; its name is NULL where there is none.
type roleRow struct {
	name, description sql.NullString
	permissions       columns.List
}

func (r *roleRow) role() doorward.Role {
	return doorward.Role{Name: r.name.String, Description: r.description.String, Permissions: r.permissions}
}

func (r *roleRow) appendTo(list []doorward.Role) []doorward.Role {
	if !r.name.Valid {
		return list
	}
	return append(list, r.role())
}

// tidy orders roles by name and drops the second of a link that is there twice.
func tidy(list []doorward.Role) []doorward.Role {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b doorward.Role) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b doorward.Role) bool { return a.Name == b.Name })
}
