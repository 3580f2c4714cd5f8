package settings

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail/smtp"
)

// Config is everything that can be set.
type Config struct {
	Server Server
	SMTP   smtp.Config
	batteries.Config
}

// Server is what the program itself needs; the zero value is the default.
type Server struct {
	Addr        string     `setting:"DOORWARD_ADDR,bare" default:"127.0.0.1:8080" help:"Address the server listens on; port 0 takes a free one."`
	Database    URL        `setting:"DATABASE_URL,bare" default:"sqlite:doorward.db" help:"Database: sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or mysql://USER:PASSWORD@HOST/DATABASE."`
	File        string     `setting:"DOORWARD_CONFIG,bare" help:"TOML file with settings; the environment goes before it."`
	SecretsFile string     `setting:"DOORWARD_SECRETS_FILE,bare" help:"File of the secrets that are not configured, made once; empty: doorward.secrets beside the database file, or where the server is started. Processes that share a database need the same secrets."`
	LogLevel    slog.Level `setting:"DOORWARD_LOG_LEVEL,bare" default:"INFO" help:"Least severe log lines written: DEBUG, INFO, WARN, ERROR."`
	LogFormat   string     `setting:"DOORWARD_LOG_FORMAT,bare" default:"text" help:"Form of log lines: text or json."`

	TrustedProxies []string `setting:"DOORWARD_TRUSTED_PROXIES,bare" help:"Addresses (CIDR) of proxies in front of the server, whose X-Forwarded headers are believed."`

	Tables Tables

	Catalogues []string `setting:"I18N_DIRNAME" default:"builtin" help:"Directories with more translations (*.po), which go before the built-in ones; builtin stands for those."`
	DevMail    devmail.Config

	NoForwardAuth     bool `setting:"DOORWARD_FORWARD_AUTH,bare,invert" default:"true" help:"Answer proxies at /forward-auth, which put sign-in before other applications."`
	ForwardAuthMaxURL int  `setting:"DOORWARD_FORWARD_AUTH_MAX_URL,bare" default:"8192" help:"Longest path and query that a proxy may ask about, in bytes; longer ones are refused."`

	ReadHeaderTimeout time.Duration `setting:"DOORWARD_READ_HEADER_TIMEOUT,bare" default:"5 seconds" help:"Longest wait for the header of a request."`
	ReadTimeout       time.Duration `setting:"DOORWARD_READ_TIMEOUT,bare" default:"30 seconds" help:"Longest wait for a whole request."`
	WriteTimeout      time.Duration `setting:"DOORWARD_WRITE_TIMEOUT,bare" default:"1 minute" help:"Longest time from the header of a request to the end of its answer."`
	IdleTimeout       time.Duration `setting:"DOORWARD_IDLE_TIMEOUT,bare" default:"2 minutes" help:"How long an idle connection is kept."`
	MaxHeaderBytes    int           `setting:"DOORWARD_MAX_HEADER_BYTES,bare" default:"65536" help:"Largest header of a request, in bytes."`
	ShutdownTimeout   time.Duration `setting:"DOORWARD_SHUTDOWN_TIMEOUT,bare" default:"10 seconds" help:"How long requests may take to end after a signal to stop, and then what waits to be written and sent."`
	HealthTimeout     time.Duration `setting:"DOORWARD_HEALTH_TIMEOUT,bare" default:"2 seconds" help:"How long /healthz waits for the database."`
	CleanupEvery      time.Duration `setting:"DOORWARD_CLEANUP_EVERY,bare" default:"1 hour" help:"How often expired sessions, remembered browsers and used codes are deleted."`
	Connections       int           `setting:"DOORWARD_DATABASE_CONNECTIONS,bare" default:"8" help:"Most connections to the database at once, of each process."`
	DatabaseTimeout   time.Duration `setting:"DOORWARD_DATABASE_TIMEOUT,bare" default:"10 seconds" help:"How long a request may take, so that it does not wait for a database that does not answer; then the answer is 503."`
}

// URL names a database. Written out it has no password.
type URL string

// UnmarshalText implements encoding.TextUnmarshaler; what is wrong with the URL
// is said later, without repeating it.
func (u *URL) UnmarshalText(text []byte) error {
	*u = URL(text)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// String implements fmt.Stringer. A conversion to string gives all of it.
func (u URL) String() string {
	if source, err := database.Parse(string(u)); err == nil {
		return source.String()
	}
	scheme, _, _ := strings.Cut(string(u), ":")
	return scheme + ":..." // where the password begins and ends is anybody's guess
}

// check returns everything about s that cannot work, and completes s.
func (s *Server) check() (errs []error) {
	bad := func(name, problem, hint string) {
		errs = append(errs, &conf.Error{Name: name, Problem: problem, Hint: hint})
	}
	if _, port, err := net.SplitHostPort(s.Addr); err != nil {
		bad("DOORWARD_ADDR", fmt.Sprintf("%q is not an address", s.Addr), "write 127.0.0.1:8080, or :8080 for every address of this machine")
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		bad("DOORWARD_ADDR", fmt.Sprintf("%q is not a port", port), "a number from 0 to 65535")
	}
	beside := ""
	if source, err := database.Parse(string(s.Database)); err == nil {
		beside = source.Path()
	} else if e, ok := errors.AsType[*database.URLError](err); ok {
		bad("DATABASE_URL", e.Problem, e.Hint)
	}
	s.SecretsFile = cmp.Or(s.SecretsFile, filepath.Join(filepath.Dir(beside), "doorward.secrets"))
	if s.LogFormat != "text" && s.LogFormat != "json" {
		bad("DOORWARD_LOG_FORMAT", fmt.Sprintf("%q is not understood", s.LogFormat), "text or json")
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"DOORWARD_READ_HEADER_TIMEOUT", s.ReadHeaderTimeout}, {"DOORWARD_READ_TIMEOUT", s.ReadTimeout},
		{"DOORWARD_WRITE_TIMEOUT", s.WriteTimeout}, {"DOORWARD_IDLE_TIMEOUT", s.IdleTimeout},
		{"DOORWARD_SHUTDOWN_TIMEOUT", s.ShutdownTimeout}, {"DOORWARD_HEALTH_TIMEOUT", s.HealthTimeout},
		{"DOORWARD_CLEANUP_EVERY", s.CleanupEvery}, {"DOORWARD_DATABASE_TIMEOUT", s.DatabaseTimeout},
	} {
		if d.value <= 0 {
			bad(d.name, "must be more than zero", "leave it out for the default")
		}
	}
	if s.MaxHeaderBytes < 4096 {
		bad("DOORWARD_MAX_HEADER_BYTES", "is too small for cookies", "4096 or more")
	}
	if s.ForwardAuthMaxURL < 1 {
		bad("DOORWARD_FORWARD_AUTH_MAX_URL", "must be more than zero", "leave it out for the default")
	}
	if s.Connections < 2 {
		bad("DOORWARD_DATABASE_CONNECTIONS", "is too small", "2 or more")
	}
	return append(errs, s.Tables.check()...)
}
