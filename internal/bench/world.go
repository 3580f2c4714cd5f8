// Package bench measures what the engine costs beside the least that could do
// the same work: "make bench" prints the table.
package bench

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"crypto/sha256"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/sqlstore"

	_ "modernc.org/sqlite" // the driver
)

// User is the application's type of the measurements.
type User struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// World is a database with users, sessions and roles, and an application on it.
type World struct {
	DB    *sql.DB
	App   *batteries.App
	Store *sqlstore.Store[User, *User]
	Users int
	Plain string // everybody's password
	Hash  string

	key []byte
}

// NewWorld fills a database file in dir with users, each with two roles, and
// analyses it.
func NewWorld(ctx context.Context, dir string, users int) (*World, error) {
	return newWorld(ctx, dir, users, nil, nil)
}

// NewWorldWith is NewWorld with an application that edit turns more on in.
func NewWorldWith(ctx context.Context, dir string, users int, edit func(*batteries.Config)) (*World, error) {
	return newWorld(ctx, dir, users, nil, edit)
}

// NewWorldOn is NewWorld with a database handle made by open, of the driver
// and the name it is given; nil is the ordinary one.
func NewWorldOn(ctx context.Context, dir string, users int, open func(driver.Driver, string) *sql.DB) (*World, error) {
	return newWorld(ctx, dir, users, open, nil)
}

func newWorld(ctx context.Context, dir string, users int, open func(driver.Driver, string) *sql.DB, edit func(*batteries.Config)) (*World, error) {
	dsn := sqlstore.SQLiteDSN(filepath.Join(dir, "bench.db"))
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	if open != nil {
		db = open(db.Driver(), dsn)
	}
	w := &World{DB: db, Users: users, Plain: "correct horse battery", key: []byte("0123456789abcdef0123456789abcdef")}
	if _, err := sqlstore.Migrate(ctx, db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	h, err := password.New(password.Config{})
	if err != nil {
		return nil, err
	}
	if w.Hash, err = h.Hash(ctx, w.Plain); err != nil {
		return nil, err
	}
	if err := w.fill(ctx); err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	if w.Store, err = sqlstore.New[User](db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		return nil, err
	}
	cfg := batteries.Config{}
	cfg.Stores, cfg.SecretKey = doorward.StoresFrom(w.Store), w.key
	if edit != nil {
		edit(&cfg)
	}
	w.App, err = batteries.New(cfg)
	return w, err
}

// Close ends everything.
func (w *World) Close(ctx context.Context) error {
	if err := w.App.Close(ctx); err != nil {
		return err
	}
	if err := w.Store.Close(); err != nil {
		return err
	}
	return w.DB.Close()
}

// Email is the address of user i, from 1.
func Email(i int) string { return fmt.Sprintf("user%d@example.com", i) }

// Uniquifier is the identity of user i.
func Uniquifier(i int) string {
	sum := sha256.Sum256(fmt.Append(nil, i))
	return hex.EncodeToString(sum[:16])
}

func (w *World) fill(ctx context.Context) error {
	tx, err := w.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for r := 1; r <= 5; r++ {
		if _, err := tx.ExecContext(ctx, `INSERT INTO role(id,name,permissions) VALUES(?,?,'read,write')`, r, fmt.Sprintf("role%d", r)); err != nil {
			return err
		}
	}
	user, err := tx.PrepareContext(ctx, `INSERT INTO "user"(id,email,username,password,active,fs_uniquifier,fs_webauthn_user_handle,confirmed_at,login_count) VALUES(?,?,?,?,1,?,?,?,3)`)
	if err != nil {
		return err
	}
	role, err := tx.PrepareContext(ctx, `INSERT INTO roles_users(user_id,role_id) VALUES(?,?)`)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Format("2006-01-02 15:04:05.000000")
	for i := 1; i <= w.Users; i++ {
		if _, err := user.ExecContext(ctx, i, Email(i), fmt.Sprintf("user%d", i), w.Hash, Uniquifier(i), "h"+Uniquifier(i), now); err != nil {
			return err
		}
		for _, r := range []int{1 + i%2, 3} {
			if _, err := role.ExecContext(ctx, i, r); err != nil {
				return err
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = w.DB.ExecContext(ctx, "ANALYZE")
	return err
}

// Hello is the application's page: for users with role3.
func (w *World) Hello() http.Handler {
	page := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		u, err := doorward.CurrentUser[*User](r.Context())
		if err != nil {
			http.Error(out, "nobody", http.StatusUnauthorized)
			return
		}
		_, _ = out.Write([]byte("hello " + u.Email))
	})
	mux := http.NewServeMux()
	mux.Handle("GET /hello", w.App.RequireUser()(w.App.RequireRoles("role3")(page)))
	return w.App.Handler(mux)
}
