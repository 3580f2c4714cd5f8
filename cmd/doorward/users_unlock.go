package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
	"github.com/doorward/doorward/lockout"
)

func (p *program) usersUnlock() *cobra.Command {
	cmd := command("unlock USER", "Unlock an account that was locked by wrong passwords", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error { return p.unlock(cmd, in, u) })
	})
	cmd.Long = `Forget the wrong passwords and codes that were entered for an account, from
wherever, so that it is not locked any more. The wait of a single address ends
by itself, within SECURITY_LOCKOUT_DELAY_MAX.

An account that was deactivated is another matter: doorward users activate.`
	cmd.Example = lines("doorward users unlock ann@example.com")
	return cmd
}

func (p *program) unlock(cmd *cobra.Command, in *installation, u doorward.User) error {
	name := printable(accounts.Name(u))
	if in.App.Lockout == nil {
		fmt.Fprintln(p.stdout, "Notice: no account is ever locked, because SECURITY_INSECURE_UNLIMITED_GUESSING is on; nothing changed.")
		return nil
	}
	before, err := in.App.Lockout.Status(cmd.Context(), u)
	if err != nil {
		return err
	}
	had, err := in.App.Lockout.Unlock(cmd.Context(), u, "operator")
	switch {
	case err != nil:
		return err
	case before.Locked():
		fmt.Fprintf(p.stdout, "%s is unlocked; %s forgotten.\n", name, tries(before.Failures))
	case had:
		fmt.Fprintf(p.stdout, "Notice: %s was not locked; %s forgotten.\n", name, tries(before.Failures))
	default:
		fmt.Fprintf(p.stdout, "Notice: %s was not locked; nothing changed.\n", name)
	}
	return nil
}

func tries(n int) string {
	if n == 1 {
		return "1 wrong try is"
	}
	return fmt.Sprintf("%d wrong tries are", n)
}

// lock says in words what stands in the way of strangers who sign in.
func lock(ctx context.Context, limits *lockout.Feature, u doorward.User) (string, error) {
	if limits == nil {
		return "never, by SECURITY_INSECURE_UNLIMITED_GUESSING", nil
	}
	s, err := limits.Status(ctx, u)
	if err != nil {
		return "", err
	}
	failures := "1 wrong try"
	if s.Failures != 1 {
		failures = fmt.Sprintf("%d wrong tries", s.Failures)
	}
	switch {
	case s.Closed:
		return "until unlocked, by " + failures, nil
	case s.Locked():
		return "until " + date(s.Until) + ", by " + failures, nil
	case s.Failures > 0:
		return "no; " + failures + " so far", nil
	}
	return "no", nil
}
