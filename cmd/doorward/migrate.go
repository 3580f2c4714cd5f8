package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) migrate() *cobra.Command {
	var dry bool
	cmd := command("migrate", "Make the tables of the database, or bring them up to date", 0, func(cmd *cobra.Command, _ []string) error {
		return p.runMigrate(cmd.Context(), dry)
	})
	cmd.Long = `Make the tables of the database, or bring them up to date, and list what was
done. "doorward serve" does the same when it starts; any number of processes may
do it at once. A database file is made too; the database of a PostgreSQL or
MySQL server must be there.`
	cmd.Example = lines("doorward migrate", "doorward migrate --dry-run")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only list what would be done")
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
