package conf

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Loader says which names Load may meet besides those of the struct. Its zero
// value knows none.
type Loader struct {
	// Prefixes are those under which every name must be known, besides
	// SECURITY_, SESSION_COOKIE_, REMEMBER_COOKIE_ and WTF_CSRF_.
	Prefixes []string

	// Known are names that belong to somebody else and are passed over. One
	// that ends in * stands for all that begin like it.
	Known []string
}

// Load fills the struct that cfg points to; see [Loader.Load].
func Load(cfg any, vars map[string]any) error { return Loader{}.Load(cfg, vars) }

// Load fills the struct that cfg points to from named values. Values are text
// (from the environment) or typed (from a file). What is not named is left as
// it is: the caller may have set it, and the zero value means the default.
//
// Everything that is wrong is reported in one error, which joins an *Error for
// each: values that cannot be used, a field given under two of its names, names
// under a known prefix which nobody knows, and faults of the struct's own tags.
// Other unknown names are passed over, because environments are full of them.
// No error repeats the value of a secret setting. After an error the struct is
// as it was before.
func (l Loader) Load(cfg any, vars map[string]any) error {
	fields, err := fieldsOf(cfg, true)
	if err != nil {
		return err
	}
	var errs []error
	var changes []change
	for _, f := range fields {
		c, given, err := f.read(vars)
		switch {
		case err != nil:
			errs = append(errs, err)
		case given:
			changes = append(changes, c)
		}
	}
	errs = append(errs, l.unknown(fields, vars)...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, c := range changes {
		c.field.assign(c.value)
	}
	return nil
}

// change is a value that waits until everything is known to be right.
type change struct {
	field *field
	value reflect.Value
}

// read finds and parses what a field was given.
func (f *field) read(vars map[string]any) (c change, given bool, err error) {
	var names []string
	for _, name := range f.names {
		if _, ok := vars[name]; ok {
			names = append(names, name)
		}
	}
	switch len(names) {
	case 0:
		return change{}, false, nil
	case 1:
	default:
		return change{}, false, &Error{
			Name:    names[0],
			Problem: "is also given as " + strings.Join(names[1:], " and "),
			Hint:    "these are names of one setting, give one of them",
		}
	}
	raw := vars[names[0]]
	v, p := f.parse(raw)
	if p == nil {
		p = f.ambiguous(v)
	}
	if p != nil {
		return change{}, false, p.on(names[0], raw, f.secret)
	}
	return change{field: f, value: v}, true, nil
}

// ambiguous refuses a number or duration of zero where the field cannot tell it
// from "not set": it would silently mean the default. Empty text may mean it.
func (f *field) ambiguous(v reflect.Value) *problem {
	switch f.spec.kind {
	case kindInt, kindFloat, kindDuration:
	default:
		return nil
	}
	if f.opt != nil || f.def == "" || !v.IsZero() {
		return nil
	}
	if def, p := f.parse(f.def); p != nil || def.IsZero() {
		return nil
	}
	return &problem{text: "cannot be zero", hint: "leave it out for the default, " + f.def}
}

// unknown reports the names under a known prefix that nobody knows.
func (l Loader) unknown(fields []*field, vars map[string]any) []error {
	known := map[string]bool{}
	for _, f := range fields {
		for _, name := range f.names {
			known[name] = true
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if known[name] || !l.watched(strings.ToUpper(name)) || l.foreign(name) {
			continue
		}
		e := &Error{Name: clip(name), Problem: "unknown setting"}
		if near := l.nearest(name, known); near != "" {
			e.Hint = fmt.Sprintf("did you mean %s?", near)
		}
		errs = append(errs, e)
	}
	return errs
}

func (l Loader) watched(name string) bool {
	begins := func(prefix string) bool { return prefix != "" && strings.HasPrefix(name, prefix) }
	return slices.ContainsFunc([]string{Prefix, "SESSION_COOKIE_", "REMEMBER_COOKIE_", "WTF_CSRF_"}, begins) ||
		slices.ContainsFunc(l.Prefixes, begins)
}

func (l Loader) foreign(name string) bool {
	return slices.ContainsFunc(l.Known, func(known string) bool {
		if prefix, ok := strings.CutSuffix(known, "*"); ok {
			return strings.HasPrefix(name, prefix)
		}
		return name == known
	})
}
