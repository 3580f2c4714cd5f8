package testdb_test

import (
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

func TestEveryTestHasItsOwn(t *testing.T) {
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			a, b := testdb.Open(t, kind), testdb.Open(t, kind)
			if a.URL == b.URL {
				t.Fatalf("both are %s", a.URL)
			}
			for _, db := range []*testdb.Database{a, b} {
				if _, err := db.Exec("CREATE TABLE mine (id INTEGER PRIMARY KEY)"); err != nil {
					t.Errorf("%s: %v", db.URL, err)
				}
			}
		})
	}
}

// A database goes with its test, even while somebody is connected to it.
func TestNothingStays(t *testing.T) {
	for kind, query := range map[string]string{
		testdb.Postgres: "SELECT count(*) FROM pg_database WHERE datname = $1",
		testdb.MySQL:    "SELECT count(*) FROM information_schema.schemata WHERE schema_name = ?",
	} {
		t.Run(kind, func(t *testing.T) {
			other := testdb.Open(t, kind)
			var name string
			t.Run("its test", func(t *testing.T) {
				db := testdb.Open(t, kind)
				current := "SELECT current_database()"
				if kind == testdb.MySQL {
					current = "SELECT database()"
				}
				if err := db.QueryRow(current).Scan(&name); err != nil {
					t.Fatal(err)
				}
			})
			var n int
			if err := other.QueryRow(query, name).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d databases %q: %v", n, name, err)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	db := testdb.Open(t, testdb.MySQL, "COLLATE utf8mb4_bin")
	var collation string
	if err := db.QueryRow("SELECT @@collation_database").Scan(&collation); err != nil || collation != "utf8mb4_bin" {
		t.Errorf("%s %v", collation, err)
	}
}
