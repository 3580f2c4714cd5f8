package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// Kinds of database, by the names of package sqlstore's dialects.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
	MySQL    = "mysql"
)

// Kinds are all of them, for a test to range over.
var Kinds = [...]string{SQLite, Postgres, MySQL}

// Database is one that nobody else knows of.
type Database struct {
	*sql.DB
	Kind string
	URL  string // what DATABASE_URL would be
	DSN  string // what the driver connects with, for a driver around it
}

// limit bounds making and dropping a database.
const limit = 30 * time.Second

// Open makes an empty database, open and ready. It is closed and dropped after
// the test. options are appended to CREATE DATABASE; without any the database
// has the character set and collation that its server gives to every one.
//
// Without a server of the kind the test is skipped; see the package comment.
func Open(t testing.TB, kind string, options ...string) *Database {
	t.Helper()
	if kind == SQLite {
		path := filepath.Join(t.TempDir(), "test.db")
		return open(t, &Database{Kind: kind, URL: "sqlite:" + path})
	}
	server := Server(t, kind)
	name := "doorward_test_" + random()
	administer(t, kind, server, strings.Join(append([]string{"CREATE DATABASE", name}, options...), " "))
	t.Cleanup(func() {
		drop := "DROP DATABASE " + name
		if kind == Postgres {
			drop += " WITH (FORCE)" // a killed program may still be connected
		}
		administer(t, kind, server, drop)
	})
	u := parse(t, server)
	u.Path = "/" + name
	return open(t, &Database{Kind: kind, URL: u.String()})
}

// Server returns the URL of the server that databases of a kind are made on, or
// skips the test.
func Server(t testing.TB, kind string) string {
	t.Helper()
	var variable string
	switch kind {
	case Postgres:
		variable = "DOORWARD_TEST_POSTGRES"
	case MySQL:
		variable = "DOORWARD_TEST_MYSQL"
	default:
		t.Fatalf("testdb: there is no server of kind %q", kind)
	}
	server := os.Getenv(variable)
	if server == "" {
		Missing(t, variable+" names no server; scripts/services run COMMAND starts one")
	}
	return server
}

// Missing ends a test that needs something which is not there: it is skipped,
// or fails where everything has to be there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("DOORWARD_REQUIRE_SERVICES") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func open(t testing.TB, d *Database) *Database {
	t.Helper()
	d.DB = connect(t, d.Kind, d.URL)
	_, d.DSN = source(t, d.Kind, d.URL)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return d
}

// administer runs one statement on the server itself.
func administer(t testing.TB, kind, server, statement string) {
	t.Helper()
	db := connect(t, kind, server)
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func connect(t testing.TB, kind, from string) *sql.DB {
	t.Helper()
	driver, dsn := source(t, kind, from)
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("open a database of kind %s: %v", kind, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		t.Fatalf("the server for databases of kind %s: %v", kind, err)
	}
	return db
}

// source is a URL as the driver of that name wants it.
func source(t testing.TB, kind, from string) (driver, dsn string) {
	t.Helper()
	switch kind {
	case SQLite:
		return "sqlite", "file:" + strings.TrimPrefix(from, "sqlite:") + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)"
	case MySQL:
		return "mysql", mysqlDSN(t, from)
	}
	return "pgx", from
}

// mysqlDSN is a URL as the driver wants it: times in UTC, and an UPDATE counts
// the rows that it found.
func mysqlDSN(t testing.TB, from string) string {
	t.Helper()
	u := parse(t, from)
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.ParseTime, c.Loc, c.ClientFoundRows = true, time.UTC, true
	return c.FormatDSN()
}

func parse(t testing.TB, from string) *url.URL {
	t.Helper()
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		t.Fatal("the URL of the server for tests is not like postgres://user@host:port/database") // it may hold a password
	}
	return u
}

func random() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}
