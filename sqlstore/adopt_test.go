package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// flask are the tables that SQLAlchemy makes of a version of the packaged
// models.
func flask(kind string, version int) []string {
	id, at := "id INTEGER NOT NULL", "DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL"
	moment, user, end, blob := "DATETIME", `"user"`, "", "BLOB"
	switch kind {
	case testdb.Postgres:
		id, at, moment, blob = "id SERIAL NOT NULL", "TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL", "TIMESTAMP WITHOUT TIME ZONE", "BYTEA"
	case testdb.MySQL:
		id, at, user, end = "id INTEGER NOT NULL AUTO_INCREMENT", "DATETIME DEFAULT now() NOT NULL", "user", " COLLATE utf8mb4_general_ci"
	}
	columns := []string{id, "email VARCHAR(255) NOT NULL", "username VARCHAR(255)", "active BOOLEAN NOT NULL", "fs_uniquifier VARCHAR(64) NOT NULL",
		"confirmed_at " + moment, "last_login_at " + moment, "current_login_at " + moment, "last_login_ip VARCHAR(64)", "current_login_ip VARCHAR(64)",
		"login_count INTEGER", "tf_primary_method VARCHAR(64)", "tf_totp_secret VARCHAR(255)", "tf_phone_number VARCHAR(128)",
		"create_datetime " + at, "update_datetime " + at}
	keys := []string{"PRIMARY KEY (id)", "UNIQUE (email)", "UNIQUE (fs_uniquifier)"}
	password := "password VARCHAR(255) NOT NULL"
	if version >= 2 {
		columns = append(columns, "us_totp_secrets TEXT", "us_phone_number VARCHAR(128)")
	}
	if version >= 3 {
		password = "password VARCHAR(255)"
		columns = append(columns, "fs_webauthn_user_handle VARCHAR(64)", "mf_recovery_codes TEXT")
		keys = append(keys, "UNIQUE (username)", "UNIQUE (us_phone_number)", "UNIQUE (fs_webauthn_user_handle)")
	}
	owner := "FOREIGN KEY(user_id) REFERENCES " + user + " (id)"
	out := []string{
		"CREATE TABLE role (" + id + ", name VARCHAR(80) NOT NULL, description VARCHAR(255), permissions TEXT, update_datetime " + at + ", PRIMARY KEY (id), UNIQUE (name))" + end,
		"CREATE TABLE " + user + " (" + strings.Join(slices.Concat(columns, []string{password}, keys), ", ") + ")" + end,
		"CREATE TABLE roles_users (user_id INTEGER, role_id INTEGER, " + owner + ", FOREIGN KEY(role_id) REFERENCES role (id))" + end,
	}
	if version >= 3 {
		out = append(out, "CREATE TABLE web_authn ("+id+", credential_id "+blob+" NOT NULL, public_key "+blob+" NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (id), "+owner+" ON DELETE CASCADE)"+end)
	}
	if version >= 4 {
		out = append(out, "CREATE TABLE fs_refresh_tracker ("+id+", refresh_family VARCHAR(64) NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (id), "+owner+" ON DELETE CASCADE)"+end)
	}
	return append(out,
		"INSERT INTO "+user+" (email, username, password, active, fs_uniquifier, confirmed_at, login_count) VALUES ('Joe@example.com', 'joe', 'h', true, 'abc', '2026-01-02 03:04:05', NULL), ('é@example.com', NULL, 'h', false, 'def', NULL, 3)",
		"INSERT INTO role (name, description, permissions) VALUES ('Admin', NULL, 'a,b')", "INSERT INTO roles_users VALUES (1, 1), (1, 1)")
}

// A database of a Flask application gets tables, columns and indexes; its rows
// stay, and both can use it.
func TestAdoptFlask(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		for version := 1; version <= 4; version++ {
			t.Run(fmt.Sprint("v", version), func(t *testing.T) {
				options := []string{}
				if kind == testdb.MySQL {
					options = append(options, "COLLATE utf8mb4_general_ci")
				}
				db := testdb.Open(t, kind, options...).DB
				for _, text := range flask(kind, version) {
					mustExec(t, db, text)
				}
				before := checksums(t, kind, db)
				s := openOn[plain](t, kind, db, sqlstore.Config{})
				if after := checksums(t, kind, db); after != before {
					t.Errorf("the rows were %s, are %s", before, after)
				}
				adopted(t, s)
			})
		}
	})
}

