package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

func (p *program) usersConfirm() *cobra.Command {
	cmd := command("confirm USER", "Take the address of an account as confirmed", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			changed, err := in.Confirm(cmd.Context(), u)
			switch {
			case err != nil:
				return err
			case changed:
				fmt.Fprintf(p.stdout, "%s is confirmed.\n", printable(accounts.Name(u)))
			default:
				fmt.Fprintf(p.stdout, "Notice: %s was confirmed already; nothing changed.\n", printable(accounts.Name(u)))
			}
			return nil
		})
	})
	cmd.Long = `Take the address of an account as confirmed, as if its owner had used the link
in the mail. With SECURITY_CONFIRMABLE nobody can sign in before that.`
	cmd.Example = lines("doorward users confirm ann@example.com")
	return cmd
}
