// Package database opens what the server keeps its accounts in.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"
)

// User is the server's user record.
type User struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// ErrMissing is returned for a database that has not been made yet.
var ErrMissing = errors.New("there is no such database")

// Database is an open database with its store.
type Database struct {
	*sqlstore.Store[User, *User]
	db *sql.DB
}

// Path returns the file that a database URL names. An error never repeats the
// URL, which may hold a password.
func Path(url string) (string, error) {
	scheme, path, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return "", errors.New("names no kind of database")
	case scheme != "sqlite":
		return "", fmt.Errorf("names a kind of database that is not supported: %.20q", scheme)
	case strings.HasPrefix(path, "//"):
		return "", errors.New("has slashes after sqlite: that are not part of a path")
	case path == "" || strings.Contains(path, ":memory:"):
		return "", errors.New("names no file")
	}
	return path, nil
}

// Handle is a database before its store is set up.
type Handle struct {
	db  *sql.DB
	New bool // the file was made just now
	// Exposed says that others than its owner can read the file.
	Exposed bool
}

// Connect opens the database file, which it makes if create says so, readable
// by its owner only. Without create a file that is missing is [ErrMissing].
func Connect(ctx context.Context, path string, connections int, create bool) (*Handle, error) {
	h := &Handle{}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !create:
		return nil, fmt.Errorf("%w: %s", ErrMissing, path)
	case errors.Is(err, fs.ErrNotExist):
		if h.New, err = touch(path); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("open database: %w", err)
	default:
		h.Exposed = info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows"
	}
	if h.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(path)); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	h.db.SetMaxOpenConns(connections)
	h.db.SetMaxIdleConns(connections)
	if err := ping(ctx, h.db); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), h.db.Close())
	}
	return h, nil
}

// patience is how long another process may take to set up the same file.
const patience = 10 * time.Second

// ping opens the first connection. It is tried again while another process
// switches a new file to write-ahead logging, for which SQLite waits for nobody.
func ping(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := db.PingContext(ctx)
		var coded interface{ Code() int }
		if !errors.As(err, &coded) || coded.Code()&0xff != busy {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

// busy is SQLITE_BUSY.
const busy = 5

// touch makes an empty file for its owner alone, before SQLite makes one that
// everybody can read: it holds password hashes. SQLite gives its other files
// the same mode.
func touch(path string) (made bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("there is no directory %s for the database", filepath.Dir(path))
	}
	if err != nil {
		return false, fmt.Errorf("make database: %w", err)
	}
	return true, f.Close()
}

// Migrate brings the tables up to date and says what it did.
func (h *Handle) Migrate(ctx context.Context) ([]string, error) {
	done, err := sqlstore.Migrate(ctx, h.db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return done, nil
}

// Pending says what Migrate would do.
func (h *Handle) Pending(ctx context.Context) ([]string, error) {
	todo, err := sqlstore.Pending(ctx, h.db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return todo, nil
}

// Store returns the database with its store.
func (h *Handle) Store() (*Database, error) {
	st, err := sqlstore.New[User](h.db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return nil, err
	}
	return &Database{st, h.db}, nil
}

// Close closes the database without its store.
func (h *Handle) Close() error { return h.db.Close() }

// Close releases the store and closes the database.
func (d *Database) Close() error { return errors.Join(d.Store.Close(), d.db.Close()) }

// Check reports whether the database answers, by a look-up that finds nothing.
func (d *Database) Check(ctx context.Context) error {
	_, _, err := d.LoadUser(ctx, doorward.UserQuery{Attr: "fs_uniquifier", Value: "nobody"})
	if errors.Is(err, doorward.ErrNotFound) {
		return nil
	}
	return err
}
