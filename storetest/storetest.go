// Package storetest is the contract of the store interfaces of package
// doorward as a test. Whoever writes a store runs it against their own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) doorward.Stores {
//			return doorward.StoresFrom(open(t))
//		}, nil)
//	}
//
// A store that has only some of the interfaces is tested for those; the rest
// shows as skipped. Users are made with [doorward.UserAdmin], so a store
// without it is tested for claims, remember-me and bare sessions only.
package storetest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

// Run tests the stores that open returns; open is called for every case and
// returns empty ones that nothing else uses. newUser returns a user record that
// is ready for CreateUser, with this email and, where the store does not assign
// primary keys, a new one; nil means the store's NewUser with the email set.
// With -short fewer calls run at once.
func Run(t *testing.T, open func(t *testing.T) doorward.Stores, newUser func(email string) doorward.User) {
	t.Helper()
	groups := []struct {
		name  string
		tests []test
	}{
		{"Users", userTests}, {"AnyCase", anyCaseTests}, {"Update", updateTests}, {"Values", valueTests}, {"Admin", adminTests},
		{"Roles", roleTests}, {"Sessions", sessionTests}, {"EndSessions", endSessionTests},
		{"Remember", rememberTests}, {"Claims", claimTests}, {"Guesses", guessTests}, {"Tx", txTests}, {"Context", contextTests},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.tests {
				t.Run(c.name, func(t *testing.T) {
					w := &world{Stores: open(t), make: newUser}
					c.needs.check(t, w.Stores)
					c.run(t, w)
				})
			}
		})
	}
}

// test is one case.
type test struct {
	name  string
	needs needs
	run   func(t *testing.T, w *world)
}

// needs says which stores a case cannot do without.
type needs int

const (
	users needs = 1 << iota // and their UserAdmin
	roles
	sessions
	remember
	claims
	guesses
	tx
)

func (n needs) check(t *testing.T, s doorward.Stores) {
	t.Helper()
	for _, c := range []struct {
		bit     needs
		missing bool
		name    string
	}{
		{users, s.Users == nil || s.Admin == nil, "UserStore and UserAdmin"}, {roles, s.Roles == nil, "RoleStore"},
		{sessions, s.Sessions == nil, "SessionStore"}, {remember, s.Remember == nil, "RememberStore"},
		{claims, s.Claims == nil, "ClaimStore"}, {guesses, s.Guesses == nil, "GuessStore"}, {tx, s.Tx == nil, "Transactor"},
	} {
		if n&c.bit != 0 && c.missing {
			t.Skipf("the store has no %s", c.name)
		}
	}
}

// world is what a case works with.
type world struct {
	doorward.Stores
	make func(email string) doorward.User
}

// new returns a record that is not stored yet.
func (w *world) new(email string) doorward.User {
	if w.make != nil {
		return w.make(email)
	}
	u := w.Admin.NewUser()
	u.SecurityAccount().Email = email
	u.SecurityAccount().Active = true
	return u
}

// user stores a user.
func (w *world) user(t *testing.T, email string, roles ...string) doorward.User {
	t.Helper()
	u := w.new(email)
	ok(t, w.Admin.CreateUser(t.Context(), u, roles...))
	return u
}

// role stores a role.
func (w *world) role(t *testing.T, name string, permissions ...string) {
	t.Helper()
	ok(t, w.Roles.CreateRole(t.Context(), doorward.Role{Name: name, Description: "about " + name, Permissions: permissions}))
}

// find returns the whole record of an email.
func (w *world) find(t *testing.T, email string) doorward.User {
	t.Helper()
	u, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
	ok(t, err)
	return u
}

// account is the account of an email as it is stored.
func (w *world) account(t *testing.T, email string) *doorward.Account {
	t.Helper()
	return w.find(t, email).SecurityAccount()
}

// session stores a session of a user.
func (w *world) session(t *testing.T, u doorward.User, seed string) doorward.Session {
	t.Helper()
	s := newSession(seed, u.SecurityAccount().Uniquifier)
	ok(t, w.Sessions.CreateSession(t.Context(), s, ""))
	return s
}

// gone reports whether a session has ended.
func (w *world) gone(t *testing.T, idHash string) bool {
	t.Helper()
	_, _, _, err := w.Sessions.LoadSession(t.Context(), idHash)
	if err != nil && !errors.Is(err, doorward.ErrNotFound) {
		t.Fatalf("LoadSession: %v", err)
	}
	return err != nil
}

// day is a moment with microseconds, in UTC.
var day = time.Date(2026, 2, 3, 4, 5, 6, 789012000, time.UTC)

func newSession(seed, uniquifier string) doorward.Session {
	return doorward.Session{
		IDHash: key(seed), Uniquifier: uniquifier, AuthnAt: day, GraceUntil: day.Add(time.Minute), Fresh: true,
		Via: []string{"password", "authenticator"}, Binding: key("binding"), CreatedAt: day, SeenAt: day.Add(time.Second),
		ExpiresAt: day.Add(time.Hour), Address: "2001:db8::1", UserAgent: "Browser/1.0 (ünïcode 🦊)",
	}
}

// key makes 64 hexadecimal characters of a word.
func key(word string) string {
	var b strings.Builder
	for i := range len(word) {
		b.WriteString(strconv.FormatInt(int64(word[i])|0x100, 16)[1:])
	}
	return b.String() + strings.Repeat("0", 64-b.Len())
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// is fails unless err is want.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func equal[T comparable](t *testing.T, what string, have, want T) {
	t.Helper()
	if have != want {
		t.Errorf("%s is %v, want %v", what, have, want)
	}
}

func equalTime(t *testing.T, what string, have, want time.Time) {
	t.Helper()
	if !have.Equal(want) {
		t.Errorf("%s is %v, want %v", what, have, want)
	}
}

// atOnce calls f n times concurrently and returns how many calls reported
// true. Errors other than the ones allowed fail the test.
func atOnce(t *testing.T, n int, f func(i int) (bool, error), allowed ...error) (count int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			yes, err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if yes {
				count++
			}
			for _, a := range allowed {
				if errors.Is(err, a) {
					return
				}
			}
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
	return count
}

// many is how many calls a race has.
func many(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// panics reports whether f panicked.
func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// crash panics as a mistake in a function of the caller's would.
func crash(empty []error) error { return empty[0] }

// cancelled is a context that is done.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
