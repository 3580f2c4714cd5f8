// Package sqltest makes stores for the tests of features: on every kind of
// database that there is, and in memory.
package sqltest

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/sqlstore"
)

// Stores returns what makes stores of a kind of database (see [testdb.Kinds]),
// each in a new one, with users of package doorwardtest.
func Stores(kind string) func(testing.TB) doorward.Stores {
	return func(tb testing.TB) doorward.Stores {
		tb.Helper()
		db, dialect := testdb.Open(tb, kind), sqlstore.Dialect(kind)
		if _, err := sqlstore.Migrate(tb.Context(), db.DB, dialect, sqlstore.Config{}); err != nil {
			tb.Fatal(err)
		}
		store, err := sqlstore.New[doorwardtest.User](db.DB, dialect, sqlstore.Config{})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := store.Close(); err != nil {
				tb.Error(err)
			}
		})
		return doorward.StoresFrom(store)
	}
}

// Each runs a test in memory and on every kind of database.
func Each(t *testing.T, test func(t *testing.T, stores func(testing.TB) doorward.Stores)) {
	t.Run("memory", func(t *testing.T) {
		test(t, func(testing.TB) doorward.Stores { return doorward.StoresFrom(memstore.New[doorwardtest.User]()) })
	})
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) { test(t, Stores(kind)) })
	}
}
