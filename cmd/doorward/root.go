package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// root is the command line.
func (p *program) root() *cobra.Command {
	cmd := group("doorward", "A server for signing in, and the tool to look after its accounts",
		p.serve(), p.users(), p.roles(), p.sessions(), p.migrate(), p.settings(), p.routes(), p.hash(), p.version())
	cmd.Example = lines(
		"doorward serve                                     run the server at http://127.0.0.1:8080",
		"doorward users create ann@example.com --active     make an account that can sign in",
		"doorward settings                                  what is configured, and where")
	cmd.Version, _ = built()
	cmd.SetVersionTemplate("doorward {{.Version}}\n")
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.PersistentFlags().StringVar(&p.flags.config, "config", "", "TOML `file` with settings (DOORWARD_CONFIG)")
	cmd.PersistentFlags().StringVar(&p.flags.database, "database", "", "`URL` of the database: sqlite:PATH, postgres://... or mysql://... (DATABASE_URL; default sqlite:doorward.db)")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%v", err) })
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.SetHelpCommand(help())
	// A group by itself does nothing but show its help.
	cmd.SetUsageTemplate(strings.Replace(cmd.UsageTemplate(), "{{if .Runnable}}", "{{if not .HasAvailableSubCommands}}", 1))
	return cmd
}

// group is a command that only has others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		err := &usageError{text: "unknown command " + quote(cmd.CommandPath()+" "+args[0]), hint: "See: " + cmd.CommandPath() + " --help"}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			err.hint = "Did you mean: " + cmd.CommandPath() + " " + strings.Join(near, ", or "+cmd.CommandPath()+" ") + "?"
		}
		return err
	}
	cmd.AddCommand(subs...)
	return cmd
}

// help shows the help of the command that the arguments name.
func help() *cobra.Command {
	return &cobra.Command{Use: "help [COMMAND]", Short: "Tell about a command", RunE: func(cmd *cobra.Command, args []string) error {
		of, rest, err := cmd.Root().Find(args)
		if err != nil || len(rest) > 0 {
			return usage(cmd.Root(), "there is no command %s", quote(strings.Join(append([]string{"doorward"}, args...), " ")))
		}
		of.InitDefaultHelpFlag()
		return of.Help()
	}}
}

// command is one that does something with n arguments, named in use; -1 is any
// number of them. A name with underscores can be typed with dashes.
func command(use, short string, n int, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, RunE: run, DisableFlagsInUseLine: true}
	if dashed := strings.ReplaceAll(cmd.Name(), "_", "-"); dashed != cmd.Name() {
		cmd.Aliases = []string{dashed}
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if n >= 0 && len(args) != n {
			return usage(cmd, "%s takes %s, not %d; usage: %s", cmd.CommandPath(), arguments(n), len(args), cmd.UseLine())
		}
		return nil
	}
	return cmd
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return "two arguments"
}

// lines are examples, indented as cobra shows them.
func lines(examples ...string) string { return "  " + strings.Join(examples, "\n  ") }
