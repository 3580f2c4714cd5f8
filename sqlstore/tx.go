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
)

// core is what does not depend on the user's type.
type core struct {
	db    *sql.DB
	d     *dialect
	cfg   Config
	queue chan struct{} // held by who writes, where there is one writer only
}

// tx is a transaction in progress.
type tx struct {
	c       *core
	conn    *sql.Conn
	depth   int
	commits []func() // what callers see of the writes, once they are kept
	undoes  []func() // takes back what callers saw before
}

// txKey finds the transaction of one store in a context.
type txKey struct{ c *core }

func (c *core) current(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{c}).(*tx)
	return t
}

// InTx implements [doorward.Transactor]. On SQLite fn runs once, and nobody
// else writes meanwhile: a call in fn that writes but has another context waits
// until that is done. Inside fn the calls come one after the other. A call
// inside a call that fails takes back its own part only, so that the outer one
// may go on.
func (s *Store[U, PU]) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.write(ctx, func(t *tx) error { return fn(context.WithValue(ctx, txKey{s.core}, t)) })
}

// write runs f in a transaction: in the one of ctx, as a part that fails or
// succeeds as a whole, or in a new one.
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
	var conn *sql.Conn
	err := c.patiently(ctx, func(ctx context.Context) (err error) { // a new one may have to change the file's mode
		conn, err = c.db.Conn(ctx)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // back to the pool
	if err := c.begin(ctx, conn); err != nil {
		return err
	}
	t := &tx{c: c, conn: conn}
	kept := false
	defer func() { // an error of f, a panic in it, or a failed commit
		if !kept {
			t.rollback(ctx)
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.commit(ctx, conn); err != nil {
		return err
	}
	kept = true
	for _, then := range t.commits {
		then()
	}
	return nil
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

// begin starts a transaction.
func (c *core) begin(ctx context.Context, conn *sql.Conn) error {
	err := c.patiently(ctx, func(ctx context.Context) error {
		_, err := conn.ExecContext(ctx, c.d.begin)
		return err
	})
	if err != nil { // should it have begun after all
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}

// commit keeps what the transaction did. The caller going away is no reason to
// stop here.
func (c *core) commit(ctx context.Context, conn *sql.Conn) error {
	return c.patiently(context.WithoutCancel(ctx), func(ctx context.Context) error {
		_, err := conn.ExecContext(ctx, "COMMIT")
		return err
	})
}

// patiently does what another process may stand in the way of: it tries again
// for as long as BusyWait while the database is busy.
func (c *core) patiently(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.BusyWait, errBusy)
	defer cancel()
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && !c.d.busy(err) {
			return c.wrap(err)
		}
		again := time.NewTimer(wait)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return c.wrap(context.Cause(ctx))
		}
	}
}

var errBusy = errors.New("the database is busy with another process")

// rollback ends a transaction that is not kept. It works without the caller's
// context, which may be done, and gives up the connection if that fails, so that
// nobody gets it with a transaction open.
func (t *tx) rollback(ctx context.Context) {
	t.depth = -1
	if _, err := t.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	t.undo(0)
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
		ctx := context.WithoutCancel(ctx)
		_, _ = t.exec(ctx, "ROLLBACK TO "+name)
		_, _ = t.exec(ctx, "RELEASE "+name)
		t.commits = t.commits[:commits]
		t.undo(undoes)
	}()
	if err := f(t); err != nil {
		return err
	}
	_, err := t.exec(ctx, "RELEASE "+name)
	kept = err == nil
	return err
}

// during is the context for a statement of the transaction.
func (t *tx) during(ctx context.Context) (context.Context, error) {
	if t.c.d.oneWriter {
		return context.WithoutCancel(ctx), ctx.Err()
	}
	return ctx, nil
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int, error) {
	ctx, err := t.during(ctx)
	if err != nil {
		return 0, err
	}
	res, err := t.conn.ExecContext(ctx, t.c.d.rebind(query), args...)
	if err != nil {
		return 0, t.c.wrap(err)
	}
	n, err := res.RowsAffected()
	return int(n), t.c.wrap(err)
}

// row reads one row, or returns ErrNotFound.
func (t *tx) row(ctx context.Context, query string, args []any, dests ...any) error {
	ctx, err := t.during(ctx)
	if err != nil {
		return err
	}
	return t.c.wrap(t.conn.QueryRowContext(ctx, t.c.d.rebind(query), args...).Scan(dests...))
}

// one returns ErrNotFound if a statement changed no row.
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
	if column, is := c.d.duplicate(err); is {
		return &doorward.DuplicateError{Attr: column}
	}
	return fmt.Errorf("sqlstore: %w", err)
}
