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
// The package imports no driver. For SQLite it is tested with
// modernc.org/sqlite, whose registered name is "sqlite".
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
// used as it is, by both at once. Sessions, remember-me rows, claims and the
// record of migrations have tables of their own beside them, which refer to a
// user by fs_uniquifier and have no foreign keys.
//
// # Letter case
//
// A look-up in any case compares lower(column), which has an index (see
// [Migrate]). SQLite lowers the letters A to Z only. Other letters match if
// the stored text has them as in the query, all lower or all upper.
package sqlstore
