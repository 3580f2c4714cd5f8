package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/sqlstore"
	"github.com/doorward/doorward/storetest"
)

// plain is the fsqla_v4 user.
type plain struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// keyed has a key of the application's own, and columns of many types.
type keyed struct {
	Ident  string     `db:"ident,pk"`
	Level  level      `db:"level"`
	Rate   float64    `db:"rate"`
	Plan   *string    `db:"plan"`
	Until  *time.Time `db:"until_at"`
	Photo  []byte     `db:"photo,cold"`
	Points point      `db:"points"`
	doorward.Account
}

type level string

type binary struct {
	ID []byte `db:"id,pk"`
	doorward.Account
}

const accountColumns = `
 email VARCHAR(255) NOT NULL UNIQUE, username VARCHAR(255) UNIQUE, password VARCHAR(255), active BOOLEAN NOT NULL,
 fs_uniquifier VARCHAR(64) NOT NULL UNIQUE, confirmed_at DATETIME, last_login_at DATETIME, current_login_at DATETIME,
 last_login_ip VARCHAR(64), current_login_ip VARCHAR(64), login_count INTEGER, tf_primary_method VARCHAR(64),
 tf_totp_secret VARCHAR(255), tf_phone_number VARCHAR(128), us_totp_secrets TEXT, us_phone_number VARCHAR(128) UNIQUE,
 fs_webauthn_user_handle VARCHAR(64) UNIQUE, mf_recovery_codes TEXT,
 create_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL, update_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL`

func openDB(tb testing.TB, ddl ...string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(tb.TempDir(), "a b?#%.db")))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	for _, text := range ddl {
		if _, err := db.Exec(text); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}

