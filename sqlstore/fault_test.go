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
	if err := c.f.broken(query); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (f *faulty) broken(query string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return errCrash
	}
	if f.fail != nil {
		return f.fail(query)
	}
	return nil
}

// set says how statements fail from now on.
func (f *faulty) set(fail func(query string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.f.broken(query); err != nil {
		return nil, err
	}
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{Stmt: s, f: c.f, query: query}, nil
}

// faultyStmt is a prepared statement of a faultyConn.
type faultyStmt struct {
	driver.Stmt
	f     *faulty
	query string
}

func (s *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.f.broken(s.query); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
