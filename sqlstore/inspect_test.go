package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// models are those of testdata, which Flask-Security's own classes made, and
// what of the newest they lack.
func models() []struct {
	name    string
	missing []string // features
} {
	own := []string{"who is signed in where, so that it can be ended", "remember me", "links and codes that work only once", "limits on guessing"}
	with := func(more ...string) []string { return append(more, own...) }
	return []struct {
		name    string
		missing []string
	}{
		{"fsqla", with("unified sign-in", "passkeys", "recovery codes", "refresh tokens")},
		{"fsqla_v2", with("passkeys", "recovery codes", "refresh tokens")},
		{"fsqla_v3", with("refresh tokens")},
		{"fsqla_v4", own},
		{"sqla", with("refresh tokens")},
		{"sqla_v2", own},
	}
}

// flaskDatabase is a database that Flask-Security made.
func flaskDatabase(tb testing.TB, kind, model string) (*sql.DB, sqlstore.Config) {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + model + "." + kind + ".sql")
	if err != nil {
		tb.Fatal(err)
	}
	db := testdb.Open(tb, kind).DB
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) != "" {
			mustExec(tb, db, statement)
		}
	}
	var cfg sqlstore.Config
	if strings.HasPrefix(model, "sqla") {
		cfg.Passkeys = "webauthn"
	}
	return db, cfg
}

// catalogue lists the tables and columns of a database.
func catalogue(tb testing.TB, kind string, db *sql.DB) []string {
	tb.Helper()
	query := map[string]string{
		testdb.SQLite:   `SELECT m.name, t.name FROM sqlite_master m, pragma_table_info(m.name) t WHERE m.type = 'table' ORDER BY 1, 2`,
		testdb.Postgres: `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
		testdb.MySQL:    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2`,
	}[kind]
	var out []string
	for _, row := range dump(tb, db, query) {
		out = append(out, strings.Join(row, "."))
	}
	return out
}

// dump is the result of a query, byte for byte.
func dump(tb testing.TB, db *sql.DB, query string) (out [][]string) {
	tb.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		tb.Fatal(query, err)
	}
	defer func() { _ = rows.Close() }()
	names, _ := rows.Columns()
	for rows.Next() {
		values, dests := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dests[i] = &values[i]
		}
		if err := rows.Scan(dests...); err != nil {
			tb.Fatal(err)
		}
		row := make([]string, len(names))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			row[i] = fmt.Sprintf("%v", v)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

// quoteOf quotes a name as a kind of database does.
func quoteOf(kind, name string) string {
	if kind == testdb.MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// content is every row of what a database has by now, in the columns that it
// has by now.
func content(tb testing.TB, kind string, db *sql.DB, columns []string) string {
	tb.Helper()
	exprs := map[string][]string{}
	for _, c := range columns {
		table, column, _ := strings.Cut(c, ".")
		expr := quoteOf(kind, column)
		if kind == testdb.SQLite {
			expr = "typeof(" + expr + ") || ':' || quote(" + expr + ")"
		}
		exprs[table] = append(exprs[table], expr)
	}
	var b strings.Builder
	for _, table := range slices.Sorted(maps.Keys(exprs)) {
		list := strings.Join(exprs[table], ", ")
		for _, row := range dump(tb, db, "SELECT "+list+" FROM "+quoteOf(kind, table)+" ORDER BY "+list) {
			fmt.Fprintf(&b, "%s %q\n", table, row)
		}
	}
	return b.String()
}

func inspect[U any, PU sqlstore.Record[U]](tb testing.TB, kind string, db *sql.DB, cfg sqlstore.Config) *sqlstore.Report {
	tb.Helper()
	r, err := sqlstore.Inspect[U, PU](context.Background(), db, sqlstore.Dialect(kind), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// Whatever model a database is of: it is recognised, what is going to be added
// is said before, that and nothing else is added, every value stays as it was,
// and the store works.
func TestInspectFlask(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		for _, m := range models() {
			t.Run(m.name, func(t *testing.T) {
				db, cfg := flaskDatabase(t, kind, m.name)
				before := catalogue(t, kind, db)
				values := content(t, kind, db, before)
				r := inspect[plain](t, kind, db, cfg)
				if after := catalogue(t, kind, db); !slices.Equal(after, before) {
					t.Fatalf("looking changed something: %q", after)
				}
				if r.Model != m.name || r.Users != 2 || r.Roles != 2 || len(r.Misfits) > 0 || len(r.Warnings) > 0 || !r.Fits() || r.Migrated {
					t.Errorf("%+v", r)
				}
				var features []string
				for _, missing := range r.Missing {
					features = append(features, missing.Feature)
				}
				if slices.Sort(features); !slices.Equal(features, slices.Sorted(slices.Values(m.missing))) {
					t.Errorf("missing for %q", features)
				}
				migrateAsPlanned(t, kind, db, cfg, r, before)
				if after := content(t, kind, db, before); after != values {
					t.Errorf("before:\n%s\nafter:\n%s", values, after)
				}
				if r := inspect[plain](t, kind, db, cfg); len(r.Plan)+len(r.Missing)+len(r.Misfits)+len(r.Warnings) > 0 || !r.Migrated {
					t.Errorf("after it: %+v", r)
				}
				worksOn(t, openOn[plain](t, kind, db, cfg))
				flaskGoesOn(t, kind, db)
			})
		}
	})
}

// migrateAsPlanned fails if Migrate does not do what the plan says, and only
// that.
func migrateAsPlanned(t *testing.T, kind string, db *sql.DB, cfg sqlstore.Config, r *sqlstore.Report, before []string) {
	t.Helper()
	var names, adds []string
	for _, step := range r.Plan {
		if !slices.Contains(names, step.Migration) {
			names = append(names, step.Migration)
		}
		if step.For == "" {
			t.Errorf("for what: %+v", step)
		}
		adds = append(adds, step.Adds...)
	}
	applied, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), cfg)
	if err != nil || !slices.Equal(applied, names) {
		t.Fatalf("applied %q (%v), planned %q", applied, err, names)
	}
	added := map[string]bool{}
	for _, c := range catalogue(t, kind, db) {
		table, _, _ := strings.Cut(c, ".")
		if slices.ContainsFunc(before, func(b string) bool { return strings.HasPrefix(b, table+".") }) {
			table = "column " + c
		} else {
			table = "table " + table
		}
		if !slices.Contains(before, c) {
			added[table] = true
		}
	}
	for _, add := range adds {
		if name, ok := strings.CutPrefix(add, "index "); ok {
			if !hasIndex(t, kind, db, name) {
				t.Errorf("the index %s is not there", name)
			}
		} else if !added[add] {
			t.Errorf("planned %s, which is not there", add)
		}
		delete(added, add)
	}
	for what := range added {
		t.Errorf("added without a plan: %s", what)
	}
}

