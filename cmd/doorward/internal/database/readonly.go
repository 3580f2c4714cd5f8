package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// openReadOnly opens a database file in a way that leaves no trace.
func (h *Handle) openReadOnly(ctx context.Context) error {
	path := h.source.path
	dsn, err := readOnlyDSN(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s\nGive the right one with --database", ErrMissing, path)
	}
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if h.db, err = sql.Open("sqlite", dsn); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	h.db.SetMaxOpenConns(1)
	var n int
	err = settle(ctx, h.db)
	if err == nil { // only this reads the file
		err = h.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&n)
	}
	if err != nil {
		if locked(ctx, err) {
			err = lockedError(path, err)
		} else {
			err = readOnlyError(path, err)
		}
		return errors.Join(err, h.db.Close())
	}
	return nil
}

// readOnlyError says what can be done about SQLITE_READONLY: a write that was
// broken off has to be taken back before the file can be read.
func readOnlyError(path string, err error) error {
	var coded interface{ Code() int }
	if errors.As(err, &coded) && coded.Code()&0xff == 8 {
		return &TroubleError{
			problem: fmt.Sprintf("the database %s was left in the middle of a change", path),
			hint:    "Let the application open it once, which takes the change back, and try again.",
			cause:   err,
		}
	}
	return fmt.Errorf("open database %s: %w", path, err)
}

// readOnlyDSN opens a file for reading, under the locks that keep writers from
// changing it meanwhile. A file that is kept with a write-ahead log is an
// exception where there is no log: nobody has it open then, and SQLite would make
// a log to read it, and leave it there, unless it is told that nobody will change
// the file.
func readOnlyDSN(path string) (string, error) {
	logged, err := writeAhead(path)
	if err != nil {
		return "", err
	}
	name := url.URL{Path: filepath.ToSlash(path)}
	dsn := "file:" + name.EscapedPath() + "?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)"
	if _, err := os.Stat(path + "-wal"); logged && errors.Is(err, fs.ErrNotExist) {
		dsn += "&immutable=1"
	}
	return dsn, nil
}

// writeAhead reads from a file's header how it is kept (SQLite's file format,
// section 1.3.3).
func writeAhead(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, 20)
	if _, err := io.ReadFull(f, header); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil // SQLite says what is wrong with it
	} else if err != nil {
		return false, err
	}
	return header[18] == 2, nil
}
