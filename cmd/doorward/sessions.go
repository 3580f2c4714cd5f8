package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

// idShown is how many characters of a session's id are shown; idLeast of them
// name it.
const idShown, idLeast = 12, 6

func (p *program) sessions() *cobra.Command {
	return group("sessions", "List and end the sessions of an account", p.sessionsList(), p.sessionsEnd())
}

func (p *program) sessionsList() *cobra.Command {
	cmd := command("list USER", "List where an account is signed in", 1, func(cmd *cobra.Command, args []string) error {
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			all, err := in.App.Accounts().Sessions(cmd.Context(), u)
			if err != nil {
				return err
			}
			if len(all) == 0 {
				fmt.Fprintf(p.stdout, "%s is not signed in anywhere.\n", printable(accounts.Name(u)))
				return nil
			}
			rows := [][]string{{"ID", "SINCE", "LAST USED", "ENDS", "ADDRESS", "BY", "BROWSER"}}
			for _, s := range all {
				rows = append(rows, []string{shortID(s), date(s.CreatedAt), date(s.SeenAt), date(s.ExpiresAt), s.Address, strings.Join(s.Via, ", "), s.UserAgent})
			}
			writeTable(p.stdout, rows)
			return nil
		})
	})
	cmd.Example = lines("doorward sessions list ann@example.com")
	return cmd
}

func (p *program) sessionsEnd() *cobra.Command {
	var all bool
	cmd := command("end USER [ID]", "End one session of an account, or all", -1, func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 || len(args) > 2:
			return usage(cmd, "give an account, and the id of a session or --all")
		case all == (len(args) == 2):
			return usage(cmd, "give either the id of a session or --all; the ids: doorward sessions list %s", printable(args[0]))
		}
		return p.withUser(cmd.Context(), args[0], func(in *installation, u doorward.User) error {
			if all {
				n, err := in.App.Accounts().EndSessions(cmd.Context(), u)
				if err == nil {
					fmt.Fprintf(p.stdout, "Ended %s of %s, and forgot remembered browsers.\n", count(n, "session"), printable(accounts.Name(u)))
				}
				return err
			}
			return p.endSession(cmd, in, u, args[1])
		})
	})
	cmd.Example = lines(
		"doorward sessions end ann@example.com 3f2c9a1b04de",
		"doorward sessions end ann@example.com --all")
	cmd.Flags().BoolVar(&all, "all", false, "end all sessions, and forget browsers that stay signed in")
	return cmd
}

func (p *program) endSession(cmd *cobra.Command, in *installation, u doorward.User, id string) error {
	sessions, err := in.App.Accounts().Sessions(cmd.Context(), u)
	if err != nil {
		return err
	}
	var found []doorward.Session
	for _, s := range sessions {
		if len(id) >= idLeast && strings.HasPrefix(s.IDHash, strings.ToLower(id)) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return usage(cmd, "%s has no session %s; those there are: doorward sessions list %s", printable(accounts.Name(u)), quote(id), printable(accounts.Name(u)))
	}
	if err := in.App.Accounts().EndSession(cmd.Context(), u, found[0].IDHash); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Ended the session %s of %s.\n", shortID(found[0]), printable(accounts.Name(u)))
	return nil
}

func shortID(s doorward.Session) string { return s.IDHash[:min(idShown, len(s.IDHash))] }
