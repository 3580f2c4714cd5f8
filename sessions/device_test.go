package sessions

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestName(t *testing.T) {
	for agent, want := range map[string][3]string{
		"": {"", "", ""},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0": {"computer", "Edge 126", "Windows"},
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":               {"K", "Chrome 126", "Android"},
		"curl/8.5.0": {"", "curl 8", ""},
	} {
		d, b, o := name(agent)
		if got := [3]string{d, b, o}; got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

// FuzzName: whatever a stranger calls himself is shown short and on one line.
func FuzzName(f *testing.F) {
	for _, seed := range []string{"", "(", ")(", "Mozilla/5.0 (", "Mozilla/5.0 (Linux; Android", "A/1;(;;)/", "\xff\xfe", strings.Repeat("(a;", 400), "Version/", "/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		d, b, o := name(agent)
		for _, s := range []string{d, b, o} {
			if len(s) > nameMax || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q became %q", agent, s)
			}
		}
	})
}
