package sqlstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// problems are those of findings.
func problems(list []sqlstore.Finding) (out []string) {
	for _, f := range list {
		out = append(out, f.Problem)
	}
	return out
}

// wantOne fails unless there is exactly one finding, with that in it.
func wantOne(t *testing.T, what string, list []sqlstore.Finding, want string) {
	t.Helper()
	if want == "" && len(list) == 0 {
		return
	}
	if want == "" || len(list) != 1 || !strings.Contains(list[0].Problem, want) || list[0].Hint == "" {
		t.Errorf("%s: %q, want %q", what, problems(list), want)
	}
}

// A column of a type that does not fit is said by its name, what it is and what
// it should be.
func TestInspectTypes(t *testing.T) {
	for _, c := range []struct {
		kind, from, to string
		misfit, warn   string
	}{
		{testdb.SQLite, "fs_uniquifier VARCHAR(64)", "fs_uniquifier INTEGER", "user.fs_uniquifier is INTEGER", ""},
		{testdb.SQLite, "fs_uniquifier VARCHAR(64)", "fs_uniquifier VARCHAR(10)", "", ""}, // it holds any text
		{testdb.SQLite, "active BOOLEAN", "active TEXT", "user.active is TEXT", ""},
		{testdb.SQLite, "active BOOLEAN", "active INTEGER", "", ""},
		{testdb.SQLite, "active BOOLEAN", "active TINYINT(1)", "", ""},
		{testdb.SQLite, "confirmed_at DATETIME", "confirmed_at TEXT", "user.confirmed_at is TEXT", ""},
		{testdb.SQLite, "confirmed_at DATETIME", "confirmed_at INTEGER", "user.confirmed_at is INTEGER", ""},
		{testdb.SQLite, "confirmed_at DATETIME", "confirmed_at TIMESTAMP", "", ""},
		{testdb.SQLite, "login_count INTEGER", "login_count TEXT", "user.login_count is TEXT", ""},
		{testdb.SQLite, "login_count INTEGER", "login_count BIGINT", "", ""},
		{testdb.SQLite, "permissions TEXT", "permissions JSON", "role.permissions is JSON", ""},
		{testdb.SQLite, "username VARCHAR(255) UNIQUE", "username VARCHAR(255) UNIQUE NOT NULL", "", "user.username is NOT NULL"},
		{testdb.SQLite, "username VARCHAR(255) UNIQUE", "username VARCHAR(255), tenant INTEGER NOT NULL", "user.tenant is NOT NULL", ""},
		{testdb.SQLite, "username VARCHAR(255) UNIQUE", "username VARCHAR(255), tenant INTEGER NOT NULL DEFAULT 1", "", ""},
		{testdb.SQLite, "permissions TEXT", "permissions TEXT, level INTEGER NOT NULL", "", "role.level is NOT NULL"},
		{testdb.SQLite, "permissions TEXT", "permissions TEXT, level INTEGER NOT NULL DEFAULT 1", "", ""},
		{testdb.SQLite, "id INTEGER PRIMARY KEY", "id VARCHAR(36) PRIMARY KEY", "the primary key of user is VARCHAR(36)", ""},
		{testdb.SQLite, "fs_uniquifier VARCHAR(64) NOT NULL UNIQUE,", "", "user has no column fs_uniquifier", ""},
		{testdb.Postgres, "fs_uniquifier VARCHAR(64)", "fs_uniquifier VARCHAR(10)", "user.fs_uniquifier is character varying(10)", ""},
		{testdb.Postgres, "fs_uniquifier VARCHAR(64)", "fs_uniquifier UUID", "user.fs_uniquifier is uuid", ""},
		{testdb.Postgres, "fs_uniquifier VARCHAR(64)", "fs_uniquifier CHAR(32)", "user.fs_uniquifier is character(32)", ""},
		{testdb.Postgres, "email VARCHAR(255)", "email VARCHAR(20)", "user.email is character varying(20)", ""},
		{testdb.Postgres, "email VARCHAR(255)", "email VARCHAR(120)", "", "user.email is character varying(120)"},
		{testdb.Postgres, "email VARCHAR(255)", "email TEXT", "", ""},
		{testdb.Postgres, "active BOOLEAN", "active INTEGER", "user.active is integer", ""},
		{testdb.Postgres, "confirmed_at DATETIME", "confirmed_at DATE", "user.confirmed_at is date", ""},
		{testdb.Postgres, "confirmed_at DATETIME", "confirmed_at BIGINT", "user.confirmed_at is bigint", ""},
		{testdb.Postgres, "login_count INTEGER", "login_count NUMERIC(5)", "user.login_count is numeric", ""},
		{testdb.Postgres, "permissions TEXT", "permissions TEXT[]", "role.permissions is text[]", ""},
		{testdb.Postgres, "permissions TEXT", "permissions JSONB", "role.permissions is jsonb", ""},
		{testdb.Postgres, "us_totp_secrets TEXT", "us_totp_secrets JSON", "user.us_totp_secrets is json", ""},
		{testdb.Postgres, "id INTEGER PRIMARY KEY", "id UUID PRIMARY KEY", "the primary key of user is uuid", ""},
		{testdb.MySQL, "fs_uniquifier VARCHAR(64)", "fs_uniquifier VARCHAR(10)", "user.fs_uniquifier is varchar(10)", ""},
		{testdb.MySQL, "active BOOLEAN", "active VARCHAR(5)", "user.active is varchar(5)", ""},
		{testdb.MySQL, "active BOOLEAN", "active INTEGER", "", ""},
		{testdb.MySQL, "active BOOLEAN", "active BIT(1)", "user.active is bit(1)", ""},
		{testdb.MySQL, "confirmed_at DATETIME", "confirmed_at TIMESTAMP NULL", "", ""},
		{testdb.MySQL, "mf_recovery_codes TEXT", "mf_recovery_codes TINYTEXT", "user.mf_recovery_codes is tinytext", ""},
		{testdb.MySQL, "email VARCHAR(255)", "email VARCHAR(191)", "", "user.email is varchar(191)"},
	} {
		t.Run(c.kind+" "+c.to, func(t *testing.T) {
			t.Parallel()
			user := `CREATE TABLE user (id INTEGER PRIMARY KEY,` + accountColumns + `)`
			role := `CREATE TABLE role (id INTEGER PRIMARY KEY, name VARCHAR(80), description TEXT, permissions TEXT)`
			changed := strings.Replace(user+role, c.from, c.to, 1)
			if changed == user+role {
				t.Fatal("the column is not there")
			}
			user, role, _ = strings.Cut(changed, "CREATE TABLE role")
			db := testdb.Open(t, c.kind).DB
			for _, text := range []string{user, "CREATE TABLE role" + role} {
				mustExec(t, db, strings.ReplaceAll(ddl(c.kind, text), "TIMESTAMP(6) NULL", "TIMESTAMP NULL"))
			}
			r := inspect[plain](t, c.kind, db, sqlstore.Config{})
			wantOne(t, "misfits", r.Misfits, c.misfit)
			wantOne(t, "warnings", r.Warnings, c.warn)
		})
	}
}

