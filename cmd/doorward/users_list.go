package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

func (p *program) usersList() *cobra.Command {
	var contains string
	var offset, limit int
	cmd := command("list", "List accounts", 0, func(cmd *cobra.Command, _ []string) error {
		if offset < 0 || limit < 1 {
			return usage(cmd, "--offset is 0 or more, --limit 1 or more")
		}
		return p.with(cmd.Context(), false, func(in *installation) error {
			users, total, err := in.Store.ListUsers(cmd.Context(), contains, offset, limit)
			if err != nil {
				return fmt.Errorf("list users: %w", err)
			}
			rows := [][]string{{"EMAIL", "USERNAME", "ACTIVE", "CONFIRMED", "LAST SIGN-IN"}}
			for _, u := range users {
				acc := u.SecurityAccount()
				rows = append(rows, []string{acc.Email, acc.Username, yes(acc.Active), date(acc.ConfirmedAt), date(acc.CurrentLoginAt)})
			}
			if len(users) > 0 {
				writeTable(p.stdout, rows)
			}
			fmt.Fprintf(p.stdout, "%d of %s\n", len(users), count(total, "account"))
			return nil
		})
	})
	cmd.Example = lines(
		"doorward users list",
		"doorward users list --contains example.com --limit 20 --offset 40")
	cmd.Flags().StringVar(&contains, "contains", "", "only those whose email address or username contains this `text`")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most")
	cmd.Flags().IntVar(&offset, "offset", 0, "how many to leave out first")
	return cmd
}

func (p *program) usersShow() *cobra.Command {
	cmd := command("show USER", "Show one account with its roles and sessions", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error { return p.showUser(cmd, in, u) })
	})
	cmd.Example = lines("doorward users show ann@example.com")
	return cmd
}

func (p *program) showUser(cmd *cobra.Command, in *installation, u doorward.User) error {
	roles, err := in.Store.RolesOf(cmd.Context(), u)
	if err != nil {
		return fmt.Errorf("list roles: %w", err)
	}
	sessions, err := in.App.Accounts().Sessions(cmd.Context(), u)
	if err != nil {
		return err
	}
	locked, err := lock(cmd.Context(), in.App.Lockout, u)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range roles {
		names = append(names, r.Name)
	}
	acc, f, factor := u.SecurityAccount(), in.Factors(u), ""
	if f.Method != "" {
		factor = second(accounts.Factors{Method: f.Method, Phone: f.Phone})[0]
	}
	writeFacts(p.stdout, []fact{
		{"email", acc.Email}, {"username", acc.Username}, {"password", masked(acc.PasswordHash)}, {"active", yes(acc.Active)}, {"locked", locked},
		{"confirmed", date(acc.ConfirmedAt)}, {"created", date(acc.CreatedAt)},
		{"last sign-in", strings.TrimSpace(date(acc.CurrentLoginAt) + " " + acc.CurrentLoginIP)},
		{"sign-ins", fmt.Sprint(acc.LoginCount)},
		{"second factor", factor}, {"recovery codes", fmt.Sprint(f.Codes)}, {"also signs in by", ways(f)},
		{"roles", strings.Join(names, ", ")}, {"sessions", fmt.Sprint(len(sessions))},
	})
	if len(sessions) > 0 {
		fmt.Fprintf(p.stdout, "The sessions: doorward sessions list %s\n", printable(accounts.Name(u)))
	}
	return nil
}

func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return "********"
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
