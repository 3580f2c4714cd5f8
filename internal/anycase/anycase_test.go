package anycase_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/anycase"
)

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "joe": "joe", "JOE@Example.COM": "joe@example.com", "@AZ[`az{": "@az[`az{", "\x00A\xffB\xc4": "\x00a\xffb\xc4",
		"ı": "ı", "İI": "İi", "ſS": "ſs", "\u212aK": "\u212ak", "ẞß": "ẞß", "ΣΣς": "ΣΣς", "ﬁX": "ﬁx", "E\u0301É": "e\u0301É", "🦊A": "🦊a",
	} {
		if have := anycase.Fold(text); have != want {
			t.Errorf("%q becomes %q, want %q", text, have, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("nadır@X", "NADIR@x")
	f.Add("\xc3A", "\xc3a")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := anycase.Fold(a), anycase.Fold(b)
		if anycase.Fold(x) != x || len(x) != len(a) || utf8.ValidString(x) != utf8.ValidString(a) || strings.ContainsAny(x, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			t.Errorf("%q becomes %q", a, x)
		}
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = a[i] == b[i] || a[i]|0x20 == b[i]|0x20 && 'a' <= a[i]|0x20 && a[i]|0x20 <= 'z'
		}
		if (x == y) != same {
			t.Errorf("%q and %q are the same: %t", a, b, x == y)
		}
	})
}
