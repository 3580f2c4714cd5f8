package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

func (p *program) roles() *cobra.Command {
	return group("roles", "Make roles, and say who has them and what they permit",
		p.rolesCreate(), p.rolesGrant(true), p.rolesGrant(false), p.rolesPermit(true), p.rolesPermit(false), p.rolesList())
}

func (p *program) rolesCreate() *cobra.Command {
	var description, permissions string
	cmd := command("create NAME", "Make a role", 1, func(cmd *cobra.Command, args []string) error {
		r := doorward.Role{Name: args[0], Description: description}
		if cmd.Flags().Changed("permissions") {
			var err error
			if r.Permissions, err = accounts.SplitPermissions(permissions); err != nil {
				return err
			}
		}
		return p.with(cmd.Context(), true, func(in *installation) error {
			if err := in.CreateRole(cmd.Context(), r); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "Created the role %s.\n", printable(r.Name))
			return nil
		})
	})
	cmd.Example = lines(
		"doorward roles create editor",
		`doorward roles create editor --description "May write" --permissions post-read,post-write`)
	cmd.Flags().StringVarP(&description, "description", "d", "", "what the role is for")
	cmd.Flags().StringVarP(&permissions, "permissions", "p", "", "what it permits: `names` separated by commas")
	return cmd
}

func (p *program) rolesGrant(add bool) *cobra.Command {
	use, short, said := "add USER ROLE", "Give an account a role", "%s now has the role %s.\n"
	do := (*accounts.Accounts).AddRole
	if !add {
		use, short, said = "remove USER ROLE", "Take a role from an account", "%s does not have the role %s any more.\n"
		do = (*accounts.Accounts).RemoveRole
	}
	cmd := command(use, short, 2, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			if err := do(in.Accounts, cmd.Context(), u, args[1]); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, said, printable(accounts.Name(u)), printable(args[1]))
			return nil
		})
	})
	cmd.Example = lines("doorward roles " + strings.Fields(use)[0] + " ann@example.com editor")
	return cmd
}

func (p *program) rolesPermit(add bool) *cobra.Command {
	use, short := "add_permissions ROLE PERMISSIONS", "Let a role permit more"
	do := (*accounts.Accounts).Permit
	if !add {
		use, short = "remove_permissions ROLE PERMISSIONS", "Let a role permit less"
		do = (*accounts.Accounts).Forbid
	}
	cmd := command(use, short, 2, func(cmd *cobra.Command, args []string) error {
		permissions, err := accounts.SplitPermissions(args[1])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), false, func(in *installation) error {
			if err := do(in.Accounts, cmd.Context(), args[0], permissions); err != nil {
				return err
			}
			return p.sayPermitted(cmd.Context(), in, args[0])
		})
	})
	cmd.Long = short + ". Permissions are names separated by commas."
	cmd.Example = lines("doorward roles " + strings.Fields(use)[0] + " editor post-read,post-write")
	return cmd
}

func (p *program) sayPermitted(ctx context.Context, in *installation, role string) error {
	r, err := in.Store.FindRole(ctx, role)
	if err != nil {
		return fmt.Errorf("find role: %w", err)
	}
	permitted := strings.Join(r.Permissions, ", ")
	if permitted == "" {
		permitted = "nothing"
	}
	fmt.Fprintf(p.stdout, "The role %s now permits %s.\n", printable(role), printable(permitted))
	return nil
}

func (p *program) rolesList() *cobra.Command {
	cmd := command("list", "List roles and what they permit", 0, func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), false, func(in *installation) error {
			roles, err := in.Store.ListRoles(cmd.Context())
			if err != nil {
				return fmt.Errorf("list roles: %w", err)
			}
			rows := [][]string{{"NAME", "PERMISSIONS", "DESCRIPTION"}}
			for _, r := range roles {
				rows = append(rows, []string{r.Name, strings.Join(r.Permissions, ", "), r.Description})
			}
			if len(roles) == 0 {
				fmt.Fprintln(p.stdout, "There are no roles. To make one: doorward roles create NAME")
				return nil
			}
			writeTable(p.stdout, rows)
			return nil
		})
	})
	cmd.Example = lines("doorward roles list")
	return cmd
}
