// Package sqlstore keeps users, roles, sessions and the rest in an SQL
// database, in the application's own user table:
//
//	type User struct {
//		ID      int64  `db:"id,pk"`
//		Company string `db:"company"`
//		doorward.Account
//	}
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("app.db"))
//	_, err = sqlstore.Migrate(ctx, db, sqlstore.SQLite, sqlstore.Config{})
//	store, err := sqlstore.New[User](db, sqlstore.SQLite, sqlstore.Config{})
//	stores := doorward.StoresFrom(store)
//
// The package imports no driver. It is tested with modernc.org/sqlite, whose
// registered name is "sqlite", with github.com/jackc/pgx/v5/stdlib ("pgx") on
// PostgreSQL 15, and with github.com/go-sql-driver/mysql ("mysql") on
// MariaDB 10.11. MySQL 8 is written for, by its documentation, but was not at
// hand to be tested with. Bound the number of connections of a
// server's pool with [sql.DB.SetMaxOpenConns]: a request uses one at a time.
//
// # User types
//
// The tag of a field is db:"column,option,...". The options are pk (one field
// has it), secret and cold (requests do not load the column), and optional (the
// table may lack it; then the field is not stored). Fields without a tag are
// not stored. Strings, booleans, numbers, times, []byte, []string (joined by
// commas), map[string]string (a JSON object), types derived from them, and
// types that implement [database/sql.Scanner] and
// [database/sql/driver.Valuer] can be columns. NULL is read as the zero value,
// and as nil by a pointer. An empty text, time, list or map is written as NULL,
// where the table allows it; numbers and booleans are written as they are.
//
// A primary key of an integer type is the database's to assign if it is 0. Any
// other, such as a UUID, is set by the application before CreateUser.
//
// # Tables
//
// The tables user, role, roles_users, web_authn and fs_refresh_tracker are
// those of the fsqla_v4 model, so that a database of a Flask application can be
// used as it is, by both at once. [Inspect] says beforehand what of that holds
// for a database, and what [Migrate] would add to it. Sessions, remember-me
// rows, claims and the record of migrations have tables of their own beside
// them, which refer to a user by fs_uniquifier and have no foreign keys.
//
// # Letter case
//
// A look-up compares texts byte by byte, also where the collation of a column
// would not: joe is not JOE, nor "joe " or joé. A look-up in any case holds A to
// Z to be a to z, and every other character to be itself, on every database
// alike, and has an index (see [Migrate]). Where several users match, which a
// table of the application's may allow, the one is meant whose text is exactly
// the one asked for.
//
// # Transactions
//
// On PostgreSQL and MySQL every change is a transaction at READ COMMITTED that
// locks the rows it is about, in one order. One that collides with another
// nevertheless (deadlock, lock timeout) is run again as a whole, for as long as
// Config.BusyWait. Tables of MySQL must be kept by a storage engine with
// transactions, which InnoDB is.
package sqlstore
