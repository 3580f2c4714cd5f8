package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

// core is what does not depend on the user's type.
type core struct {
	db      *sql.DB
	d       *dialect
	cfg     Config
	queue   chan struct{}     // held by who writes, where there is one writer only
	uniques map[string]string // which column a unique index is of
}

// tx is a transaction in progress.
type tx struct {
	c       *core
	conn    *sql.Conn
	end     end // of the connection, where it must be ended by that
	depth   int
	failed  error    // why it cannot go on; a part that is taken back clears it
	again   bool     // it collided with another and is to run again; nothing clears that
	commits []func() // what callers see of the writes, once they are kept
	undoes  []func() // takes back what callers saw before
}

// end is the server's end of a connection, as other connections know it.
type end struct {
	number int64
	server string
	since  time.Time // it has had this number since then or a little later
}

// txKey finds the transaction of one store in a context.
type txKey struct{ c *core }

func (c *core) current(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{c}).(*tx)
	return t
}

// InTx implements [doorward.Transactor]. On SQLite fn runs once, and nobody
// else writes meanwhile: a call in fn that writes but has another context waits
// until that is done. On the others fn runs again where the transaction collided
// with another one. Inside fn the calls come one after the other. A call
// inside a call that fails takes back its own part only, so that the outer one
// may go on. Where the database fails in another call nothing can go on: the
// transaction is then not kept even if fn returns nil.
func (s *Store[U, PU]) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.write(ctx, func(t *tx) error { return fn(context.WithValue(ctx, txKey{s.core}, t)) })
}

