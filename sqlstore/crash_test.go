package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/sqlstore"
)

// A migration that stopped after any of its statements is finished by the next,
// with the same tables as one that did not stop.
func TestMigrateAfterACrash(t *testing.T) {
	for _, kind := range []string{testdb.Postgres, testdb.MySQL} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			whole := testdb.Open(t, kind)
			db, f := breakable(t, whole)
			if _, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), sqlstore.Config{}); err != nil {
				t.Fatal(err)
			}
			want, all := schema(t, whole), f.ran
			step := 1
			if kind == testdb.Postgres { // all or nothing, wherever it stops
				step = all / 3
			}
			for n := 1; n < all; n += step {
				d := testdb.Open(t, kind)
				db, f := breakable(t, d)
				f.left = n
				if _, err := sqlstore.Migrate(t.Context(), db, sqlstore.Dialect(kind), sqlstore.Config{}); n < all-1 && !errors.Is(err, errCrash) {
					t.Fatalf("after %d of %d statements: %v", n, all, err)
				}
				s := openOn[plain](t, kind, d.DB, sqlstore.Config{})
				if have := schema(t, d); !slices.Equal(have, want) {
					t.Errorf("after %d statements:\n%s\nwant\n%s", n, strings.Join(have, "\n"), strings.Join(want, "\n"))
				}
				if err := s.CreateUser(t.Context(), &plain{Account: doorward.Account{Email: "a@example.com"}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func breakable(t *testing.T, d *testdb.Database) (*sql.DB, *faulty) {
	t.Helper()
	db, f, err := faultyDB(d.DB, d.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, f
}

// schema describes columns and indexes.
func schema(t *testing.T, d *testdb.Database) []string {
	t.Helper()
	query := `SELECT 'c', table_name, column_name, column_type, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE()
		UNION SELECT 'i', table_name, index_name, column_name, non_unique FROM information_schema.statistics WHERE table_schema = DATABASE()`
	if d.Kind == testdb.Postgres {
		query = `SELECT 'c', table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = current_schema()
			UNION SELECT 'i', tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = current_schema()`
	}
	rows, err := d.Query(query + " ORDER BY 1, 2, 3, 4")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var f [5]string
		if err := rows.Scan(&f[0], &f[1], &f[2], &f[3], &f[4]); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(f))
	}
	return out
}
