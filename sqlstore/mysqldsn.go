package sqlstore

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// MySQLDSN turns mysql://user:password@host:port/database?name=value into the
// data source name of the driver github.com/go-sql-driver/mysql. Without a host
// the parameter socket says which file to connect to. Other parameters are the
// driver's, tls=true for one; unless they say otherwise times are read in UTC.
// The error does not repeat the URL, which may hold a password.
func MySQLDSN(from string) (dsn string, err error) {
	u, err := url.Parse(from)
	if err != nil || u.Opaque != "" || u.Scheme != "mysql" && u.Scheme != "mariadb" {
		return "", errMySQLURL
	}
	q := u.Query()
	address := "unix(" + q.Get("socket") + ")"
	if host := u.Hostname(); host != "" {
		port := u.Port()
		if port == "" {
			port = "3306"
		}
		address = "tcp(" + net.JoinHostPort(host, port) + ")"
	} else if q.Get("socket") == "" {
		return "", errMySQLURL
	}
	q.Del("socket")
	name := strings.TrimPrefix(u.Path, "/")
	if name == "" || strings.Contains(name, "/") || strings.Contains(u.User.Username(), ":") {
		return "", errMySQLURL
	}
	for key, value := range map[string]string{"parseTime": "true", "loc": "UTC"} {
		if !q.Has(key) {
			q.Set(key, value)
		}
	}
	who := u.User.Username()
	if password, ok := u.User.Password(); ok {
		who += ":" + password
	}
	return who + "@" + address + "/" + url.PathEscape(name) + "?" + q.Encode(), nil
}

var errMySQLURL = errors.New("sqlstore: the URL is not like mysql://user:password@host:port/database")
