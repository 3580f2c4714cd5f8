package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
)

// load reads the configuration. A password on the command line is refused:
// every user of the machine sees it in the list of processes.
func (p *program) load() (*settings.Loaded, error) {
	if source, err := database.Parse(p.flags.database); err == nil && source.HasPassword() {
		return nil, &usageError{"--database has a password, which other users of this machine can see there", "Give it in the environment, as DATABASE_URL, or in the file of --config."}
	}
	flags := map[string]any{}
	for name, value := range map[string]string{"DOORWARD_CONFIG": p.flags.config, "DATABASE_URL": p.flags.database, "DOORWARD_ADDR": p.flags.addr} {
		if value != "" {
			flags[name] = value
		}
	}
	return settings.Load(p.environ, flags)
}

// connect opens the database that the configuration names.
func connect(ctx context.Context, l *settings.Loaded, create bool) (*database.Handle, error) {
	return connectTo(ctx, l, database.Options{Create: create})
}

// connectTo does the same with more options; those that are settings are filled in.
func connectTo(ctx context.Context, l *settings.Loaded, o database.Options) (*database.Handle, error) {
	s := l.Config.Server
	source, err := database.Parse(string(s.Database))
	if err != nil {
		return nil, err
	}
	o.Connections, o.Timeout, o.Tables = s.Connections, s.DatabaseTimeout, s.Tables.Config()
	return database.Connect(ctx, source, o)
}

// logger writes log lines to standard error.
func (p *program) logger(s settings.Server, least slog.Level) *slog.Logger {
	opts := &slog.HandlerOptions{Level: max(s.LogLevel, least)}
	if s.LogLevel < slog.LevelInfo {
		opts.Level = s.LogLevel
	}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(p.stderr, opts))
}

// installation is the database with the application on it.
type installation struct {
	*accounts.Accounts
	loaded *settings.Loaded
	made   bool // the secrets were made just now
}

// open opens the installation for a command. create says that the command may
// make the database; its tables are then made too.
func (p *program) open(ctx context.Context, create bool) (*installation, error) {
	l, err := p.load()
	if err != nil {
		return nil, err
	}
	h, err := connect(ctx, l, create)
	if err != nil {
		return nil, err
	}
	l.Config.Logger = p.logger(l.Config.Server, slog.LevelWarn)
	if l.Config.Mail.Sender, err = l.Sender(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if l.Config.Mail.Sender == nil {
		l.Config.Mail.Sender, l.Config.URLs.Origin = settings.LogSender(l.Config.Logger), "http://localhost"
	}
	l.Config.Codes.SMS = l.Unsent()
	in, err := assemble(ctx, l, h, h.New)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if in.made {
		fmt.Fprintln(p.stderr, "doorward: made "+l.Config.Server.SecretsFile+"; back it up with the database, passwords cannot be checked without it")
		if h.Shared() {
			fmt.Fprintln(p.stderr, "doorward: the server needs this very file, wherever it runs; if it has another one, put that here and delete what was made with this one")
		}
	}
	return in, nil
}

// assemble makes the application on an open database.
func assemble(ctx context.Context, l *settings.Loaded, h *database.Handle, migrate bool, more ...doorward.Feature) (*installation, error) {
	if migrate {
		done, err := h.Migrate(ctx)
		if err != nil {
			return nil, err
		}
		if len(done) > 0 {
			l.Config.Logger.InfoContext(ctx, "brought the tables of the database up to date", "migrations", len(done))
		}
	} else if todo, err := h.Pending(ctx); err != nil {
		return nil, err
	} else if len(todo) > 0 {
		return nil, &usageError{"the tables of the database are not up to date", "Run: doorward migrate"}
	}
	made, err := l.Secrets()
	if err != nil {
		return nil, err
	}
	store, err := h.Store()
	if err != nil {
		return nil, err
	}
	cfg := l.Config.Config
	cfg.More = more
	app, err := settings.App(cfg, doorward.StoresFrom(store))
	if err != nil {
		return nil, err
	}
	return &installation{&accounts.Accounts{App: app, Config: &cfg, Store: store}, l, made}, nil
}

// with runs f on the installation and closes it.
func (p *program) with(ctx context.Context, create bool, f func(in *installation) error) error {
	in, err := p.open(ctx, create)
	if err != nil {
		return err
	}
	return errors.Join(f(in), in.App.Close(ctx), in.Store.Close())
}

// withUser does the same for the user that an identity attribute names.
func (p *program) withUser(ctx context.Context, identity string, f func(in *installation, u doorward.User) error) error {
	return p.with(ctx, false, func(in *installation) error {
		u, err := in.Find(ctx, identity)
		if err != nil {
			return err
		}
		return f(in, u)
	})
}
