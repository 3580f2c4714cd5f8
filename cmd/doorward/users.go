package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

func (p *program) users() *cobra.Command {
	return group("users", "Make, change and list accounts", p.usersCreate(), p.usersActivate(true), p.usersActivate(false),
		p.usersConfirm(), p.usersUnlock(), p.usersResetAccess(), p.usersResetFactors(), p.usersChangePassword(), p.usersList(), p.usersShow(), p.usersDelete())
}

func (p *program) usersActivate(active bool) *cobra.Command {
	use, short, word := "activate USER", "Let an account sign in", "active"
	if !active {
		use, short, word = "deactivate USER", "Take all access from an account, and end its sessions", "inactive"
	}
	cmd := command(use, short, 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			changed, err := in.App.Accounts().SetActive(cmd.Context(), u, active)
			switch {
			case err != nil:
				return err
			case changed:
				fmt.Fprintf(p.stdout, "%s is now %s.\n", printable(accounts.Name(u)), word)
			default:
				fmt.Fprintf(p.stdout, "Notice: %s was %s already; nothing changed.\n", printable(accounts.Name(u)), word)
			}
			return nil
		})
	})
	cmd.Example = lines("doorward users " + strings.Fields(use)[0] + " ann@example.com")
	return cmd
}

func (p *program) usersResetAccess() *cobra.Command {
	cmd := command("reset_access USER", "End all sessions and tokens, and remove second factors", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			if err := in.App.Accounts().ResetAccess(cmd.Context(), u); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s is signed out everywhere and has no second factor any more. The password stays.\n", printable(accounts.Name(u)))
			return nil
		})
	})
	cmd.Long = `End all sessions, remembered browsers and tokens of an account, and remove its
second factors, passkeys and recovery codes. The password stays: change it with
"doorward users change_password".`
	cmd.Example = lines("doorward users reset_access ann@example.com")
	return cmd
}

func (p *program) usersChangePassword() *cobra.Command {
	var given passwordFlags
	cmd := command("change_password USER", "Set another password, and end all sessions", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			password, err := p.password(cmd, given)
			if err != nil {
				return err
			}
			return in.SetPassword(cmd.Context(), u, password)
		})
	})
	cmd.Long = `Set another password for an account. The password is asked for, unless a flag
gives it. Everything the account is signed in to ends. Nothing is printed if it
worked.`
	cmd.Example = lines(
		"doorward users change_password ann@example.com",
		"doorward users change_password ann@example.com --password-stdin <new-password")
	given.add(cmd)
	return cmd
}

func (p *program) usersDelete() *cobra.Command {
	var sure bool
	cmd := command("delete USER", "Delete an account for good", 1, func(cmd *cobra.Command, args []string) error {
		if !sure {
			return usage(cmd, "deleting cannot be undone: add --yes if you mean it, or use: doorward users deactivate %s", printable(args[0]))
		}
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			if _, err := in.App.Accounts().EndSessions(cmd.Context(), u); err != nil {
				return err
			}
			if err := in.Store.DeleteUser(cmd.Context(), u); err != nil {
				return fmt.Errorf("delete user: %w", err)
			}
			fmt.Fprintf(p.stdout, "%s is deleted.\n", printable(accounts.Name(u)))
			return nil
		})
	})
	cmd.Example = lines("doorward users delete ann@example.com --yes")
	cmd.Flags().BoolVar(&sure, "yes", false, "do it")
	return cmd
}
