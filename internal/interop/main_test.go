package interop_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	// interpreter has what requirements.txt lists.
	interpreter = "DOORWARD_INTEROP_PYTHON"
	// program is the server, built already; without it TestMain builds it.
	program = "DOORWARD_INTEROP_PROGRAM"
)

// TestMain builds the server once, if there is anything to run it beside and nobody
// has built it already.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(interpreter) == "" || os.Getenv(program) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "doorward")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "doorward")
	if out, err := exec.Command(cmp.Or(os.Getenv("GO"), "go"), "build", "-o", path, "../../cmd/doorward").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the server: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(program, path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// python returns the interpreter that has the original.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv(interpreter)
	if path == "" {
		t.Skip(interpreter + " names no interpreter with Flask-Security; scripts/interop makes one")
	}
	return path
}
