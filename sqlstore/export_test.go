package sqlstore

import (
	"context"
	"database/sql"

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
