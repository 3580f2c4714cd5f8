package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/doorward/doorward"
)

// NewByRows is New for a database that has none of the expressions that SQLite has.
func NewByRows[U any, PU Record[U]](db *sql.DB, cfg Config) (*Store[U, PU], error) {
	d := sqlite()
	d.pack, d.gather, d.raw = nil, nil, nil
	return openOn[U, PU](db, d, cfg)
}

// SessionText is the statement of a request with a session.
func SessionText[U any, PU Record[U]](s *Store[U, PU]) string { return s.session.text }

// LookupText is the statement of a look-up, with its arguments.
func LookupText[U any, PU Record[U]](s *Store[U, PU], q doorward.UserQuery) (string, []any, error) {
	st, args, err := s.lookup(context.Background(), q, true)
	if err != nil {
		return "", nil, err
	}
	return st.text, args, nil
}

// End is the server's end of a connection.
type End struct{ e end }

// EndOf asks a connection to MySQL for it.
func EndOf(ctx context.Context, conn *sql.Conn) (e End, err error) {
	e.e.since = time.Now()
	err = conn.QueryRowContext(ctx, mysqlSelf).Scan(&e.e.number, &e.e.server)
	return e, err
}

// OnAnother is an end of that number on another server.
func (e End) OnAnother() End { e.e.server += "0"; return e }

// Before is an end of that number d earlier.
func (e End) Before(d time.Duration) End { e.e.since = e.e.since.Add(-d); return e }

// Kill ends it from another connection.
func (e End) Kill(ctx context.Context, from *sql.Conn) error { return mysqlKill(ctx, from, e.e) }