func hasIndex(t *testing.T, kind string, db *sql.DB, name string) bool {
	t.Helper()
	query := map[string]string{
		testdb.SQLite:   `SELECT name FROM sqlite_master WHERE type = 'index' AND name = '%s'`,
		testdb.Postgres: `SELECT indexname FROM pg_indexes WHERE indexname = '%s'`,
		testdb.MySQL:    `SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = '%s'`,
	}[kind]
	return len(dump(t, db, fmt.Sprintf(query, name))) == 1
}

// worksOn uses what Flask made, and makes more.
func worksOn(t *testing.T, s *sqlstore.Store[plain, *plain]) {
	t.Helper()
	ctx := t.Context()
	u, roles, err := s.LoadUser(ctx, doorward.UserQuery{Attr: "email", Value: "joe@example.com", AnyCase: true})
	if err != nil || len(roles) != 1 || roles[0].Name != "admin" || !slices.Equal(roles[0].Permissions, []string{"all"}) {
		t.Fatalf("%+v %v %v", u, roles, err)
	}
	err = s.UpdateUser(ctx, u, func(a *doorward.Account) error {
		a.USTOTPSecrets, a.RecoveryCodes, a.LoginCount = map[string]string{"email": "x"}, []string{"a", "b"}, a.LoginCount+1
		return nil
	})
	if a := u.SecurityAccount(); err != nil || a.LoginCount != 8 || a.CurrentLoginIP != "2001:db8::1" || a.ConfirmedAt.Year() != 2026 {
		t.Errorf("%+v %v", a, err)
	}
	fresh := &plain{Account: doorward.Account{Email: "new@example.com", Active: true}}
	if err := errors.Join(s.CreateUser(ctx, fresh, "admin", "Éditeur"), s.UpdateRole(ctx, "Éditeur", func(r *doorward.Role) error {
		r.Permissions = []string{"read", "write"}
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	_, roles, err = s.LoadUser(ctx, doorward.UserQuery{Attr: "email", Value: "new@example.com"})
	if err != nil || len(roles) != 2 {
		t.Errorf("%v %v", roles, err)
	}
}

// flaskGoesOn makes and deletes a user as SQLAlchemy does for an application that
// knows none of the columns and tables that are new: nothing may stand in the way.
func flaskGoesOn(t *testing.T, kind string, db *sql.DB) {
	t.Helper()
	user := quoteOf(kind, "user")
	mustExec(t, db, "INSERT INTO "+user+" (email, password, active, fs_uniquifier) VALUES ('flask@example.com', '', true, 'x')")
	id := dump(t, db, "SELECT id FROM "+user+" WHERE fs_uniquifier = 'x'")[0][0]
	mustExec(t, db, `INSERT INTO fs_refresh_tracker (refresh_family, expires_at, last_used_at, name, gen, user_id) VALUES ('g', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'n', 1, `+id+`)`)
	mustExec(t, db, "DELETE FROM "+user+" WHERE id = "+id)
	if left := dump(t, db, "SELECT user_id FROM fs_refresh_tracker WHERE user_id = "+id); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
