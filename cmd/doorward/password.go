package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// passwordMax bounds what is read as a password; the policy has the last word.
const passwordMax = 1 << 16

// passwordFlags say where a password comes from.
type passwordFlags struct {
	value string
	stdin bool
}

func (f *passwordFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.value, "password", "", "the `password`; other users of this machine can see it in the list of processes")
	cmd.Flags().BoolVar(&f.stdin, "password-stdin", false, "read the password from the first line of standard input")
}

// password returns the password that the flags give, or asks for it twice if
// somebody sits at a terminal.
func (p *program) password(cmd *cobra.Command, given passwordFlags) (string, error) {
	switch {
	case given.stdin && cmd.Flags().Changed("password"):
		return "", usage(cmd, "--password and --password-stdin exclude each other")
	case cmd.Flags().Changed("password"):
		return given.value, nil
	case given.stdin:
		line, err := bufio.NewReader(io.LimitReader(p.stdin, passwordMax)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read password: %w", err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
	}
	f, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", usage(cmd, "a password is needed, and standard input is not a terminal: use --password-stdin")
	}
	first, err := p.ask(cmd.Context(), f, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.ask(cmd.Context(), f, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", usage(cmd, "the two passwords differ")
	}
	return first, nil
}

// ask reads a line without showing it. When ctx ends the terminal shows what is
// typed again.
func (p *program) ask(ctx context.Context, f *os.File, question string) (string, error) {
	fd := int(f.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	fmt.Fprint(p.stderr, question)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		fmt.Fprintln(p.stderr)
		if a.err != nil {
			return "", fmt.Errorf("read password: %w", a.err)
		}
		return string(a.text), nil
	case <-ctx.Done():
		fmt.Fprintln(p.stderr)
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}
