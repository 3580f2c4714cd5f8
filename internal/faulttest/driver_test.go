package faulttest_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// How an operation of the database fails.
const (
	refused = "refused" // the database says no before anything happened
	dead    = "dead"    // the connection is gone before anything happened
	lost    = "lost"    // it happened, and the connection is gone before the answer came
	unknown = "unknown" // it happened, and the answer is an error
)

var errInjected = errors.New("injected fault")

// faults is a driver around another one, of which it lets one operation fail.
type faults struct {
	under driver.Driver
	dsn   string

	mu   sync.Mutex
	on   bool
	n    int    // operations since arm
	at   int    // which of them fails
	how  string // and in what way
	what string // what it was, once it has failed
}

// arm makes the at-th operation from now fail; 0 lets them all be.
func (f *faults) arm(at int, how string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on, f.n, f.at, f.how, f.what = true, 0, at, how, ""
}

// disarm says which operation failed, "" for none, and how many there were.
func (f *faults) disarm() (what string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = false
	return f.what, f.n
}

// step says how this operation fails, or "".
func (f *faults) step(what string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on {
		return ""
	}
	if f.n++; f.n != f.at {
		return ""
	}
	f.what = what
	return f.how
}

// operate does one operation on a connection, or lets it fail.
func (f *faults) operate(c *conn, what string, do func() error) error {
	if c.gone {
		return driver.ErrBadConn
	}
	switch f.step(what) {
	case refused:
		return fmt.Errorf("%w: %s", errInjected, what)
	case dead:
		c.die()
		return fmt.Errorf("%w: %s: %w", errInjected, what, io.ErrUnexpectedEOF)
	case unknown, lost:
		if err := do(); err != nil {
			return err
		}
		if c.f.how == lost {
			c.die()
		}
		return fmt.Errorf("%w: answer to %s: %w", errInjected, what, io.ErrUnexpectedEOF)
	}
	return do()
}

// Connect implements driver.Connector.
func (f *faults) Connect(ctx context.Context) (driver.Conn, error) {
	c := &conn{f: f}
	err := f.operate(c, "connect", func() (err error) {
		if d, ok := f.under.(driver.DriverContext); ok {
			connector, err := d.OpenConnector(f.dsn)
			if err != nil {
				return err
			}
			c.Conn, err = connector.Connect(ctx)
			return err
		}
		c.Conn, err = f.under.Open(f.dsn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Driver implements driver.Connector.
func (f *faults) Driver() driver.Driver { return f.under }

// conn passes on everything that one of the drivers implements.
type conn struct {
	driver.Conn
	f    *faults
	gone bool
}

func (c *conn) die() {
	if c.Conn != nil && !c.gone {
		_ = c.Conn.Close()
	}
	c.gone = true
}

func (c *conn) Close() error {
	if c.gone {
		return nil
	}
	return c.Conn.Close()
}

func (c *conn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !c.gone && (!ok || v.IsValid())
}

func (c *conn) ResetSession(ctx context.Context) error {
	if c.gone {
		return driver.ErrBadConn
	}
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if ch, ok := c.Conn.(driver.NamedValueChecker); ok {
		return ch.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *conn) Ping(ctx context.Context) error {
	return c.f.operate(c, "ping", func() error {
		if p, ok := c.Conn.(driver.Pinger); ok {
			return p.Ping(ctx)
		}
		return nil
	})
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	err = c.f.operate(c, "begin", func() (err error) {
		tx, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
		return err
	})
	return &transaction{tx, c}, err
}

type transaction struct {
	driver.Tx
	c *conn
}

func (t *transaction) Commit() error   { return t.c.f.operate(t.c, "commit", t.Tx.Commit) }
func (t *transaction) Rollback() error { return t.c.f.operate(t.c, "rollback", t.Tx.Rollback) }

func (c *conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (res driver.Result, err error) {
	err = c.f.operate(c, "exec "+short(q), func() (err error) {
		res, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
		return err
	})
	return res, err
}

func (c *conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	var r driver.Rows
	err := c.f.operate(c, "query "+short(q), func() (err error) {
		r, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
		return err
	})
	return c.rows(r, q, err)
}

func (c *conn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	var st driver.Stmt
	err := c.f.operate(c, "prepare "+short(q), func() (err error) {
		st, err = c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
		return err
	})
	if err != nil {
		if st != nil && !c.gone {
			_ = st.Close()
		}
		return nil, err
	}
	return &statement{st, c, q}, nil
}

type statement struct {
	driver.Stmt
	c *conn
	q string
}

func (s *statement) Close() error {
	if s.c.gone {
		return nil
	}
	return s.Stmt.Close()
}

func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (res driver.Result, err error) {
	err = s.c.f.operate(s.c, "exec "+short(s.q), func() (err error) {
		res, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return res, err
}

func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	var r driver.Rows
	err := s.c.f.operate(s.c, "query "+short(s.q), func() (err error) {
		r, err = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
	return s.c.rows(r, s.q, err)
}

func (s *statement) CheckNamedValue(v *driver.NamedValue) error {
	if ch, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return ch.CheckNamedValue(v)
	}
	return s.c.CheckNamedValue(v)
}

// rows counts reading a row as an operation.
func (c *conn) rows(r driver.Rows, q string, err error) (driver.Rows, error) {
	if err != nil {
		if r != nil && !c.gone {
			_ = r.Close()
		}
		return nil, err
	}
	return &rows{r, c, q}, nil
}

type rows struct {
	driver.Rows
	c *conn
	q string
}

func (r *rows) Next(to []driver.Value) error {
	return r.c.f.operate(r.c, "read "+short(r.q), func() error { return r.Rows.Next(to) })
}

func (r *rows) Close() error {
	if r.c.gone {
		return nil
	}
	return r.Rows.Close()
}

// short is how a statement begins.
func short(q string) string {
	words := strings.Fields(q)
	return strings.Join(words[:min(len(words), 3)], " ")
}
