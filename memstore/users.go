package memstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/anycase"
	"github.com/doorward/doorward/internal/columns"
)

// unique names the columns of doorward.Account that are unique in fsqla_v4.
var unique = [...]string{"email", "username", "fs_uniquifier", "fs_token_uniquifier", "us_phone_number", "fs_webauthn_user_handle"}

// FindUser implements [doorward.UserStore].
func (s *Store[U, PU]) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	u, _, err := s.find(ctx, q, false)
	if err != nil {
		return nil, err
	}
	return u, nil
}

// LoadUser implements [doorward.UserStore].
func (s *Store[U, PU]) LoadUser(ctx context.Context, q doorward.UserQuery) (doorward.User, []doorward.Role, error) {
	u, roles, err := s.find(ctx, q, true)
	if err != nil {
		return nil, nil, err
	}
	return u, roles, nil
}

func (s *Store[U, PU]) find(ctx context.Context, q doorward.UserQuery, lean bool) (u PU, roles []doorward.Role, err error) {
	err = s.read(ctx, func(d *data) error {
		r, err := s.match(d, q)
		if err != nil {
			return err
		}
		if lean {
			roles = d.rolesOf(s.key(r))
		}
		u, err = s.decode(r, lean)
		return err
	})
	return u, roles, err
}

func (s *Store[U, PU]) key(r row) any {
	return keyOf(r[s.plan.Index(s.plan.Key().Name)])
}

// match returns the one row that q asks for.
func (s *Store[U, PU]) match(d *data, q doorward.UserQuery) (row, error) {
	i := s.plan.Index(q.Attr)
	if i < 0 || s.plan.Columns[i].Secret {
		return nil, fmt.Errorf("memstore: users are not found by %q", q.Attr)
	}
	if q.Value == "" {
		return nil, doorward.ErrNotFound
	}
	var exact, alike []row
	folded := anycase.Fold(q.Value)
	for _, r := range d.users {
		have := asText(r[i])
		if have == q.Value {
			exact = append(exact, r)
		}
		if q.AnyCase && anycase.Fold(have) == folded {
			alike = append(alike, r)
		}
	}
	for _, found := range [][]row{exact, alike} {
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return nil, doorward.ErrNotFound
}

func asText(v driver.Value) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case []byte:
		return string(x)
	}
	return fmt.Sprint(v)
}

// UpdateUser implements [doorward.UserStore]. change runs once.
func (s *Store[U, PU]) UpdateUser(ctx context.Context, u doorward.User, change func(*doorward.Account) error) error {
	key, err := s.keyOfUser(u)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		var before row
		if err := t.apply(func(d *data) error { before = d.users[key]; return nil }); err != nil {
			return err
		}
		if before == nil {
			return doorward.ErrNotFound
		}
		have, err := s.decode(before, false)
		if err != nil {
			return err
		}
		acc := have.SecurityAccount()
		if err := change(acc); err != nil {
			return err
		}
		after, err := s.changed(before, have)
		if err != nil {
			return err
		}
		err = t.apply(func(d *data) error {
			if err := s.checkUnique(d, key, after); err != nil {
				return err
			}
			d.users[key] = after
			return nil
		})
		if err != nil {
			return err
		}
		stored, err := s.decode(after, false)
		if err != nil {
			return err
		}
		t.commits = append(t.commits, func() { *u.SecurityAccount() = *stored.SecurityAccount() })
		return nil
	})
}

// changed encodes u and notes when it changed, unless that was done already.
func (s *Store[U, PU]) changed(before row, u PU) (row, error) {
	after, err := s.plan.Encode(reflect.ValueOf(u).Elem())
	if err != nil {
		return nil, fmt.Errorf("memstore: %w", err)
	}
	at := s.plan.Index("update_datetime")
	if slices.EqualFunc(before, after, columns.Equal) || at < 0 || !columns.Equal(before[at], after[at]) {
		return after, nil
	}
	after[at] = columns.Moment(time.Now())
	return after, nil
}

