package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/anycase"
	"github.com/doorward/doorward/internal/columns"
)

// NewUser implements [doorward.UserAdmin].
func (s *Store[U, PU]) NewUser() doorward.User { return PU(new(U)) }

// CreateUser implements [doorward.UserAdmin]. An empty TokenUniquifier is
// filled in too if the table has its column. u is complete at once, also
// inside a transaction; if that is taken back, u is again as it was.
func (s *Store[U, PU]) CreateUser(ctx context.Context, u doorward.User, roles ...string) error {
	p, err := s.record(u)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		stored := PU(new(U))
		*stored = *p
		s.fill(stored.SecurityAccount())
		key, err := s.insert(ctx, t, stored)
		if err != nil {
			return err
		}
		for _, name := range roles {
			if _, err := s.addRole(ctx, t, key, name); err != nil {
				return err
			}
		}
		before := *p
		*p = *stored
		t.undoes = append(t.undoes, func() { *p = before })
		return nil
	})
}

// fill gives a new account what it must have.
func (s *Store[U, PU]) fill(a *doorward.Account) {
	if a.Uniquifier == "" {
		a.Uniquifier = random()
	}
	if a.TokenUniquifier == "" && s.plan.Find("fs_token_uniquifier") != nil {
		a.TokenUniquifier = random()
	}
	if a.WebAuthnHandle == "" {
		a.WebAuthnHandle = random()
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = s.cfg.Now()
	}
	if a.UpdatedAt.IsZero() {
		a.UpdatedAt = a.CreatedAt
	}
}

// random returns 128 random bits in hexadecimal (ASVS 11.5.1).
func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// insert stores u and returns its primary key.
func (s *Store[U, PU]) insert(ctx context.Context, t *tx, u PU) (driver.Value, error) {
	row := reflect.ValueOf(u).Elem()
	values, err := s.encode(row)
	if err != nil {
		return nil, err
	}
	key := s.plan.Key()
	assign := key.Field(row).IsZero()
	if assign && !assigned(key) {
		return nil, errors.New("sqlstore: the primary key is not an integer and must be set before CreateUser")
	}
	var names []string
	var args []any
	for i, v := range values {
		if c := &s.plan.Columns[i]; !assign || !c.Key {
			names = append(names, s.d.quote(c.Name))
			args = append(args, s.bind(i, v))
		}
	}
	query := "INSERT INTO " + s.table(s.cfg.Users) + " (" + strings.Join(names, ", ") + ") VALUES (" + marks(len(args)) + ")"
	if !assign {
		_, err = t.exec(ctx, query, args...)
	} else {
		var id int64
		id, err = t.insert(ctx, query, s.keyName(), args...)
		values[s.plan.Index(key.Name)] = id
	}
	if err != nil {
		return nil, err
	}
	if err := s.plan.Decode(row, values, nil); err != nil { // as a look-up would return it
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return values[s.plan.Index(key.Name)], nil
}

// insert runs an INSERT and returns the key that the database assigned.
func (t *tx) insert(ctx context.Context, query, key string, args ...any) (id int64, err error) {
	if t.c.d.returning {
		err = t.row(ctx, query+" RETURNING "+key, args, &id)
		return id, err
	}
	ctx, err = t.during(ctx)
	if err != nil {
		return 0, err
	}
	res, err := t.conn.ExecContext(ctx, t.c.d.rebind(query), args...)
	if err != nil {
		return 0, t.fail(ctx, err)
	}
	id, err = res.LastInsertId()
	return id, t.c.wrap(err)
}

func marks(n int) string { return strings.Repeat(", ?", n)[2:] }

// DeleteUser implements [doorward.UserAdmin]. Passkeys and refresh token
// families go too, whether or not the database enforces foreign keys: the key
// might be given to somebody else.
func (s *Store[U, PU]) DeleteUser(ctx context.Context, u doorward.User) error {
	_, key, err := s.key(u)
	if err != nil {
		return err
	}
	users, byKey := s.table(s.cfg.Users), " WHERE "+s.keyName()+" = ?"
	return s.write(ctx, func(t *tx) error {
		var uniquifier string
		err := t.row(ctx, "SELECT "+s.d.quote("fs_uniquifier")+" FROM "+users+byKey+s.d.lock, []any{key}, &uniquifier)
		if err != nil {
			return err
		}
		for _, table := range append([]string{s.cfg.RolesUsers}, s.owned...) {
			if _, err := t.exec(ctx, "DELETE FROM "+s.table(table)+" WHERE user_id = ?", key); err != nil {
				return err
			}
		}
		for _, table := range []string{s.cfg.sessions(), s.cfg.remembers()} {
			if _, err := t.exec(ctx, "DELETE FROM "+s.table(table)+" WHERE fs_uniquifier = ?", uniquifier); err != nil {
				return err
			}
		}
		return one(t.exec(ctx, "DELETE FROM "+users+byKey, key))
	})
}

// ListUsers implements [doorward.UserAdmin].
func (s *Store[U, PU]) ListUsers(ctx context.Context, contains string, offset, limit int) ([]doorward.User, int, error) {
	if len(contains) > longestSearch {
		return nil, 0, nil
	}
	from, args := s.search(contains)
	total := 0
	rows, err := s.query(ctx, "SELECT count(*)"+from, args...)
	if err != nil {
		return nil, 0, err
	}
	if err := s.each(ctx, rows, func() error { return s.wrap(rows.Scan(&total)) }); err != nil {
		return nil, 0, err
	}
	query := "SELECT " + s.whole + from + " ORDER BY u." + s.keyName() + " LIMIT ? OFFSET ?"
	rows, err = s.query(ctx, query, append(args, max(limit, 0), max(offset, 0))...)
	if err != nil {
		return nil, 0, err
	}
	var out []doorward.User
	err = s.each(ctx, rows, func() error {
		u := PU(new(U))
		out = append(out, u)
		return s.wrap(rows.Scan(s.dests(nil, u, nil)...))
	})
	return out, total, err
}

// longestSearch is more than an email or a username has; databases refuse
// patterns that are much longer.
const longestSearch = 1024

// search is the FROM and WHERE of a list.
func (s *Store[U, PU]) search(contains string) (from string, args []any) {
	from = " FROM " + s.table(s.cfg.Users) + " u"
	if contains == "" {
		return from, nil
	}
	var like []string
	escape := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
	for _, name := range []string{"email", "username"} {
		like = append(like, s.d.fold("u."+s.d.quote(name))+" LIKE ? ESCAPE '!'")
		args = append(args, "%"+escape.Replace(anycase.Fold(contains))+"%")
	}
	return from + " WHERE " + strings.Join(like, " OR "), args
}

// now is the time as the application's tables hold it.
func (c *core) now() any { return c.d.time(c.cfg.Now().UTC().Truncate(columns.Precision)) }
