package pysettings

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// File is a source that was read.
type File struct{ f *file }

// Parse reads a source. The only errors are about text that cannot be Python:
// too much of it, or in an encoding that is not read.
func Parse(source []byte) (*File, error) {
	src, err := decode(source)
	if err != nil {
		return nil, err
	}
	f := &file{classes: map[string]*body{}}
	f.module = newBody(f)
	all := lines(src)
	f.block(all, -1, f.module)
	if f.names > maxNames {
		return nil, fmt.Errorf("it sets more than %d names, which no settings file does", maxNames)
	}
	return &File{f}, nil
}

// decode makes UTF-8 of a source, whose first lines may name its encoding (PEP
// 263).
func decode(source []byte) (string, error) {
	if len(source) > maxSource {
		return "", fmt.Errorf("it is larger than %d bytes, which no settings file is", maxSource)
	}
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(source, 0) >= 0 {
		return "", errors.New("it is no text, or text in UTF-16: save it as UTF-8")
	}
	head := string(source[:min(len(source), 400)])
	if two := strings.SplitN(head, "\n", 3); len(two) == 3 {
		head = two[0] + "\n" + two[1]
	}
	named := regexp.MustCompile(`(?m)^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)`).FindStringSubmatch(head)
	if len(named) > 1 {
		switch strings.ReplaceAll(strings.ToLower(named[1]), "_", "-") {
		case "utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii":
		case "latin-1", "iso-8859-1", "latin1", "iso-latin-1":
			runes := make([]rune, len(source))
			for i, c := range source {
				runes[i] = rune(c)
			}
			return newlines(string(runes)), nil
		default:
			return "", errors.New("it is in an encoding that is not read: save it as UTF-8")
		}
	}
	if !utf8.Valid(source) {
		return "", errors.New("it is not in UTF-8: save it so")
	}
	return newlines(string(source)), nil
}

func newlines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// Classes names the classes that set something that known reports, themselves or
// by what they inherit, in the order of the file.
func (f *File) Classes(known func(name string) bool) []string {
	return f.named(func(b *body) bool {
		return !b.function && slices.ContainsFunc(f.f.gather(b), func(e entry) bool { return known(e.Name) })
	})
}

// Functions names the functions that fill app.config.
func (f *File) Functions() []string {
	return f.named(func(b *body) bool { return b.function && len(b.entries) > 0 })
}

func (f *File) named(is func(*body) bool) (names []string) {
	for _, b := range f.f.all {
		if is(b) && !slices.Contains(names, b.name) {
			names = append(names, b.name)
		}
	}
	return names
}

// Settings returns what a part of the file sets, or for "" the module by itself,
// each name once, with what was not understood. ok is false if there is no such
// part. To a class belongs what it inherits from classes of the same file, and
// what the module gives to app.config.
func (f *File) Settings(part string) (settings []Setting, problems []Problem, ok bool) {
	module := f.f.module
	var all []entry
	problems = slices.Clone(module.problems)
	if part == "" {
		all = module.entries
	} else {
		b := f.f.part(part)
		if b == nil {
			return nil, nil, false
		}
		if !b.function {
			all = f.f.gather(b)
			problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Name != "" && !p.call || p.Imported })
		}
		for _, e := range module.entries {
			if e.call || b.function {
				all = append(all, e)
			}
		}
		if b.function {
			all = append(all, b.entries...)
		}
		problems = append(problems, f.f.troubles(b)...)
	}
	settings, lost := last(all)
	problems = slices.DeleteFunc(problems, func(p Problem) bool {
		return p.Name != "" && !p.Kept && !p.Imported && p.Reason != maybe.Error() && !lost[p.Name]
	})
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
	return settings, slices.CompactFunc(problems, func(a, b Problem) bool { return a.Line == b.Line && a.Name == b.Name }), true
}

// last keeps the last word on each name; lost are those whose last word was not
// understood.
func last(all []entry) (settings []Setting, lost map[string]bool) {
	at, lost := map[string]int{}, map[string]bool{}
	for _, e := range all {
		i, again := at[e.Name]
		if !again {
			i = len(settings)
			at[e.Name] = i
			settings = append(settings, e.Setting)
		}
		settings[i] = e.Setting
		_, lost[e.Name] = e.Value.(unknown)
	}
	return slices.DeleteFunc(settings, func(s Setting) bool { return lost[s.Name] }), lost
}

func (f *file) part(name string) *body {
	if c := f.classes[name]; c != nil {
		return c
	}
	for _, b := range f.all {
		if b.name == name {
			return b
		}
	}
	return nil
}

// gather returns the entries of a class after those that it inherits.
func (f *file) gather(b *body) []entry {
	var all []entry
	f.inherited(b, func(c *body) { all = append(all, c.entries...) })
	return all
}

func (f *file) troubles(b *body) []Problem {
	var all []Problem
	f.inherited(b, func(c *body) { all = append(all, c.problems...) })
	return all
}

// inherited visits the bases of a class, the first of them last, and the class.
func (f *file) inherited(b *body, visit func(*body)) {
	seen := map[*body]bool{}
	var walk func(b *body, depth int)
	walk = func(b *body, depth int) {
		if seen[b] || depth > maxDepth {
			return
		}
		seen[b] = true
		for _, base := range slices.Backward(b.bases) {
			if c := f.classes[base]; c != nil {
				walk(c, depth+1)
			}
		}
		visit(b)
	}
	walk(b, 0)
}
