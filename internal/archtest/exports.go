package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
)

// Exports returns where files export more names or methods than their budget.
func (r Rules) Exports(files []File) []string {
	names := map[string]int{}
	methods := map[string]int{}
	for _, f := range files {
		if f.Test {
			continue
		}
		for _, d := range f.AST.Decls {
			names[f.Package] += exported(d)
			countMethods(methods, f.Package, d)
		}
	}
	var wrong []string
	for _, p := range slices.Sorted(maps.Keys(r.Names)) {
		if names[p] > r.Names[p] {
			wrong = append(wrong, fmt.Sprintf("%s exports %d names, its budget is %d", p, names[p], r.Names[p]))
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(methods)) {
		if limit, ok := r.methodLimit(typ); ok && methods[typ] > limit {
			wrong = append(wrong, fmt.Sprintf("%s has %d exported methods, its budget is %d", typ, methods[typ], limit))
		}
	}
	return wrong
}

func (r Rules) methodLimit(typ string) (int, bool) {
	if n, ok := r.Methods[typ]; ok {
		return n, true
	}
	for i := len(typ) - 1; i >= 0; i-- {
		if typ[i] == '.' {
			n, ok := r.Methods[qualify(typ[:i], "*")]
			return n, ok
		}
	}
	return 0, false
}

// qualify names a type of package p. The root's types are written ".Name".
func qualify(p, name string) string {
	if p == "." {
		p = ""
	}
	return p + "." + name
}

// exported counts the package-level names that d exports.
func exported(d ast.Decl) int {
	n := 0
	count := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				n++
			}
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			count(d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				count(s.Name)
			case *ast.ValueSpec:
				count(s.Names...)
			}
		}
	}
	return n
}

// countMethods adds the exported methods of exported types that d declares,
// those written in an interface included.
func countMethods(methods map[string]int, p string, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || !d.Name.IsExported() {
			return
		}
		if typ := receiver(d.Recv.List[0].Type); ast.IsExported(typ) {
			methods[qualify(p, typ)]++
		}
	case *ast.GenDecl:
		if d.Tok != token.TYPE {
			return
		}
		for _, s := range d.Specs {
			t := s.(*ast.TypeSpec)
			if face, ok := t.Type.(*ast.InterfaceType); ok && t.Name.IsExported() {
				for _, m := range face.Methods.List {
					methods[qualify(p, t.Name.Name)] += len(m.Names)
				}
			}
		}
	}
}

// receiver returns the type name of a receiver, without pointer and parameters.
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
