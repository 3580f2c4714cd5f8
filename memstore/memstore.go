// Package memstore keeps users, roles, sessions and the rest in memory: for
// tests, demonstrations and programs that may forget everything.
//
//	type User struct {
//		ID int64 `db:"id,pk"`
//		doorward.Account
//	}
//
//	stores := doorward.StoresFrom(memstore.New[User]())
//
// It reads the db tags as package sqlstore does and behaves alike: what has no
// tag is not stored, times lose what is below a microsecond, and a request's
// user comes without the secret and cold columns.
package memstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

// Record is a pointer to the application's user type.
type Record[U any] interface {
	*U
	doorward.User
}

// Store implements all the store interfaces of package doorward for users of
// type *U. Reading never waits for a transaction.
type Store[U any, PU Record[U]] struct {
	plan *columns.Plan
	err  error

	queue chan struct{} // held by who writes; waiting for it obeys the context
	mu    sync.RWMutex  // guards data, for moments only
	data  *data
}

// New returns an empty store. If the db tags of U are wrong, every method of
// the store returns the [*doorward.ConfigError] that says so.
//
// Primary keys of an integer type are assigned; others are the application's
// to set before CreateUser. Email, username, phone number for sign-in, the
// uniquifiers, the WebAuthn handle and columns with the tag option "unique"
// are unique.
func New[U any, PU Record[U]]() *Store[U, PU] {
	s := &Store[U, PU]{queue: make(chan struct{}, 1), data: newData()}
	plan, err := columns.For(reflect.TypeFor[U]())
	if err != nil {
		s.err = &doorward.ConfigError{Feature: "memstore", Problem: err.Error(), Hint: "correct the db tags"}
		return s
	}
	s.plan = plan
	return s
}

// row is a user as columns.Plan encodes it. It is never altered, only replaced.
type row []driver.Value

type link struct {
	user any // key
	role string
}

// data is everything that is stored. A transaction works on a copy of it.
type data struct {
	users     map[any]row
	lastKey   int64
	roles     map[string]doorward.Role
	links     map[link]struct{}
	sessions  map[string]doorward.Session
	remembers map[string]doorward.Remember
	claims    map[string]time.Time
	guesses   map[string]doorward.Guesses
}

func newData() *data {
	return &data{
		users:     map[any]row{},
		roles:     map[string]doorward.Role{},
		links:     map[link]struct{}{},
		sessions:  map[string]doorward.Session{},
		remembers: map[string]doorward.Remember{},
		claims:    map[string]time.Time{},
		guesses:   map[string]doorward.Guesses{},
	}
}

// keyOf makes an encoded primary key comparable.
func keyOf(v driver.Value) any {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return v
}

// record returns u as the store's own type.
func (s *Store[U, PU]) record(u doorward.User) (PU, error) {
	p, ok := u.(PU)
	if !ok || p == nil {
		return nil, fmt.Errorf("memstore: the user is a %T, not a %T", u, p)
	}
	return p, nil
}

// keyOfUser returns the primary key of u.
func (s *Store[U, PU]) keyOfUser(u doorward.User) (any, error) {
	if s.err != nil {
		return nil, s.err
	}
	p, err := s.record(u)
	if err != nil {
		return nil, err
	}
	v, err := s.plan.Key().Encode(reflect.ValueOf(p).Elem())
	return keyOf(v), err
}

// decode returns a row as a record; lean leaves out the secret and cold columns.
func (s *Store[U, PU]) decode(r row, lean bool) (PU, error) {
	u := PU(new(U))
	var keep func(*columns.Column) bool
	if lean {
		keep = (*columns.Column).Lean
	}
	if err := s.plan.Decode(reflect.ValueOf(u).Elem(), r, keep); err != nil {
		return nil, fmt.Errorf("memstore: %w", err)
	}
	return u, nil
}

// rolesOf returns copies of the roles of a user, by name.
func (d *data) rolesOf(key any) []doorward.Role {
	var out []doorward.Role
	for l := range d.links {
		if l.user == key {
			out = append(out, cloneRole(d.roles[l.role]))
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// DeleteExpired forgets the claims, remember-me rows and guesses whose time ended
// before now, and says how many.
func (s *Store[U, PU]) DeleteExpired(ctx context.Context, now time.Time) (n int, err error) {
	err = s.write(ctx, func(t *tx) error {
		return t.apply(func(d *data) error {
			n = len(d.claims) + len(d.remembers) + len(d.guesses)
			deleteWhere(d.claims, func(until time.Time) bool { return until.Before(now) })
			deleteWhere(d.remembers, func(r doorward.Remember) bool { return r.ExpiresAt.Before(now) })
			deleteWhere(d.guesses, func(g doorward.Guesses) bool { return g.Expires.Before(now) })
			n -= len(d.claims) + len(d.remembers) + len(d.guesses)
			return nil
		})
	})
	return n, err
}

func deleteWhere[K comparable, V any](m map[K]V, gone func(V) bool) {
	for k, v := range m {
		if gone(v) {
			delete(m, k)
		}
	}
}

// micro is t as a database would keep it.
func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

var errTxOver = errors.New("memstore: the transaction of this context is over")
