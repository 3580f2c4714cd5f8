package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"

	_ "modernc.org/sqlite"
)

// Member is a user whose key is a text of the application's own making, in a
// table of the application's own making.
type Member struct {
	ID     string  `db:"id,pk"`
	Street string  `db:"street"`
	Plan   *string `db:"plan"` // NULL is nil
	doorward.Account
}

func ExampleNew() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	cfg := sqlstore.Config{Users: "member"}
	if _, err := db.ExecContext(ctx, `CREATE TABLE member (
		id TEXT PRIMARY KEY, street TEXT, plan TEXT,
		email TEXT NOT NULL UNIQUE, username TEXT UNIQUE, password TEXT, active BOOLEAN NOT NULL,
		fs_uniquifier TEXT NOT NULL UNIQUE, confirmed_at DATETIME,
		last_login_at DATETIME, current_login_at DATETIME, last_login_ip TEXT, current_login_ip TEXT, login_count INTEGER,
		tf_primary_method TEXT, tf_totp_secret TEXT, tf_phone_number TEXT, us_totp_secrets TEXT, us_phone_number TEXT UNIQUE,
		fs_webauthn_user_handle TEXT UNIQUE, mf_recovery_codes TEXT, create_datetime DATETIME, update_datetime DATETIME)`); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := sqlstore.Migrate(ctx, db, sqlstore.SQLite, cfg); err != nil {
		fmt.Println(err)
		return
	}
	store, err := sqlstore.New[Member](db, sqlstore.SQLite, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := "gold"
	m := &Member{ID: "m-7", Street: "High Street", Plan: &plan}
	m.Email, m.Active = "joe@example.com", true
	if err := store.CreateUser(ctx, m); err != nil {
		fmt.Println(err)
		return
	}
	u, err := store.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: "JOE@example.com", AnyCase: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, _ := u.(*Member)
	fmt.Println(found.ID, found.Street, *found.Plan)
	// Output: m-7 High Street gold
}
