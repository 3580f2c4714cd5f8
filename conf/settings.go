package conf

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting describes one setting for documentation and listings.
type Setting struct {
	Name    string   // as operators write it
	Aliases []string // other names of the same setting
	Type    string   // text, yes/no, number, duration, list or map, perhaps "or null"
	Default string   // as one would write it; empty if there is none
	Help    string   // a sentence
	Feature string   // the setting that must be on for this one to matter, or empty
	Secret  bool     // the value is masked
	Value   string   // what is in force; "(set)" or "(not set)" for secrets
}

// Settings lists the settings of a struct, or of what a pointer to one points
// to, in the order of its fields. Values, as far as they are UTF-8, are written as
// Load would read them; a field that still has its zero value shows the default it stands for. The only
// error is one in the struct's own tags: two fields with one name, a default
// that cannot be read, options that do not fit the type.
func Settings(cfg any) ([]Setting, error) {
	fields, err := fieldsOf(cfg, false)
	if err != nil {
		return nil, err
	}
	settings := make([]Setting, len(fields))
	for i, f := range fields {
		settings[i] = f.describe()
	}
	return settings, nil
}

func (f *field) describe() Setting {
	s := Setting{
		Name:    f.name(),
		Aliases: slices.Clone(f.names[1:]),
		Type:    f.spec.kind.word(),
		Default: f.def,
		Help:    f.help,
		Feature: f.parent,
		Secret:  f.secret,
		Value:   f.value(),
	}
	if f.opt != nil {
		s.Type += " or null"
	}
	if f.spec.kind == kindBool && f.opt == nil {
		s.Default = strconv.FormatBool(f.invert)
	}
	return s
}

func (f *field) value() string {
	v, null := f.dst, false
	if f.opt != nil {
		var state optState
		v, state = f.opt.current()
		null = state == optNull
	}
	switch {
	case f.secret && (f.isZero() || null || isEmpty(v)):
		return "(not set)"
	case f.secret:
		return "(set)"
	case null:
		return "null"
	case f.feature:
		return strconv.FormatBool(!v.IsNil())
	case f.spec.kind == kindBool && f.opt == nil:
		return strconv.FormatBool(v.Bool() != f.invert)
	case f.isZero() && (f.opt != nil || f.def != ""):
		return f.def
	}
	return f.spec.format(v)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	}
	return false
}

// format writes a value as parse reads it.
func (s spec) format(v reflect.Value) string {
	switch s.kind {
	case kindText:
		return v.String()
	case kindBytes:
		return string(v.Bytes())
	case kindBool:
		return strconv.FormatBool(v.Bool())
	case kindInt:
		return strconv.FormatInt(v.Int(), 10)
	case kindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case kindDuration:
		return formatDuration(time.Duration(v.Int()))
	case kindList:
		return formatList(v)
	case kindMap:
		return formatMap(v)
	case kindSameSite:
		return formatSameSite(http.SameSite(v.Int()))
	default:
		return formatAny(v)
	}
}

func formatSameSite(mode http.SameSite) string {
	switch mode {
	case http.SameSiteLaxMode:
		return "Lax"
	case http.SameSiteStrictMode:
		return "Strict"
	case http.SameSiteNoneMode:
		return "None"
	}
	return "null"
}

// plain reports whether an item needs no JSON between commas.
func plain(item string) bool {
	return item != "" && strings.TrimSpace(item) == item && !strings.ContainsAny(item, ",=[]{}\"\r\n")
}

func formatList(v reflect.Value) string {
	items, simple := make([]string, v.Len()), true
	for i := range items {
		items[i] = v.Index(i).Convert(reflect.TypeFor[string]()).String()
		simple = simple && plain(items[i])
	}
	if simple {
		return strings.Join(items, ", ")
	}
	return asJSON(items)
}

func formatMap(v reflect.Value) string {
	pairs, simple := make(map[string]string, v.Len()), true
	for it := v.MapRange(); it.Next(); {
		key, value := it.Key().String(), it.Value().String()
		pairs[key] = value
		simple = simple && plain(key) && plain(value)
	}
	if !simple {
		return asJSON(pairs)
	}
	parts := make([]string, 0, len(pairs))
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		parts = append(parts, key+"="+pairs[key])
	}
	return strings.Join(parts, ", ")
}

// asJSON writes lists and maps of text, for which encoding cannot fail. Maps
// come out sorted.
func asJSON(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func formatAny(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return ""
	}
	for _, x := range []any{v.Interface(), v.Addr().Interface()} {
		if m, ok := x.(encoding.TextMarshaler); ok {
			text, err := m.MarshalText()
			if err != nil {
				return ""
			}
			return string(text)
		}
	}
	return fmt.Sprint(v.Interface())
}