// What a report calls fitting is what New takes and the store works with.
func TestInspectZones(t *testing.T) {
	db := testdb.Open(t, testdb.Postgres).DB
	columns := strings.ReplaceAll(accountColumns, "DATETIME DEFAULT (CURRENT_TIMESTAMP)", "TIMESTAMP WITH TIME ZONE DEFAULT now()")
	mustExec(t, db, `CREATE TABLE "user" (id SERIAL PRIMARY KEY,`+strings.ReplaceAll(columns, "DATETIME", "TIMESTAMP WITH TIME ZONE")+`)`)
	for zone, want := range map[string]string{"UTC": "", "Asia/Tokyo": "the server's zone is Asia/Tokyo"} {
		db.SetMaxOpenConns(1)
		mustExec(t, db, "SET TIME ZONE '"+zone+"'")
		r := inspect[plain](t, testdb.Postgres, db, sqlstore.Config{})
		wantOne(t, "misfits", r.Misfits, "")
		wantOne(t, zone, r.Warnings, want)
	}
	db.SetMaxOpenConns(4)
	s := openOn[plain](t, testdb.Postgres, db, sqlstore.Config{})
	at := time.Date(2026, 7, 1, 23, 30, 0, 0, time.FixedZone("", 3600))
	u := &plain{Account: doorward.Account{Email: "joe@example.com", ConfirmedAt: at}}
	if err := s.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	have, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: u.Email})
	if err != nil || !have.SecurityAccount().ConfirmedAt.Equal(at) {
		t.Errorf("%v %v", have, err)
	}
}