// checksums are of what the tables of version 1 hold.
func checksums(t *testing.T, kind string, db *sql.DB) string {
	t.Helper()
	sum := sha256.New()
	for _, query := range []string{
		"SELECT id, email, username, password, active, fs_uniquifier, confirmed_at, last_login_at, login_count, tf_totp_secret, create_datetime, update_datetime FROM user ORDER BY id",
		"SELECT id, name, description, permissions, update_datetime FROM role ORDER BY id", "SELECT user_id, role_id FROM roles_users ORDER BY 1, 2",
	} {
		rows, err := db.Query(ddl(kind, query))
		if err != nil {
			t.Fatal(err)
		}
		names, _ := rows.Columns()
		values := make([]any, len(names))
		for rows.Next() {
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				_, _ = fmt.Fprintf(sum, "%v\x00", *v.(*any))
			}
		}
		_ = rows.Close()
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func adopted(t *testing.T, s *sqlstore.Store[plain, *plain]) {
	t.Helper()
	ctx := t.Context()
	find := func(attr, value string, anyCase bool) string {
		u, list, err := s.LoadUser(ctx, doorward.UserQuery{Attr: attr, Value: value, AnyCase: anyCase})
		if errors.Is(err, doorward.ErrNotFound) {
			return "nobody"
		} else if err != nil {
			t.Fatalf("%s %q: %v", attr, value, err)
		}
		if u.SecurityAccount().Active != (len(list) == 1) {
			t.Errorf("%s: roles %q", value, list)
		}
		return u.SecurityAccount().Uniquifier
	}
	for _, c := range []struct {
		attr, value string
		anyCase     bool
		want        string
	}{
		{"email", "Joe@example.com", false, "abc"}, {"email", "joe@example.com", false, "nobody"}, {"email", "Joe@example.com ", false, "nobody"},
		{"email", "joe@EXAMPLE.com", true, "abc"}, {"email", "joe@example.com ", true, "nobody"}, {"email", "jöe@example.com", true, "nobody"},
		{"email", "e@example.com", false, "nobody"}, {"email", "e@example.com", true, "nobody"}, {"email", "É@example.com", true, "nobody"}, {"email", "é@Example.com", true, "def"},
		{"username", "JOE", false, "nobody"}, {"username", "JOE", true, "abc"}, {"fs_uniquifier", "ABC", false, "nobody"},
		{"email", "🦊@example.com", false, "nobody"}, {"email", "🦊@example.com", true, "nobody"}, {"id", "1", false, "abc"}, {"id", "one", false, "nobody"},
	} {
		if have := find(c.attr, c.value, c.anyCase); have != c.want {
			t.Errorf("%s %q (any case: %t) is %s, want %s", c.attr, c.value, c.anyCase, have, c.want)
		}
	}
	if _, err := s.FindRole(ctx, "admin"); !errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("a role in another case: %v", err)
	}
	for id, want := range map[string]string{"abc": "Joe@example.com", "ABC": ""} { // the join is exact too
		key := fmt.Sprintf("%064s", id)
		if err := s.CreateSession(ctx, doorward.Session{IDHash: key, Uniquifier: id, CreatedAt: time.Now()}, ""); err != nil {
			t.Fatal(err)
		}
		_, u, _, err := s.LoadSession(ctx, key)
		if (want == "") != errors.Is(err, doorward.ErrNotFound) || err == nil && u.SecurityAccount().Email != want {
			t.Errorf("session of %s: %v", id, err)
		}
	}
	u := &plain{ID: 1}
	err := s.UpdateUser(ctx, u, func(a *doorward.Account) error { a.USPhoneNumber, a.CurrentLoginAt = "+1", time.Now(); return nil })
	if err != nil || u.Email != "Joe@example.com" || !u.ConfirmedAt.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v %v", u, err)
	}
	if found, err := s.FindUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: "abc"}); err != nil || found.SecurityAccount().CurrentLoginAt.After(time.Now()) {
		t.Errorf("a time was rounded into the future: %v %v", found, err)
	}
	fresh := &plain{Account: doorward.Account{Email: "new@example.com"}}
	if err := errors.Join(s.CreateUser(ctx, fresh, "Admin"), s.DeleteUser(ctx, fresh)); err != nil {
		t.Error(err)
	}
	err = s.CreateUser(ctx, &plain{Account: doorward.Account{Email: "Joe@example.com"}})
	if dup, ok := errors.AsType[*doorward.DuplicateError](err); !ok || dup.Attr != "email" {
		t.Errorf("a taken email: %v", err)
	}
}

