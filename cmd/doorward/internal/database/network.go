package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/doorward/doorward/sqlstore"
)

const (
	// connectLimit bounds the wait for a new connection.
	connectLimit = 5 * time.Second
	// lifetime is when a connection is given up for a new one, so that a server
	// which is not the right one any more, after a failover, is left.
	lifetime = 5 * time.Minute
	// idleTime is when an unused connection is closed: before servers and
	// firewalls forget it without a word.
	idleTime = time.Minute
)

// openServer connects to the database on its server.
func (h *Handle) openServer(ctx context.Context, o Options) (err error) {
	if h.db, err = h.source.pool(); err != nil {
		return err
	}
	h.db.SetMaxOpenConns(o.Connections)
	h.db.SetMaxIdleConns(o.Connections)
	h.db.SetConnMaxLifetime(lifetime)
	h.db.SetConnMaxIdleTime(idleTime)
	ctx, cancel := context.WithTimeout(ctx, 2*connectLimit)
	defer cancel()
	if err := h.db.PingContext(ctx); err != nil {
		return errors.Join(h.source.explain(err), h.db.Close())
	}
	return nil
}

// pool is the database, not connected yet. Neither driver waits longer than the
// context of a call says, and the store gives every call one.
func (s *Source) pool() (*sql.DB, error) {
	if s.dialect == sqlstore.MySQL {
		return s.mysqlPool()
	}
	// What this reads is of parts that were checked; its errors could repeat the
	// password all the same.
	cfg, err := pgx.ParseConfig(s.postgresURL())
	if err != nil {
		return nil, &URLError{"cannot be used: " + s.String(), "look at the parameters behind the ?, and at the variables of the environment that begin with PG"}
	}
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, connectLimit)
	return stdlib.OpenDB(*cfg), nil
}

func (s *Source) postgresURL() string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(s.user, s.password), Host: s.hosts, Path: "/" + s.name}
	if s.password == "" { // one that is empty would go before PGPASSWORD and the password file
		u.User = url.User(s.user)
	}
	params := url.Values{"application_name": {"doorward"}}
	for name, values := range s.params {
		params[name] = values
	}
	u.RawQuery = params.Encode()
	return u.String()
}

func (s *Source) mysqlPool() (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = s.user, s.password, s.name
	c.Net, c.Addr = "tcp", s.hosts
	if _, _, err := net.SplitHostPort(s.hosts); err != nil {
		c.Addr += ":3306"
	}
	if socket := s.socket(); socket != "" {
		c.Net, c.Addr = "unix", socket
	}
	c.ParseTime, c.Loc, c.ClientFoundRows = true, time.UTC, true
	c.Timeout = connectLimit
	c.TLSConfig = cmp.Or(s.params.Get("tls"), "preferred")
	c.Logger = &mysql.NopLogger{} // what it would write is in the errors too
	wrong := func(name, hint string) error {
		return &URLError{"has a parameter " + name + " that cannot be understood", hint}
	}
	if text := s.params.Get("timeout"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return nil, wrong("timeout", "how long to wait for a connection, for example timeout=5s")
		}
		c.Timeout = d
	}
	if charset := cmp.Or(s.params.Get("charset"), "utf8mb4"); charset != "utf8mb4" {
		return nil, wrong("charset", "leave it out, or charset=utf8mb4")
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, wrong("tls", "tls=true for a certificate that is checked, tls=skip-verify for any, tls=false for none")
	}
	return sql.OpenDB(connector), nil
}

// address is the server as messages name it.
func (s *Source) address() string {
	if socket := s.socket(); socket != "" {
		return socket
	}
	return strings.ReplaceAll(s.hosts, ",", ", ")
}

// kind is the database as messages name it.
func (s *Source) kind() string {
	return map[sqlstore.Dialect]string{sqlstore.SQLite: "SQLite", sqlstore.Postgres: "PostgreSQL", sqlstore.MySQL: "MySQL"}[s.dialect]
}
