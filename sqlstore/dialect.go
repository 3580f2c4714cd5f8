package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Dialect names a kind of database.
type Dialect string

const (
	// SQLite is version 3.44 or later, of November 2023.
	SQLite Dialect = "sqlite"
	// Postgres is PostgreSQL 13 or later.
	Postgres Dialect = "postgres"
	// MySQL is MariaDB 10.6 or later, or MySQL 8.0.23 or later. See the package
	// comment for which of them it is tested with.
	MySQL Dialect = "mysql"
)

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
	// begin starts a transaction that may write, and that sees in every
	// statement what others have committed by then.
	begin []string
	// read starts one that changes nothing and sees one state of the database.
	read string
	// lock is appended to a SELECT whose rows are updated next.
	lock string
	// returning: an INSERT answers with the key that it assigned if it is asked.
	returning bool
	// self asks where a connection ends, by which kill ends it from another one;
	// "" where the server sees by itself that nobody waits any more.
	self string
	kill func(ctx context.Context, q querier, e end) error
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
	// inOrder joins two tables, and where the planner could be misled reads the
	// left one first.
	inOrder string
	// raw is a column as it is stored, where the driver would otherwise read a
	// time out of it: that is done better here.
	raw func(column string) string
	// exact compares a column with a parameter, which may stand in it several
	// times, byte by byte whatever its collation is, and by its index.
	exact func(column string) string
	// fold is a column as package anycase folds it.
	fold func(column string) string
	// anyCase compares a column, folded, with a parameter, which may stand in it
	// several times and is folded already; folded is the column that Migrate added
	// for it, or "".
	anyCase func(column, folded string) string
	// folded is the name of that column, where the database has no index of an
	// expression.
	folded func(prefix, column string) string
	// foldIndex makes the index for look-ups in any case.
	foldIndex func(m migration, prefix string) string
	// same joins a session to the user's uniquifier.
	same func(user, session string, c tableColumn) string
	// keep makes an INSERT lock the rows that are there already, by their key,
	// instead of failing: it gives a column the value it has. keepReturns: the
	// INSERT can answer with the rows.
	keep        func(table, key, column string) string
	keepReturns bool
	// time is a time as the application's tables hold it.
	time func(t time.Time) driver.Value
	// columns reads what columns a table has: none if there is no such table.
	columns func(ctx context.Context, q querier, table string) ([]tableColumn, error)
	// layout reads the names of the columns of every table.
	layout func(ctx context.Context, q querier) (map[string][]string, error)
	// unfitting says why the server, or a table on it, would not keep what it is
	// given; "" if it does.
	unfitting func(ctx context.Context, q querier, table string) (problem, hint string, err error)
	// hasIndex reports whether an index of this name exists.
	hasIndex func(ctx context.Context, q querier, table, index string) (bool, error)
	// uniques reads which column a unique index of a table is of.
	uniques func(ctx context.Context, q querier, table string) (map[string]string, error)
	// duplicate reports whether err says that a unique value is taken, and of
	// which column or index, if that can be told.
	duplicate func(err error) (where string, is bool)
	// unfit returns the code of an error that quotes a value which cannot be
	// stored or compared.
	unfit func(err error) string
	// busy reports whether err says that somebody else has the database for now.
	busy func(err error) bool
	// again reports whether err says that the transaction collided with
	// another, and can be run again as a whole.
	again func(err error) bool
	// lost reports whether err says that the server ended the connection.
	lost func(err error) bool
	// stale reports whether err says that a prepared statement is older than
	// the table.
	stale func(err error) bool
	// exclusive waits until no other process migrates. The lock goes with the
	// transaction, or by the function it returns.
	exclusive func(ctx context.Context, c *core, q querier) (release func(), err error)
	// plainDDL: a statement that changes a table commits what was done before
	// it. A migration is then not one transaction but can be repeated.
	plainDDL bool
	// kinds are the types of columns that are added to a table, by columnKind.
	// inlineUnique: such a column can be unique at once.
	kinds        [6]string
	inlineUnique bool
	// longest is how long a name may be.
	longest int
}

// tableColumn is a column as the database describes it.
type tableColumn struct {
	name, kind           string
	charset, collation   string // of a text, where that is told
	notNull, filled, key bool   // filled: it has a default
	seconds              bool   // a time without fractions of a second
}

// querier is a connection, or the pool of them.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func dialectOf(d Dialect) (*dialect, error) {
	switch d {
	case SQLite:
		return sqlite(), nil
	case Postgres:
		return postgres(), nil
	case MySQL:
		return mysql(), nil
	}
	return nil, fmt.Errorf("sqlstore: unknown dialect %q", string(d))
}

// repeated is an argument as often as a condition has a placeholder.
func repeated(condition string, arg any) []any {
	return slices.Repeat([]any{arg}, strings.Count(condition, "?"))
}

// name is a name that is not longer than the database allows: where it is, its
// end is replaced by a hash of the whole.
func (d *dialect) name(name string) string {
	if len(name) <= d.longest {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:d.longest-9] + "_" + hex.EncodeToString(sum[:4])
}

// numbered turns each ? outside of quotes into $1, $2 and so on.
func numbered(query string) string {
	b := make([]byte, 0, len(query)+16)
	n, quote := 0, byte(0)
	for i := range len(query) {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			b = strconv.AppendInt(append(b, '$'), int64(n), 10)
			continue
		}
		b = append(b, c)
	}
	return string(b)
}

// field is an exported field of the struct that a driver's error points to. So
// what an error says of itself is read without importing the driver.
func field(err error, name string) reflect.Value {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v.FieldByName(name)
}

// cut reports whether err says that the other side has closed the connection.
func cut(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// pairs reads rows of two texts.
func pairs(ctx context.Context, q querier, query string, args ...any) (out map[string]string, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out = map[string]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return nil, err
		}
		out[key] = value
	}
	return out, rows.Err()
}

// lists reads rows of two texts, of which the first stands for several of the
// second.
func lists(ctx context.Context, q querier, query string) (out map[string][]string, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out = map[string][]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return nil, err
		}
		out[key] = append(out[key], value)
	}
	return out, rows.Err()
}
