package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
	"github.com/doorward/doorward/cmd/doorward/internal/server"
	"github.com/doorward/doorward/cmd/doorward/internal/site"
)

func (p *program) serve() *cobra.Command {
	cmd := command("serve", "Run the server", 0, func(cmd *cobra.Command, _ []string) error { return p.runServer(cmd.Context()) })
	cmd.Long = `Run the server until it is told to stop (Ctrl-C or SIGTERM).

The database is made and brought up to date as needed. Secrets that are not
configured are made once and kept in a file beside the database; back up both.

Without any SECURITY_* setting every feature is on. With one, those features
are on that the settings turn on: see "doorward settings".

The server speaks HTTP. Where it is reached from other machines, put a proxy
that speaks TLS in front of it and name its address in DOORWARD_TRUSTED_PROXIES.

Such a proxy can put sign-in before applications that know nothing of it, by
asking at /forward-auth: see docs/forward-auth.md and examples/nginx.`
	cmd.Example = lines(
		"doorward serve",
		"doorward serve --addr 127.0.0.1:9000 --database sqlite:/var/lib/doorward/doorward.db",
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
	if h.Exposed {
		log.WarnContext(ctx, "other users of this machine can read the database, which holds password hashes; take that from them with chmod 600", "database", l.Config.Server.Database)
	}
	pages, forward := site.New(), forwardauth.New(l.Config.Config.Config, l.Config.Server.ForwardAuthMaxURL)
	in, err := assemble(ctx, l, h, true, pages, forward)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	if in.made {
		if err := warnOfSecrets(ctx, log, l.Config.Server.SecretsFile, in.Store); err != nil {
			return errors.Join(err, in.Store.Close())
		}
	}
	warnOfHashing(ctx, log, in.App.Hasher)
	s := &server.Server{
		Settings: l.Config.Server, Idle: l.Config.Session.Idle, Prefix: l.Config.URLs.Prefix,
		Security: in.App.Security, Database: in.Store, Log: log, Addr: pages.Addr,
		Ready: func(url string) { fmt.Fprintf(p.stdout, "doorward is ready at %s (Ctrl-C stops it)\n", url) },
	}
	if !l.Config.Server.NoForwardAuth {
		s.Forward = forward.Handler(in.App.Security)
	}
	return errors.Join(s.Run(ctx), in.Store.Close())
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
