// Package database opens what the server keeps its accounts in: a file of
// SQLite, or a database of a PostgreSQL or MySQL server.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"
)

// User is the server's user record.
type User struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// ErrMissing is returned for a database file that has not been made yet.
var ErrMissing = errors.New("there is no such database")

// Database is an open database with its store.
type Database struct {
	*sqlstore.Store[User, *User]
	db     *sql.DB
	shared bool
}

// Options say how to open a database.
type Options struct {
	// Connections is how many there are at most.
	Connections int
	// Timeout is how long a request may need the database. Keeping what was done
	// is waited for half as long, beyond that; 0 is the store's default.
	Timeout time.Duration
	// Create makes a database file that is missing. The database of a server is
	// never made: that takes rights which this program should not have.
	Create bool
	// ReadOnly is for looking at a database without changing anything: not even
	// how a file is kept, nor are files made beside it.
	ReadOnly bool
	// Tables are the names of its tables.
	Tables sqlstore.Config
}

// Handle is a database before its store is set up.
type Handle struct {
	source *Source
	opts   Options
	db     *sql.DB
	New    bool // the file was made just now
	// Exposed says that others than its owner can read the file.
	Exposed bool
}

// Connect opens a database. A file that is missing and not to be made is
// [ErrMissing]; what is wrong with a server is a [*TroubleError].
func Connect(ctx context.Context, source *Source, o Options) (*Handle, error) {
	h := &Handle{source: source, opts: o}
	open := h.openServer
	if !source.Shared() {
		open = h.openFile
	}
	if err := open(ctx, o); err != nil {
		return nil, err
	}
	return h, nil
}

// Migrate brings the tables up to date and says what it did.
func (h *Handle) Migrate(ctx context.Context) ([]string, error) {
	done, err := sqlstore.Migrate(ctx, h.db, h.source.dialect, h.opts.Tables)
	if err != nil {
		return nil, h.failed(ctx, "migrate", err)
	}
	return done, nil
}

// Pending says what Migrate would do.
func (h *Handle) Pending(ctx context.Context) ([]string, error) {
	todo, err := sqlstore.Pending(ctx, h.db, h.source.dialect, h.opts.Tables)
	if err != nil {
		return nil, h.failed(ctx, "migrate", err)
	}
	return todo, nil
}

// Passkeys says what is to be known of passkeys that another application has in
// the database.
func (h *Handle) Passkeys(ctx context.Context) ([]sqlstore.Finding, error) {
	list, err := sqlstore.InspectPasskeys(ctx, h.db, h.source.dialect, h.opts.Tables)
	if err != nil {
		return nil, h.failed(ctx, "look for passkeys", err)
	}
	return list, nil
}

// Inspect says what the server would find in the database of another
// application, and what Migrate would add.
func (h *Handle) Inspect(ctx context.Context) (*sqlstore.Report, error) {
	r, err := sqlstore.Inspect[User](ctx, h.db, h.source.dialect, h.opts.Tables)
	if err != nil {
		return nil, h.failed(ctx, "inspect", err)
	}
	return r, nil
}

func (h *Handle) failed(ctx context.Context, doing string, err error) error {
	if h.source.Shared() {
		err = h.explain(ctx, err)
	} else if locked(ctx, err) {
		err = lockedError(h.source.path, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Store returns the database with its store.
func (h *Handle) Store() (*Database, error) {
	cfg := h.opts.Tables
	if h.Shared() {
		cfg.BusyWait = h.opts.Timeout / 2
	}
	st, err := sqlstore.New[User](h.db, h.source.dialect, cfg)
	if err != nil {
		return nil, err
	}
	return &Database{st, h.db, h.Shared()}, nil
}

// Shared reports whether processes on other machines can use the database.
func (h *Handle) Shared() bool { return h.source.Shared() }

// InTheClear reports whether what is sent to the database could be read on the way.
func (h *Handle) InTheClear() bool { return h.source.InTheClear() }

// Close closes the database without its store.
func (h *Handle) Close() error { return h.db.Close() }

// closeLimit is how long a server is waited for at the end. What it has not been
// told by then it learns when the process ends.
const closeLimit = 2 * time.Second

// Close releases the store and closes the database.
func (d *Database) Close() error {
	closed := make(chan error, 1)
	go func() { closed <- errors.Join(d.Store.Close(), d.db.Close()) }()
	if !d.shared {
		return <-closed
	}
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case err := <-closed:
		return err
	case <-limit.C:
		return nil
	}
}

// Check reports whether the database answers, by a look-up that finds nothing.
func (d *Database) Check(ctx context.Context) error {
	_, _, err := d.LoadUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: "nobody"})
	if errors.Is(err, doorward.ErrNotFound) {
		return nil
	}
	return err
}
