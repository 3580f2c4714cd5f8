package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) migrate() *cobra.Command {
	var dry, fromFlask, apply bool
	cmd := command("migrate", "Make the tables of the database, or bring them up to date", 0, func(cmd *cobra.Command, _ []string) error {
		switch {
		case apply && !fromFlask:
			return usage(cmd, "--apply belongs to --from-flask; without that, migrate does it at once")
		case apply && dry:
			return usage(cmd, "--apply and --dry-run contradict each other")
		case fromFlask:
			return p.runFromFlask(cmd.Context(), apply)
		}
		return p.runMigrate(cmd.Context(), dry)
	})
	cmd.Long = `Make the tables of the database, or bring them up to date, and list what was
done. "doorward serve" does the same when it starts; any number of processes may
do it at once. A database file is made too; the database of a PostgreSQL or
MySQL server must be there.

With --from-flask, look at the database of a Flask-Security application: say
what is there, what is missing for which feature, what will not work, and what
would be added. Nothing is changed until --apply is given too. Then tables,
columns and indexes are added; no row is changed, and the Flask application can
go on running. If its tables have other names than the packaged models give
them, name them with the DOORWARD_..._TABLE settings.`
	cmd.Example = lines("doorward migrate", "doorward migrate --dry-run", "doorward migrate --from-flask --database sqlite:app.db", "doorward migrate --from-flask --database sqlite:app.db --apply")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only list what would be done")
	cmd.Flags().BoolVar(&fromFlask, "from-flask", false, "look at the database of a Flask-Security application")
	cmd.Flags().BoolVar(&apply, "apply", false, "with --from-flask: add what it lacks")
	return cmd
}

func (p *program) runMigrate(ctx context.Context, dry bool) error {
	l, err := p.load()
	if err != nil {
		return err
	}
	h, err := connect(ctx, l, !dry)
	if err != nil {
		return err
	}
	do, said := h.Migrate, "applied"
	if dry {
		do, said = h.Pending, "to be applied"
	}
	names, err := do(ctx)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	for _, name := range names {
		fmt.Fprintf(p.stdout, "%s: %s\n", said, name)
	}
	if len(names) == 0 {
		fmt.Fprintln(p.stdout, "The database is up to date.")
	}
	return h.Close()
}
