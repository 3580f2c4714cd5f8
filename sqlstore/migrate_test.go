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
	"github.com/doorward/doorward/sqlstore"
)

func TestMigrateOnce(t *testing.T) {
	db := openDB(t)
	want := []string{
		"00001_user.sql", "00002_role.sql", "00003_session.sql",
		"ix_roles_users_user_id_role_id", "ix_roles_users_role_id", "ix_user_email_anycase", "ix_user_username_anycase",
	}
	pending, err := sqlstore.Pending(t.Context(), db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil || !slices.Equal(pending, want) {
		t.Errorf("pending %q, %v", pending, err)
	}
	applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil || !slices.Equal(applied, want) {
		t.Errorf("applied %q, %v", applied, err)
	}
	for _, f := range []func() ([]string, error){
		func() ([]string, error) { return sqlstore.Pending(t.Context(), db, sqlstore.SQLite, sqlstore.Config{}) },
		func() ([]string, error) { return sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{}) },
	} {
		if again, err := f(); err != nil || len(again) != 0 {
			t.Errorf("again: %q, %v", again, err)
		}
	}
	more, err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{AnyCase: []string{"us_phone_number", "email", "no_such"}})
	if err != nil || !slices.Equal(more, []string{"ix_user_us_phone_number_anycase"}) {
		t.Errorf("another column: %q, %v", more, err)
	}
}

func TestMigrateTogether(t *testing.T) {
	for _, dsn := range []func(string) string{sqlstore.SQLiteDSN, func(path string) string { return "file:" + path }} {
		path := filepath.Join(t.TempDir(), "t.db")
		var mu sync.Mutex
		var wg sync.WaitGroup
		worked := 0
		for range 6 {
			wg.Go(func() {
				db, err := sql.Open("sqlite", dsn(path)) // as a process of its own
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = db.Close() }()
				applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{})
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
}

func TestMigrateKeepsWhatIsThere(t *testing.T) {
	db := openDB(t,
		`CREATE TABLE user (ident VARCHAR(36) PRIMARY KEY NOT NULL, email TEXT NOT NULL, tenant TEXT)`,
		`INSERT INTO user VALUES ('a', 'A@example.com', 't'), ('b', 'a@example.com', 't')`,
		`CREATE TABLE role (id INTEGER PRIMARY KEY, name TEXT)`, `INSERT INTO role VALUES (1, 'admin')`)
	applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(applied, "ix_user_username_anycase") || !slices.Contains(applied, "ix_user_email_anycase") {
		t.Errorf("applied %q", applied)
	}
	var users, columns int
	if err := db.QueryRow(`SELECT (SELECT count(*) FROM user), (SELECT count(*) FROM pragma_table_info('user'))`).Scan(&users, &columns); err != nil || users != 2 || columns != 3 {
		t.Errorf("%d users, %d columns, %v", users, columns, err)
	}
	// the links refer to the application's own key
	mustExec(t, db, `INSERT INTO roles_users VALUES ('a', 1)`)
	if _, err := db.Exec(`INSERT INTO roles_users VALUES ('c', 1)`); err == nil {
		t.Error("a link to nobody was taken")
	}
}

func TestMigrateRefusesOddNames(t *testing.T) {
	db := openDB(t)
	_, err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{Users: `user" (id); DROP TABLE role; --`})
	if _, ok := errors.AsType[*doorward.ConfigError](err); !ok {
		t.Errorf("error %v", err)
	}
	if pending, err := sqlstore.Pending(t.Context(), db, sqlstore.SQLite, sqlstore.Config{}); err != nil || len(pending) != 7 {
		t.Errorf("a failed migration left something: %q, %v", pending, err)
	}
}

func TestAnyCaseUsesTheIndex(t *testing.T) {
	db := openDB(t)
	open[plain](t, db, sqlstore.Config{})
	fill(t, db, 2000)
	for query, index := range map[string]string{
		`SELECT id FROM user u WHERE lower(u."email") IN ((SELECT ?), (SELECT ?), (SELECT ?)) LIMIT 2`: "ix_user_email_anycase",
		`SELECT (SELECT group_concat(r.name, ',') FROM "roles_users" ru CROSS JOIN role r ON r.id = ru.role_id WHERE ru.user_id = u."id")
		 FROM doorward_session s JOIN "user" u ON u."fs_uniquifier" = s.fs_uniquifier WHERE s.id_hash = (SELECT ?)`: "COVERING INDEX ix_roles_users_user_id_role_id",
	} {
		rows, err := db.Query("EXPLAIN QUERY PLAN "+query, "a", "b", "c")
		if err != nil {
			rows, err = db.Query("EXPLAIN QUERY PLAN "+query, "a")
		}
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var a, b, c int
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		_ = rows.Close()
		text := strings.Join(plan, "\n")
		if !strings.Contains(text, index) || strings.Contains(text, "SCAN u") {
			t.Errorf("%s", text)
		}
	}
}
