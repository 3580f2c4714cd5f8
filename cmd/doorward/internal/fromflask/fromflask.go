// Package fromflask makes doorward's configuration of the settings of a Flask
// application, and tells what became of each. No report shows a secret; the
// configuration itself holds them.
package fromflask

import (
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
	"github.com/doorward/doorward/conf"
)

// group is what became of a setting.
type group int

const (
	same       group = iota // taken over as it is
	changed                 // in another form
	safer                   // what we do otherwise
	compatible              // what we do as the original does, though there is better
	variables               // from the environment
	nowhere                 // without an equivalent
	strange                 // unknown
	unread                  // not understood
	todo                    // to be done before anything works
)

// note is a line of the report.
type note struct {
	name, text string
	line       int
}

// entry is a line of the configuration.
type entry struct {
	name    string
	value   any    // text, bool, int64, []any or map[string]any
	comment string // above it
	off     bool   // a proposal, commented out
}

// Translation is a configuration with a report on it.
type Translation struct {
	from    string // file and part, for people
	known   map[string]conf.Setting
	given   map[string]pysettings.Setting
	entries []entry
	notes   map[group][]note
	others  []string // names that are nobody's we know
}

// Known reports whether a name is a setting that something can be said about,
// which tells classes with settings from others.
func Known(all []conf.Setting) func(name string) bool {
	names, others := byName(all), rules()
	return func(name string) bool {
		_, ours := names[name]
		return ours || strings.HasPrefix(name, conf.Prefix) || others[name] != nil
	}
}

func byName(all []conf.Setting) map[string]conf.Setting {
	names := map[string]conf.Setting{}
	for _, s := range all {
		names[s.Name] = s
		for _, alias := range s.Aliases {
			names[alias] = s
		}
	}
	return names
}

// Translate makes a configuration of what was read from a file. all are the
// settings of this program.
func Translate(from string, read []pysettings.Setting, problems []pysettings.Problem, all []conf.Setting) *Translation {
	t := &Translation{from: from, known: byName(all), given: map[string]pysettings.Setting{}, notes: map[group][]note{}}
	for _, s := range read {
		t.given[s.Name] = s
	}
	t.compat()
	for _, s := range read {
		t.setting(s)
	}
	for _, p := range problems {
		t.problem(p)
	}
	t.defaults()
	return t
}

// compat turns on what lets both applications live beside each other.
func (t *Translation) compat() {
	const name = "SECURITY_FLASK_COMPAT"
	if _, ok := t.known[name]; ok {
		t.put(name, true, "Cookies, tokens, links and users are shared with the Flask application, so that both can live beside each other. When that is gone, add SECURITY_FLASK_COMPAT_STORED_ONLY = true; then everybody signs in once more.")
	}
}

func (t *Translation) say(g group, s pysettings.Setting, text string) {
	t.notes[g] = append(t.notes[g], note{s.Name, text, s.Line})
}

// put adds a line to the configuration. The last one of a name holds.
func (t *Translation) put(name string, value any, comment string) {
	t.drop(name)
	t.entries = append(t.entries, entry{name: name, value: value, comment: comment})
}

// propose adds a line that is commented out, unless there is one that is not.
func (t *Translation) propose(name string, value any, comment string) {
	if !slices.ContainsFunc(t.entries, func(e entry) bool { return e.name == name }) {
		t.entries = append(t.entries, entry{name: name, value: value, comment: comment, off: true})
	}
}

func (t *Translation) drop(name string) {
	t.entries = slices.DeleteFunc(t.entries, func(e entry) bool { return e.name == name })
}

// setting translates one setting.
func (t *Translation) setting(s pysettings.Setting) {
	if e, ok := s.Value.(pysettings.Env); ok {
		t.variable(s, e)
		return
	}
	if holdsRef(s.Value) && s.Name != "SECURITY_USER_IDENTITY_ATTRIBUTES" {
		t.object(s)
		return
	}
	if name := variableIn(s.Value); name != "" && t.matters(s.Name) {
		t.say(variables, s, "a part of it comes from the environment variable "+clip(name))
		t.propose(s.Name, "", "A part of it comes from the environment variable "+clip(name)+".")
		return
	}
	if rule := rules()[s.Name]; rule != nil {
		rule(t, s)
		return
	}
	if t.pattern(s) {
		return
	}
	if ours, ok := t.known[s.Name]; ok {
		t.plain(s, ours)
		return
	}
	t.unknown(s)
}

