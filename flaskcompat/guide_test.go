package flaskcompat_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReference reads the right column of the tables in
// docs/from-flask-reference.md: what is named there is in this tree.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../docs/from-flask-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	have, rows := readTree(t), 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasSuffix(line, "| here |") || strings.HasSuffix(line, "| page here |") {
			have.check(t, line, notTable)
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) != 2 {
			t.Errorf("%d cells: %s", len(cells), line)
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(cells[1]), "none") && !regexp.MustCompile(`^none( yet|, because .+)$`).MatchString(strings.TrimSpace(cells[1])) {
			t.Errorf("no reason: %s", line)
		}
		have.check(t, cells[1], false)
	}
	if rows < 200 {
		t.Errorf("%d rows", rows)
	}
}

// notTable is for text in which other words may stand as code, too.
const notTable = true

// tree is what the repository has: exported names ("doorward.Config.Now"),
// templates, and files in which settings, scopes and commands stand.
type tree struct {
	names     map[string]bool
	templates map[string]bool
	settings  string
	scripts   string
	scopes    map[string]bool
}

var (
	goName   = regexp.MustCompile(`^([a-z0-9]+)\.([A-Z]\w*)(\.[A-Z]\w*)?$`)
	fragment = regexp.MustCompile(`^\{\{\.(\w+)\}\}$`)
	scope    = regexp.MustCompile(`scope "(\w*)"`)
)

func (have *tree) check(t *testing.T, text string, prose bool) {
	t.Helper()
	for i, span := range strings.Split(text, "`") {
		if i%2 == 0 {
			for _, m := range scope.FindAllStringSubmatch(span, -1) {
				if !have.scopes[m[1]] {
					t.Errorf("no page has the scope %q", m[1])
				}
			}
			continue
		}
		var found bool
		switch m := fragment.FindStringSubmatch(span); {
		case goName.MatchString(span):
			found = have.names[span]
		case m != nil:
			found = have.names["doorward.View."+m[1]] || have.names["doorward.MailView."+m[1]]
		case strings.HasPrefix(span, "security/"):
			found = have.templates[strings.TrimSuffix(span, ".html")]
		case strings.HasPrefix(span, "SECURITY_"):
			found = strings.Contains(have.settings, "`"+span+"`")
		case strings.HasPrefix(span, "doorward "):
			found = strings.Contains(have.scripts, "exec "+span)
		default:
			found = prose
		}
		if !found {
			t.Errorf("%s is not there: %s", span, text)
		}
	}
}

func readTree(t *testing.T) *tree {
	t.Helper()
	have := &tree{names: map[string]bool{}, templates: map[string]bool{}, scopes: map[string]bool{"": true, "mail": true}}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "examples" || path.Base(name) == "internal" || strings.HasPrefix(path.Base(name), ".") && name != "."):
			return fs.SkipDir
		case strings.HasSuffix(name, ".html"), strings.HasSuffix(name, ".txt"):
			if _, in, is := strings.Cut(name, "templates/"); is {
				have.templates[strings.TrimSuffix(in, path.Ext(in))] = true
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			return have.readGo(root, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	have.settings = read(t, "../docs/settings.md")
	scripts, err := filepath.Glob("../cmd/doorward/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		have.scripts += read(t, s)
	}
	return have
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var scopeInCode = regexp.MustCompile(`Scope: +"(\w+)"`)

func (have *tree) readGo(root fs.FS, name string) error {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	for _, m := range scopeInCode.FindAllStringSubmatch(string(source), -1) {
		have.scopes[m[1]] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := file.Name.Name + "."
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				have.names[p+d.Name.Name] = true
			} else {
				have.names[p+receiver(d.Recv.List[0].Type)+"."+d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				have.declare(p, s)
			}
		}
	}
	return nil
}

func (have *tree) declare(p string, s ast.Spec) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			have.names[p+n.Name] = true
		}
	case *ast.TypeSpec:
		have.names[p+s.Name.Name] = true
		var fields *ast.FieldList
		switch t := s.Type.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields = t.Methods
		default:
			return
		}
		for _, f := range fields.List {
			for _, n := range f.Names {
				have.names[p+s.Name.Name+"."+n.Name] = true
			}
		}
	}
}

// receiver is the name of the type of a method.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
