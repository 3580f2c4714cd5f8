package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func mysql() *dialect {
	return &dialect{
		dir: "mysql",
		// Under the default, REPEATABLE READ, a look-up would see the rows as
		// they were at the first one.
		begin: []string{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"},
		read:  "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
		lock:  " FOR UPDATE",
		// The server does not notice that nobody waits for a lock any more, and
		// keeps the transaction until it has got it.
		self:    mysqlSelf,
		kill:    mysqlKill,
		quote:   func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" },
		rebind:  func(query string) string { return query },
		param:   "?",
		inOrder: "JOIN",
		// In text a time has no zone, whatever the driver is told of zones.
		raw: func(column string) string { return "CAST(" + column + " AS CHAR)" },
		// Most collations hold texts to be equal that are not: in other case,
		// without accents, with spaces at the end. They serve to use the index.
		exact: func(column string) string {
			return column + " = ? AND " + mysqlBytes(column) + " = ?"
		},
		fold:      mysqlFold,
		anyCase:   mysqlAnyCase,
		folded:    func(prefix, column string) string { return prefix + column + "_anycase" },
		foldIndex: mysqlFoldIndex,
		same:      mysqlSame,
		keep:      func(_, _, column string) string { return " ON DUPLICATE KEY UPDATE " + column + " = " + column },
		time:      func(t time.Time) driver.Value { return t.Format("2006-01-02 15:04:05.000000") },
		columns:   mysqlColumns,
		layout:    mysqlLayout,
		unfitting: mysqlUnfitting,
		hasIndex:  mysqlHasIndex,
		uniques:   mysqlUniques,
		duplicate: mysqlDuplicate,
		unfit:     mysqlUnfit,
		busy:      func(error) bool { return false },
		// The record has changed, lock wait timeout, deadlock; a cluster says
		// the last for a collision with another of its servers.
		again: func(err error) bool { return slices.Contains([]uint64{1020, 1205, 1213}, mysqlNumber(err)) },
		// a shutdown, a KILL, and what the driver has no number for
		lost: func(err error) bool {
			return slices.Contains([]uint64{1053, 1927}, mysqlNumber(err)) || strings.Contains(err.Error(), "invalid connection") || cut(err)
		},
		stale:     func(err error) bool { n := mysqlNumber(err); return n == 1615 || n == 1243 },
		exclusive: mysqlExclusive,
		plainDDL:  true,
		kinds: [6]string{"TEXT" + mysqlText, "VARCHAR(64)" + mysqlText, "VARCHAR(128)" + mysqlText, "VARCHAR(255)" + mysqlText,
			"INTEGER", "DATETIME(6)"},
		inlineUnique: true,
		longest:      64,
	}
}

const mysqlText = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

// mysqlNumber is the number of an error, which the driver keeps in a field of
// its error and offers no method for.
func mysqlNumber(err error) (number uint64) {
	for ; err != nil && number == 0; err = errors.Unwrap(err) {
		if f := field(err, "Number"); f.IsValid() && f.CanUint() {
			number = f.Uint()
		}
	}
	return number
}

// mysqlDuplicate reads the name of the index, which is the last of what the
// message quotes: "Duplicate entry 'a' for key 'user.email'". The first is the
// value.
func mysqlDuplicate(err error) (where string, is bool) {
	if n := mysqlNumber(err); n != 1062 && n != 1586 {
		return "", false
	}
	parts := strings.Split(err.Error(), "'")
	if len(parts) < 3 {
		return "", true
	}
	where = parts[len(parts)-2]
	return where[strings.LastIndexByte(where, '.')+1:], true
}

// mysqlUnfit knows the errors that quote a value: a truncated one, a wrong one
// for a function or a column, a character that the column's set lacks, an
// illegal mix of collations.
func mysqlUnfit(err error) string {
	if n := mysqlNumber(err); slices.Contains([]uint64{1265, 1267, 1270, 1271, 1292, 1300, 1366, 1411, 3854, 3988}, n) {
		return strconv.FormatUint(n, 10)
	}
	return ""
}

// mysqlBytes is a text column as UTF-8, compared byte by byte.
func mysqlBytes(column string) string {
	return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)"
}

// mysqlLower is a text in lower case as this server sees it, which is more than
// A to Z and depends on its version.
func mysqlLower(text string) string {
	return "LOWER(CONVERT(" + text + " USING utf8mb4) COLLATE utf8mb4_bin)"
}

// mysqlFold lowers A to Z only. There is no function for that.
func mysqlFold(column string) string {
	expr := "CONVERT(" + column + " USING utf8mb4) COLLATE utf8mb4_bin"
	for c := 'A'; c <= 'Z'; c++ {
		expr = fmt.Sprintf("REPLACE(%s, '%c', '%c')", expr, c, c+'a'-'A')
	}
	return "CAST(" + expr + " AS BINARY)"
}

// foldedLength is how many characters of a column in an application's table
// have an index for look-ups in any case: as many as an index in any row format
// can hold.
const foldedLength = "191"

