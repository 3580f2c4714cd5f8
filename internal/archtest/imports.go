package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Imports returns what is wrong with the import graph of files. Test files may
// import what compiles.
func (r Rules) Imports(files []File) []string {
	var wrong []string
	homeless := map[string]bool{}
	for _, f := range files {
		if _, ok := r.Layers[r.unit(f.Package)]; !ok && !homeless[f.Package] {
			homeless[f.Package] = true
			wrong = append(wrong, fmt.Sprintf("%s: the package has no layer", f.Package))
		}
		if f.Test {
			continue
		}
		for _, spec := range f.AST.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			for _, reason := range r.refuse(f.Package, path) {
				wrong = append(wrong, fmt.Sprintf("%s: %s imports %s: %s", f.at(spec.Pos()), f.Package, path, reason))
			}
		}
	}
	return wrong
}

// refuse returns why package from may not import path.
func (r Rules) refuse(from, path string) (reasons []string) {
	to, ours := r.local(path)
	if !ours && standard(path) {
		return nil
	}
	if ours && !r.below(to, from) {
		reasons = append(reasons, "not a lower layer")
	}
	if allowed, closed := r.Closed[from]; closed && !slices.Contains(allowed, to) {
		reasons = append(reasons, "not on its list")
	}
	for reserved, importers := range r.Reserved {
		if covers(reserved+"/...", to) && !slices.ContainsFunc(importers, func(p string) bool { return covers(p, from) }) {
			reasons = append(reasons, "reserved for "+strings.Join(importers, ", "))
		}
	}
	return reasons
}

// below reports whether package from may stand on package to.
func (r Rules) below(to, from string) bool {
	if unit := r.unit(from); strings.HasSuffix(unit, "/...") && unit == r.unit(to) {
		return true
	}
	return r.Layers[r.unit(to)] < r.Layers[r.unit(from)]
}

// local returns the directory of a package of ours, and path itself for others.
func (r Rules) local(path string) (string, bool) {
	if path == r.Module {
		return ".", true
	}
	dir, ours := strings.CutPrefix(path, r.Module+"/")
	return dir, ours
}

// unit returns the entry of Layers that p belongs to: its own, or the longest
// that covers it.
func (r Rules) unit(p string) string {
	best := p
	if _, ok := r.Layers[p]; ok {
		return p
	}
	length := 0
	for name := range r.Layers {
		if covers(name, p) && len(name) > length {
			best, length = name, len(name)
		}
	}
	return best
}

// covers reports whether pattern names p, a final "/..." standing for all below.
func covers(pattern, p string) bool {
	dir, deep := strings.CutSuffix(pattern, "/...")
	return p == dir || deep && strings.HasPrefix(p, dir+"/")
}

// standard reports whether path is of the standard library, whose first
// element has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
