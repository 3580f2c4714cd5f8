package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"doorward": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"sqlite": sqliteScript},
	})
}

// TestEveryCommandHasAScript fails for a command that no script runs, and for
// one without examples in its help.
func TestEveryCommandHasAScript(t *testing.T) {
	scripts := readScripts(t)
	p := &program{}
	for _, top := range p.root().Commands() {
		all := top.Commands()
		if len(all) == 0 {
			all = append(all, top)
		}
		for _, cmd := range all {
			if cmd.Name() == "help" || cmd.Name() == "completion" {
				continue
			}
			if cmd.Example == "" {
				t.Errorf("%s has no example", cmd.CommandPath())
			}
			if top.Name() == "sessions" || top.Name() == "serve" {
				continue // in the tests of the running server
			}
			if !strings.Contains(scripts, "exec "+cmd.CommandPath()) {
				t.Errorf("no script runs %s", cmd.CommandPath())
			}
		}
	}
}

func readScripts(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	var b strings.Builder
	for _, f := range files {
		b.WriteString(readFile(t, f))
	}
	return b.String()
}