// mysqlAnyCase narrows the search by the folded column, which holds more texts
// to be alike than it should, and then compares.
func mysqlAnyCase(column, folded string) string {
	compare := mysqlFold(column) + " = ?"
	if folded == "" {
		return compare
	}
	return folded + " = LEFT(" + mysqlLower("?") + ", " + foldedLength + ") AND " + compare
}

// mysqlFoldIndex adds a column that no row holds and no SELECT * shows, with
// its index, in one statement.
func mysqlFoldIndex(m migration, prefix string) string {
	folded := "`" + prefix + m.column + "_anycase`"
	return "ALTER TABLE `" + m.table + "` ADD COLUMN " + folded + " VARCHAR(" + foldedLength + ")" + mysqlText +
		" GENERATED ALWAYS AS (LEFT(" + mysqlLower("`"+m.column+"`") + ", " + foldedLength + ")) VIRTUAL INVISIBLE," +
		" ADD INDEX `" + m.name + "` (" + folded + ")"
}

// mysqlSame compares the bytes of the session's uniquifier with the user's: by
// the index of the latter in its own collation, and then exactly. So the tables
// need not have one collation (error 1267), now or after a change.
func mysqlSame(user, session string, c tableColumn) string {
	if !tableName.MatchString(c.charset) || !tableName.MatchString(c.collation) { // not a text
		return user + " = " + session
	}
	return user + " = CONVERT(CONVERT(" + session + " USING utf8mb4) USING " + c.charset + ") COLLATE " + c.collation +
		" AND " + mysqlBytes(user) + " = " + session
}

func mysqlColumns(ctx context.Context, q querier, table string) (out []tableColumn, err error) {
	rows, err := q.QueryContext(ctx, `SELECT column_name, column_type, coalesce(character_set_name, ''), coalesce(collation_name, ''),
		is_nullable = 'NO', column_default IS NOT NULL OR extra <> '', column_key = 'PRI', coalesce(datetime_precision = 0, false)
		FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`, table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c tableColumn
		if err := rows.Scan(&c.name, &c.kind, &c.charset, &c.collation, &c.notNull, &c.filled, &c.key, &c.seconds); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func mysqlLayout(ctx context.Context, q querier) (map[string][]string, error) {
	return lists(ctx, q, `SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t
		ON t.table_schema = c.table_schema AND t.table_name = c.table_name
		WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'`)
}

// mysqlUnfitting refuses a server that cuts off what is too long, by which one
// address could become another, and a table without transactions.
func mysqlUnfitting(ctx context.Context, q querier, table string) (problem, hint string, err error) {
	var strict, transactions bool
	err = q.QueryRowContext(ctx, `SELECT @@sql_mode LIKE '%STRICT\_%', NOT EXISTS (SELECT 1 FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_name = ? AND engine IN ('MyISAM', 'Aria', 'MEMORY', 'CSV', 'ARCHIVE'))`, table).Scan(&strict, &transactions)
	switch {
	case err != nil:
		return "", "", err
	case !strict:
		return "the server cuts off what is too long for a column", "add STRICT_TRANS_TABLES to its sql_mode", nil
	case !transactions:
		return "the table " + table + " is kept without transactions", "ALTER TABLE it to ENGINE = InnoDB", nil
	}
	return "", "", nil
}

func mysqlHasIndex(ctx context.Context, q querier, table, index string) (has bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?)`, table, index).Scan(&has)
	return has, err
}

func mysqlUniques(ctx context.Context, q querier, table string) (map[string]string, error) {
	return pairs(ctx, q, `SELECT index_name, min(column_name) FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY'
		GROUP BY index_name HAVING count(*) = 1`, table)
}

// mysqlSelf is the connection's number, with what tells the server from others
// behind one address.
const mysqlSelf = "SELECT CONNECTION_ID(), CONCAT_WS(' ', @@hostname, @@port, @@server_id)"

// mysqlKill ends a connection if q is one to the same server, and that has not
// been started anew since: else the number is another connection's, or nobody's.
func mysqlKill(ctx context.Context, q querier, e end) error {
	var number, uptime int64
	var server, name string
	if err := q.QueryRowContext(ctx, mysqlSelf).Scan(&number, &server); err != nil || server != e.server {
		return err
	}
	err := q.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE 'Uptime'").Scan(&name, &uptime)
	// It counts seconds, and may have counted one that is not over.
	if err != nil || time.Duration(uptime-1)*time.Second < time.Since(e.since) {
		return err
	}
	_, err = q.ExecContext(ctx, "KILL "+strconv.FormatInt(e.number, 10))
	return err
}

// mysqlExclusive takes a lock of the connection's, which goes with it.
func mysqlExclusive(ctx context.Context, c *core, q querier) (func(), error) {
	var database string
	if err := q.QueryRowContext(ctx, "SELECT DATABASE()").Scan(&database); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(database + "\x00" + c.cfg.Prefix))
	name := "doorward_" + hex.EncodeToString(sum[:16])
	for got := 0; got == 0; { // in short waits, so that ctx is heard
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := q.QueryRowContext(ctx, "SELECT coalesce(GET_LOCK(?, 1), 0)", name).Scan(&got); err != nil {
			return nil, err
		}
	}
	return func() { _, _ = q.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", name) }, nil
}
