package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
	"github.com/doorward/doorward/storetest"
)

// onEach runs a test on every kind of database.
func onEach(t *testing.T, f func(t *testing.T, kind string)) {
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) { f(t, kind) })
	}
}

// ddl is a statement as a kind of database has it, from what SQLite takes.
func ddl(kind, text string) string {
	switch kind {
	case testdb.Postgres:
		return strings.NewReplacer("DATETIME DEFAULT (CURRENT_TIMESTAMP)", "TIMESTAMP DEFAULT (now() AT TIME ZONE 'utc')", "DATETIME", "TIMESTAMP",
			"BLOB", "BYTEA", " user ", ` "user" `, "id INTEGER PRIMARY KEY", "id SERIAL PRIMARY KEY").Replace(text)
	case testdb.MySQL:
		return strings.NewReplacer("DATETIME DEFAULT (CURRENT_TIMESTAMP)", "DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)", "DATETIME", "DATETIME(6)",
			"id BLOB", "id VARBINARY(64)", " user ", " `user` ", "id INTEGER PRIMARY KEY", "id INTEGER AUTO_INCREMENT PRIMARY KEY").Replace(text)
	}
	return text
}

// database opens a database of a kind and runs statements in SQLite's form.
func database(tb testing.TB, kind string, statements ...string) *sql.DB {
	tb.Helper()
	db := testdb.Open(tb, kind).DB
	for _, text := range statements {
		mustExec(tb, db, ddl(kind, text))
	}
	return db
}

// openOn migrates a database and opens its store.
func openOn[U any, PU sqlstore.Record[U]](tb testing.TB, kind string, db *sql.DB, cfg sqlstore.Config) *sqlstore.Store[U, PU] {
	tb.Helper()
	if _, err := sqlstore.Migrate(context.Background(), db, sqlstore.Dialect(kind), cfg); err != nil {
		tb.Fatal(err)
	}
	s, err := sqlstore.New[U, PU](db, sqlstore.Dialect(kind), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		t.Parallel() // most of it is waiting
		t.Run("fsqla_v4", func(t *testing.T) {
			t.Parallel()
			contract[plain](t, kind, 8, sqlstore.Config{}, nil)
		})
		// Two connections: one for a transaction, one for everybody else, so
		// that a leaked one would hang.
		t.Run("token uniquifier, own names", func(t *testing.T) {
			t.Parallel()
			if kind == testdb.Postgres {
				t.Skip("two kinds of database are enough")
			}
			cfg := sqlstore.Config{Users: "people", Roles: "groups", RolesUsers: "members", Prefix: "dw_", Passkeys: "keys", Refresh: "families"}
			contract[plain](t, kind, 2, cfg, nil, `CREATE TABLE people (id INTEGER PRIMARY KEY, fs_token_uniquifier VARCHAR(64) UNIQUE NOT NULL,`+accountColumns+`)`)
		})
		t.Run("text key", func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			contract[keyed](t, kind, 2, sqlstore.Config{}, func(email string) doorward.User {
				return &keyed{Ident: fmt.Sprintf("key-%d", n.Add(1)), Account: doorward.Account{Email: email, Active: true}}
			}, keyedTable)
		})
		t.Run("binary key", func(t *testing.T) {
			t.Parallel()
			if kind == testdb.MySQL {
				t.Skip("two kinds of database are enough")
			}
			var n atomic.Int64
			contract[binary](t, kind, 2, sqlstore.Config{}, func(email string) doorward.User {
				return &binary{ID: fmt.Append(nil, "\x00\xff", n.Add(1)), Account: doorward.Account{Email: email, Active: true}}
			}, `CREATE TABLE user (id BLOB PRIMARY KEY NOT NULL,`+accountColumns+`)`)
		})
	})
}

// contract runs the contract on stores with so many connections.
func contract[U any, PU sqlstore.Record[U]](t *testing.T, kind string, connections int, cfg sqlstore.Config, newUser func(string) doorward.User, statements ...string) {
	fresh := onServer
	if kind == testdb.SQLite {
		fresh = onFiles
	}
	next := fresh(t, kind, cfg, statements)
	storetest.Run(t, func(t *testing.T) doorward.Stores {
		db := next(t)
		db.SetMaxOpenConns(connections)
		s, err := sqlstore.New[U, PU](db, sqlstore.Dialect(kind), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return doorward.StoresFrom(s)
	}, newUser)
}

// onFiles gives every case a copy of one migrated file.
func onFiles(t *testing.T, kind string, cfg sqlstore.Config, statements []string) func(*testing.T) *sql.DB {
	empty := filepath.Join(t.TempDir(), "empty.db")
	db, err := sql.Open("sqlite", "file:"+empty)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range statements {
		mustExec(t, db, text)
	}
	if _, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), cfg); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(empty)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T) *sql.DB {
		path := filepath.Join(t.TempDir(), "t.db")
		if err := os.WriteFile(path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}

// onServer gives every case the same database, empty.
func onServer(t *testing.T, kind string, cfg sqlstore.Config, statements []string) func(*testing.T) *sql.DB {
	db := database(t, kind, statements...)
	if _, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), cfg); err != nil {
		t.Fatal(err)
	}
	all := tables(t, kind, db)
	return func(t *testing.T) *sql.DB {
		for _, table := range all {
			if !strings.HasSuffix(table, "migration") {
				empty(t, kind, db, table)
			}
		}
		return db
	}
}

// tables lists the tables of a database, those that refer to others first.
func tables(t *testing.T, kind string, db *sql.DB) (out []string) {
	t.Helper()
	current := "current_schema()"
	switch kind {
	case testdb.MySQL:
		current = "DATABASE()"
	case testdb.SQLite:
		t.Fatal("not for SQLite")
	}
	rows, err := db.Query(`SELECT t.table_name FROM information_schema.tables t WHERE t.table_schema = ` + current + `
		ORDER BY (SELECT count(*) FROM information_schema.table_constraints c WHERE c.table_schema = t.table_schema
		AND c.table_name = t.table_name AND c.constraint_type = 'FOREIGN KEY') DESC, t.table_name`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	return out
}

func empty(t *testing.T, kind string, db *sql.DB, table string) {
	t.Helper()
	quote := `"`
	if kind == testdb.MySQL {
		quote = "`"
	}
	mustExec(t, db, "DELETE FROM "+quote+table+quote)
}
