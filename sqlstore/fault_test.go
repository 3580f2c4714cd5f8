package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

var errCrash = errors.New("the process has crashed")

// faulty is a driver's connector whose connections break on demand.
type faulty struct {
	driver.Connector
	mu   sync.Mutex
	left int                      // statements until the crash; below 0: none
	fail func(query string) error // instead of running a statement
	ran  int
}

// faultyDB is the database of db, through a connector that can be broken.
func faultyDB(db *sql.DB, dsn string) (*sql.DB, *faulty, error) {
	f := &faulty{left: -1}
	var err error
	if d, ok := db.Driver().(driver.DriverContext); ok {
		f.Connector, err = d.OpenConnector(dsn)
	} else {
		f.Connector = opener{db.Driver(), dsn}
	}
	return sql.OpenDB(f), f, err
}

// opener is a driver without connectors as one.
type opener struct {
	d   driver.Driver
	dsn string
}

func (o opener) Connect(context.Context) (driver.Conn, error) { return o.d.Open(o.dsn) }
func (o opener) Driver() driver.Driver                        { return o.d }

func (f *faulty) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{Conn: c, f: f}, nil
}

// faultyConn runs what it is told until the crash, and nothing after.
type faultyConn struct {
	driver.Conn
	f *faulty
}

// step counts a statement, and says how the process ends.
func (f *faulty) step(query string) (crash bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		if err := f.fail(query); err != nil {
			return false, err
		}
	}
	if f.left == 0 {
		return true, errCrash
	}
	f.ran++
	if f.left > 0 {
		f.left--
		return f.left == 0, nil
	}
	return false, nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	crash, err := c.f.step(query)
	if err != nil {
		return nil, err
	}
	res, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	if crash {
		_ = c.Conn.Close()
		return nil, errCrash
	}
	return res, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.f.broken() {
		return nil, errCrash
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (f *faulty) broken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left == 0
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
