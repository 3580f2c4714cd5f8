package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

// Record is a pointer to the application's user type.
type Record[U any] interface {
	*U
	doorward.User
}

// Store implements all the store interfaces of package doorward for users of
// type *U. It is safe for concurrent use. Several processes may share one
// database, other applications among them.
type Store[U any, PU Record[U]] struct {
	*core
	plan     *columns.Plan
	nullable []bool            // by column of plan
	seconds  []bool            // by column of plan: its times are whole
	owned    []string          // tables with a user_id, of which a deleted user's rows go too
	lean     string            // the columns a request loads, of the table named u
	whole    string            // all columns
	roleTime bool              // the role table has update_datetime
	folded   map[string]string // by column, the one that Migrate added for look-ups in any case
	joined   string            // joins a session s to its user u

	session *statement
	mu      sync.Mutex
	byQuery map[lookup]*statement
}

// lookup says what a prepared statement looks for.
type lookup struct {
	attr    string
	anyCase bool
	roles   bool
}

// statement is prepared once; in a transaction its text is used.
type statement struct {
	text  string
	where string // of a look-up, as it was before rebind
	prep  *sql.Stmt
}

// New returns the store of a database, after comparing the tables with what U
// and cfg say. Everything that does not fit is reported at once, as a
// [*doorward.ConfigError] each. New changes nothing in the database; the tables
// are made by [Migrate] or by the application.
//
// The database stays the caller's to close, after [Store.Close].
func New[U any, PU Record[U]](db *sql.DB, dialect Dialect, cfg Config) (*Store[U, PU], error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return nil, configError(err.Error(), "use one of the dialects of package sqlstore")
	}
	return openOn[U, PU](db, d, cfg)
}

func openOn[U any, PU Record[U]](db *sql.DB, d *dialect, cfg Config) (*Store[U, PU], error) {
	plan, err := columns.For(reflect.TypeFor[U]())
	if err != nil {
		return nil, configError(err.Error(), "correct the db tags")
	}
	s := &Store[U, PU]{
		core:    &core{db: db, d: d, cfg: cfg.withDefaults(), queue: make(chan struct{}, 1)},
		byQuery: map[lookup]*statement{},
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := s.fit(ctx, plan); err != nil {
		return nil, err
	}
	s.lean = s.list("u.", (*columns.Column).Lean)
	s.whole = s.list("u.", nil)
	s.session, err = s.prepare(ctx, s.sessionQuery())
	if err != nil {
		return nil, err
	}
	return s, nil
}

// startLimit bounds what New asks of the database.
const startLimit = 30 * time.Second

// Close releases the prepared statements. The store is of no use afterwards.
func (s *Store[U, PU]) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.session.prep.Close()
	for _, st := range s.byQuery {
		err = errors.Join(err, st.prep.Close())
	}
	return err
}

func configError(problem, hint string) error {
	return &doorward.ConfigError{Feature: "sqlstore", Problem: problem, Hint: hint}
}

func (c *core) prepare(ctx context.Context, text string) (*statement, error) {
	text = c.d.rebind(text)
	prep, err := c.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, c.wrap(err)
	}
	return &statement{text: text, prep: prep}, nil
}

// rows runs a prepared statement, in the transaction of ctx if there is one.
//
// A database in the same process answers a look-up sooner than two goroutines
// that would watch ctx meanwhile are started, so there ctx is looked at before.
// Waiting for a connection, where their number is limited, can be given up.
func (c *core) rows(ctx context.Context, st *statement, args ...any) (*sql.Rows, error) {
	t := c.current(ctx)
	if t != nil {
		return t.rows(ctx, st.text, args...)
	}
	if c.d.embedded && ctx.Done() != nil && c.db.Stats().MaxOpenConnections == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ctx = context.WithoutCancel(ctx)
	}
	stale := false
	return c.look(ctx, func() (*sql.Rows, error) {
		if stale { // as a statement that no connection knows
			return c.db.QueryContext(ctx, st.text+" ", args...)
		}
		rows, err := st.prep.QueryContext(ctx, args...)
		stale = err != nil && c.d.stale(err)
		return rows, err
	})
}

// look asks again if the connection it got had been ended by the server, as all
// have been when that was started anew, or knew the statement from before a
// change of the table.
func (c *core) look(ctx context.Context, ask func() (*sql.Rows, error)) (*sql.Rows, error) {
	for try := 0; ; try++ {
		rows, err := ask()
		if err == nil {
			return rows, nil
		}
		if try == staleLimit || ctx.Err() != nil || !c.d.lost(err) && !c.d.stale(err) {
			return nil, c.wrap(err)
		}
	}
}

// query is rows for a text that is not worth preparing.
func (c *core) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	text = c.d.rebind(text)
	if t := c.current(ctx); t != nil {
		return t.rows(ctx, text, args...)
	}
	return c.look(ctx, func() (*sql.Rows, error) { return c.db.QueryContext(ctx, text, args...) })
}

// each calls f for every row, and closes rows.
func (c *core) each(ctx context.Context, rows *sql.Rows, f func() error) (err error) {
	defer func() { err = errors.Join(err, c.wrap(rows.Close())) }()
	for rows.Next() {
		if err := f(); err != nil {
			return err
		}
	}
	return c.readError(ctx, rows.Err())
}

// readError is what became of reading rows, which may have been in a transaction.
func (c *core) readError(ctx context.Context, err error) error {
	if t := c.current(ctx); t != nil && err != nil {
		return t.fail(ctx, err)
	}
	return c.wrap(err)
}

// table is the quoted name of a table.
func (c *core) table(name string) string { return c.d.quote(name) }

// list names the columns of the plan that keep accepts.
func (s *Store[U, PU]) list(prefix string, keep func(*columns.Column) bool) string {
	var names []string
	for i := range s.plan.Columns {
		if c := &s.plan.Columns[i]; keep == nil || keep(c) {
			name := prefix + s.d.quote(c.Name)
			if s.d.raw != nil && c.IsTime() {
				name = s.d.raw(name)
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// dests appends where to scan the columns of u that keep accepts.
func (s *Store[U, PU]) dests(to []any, u PU, keep func(*columns.Column) bool) []any {
	v := reflect.ValueOf(u).Elem()
	for i := range s.plan.Columns {
		if c := &s.plan.Columns[i]; keep == nil || keep(c) {
			to = append(to, c.Dest(v))
		}
	}
	return to
}

// record returns u as the store's own type.
func (s *Store[U, PU]) record(u doorward.User) (PU, error) {
	p, ok := u.(PU)
	if !ok || p == nil {
		return nil, fmt.Errorf("sqlstore: the user is a %T, not a %T", u, p)
	}
	return p, nil
}

// key returns u as the store's own type, with its primary key encoded.
func (s *Store[U, PU]) key(u doorward.User) (PU, driver.Value, error) {
	p, err := s.record(u)
	if err != nil {
		return nil, nil, err
	}
	k, err := s.plan.Key().Encode(reflect.ValueOf(p).Elem())
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: %w", err)
	}
	return p, k, nil
}

func (s *Store[U, PU]) keyName() string { return s.d.quote(s.plan.Key().Name) }

// bind is an encoded value of column i as the table holds it.
func (s *Store[U, PU]) bind(i int, v driver.Value) any {
	if v == nil && !s.nullable[i] {
		v = s.plan.Columns[i].Zero()
	}
	if t, ok := v.(time.Time); ok {
		if s.seconds[i] { // MySQL would round, into the future
			t = t.Truncate(time.Second)
		}
		return s.d.time(t)
	}
	return v
}
