package usernames_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/doorward/doorward/usernames"
)

func TestCheck(t *testing.T) {
	const (
		length     = usernames.KeyInvalidLength
		illegal    = usernames.KeyIllegalCharacters
		disallowed = usernames.KeyDisallowedCharacters
		mixed      = usernames.KeyMixedScripts
	)
	tests := []struct {
		name, in, want, key string
	}{
		{"empty", "", "", ""},
		{"letters and digits", "Joe42", "Joe42", ""},
		{"case is kept", "JOEY", "JOEY", ""},
		{"Cyrillic", "имяимя42", "имяимя42", ""},
		{"Arabic with its digits", "محمد٤٢", "محمد٤٢", ""},
		{"Japanese", "名前なまえナマエ", "名前なまえナマエ", ""},
		{"Japanese with Latin", "名前taroなまえ", "名前taroなまえ", ""},
		{"Korean", "한국어이름", norm.NFKD.String("한국어이름"), ""},
		{"Chinese with Bopomofo", "名前ㄅㄆㄇ", "名前ㄅㄆㄇ", ""},
		{"Devanagari with ASCII digits", "रमश42", "रमश42", ""},
		{"digits alone", "12345", "12345", ""},
		{"Cyrillic a in Latin", "p\u0430ypal", "", mixed},
		{"Greek o in Latin", "g\u03bfogle", "", mixed},
		{"Latin in Cyrillic", "имяимяa", "", mixed},
		{"Armenian and Latin", "joe\u0585joe", "", mixed},
		{"Cherokee capital in Latin", "\u13aaoey", "", mixed},
		{"Hiragana and Hangul", "なまえ한국", "", mixed},
		{"Cyrillic and Han", "имя名前", "", mixed},
		{"two kinds of digits", "joey1\u0661", "", mixed},
		{"two kinds of Arabic digits", "محمد\u0664\u06f4", "", mixed},
		{"mixed and too short", "a\u0430", "", mixed},
		{"three", "joe", "", length},
		{"four", "joey", "joey", ""},
		{"thirty-two", strings.Repeat("a", 32), strings.Repeat("a", 32), ""},
		{"thirty-three", strings.Repeat("a", 33), "", length},
		{"a megabyte", strings.Repeat("a", 1<<20), "", length},
		{"decomposed, counted after", "zoë", "zoe\u0308", ""},
		{"too long only after", strings.Repeat("ä", 17), "", length},
		{"fullwidth letters", "ｊｏｅｙ", "joey", ""},
		{"ligature counts as its letters", "ﬃx", "ffix", ""},
		{"tag", "<b>joey</b>", "", illegal},
		{"ampersand", "joe&jim", "", illegal},
		{"greater", "joe>jim", "", illegal},
		{"space before", " joey", "", illegal},
		{"space after", "joey ", "", illegal},
		{"line break after", "joey\n", "", illegal},
		{"no-break space", "joe\u00a0jim", "", illegal},
		{"NUL", "joe\x00y", "", illegal},
		{"CR LF", "joe\r\njim", "", illegal},
		{"not UTF-8", "joe\xffy", "", illegal},
		{"inner space", "joe jim", "", disallowed},
		{"underscore", "joe_jim", "", disallowed},
		{"at sign", "joe@jim", "", disallowed},
		{"fullwidth at sign", "joe＠jim", "", disallowed},
		{"fullwidth less-than", "joe＜jim", "", disallowed},
		{"emoji", "joe😀jim", "", disallowed},
		{"zero-width joiner", "joe\u200djim", "", disallowed},
		{"right-to-left override", "joe\u202ejim", "", disallowed},
		{"mark as typed", "zoe\u0308y", "", disallowed},
		{"number that becomes punctuation", "joey⑴", "", disallowed},
		{"number that becomes a dot", "joey⒈", "", disallowed},
		{"letter that becomes words", "joey\ufdfa", "", disallowed},
		{"markup before symbols before length", "<_", "", illegal},
		{"symbols before length", "_", "", disallowed},
	}
	for _, tt := range tests {
		got, v := usernames.Rules{}.Check(tt.in)
		key := ""
		if v != nil {
			key = v.Key
			if v.Text == "" {
				t.Errorf("%s: no text", tt.name)
			}
		}
		if got != tt.want || key != tt.key {
			t.Errorf("%s: Check(%q) = %q, %q; want %q, %q", tt.name, tt.in, got, key, tt.want, tt.key)
		}
	}
}

func TestOwnRules(t *testing.T) {
	r := usernames.Rules{MinLength: 2, MaxLength: 3, NormalizeForm: "NFC"}
	if got, v := r.Check("öl"); got != "öl" || v != nil {
		t.Errorf("Check = %q, %+v", got, v)
	}
	_, v := r.Check("öööl")
	if v == nil || v.Args["min"] != 2 || v.Args["max"] != 3 {
		t.Errorf("violation %+v", v)
	}
}

func TestMixedScriptsAllowed(t *testing.T) {
	r := usernames.Rules{MixedScripts: true}
	for _, name := range []string{"имя名前٤", "p\u0430ypal"} {
		if got, v := r.Check(name); got != name || v != nil {
			t.Errorf("Check(%q) = %q, %+v", name, got, v)
		}
	}
	for _, name := range []string{"p\u0430y\u200dpal", "p\u0430y\xff"} {
		if _, v := r.Check(name); v == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestNormalizeForLookups(t *testing.T) {
	for in, want := range map[string]string{"": "", "zoë": "zoe\u0308", "_ｊ": "_j", "\xff": "", strings.Repeat("a", 1021): ""} {
		if got := (usernames.Rules{}).Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		rules usernames.Rules
		ok    bool
	}{
		{usernames.Rules{}, true},
		{usernames.Rules{MinLength: 1, MaxLength: 255, NormalizeForm: "none"}, true},
		{usernames.Rules{MinLength: 33}, false},
		{usernames.Rules{MinLength: -1}, false},
		{usernames.Rules{MaxLength: 256}, false},
		{usernames.Rules{NormalizeForm: "nfkd"}, false},
	}
	for _, tt := range tests {
		if err := tt.rules.Validate(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.rules, err)
		}
	}
}

// FuzzCheck: what is accepted obeys the rules in its stored form, and is found again.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"joey", "zoë", "⑴⑵⑶⑷", "<b>", "ﬃx", "\ufdfa", "joe\x00", "가각간갇"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := usernames.Rules{}
		got, v := r.Check(s)
		if v != nil || s == "" {
			if got != "" {
				t.Errorf("refused %q but returned %q", s, got)
			}
			return
		}
		if n := utf8.RuneCountInString(got); n < 4 || n > 32 {
			t.Errorf("%q has length %d", got, n)
		}
		for _, c := range got {
			if !unicode.In(c, unicode.L, unicode.N, unicode.M) {
				t.Errorf("%q became %q with %U", s, got, c)
			}
		}
		if r.Normalize(s) != got || r.Normalize(got) != got {
			t.Errorf("%q is stored as %q but looked up as %q and %q", s, got, r.Normalize(s), r.Normalize(got))
		}
	})
}
