package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"hash/fnv"
	"strings"
	"time"
)

func postgres() *dialect {
	return &dialect{
		dir:       "postgres",
		begin:     []string{"BEGIN ISOLATION LEVEL READ COMMITTED"},
		read:      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		lock:      " FOR UPDATE",
		returning: true,
		quote:     func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` },
		rebind:    numbered,
		param:     "?",
		pack: func(separator string, exprs ...string) string {
			return strings.Join(exprs, "::text || '"+separator+"' || ") + "::text"
		},
		gather:  func(separator, expr string) string { return "string_agg(" + expr + ", '" + separator + "')" },
		inOrder: "JOIN",
		// The type of the first parameter is the column's, so that its index
		// serves; the second comparison is for citext and for collations that
		// hold different texts to be equal.
		exact: func(column string) string {
			return column + " = ? AND " + column + `::text COLLATE "C" = ?::text`
		},
		fold: postgresFold,
		anyCase: func(column, _ string) string {
			return postgresFold(column) + " = ?"
		},
		folded:      func(_, _ string) string { return "" },
		foldIndex:   foldIndex(postgresFold),
		same:        func(user, session string, _ tableColumn) string { return user + " = " + session },
		keep:        onConflict,
		keepReturns: true,
		time:        func(t time.Time) driver.Value { return t },
		columns:     postgresColumns,
		layout:      postgresLayout,
		unfitting:   func(context.Context, querier, string) (string, string, error) { return "", "", nil },
		hasIndex:    postgresHasIndex,
		uniques:     postgresUniques,
		duplicate:   postgresDuplicate,
		unfit:       postgresUnfit,
		busy:        func(error) bool { return false },
		// serialization_failure, deadlock_detected, lock_not_available
		again: func(err error) bool { s := sqlState(err); return s == "40001" || s == "40P01" || s == "55P03" },
		// admin_shutdown, crash_shutdown, cannot_connect_now
		lost:         func(err error) bool { return strings.HasPrefix(sqlState(err), "57P0") || cut(err) },
		stale:        func(err error) bool { s := sqlState(err); return s == "0A000" || s == "26000" },
		exclusive:    postgresExclusive,
		kinds:        [6]string{"TEXT", "VARCHAR(64)", "VARCHAR(128)", "VARCHAR(255)", "INTEGER", "TIMESTAMP"},
		inlineUnique: true,
		longest:      63,
	}
}

func onConflict(table, key, column string) string {
	return " ON CONFLICT (" + key + ") DO UPDATE SET " + column + " = " + table + "." + column
}

// postgresFold lowers A to Z only, whatever the locale of the database is.
func postgresFold(column string) string { return "lower(" + column + `::text COLLATE "C")` }

func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

// postgresUnfit knows the errors of class 22, data exception, which quote what
// was sent.
func postgresUnfit(err error) string {
	if state := sqlState(err); strings.HasPrefix(state, "22") {
		return state
	}
	return ""
}

// postgresDuplicate reads the name of the index from the error of pgx or pq.
func postgresDuplicate(err error) (where string, is bool) {
	if sqlState(err) != "23505" {
		return "", false
	}
	var coded interface {
		error
		SQLState() string
	}
	if errors.As(err, &coded) {
		for _, name := range []string{"ConstraintName", "Constraint"} {
			if f := field(coded, name); f.IsValid() {
				return f.String(), true
			}
		}
	}
	return "", true
}

func postgresColumns(ctx context.Context, q querier, table string) (out []tableColumn, err error) {
	rows, err := q.QueryContext(ctx, `SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
		a.atthasdef OR a.attidentity <> '', coalesce(a.attnum = ANY (i.indkey), false)
		FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
		WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c tableColumn
		if err := rows.Scan(&c.name, &c.kind, &c.notNull, &c.filled, &c.key); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func postgresLayout(ctx context.Context, q querier) (map[string][]string, error) {
	return lists(ctx, q, `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)
		AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`)
}

func postgresHasIndex(ctx context.Context, q querier, table, index string) (has bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indrelid = to_regclass(quote_ident($1)) AND c.relname = $2)`, table, index).Scan(&has)
	return has, err
}

// postgresUniques reads unique indexes of one column, or of an expression of
// one column.
func postgresUniques(ctx context.Context, q querier, table string) (map[string]string, error) {
	return pairs(ctx, q, `SELECT c.relname, min(a.attname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0 AND (a.attnum = ANY (i.indkey) OR EXISTS (
			SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
			AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
		WHERE i.indisunique AND i.indrelid = to_regclass(quote_ident($1)) GROUP BY c.relname HAVING count(*) = 1`, table)
}

// postgresExclusive takes a lock that the transaction holds until its end.
func postgresExclusive(ctx context.Context, c *core, q querier) (func(), error) {
	h := fnv.New64a()
	_, _ = h.Write([]byte("doorward migration " + c.cfg.Prefix))
	_, err := q.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(h.Sum64()>>1))
	return func() {}, err
}
