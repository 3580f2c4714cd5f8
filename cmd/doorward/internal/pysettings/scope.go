package pysettings

import "strings"

// Setting is a name with what it is set to.
type Setting struct {
	Name  string
	Line  int
	Value Value
}

// Problem is a statement that was not understood.
type Problem struct {
	Line   int
	Name   string // what it sets, if that is known
	Reason string
	Text   string // the statement, clipped, without strings; empty if it may hold a secret
	// Imported says that the name comes from another file.
	Imported bool
	// Kept says that the value that the name had before is still taken.
	Kept bool
	call bool // with what is given to app.config
}

// entry is what one statement says of a setting; value is unknown if that was
// not understood.
type entry struct {
	Setting
	call bool // given to app.config, not assigned in the open
}

// body is what a module, a class or a function says.
type body struct {
	name     string // empty for the module
	line     int
	function bool
	bases    []string
	file     *file
	vars     map[string]Value
	given    map[string]bool  // the names in entries
	config   map[string]Value // what app.config holds so far
	entries  []entry
	problems []Problem
}

func newBody(f *file) *body {
	return &body{file: f, vars: map[string]Value{}, given: map[string]bool{}, config: map[string]Value{}}
}

// file is everything of a source.
type file struct {
	module  *body
	all     []*body // classes and functions, in order
	classes map[string]*body
	work    int
	names   int // statements that set something
}

// value is what a class says of a name, itself or by what it inherits.
func (b *body) value(name string) (v Value, ok bool) {
	if b.file.work > maxWork {
		return nil, false
	}
	b.file.inherited(b, func(c *body) {
		b.file.work += 8 * (1 + len(c.bases))
		if own, given := c.vars[name]; given {
			v, ok = own, true
		}
	})
	_, lost := v.(unknown)
	return v, ok && !lost
}

// scope is where names are looked up: in a body, then in its module.
type scope struct{ *body }

func (s *scope) lookup(word string) (Value, bool) {
	if v, ok := s.vars[word]; ok {
		return v, true
	}
	if v, ok := s.file.module.vars[word]; ok {
		return v, true
	}
	switch word {
	case "int", "float", "str", "bool", "dict", "list", "tuple", "set", "frozenset", "os", "datetime":
		return Ref{word}, true
	case "timedelta":
		return Ref{"datetime.timedelta"}, true
	}
	if isApp(word) {
		return Ref{word}, true
	}
	if strings.HasPrefix(word, "uia_") { // the mappers of the original, in parts of a file
		return Ref{"flask_security." + word}, true
	}
	return nil, false
}

// setting is what app.config holds so far.
func (s *scope) setting(name string) (Value, bool) {
	v, ok := s.config[name]
	if !ok {
		v, ok = s.file.module.config[name]
	}
	_, lost := v.(unknown)
	return v, ok && !lost
}

// set records what a statement says of a setting.
func (b *body) set(name string, line int, v Value, call bool) {
	b.file.names++
	b.entries = append(b.entries, entry{Setting{name, line, v}, call})
	b.given[name] = true
	if call {
		b.config[name] = v
	}
}

// bind gives a name its value.
func (b *body) bind(name string, v Value) { b.vars[name] = v }

// isApp is what applications are usually called.
func isApp(word string) bool {
	return word == "app" || word == "application" || word == "current_app"
}

// isSetting is what Flask takes for one: capital letters.
func isSetting(name string) bool {
	return strings.ToUpper(name) == name && strings.ToLower(name) != name
}
