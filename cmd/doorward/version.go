package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) version() *cobra.Command {
	cmd := command("version", "Tell which version this is, and what it was built from", 0, func(*cobra.Command, []string) error {
		version, commit := built()
		fmt.Fprintf(p.stdout, "doorward %s\n", version)
		writeFacts(p.stdout, []fact{{"commit", commit}, {"go", runtime.Version()}, {"system", runtime.GOOS + "/" + runtime.GOARCH}})
		return nil
	})
	cmd.Example = lines("doorward version")
	return cmd
}

// built is the version of this program and the commit it was built from, as
// far as the Go command noted them.
func built() (version, commit string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)", ""
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return cmp.Or(info.Main.Version, "(unknown)"), commit + changed
}
