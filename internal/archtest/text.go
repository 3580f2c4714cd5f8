package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"strings"
)

// Text returns where the source of a file, Go or not, holds a forbidden word.
func (r Rules) Text(name string, source []byte) []string {
	return search(name, source, r.Words)
}

// Code returns what no Go file may have: init functions, sleeping, guessable
// randomness and unfinished marks. Outside tests it also finds panics, and
// files and functions that are too long to be read at once.
func (r Rules) Code(f File) []string {
	wrong := search(f.Path, f.Source, r.Marks)
	report := func(n ast.Node, what string) {
		wrong = append(wrong, fmt.Sprintf("%s: %s", f.at(n.Pos()), what))
	}
	for _, spec := range f.AST.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); covers("math/rand/...", path) {
			report(spec, "imports "+path+": use crypto/rand")
		}
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				report(n, "func init: pass a value instead")
			}
		case *ast.CallExpr:
			switch called := name(n.Fun); {
			case called == "time.Sleep":
				report(n, "time.Sleep: wait for what happens instead")
			case called == "panic" && !f.Test:
				report(n, "panic: return an error")
			}
		}
		return true
	})
	if !f.Test && !ast.IsGenerated(f.AST) {
		wrong = append(wrong, r.lengths(f)...)
	}
	return wrong
}

func (r Rules) lengths(f File) (wrong []string) {
	if n := bytes.Count(f.Source, []byte("\n")); n > r.FileLines {
		wrong = append(wrong, fmt.Sprintf("%s: %d lines, at most %d", f.Path, n, r.FileLines))
	}
	for _, d := range f.AST.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := f.line(fn.End()) - f.line(fn.Pos()) + 1; n > r.FuncLines {
			wrong = append(wrong, fmt.Sprintf("%s: %s has %d lines, at most %d", f.at(fn.Pos()), fn.Name.Name, n, r.FuncLines))
		}
	}
	return wrong
}

// name returns what a call's function is written as: "f" or "pkg.F".
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}

func search(file string, source []byte, words []string) (wrong []string) {
	for _, word := range words {
		rest, line := source, 1
		for {
			before, after, found := bytes.Cut(rest, []byte(word))
			if !found {
				break
			}
			line += bytes.Count(before, []byte("\n"))
			wrong = append(wrong, fmt.Sprintf("%s:%d: contains %s", file, line, word))
			rest = after
		}
	}
	return wrong
}
