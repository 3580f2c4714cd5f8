package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
	"github.com/doorward/doorward/cmd/doorward/internal/server"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/cmd/doorward/internal/site"
)

func (p *program) serve() *cobra.Command {
	cmd := command("serve", "Run the server", 0, func(cmd *cobra.Command, _ []string) error { return p.runServer(cmd.Context()) })
	cmd.Long = `Run the server until it is told to stop (Ctrl-C or SIGTERM).

The database is made and brought up to date as needed, except that the database
of a PostgreSQL or MySQL server must be there. Secrets that are not configured
are made once and kept in a file; back up both. Any number of servers may share
a database, if they have the same secrets.

Without any SECURITY_* setting every feature is on. With one, those features
are on that the settings turn on: see "doorward settings".

The server speaks HTTP. Where it is reached from other machines, put a proxy
that speaks TLS in front of it and name its address in DOORWARD_TRUSTED_PROXIES.

Such a proxy can put sign-in before applications that know nothing of it, by
asking at /forward-auth: see docs/forward-auth.md and examples/nginx.

Mails go to MAIL_SERVER. Without one they are shown at /dev/mail, to browsers on
this machine only. So are text messages, unless SECURITY_SMS_SERVICE says what
sends them; with a mail server and without that setting there are none.`
	cmd.Example = lines(
		"doorward serve",
		"doorward serve --addr 127.0.0.1:9000 --database sqlite:/var/lib/doorward/doorward.db",
		"DATABASE_URL=postgres://doorward:secret@localhost/doorward doorward serve",
		"SECURITY_REGISTERABLE=false doorward serve         nobody makes an account himself")
	cmd.Flags().StringVar(&p.flags.addr, "addr", "", "`address` to listen on (DOORWARD_ADDR; default 127.0.0.1:8080)")
	return cmd
}

func (p *program) runServer(ctx context.Context) error {
	l, err := p.load()
	if err != nil {
		return err
	}
	log := p.logger(l.Config.Server, slog.LevelDebug)
	l.Config.Logger = log
	h, err := connect(ctx, l, true)
	if err != nil {
		return err
	}
	warnOfDatabase(ctx, log, l, h)
	if err := warnOfPasskeys(ctx, log, h); err != nil {
		return errors.Join(err, h.Close())
	}
	ln, err := server.Listen(ctx, l.Config.Server.Addr)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	box, err := mailbox(ctx, log, l, ln.Addr())
	if err != nil {
		return errors.Join(err, ln.Close(), h.Close())
	}
	pages, forward := site.New(), forwardauth.New(l.Config.Config.Config, l.Config.Server.ForwardAuthMaxURL)
	in, err := assemble(ctx, l, h, true, pages, forward)
	if err != nil {
		return errors.Join(err, ln.Close(), h.Close())
	}
	if in.made {
		if err := warnOfSecrets(ctx, log, l.Config.Server.SecretsFile, in.Store); err != nil {
			return errors.Join(err, ln.Close(), in.Store.Close())
		}
	}
	warnOfHashing(ctx, log, in.App.Hasher)
	warnOfSettings(ctx, log, l)
	defer p.tune()()
	s := &server.Server{
		Settings: l.Config.Server, Idle: l.Config.Session.Idle, Prefix: l.Config.URLs.Prefix,
		Security: in.App.Security, Database: in.Store, Log: log, Addr: pages.Addr,
		Listener: ln, Close: in.App.Close,
		Ready: func(url string) {
			fmt.Fprintf(p.stdout, "doorward is ready at %s (Ctrl-C stops it)\n", url)
			if box != nil {
				fmt.Fprintf(p.stdout, "%s are not sent, but shown at %s to whoever reaches this port from this machine\n", shown(l), strings.TrimSuffix(url, "/")+devmail.Path)
			}
		},
	}
	if box != nil {
		s.Mailbox = box.Handler
	}
	if !l.Config.Server.NoForwardAuth {
		s.Forward = forward.Handler(in.App.Security)
	}
	return errors.Join(s.Run(ctx), in.Store.Close())
}

