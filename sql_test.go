package doorward_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/sqlstore"
)

// onSQL returns stores that keep everything in a new SQLite database.
func onSQL(tb testing.TB) doorward.Stores {
	tb.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(tb.TempDir(), "test.db")))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	if _, err := sqlstore.Migrate(tb.Context(), db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		tb.Fatal(err)
	}
	st, err := sqlstore.New[member](db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return doorward.StoresFrom(st)
}

// What holds in memory holds in a database.
func TestOnSQL(t *testing.T) {
	t.Run("sign-in", func(t *testing.T) { kit.RunOn(t, onSQL, signInScenarios()...) })
	everything := func(t *testing.T) *kit.App {
		return kit.New(t, func(c *batteries.Config) { kit.Everything(c); c.Stores = onSQL(t) })
	}
	t.Run("routes", func(t *testing.T) { kit.RouteMatrix(t, everything(t)) })
	t.Run("parallel", func(t *testing.T) { parallelVerify(t, everything(t)) })
}
