package sqlstore_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// Look-ups and requests read by indexes, also where Migrate did not make the
// user table: no stranger makes the database read all users.
func TestLookupsUseIndexes(t *testing.T) {
	onEach(t, func(t *testing.T, kind string) {
		t.Parallel()
		for _, origin := range []string{"own", "adopted"} {
			var options []string
			if kind == testdb.MySQL {
				options = append(options, "COLLATE utf8mb4_general_ci")
			}
			db := testdb.Open(t, kind, options...).DB
			if origin == "adopted" {
				for _, text := range flask(kind, 3) {
					mustExec(t, db, text)
				}
			}
			s := openOn[plain](t, kind, db, sqlstore.Config{})
			crowd(t, kind, db)
			if err := s.CreateSession(t.Context(), doorward.Session{IDHash: "x", Uniquifier: "f7"}, ""); err != nil {
				t.Fatal(err)
			}
			texts := map[string][]any{sqlstore.SessionText(s): {"x"}}
			for _, q := range []doorward.UserQuery{
				{Attr: "email", Value: "u7@example.com"}, {Attr: "email", Value: "U7@example.com", AnyCase: true}, {Attr: "fs_uniquifier", Value: "f7"},
				{Attr: "username", Value: "x", AnyCase: true},
			} {
				text, args, err := sqlstore.LookupText(s, q)
				if err != nil {
					t.Fatal(err)
				}
				texts[text] = args
			}
			if plan := explain(t, kind, db, sqlstore.SessionText(s), []any{"x"}); kind == testdb.SQLite && origin == "own" && !strings.Contains(plan, "COVERING INDEX ix_roles_users_user_id_role_id") {
				t.Errorf("the roles are read by\n%s", plan)
			}
			for text, args := range texts {
				if plan := explain(t, kind, db, text, args); strings.Contains(plan, "Seq Scan on user") || strings.Contains(plan, "SCAN u") || strings.Contains(plan, "SIMPLE u ALL") || strings.Contains(plan, "PRIMARY u ALL") {
					t.Errorf("%s: %s\n%s", origin, text, plan)
				}
			}
		}
	})
}

// crowd fills the user table, so that reading all of it is dear.
func crowd(t *testing.T, kind string, db *sql.DB) {
	t.Helper()
	var rows []string
	for i := range 3000 {
		rows = append(rows, fmt.Sprintf("('u%d@example.com', 'n%d', 'h', true, 'f%d', '2026-01-01', '2026-01-01')", i, i, i))
	}
	mustExec(t, db, ddl(kind, "INSERT INTO user (email, username, password, active, fs_uniquifier, create_datetime, update_datetime) VALUES "+strings.Join(rows, ", ")))
	switch kind {
	case testdb.MySQL:
		mustExec(t, db, "ANALYZE TABLE user")
	default:
		mustExec(t, db, "ANALYZE")
	}
}

// explain returns how a statement is executed, a line for each step.
func explain(t *testing.T, kind string, db *sql.DB, text string, args []any) string {
	t.Helper()
	prefix := "EXPLAIN "
	if kind == testdb.SQLite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	rows, err := db.Query(prefix+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		values, dests := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			dests[i] = &values[i]
		}
		if err := rows.Scan(dests...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			out.WriteString(v.String + " ")
		}
		out.WriteString("\n")
	}
	return out.String()
}
