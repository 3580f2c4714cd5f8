package sqlstore

import "database/sql"

// NewByRows is New for a database that has none of the expressions that SQLite has.
func NewByRows[U any, PU Record[U]](db *sql.DB, cfg Config) (*Store[U, PU], error) {
	d := sqlite()
	d.pack, d.gather, d.raw = nil, nil, nil
	return openOn[U, PU](db, d, cfg)
}