// An application's key of its own kind fits where its user type has it.
func TestInspectOwnKey(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		key := map[string]string{testdb.SQLite: "CHAR(32)", testdb.Postgres: "UUID", testdb.MySQL: "CHAR(36)"}[kind]
		db := database(t, kind, `CREATE TABLE user (id `+key+` PRIMARY KEY NOT NULL,`+accountColumns+`)`)
		type user struct {
			ID string `db:"id,pk"`
			doorward.Account
		}
		before := catalogue(t, kind, db)
		r := inspect[user](t, kind, db, sqlstore.Config{})
		wantOne(t, "own type", r.Misfits, "")
		wantOne(t, "a number", inspect[plain](t, kind, db, sqlstore.Config{}).Misfits, "the primary key of user is")
		migrateAsPlanned(t, kind, db, sqlstore.Config{}, r, before)
		s := openOn[user](t, kind, db, sqlstore.Config{})
		u := &user{ID: "0f8fad5b-d9cb-469f-a165-70867728950e", Account: doorward.Account{Email: "joe@example.com"}}
		if err := s.CreateUser(t.Context(), u); err != nil {
			t.Error(err)
		}
	})
}

// Tables by other names are found, and only taken when the configuration says so.
func TestInspectNames(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db := database(t, kind, `CREATE TABLE users (id INTEGER PRIMARY KEY,`+accountColumns+`)`,
			`CREATE TABLE roles (id INTEGER PRIMARY KEY, name VARCHAR(80), description TEXT)`,
			`CREATE TABLE user_roles (user_id INTEGER, role_id INTEGER)`,
			`CREATE TABLE product (id INTEGER PRIMARY KEY, name VARCHAR(80), description TEXT)`)
		r := inspect[plain](t, kind, db, sqlstore.Config{})
		if like := r.Tables[0].Like; r.Found() || !slices.Equal(like, []string{"users"}) || len(r.Plan) > 0 || r.Fits() {
			t.Errorf("%+v", r)
		}
		if !slices.Equal(r.Tables[1].Like, []string{"roles"}) || !slices.Equal(r.Tables[2].Like, []string{"user_roles"}) {
			t.Errorf("%+v", r.Tables)
		}
		cfg := sqlstore.Config{Users: "users", Roles: "roles", RolesUsers: "user_roles"}
		before := catalogue(t, kind, db)
		r = inspect[plain](t, kind, db, cfg)
		if !r.Fits() {
			t.Errorf("%+v", r)
		}
		migrateAsPlanned(t, kind, db, cfg, r, before) // with the permissions that roles lacked
		if again := inspect[plain](t, kind, db, cfg); len(again.Plan)+len(again.Missing) > 0 {
			t.Errorf("%+v", again)
		}
		s := openOn[plain](t, kind, db, cfg)
		if err := s.CreateRole(t.Context(), doorward.Role{Name: "a", Permissions: []string{"b"}}); err != nil {
			t.Error(err)
		}
	})
}

