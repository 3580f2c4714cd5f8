package bench_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/bench"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

var most = flag.Int("lookups-users", 0, "users in the largest database of the table of look-ups; takes minutes for a million")

// TestLookups finds users and sessions in databases of growing size, and prints
// how long that takes: "make lookups". Whether it is flat is for the reader to
// see, since a shared machine is no judge; that it finds them is checked.
func TestLookups(t *testing.T) {
	sizes, each := []int{100, 1000}, 20
	if *most > 0 {
		sizes, each = nil, 3000
		for n := 1000; n <= *most; n *= 10 {
			sizes = append(sizes, n)
		}
	}
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			db := testdb.Open(t, kind)
			c := &crowd{db: db, dialect: sqlstore.Dialect(kind)}
			if _, err := sqlstore.Migrate(t.Context(), db.DB, c.dialect, sqlstore.Config{}); err != nil {
				t.Fatal(err)
			}
			store, err := sqlstore.New[bench.User](db.DB, c.dialect, sqlstore.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			})
			for _, n := range sizes {
				if err := c.grow(t.Context(), n); err != nil {
					t.Fatal(err)
				}
				fmt.Printf("%-9s %8d users", kind, n)
				for _, l := range lookups(store) {
					fmt.Printf("   %s %7s", l.name, median(t, n, each, l.find))
				}
				fmt.Println()
			}
		})
	}
}

type lookupRow struct {
	name string
	find func(ctx context.Context, i int) (doorward.User, error)
}

func lookups(s *sqlstore.Store[bench.User, *bench.User]) []lookupRow {
	by := func(attr string, anyCase bool, value func(int) string) func(context.Context, int) (doorward.User, error) {
		return func(ctx context.Context, i int) (doorward.User, error) {
			u, _, err := s.LoadUser(ctx, doorward.UserQuery{Attr: attr, Value: value(i), AnyCase: anyCase})
			return u, err
		}
	}
	shouting := func(i int) string { return strings.ToUpper(bench.Email(i)) }
	return []lookupRow{
		{"email", by("email", false, bench.Email)},
		{"any case", by("email", true, shouting)},
		{"username", by("username", true, func(i int) string { return fmt.Sprintf("user%d", i) })},
		{"session", func(ctx context.Context, i int) (doorward.User, error) {
			_, u, _, err := s.LoadSession(ctx, sessionKey(i))
			return u, err
		}},
		{"nobody", func(ctx context.Context, i int) (doorward.User, error) {
			_, _, err := s.LoadUser(ctx, doorward.UserQuery{Attr: "email", Value: fmt.Sprintf("nobody%d@example.com", i), AnyCase: true})
			if errors.Is(err, doorward.ErrNotFound) {
				err = nil
			}
			return nil, err
		}},
	}
}

// median looks up users all over the table, each once.
func median(t *testing.T, users, times int, find func(context.Context, int) (doorward.User, error)) time.Duration {
	t.Helper()
	took := make([]time.Duration, times)
	for k := range times {
		i := 1 + (k*7919)%users
		began := time.Now()
		u, err := find(t.Context(), i)
		took[k] = time.Since(began)
		if err != nil || u != nil && u.SecurityAccount().Email != bench.Email(i) {
			t.Fatalf("user %d: %v %v", i, u, err)
		}
	}
	slices.Sort(took)
	return took[times/2].Round(100 * time.Nanosecond)
}

func sessionKey(i int) string { return strings.Repeat(bench.Uniquifier(i), 2) }

// crowd is a database with a growing number of users, each with a session.
type crowd struct {
	db      *testdb.Database
	dialect sqlstore.Dialect
	have    int
}

// batch is how many rows one statement makes.
const batch = 500

// grow adds users until there are so many. What makes filling large tables slow
// is turned off for that connection alone.
func (c *crowd) grow(ctx context.Context, to int) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	table, analyze := `"user"`, "ANALYZE"
	var hurry []string
	switch c.dialect {
	case sqlstore.SQLite:
		hurry = []string{"PRAGMA synchronous = OFF", "PRAGMA cache_size = -1000000"}
	case sqlstore.MySQL:
		table, analyze = "`user`", "ANALYZE TABLE `user`, doorward_session"
		hurry = []string{"SET unique_checks = 0, foreign_key_checks = 0"}
	}
	for _, q := range append(hurry, "BEGIN") {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	for c.have < to {
		users, sessions := c.batch(min(batch, to-c.have))
		if _, err := conn.ExecContext(ctx, "INSERT INTO "+table+" (email,username,password,active,fs_uniquifier,fs_webauthn_user_handle) VALUES "+users); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "INSERT INTO doorward_session (id_hash,fs_uniquifier,seen_at,expires_at,facts,created_at,address,user_agent) VALUES "+sessions); err != nil {
			return err
		}
	}
	for _, q := range []string{"COMMIT", analyze} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	// Nobody else gets the connection as it is now.
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	return nil
}

// batch returns the rows of the next n users and of their sessions.
func (c *crowd) batch(n int) (users, sessions string) {
	now := time.Now().UnixMicro()
	var u, s []string
	for range n {
		c.have++
		i := c.have
		u = append(u, fmt.Sprintf("('%s','user%d','x',TRUE,'%s','h%s')", bench.Email(i), i, bench.Uniquifier(i), bench.Uniquifier(i)))
		s = append(s, fmt.Sprintf("('%s','%s',%d,%d,'%d 0 true b password',%d,'192.0.2.1','agent')", sessionKey(i), bench.Uniquifier(i), now, now, now, now))
	}
	return strings.Join(u, ","), strings.Join(s, ",")
}
