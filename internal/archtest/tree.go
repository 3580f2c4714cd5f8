package archtest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// File is one Go file of a tree.
type File struct {
	Path    string
	Package string // its directory, "." for the root
	Test    bool
	Source  []byte
	AST     *ast.File
	fset    *token.FileSet
}

func (f File) line(p token.Pos) int { return f.fset.Position(p).Line }

func (f File) at(p token.Pos) string { return fmt.Sprintf("%s:%d", f.Path, f.line(p)) }

// Parse reads one Go file of fsys.
func Parse(fsys fs.FS, name string) (File, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return File{}, fmt.Errorf("read Go file: %w", err)
	}
	f := File{
		Path:    name,
		Package: path.Dir(name),
		Test:    strings.HasSuffix(name, "_test.go"),
		Source:  src,
		fset:    token.NewFileSet(),
	}
	f.AST, err = parser.ParseFile(f.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, fmt.Errorf("parse Go file: %w", err)
	}
	return f, nil
}

// Load reads the Go files of the module at the top of fsys. Like the go
// command it passes over nested modules, testdata, and directories whose name
// begins with a dot or an underscore.
func Load(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return enter(fsys, name)
		case path.Ext(name) != ".go" || hidden(path.Base(name)):
			return nil
		}
		f, err := Parse(fsys, name)
		files = append(files, f)
		return err
	})
	return files, err
}

func enter(fsys fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	if base := path.Base(dir); hidden(base) || base == "testdata" {
		return fs.SkipDir
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fs.SkipDir
}

func hidden(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}