func (s *Store[U, PU]) checkUnique(d *data, key any, r row) error {
	for i := range s.plan.Columns {
		c := &s.plan.Columns[i]
		if r[i] == nil || !c.Unique && !slices.Contains(unique[:], c.Name) {
			continue
		}
		for k, other := range d.users {
			if k != key && columns.Equal(other[i], r[i]) {
				return &doorward.DuplicateError{Attr: c.Name}
			}
		}
	}
	return nil
}

// NewUser implements [doorward.UserAdmin].
func (s *Store[U, PU]) NewUser() doorward.User { return PU(new(U)) }

// CreateUser implements [doorward.UserAdmin].
func (s *Store[U, PU]) CreateUser(ctx context.Context, u doorward.User, roles ...string) error {
	if s.err != nil {
		return s.err
	}
	p, err := s.record(u)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		stored := PU(new(U))
		*stored = *p
		fill(stored.SecurityAccount())
		err := t.apply(func(d *data) error { return s.insert(d, stored, roles) })
		if err != nil {
			return err
		}
		before := *p
		*p = *stored
		t.undoes = append(t.undoes, func() { *p = before })
		return nil
	})
}

// fill gives a new account what it must have.
func fill(a *doorward.Account) {
	if a.Uniquifier == "" {
		a.Uniquifier = random()
	}
	if a.WebAuthnHandle == "" {
		a.WebAuthnHandle = random()
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = micro(time.Now())
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

func (s *Store[U, PU]) insert(d *data, u PU, roles []string) error {
	for _, name := range roles {
		if _, ok := d.roles[name]; !ok {
			return doorward.ErrNotFound
		}
	}
	v := reflect.ValueOf(u).Elem()
	next := d.lastKey
	if f := s.plan.Key().Field(v); f.CanInt() {
		if f.Int() == 0 {
			f.SetInt(next + 1)
		}
		next = max(next, f.Int())
	} else if f.IsZero() {
		return errors.New("memstore: the primary key is not an integer and must be set before CreateUser")
	}
	r, err := s.plan.Encode(v)
	if err != nil {
		return fmt.Errorf("memstore: %w", err)
	}
	key := s.key(r)
	if d.users[key] != nil {
		return &doorward.DuplicateError{Attr: s.plan.Key().Name}
	}
	if err := s.checkUnique(d, key, r); err != nil {
		return err
	}
	d.users[key], d.lastKey = r, next
	for _, name := range roles {
		d.links[link{key, name}] = struct{}{}
	}
	return s.plan.Decode(v, r, nil)
}

// DeleteUser implements [doorward.UserAdmin].
func (s *Store[U, PU]) DeleteUser(ctx context.Context, u doorward.User) error {
	key, err := s.keyOfUser(u)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			r := d.users[key]
			if r == nil {
				return doorward.ErrNotFound
			}
			uniquifier := asText(r[s.plan.Index("fs_uniquifier")])
			delete(d.users, key)
			for l := range d.links {
				if l.user == key {
					delete(d.links, l)
				}
			}
			deleteWhere(d.sessions, func(x doorward.Session) bool { return x.Uniquifier == uniquifier })
			deleteWhere(d.remembers, func(x doorward.Remember) bool { return x.Uniquifier == uniquifier })
			return nil
		})
	})
}

// ListUsers implements [doorward.UserAdmin].
func (s *Store[U, PU]) ListUsers(ctx context.Context, contains string, offset, limit int) (out []doorward.User, total int, err error) {
	contains = anycase.Fold(contains)
	err = s.read(ctx, func(d *data) error {
		email, username := s.plan.Index("email"), s.plan.Index("username")
		var rows []row
		for _, r := range d.users {
			if strings.Contains(anycase.Fold(asText(r[email])), contains) || strings.Contains(anycase.Fold(asText(r[username])), contains) {
				rows = append(rows, r)
			}
		}
		slices.SortFunc(rows, func(a, b row) int { return compareKeys(s.key(a), s.key(b)) })
		total = len(rows)
		offset = min(max(offset, 0), total)
		for _, r := range rows[offset:min(offset+max(limit, 0), total)] {
			u, err := s.decode(r, false)
			if err != nil {
				return err
			}
			out = append(out, u)
		}
		return nil
	})
	return out, total, err
}

func compareKeys(a, b any) int {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	}
	return strings.Compare(asText(a), asText(b))
}
