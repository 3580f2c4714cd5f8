package database

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/doorward/doorward/sqlstore"
)

// Source says where a database is.
type Source struct {
	dialect        sqlstore.Dialect
	path           string // the file of SQLite
	user, password string
	hosts          string // one, or for PostgreSQL several with commas; "" for a socket
	name           string
	params         url.Values
}

// URLError says what is wrong with a database URL, without repeating what may
// be a password in it.
type URLError struct{ Problem, Hint string }

func (e *URLError) Error() string { return e.Problem }

// Forms shows how database URLs are written.
const Forms = "write sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE, or mysql://USER:PASSWORD@HOST/DATABASE"

// Parse reads a database URL: sqlite:PATH, postgres://... or mysql://..., of
// which the last two have other names too. An error is a [*URLError].
func Parse(from string) (*Source, error) {
	scheme, rest, ok := strings.Cut(from, ":")
	if !ok {
		return nil, &URLError{"names no kind of database", Forms}
	}
	switch scheme {
	case "sqlite":
		return parseFile(rest)
	case "postgres", "postgresql":
		return parseNetwork(sqlstore.Postgres, rest)
	case "mysql", "mariadb":
		return parseNetwork(sqlstore.MySQL, rest)
	}
	return nil, &URLError{fmt.Sprintf("names a kind of database that is not supported: %.20q", scheme), Forms}
}

func parseFile(path string) (*Source, error) {
	const hint = "write sqlite:PATH, for example sqlite:/var/lib/doorward/doorward.db"
	switch {
	case strings.HasPrefix(path, "//"):
		return nil, &URLError{"has slashes after sqlite: that are not part of a path", hint}
	case path == "" || strings.Contains(path, ":memory:"):
		return nil, &URLError{"names no file", hint}
	}
	return &Source{dialect: sqlstore.SQLite, path: path}, nil
}

// parseNetwork reads //user:password@host:port/name?parameters. It does not use
// net/url, whose errors repeat what they are about, and which knows one host.
func parseNetwork(dialect sqlstore.Dialect, text string) (*Source, error) {
	text, ok := strings.CutPrefix(text, "//")
	if !ok {
		return nil, &URLError{"has no // after the kind of database", Forms}
	}
	s := &Source{dialect: dialect}
	text, query, _ := strings.Cut(text, "?")
	who, where, ok := cutLast(text, "@")
	if !ok {
		return nil, &URLError{"names no user", Forms}
	}
	s.hosts, s.name, _ = strings.Cut(where, "/")
	user, password, _ := strings.Cut(who, ":")
	var errs [3]error
	s.user, errs[0] = url.PathUnescape(user)
	s.password, errs[1] = url.PathUnescape(password)
	s.name, errs[2] = url.PathUnescape(s.name)
	damaged := func(e error) bool { return e != nil }
	if strings.ContainsAny(who, "/#[] ") || slices.ContainsFunc(errs[:], damaged) || strings.ContainsRune(s.user+s.password+s.name, 0) {
		return nil, &URLError{"has a character in the user, password or name of the database that has to be written otherwise",
			"write every character but letters, digits and -._~ as its %XX, / as %2F for example"}
	}
	if err := s.readParams(query); err != nil {
		return nil, err
	}
	return s, s.complete()
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// known are the parameters that may be given: none that holds a secret, loads
// code, or changes what the store relies on.
func (s *Source) known() []string {
	if s.dialect == sqlstore.Postgres {
		return []string{"application_name", "connect_timeout", "host", "search_path", "sslcert", "sslkey", "sslmode", "sslrootcert", "target_session_attrs"}
	}
	return []string{"charset", "socket", "timeout", "tls"}
}

func (s *Source) readParams(query string) error {
	var err error
	if s.params, err = url.ParseQuery(query); err != nil {
		return &URLError{"has parameters that cannot be read", Forms + ", with ?name=value&name=value behind it"}
	}
	for name, values := range s.params {
		if !slices.Contains(s.known(), name) {
			// Its name may be the end of a password that holds a question mark.
			return &URLError{"has a parameter that is not supported", "there are: " + strings.Join(s.known(), ", ") + "; a ? in a password is %3F"}
		}
		if len(values) > 1 || values[0] == "" {
			return &URLError{"has the parameter " + name + " twice or without a value", "give it once, or leave it out"}
		}
	}
	return nil
}

// complete checks that all is there that is needed to connect.
func (s *Source) complete() error {
	socket := s.socket()
	switch {
	case s.user == "":
		return &URLError{"names no user", Forms}
	case s.name == "" || strings.ContainsAny(s.name, "/?#"):
		return &URLError{"names no database", Forms}
	case socket != "" && (s.hosts != "" || !filepath.IsAbs(socket)):
		return &URLError{"names a socket that is no absolute path, or a host beside it", "write postgres://USER@/DATABASE?host=/var/run/postgresql or mysql://USER@/DATABASE?socket=/run/mysqld/mysqld.sock"}
	case socket == "" && s.hosts == "":
		return &URLError{"names no host", Forms}
	case strings.Contains(s.hosts, ",") && s.dialect != sqlstore.Postgres:
		return &URLError{"names several hosts", "name one; only PostgreSQL can have several"}
	}
	for host := range strings.SplitSeq(s.hosts, ",") {
		if socket == "" && !validHost(host) {
			return &URLError{"has a host or port that cannot be read", "write HOST or HOST:PORT, an IPv6 address in brackets; an @ in a password is %40"}
		}
	}
	return nil
}

func validHost(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port, err = net.SplitHostPort(hostport + ":1") // without a port
	}
	if err != nil || host == "" || strings.ContainsAny(host, " ()#%\x00\\") {
		return false
	}
	n, err := net.LookupPort("tcp", port)
	return err == nil && n > 0
}

// socket is the path of a Unix socket, or "".
func (s *Source) socket() string {
	if s.dialect == sqlstore.Postgres {
		return s.params.Get("host")
	}
	return s.params.Get("socket")
}

// String is the URL without the password and the parameters.
func (s *Source) String() string {
	if s.dialect == sqlstore.SQLite {
		return "sqlite:" + s.path
	}
	return (&url.URL{Scheme: string(s.dialect), User: url.User(s.user), Host: s.hosts, Path: "/" + s.name}).String()
}

// Path is the file of a SQLite database, and "" for others.
func (s *Source) Path() string { return s.path }

// Shared reports whether processes on other machines can use the database.
func (s *Source) Shared() bool { return s.dialect != sqlstore.SQLite }

// HasPassword reports whether the URL held one.
func (s *Source) HasPassword() bool { return s.password != "" }

// InTheClear reports whether somebody between here and the server could read
// what is sent, password hashes and session ids: it is on another machine, and
// nothing says that the connection must be encrypted (ASVS 12.3.1).
func (s *Source) InTheClear() bool {
	if !s.Shared() || s.socket() != "" {
		return false
	}
	for hostport := range strings.SplitSeq(s.hosts, ",") {
		host, _, err := net.SplitHostPort(hostport)
		if err != nil {
			host = strings.Trim(hostport, "[]")
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			sure := []string{"require", "verify-ca", "verify-full", "true", "skip-verify"}
			return !slices.Contains(sure, s.params.Get("sslmode")+s.params.Get("tls"))
		}
	}
	return false
}
