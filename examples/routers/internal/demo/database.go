package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Open opens the database file and makes what is missing in it: Doorward's
// tables, and the application's own column of the user table.
func Open(ctx context.Context, file string) (*sql.DB, error) {
	// SQLite would let everybody on the machine read the password hashes.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("make database: %w", err)
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := setUp(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("set up database %s: %w", file, err), db.Close())
	}
	return db, nil
}

func setUp(ctx context.Context, db *sql.DB) error {
	if _, err := sqlstore.Migrate(ctx, db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		return err
	}
	var columns int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('user') WHERE name = 'company'`).Scan(&columns); err != nil || columns > 0 {
		return err
	}
	_, err := db.ExecContext(ctx, `ALTER TABLE "user" ADD COLUMN company VARCHAR(255)`)
	return err
}

// account is a user as far as roles go. A program that looks after accounts
// need not know the columns of the application.
type account struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// Grant gives the account with that address a role, which is made if it does
// not exist.
func Grant(ctx context.Context, db *sql.DB, email, role string) error {
	store, err := sqlstore.New[account](db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return err
	}
	if err := store.CreateRole(ctx, doorward.Role{Name: role}); err != nil && !errors.Is(err, doorward.ErrDuplicate) {
		return errors.Join(err, store.Close())
	}
	user, err := store.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: email, AnyCase: true})
	switch {
	case errors.Is(err, doorward.ErrNotFound):
		err = fmt.Errorf("there is no account %s yet: register it first", email)
	case err == nil:
		_, err = store.AddRole(ctx, user, role)
	}
	return errors.Join(err, store.Close())
}
