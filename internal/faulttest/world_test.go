package faulttest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/sessions"
	"github.com/doorward/doorward/sqlstore"
)

const (
	joe = "joe@example.com"
	ann = "ann@example.com"
	eve = "eve@example.com"
)

// world is an installation on a database whose operations can fail.
type world struct {
	*kit.App
	t      *testing.T
	db     *testdb.Database // past the faults
	pool   *sql.DB          // what the store uses
	faults *faults
	joe    doorward.User
	saved  []table // what is restored before each try
}

// newWorld has the roles member and reader, which who registers gets, and joe,
// who is a reader.
func newWorld(t *testing.T, kind string) *world {
	t.Helper()
	return newWorldOn(t, kind, func(*testdb.Database) {})
}

// newWorldOn changes the tables before the store sees them.
func newWorldOn(t *testing.T, kind string, change func(*testdb.Database)) *world {
	t.Helper()
	w := &world{t: t, db: testdb.Open(t, kind)}
	dialect := sqlstore.Dialect(kind)
	if _, err := sqlstore.Migrate(t.Context(), w.db.DB, dialect, sqlstore.Config{}); err != nil {
		t.Fatal(err)
	}
	change(w.db)
	w.faults = &faults{under: w.db.Driver(), dsn: w.db.DSN}
	w.pool = sql.OpenDB(w.faults)
	w.pool.SetMaxOpenConns(4)
	t.Cleanup(func() { _ = w.pool.Close() })
	w.App = kit.New(t, func(c *batteries.Config) {
		store, err := sqlstore.New[kit.User](w.pool, dialect, sqlstore.Config{Now: c.Now, BusyWait: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		c.Stores = doorward.StoresFrom(store)
		c.Register = &register.Config{DefaultRoles: []string{"member", "reader"}}
		c.Sessions = &sessions.Config{}
		c.APIMethods = []string{"session", "token", "basic"}
	})
	for _, name := range []string{"member", "reader"} {
		if err := w.Stores.Roles.CreateRole(t.Context(), doorward.Role{Name: name, Permissions: []string{"see", name}}); err != nil {
			t.Fatal(err)
		}
	}
	w.joe = w.NewUser(joe)
	if _, err := w.Stores.Roles.AddRole(t.Context(), w.joe, "reader"); err != nil {
		t.Fatal(err)
	}
	return w
}

// api is a visitor who speaks JSON, from a browser of that name.
func (w *world) api(agent string) *kit.Browser {
	b := w.Browser()
	b.JSON, b.Agent = true, agent
	return b
}

// signedIn is such a visitor who is joe, and who is remembered.
func (w *world) signedIn(agent string) *kit.Browser {
	w.t.Helper()
	b := w.api(agent)
	b.PostJSON("/login", kit.Fields{"email": joe, "password": kit.Password, "remember": true}).Want(http.StatusOK)
	b.CSRF("/login")
	return b
}

// cold closes all connections, so that each try opens and prepares what it needs.
func (w *world) cold() {
	w.pool.SetMaxIdleConns(-1)
	w.pool.SetMaxIdleConns(2)
}

// settled waits until no connection is in use and no transaction open.
func (w *world) settled() error {
	open := func(context.Context) (int, error) { return 0, nil }
	switch w.db.Kind {
	case testdb.Postgres:
		open = func(context.Context) (int, error) {
			return count(w.t, w.db.DB, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"), nil
		}
	case testdb.MySQL:
		open = w.locked
	case testdb.SQLite:
		open = w.writable
	}
	var last error
	if !poll(w.t, func() bool {
		n, err := open(w.t.Context())
		last = fmt.Errorf("%d transactions open, %d connections in use: %v", n, w.pool.Stats().InUse, err)
		return err == nil && n == 0 && w.pool.Stats().InUse == 0
	}) {
		return last
	}
	return nil
}

// locked counts the tables of which somebody holds a row. The server's own list
// of transactions is of no use here: it is not made anew while somebody reads
// it more often than ten times a second.
func (w *world) locked(ctx context.Context) (n int, err error) {
	rows, err := w.db.QueryContext(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
	if err != nil {
		return 0, err
	}
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return 0, err
		}
		tables = append(tables, table)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, table := range tables {
		_, err := w.db.ExecContext(ctx, "SELECT 1 FROM `"+table+"` FOR UPDATE NOWAIT")
		if held, ok := errors.AsType[*mysql.MySQLError](err); ok && held.Number == 1205 {
			n++
		} else if err != nil {
			return n, err
		}
	}
	return n, nil
}

// writable reports whether somebody else can write.
func (w *world) writable(ctx context.Context) (int, error) {
	c, err := w.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	for _, q := range []string{"PRAGMA busy_timeout = 100", "BEGIN IMMEDIATE", "ROLLBACK", "PRAGMA busy_timeout = 10000"} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return 1, err
		}
	}
	return 0, nil
}

// poll asks until the answer is yes or half a minute is over.
func poll(t testing.TB, yes func() bool) bool {
	if yes() {
		return true
	}
	again, late := time.NewTicker(5*time.Millisecond), time.NewTimer(30*time.Second)
	defer again.Stop()
	defer late.Stop()
	for {
		select {
		case <-again.C:
			if yes() {
				return true
			}
		case <-late.C:
			return false
		case <-t.Context().Done():
			return false
		}
	}
}

// lines are those of the log since a mark that have all the texts.
func (w *world) lines(since int, texts ...string) (out []string) {
	for line := range strings.Lines(w.Logs.String()[since:]) {
		if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(line, s) }) {
			out = append(out, line)
		}
	}
	return out
}
