package conf

import (
	"fmt"
	"reflect"
	"strings"
)

// Prefix is what setting names get unless they are bare.
const Prefix = "SECURITY_"

// isName reports whether a name is one that every shell can export.
func isName(name string) bool {
	for i, r := range name {
		letter := r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != ""
}

// tag is what the struct tags of one field say.
type tag struct {
	names      []string // complete, the first is the one in listings
	def        string
	help       string
	invert     bool
	feature    bool
	secret     bool
	seconds    bool
	hasDefault bool
}

// parseTag returns false for a field that is not a setting.
func parseTag(st reflect.StructTag) (tag, bool, *problem) {
	text := st.Get("setting")
	if text == "" || text == "-" {
		return tag{}, false, nil
	}
	names, options, _ := strings.Cut(text, ",")
	t, prefix := tag{help: st.Get("help")}, Prefix
	t.def, t.hasDefault = st.Lookup("default")
	for _, option := range strings.FieldsFunc(options, func(r rune) bool { return r == ',' }) {
		switch option {
		case "bare":
			prefix = ""
		case "invert":
			t.invert = true
		case "feature":
			t.feature = true
		case "secret":
			t.secret = true
		case "seconds":
			t.seconds = true
		default:
			return tag{}, false, &problem{text: fmt.Sprintf("unknown option %q in the setting tag", option)}
		}
	}
	for name := range strings.SplitSeq(names, "|") {
		if !isName(name) {
			return tag{}, false, &problem{text: fmt.Sprintf("%q is not a setting name", name)}
		}
		t.names = append(t.names, prefix+name)
	}
	return t, true, nil
}

// field is one setting of a struct: its tag, its type and its place.
type field struct {
	tag
	spec   spec
	path   string        // "Config.Login.URL", for programmers
	parent string        // the feature setting it is inside of, or empty
	dst    reflect.Value // the Go field; inside a feature that is off, a spare one
	opt    optional      // dst, if that is an Opt
	on     reflect.Value // for a feature, the pointer it gets when on
}

// name is the setting's name in listings and errors.
func (f *field) name() string { return f.names[0] }

// assign puts a parsed value, or the invalid one for null, in its place.
func (f *field) assign(v reflect.Value) {
	switch {
	case f.opt != nil && !v.IsValid():
		f.opt.assign(v, optNull)
	case f.opt != nil:
		f.opt.assign(v, optSome)
	case f.feature && v.Bool():
		f.dst.Set(f.on)
	case f.feature:
		f.dst.SetZero()
	case f.invert:
		f.dst.SetBool(!v.Bool())
	default:
		f.dst.Set(v)
	}
}

// parse turns what a setting was given into a value for assign.
func (f *field) parse(raw any) (reflect.Value, *problem) {
	if f.opt != nil && isNull(raw, f.spec.kind) {
		return reflect.Value{}, nil
	}
	return f.spec.parse(raw)
}

// isNull recognises the spellings of null. None is a SameSite mode, and its
// null is one of its values.
func isNull(raw any, k kind) bool {
	if raw == nil {
		return true
	}
	text, ok := raw.(string)
	if !ok {
		return false
	}
	text = strings.ToLower(strings.TrimSpace(text))
	return text == "null" || text == "none" && k != kindSameSite
}

// isZero reports whether the field says "not set".
func (f *field) isZero() bool {
	if f.opt != nil {
		_, state := f.opt.current()
		return state == optUnset
	}
	return f.dst.IsZero()
}
