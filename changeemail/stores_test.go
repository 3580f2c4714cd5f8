package changeemail_test

import (
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/sqlstore"
)

func onSQL(tb testing.TB) doorward.Stores {
	tb.Helper()
	return sqlStores(tb, testdb.SQLite)
}

// sqlStores keeps everything in a new database.
func sqlStores(tb testing.TB, kind string) doorward.Stores {
	tb.Helper()
	db, dialect := testdb.Open(tb, kind), sqlstore.Dialect(kind)
	if _, err := sqlstore.Migrate(tb.Context(), db.DB, dialect, sqlstore.Config{}); err != nil {
		tb.Fatal(err)
	}
	store, err := sqlstore.New[kit.User](db.DB, dialect, sqlstore.Config{})
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

// onStores runs a test in memory and on every database there is.
func onStores(t *testing.T, f func(t *testing.T, stores func(*batteries.Config))) {
	t.Run("memory", func(t *testing.T) {
		stores := doorward.StoresFrom(memstore.New[kit.User]())
		f(t, func(c *batteries.Config) { c.Stores = stores })
	})
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			stores := sqlStores(t, kind)
			f(t, func(c *batteries.Config) { c.Stores = stores })
		})
	}
}
