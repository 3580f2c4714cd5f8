package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
)

func (p *program) usersCreate() *cobra.Command {
	var given passwordFlags
	var n accounts.New
	cmd := command("create ATTRIBUTE...", "Make an account", -1, func(cmd *cobra.Command, args []string) error {
		if err := attributes(cmd, args, &n); err != nil {
			return err
		}
		return p.createUser(cmd, n, given)
	})
	cmd.Long = `Make an account. An attribute is written email:ann@example.com or username:ann;
one without a colon is the email address. The password is asked for, unless a
flag gives it.

The account cannot sign in before it is active: add --active, or use
"doorward users activate" later. No mail is sent.`
	cmd.Example = lines(
		"doorward users create ann@example.com --active",
		"doorward users create email:ann@example.com username:annie",
		"doorward users create ann@example.com --password-stdin <password")
	cmd.Flags().BoolVarP(&n.Active, "active", "a", false, "let the account sign in")
	cmd.Flags().BoolVar(&n.Confirmed, "confirmed", false, "take the email address for confirmed")
	cmd.Flags().StringVarP(&n.Username, "username", "u", "", "`name` to sign in with, as the attribute username")
	given.add(cmd)
	return cmd
}

// attributes reads attr:value arguments.
func attributes(cmd *cobra.Command, args []string, n *accounts.New) error {
	if len(args) == 0 {
		return usage(cmd, "give an email address at least")
	}
	known := map[string]*string{"email": &n.Email, "username": &n.Username}
	for _, arg := range args {
		attr, value, ok := strings.Cut(arg, ":")
		if !ok {
			attr, value = "email", arg
		}
		to := known[attr]
		switch {
		case strings.Contains(value, ":"):
			return usage(cmd, "%s has more than one colon", quote(arg))
		case attr == "password":
			return usage(cmd, "a password is no attribute: leave it out to be asked for it, or use --password-stdin")
		case to == nil:
			return usage(cmd, "there is no attribute %s; there are email and username", quote(attr))
		case *to != "":
			return usage(cmd, "%s is given twice", attr)
		case value == "":
			return usage(cmd, "%s is empty", attr)
		}
		*to = value
	}
	return nil
}

func (p *program) createUser(cmd *cobra.Command, n accounts.New, given passwordFlags) error {
	ctx := cmd.Context()
	l, err := p.load()
	if err != nil {
		return err
	}
	if n, err = accounts.Check(&l.Config.Config, n); err != nil {
		return err // before a database is made
	}
	return p.with(ctx, true, func(in *installation) error {
		if err := in.Free(ctx, n); err != nil {
			return err
		}
		password, err := p.password(cmd, given)
		if err != nil {
			return err
		}
		u, err := in.Create(ctx, n, password)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Created the account %s:\n", printable(accounts.Name(u)))
		writeFacts(p.stdout, []fact{{"email", u.Email}, {"username", u.Username}, {"password", "********"}, {"active", yes(u.Active)}, {"confirmed", date(u.ConfirmedAt)}})
		if !u.Active {
			fmt.Fprintf(p.stdout, "It cannot sign in yet. To change that: doorward users activate %s\n", printable(accounts.Name(u)))
		}
		return nil
	})
}