// write runs f in a transaction: in the one of ctx, as a part that fails or
// succeeds as a whole, or in a new one. A new one that collides with another is
// run again, for as long as BusyWait.
func (c *core) write(ctx context.Context, f func(t *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := c.current(ctx); t != nil {
		return t.part(ctx, f)
	}
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	p := c.patience(ctx)
	defer p.end()
	p.next = afterCollision
	for {
		again, err := c.transact(ctx, f)
		if !again || !p.wait() {
			return err
		}
	}
}

// afterCollision is the least time between a transaction that collided and its
// next try, so that the other one has the locks that it waited for by then.
const afterCollision = 5 * time.Millisecond

// transact runs f in a new transaction, and reports whether that is worth doing
// again.
func (c *core) transact(ctx context.Context, f func(t *tx) error) (again bool, err error) {
	t, err := c.start(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.conn.Close() }() // back to the pool
	kept := false
	defer func() { // an error of f, a panic in it, or a failed commit
		if !kept {
			t.rollback(ctx)
		}
	}()
	err = f(t)
	if t.failed != nil && (err == nil || t.again) { // whatever f made of it
		err = t.failed
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = t.commit(ctx)
	}
	if err != nil {
		return t.again && ctx.Err() == nil, err
	}
	kept = true
	for _, then := range t.commits {
		then()
	}
	return false, nil
}

func (c *core) enter(ctx context.Context) error {
	if !c.d.oneWriter {
		return nil
	}
	select {
	case c.queue <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *core) leave() {
	if c.d.oneWriter {
		<-c.queue
	}
}

// start takes a connection and begins a transaction on it.
func (c *core) start(ctx context.Context) (t *tx, err error) {
	err = c.patiently(ctx, func(ctx context.Context) error { // a new one may have to change the file's mode
		for try := 0; ; try++ {
			conn, err := c.db.Conn(ctx)
			if err != nil {
				return err
			}
			t = &tx{c: c, conn: conn}
			if err = t.begin(ctx); err == nil {
				return nil
			}
			t.rollback(ctx) // should it have begun after all
			_ = conn.Close()
			if c.d.embedded || ctx.Err() != nil || try == staleLimit {
				return err
			}
		}
	})
	return t, err
}

// staleLimit is how many connections in a row may turn out to be broken before
// anything was done on them, as they are when the server was started anew.
const staleLimit = 20

func (t *tx) begin(ctx context.Context) error {
	if t.c.d.self != "" {
		t.end.since = time.Now()
		if err := t.conn.QueryRowContext(ctx, t.c.d.self).Scan(&t.end.number, &t.end.server); err != nil {
			return err
		}
	}
	for _, query := range t.c.d.begin {
		if _, err := t.conn.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// commit keeps what the transaction did. The caller going away is no reason to
// stop here.
func (t *tx) commit(ctx context.Context) error {
	return t.c.patiently(context.WithoutCancel(ctx), func(ctx context.Context) error {
		_, err := t.conn.ExecContext(ctx, "COMMIT")
		t.again = err != nil && t.c.d.again(err)
		return err
	})
}

// rollbackLimit bounds what nobody waits for any more.
const rollbackLimit = 2 * time.Second

// rollback ends a transaction that is not kept. It works without the caller's
// context, which may be done, and gives up the connection if that fails, so that
// nobody gets it with a transaction open.
func (t *tx) rollback(ctx context.Context) {
	t.depth = -1
	if errors.Is(t.failed, errBroken) || t.tell(ctx, "ROLLBACK") != nil {
		_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
		t.kill(ctx)
	}
	t.undo(0)
}

// tell runs a statement that must be heard although the caller may be gone.
func (t *tx) tell(ctx context.Context, query string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, query)
	return err
}

func (t *tx) undo(from int) {
	for _, f := range t.undoes[from:] {
		f()
	}
	t.undoes = t.undoes[:from]
}

// part runs f so that it can fail without the rest of the transaction.
func (t *tx) part(ctx context.Context, f func(t *tx) error) error {
	name := "doorward_" + strconv.Itoa(t.depth)
	if _, err := t.exec(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	commits, undoes, kept := len(t.commits), len(t.undoes), false
	t.depth++
	defer func() {
		t.depth--
		if kept {
			return
		}
		if !t.again && t.tell(ctx, "ROLLBACK TO SAVEPOINT "+name) == nil && t.tell(ctx, "RELEASE SAVEPOINT "+name) == nil {
			t.failed = nil
		} else if t.failed == nil {
			t.failed = errBroken
		}
		t.commits = t.commits[:commits]
		t.undo(undoes)
	}()
	if err := f(t); err != nil {
		return err
	}
	_, err := t.exec(ctx, "RELEASE SAVEPOINT "+name)
	kept = err == nil
	return err
}

var errBroken = errors.New("sqlstore: the transaction is broken")

// during is the context for a statement of the transaction, if it can go on.
func (t *tx) during(ctx context.Context) (context.Context, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	if t.c.d.oneWriter {
		return context.WithoutCancel(ctx), ctx.Err()
	}
	return ctx, nil
}

// fail notes that a statement failed, and returns the error for the caller. On
// some databases nothing can follow in the transaction, and on none should it.
func (t *tx) fail(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return t.c.wrap(err)
	}
	t.again = t.again || t.c.d.again(err) || t.c.d.stale(err)
	if cause := ctx.Err(); cause != nil { // drivers say it in many ways
		err = cause
	}
	t.failed = t.c.wrap(err)
	return t.failed
}

// kill tells the server that nobody waits for this connection any more.
func (t *tx) kill(ctx context.Context) {
	if t.end.number == 0 {
		return
	}
	e := t.end
	t.end = end{}
	go func() { // the caller does not wait for that either
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit)
		defer cancel()
		conn, err := t.c.db.Conn(ctx)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_ = t.c.d.kill(ctx, conn, e)
	}()
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int, error) {
	ctx, err := t.during(ctx)
	if err != nil {
		return 0, err
	}
	res, err := t.conn.ExecContext(ctx, t.c.d.rebind(query), args...)
	if err != nil {
		return 0, t.fail(ctx, err)
	}
	n, err := res.RowsAffected()
	return int(n), t.c.wrap(err)
}

// rows runs a query.
func (t *tx) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := t.during(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := t.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	return rows, nil
}

// row reads one row, or returns ErrNotFound.
func (t *tx) row(ctx context.Context, query string, args []any, dests ...any) error {
	ctx, err := t.during(ctx)
	if err != nil {
		return err
	}
	return t.fail(ctx, t.conn.QueryRowContext(ctx, t.c.d.rebind(query), args...).Scan(dests...))
}

// hold locks the row of a key, or returns ErrNotFound. An UPDATE does not tell
// whether the row is there: MySQL may count only rows that became different.
func (t *tx) hold(ctx context.Context, table, column, key string) error {
	var found any
	query := "SELECT " + column + " FROM " + t.c.table(table) + " WHERE " + column + " = ?" + t.c.d.lock
	return t.row(ctx, query, []any{key}, &found)
}

// one returns ErrNotFound if a DELETE removed no row.
func one(n int, err error) error {
	if err == nil && n == 0 {
		return doorward.ErrNotFound
	}
	return err
}

// wrap turns the database's errors into those of the store interfaces. What is
// left says what is wrong with the database and contains no values.
func (c *core) wrap(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return doorward.ErrNotFound
	}
	if where, is := c.d.duplicate(err); is {
		if column := c.uniques[where]; column != "" {
			where = column
		}
		return &doorward.DuplicateError{Attr: where}
	}
	if code := c.d.unfit(err); code != "" {
		return fmt.Errorf("sqlstore: %w (%s)", errUnfit, code)
	}
	if errors.Is(err, columns.ErrForm) || errors.Is(err, errFacts) || errors.Is(err, errRole) {
		return fmt.Errorf("sqlstore: %w", err) // one row's trouble, which does not pass
	}
	return &trouble{err}
}

// trouble is the database's own: the visitor may come back later.
type trouble struct{ error }

// Error says what is wrong.
func (e *trouble) Error() string { return "sqlstore: " + e.error.Error() }

// Unwrap makes it an [doorward.ErrUnavailable], too.
func (e *trouble) Unwrap() []error { return []error{e.error, doorward.ErrUnavailable} }

var errUnfit = errors.New("the database does not take a value")
