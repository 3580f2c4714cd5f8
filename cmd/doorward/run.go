package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/cmd/doorward/internal/accounts"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
)

// Exit codes. Usage is for everything that the one who typed the command can
// put right: arguments, settings, names of users and roles that do not exist.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// program is what commands share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	flags          struct{ config, database, addr string }
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, environ: environ}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "doorward: interrupted")
		return exitFailed
	}
	fmt.Fprintln(stderr, "doorward: "+readable(err))
	return exitCode(err)
}

// readable writes the parts of a joined error on lines of their own, indented.
func readable(err error) string {
	return strings.ReplaceAll(strings.ReplaceAll(err.Error(), "\n  ", "\n"), "\n", "\n  ")
}

// usageError is a command line that cannot be understood.
type usageError struct {
	text string
	hint string
}

// Error returns the text and, on a line of its own, the hint.
func (e *usageError) Error() string {
	if e.hint == "" {
		return e.text
	}
	return e.text + "\n" + e.hint
}

func usage(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), "See: " + cmd.CommandPath() + " --help"}
}

func exitCode(err error) int {
	var (
		bad     *usageError
		refused *accounts.Refusal
		invalid *settings.Invalid
	)
	if errors.As(err, &bad) || errors.As(err, &refused) || errors.As(err, &invalid) || errors.Is(err, database.ErrMissing) {
		return exitUsage
	}
	return exitFailed
}
