package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) version() *cobra.Command {
	cmd := command("version", "Tell which version this is, and what it was built from", 0, func(*cobra.Command, []string) error {
		info, ok := debug.ReadBuildInfo()
		if !ok {
			info = &debug.BuildInfo{}
		}
		version, revision := info.Main.Version, ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value + revision
			case s.Key == "vcs.modified" && s.Value == "true":
				revision += " with changes"
			}
		}
		if version == "" {
			version = "(unknown)"
		}
		fmt.Fprintf(p.stdout, "doorward %s\n", version)
		writeFacts(p.stdout, []fact{{"commit", revision}, {"go", runtime.Version()}, {"system", runtime.GOOS + "/" + runtime.GOARCH}})
		return nil
	})
	cmd.Example = lines("doorward version")
	return cmd
}
