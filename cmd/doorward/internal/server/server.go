// Package server runs the HTTP server: limits, health, the log of requests,
// the clean-up, and an orderly end.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
)

const healthPath = "/healthz"

// Database is what the server asks of the database itself.
type Database interface {
	// Check reports whether it answers.
	Check(ctx context.Context) error
	// DeleteExpiredSessions and DeleteExpired forget what is over.
	DeleteExpiredSessions(ctx context.Context, t, idle time.Time) (int, error)
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
}

// Server serves one installation.
type Server struct {
	Settings settings.Server
	Idle     time.Duration // a session not used for this long is over
	Prefix   string        // path in front of every page
	Security *doorward.Security
	// Close writes and sends what is waiting at the end; nil: Security.Close.
	Close   func(context.Context) error
	Forward http.Handler // answers at /forward-auth; nil turns that off
	// Mailbox, if set, shows mails, in front of all else.
	Mailbox  func(http.Handler) http.Handler
	Database Database
	Log      *slog.Logger
	Addr     func(*http.Request) netip.Addr // where a request came from
	Ready    func(url string)               // called when requests are accepted
	Listener net.Listener                   // nil: Run listens at the address of the settings
}

// Listen listens where a server is to be reached. Requests wait until it runs.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w (choose another address with --addr)", err)
	}
	return ln, nil
}

// Run serves until ctx is done, then lets requests end and writes what is
// waiting to be written, within the time allowed for it.
func (s *Server) Run(ctx context.Context) error {
	var err error
	ln := s.Listener
	if ln == nil {
		if ln, err = Listen(ctx, s.Settings.Addr); err != nil {
			return err
		}
	}
	s.warn(ln.Addr())
	srv := s.http(ctx)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	cleaning, stop := context.WithCancel(ctx)
	cleaned := make(chan struct{})
	go func() {
		defer close(cleaned)
		s.cleanNowAndThen(cleaning)
	}()
	s.Ready(URL(ln.Addr()))
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	s.Log.Info("stopping", "wait", s.Settings.ShutdownTimeout)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Settings.ShutdownTimeout)
	defer cancel()
	if down := srv.Shutdown(end); down != nil {
		s.Log.Warn("requests were cut off", "err", errors.Join(down, srv.Close()))
	}
	<-cleaned
	closed := s.Security.Close
	if s.Close != nil {
		closed = s.Close
	}
	// Time of its own: a client that sends slowly must not cost the mails that wait.
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), s.Settings.ShutdownTimeout)
	defer cancelLast()
	if err := closed(last); err != nil {
		s.Log.Warn("not everything that waited was written and sent", "err", err)
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	s.Log.Info("stopped")
	return nil
}

func (s *Server) http(ctx context.Context) *http.Server {
	t := s.Settings
	return &http.Server{
		Handler:           logged(s.Log, s.Addr, s.Security.Routes(), s.handler()),
		ReadHeaderTimeout: t.ReadHeaderTimeout, ReadTimeout: t.ReadTimeout, WriteTimeout: t.WriteTimeout, IdleTimeout: t.IdleTimeout,
		MaxHeaderBytes: t.MaxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		BaseContext:    func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
}

// handler is /healthz and /forward-auth in front of the pages. Where these have a prefix the
// root leads there.
func (s *Server) handler() http.Handler {
	pages := s.Security.Handler(nil)
	var all http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A database that hangs must not hold requests: these end as unavailable
		// (ASVS 16.5.2). The check of health has a limit of its own.
		ctx, cancel := context.WithTimeout(r.Context(), s.Settings.DatabaseTimeout)
		defer cancel()
		switch r = r.WithContext(ctx); {
		case r.URL.Path == healthPath:
			s.health(w, r)
		case r.URL.Path == forwardauth.Path && s.Forward != nil:
			s.Forward.ServeHTTP(w, r)
		case r.URL.Path == "/" && s.Prefix != "":
			http.Redirect(w, r, s.Prefix+"/", http.StatusFound)
		default:
			pages.ServeHTTP(w, r)
		}
	})
	if s.Mailbox != nil { // it watches who reaches any of them
		all = s.Mailbox(all)
	}
	return all
}

// warn says what is unsafe about listening at addr.
func (s *Server) warn(addr net.Addr) {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsLoopback() || len(s.Settings.TrustedProxies) > 0 {
		return
	}
	s.Log.Warn("PASSWORDS AND SESSIONS TRAVEL IN THE CLEAR: the server listens beyond this machine without TLS; "+
		"put a proxy that speaks TLS in front and name it in DOORWARD_TRUSTED_PROXIES", "address", addr.String())
}

// URL is where somebody on this machine finds a server that listens at addr.
func URL(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + strings.TrimSuffix(net.JoinHostPort(host, port), ":80") + "/"
}
