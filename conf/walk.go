package conf

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// walker collects the settings of a struct and what is wrong with its tags.
type walker struct {
	fields []*field
	seen   map[string]*field
	errs   []error
}

// fieldsOf returns the settings of a struct, in the order of its fields. The
// argument is a pointer to a struct, or where nothing is written, a struct.
func fieldsOf(cfg any, write bool) ([]*field, error) {
	v := reflect.ValueOf(cfg)
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Struct:
		v = v.Elem()
	case v.Kind() == reflect.Struct && !write:
		spare := reflect.New(v.Type()).Elem()
		spare.Set(v)
		v = spare
	default:
		return nil, &Error{Name: fmt.Sprintf("%T", cfg), Problem: "not a pointer to a configuration struct"}
	}
	w := &walker{seen: map[string]*field{}}
	w.walk(v, v.Type().Name(), "")
	return w.fields, errors.Join(w.errs...)
}

func (w *walker) fail(path string, p *problem) {
	w.errs = append(w.errs, &Error{Name: path, Problem: p.text, Hint: p.hint})
}

func (w *walker) walk(v reflect.Value, path, parent string) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		here := strings.TrimPrefix(path+"."+sf.Name, ".")
		t, tagged, p := parseTag(sf.Tag)
		switch {
		case p != nil:
			w.fail(here, p)
		case tagged && !sf.IsExported():
			w.fail(here, &problem{text: "an unexported field cannot be a setting"})
		case tagged:
			w.add(&field{tag: t, path: here, parent: parent, dst: v.Field(i)})
		case sf.Type.Kind() == reflect.Struct && sf.Tag.Get("setting") != "-" && (sf.IsExported() || sf.Anonymous):
			w.walk(v.Field(i), here, parent)
		}
	}
}

// add completes a field, checks its tags against its type and walks into it if
// it is a feature. A feature inside itself ends here: its name is taken.
func (w *walker) add(f *field) {
	if p := f.resolve(); p != nil {
		w.fail(f.path, p)
		return
	}
	for _, name := range f.names {
		if other, ok := w.seen[name]; ok {
			w.fail(name, &problem{text: fmt.Sprintf("is the name of both %s and %s", other.path, f.path)})
			return
		}
		w.seen[name] = f
	}
	w.fields = append(w.fields, f)
	if f.feature {
		w.walk(f.on.Elem(), f.path, f.name())
	}
}

// resolve finds out how the field is read, and whether its tags fit its type.
func (f *field) resolve() *problem {
	t := f.dst.Type()
	if opt, ok := f.dst.Addr().Interface().(optional); ok {
		f.opt, t = opt, opt.elem()
	}
	if f.feature {
		if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
			return &problem{text: "a feature is a pointer to a struct"}
		}
		if f.on = f.dst; f.dst.IsNil() {
			f.on = reflect.New(t.Elem())
		}
		f.on = reflect.ValueOf(f.on.Interface()) // the pointer, not the place
		t = reflect.TypeFor[bool]()
	}
	f.spec = specOf(t, f.seconds)
	return f.misfit()
}

func (f *field) misfit() *problem {
	k := f.spec.kind
	switch {
	case k == kindNone:
		return &problem{text: fmt.Sprintf("type %s cannot be a setting", f.spec.typ)}
	case f.invert && (k != kindBool || f.opt != nil || f.feature):
		return &problem{text: "only a bool can be inverted"}
	case f.seconds && k != kindDuration:
		return &problem{text: "only a duration can count seconds"}
	}
	if !f.hasDefault {
		return nil
	}
	if f.secret && f.def != "" && !isNull(f.def, k) {
		return &problem{text: "a secret cannot have a default", hint: "a secret that everybody knows is none"}
	}
	v, p := f.parse(f.def)
	if p != nil {
		return &problem{text: "the default " + p.text, hint: p.hint}
	}
	if k == kindBool && f.opt == nil && v.Bool() != f.invert {
		return &problem{text: "the zero value of the field is not its default", hint: "use invert, or an Opt"}
	}
	return nil
}