func TestInspectNothing(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db := database(t, kind, `CREATE TABLE product (id INTEGER PRIMARY KEY, name VARCHAR(80))`)
		r := inspect[plain](t, kind, db, sqlstore.Config{})
		if r.Fits() || r.Model != "" || len(r.Misfits)+len(r.Warnings)+len(r.Plan)+len(r.Missing) > 0 || len(r.Tables) != 5 {
			t.Errorf("%+v", r)
		}
	})
}

// A table by the configured name that has nothing of a user is not taken for
// one, nor told what it lacks. One with a part of a user is.
func TestInspectOther(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db := database(t, kind, `CREATE TABLE user (id INTEGER PRIMARY KEY, login VARCHAR(80), tenant INTEGER NOT NULL)`)
		r := inspect[plain](t, kind, db, sqlstore.Config{})
		if users := r.Tables[0]; r.Found() || !users.Other || r.Fits() || len(users.Like)+len(r.Misfits)+len(r.Missing)+len(r.Plan) > 0 {
			t.Errorf("%+v", r)
		}
		mustExec(t, db, ddl(kind, `CREATE TABLE person (id INTEGER PRIMARY KEY,`+accountColumns+`)`))
		r = inspect[plain](t, kind, db, sqlstore.Config{})
		if users := r.Tables[0]; r.Found() || !users.Other || !slices.Equal(users.Like, []string{"person"}) {
			t.Errorf("%+v", r)
		}
		for _, column := range []string{"email", "password", "fs_uniquifier"} {
			table := "with_" + column
			mustExec(t, db, ddl(kind, `CREATE TABLE `+table+` (id INTEGER PRIMARY KEY, `+column+` VARCHAR(255))`))
			r = inspect[plain](t, kind, db, sqlstore.Config{Users: table})
			if !r.Found() || r.Tables[0].Other || len(r.Misfits) == 0 {
				t.Errorf("%s: %+v", column, r)
			}
		}
	})
}

// Rows with which something will not work are counted, and not shown.
func TestInspectRows(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		columns := strings.NewReplacer("fs_uniquifier VARCHAR(64) NOT NULL UNIQUE", "fs_uniquifier VARCHAR(400)", "email VARCHAR(255) NOT NULL UNIQUE", "email VARCHAR(255)",
			"username VARCHAR(255) UNIQUE", "username VARCHAR(255)").Replace(accountColumns)
		db := database(t, kind, `CREATE TABLE user (id INTEGER PRIMARY KEY,`+columns+`)`,
			`CREATE TABLE role (id INTEGER PRIMARY KEY, name VARCHAR(80), description TEXT, permissions TEXT)`)
		for i, u := range []struct{ email, uniquifier, hash string }{
			{"'Joe@example.com'", "'a'", "'$2b$12$secret'"}, {"'joe@example.com'", "'b'", "'abJnggxhB/yWI'"}, {"'ann@example.com'", "'c'", "'kept secret'"},
			{"'bob@example.com'", "'c'", "NULL"}, {"'eve@example.com'", "NULL", "''"}, {"'dan@example.com'", "''", "'$1$x$y'"}, {"'C@example.com'", "'C'", "'$6$rounds'"},
			{"'long@example.com'", "'" + strings.Repeat("u", 300) + "'", "'{SSHA}x'"},
		} {
			mustExec(t, db, ddl(kind, fmt.Sprintf(`INSERT INTO user (email, username, fs_uniquifier, password, active) VALUES (%s, 'n%d', %s, %s, true)`, u.email, i, u.uniquifier, u.hash)))
		}
		mustExec(t, db, `INSERT INTO role (name) VALUES ('good'), ('a,b'), (' c'), (NULL)`)
		if kind != testdb.MySQL { // there a backslash would be needed
			mustExec(t, db, "INSERT INTO role (name) VALUES ('x\x1ey')")
		}
		want := []string{
			"2 users without a user.fs_uniquifier", "2 users with a user.fs_uniquifier that another one has too",
			"2 users with a user.email that another one has in other letter case",
			"1 user with a password hash of a kind that is not read: an LDAP server's", "1 user with a password hash of a kind that is not read: des_crypt",
			"1 user with a password hash of a kind that is not read: md5_crypt", "1 user with a password hash of a kind that is not read: unknown, or plain text",
			"3 roles with a comma or outer spaces in the name, or none at all",
		}
		if kind != testdb.SQLite {
			want = append(want, "1 user with a user.fs_uniquifier of more than 255 characters")
		} else {
			mustExec(t, db, `UPDATE user SET confirmed_at = 'last week', login_count = 'many' WHERE id = 1`)
			mustExec(t, db, `UPDATE user SET confirmed_at = 1767225600 WHERE id = 2`)
			want = append(want, "2 users with a user.confirmed_at that cannot be read", "1 user with a user.login_count that cannot be read")
		}
		if kind != testdb.MySQL {
			want = append(want, "1 role with a control character in the name")
		}
		r := inspect[plain](t, kind, db, sqlstore.Config{})
		have := problems(r.Warnings)
		if slices.Sort(have); !slices.Equal(have, slices.Sorted(slices.Values(want))) {
			t.Errorf("%q,\nwant %q", have, want)
		}
		if len(r.Misfits) > 0 || r.Users != 8 {
			t.Errorf("%+v", r)
		}
		if text := fmt.Sprintf("%+v", r); strings.Contains(text, "example.com") || strings.Contains(text, "secret'") || strings.Contains(text, "kept") {
			t.Errorf("the report tells of people: %s", text)
		}
	})
}

