package clustertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// ledger is what clients were promised.
type ledger struct {
	mu         sync.Mutex
	registered []string           // accounts that were made
	ended      []*client          // with the cookies of a session that was ended
	alive      map[*client]string // with a session, and whose
	editors    map[string]bool    // who was given the role last, or lost it
	candidates chan string        // for the operator
	unexpected []string           // answers that are neither success nor "come back later"
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.registered)
}

// kept reports whether a step succeeded, and notes an answer that should not be.
func (l *ledger) kept(ctx context.Context, step string, a answer) bool {
	if a.status != http.StatusOK && !a.retryable() && ctx.Err() == nil {
		l.note(func() { l.unexpected = append(l.unexpected, step+": "+a.String()) })
	}
	return a.status == http.StatusOK && ctx.Err() == nil
}

// visitor makes accounts, signs in and out, until ctx is done. Where an answer
// is missing it cannot know what happened, and goes on with another account.
func (l *ledger) visitor(ctx context.Context, front string, number int) {
	for n := 0; ctx.Err() == nil; n++ {
		email, c := fmt.Sprintf("user%d.%d@doors.test", number, n), newClient(front)
		if !l.kept(ctx, "register", c.register(ctx, email)) {
			continue
		}
		l.note(func() { l.registered = append(l.registered, email) })
		select {
		case l.candidates <- email:
		default:
		}
		l.kept(ctx, "profile", c.who(ctx))
		if n%2 == 0 {
			l.note(func() { l.alive[c] = email })
			continue
		}
		before := c.copied(front)
		if !l.kept(ctx, "sign out", c.signOut(ctx)) {
			continue
		}
		l.note(func() { l.ended = append(l.ended, before) })
		if l.kept(ctx, "sign in", c.signIn(ctx, email, password)) {
			l.note(func() { l.alive[c] = email })
		}
	}
}

// operator gives roles from the command line, and takes some back.
func (l *ledger) operator(ctx context.Context, c *cluster) {
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case email := <-l.candidates:
			verbs := []string{"add", "remove"}[:1+n%2]
			for _, verb := range verbs {
				out, err := c.operate("roles", verb, email, "editor")
				if err != nil {
					l.note(func() { l.unexpected = append(l.unexpected, "roles "+verb+": "+out) })
					return
				}
				l.note(func() { l.editors[email] = verb == "add" })
			}
		}
	}
}

// TestServerIsKilled: what was acknowledged before, during and after one of
// three servers was killed holds, and clients saw nothing worse than a request
// to come back.
func TestServerIsKilled(t *testing.T) {
	db := testdb.Open(t, testdb.Postgres)
	c := launch(t, 3, db.URL)
	front := c.balance()
	if out, err := c.operate("roles", "create", "editor"); err != nil {
		t.Fatal(out)
	}
	l := &ledger{alive: map[*client]string{}, editors: map[string]bool{}, candidates: make(chan string, 4)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() { l.visitor(ctx, front, i) })
	}
	wg.Go(func() { l.operator(ctx, c) })

	victim := c.servers[1]
	more := func(n int) {
		t.Helper()
		want := l.count() + n
		poll(t, "no registrations go through", func() bool { return l.count() >= want })
	}
	more(15)
	victim.kill()
	more(15)
	said := len(victim.log())
	victim.start()
	victim.await(http.StatusOK)
	poll(t, "nobody asks the new server", func() bool { return strings.Contains(victim.log()[said:], "path=/register status=200") })
	more(15)
	cancel()
	wg.Wait()

	for _, what := range l.unexpected {
		t.Error(what)
	}
	l.holds(t, c, db.DB)
	c.noPanics()
}

// holds checks everything that was promised.
func (l *ledger) holds(t *testing.T, c *cluster, db *sql.DB) {
	t.Helper()
	t.Logf("%d accounts, %d sessions ended, %d alive, %d with or without the role", len(l.registered), len(l.ended), len(l.alive), len(l.editors))
	if len(l.ended) == 0 || len(l.alive) == 0 || len(l.editors) < 2 {
		t.Error("too little happened for this to say anything")
	}
	have := texts(t, db, `SELECT email FROM "user"`)
	for _, email := range l.registered {
		if !slices.Contains(have, email) {
			t.Errorf("the account %s was lost", email)
		}
	}
	editors := texts(t, db, `SELECT u.email FROM "user" u JOIN roles_users l ON l.user_id = u.id JOIN role r ON r.id = l.role_id WHERE r.name = 'editor'`)
	for email, is := range l.editors {
		if slices.Contains(editors, email) != is {
			t.Errorf("the role of %s: %t expected", email, is)
		}
	}
	ctx := context.WithoutCancel(t.Context())
	for i, s := range c.servers {
		at := "http://" + s.addr
		for _, gone := range l.ended {
			if a := gone.copied(at).who(ctx); a.status != http.StatusUnauthorized {
				t.Errorf("a session that was ended: %v", a)
			}
		}
		for held, email := range l.alive {
			if a := held.copied(at).who(ctx); a.status != http.StatusOK || a.body["email"] != email {
				t.Errorf("the session of %s: %v", email, a)
			}
		}
		email := l.registered[i*(len(l.registered)-1)/len(c.servers)]
		if a := newClient(at).signIn(ctx, email, password); a.status != http.StatusOK {
			t.Errorf("%s signs in: %v", email, a)
		}
	}
}

func texts(t *testing.T, db *sql.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