// plain takes over a setting that has the same name and meaning here.
func (t *Translation) plain(s pysettings.Setting, ours conf.Setting) {
	v, form, err := convert(s.Value, ours)
	switch {
	case err != "":
		t.say(unread, s, err)
		t.propose(s.Name, "", fmt.Sprintf("Line %d: %s.", s.Line, err))
	case v == nil:
		t.say(same, s, "")
	case form != "":
		t.put(s.Name, v, "")
		t.say(changed, s, form)
	default:
		t.put(s.Name, v, "")
		t.say(same, s, "")
	}
}

// variable takes over what a variable of the environment holds if it is not set.
func (t *Translation) variable(s pysettings.Setting, e pysettings.Env) {
	name := s.Name
	if name == "SQLALCHEMY_DATABASE_URI" {
		name = "DATABASE_URL"
	}
	_, ours := t.known[name]
	if !ours && rules()[s.Name] == nil && !strings.HasPrefix(s.Name, conf.Prefix) {
		t.other(s.Name)
		return
	}
	where := "the environment variable " + clip(e.Name)
	if e.Name == name {
		where += ", which doorward reads too"
	}
	if e.Name == databaseURL {
		where += " if it is written as sqlite:PATH, postgres://... or mysql://..."
	}
	if e.Default != nil && t.known[name].Secret && e.Name != name {
		// It would be in force for ever, and who has the file knows it.
		where += ", which doorward does not read: what the file has for when it is not set is no secret, and is not taken over"
		e.Default = nil
	}
	if e.Default == nil {
		t.say(variables, s, where)
		if ours {
			t.propose(name, "", "It comes from "+where+".")
		}
		return
	}
	t.setting(pysettings.Setting{Name: s.Name, Line: s.Line, Value: e.Default})
	t.notes[same] = slices.DeleteFunc(t.notes[same], func(n note) bool { return n.name == s.Name })
	text := "What the file has for when it is not set; else it comes from " + where + "."
	for i := range t.entries {
		if t.entries[i].name == name {
			t.entries[i].comment = strings.TrimPrefix(t.entries[i].comment+"\n"+text, "\n")
		}
	}
	t.say(variables, s, where+"; what the file has for when it is not set is taken over")
}

// object is for values that are classes, functions and the like.
func (t *Translation) object(s pysettings.Setting) {
	if why := lacking(s.Name); why != "" {
		t.say(nowhere, s, why)
		return
	}
	if _, ours := t.known[s.Name]; ours || rules()[s.Name] != nil {
		t.say(unread, s, "it holds something that was imported or defined elsewhere")
		return
	}
	if strings.HasPrefix(s.Name, conf.Prefix) {
		t.say(nowhere, s, "it is a piece of Python; in Go, fields of batteries.Config and the events take its place")
		return
	}
	t.other(s.Name)
}

func (t *Translation) other(name string) {
	if !slices.Contains(t.others, name) {
		t.others = append(t.others, name)
	}
}

func (t *Translation) unknown(s pysettings.Setting) {
	if why := batteries.Ignored()[s.Name]; why != "" {
		t.say(nowhere, s, why)
		return
	}
	if why := lacking(s.Name); why != "" {
		t.say(nowhere, s, why)
		return
	}
	hint, watched := guess(s.Name)
	switch {
	case hint != "":
		t.say(strange, s, hint)
	case watched:
		t.say(strange, s, "Flask-Security does not know it either")
	default:
		t.other(s.Name)
	}
}