// mailbox decides where mails go: to the mail server, to a page for this machine
// alone where there is none, or, where a proxy could show that page to others or
// others have reached the server before, nowhere. Text messages go to that page
// as well, unless the settings say what sends them. Without SERVER_NAME and
// without a mail server, links lead to where the server listens.
func mailbox(ctx context.Context, log *slog.Logger, l *settings.Loaded, addr net.Addr) (*devmail.Mailbox, error) {
	cfg := &l.Config
	sender, err := l.Sender()
	if err != nil || sender != nil {
		cfg.Mail.Sender = sender
		return nil, err
	}
	cfg.URLs.Origin = strings.TrimSuffix(server.URL(addr), "/")
	if len(cfg.Server.TrustedProxies) > 0 {
		log.WarnContext(ctx, "no mails are sent: there is no mail server; set MAIL_SERVER, or nobody can confirm an address or reset a password")
		cfg.Mail.Sender = settings.LogSender(log)
		return nil, nil
	}
	c := cfg.Server.DevMail
	c.Log, c.Debug = log, cfg.Server.LogLevel <= slog.LevelDebug
	c.Marker = strings.TrimSuffix(cfg.Server.SecretsFile, ".secrets") + ".public"
	box := devmail.New(c)
	cfg.Mail.Sender = box
	if box.Shut() {
		log.WarnContext(ctx, "no mails are sent or shown: there is no mail server, and others than this machine have reached this one; "+
			"set MAIL_SERVER, or delete the file and restart if nobody else reaches it any more", "file", c.Marker)
		return nil, nil
	}
	if !l.NamesTexts() {
		cfg.Codes.SMS = box.Texts()
	}
	return box, nil
}

// shown is what the mailbox gets.
func shown(l *settings.Loaded) string {
	if l.NamesTexts() {
		return "mails"
	}
	return "mails and text messages"
}

// tune sets what Go's runtime would do otherwise for the sake of a program that
// hashes, unless the environment says it, and returns what takes that back.
//
// What password hashes leave behind, 19 MiB and more each, would double the
// memory in use: it is collected early. And a goroutine that hashes holds one of
// the runtime's processors for tens of milliseconds, while the requests of
// signed-in users wait behind it: from here on there are twice as many as the
// machine has, of which hashes take no more than before, and the operating
// system shares the real ones evenly.
func (p *program) tune() (restore func()) {
	given := func(name string) bool {
		return slices.ContainsFunc(p.environ, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	}
	percent, procs := 0, runtime.GOMAXPROCS(0)
	if !given("GOGC") {
		percent = debug.SetGCPercent(20)
	}
	if !given("GOMAXPROCS") {
		runtime.GOMAXPROCS(2 * procs)
	}
	return func() {
		if percent != 0 {
			debug.SetGCPercent(percent)
		}
		runtime.GOMAXPROCS(procs)
	}
}

// warnOfDatabase tells who else could read the database or what travels to it,
// and what processes that share one must have in common.
func warnOfDatabase(ctx context.Context, log *slog.Logger, l *settings.Loaded, h *database.Handle) {
	s := l.Config.Server
	if h.Exposed {
		log.WarnContext(ctx, "other users of this machine can read the database, which holds password hashes; take that from them with chmod 600", "database", s.Database)
	}
	if h.InTheClear() {
		log.WarnContext(ctx, "password hashes may travel in the clear between this machine and the database; "+
			"add ?sslmode=verify-full (PostgreSQL) or ?tls=true (MySQL) to DATABASE_URL", "database", s.Database)
	}
	if missing := l.Missing(); h.Shared() && len(missing) > 0 {
		log.WarnContext(ctx, "the secrets are in a file of this machine; every other process on this database needs the same file or settings, "+
			"or it refuses the sessions and passwords of this one", "file", s.SecretsFile, "settings", missing)
	}
}

// warnOfPasskeys tells whose second factor is none here, where a password would do.
func warnOfPasskeys(ctx context.Context, log *slog.Logger, h *database.Handle) error {
	list, err := h.Passkeys(ctx)
	if err != nil {
		return err
	}
	for _, f := range list {
		log.WarnContext(ctx, f.Problem, "hint", f.Hint)
	}
	return nil
}

// warnOfSettings tells which settings change nothing, and which are for
// development only.
func warnOfSettings(ctx context.Context, log *slog.Logger, l *settings.Loaded) {
	ignored := l.Ignored()
	for _, name := range slices.Sorted(maps.Keys(ignored)) {
		log.WarnContext(ctx, "a setting changes nothing", "setting", name, "why", ignored[name])
	}
	if l.Config.SMS.Service == "Log" {
		log.WarnContext(ctx, "text messages are not sent but written here, with the codes in them: who reads this can sign in as others; "+
			"this is for development", "setting", "SECURITY_SMS_SERVICE")
	}
}

// warnOfSecrets tells that secrets were made, and what that means for accounts
// that were there before.
func warnOfSecrets(ctx context.Context, log *slog.Logger, file string, db *database.Database) error {
	log.InfoContext(ctx, "made new secrets; back this file up with the database", "file", file)
	_, users, err := db.ListUsers(ctx, "", 0, 1)
	if err != nil {
		return fmt.Errorf("count users: %w", err)
	}
	if users > 0 {
		log.WarnContext(ctx, "the secrets are new but accounts are not: everybody is signed out, passwords set with the old secrets do not match any more, "+
			"and second factors are lost; if there is a copy of the old file, stop now and put it back", "file", file, "accounts", users)
	}
	return nil
}
