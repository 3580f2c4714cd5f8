package sqlstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// passkeyTable is Flask-Security's, as far as it matters, with room for types.
const passkeyTable = `CREATE TABLE web_authn (id INTEGER PRIMARY KEY, credential_id BLOB, public_key BLOB, name VARCHAR(64), "usage" VARCHAR(64), user_id INTEGER)`

// Users whom Flask-Security asks for a passkey are told of, because nothing here
// does: whatever the table is like.
func TestInspectPasskeys(t *testing.T) {
	const second, first = "as second factor", "with a passkey and no password"
	cases := map[string]struct {
		from, to string
		table    string
		rows     []string // usage and owner
		want     []string
	}{
		"none":       {},
		"first only": {rows: []string{"'first', 1"}},
		"a second factor": {
			rows: []string{"'secondary', 1", "'secondary', 1", "'first', 1", "'secondary', 2", "'secondary', 3", "'first', 2"},
			want: []string{"3 users with a passkey " + second},
		},
		"one of them":     {rows: []string{"'secondary', 1"}, want: []string{"1 user with a passkey " + second}},
		"no password":     {rows: []string{"'first', 4", "'first', 4", "'first', 5", "'first', 1"}, want: []string{"2 users " + first}},
		"both":            {rows: []string{"'first', 4", "'secondary', 1"}, want: []string{"1 user with a passkey " + second, "1 user " + first}},
		"unknown usage":   {rows: []string{"NULL, 1", "'both', 2"}, want: []string{"2 users with a passkey " + second}},
		"nobody's":        {rows: []string{"'secondary', NULL", "'first', 99"}},
		"by another name": {table: "webauthn", rows: []string{"'secondary', 1", "'first', 4"}, want: []string{"1 user with a passkey " + second + " (webauthn)", "1 user " + first + " (webauthn)"}},
		"usage: none":     {from: `"usage" VARCHAR(64)`, to: `other VARCHAR(64)`, rows: []string{"'first', 1", "'x', 4"}, want: []string{"2 users with a passkey, which may be a second factor", "1 user " + first}},
		"usage: number":   {from: `"usage" VARCHAR(64)`, to: `"usage" INTEGER`, rows: []string{"0, 1", "1, 2", "0, 4"}, want: []string{"3 users with a passkey " + second}},
		"usage: fixed":    {from: `"usage" VARCHAR(64)`, to: `"usage" CHAR(64)`, rows: []string{"'first', 1", "'secondary', 2"}, want: []string{"1 user with a passkey " + second}},
		"owner: none":     {from: "user_id", to: "person", rows: []string{"'secondary', 1", "'first', 1", "'secondary', 1"}, want: []string{"2 passkeys " + second}},
		"owner: text":     {from: "user_id INTEGER", to: "user_id VARCHAR(36)", rows: []string{"'secondary', '1'", "'first', '4'"}, want: []string{"1 user with a passkey " + second, "1 user " + first}},
		"owner: blob":     {from: "user_id INTEGER", to: "user_id BLOB", rows: []string{"'secondary', '1'"}, want: []string{"1 user with a passkey " + second}},
		"owner: json":     {from: "user_id INTEGER", to: "user_id JSON", rows: []string{"'secondary', '1'"}, want: []string{"1 user with a passkey " + second}},
		"neither":         {from: `"usage" VARCHAR(64), user_id INTEGER`, to: "a INTEGER, b INTEGER", rows: []string{"1, 1"}, want: []string{"1 passkey, which may be a second factor"}},
	}
	onEach(t, func(t *testing.T, kind string) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				if !strings.Contains(passkeyTable, c.from) {
					t.Fatal("the column is not there")
				}
				text := strings.Replace(passkeyTable, c.from, c.to, 1)
				if kind == testdb.MySQL {
					text = strings.ReplaceAll(text, `"`, "`")
				}
				db := database(t, kind, `CREATE TABLE user (id INTEGER PRIMARY KEY,`+accountColumns+`)`, text)
				for i, hash := range []string{"'$2b$12$x'", "'$2b$12$x'", "'$2b$12$x'", "NULL", "''"} {
					mustExec(t, db, ddl(kind, fmt.Sprintf(`INSERT INTO user (id, email, fs_uniquifier, password, active) VALUES (%d, 'u%[1]d', 'u%[1]d', %[2]s, true)`, i+1, hash)))
				}
				for _, row := range c.rows {
					mustExec(t, db, "INSERT INTO web_authn ("+lastColumns(text)+") VALUES ("+row+")")
				}
				if c.table != "" { // ours was made beside it
					mustExec(t, db, "ALTER TABLE web_authn RENAME TO "+c.table)
					mustExec(t, db, ddl(kind, text))
				}
				r := inspect[plain](t, kind, db, sqlstore.Config{})
				if have := problems(r.Warnings); !slices.Equal(have, c.want) || len(r.Misfits) > 0 {
					t.Errorf("%q, want %q; %+v", have, c.want, r.Misfits)
				}
				alone, err := sqlstore.InspectPasskeys(t.Context(), db, sqlstore.Dialect(kind), sqlstore.Config{})
				if want := slices.DeleteFunc(slices.Clone(c.want), func(p string) bool { return strings.Contains(p, "no password") }); err != nil || !slices.Equal(problems(alone), want) {
					t.Errorf("passkeys alone: %q, want %q; %v", problems(alone), want, err)
				}
				for _, f := range r.Warnings {
					if !strings.Contains(f.Hint, "no passkeys here yet") || !strings.Contains(f.Hint, "Flask application") {
						t.Errorf("%+v", f)
					}
				}
			})
		}
	})
}

// lastColumns names the last two columns of a table.
func lastColumns(create string) string {
	all := strings.Split(strings.TrimSuffix(create, ")"), ", ")
	var out []string
	for _, column := range all[len(all)-2:] {
		out = append(out, strings.Fields(column)[0])
	}
	return strings.Join(out, ", ")
}

// Keys of an application's own kind are compared as what they are.
func TestInspectPasskeysOwnKey(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		key := map[string]string{testdb.SQLite: "CHAR(36)", testdb.Postgres: "UUID", testdb.MySQL: "CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"}[kind]
		db := database(t, kind, `CREATE TABLE user (id `+key+` PRIMARY KEY NOT NULL,`+accountColumns+`)`,
			`CREATE TABLE web_authn (credential_id BLOB, public_key BLOB, name VARCHAR(64), user_id VARCHAR(36))`)
		type user struct {
			ID string `db:"id,pk"`
			doorward.Account
		}
		const id = "0f8fad5b-d9cb-469f-a165-70867728950e"
		mustExec(t, db, ddl(kind, `INSERT INTO user (id, email, fs_uniquifier, active) VALUES ('`+id+`', 'a', 'a', true)`))
		mustExec(t, db, `INSERT INTO web_authn (user_id) VALUES ('`+id+`')`)
		have := problems(inspect[user](t, kind, db, sqlstore.Config{}).Warnings)
		if !slices.Equal(have, []string{"1 user with a passkey, which may be a second factor", "1 user with a passkey and no password"}) {
			t.Errorf("%q", have)
		}
	})
}
