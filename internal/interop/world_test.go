package interop_test

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// world is one database with applications of both kinds on it.
type world struct {
	db          *testdb.Database
	flask, ours map[string]*side // by variant
}

// newWorld starts them, on the models of a version. Without our side the
// original is on both.
func newWorld(t *testing.T, kind string, models int, withOurs bool, variants ...string) *world {
	t.Helper()
	python(t)
	w := &world{db: testdb.Open(t, kind)}
	t.Attr("runs", w.version(t))
	w.flask = startFlask(t, w.db, models, variants...)
	w.ours = w.flask
	if withOurs {
		w.ours = map[string]*side{}
		dir := t.TempDir()
		for _, v := range variants {
			w.ours[v] = startOurs(t, w.db, v, dir)
		}
	}
	for _, sides := range []map[string]*side{w.flask, w.ours} {
		for _, s := range sides {
			s.world = w
		}
	}
	return w
}

// version names the database as it runs.
func (w *world) version(t *testing.T) (version string) {
	t.Helper()
	query, name := "SELECT sqlite_version()", "SQLite "
	if w.db.Kind == testdb.Postgres {
		query, name = "SHOW server_version", "PostgreSQL "
	}
	if err := w.db.QueryRowContext(t.Context(), query).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return name + version
}

// way is from where something is made to where it must do.
type way struct{ made, read *side }

// both are the ways in both directions.
func (w *world) both(variant string) []way {
	flask, ours := w.flask[variant], w.ours[variant]
	if flask == ours {
		return []way{{flask, flask}}
	}
	return []way{{flask, ours}, {ours, flask}}
}

// acrossKeys are the ways from applications with the first secret key to those
// with the second.
func (w *world) acrossKeys() []way {
	out := w.both(plain)
	for i, way := range w.both(rotated) {
		out[i].read = way.read
	}
	return out
}

// row is what is made at one side and must do at the other.
type row func(t *testing.T, u *user, made, read *side)

// rows runs a row in each way, for users that are new.
func (w *world) rows(t *testing.T, what string, ways []way, r row) {
	t.Helper()
	for _, way := range ways {
		w.row(t, what, way, func(t *testing.T) { r(t, join(t, w), way.made, way.read) })
	}
}

// row runs one, under the name that scripts/interop makes its table of.
func (w *world) row(t *testing.T, what string, way way, run func(t *testing.T)) {
	t.Helper()
	t.Run(what+"/"+way.made.name+" to "+way.read.name, run)
}

// note adds a remark to the row in the table.
func note(t *testing.T, text string) {
	t.Helper()
	t.Attr("note", strings.ReplaceAll(text, "\n", " "))
}

// skip leaves a row out, and says so in the table.
func skip(t *testing.T, why string) {
	t.Helper()
	note(t, why)
	t.Skip(why)
}

// column reads one of a user's, as text.
func (w *world) column(t *testing.T, email, name string) string {
	t.Helper()
	var value *string
	query := `SELECT CAST(` + name + ` AS TEXT) FROM "user" WHERE email = ` + w.param(1)
	if err := w.db.QueryRowContext(t.Context(), query, email).Scan(&value); err != nil {
		t.Fatalf("%s of %s: %v", name, email, err)
	}
	return *cmp.Or(value, new(string))
}

func (w *world) setColumn(t *testing.T, email, name, value string) {
	t.Helper()
	query := `UPDATE "user" SET ` + name + ` = ` + w.param(1) + ` WHERE email = ` + w.param(2)
	if _, err := w.db.ExecContext(context.WithoutCancel(t.Context()), query, value, email); err != nil {
		t.Fatalf("%s of %s: %v", name, email, err)
	}
}

func (w *world) param(n int) string {
	if w.db.Kind == testdb.Postgres {
		return "$" + string(rune('0'+n))
	}
	return "?"
}

// command runs a command of ours on the database of w, with more settings.
func (w *world) command(t *testing.T, input string, args []string, settings ...string) string {
	t.Helper()
	c, is := w.ours[plain].staff.(commands)
	if !is {
		t.Fatal("only our side has commands")
	}
	return commands{slices.Concat(c.env, settings)}.run(t, input, args...)
}

// kinds are the databases that the rows run on.
func kinds() []string { return []string{testdb.SQLite, testdb.Postgres} }

// TestRows runs both applications on one database. What was made at one of them
// must do at the other.
func TestRows(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, kind, 4, true, variants()...)
			w.everything(t)
		})
	}
	t.Run("sqlite models v3", func(t *testing.T) {
		w := newWorld(t, testdb.SQLite, 3, true, plain)
		w.essentials(t)
	})
}

// TestOriginal runs every row with the original at both ends: what fails here is
// a mistake of these tests.
func TestOriginal(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			if kind == testdb.Postgres && os.Getenv("DOORWARD_INTEROP_ORIGINAL") == "" {
				t.Skip("it does not depend on the database; DOORWARD_INTEROP_ORIGINAL=1 runs it")
			}
			w := newWorld(t, kind, 4, false, variants()...)
			w.everything(t)
		})
	}
}

// everything runs all rows.
func (w *world) everything(t *testing.T) {
	t.Helper()
	w.essentials(t)
	w.passwordRows(t)
	w.sessionRows(t)
	w.linkRows(t)
	w.accountRows(t)
	w.keyRows(t)
	w.factorRows(t)
	w.writerRows(t)
}

// essentials are rows to see that a schema will do.
func (w *world) essentials(t *testing.T) {
	t.Helper()
	w.rows(t, "session cookie", w.both(plain), sessionRow)
	w.rows(t, "login tracking", w.both(plain), trackingRow)
}
