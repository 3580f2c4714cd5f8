package archtest_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/archtest"
)

const top = "../.."

func TestImports(t *testing.T) {
	report(t, archtest.House().Imports(load(t)))
}

func TestExports(t *testing.T) {
	report(t, archtest.House().Exports(load(t)))
}

// TestText reads all files that git knows or would add, nested modules included.
func TestText(t *testing.T) {
	rules := archtest.House()
	fsys := os.DirFS(top)
	for _, name := range tracked(t) {
		source, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		report(t, rules.Text(name, source))
		if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		f, err := archtest.Parse(fsys, name)
		if err != nil {
			t.Error(err)
			continue
		}
		report(t, rules.Code(f))
	}
}

func load(t *testing.T) []archtest.File {
	t.Helper()
	files, err := archtest.Load(os.DirFS(top))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go file found: the tree is elsewhere")
	}
	return files
}

func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = top
	if _, err := os.Stat(path.Join(top, ".git")); err != nil {
		t.Skip("not a git work tree, so the list of files is not known")
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list the files of the work tree: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}

func report(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
}
