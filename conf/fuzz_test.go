package conf_test

import (
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/conf"
)

// readBack loads text, writes it as a listing does, and loads that. Listings are
// UTF-8, so only such text comes back.
func readBack(t *testing.T, name, text string) (first, second values, ok bool) {
	t.Helper()
	if conf.Load(&first, map[string]any{name: text}) != nil || !utf8.ValidString(text) {
		return first, second, false
	}
	settings, err := conf.Settings(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if s.Name != name {
			continue
		}
		if err := conf.Load(&second, map[string]any{name: s.Value}); err != nil {
			t.Fatalf("%q is listed as %q: %v", text, s.Value, err)
		}
	}
	return first, second, true
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"24h30m", "5 days", "-1 minutes", "300", "0.5", "1e9", "nan", "9223372036854775807 weeks", "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"SECURITY_WITHIN", "SECURITY_SECS"} {
			if a, b, ok := readBack(t, name, text); ok && (a.Within != b.Within || a.Brief != b.Brief) {
				t.Errorf("%q: %v and %v came back as %v and %v", text, a.Within, a.Brief, b.Within, b.Brief)
			}
		}
		if d, err := time.ParseDuration(text); err == nil && d != 0 {
			if a, _, ok := readBack(t, "SECURITY_WITHIN", text); !ok || a.Within != d {
				t.Errorf("%q is %v to Go and %v to us", text, d, a.Within)
			}
		}
	})
}

func FuzzList(f *testing.F) {
	for _, seed := range []string{"", "a, b", `["a, b", ""]`, "[", `[1,true]`, "a,,b", `["a"]]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, b, ok := readBack(t, "SECURITY_LIST", text); ok && !reflect.DeepEqual(a.List, b.List) {
			t.Errorf("%q: %q came back as %q", text, a.List, b.List)
		}
	})
}

func FuzzMap(f *testing.F) {
	for _, seed := range []string{"", "a=b, c=d=e", `{"a":"b"}`, "{", `{"a":1,"a":2}`, "=", `{"a":{}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, b, ok := readBack(t, "SECURITY_MAP", text); ok && !reflect.DeepEqual(a.Map, b.Map) {
			t.Errorf("%q: %q came back as %q", text, a.Map, b.Map)
		}
	})
}
