package database

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/doorward/doorward/sqlstore"
)

// TroubleError is an error of the database server that whoever set it up can put right.
type TroubleError struct {
	problem, hint string
	cause         error
}

// Error returns the problem and, on a line of its own, what to do.
func (t *TroubleError) Error() string { return t.problem + "\n" + t.hint }

// Unwrap returns what the driver said.
func (t *TroubleError) Unwrap() error { return t.cause }

// explain turns what a driver says of the server into what an operator can do.
// Neither driver puts the password into an error.
func (s *Source) explain(err error) error {
	if err == nil {
		return nil
	}
	trouble := s.refused(err)
	if trouble == nil {
		trouble = s.unreachable(err)
	}
	if trouble == nil {
		return fmt.Errorf("%s at %s: %w", s.kind(), s.address(), err)
	}
	trouble.cause = err
	return trouble
}

// refused knows the answers of servers, by SQLSTATE for PostgreSQL and by error
// number for MySQL.
func (s *Source) refused(err error) *TroubleError {
	var code string
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		code = pg.Code
	} else if my, ok := errors.AsType[*mysql.MySQLError](err); ok {
		code = fmt.Sprint(my.Number)
	}
	who := fmt.Sprintf("the user %q", s.user)
	where := fmt.Sprintf("%s at %s", s.kind(), s.address())
	switch code {
	case "28P01", "28000", "1045", "1698":
		return &TroubleError{problem: where + " does not let " + who + " in", hint: "Look at the user and the password in DATABASE_URL."}
	case "3D000", "1049":
		return &TroubleError{problem: fmt.Sprintf("%s has no database %q", where, s.name), hint: "Make it with: " + s.createCommand()}
	case "42501", "1044", "1142":
		return &TroubleError{problem: fmt.Sprintf("%s does not let %s work in the database %q", where, who, s.name), hint: "Allow it with: " + s.grantCommand()}
	case "53300", "1040", "1203":
		return &TroubleError{problem: where + " has no connection left", hint: "Raise its limit, or lower DOORWARD_DATABASE_CONNECTIONS of each process."}
	case "57P03":
		return &TroubleError{problem: where + " is starting or stopping", hint: "Try again in a moment."}
	case "25006", "1290", "1792":
		return &TroubleError{problem: where + " lets nobody write", hint: "Name the server that takes writes, or several with target_session_attrs=read-write (PostgreSQL)."}
	}
	return nil
}

// unreachable knows why there is no server.
func (s *Source) unreachable(err error) *TroubleError {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return &TroubleError{problem: fmt.Sprintf("there is no machine named %q", dns.Name), hint: "Look at the host in DATABASE_URL."}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		return &TroubleError{problem: fmt.Sprintf("there is no %s server at %s", s.kind(), s.address()), hint: "Start it, or look at the host and port in DATABASE_URL."}
	case os.IsTimeout(err), errors.Is(err, os.ErrDeadlineExceeded), strings.Contains(err.Error(), "context deadline exceeded"):
		return &TroubleError{problem: fmt.Sprintf("the %s server at %s does not answer", s.kind(), s.address()), hint: "Look at the host and port in DATABASE_URL, and at what is between here and there."}
	}
	return nil
}

// createCommand is what makes the database, for a terminal.
func (s *Source) createCommand() string {
	if s.dialect == sqlstore.Postgres {
		return s.psql("CREATE DATABASE " + identifier(s.name) + " OWNER " + identifier(s.user))
	}
	return "mariadb" + s.options("-P") + " -u root -p -e " + quoted(fmt.Sprintf("CREATE DATABASE `%s` CHARACTER SET utf8mb4; GRANT ALL ON `%[1]s`.* TO `%s`", s.name, s.user))
}

// grantCommand is what allows the user to make tables.
func (s *Source) grantCommand() string {
	if s.dialect == sqlstore.Postgres {
		return s.psql("ALTER DATABASE " + identifier(s.name) + " OWNER TO " + identifier(s.user))
	}
	return "mariadb" + s.options("-P") + " -u root -p -e " + quoted(fmt.Sprintf("GRANT ALL ON `%s`.* TO `%s`", s.name, s.user))
}

// psql runs a statement as the one who may do everything, from a terminal.
func (s *Source) psql(statement string) string {
	return "psql" + s.options("-p") + " -U postgres -c " + quoted(statement)
}

// identifier is a name as PostgreSQL quotes it.
func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// options name the server to its command line.
func (s *Source) options(portFlag string) string {
	first, _, _ := strings.Cut(s.hosts, ",")
	if first == "" {
		if s.dialect == sqlstore.Postgres {
			return " -h " + s.socket()
		}
		return " -S " + s.socket()
	}
	host, port, err := net.SplitHostPort(first)
	if err != nil {
		return " -h " + strings.Trim(first, "[]")
	}
	return " -h " + host + " " + portFlag + " " + port
}

// quoted is text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