// A column that holds texts to be equal which are not does not make a look-up
// find somebody else.
func TestColumnsWithoutCase(t *testing.T) {
	for kind, column := range map[string]string{testdb.SQLite: "VARCHAR(255) COLLATE NOCASE", testdb.Postgres: "citext", testdb.MySQL: "VARCHAR(255) COLLATE utf8mb4_unicode_ci"} {
		t.Run(kind, func(t *testing.T) {
			db := database(t, kind)
			if kind == testdb.Postgres {
				if _, err := db.Exec("CREATE EXTENSION citext"); err != nil {
					t.Skip("the server has no citext")
				}
			}
			columns := strings.Replace(accountColumns, "email VARCHAR(255)", "email "+column, 1)
			mustExec(t, db, ddl(kind, `CREATE TABLE user (id INTEGER PRIMARY KEY,`+columns+`)`))
			s := openOn[plain](t, kind, db, sqlstore.Config{})
			if err := s.CreateUser(t.Context(), &plain{Account: doorward.Account{Email: "Joe@example.com"}}); err != nil {
				t.Fatal(err)
			}
			for value, want := range map[string]bool{"Joe@example.com": true, "joe@example.com": false, "Joe@example.com ": false, "Joé@example.com": false} {
				for _, anyCase := range []bool{false, true} {
					_, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: value, AnyCase: anyCase})
					if found := err == nil; found != (want || anyCase && value == "joe@example.com") || err != nil && !errors.Is(err, doorward.ErrNotFound) {
						t.Errorf("%q (any case: %t): %v", value, anyCase, err)
					}
				}
			}
		})
	}
}

// Who shares a value with others is not found by it, and no roles are mixed:
// columns of an application's own, or of a table of its own, need not be unique.
func TestSharedValues(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		email := "email VARCHAR(255)"
		if kind == testdb.MySQL {
			email += " COLLATE utf8mb4_bin"
		}
		columns := strings.Replace(accountColumns, "email VARCHAR(255) NOT NULL UNIQUE", email, 1)
		if columns == accountColumns {
			t.Fatal("the column is not there")
		}
		db := database(t, kind, `CREATE TABLE user (id INTEGER PRIMARY KEY,`+columns+`)`)
		s := openOn[plain](t, kind, db, sqlstore.Config{})
		for _, role := range []string{"admin", "writer"} {
			if err := s.CreateRole(t.Context(), doorward.Role{Name: role}); err != nil {
				t.Fatal(err)
			}
		}
		for i, email := range []string{"joe@example.com", "joe@example.com", "Joe@example.com", "ann@example.com", "Ann@example.com", "ANN@example.com"} {
			u := &plain{Account: doorward.Account{Email: email, Username: fmt.Sprint("name", i)}}
			if err := s.CreateUser(t.Context(), u, []string{"admin", "writer"}[i%2]); err != nil {
				t.Fatal(err)
			}
		}
		for email, want := range map[string][2]bool{ // byte by byte, in any case
			"joe@example.com": {false, false}, "Joe@example.com": {true, true}, "JOE@example.com": {false, false},
			"ann@example.com": {true, true}, "ANN@example.com": {true, true}, "aNN@example.com": {false, false},
		} {
			for i, want := range want {
				q := doorward.UserQuery{Attr: "email", Value: email, AnyCase: i == 1}
				_, err := s.FindUser(t.Context(), q)
				u, list, err2 := s.LoadUser(t.Context(), q)
				if !want && (!errors.Is(err, doorward.ErrNotFound) || !errors.Is(err2, doorward.ErrNotFound)) ||
					want && (err != nil || err2 != nil || len(list) != 1 || u.SecurityAccount().Email != email) {
					t.Errorf("%+v: %v, %v, roles %v", q, err, err2, list)
				}
			}
		}
	})
}

// Of two who register at once with the same email in another case one succeeds.
func TestAnyCaseIsUnique(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		s := openOn[plain](t, kind, database(t, kind), sqlstore.Config{})
		emails := []string{"joe@example.com", "Joe@example.com", "JOE@EXAMPLE.COM", "joe@Example.com"}
		done := make(chan error)
		for _, email := range emails {
			go func() {
				done <- s.CreateUser(context.Background(), &plain{Account: doorward.Account{Email: email, Username: email[:3]}})
			}()
		}
		won := 0
		for range emails {
			err := <-done
			dup, isDup := errors.AsType[*doorward.DuplicateError](err)
			if err == nil {
				won++
			} else if !isDup || dup.Attr != "email" && dup.Attr != "username" {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d registered", won)
		}
		one := &plain{Account: doorward.Account{Email: "b@example.com", Username: "Ann"}}
		two := &plain{Account: doorward.Account{Email: "c@example.com", Username: "aNN"}}
		err := errors.Join(s.CreateUser(t.Context(), one), s.CreateUser(t.Context(), two))
		if dup, ok := errors.AsType[*doorward.DuplicateError](err); !ok || dup.Attr != "username" {
			t.Error(err)
		}
	})
}
