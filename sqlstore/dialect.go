package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Dialect names a kind of database.
type Dialect string

// SQLite is version 3.44 or later, of November 2023.
const SQLite Dialect = "sqlite"

// dialect is what databases do differently.
type dialect struct {
	// oneWriter: the database has one writer at a time. Writes wait for their
	// turn inside the process, and statements of a transaction are not
	// interrupted, since that would undo it half-way.
	oneWriter bool
	// embedded: the database runs in this process, and readers wait for nobody.
	embedded bool
	// dir holds the migrations.
	dir string
	// begin starts a transaction that may write.
	begin string
	// lock is appended to a SELECT whose rows are updated next.
	lock string
	// quote quotes a name.
	quote func(name string) string
	// rebind turns the ? of a statement into the database's own placeholders.
	rebind func(query string) string
	// param is a placeholder in a comparison of a statement that is prepared once.
	param string
	// pack joins expressions into one text, with a separator between them, and
	// gather those of all rows. Where they are set a request reads one row of
	// few columns. Where they are nil, because the database has no such
	// expressions or cuts long texts off, it reads a row for every role.
	pack   func(separator string, exprs ...string) string
	gather func(separator, expr string) string
	// raw is a column as it is stored, where the driver would otherwise read a
	// time out of it, which we do faster.
	raw func(column string) string
	// fold is an expression of a column without regard to letter case;
	// variants are the values of it that stand for a text.
	fold     func(column string) string
	variants func(text string) []string
	// time is a time as the application's tables hold it.
	time func(t time.Time) driver.Value
	// columns reads what columns a table has: none if there is no such table.
	columns func(ctx context.Context, q querier, table string) ([]tableColumn, error)
	// hasIndex reports whether an index of this name exists.
	hasIndex func(ctx context.Context, q querier, table, index string) (bool, error)
	// duplicate reports whether err says that a unique value is taken, and of
	// which column, if that can be told.
	duplicate func(err error) (column string, is bool)
	// busy reports whether err says that somebody else has the database for now.
	busy func(err error) bool
}

// tableColumn is a column as the database describes it.
type tableColumn struct {
	name, kind           string
	notNull, filled, key bool // filled: it has a default
}

// querier is a connection, or the pool of them.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func dialectOf(d Dialect) (*dialect, error) {
	if d == SQLite {
		return sqlite(), nil
	}
	return nil, fmt.Errorf("sqlstore: unknown dialect %q", string(d))
}

func sqlite() *dialect {
	return &dialect{
		oneWriter: true,
		embedded:  true,
		dir:       "sqlite",
		begin:     "BEGIN IMMEDIATE",
		quote:     func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` },
		rebind:    func(query string) string { return query },
		// A bare parameter would make SQLite prepare the statement anew at every
		// execution once ANALYZE has run, because its value could matter for the
		// plan. It cannot see through this.
		param:     "(SELECT ?)",
		pack:      func(separator string, exprs ...string) string { return strings.Join(exprs, " || '"+separator+"' || ") },
		gather:    func(separator, expr string) string { return "group_concat(" + expr + ", '" + separator + "')" },
		raw:       func(column string) string { return "+" + column }, // has no declared type
		fold:      func(column string) string { return "lower(" + column + ")" },
		variants:  sqliteVariants,
		time:      func(t time.Time) driver.Value { return t.Format("2006-01-02 15:04:05.000000") },
		columns:   sqliteColumns,
		hasIndex:  sqliteHasIndex,
		duplicate: sqliteDuplicate,
		busy:      func(err error) bool { return sqliteCode(err)&0xff == 5 },
	}
}

// SQLiteDSN is the data source name of a database file for the driver
// modernc.org/sqlite: write-ahead log (readers and the writer do not wait for
// each other), ten seconds of patience with other processes, foreign keys, 16
// MB of cache per connection, and a sync per checkpoint, which survives a crash
// of the program. A database in memory needs a file name of the driver's own.
func SQLiteDSN(path string) string {
	name := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + name.EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_txlock=immediate"
}

// sqliteVariants are the texts that lower(column) can be for a text that is
// the same in another case: SQLite lowers A to Z only.
func sqliteVariants(text string) []string {
	return []string{lowerASCII(text), strings.ToLower(text), lowerASCII(strings.ToUpper(text))}
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

func sqliteColumns(ctx context.Context, q querier, table string) (out []tableColumn, err error) {
	rows, err := q.QueryContext(ctx, `SELECT name, type, "notnull", dflt_value IS NOT NULL, pk FROM pragma_table_info(?)`, table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c tableColumn
		var pk int
		if err := rows.Scan(&c.name, &c.kind, &c.notNull, &c.filled, &pk); err != nil {
			return nil, err
		}
		c.key = pk > 0
		out = append(out, c)
	}
	return out, rows.Err()
}

func sqliteHasIndex(ctx context.Context, q querier, _, index string) (has bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?)`, index).Scan(&has)
	return has, err
}

func sqliteCode(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return 0
}

// sqliteDuplicate knows SQLITE_CONSTRAINT_UNIQUE and _PRIMARYKEY. The message
// names the column: "UNIQUE constraint failed: user.email".
func sqliteDuplicate(err error) (column string, is bool) {
	if code := sqliteCode(err); code != 2067 && code != 1555 {
		return "", false
	}
	_, where, _ := strings.Cut(err.Error(), "constraint failed: UNIQUE constraint failed: ")
	where, _, _ = strings.Cut(where, " ")
	where, _, several := strings.Cut(where, ",")
	if dot := strings.LastIndexByte(where, '.'); dot >= 0 && !several {
		column = where[dot+1:]
	}
	return column, true
}