func open[U any, PU sqlstore.Record[U]](tb testing.TB, db *sql.DB, cfg sqlstore.Config) *sqlstore.Store[U, PU] {
	tb.Helper()
	if _, err := sqlstore.Migrate(context.Background(), db, sqlstore.SQLite, cfg); err != nil {
		tb.Fatal(err)
	}
	s, err := sqlstore.New[U, PU](db, sqlstore.SQLite, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// The contract holds too where a request reads a row for every role.
func TestRowsOfRoles(t *testing.T) {
	storetest.Run(t, func(t *testing.T) doorward.Stores {
		db := openDB(t)
		if _, err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
			t.Fatal(err)
		}
		s, err := sqlstore.NewByRows[plain](db, sqlstore.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return doorward.StoresFrom(s)
	}, func(email string) doorward.User { return &plain{Account: doorward.Account{Email: email, Active: true}} })
}

const keyedTable = `CREATE TABLE user (ident VARCHAR(36) PRIMARY KEY NOT NULL, level VARCHAR(10) NOT NULL, rate FLOAT, plan TEXT,
 until_at DATETIME, photo BLOB, points TEXT, unmapped TEXT DEFAULT 'x' NOT NULL,` + accountColumns + `)`

// point has its own form in the database.
type point struct{ x, y int }

func (p *point) Scan(src any) error {
	s, ok := src.(string)
	if b, isBytes := src.([]byte); !ok && isBytes {
		s = string(b)
	}
	_, err := fmt.Sscanf(s, "%d/%d", &p.x, &p.y)
	return err
}

func (p point) Value() (driver.Value, error) { return fmt.Sprintf("%d/%d", p.x, p.y), nil }

func TestOwnColumns(t *testing.T) {
	db := openDB(t, keyedTable)
	s := open[keyed](t, db, sqlstore.Config{})
	gold, until := "", time.Date(2027, 1, 2, 3, 4, 5, 6000, time.UTC)
	for _, u := range []*keyed{
		{Ident: "a", Level: "high", Rate: 1.5, Plan: &gold, Until: &until, Photo: []byte{0, 1}, Points: point{3, 4}, Account: doorward.Account{Email: "a@example.com"}},
		{Ident: "b", Account: doorward.Account{Email: "b@example.com"}},
	} {
		if err := s.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "level", Value: "high"})
	if err != nil {
		t.Fatal(err)
	}
	if a := found.(*keyed); a.Ident != "a" || a.Rate != 1.5 || a.Plan == nil || *a.Plan != "" || !a.Until.Equal(until) || string(a.Photo) != "\x00\x01" || a.Points != (point{3, 4}) {
		t.Errorf("%+v", a)
	}
	lean, _, err := s.LoadUser(t.Context(), doorward.UserQuery{Attr: "ident", Value: "a"})
	if err != nil || lean.(*keyed).Photo != nil || lean.(*keyed).Level != "high" {
		t.Errorf("%+v %v", lean, err)
	}
	found, err = s.FindUser(t.Context(), doorward.UserQuery{Attr: "ident", Value: "b"})
	if err != nil || found.(*keyed).Plan != nil || found.(*keyed).Until != nil {
		t.Errorf("%+v %v", found, err)
	}
}

func TestOnlyChangedColumnsAreWritten(t *testing.T) {
	db := openDB(t)
	s := open[plain](t, db, sqlstore.Config{})
	u := &plain{Account: doorward.Account{Email: "a@example.com", USTOTPSecrets: map[string]string{"email": "x"}}}
	if err := s.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	// as another application writes it
	mustExec(t, db, `UPDATE user SET us_totp_secrets = '{"email":  "x"}', confirmed_at = '2026-01-02 03:04:05', update_datetime = '2001-01-01 00:00:00.000000', login_count = NULL`)
	var log []string
	mustExec(t, db, `CREATE TABLE log (col TEXT)`)
	for _, col := range []string{"email", "us_totp_secrets", "confirmed_at", "login_count", "username", "update_datetime"} {
		mustExec(t, db, fmt.Sprintf(`CREATE TRIGGER t_%s AFTER UPDATE OF %s ON user BEGIN INSERT INTO log VALUES ('%s'); END`, col, col, col))
	}
	if err := s.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = "ann"; return nil }); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT col FROM log ORDER BY col`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var col string
		if err := rows.Scan(&col); err != nil {
			t.Fatal(err)
		}
		log = append(log, col)
	}
	if got := strings.Join(log, " "); got != "update_datetime username" {
		t.Errorf("written: %s", got)
	}
}

func mustExec(tb testing.TB, db *sql.DB, query string, args ...any) {
	tb.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		tb.Fatal(err)
	}
}

func TestTimesAsFlaskHasThem(t *testing.T) {
	db := openDB(t)
	s := open[plain](t, db, sqlstore.Config{})
	at := time.Date(2026, 7, 1, 2, 3, 4, 5000, time.FixedZone("", 7200))
	if err := s.CreateUser(t.Context(), &plain{Account: doorward.Account{Email: "a@example.com", ConfirmedAt: at}}); err != nil {
		t.Fatal(err)
	}
	var stored string
	if err := db.QueryRow(`SELECT confirmed_at || '' FROM user`).Scan(&stored); err != nil || stored != "2026-07-01 00:03:04.000005" {
		t.Errorf("stored %q, %v", stored, err)
	}
	for text, want := range map[string]time.Time{
		"2026-07-01 00:03:04.000005": at, "2026-07-01 00:03:04": at.Truncate(time.Second), "2026-07-01T02:03:04.000005+02:00": at,
		"2026-07-01 00:03:04.000005+00:00": at, "2026-07-01T00:03:04.000005Z": at, "2026-07-01 00:03:04.000005 +0000 UTC": at,
		"2026-07-01 02:03:04.000005 +0200 CEST m=+0.1": at, "2026-07-01": time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), "": {},
	} {
		mustExec(t, db, `UPDATE user SET confirmed_at = ?`, text)
		u, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if have := u.SecurityAccount().ConfirmedAt; !have.Equal(want) {
			t.Errorf("%q is read as %v", text, have)
		}
	}
	mustExec(t, db, `UPDATE user SET confirmed_at = 'soon'`)
	if _, err := s.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: "a@example.com"}); err == nil || errors.Is(err, doorward.ErrNotFound) {
		t.Errorf("nonsense as a time: %v", err)
	}
}

func TestMisfits(t *testing.T) {
	type wrongKey struct {
		ID string `db:"id,pk"`
		doorward.Account
	}
	type other struct {
		ID      int64  `db:"id,pk"`
		Missing string `db:"missing"`
		Gone    string `db:"gone"`
		Maybe   string `db:"maybe,optional"`
		doorward.Account
	}
	problems := func(err error) (out []string) {
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			if ce, ok := err.(*doorward.ConfigError); ok {
				return []string{ce.Problem}
			}
			return []string{fmt.Sprintf("not a ConfigError: %v", err)}
		}
		for _, e := range joined.Unwrap() {
			if e != nil {
				out = append(out, fmt.Sprint(e))
			}
		}
		return out
	}
	db := openDB(t)
	_, err := sqlstore.New[plain](db, sqlstore.SQLite, sqlstore.Config{})
	for _, want := range []string{"no table user", "no table role", "no table roles_users", "no table doorward_session", "no table doorward_remember", "no table doorward_claim"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("empty database: %q is not in: %v", want, err)
		}
	}
	open[plain](t, db, sqlstore.Config{})
	mustExec(t, db, `ALTER TABLE user ADD COLUMN strict TEXT NOT NULL DEFAULT 'x'`)
	open[plain](t, db, sqlstore.Config{})
	_, err = sqlstore.New[other](db, sqlstore.SQLite, sqlstore.Config{})
	if err == nil || !strings.Contains(err.Error(), "missing") || !strings.Contains(err.Error(), "gone") || strings.Contains(err.Error(), "maybe") {
		t.Errorf("missing columns: %v", problems(err))
	}
	if _, err = sqlstore.New[wrongKey](db, sqlstore.SQLite, sqlstore.Config{}); err == nil {
		t.Error("a text field for an integer key was taken")
	}
	unmapped := openDB(t, `CREATE TABLE user (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL,`+accountColumns+`)`)
	if _, err := sqlstore.Migrate(t.Context(), unmapped, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.New[plain](unmapped, sqlstore.SQLite, sqlstore.Config{})
	if _, ok := errors.AsType[*doorward.ConfigError](err); !ok || !strings.Contains(err.Error(), "tenant") {
		t.Errorf("an unmapped NOT NULL column: %v", err)
	}
	if _, err := sqlstore.New[plain](db, "oracle", sqlstore.Config{}); err == nil {
		t.Error("an unknown dialect was taken")
	}
}
