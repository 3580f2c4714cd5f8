package faulttest_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
)

// table is all rows of one table.
type table struct {
	name    string
	columns []string
	rows    [][]any
}

// tables are the names of all tables but the list of migrations: those that
// others refer to come last.
func tables(t testing.TB, db *testdb.Database) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	switch db.Kind {
	case testdb.Postgres:
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	case testdb.MySQL:
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}
	var names []string
	for _, row := range read(t, db, query).rows {
		if name := text(row[0]); !strings.Contains(name, "migration") {
			names = append(names, name)
		}
	}
	rank := func(name string) int { return slices.Index([]string{"user", "role"}, name) }
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return names
}

func quote(db *testdb.Database, name string) string {
	if db.Kind == testdb.MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// dump reads all tables as they are.
func dump(t testing.TB, db *testdb.Database) []table {
	t.Helper()
	var out []table
	for _, name := range tables(t, db) {
		columns := "*"
		if db.Kind == testdb.SQLite { // or else the driver makes times of what looks like one
			head := read(t, db, "SELECT * FROM "+quote(db, name)+" LIMIT 0").columns
			for i := range head {
				head[i] = "+" + quote(db, head[i]) + " AS " + quote(db, head[i])
			}
			columns = strings.Join(head, ", ")
		}
		tb := read(t, db, "SELECT "+columns+" FROM "+quote(db, name))
		tb.name = name
		out = append(out, tb)
	}
	return out
}

func read(t testing.TB, db *testdb.Database, query string, args ...any) (out table) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	out.columns, err = rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row := make([]any, len(out.columns))
		to := make([]any, len(row))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		out.rows = append(out.rows, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

// restore puts everything back as it was dumped.
func restore(t testing.TB, db *testdb.Database, saved []table) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	do := func(query string, args ...any) {
		if _, err := tx.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	for _, tb := range saved {
		do("DELETE FROM " + quote(db, tb.name))
	}
	for _, tb := range slices.Backward(saved) {
		insert(db, tb, do)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func insert(db *testdb.Database, tb table, do func(string, ...any)) {
	var names, marks []string
	for i, name := range tb.columns {
		names, marks = append(names, quote(db, name)), append(marks, mark(db, i+1))
	}
	for _, row := range tb.rows {
		do("INSERT INTO "+quote(db, tb.name)+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", row...)
	}
}

func mark(db *testdb.Database, i int) string {
	if db.Kind == testdb.Postgres {
		return fmt.Sprint("$", i)
	}
	return "?"
}

func text(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return string(x)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// exact is everything in the tables but counts of guesses, in one text.
func exact(saved []table) string { return render(saved, func(_, _, v string) string { return v }) }

var (
	random = regexp.MustCompile(`[0-9a-f]{32,}`)
	hashed = regexp.MustCompile(`\$argon2[^ ]*`)
)

// alike is the same text without what is different whenever the same thing is
// done again: users and roles go by their names, and random values and hashes
// stand as #.
func alike(saved []table) string {
	names := map[string]string{}
	for _, tb := range saved {
		for _, row := range tb.rows {
			at := func(column string) string { return text(row[slices.Index(tb.columns, column)]) }
			switch tb.name {
			case "user":
				names["user_id"+at("id")] = at("email")
				names["fs_uniquifier"+at("fs_uniquifier")] = "of " + at("email")
			case "role":
				names["role_id"+at("id")] = at("name")
			}
		}
	}
	return render(saved, func(_, column, v string) string {
		if name := names[column+v]; name != "" {
			return name
		}
		if column == "id" {
			return "#"
		}
		return hashed.ReplaceAllString(random.ReplaceAllString(v, "#"), "#")
	})
}

func render(saved []table, show func(table, column, v string) string) string {
	var lines []string
	for _, tb := range saved {
		if strings.Contains(tb.name, "guess") {
			continue
		}
		for _, row := range tb.rows {
			line := tb.name + ":"
			for i, v := range row {
				line += " " + tb.columns[i] + "=" + show(tb.name, tb.columns[i], text(v))
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// count is one number that a query gives.
func count(t testing.TB, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
