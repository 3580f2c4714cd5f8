package sqlstore_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

func TestMigrateOnce(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db, dialect := database(t, kind), sqlstore.Dialect(kind)
		want := []string{
			"00001_user.sql", "00002_role.sql", "00003_session.sql", "00004_guess.sql",
			"ix_roles_users_user_id_role_id", "ix_roles_users_role_id", "ix_user_email_anycase", "ix_user_username_anycase",
		}
		if kind == testdb.MySQL {
			want = want[:6] // the others come with the table
		}
		pending, err := sqlstore.Pending(t.Context(), db, dialect, sqlstore.Config{})
		if err != nil || !slices.Equal(pending, want) {
			t.Errorf("pending %q, %v", pending, err)
		}
		applied, err := sqlstore.Migrate(t.Context(), db, dialect, sqlstore.Config{})
		if err != nil || !slices.Equal(applied, want) {
			t.Errorf("applied %q, %v", applied, err)
		}
		for _, f := range []func() ([]string, error){
			func() ([]string, error) { return sqlstore.Pending(t.Context(), db, dialect, sqlstore.Config{}) },
			func() ([]string, error) { return sqlstore.Migrate(t.Context(), db, dialect, sqlstore.Config{}) },
		} {
			if again, err := f(); err != nil || len(again) != 0 {
				t.Errorf("again: %q, %v", again, err)
			}
		}
		more, err := sqlstore.Migrate(t.Context(), db, dialect, sqlstore.Config{AnyCase: []string{"us_phone_number", "email", "no_such"}})
		if err != nil || !slices.Equal(more, []string{"ix_user_us_phone_number_anycase"}) {
			t.Errorf("another column: %q, %v", more, err)
		}
	})
}

// another opens a database as another process would.
func another(t *testing.T, d *testdb.Database) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", d.DSN
	switch d.Kind {
	case testdb.SQLite:
		driver, dsn = "sqlite", sqlstore.SQLiteDSN(strings.TrimPrefix(d.URL, "sqlite:"))
	case testdb.MySQL:
		driver = "mysql"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMigrateTogether(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		d := testdb.Open(t, kind)
		together(t, kind, func() *sql.DB { return another(t, d) })
	})
	t.Run("an impatient SQLite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "t.db")
		together(t, testdb.SQLite, func() *sql.DB {
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return db
		})
	})
}

func together(t *testing.T, kind string, open func() *sql.DB) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	worked := 0
	for range 6 {
		db := open()
		wg.Go(func() {
			applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), sqlstore.Config{})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(applied) > 0 {
				worked++
			}
		})
	}
	wg.Wait()
	if worked != 1 {
		t.Errorf("%d did the work", worked)
	}
}

func TestMigrateKeepsWhatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db := database(t, kind,
			`CREATE TABLE user (ident VARCHAR(36) PRIMARY KEY NOT NULL, email VARCHAR(50) NOT NULL, tenant TEXT)`,
			`INSERT INTO user VALUES ('a', 'A@example.com', 't'), ('b', 'a@example.com', 't')`,
			`CREATE TABLE role (id INTEGER PRIMARY KEY, name TEXT)`, `INSERT INTO role VALUES (1, 'admin')`)
		applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), sqlstore.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(applied, "ix_user_username_anycase") || !slices.Contains(applied, "ix_user_email_anycase") {
			t.Errorf("applied %q", applied)
		}
		rows, err := db.Query(ddl(kind, `SELECT * FROM user `))
		if err != nil {
			t.Fatal(err)
		}
		if columns, err := rows.Columns(); err != nil || len(columns) != 3 || !rows.Next() || !rows.Next() || rows.Next() {
			t.Errorf("columns %q, %v", columns, err)
		}
		_ = rows.Close()
		// an INSERT without a list of columns still works, and the links refer to the application's own key
		mustExec(t, db, ddl(kind, `INSERT INTO user VALUES ('d', 'd@example.com', 't')`))
		mustExec(t, db, `INSERT INTO roles_users VALUES ('a', 1)`)
		if _, err := db.Exec(`INSERT INTO roles_users VALUES ('c', 1)`); err == nil {
			t.Error("a link to nobody was taken")
		}
	})
}

func TestMigrateRefusesOddNames(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db, dialect := database(t, kind), sqlstore.Dialect(kind)
		for _, cfg := range []sqlstore.Config{
			{Users: `user" (id); DROP TABLE role; --`}, {Prefix: "`"}, {Roles: strings.Repeat("r", 64)}, {Refresh: "a b"},
		} {
			_, err := sqlstore.Migrate(t.Context(), db, dialect, cfg)
			if _, ok := errors.AsType[*doorward.ConfigError](err); !ok {
				t.Errorf("error %v", err)
			}
		}
		if pending, err := sqlstore.Pending(t.Context(), db, dialect, sqlstore.Config{}); err != nil || len(pending) < 6 {
			t.Errorf("a failed migration left something: %q, %v", pending, err)
		}
	})
}

// Names may be as long as the database has them; those of indexes would be longer.
func TestMigrateLongNames(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		name := func(c string) string { return strings.Repeat(c, 56) }
		cfg := sqlstore.Config{Users: name("u"), Roles: name("r"), RolesUsers: name("l"), Passkeys: name("p"), Refresh: name("f"), Prefix: strings.Repeat("d", 30)}
		db := database(t, kind)
		s := openOn[plain](t, kind, db, cfg)
		if again, err := sqlstore.Pending(t.Context(), db, sqlstore.Dialect(kind), cfg); err != nil || len(again) != 0 {
			t.Errorf("to be done again: %q %v", again, err)
		}
		one := &plain{Account: doorward.Account{Email: "Joe@example.com"}}
		if err := s.CreateUser(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		err := s.CreateUser(t.Context(), &plain{Account: doorward.Account{Email: "joe@example.com"}})
		if dup, ok := errors.AsType[*doorward.DuplicateError](err); !ok || dup.Attr != "email" {
			t.Errorf("the same in another case: %v", err)
		}
	})
}
