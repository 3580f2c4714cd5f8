package bench_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/internal/bench"
)

// counter is a driver that counts the statements which run on another's connections.
type counter struct {
	under driver.Driver
	dsn   string
	n     atomic.Int64
}

// Connect implements driver.Connector.
func (c *counter) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.under.Open(c.dsn)
	return &countedConn{conn, c}, err
}

// Driver implements driver.Connector.
func (c *counter) Driver() driver.Driver { return c.under }

type countedConn struct {
	driver.Conn
	c *counter
}

func (c *countedConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	c.c.n.Add(1)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (c *countedConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	c.c.n.Add(1)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *countedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.c.n.Add(1)
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *countedConn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	st, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
	return &countedStmt{st, c.c}, err
}

type countedStmt struct {
	driver.Stmt
	c *counter
}

func (s *countedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.c.n.Add(1)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s *countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.c.n.Add(1)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// TestOneStatement: an authenticated request with a role check costs one
// statement, by session and by token.
func TestOneStatement(t *testing.T) {
	var n *counter
	w, err := bench.NewWorldOn(t.Context(), t.TempDir(), 50, func(d driver.Driver, dsn string) *sql.DB {
		n = &counter{under: d, dsn: dsn}
		return sql.OpenDB(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.WithoutCancel(t.Context())); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	cookies, tokens, err := w.Credentials(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	h := w.Hello()
	get := func(header, value string) int64 {
		r := httptest.NewRequest(http.MethodGet, "/hello", nil)
		r.Header.Set(header, value)
		before := n.n.Load()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		return n.n.Load() - before
	}
	for name, c := range map[string][2]string{"session": {"Cookie", "session=" + cookies[0]}, "token": {"Authentication-Token", tokens[0]}} {
		get(c[0], c[1]) // prepares
		if got := get(c[0], c[1]); got != 1 {
			t.Errorf("a request by %s ran %d statements, want 1", name, got)
		}
	}
}