// guess asks the loader what a name is probably meant to be, and whether it is
// one that somebody must know.
func guess(name string) (hint string, watched bool) {
	loader := conf.Loader{Prefixes: []string{"MAIL_", "SECRET_KEY"}, Known: batteries.Foreign()}
	err := loader.Load(&batteries.Config{}, map[string]any{name: ""})
	e, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return "", false
	}
	for _, one := range e.Unwrap() {
		if c, ok := one.(*conf.Error); ok {
			return c.Hint, true
		}
	}
	return "", true
}

// problem reports a statement that was not understood.
func (t *Translation) problem(p pysettings.Problem) {
	if p.Name != "" && !t.matters(p.Name) {
		if p.Imported {
			return
		}
		if _, watched := guess(p.Name); !watched { // the application's own: nobody here misses its value
			t.other(p.Name)
			return
		}
	}
	text := p.Reason
	if p.Text != "" {
		text += ": " + p.Text
	}
	if p.Kept {
		text += " (the value from before is taken over)"
	}
	t.notes[unread] = append(t.notes[unread], note{p.Name, text, p.Line})
	name := p.Name
	if name == "SQLALCHEMY_DATABASE_URI" {
		name = "DATABASE_URL"
	}
	if _, ours := t.known[name]; ours && !p.Kept {
		t.propose(name, "", fmt.Sprintf("Line %d was not understood: %s.", p.Line, p.Reason))
	}
}

func (t *Translation) matters(name string) bool {
	_, ours := t.known[name]
	return ours || strings.HasPrefix(name, conf.Prefix) || rules()[name] != nil
}

// Understood reports whether nothing was left that could not be read.
func (t *Translation) Understood() bool { return len(t.notes[unread]) == 0 }

// Empty reports whether nothing was found that anything can be said about.
func (t *Translation) Empty() bool {
	return len(t.notes[same])+len(t.notes[changed])+len(t.notes[variables])+len(t.notes[nowhere])+len(t.notes[strange]) == 0
}

// Vars are the settings of the configuration, as its file has them.
func (t *Translation) Vars() map[string]any {
	vars := map[string]any{}
	for _, e := range t.entries {
		if !e.off {
			vars[e.name] = e.value
		}
	}
	return vars
}

// Reject comments a line out that this program would not accept, and reports
// whether there is one.
func (t *Translation) Reject(e *conf.Error) bool {
	for i := range t.entries {
		if t.entries[i].name != e.Name || t.entries[i].off {
			continue
		}
		t.entries[i].off = true
		why := "doorward does not accept the value: " + e.Problem
		if e.Hint != "" {
			why += " (" + e.Hint + ")"
		}
		t.entries[i].comment = strings.TrimPrefix(t.entries[i].comment+"\n"+why, "\n")
		for _, g := range []group{same, changed} {
			t.notes[g] = slices.DeleteFunc(t.notes[g], func(n note) bool { return n.name == e.Name })
		}
		t.notes[todo] = append(t.notes[todo], note{e.Name, why, 0})
		return true
	}
	return false
}

// Missing adds to what must be done before doorward starts with this.
func (t *Translation) Missing(what string) {
	if n := (note{"", what, 0}); !slices.Contains(t.notes[todo], n) {
		t.notes[todo] = append(t.notes[todo], n)
	}
}

// variableIn returns a variable of the environment that a part of v comes from.
func variableIn(v pysettings.Value) string {
	switch v := v.(type) {
	case pysettings.Env:
		return v.Name
	case pysettings.List:
		for _, item := range v.Items {
			if name := variableIn(item); name != "" {
				return name
			}
		}
	case pysettings.Dict:
		for _, p := range v.Pairs {
			if name := variableIn(p.Value); name != "" {
				return name
			}
		}
	}
	return ""
}

func holdsRef(v pysettings.Value) bool {
	switch v := v.(type) {
	case pysettings.Ref:
		return true
	case pysettings.List:
		return slices.ContainsFunc(v.Items, holdsRef)
	case pysettings.Dict:
		return slices.ContainsFunc(v.Pairs, func(p pysettings.Pair) bool { return holdsRef(p.Key) || holdsRef(p.Value) })
	case pysettings.Env:
		return holdsRef(v.Default)
	}
	return false
}
