package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

func sqlite() *dialect {
	return &dialect{
		oneWriter: true,
		embedded:  true,
		dir:       "sqlite",
		begin:     []string{"BEGIN IMMEDIATE"},
		read:      "BEGIN DEFERRED",
		quote:     func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` },
		rebind:    func(query string) string { return query },
		// A bare parameter would make SQLite prepare the statement anew at every
		// execution once ANALYZE has run, because its value could matter for the
		// plan. It cannot see through this.
		param:   "(SELECT ?)",
		pack:    func(separator string, exprs ...string) string { return strings.Join(exprs, " || '"+separator+"' || ") },
		gather:  func(separator, expr string) string { return "group_concat(" + expr + ", '" + separator + "')" },
		inOrder: "CROSS JOIN",                                       // its order is fixed
		raw:     func(column string) string { return "+" + column }, // has no declared type
		// A column that was declared COLLATE NOCASE is found by its index and
		// compared once more.
		exact: func(column string) string {
			return column + " = (SELECT ?) AND " + column + " COLLATE BINARY = (SELECT ?)"
		},
		fold: sqliteFold,
		anyCase: func(column, _ string) string {
			return sqliteFold(column) + " = (SELECT ?)"
		},
		folded:      func(_, _ string) string { return "" },
		foldIndex:   foldIndex(sqliteFold),
		same:        func(user, session string, _ tableColumn) string { return user + " = " + session },
		keep:        onConflict,
		keepReturns: true,
		time:        func(t time.Time) driver.Value { return t.Format("2006-01-02 15:04:05.000000") },
		columns:     sqliteColumns,
		layout:      sqliteLayout,
		unfitting:   func(context.Context, querier, string) (string, string, error) { return "", "", nil },
		hasIndex:    sqliteHasIndex,
		uniques:     func(context.Context, querier, string) (map[string]string, error) { return nil, nil },
		duplicate:   sqliteDuplicate,
		unfit:       func(error) string { return "" },
		busy:        func(err error) bool { return sqliteCode(err)&0xff == 5 },
		again:       func(error) bool { return false },
		lost:        func(error) bool { return false },
		stale:       func(error) bool { return false },
		exclusive:   func(context.Context, *core, querier) (func(), error) { return func() {}, nil },
		kinds:       [6]string{"TEXT", "VARCHAR(64)", "VARCHAR(128)", "VARCHAR(255)", "INTEGER", "DATETIME"},
		longest:     255,
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

// sqliteFold lowers A to Z only, as long as no extension replaces the function.
func sqliteFold(column string) string { return "lower(" + column + ")" }

// foldIndex makes an index of an expression.
func foldIndex(fold func(string) string) func(m migration, prefix string) string {
	return func(m migration, _ string) string {
		create := `CREATE INDEX "`
		if m.unique {
			create = `CREATE UNIQUE INDEX "`
		}
		return create + m.name + `" ON "` + m.table + `" (` + fold(`"`+m.column+`"`) + ")"
	}
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

func sqliteLayout(ctx context.Context, q querier) (map[string][]string, error) {
	return lists(ctx, q, `SELECT m.name, t.name FROM sqlite_master m, pragma_table_info(m.name) t WHERE m.type = 'table'`)
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
// names the column, "UNIQUE constraint failed: user.email", or the index of an
// expression, "index 'ix_user_email_anycase'".
func sqliteDuplicate(err error) (where string, is bool) {
	if code := sqliteCode(err); code != 2067 && code != 1555 {
		return "", false
	}
	_, text, _ := strings.Cut(err.Error(), "constraint failed: UNIQUE constraint failed: ")
	if index, ok := strings.CutPrefix(text, "index '"); ok {
		index, _, _ = strings.Cut(index, "'")
		return index, true
	}
	text, _, _ = strings.Cut(text, " ")
	text, _, several := strings.Cut(text, ",")
	if dot := strings.LastIndexByte(text, '.'); dot >= 0 && !several {
		where = text[dot+1:]
	}
	return where, true
}
