package database_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/cmd/doorward/internal/database"
)

const users = `CREATE TABLE user (id INTEGER PRIMARY KEY, email VARCHAR(255), password VARCHAR(255), active BOOLEAN, fs_uniquifier VARCHAR(64));
	INSERT INTO user (email, active, fs_uniquifier) VALUES ('joe@example.com', true, 'a')`

// write opens a file as another program and leaves it open.
func write(t *testing.T, path, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode("+mode+")")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(users); err != nil {
		t.Fatal(err)
	}
	return db
}

// look returns how many users there are for a reader.
func look(path string) (int64, error) {
	source, err := database.Parse("sqlite:" + path)
	if err != nil {
		return 0, err
	}
	h, err := database.Connect(context.Background(), source, database.Options{Connections: 2, ReadOnly: true})
	if err != nil {
		return 0, err
	}
	r, err := h.Inspect(context.Background())
	if err := errors.Join(err, h.Close()); err != nil {
		return 0, err
	}
	return r.Users, nil
}

// files are the names and contents of a directory, without the index of a log,
// in which readers note that they read.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.Name(), "-shm") {
			text = nil
		}
		out[e.Name()] = string(text)
	}
	return out
}

// Whoever only looks sees what others have committed, and leaves nothing.
func TestReadOnly(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		open       bool // by another program meanwhile
		files      int
	}{
		{"journal", "DELETE", false, 1}, {"journal, in use", "DELETE", true, 1}, {"log", "WAL", false, 1}, {"log, in use", "WAL", true, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a b?#%.db")
			db := write(t, strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25", " ", "%20").Replace(path), c.mode)
			if !c.open {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			before := files(t, dir)
			n, err := look(path)
			if err != nil || n != 1 {
				t.Errorf("%d users, %v", n, err)
			}
			after := files(t, dir)
			for name, text := range after {
				if was, there := before[name]; !there || was != text {
					t.Errorf("%s was changed, or made", name)
				}
			}
			if len(after) != c.files || len(before) != c.files {
				t.Errorf("before %d files, after %d", len(before), len(after))
			}
		})
	}
}

func TestReadOnlyMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := look(filepath.Join(dir, "none.db")); !errors.Is(err, database.ErrMissing) || len(files(t, dir)) > 0 {
		t.Error(err)
	}
}

// A write that was broken off can only be taken back by who may write.
func TestReadOnlyBrokenOff(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.db")
	db := write(t, path, "DELETE")
	for _, text := range []string{"PRAGMA cache_size = 1", "PRAGMA cache_spill = 1", "BEGIN", "CREATE TABLE big (text TEXT)"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		if _, err := db.Exec("INSERT INTO big VALUES (?)", strings.Repeat("x", 4000)); err != nil {
			t.Fatal(err)
		}
	}
	copied := t.TempDir()
	for name, text := range files(t, dir) { // as after a crash
		if err := os.WriteFile(filepath.Join(copied, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := files(t, copied)
	if len(before) != 2 {
		t.Fatalf("there are %d files", len(before))
	}
	_, err := look(filepath.Join(copied, "t.db"))
	if trouble, ok := errors.AsType[*database.TroubleError](err); !ok || !strings.Contains(trouble.Error(), "in the middle of a change") {
		t.Error(err)
	}
	for name, text := range files(t, copied) {
		if !bytes.Equal([]byte(before[name]), []byte(text)) {
			t.Errorf("%s was changed", name)
		}
	}
}

// Whoever finds a file locked is told so, and the error stays what it is. The
// wait is cut short by nothing, so that it takes as long as it does for users.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	db := write(t, path, "DELETE")
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	for name, readOnly := range map[string]bool{"to look": true, "to write": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := database.Parse("sqlite:" + path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = database.Connect(t.Context(), source, database.Options{Connections: 2, ReadOnly: readOnly})
			trouble, ok := errors.AsType[*database.TroubleError](err)
			if !ok || !strings.Contains(trouble.Error(), "another program is writing to the database "+path) || !strings.Contains(trouble.Error(), "Try again") {
				t.Fatalf("%v", err)
			}
			var coded interface{ Code() int }
			if !errors.Is(err, context.DeadlineExceeded) && !(errors.As(err, &coded) && coded.Code()&0xff == 5) {
				t.Errorf("its cause is lost: %v", err)
			}
		})
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	source, err := database.Parse("sqlite:" + path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = database.Connect(ctx, source, database.Options{Connections: 2})
	if _, ok := errors.AsType[*database.TroubleError](err); ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who gave up: %v", err)
	}
}
