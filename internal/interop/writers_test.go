package interop_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	updates = 1000 // of all writers
	writers = 2    // at each side
)

// writerRows write at both sides at once.
func (w *world) writerRows(t *testing.T) {
	t.Helper()
	flask, ours := w.flask[plain], w.ours[plain]
	if flask == ours {
		return
	}
	both := way{&side{name: "both"}, &side{name: "both"}}
	w.row(t, fmt.Sprintf("%d updates at once", updates), both, func(t *testing.T) { w.writeAtOnce(t, flask, ours) })
	w.row(t, "at once: recovery code", both, func(t *testing.T) { w.recoverAtOnce(t, flask, ours) })
	w.row(t, "at once: two recovery codes", both, func(t *testing.T) { w.recoverTwoAtOnce(t, flask, ours) })
	w.row(t, "at once: code of an authenticator", both, func(t *testing.T) { w.validateAtOnce(t, flask, ours) })
	w.row(t, "at once: reset link", both, func(t *testing.T) { w.resetAtOnce(t, flask, ours) })
	w.row(t, "at once: passwordless link", both, func(t *testing.T) { w.loginLinkAtOnce(t, w.flask[passwordless], w.ours[passwordless]) })
}

// busy is an account that everybody writes to.
type busy struct {
	*user
	mine *visitor // signed in at our side

	mu       sync.Mutex
	visits   int // counted by the application with the original
	signIns  int
	username string   // as our side was told last
	roles    []string // given
}

func (b *busy) note(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// writeAtOnce lets writers at both sides change a few accounts. Each column is
// changed by one of them only, but for those of sign-ins: so none of what they
// wrote may be missing afterwards. An application with the original reads a row,
// and writes the columns that it changed, without a lock: of the sign-ins that it
// counts some may be lost, and how many stands in the table.
func (w *world) writeAtOnce(t *testing.T, flask, ours *side) {
	t.Helper()
	var all []*busy
	for range 2 * writers {
		u := join(t, w)
		all = append(all, &busy{user: u, mine: u.signIn(t, ours), signIns: 1})
	}
	var group sync.WaitGroup
	errs := make(chan error, 2*writers)
	for k := range writers {
		for _, write := range []func(k, i int, all []*busy) error{w.flaskWriter(t, flask), w.ourWriter(t, ours)} {
			group.Go(func() {
				for i := range updates / 2 / writers {
					if err := write(k, i, all); err != nil {
						errs <- fmt.Errorf("update %d: %w", i, err)
						return
					}
				}
			})
		}
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	counted, signIns := 0, 0
	for _, b := range all {
		b.check(t, flask, ours)
		n, _ := strconv.Atoi(w.column(t, b.email, "login_count"))
		counted, signIns = counted+n, signIns+b.signIns
	}
	note(t, fmt.Sprintf("login_count has %d of %d sign-ins", counted, signIns))
	if counted > signIns {
		t.Errorf("%d sign-ins were counted of %d", counted, signIns)
	}
}

// flaskWriter counts visits, each writer for accounts of its own since the
// application would lose some of its own otherwise; signs in; and gives roles.
func (w *world) flaskWriter(t *testing.T, at *side) func(k, i int, all []*busy) error {
	tools := make([]*visitor, writers)
	for k := range tools {
		tools[k] = newVisitor(t, at)
	}
	return func(k, i int, all []*busy) error {
		own := all[(writers*i+k)%len(all)]
		switch {
		case i%50 == 10:
			role := fmt.Sprintf("flask%d-%d", k, i)
			own.note(func() { own.roles = append(own.roles, role) })
			return succeed(tools[k].attempt("/test/grant", fields{"email": own.email, "role": role}))
		case i%4 == 3:
			return all[len(all)-1-i/4%2].signInAgain(t, at)
		}
		own.note(func() { own.visits++ })
		return succeed(tools[k].attempt("/test/visit", fields{"email": own.email}))
	}
}

// ourWriter changes usernames and passwords, signs in, and gives roles.
func (w *world) ourWriter(t *testing.T, at *side) func(k, i int, all []*busy) error {
	staff := at.staff.(commands)
	return func(k, i int, all []*busy) error {
		own := all[(writers*(i/4)+k)%len(all)]
		first := all[k] // those who sign in meanwhile are the last ones
		switch {
		case i%50 == 20:
			role := fmt.Sprintf("ours%d-%d", k, i)
			own.note(func() { own.roles = append(own.roles, role) })
			if _, err := staff.attempt(t.Context(), "", "roles", "create", role, "--permissions", "read"); err != nil {
				return err
			}
			_, err := staff.attempt(t.Context(), "", "roles", "add", own.email, role)
			return err
		case i%8 == 3:
			next := fmt.Sprintf("%s %d", password, i)
			old := first.password
			first.password = next
			return succeed(first.mine.attempt("/change", fields{"password": old, "new_password": next, "new_password_confirm": next}))
		case i%4 == 2:
			return all[len(all)-1-i/4%2].signInAgain(t, at)
		}
		name := fmt.Sprintf("name%d%s%d", k, strings.Repeat("x", k), i)
		own.username = name
		return succeed(own.mine.attempt("/change-username", fields{"username": name}))
	}
}

func (b *busy) signInAgain(t *testing.T, at *side) error {
	v := newVisitor(t, at)
	if _, err := v.exchange(http.MethodGet, "/login", nil, nil); err != nil {
		return err
	}
	b.note(func() { b.signIns++ })
	return succeed(v.attempt("/login", fields{"email": b.email, "password": b.password}))
}

// succeed is an error for an answer that is none of success.
func succeed(r *reply, err error) error {
	if err == nil && r.status != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %.500s", r.what, r.status, r.text)
	}
	return err
}

// check looks for what is lost.
func (b *busy) check(t *testing.T, flask, ours *side) {
	t.Helper()
	want := map[string]string{"visits": strconv.Itoa(b.visits), "tf_phone_number": strconv.Itoa(b.visits), "username": b.username}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have := b.world.column(t, b.email, name); have != want[name] {
			t.Errorf("%s is %q, not %q", name, have, want[name])
		}
	}
	slices.Sort(b.roles)
	for _, at := range []*side{flask, ours} {
		b.mine.on(at).mustBe(b.user)
		roles := b.signIn(t, at).mustBe(b.user).list("roles")
		b.signIns++
		slices.Sort(roles)
		if !slices.Equal(roles, b.roles) {
			t.Errorf("%s: roles are %v, not %v", at.name, roles, b.roles)
		}
	}
}