// Links that Migrate makes go with their user, for an application that has none.
func TestLinksGoWithTheirUser(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db := database(t, kind, `CREATE TABLE user (id INTEGER PRIMARY KEY,`+accountColumns+`)`)
		s := openOn[plain](t, kind, db, sqlstore.Config{})
		u := &plain{Account: doorward.Account{Email: "joe@example.com"}}
		if err := errors.Join(s.CreateRole(t.Context(), doorward.Role{Name: "admin"}), s.CreateUser(t.Context(), u, "admin")); err != nil {
			t.Fatal(err)
		}
		mustExec(t, db, "DELETE FROM "+quoteOf(kind, "user"))
		if left := dump(t, db, "SELECT user_id FROM roles_users"); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// Every kind of hash that package password has vectors of is known to be read.
func TestInspectHashes(t *testing.T) {
	text, err := os.ReadFile("../password/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Scheme, Stored string }
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) < 50 {
		t.Fatal(len(vectors), err)
	}
	db := database(t, testdb.SQLite, `CREATE TABLE user (id INTEGER PRIMARY KEY,`+accountColumns+`)`)
	for i, v := range vectors {
		if v.Scheme != "plaintext" {
			if _, err := db.Exec(`INSERT INTO user (email, fs_uniquifier, password, active) VALUES (?, ?, ?, true)`, i, i, v.Stored); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantOne(t, "hashes", inspect[plain](t, testdb.SQLite, db, sqlstore.Config{}).Warnings, "")
}

// What fails half-way leaves nothing, where the database can do that.
func TestMigrateFailsAsAWhole(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		db, cfg := flaskDatabase(t, kind, "fsqla")
		mustExec(t, db, `CREATE TABLE doorward_guess (something INTEGER)`)
		mustExec(t, db, `CREATE TABLE doorward_migration (version INTEGER PRIMARY KEY, something INTEGER NOT NULL)`)
		before := catalogue(t, kind, db)
		values := content(t, kind, db, before)
		applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), cfg)
		if err == nil {
			t.Fatal("it worked")
		}
		if after := catalogue(t, kind, db); kind != testdb.MySQL && (!slices.Equal(after, before) || len(applied) > 0) {
			t.Errorf("it left %q", after)
		}
		if content(t, kind, db, before) != values {
			t.Error("rows were changed")
		}
	})
}
