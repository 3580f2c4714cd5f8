package archtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorward/doorward/internal/archtest"
)

const module = "github.com/doorward/doorward"

// The rules that pass on this repository must also be able to fail.

func TestImportRules(t *testing.T) {
	tests := map[string]struct {
		file, imports, want string
	}{
		"feature on root":          {"login/a.go", module, ""},
		"feature on leaf":          {"login/a.go", module + "/password", ""},
		"feature on feature":       {"login/a.go", module + "/confirm", "not a lower layer"},
		"feature on store":         {"login/a.go", module + "/memstore", "not a lower layer"},
		"root on feature":          {"a.go", module + "/login", "not a lower layer"},
		"root on its leaf":         {"a.go", module + "/signed", ""},
		"root on another leaf":     {"a.go", module + "/password", "not on its list"},
		"root on a stranger":       {"a.go", "example.org/x", "not on its list"},
		"root on the standard one": {"a.go", "net/http", ""},
		"signed on a stranger":     {"signed/a.go", "golang.org/x/crypto/hkdf", "not on its list"},
		"leaf on leaf":             {"mail/a.go", module + "/i18n", "not a lower layer"},
		"store on shared leaf":     {"sqlstore/a.go", module + "/internal/columns", ""},
		"password on test hash":    {"password/a.go", module + "/internal/testhash", ""},
		"feature on test hash":     {"login/a.go", module + "/internal/testhash", "reserved"},
		"test file on test hash":   {"login/a_test.go", module + "/internal/testhash", ""},
		"driver in the program":    {"cmd/doorward/a.go", "modernc.org/sqlite", ""},
		"driver below a program":   {"sqlstore/a.go", "modernc.org/sqlite/lib", "reserved"},
		"program on its own":       {"cmd/doorward/a.go", module + "/cmd/doorward/internal/x", ""},
		"program on measurements":  {"cmd/doorward/a.go", module + "/internal/bench", "not a lower layer"},
		"batteries on feature":     {"batteries/a.go", module + "/login", ""},
		"import of no layer":       {"batteries/a.go", module + "/unheard", ""},
		"package of no layer":      {"unheard/a.go", "net/http", "no layer"},
		"test package of no layer": {"unheard/a_test.go", "net/http", "no layer"},
		"nested module":            {"nested/a.go", module + "/login", ""},
		"testdata":                 {"login/testdata/a.go", module + "/confirm", ""},
		"underscore directory":     {"_old/a.go", module + "/confirm", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files, err := archtest.Load(fstest.MapFS{
				"nested/go.mod": file("module nested"),
				tt.file:         file(fmt.Sprintf("package p\n\nimport _ %q\n", tt.imports)),
			})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, archtest.House().Imports(files), tt.want)
		})
	}
}

func TestExportRules(t *testing.T) {
	methods := func(typ string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "func (x *%s) M%d() {}\n", typ, i)
		}
		return b.String()
	}
	vars := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "var V%d, v%d int\n", i, i)
		}
		return b.String()
	}
	tests := map[string]struct {
		file, source, want string
	}{
		"feature at its budget":  {"login/a.go", vars(11) + "type T struct{}\nfunc f() {}", ""},
		"feature over it":        {"login/a.go", vars(11) + "type T struct{}\nfunc F() {}", "13 names"},
		"methods are not names":  {"login/a.go", vars(12) + methods("t", 5), ""},
		"tests are free":         {"login/a_test.go", vars(99), ""},
		"leaf is free":           {"password/a.go", vars(99), ""},
		"root over it":           {"a.go", vars(121), "121 names"},
		"any type over it":       {"a.go", methods("Problem", 19), ".Problem has 19"},
		"any type at its budget": {"a.go", methods("Problem", 18), ""},
		"unexported type":        {"a.go", methods("engine", 40), ""},
		"runtime over it":        {"a.go", methods("Runtime", 16), ".Runtime has 16"},
		"account over it":        {"a.go", methods("Account", 2), ".Account has 2"},
		"generic type over it":   {"a.go", methods("Hook[E]", 19), ".Hook has 19"},
		"interface over it":      {"a.go", "type Web interface{ A(); B(); C(); D(); E(); F(); G(); H(); I(); J(); K(); L(); M(); N(); O(); P() }", ".Web has 16"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files, err := archtest.Load(fstest.MapFS{tt.file: file("package p\n" + tt.source)})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, archtest.House().Exports(files), tt.want)
		})
	}
}

func TestCodeRules(t *testing.T) {
	long := func(lines int) string { return strings.Repeat("\n", lines) }
	tests := map[string]struct {
		file, source, want string
	}{
		"nothing":             {"a.go", "func f() {}", ""},
		"init":                {"a.go", "func init() {}", "func init"},
		"init in a test":      {"a_test.go", "func init() {}", "func init"},
		"method named init":   {"a.go", "type t int\nfunc (t) init() {}", ""},
		"panic":               {"a.go", `func f() { panic("x") }`, "a.go:2: panic"},
		"panic in a test":     {"a_test.go", `func f() { panic("x") }`, ""},
		"panic in a comment":  {"a.go", "// f does not panic(x).", ""},
		"sleep in a test":     {"a_test.go", "func f() { time.Sleep(1) }", "time.Sleep"},
		"math/rand":           {"a.go", `import "math/rand"`, "math/rand"},
		"math/rand/v2":        {"a.go", `import "math/rand/v2"`, "math/rand/v2"},
		"mark":                {"a.go", "\n// TO" + "DO: later", "a.go:3"},
		"function at length":  {"a.go", "func f() {" + long(79) + "}", ""},
		"function too long":   {"a.go", "func f() {" + long(80) + "}", "f has 81 lines"},
		"long test function":  {"a_test.go", "func f() {" + long(80) + "}", ""},
		"file at length":      {"a.go", long(399), ""},
		"file too long":       {"a.go", long(400), "at most 400"},
		"long generated file": {"a.go", "// Code generated by x. DO NOT EDIT.\n\npackage p\n" + long(400), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			source := tt.source
			if !strings.Contains(source, "package p\n") {
				source = "package p\n" + source
			}
			f, err := archtest.Parse(fstest.MapFS{tt.file: file(source)}, tt.file)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, archtest.House().Code(f), tt.want)
		})
	}
}

func TestTextRules(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"nothing":      {"see docs/\n", ""},
		"machine path": {"one\nsee /ro" + "ot/x\n", "README.md:2"},
		"registry":     {"https://proxy." + "golang.org/\n", "README.md:1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			expect(t, archtest.House().Text("README.md", []byte(tt.source)), tt.want)
		})
	}
}

func file(source string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(source)} }

// expect fails unless want is part of the only complaint, or there is none and
// want is empty. One import may break two rules, and then either will do.
func expect(t *testing.T, got []string, want string) {
	t.Helper()
	all := strings.Join(got, "\n")
	if (want == "") != (len(got) == 0) || !strings.Contains(all, want) {
		t.Errorf("complaints:\n%s\nwant: %q", all, want)
	}
}
