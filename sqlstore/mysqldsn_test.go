package sqlstore_test

import (
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/doorward/doorward/sqlstore"
)

func TestMySQLDSN(t *testing.T) {
	type parts struct{ user, password, network, address, database string }
	for from, want := range map[string]parts{
		"mysql://joe:secret@db.example.com:3307/app":               {"joe", "secret", "tcp", "db.example.com:3307", "app"},
		"mariadb://joe@db/app":                                     {"joe", "", "tcp", "db:3306", "app"},
		"mysql://joe:a%2Fb%3Fc%40d%3Ae%25@[::1]/app?timeout=3s":    {"joe", "a/b?c@d:e%", "tcp", "[::1]:3306", "app"},
		"mysql://joe:x@/odd%20name?socket=/run/mysqld/mysqld.sock": {"joe", "x", "unix", "/run/mysqld/mysqld.sock", "odd name"},
	} {
		dsn, err := sqlstore.MySQLDSN(from)
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		c, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Errorf("%s: %q: %v", from, dsn, err)
			continue
		}
		if have := (parts{c.User, c.Passwd, c.Net, c.Addr, c.DBName}); have != want || !c.ParseTime || c.Loc.String() != "UTC" {
			t.Errorf("%s is %+v", from, have)
		}
	}
	for _, from := range []string{"", "postgres://joe:secret@db/app", "mysql:joe:secret@db/app", "mysql://joe:secret@db", "mysql://joe:secret@db/a/b", "mysql://joe:secret@/app", "mysql://joe:secret@db:port/app", "mysql://joe:secret@%zz/app"} {
		if dsn, err := sqlstore.MySQLDSN(from); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q, %v", from, dsn, err)
		}
	}
}
