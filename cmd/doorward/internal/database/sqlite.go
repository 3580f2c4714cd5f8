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
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/doorward/doorward/sqlstore"
)

// openFile opens a database file, which it makes if o says so, readable by its
// owner only.
func (h *Handle) openFile(ctx context.Context, o Options) error {
	path := h.source.path
	if o.ReadOnly {
		return h.openReadOnly(ctx)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.Create:
		return fmt.Errorf("%w: %s\nGive the right one with --database, or make it with: doorward migrate", ErrMissing, path)
	case errors.Is(err, fs.ErrNotExist):
		if h.New, err = touch(path); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("open database: %w", err)
	default:
		h.Exposed = info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows"
	}
	if h.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(path)); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	h.db.SetMaxOpenConns(o.Connections)
	h.db.SetMaxIdleConns(o.Connections)
	if err := settle(ctx, h.db); err != nil {
		if locked(ctx, err) {
			err = lockedError(path, err)
		} else {
			err = openError(path, err)
		}
		return errors.Join(err, h.db.Close())
	}
	return nil
}

// openError says what can be done about a file that SQLite does not open. It is
// SQLITE_READONLY or SQLITE_CANTOPEN where files cannot be made or written.
func openError(path string, err error) error {
	var coded interface{ Code() int }
	if errors.As(err, &coded) && (coded.Code()&0xff == 8 || coded.Code()&0xff == 14) {
		return &TroubleError{
			problem: fmt.Sprintf("the database %s cannot be written: %v", path, err),
			hint:    "Make the file and its directory writable for this user: SQLite keeps two more files beside it.",
			cause:   err,
		}
	}
	return fmt.Errorf("open database %s: %w", path, err)
}

// locked reports whether err says that another program has kept a file for
// itself, for longer than it was waited for: SQLite says so, or the wait ended
// before SQLite's own, which ctx has nothing to do with.
func locked(ctx context.Context, err error) bool {
	var coded interface{ Code() int }
	return errors.As(err, &coded) && coded.Code()&0xff == busy || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
}

func lockedError(path string, err error) error {
	return &TroubleError{
		problem: fmt.Sprintf("another program is writing to the database %s, and has not finished", path),
		hint:    "Try again in a moment; if that does not help, end what has the file open.",
		cause:   err,
	}
}

// patience is how long another process may take to set up the same file.
const patience = 10 * time.Second

// settle opens the first connection. It is tried again while another process
// switches a new file to write-ahead logging, for which SQLite waits for nobody.
func settle(ctx context.Context, db *sql.DB) error {
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
