package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

func (p *program) usersResetFactors() *cobra.Command {
	cmd := command("reset_factors USER", "Remove the second factor of an account, and end its sessions", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			name := printable(accounts.Name(u))
			had, removed, err := in.ResetFactors(cmd.Context(), u)
			switch {
			case err != nil:
				return err
			case !removed:
				fmt.Fprintf(p.stdout, "Notice: %s has no second factor; nothing changed.\n", name)
			default:
				fmt.Fprintf(p.stdout, "Removed from %s: %s. All sessions are ended.\n", name, strings.Join(second(had), ", "))
				if len(had.Ways) > 0 {
					fmt.Fprintf(p.stdout, "The account can still be signed in to by: %s. If these may be another's, use: doorward users reset_access\n", ways(had))
				}
			}
			return nil
		})
	})
	cmd.Long = `Remove the second factor of an account, and its recovery codes, for who has lost
all of them. All sessions, remembered browsers and tokens end. The password and
other ways to sign in stay. Where a second factor is required, the next sign-in
sets one up: be sure who asks for this.`
	cmd.Example = lines("doorward users reset_factors ann@example.com")
	return cmd
}

// second tells of a second factor in words.
func second(f accounts.Factors) (out []string) {
	switch {
	case f.Method == "" && f.Phone != "":
		out = append(out, "a number"+ending(f.Phone))
	case f.Method == "sms":
		out = append(out, "sms"+ending(f.Phone))
	case f.Method != "":
		out = append(out, f.Method)
	}
	if f.Codes > 0 {
		out = append(out, count(f.Codes, "recovery code"))
	}
	if len(out) == 0 {
		out = append(out, "what was left of a second factor")
	}
	return out
}

// ways tells of what signs in besides a password.
func ways(f accounts.Factors) string {
	out := make([]string, len(f.Ways))
	for i, way := range f.Ways {
		if out[i] = way; way == "sms" {
			out[i] += ending(f.ToSMS)
		}
	}
	return strings.Join(out, ", ")
}

// ending tells operators which of two numbers it is, and not the number.
func ending(phone string) string {
	if len(phone) < 8 {
		return ""
	}
	return " ending in " + phone[len(phone)-2:]
}
