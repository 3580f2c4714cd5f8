package usernames

import (
	"slices"
	"unicode"
)

// mixed reports whether a name has letters of scripts that nobody writes in one
// word, or digits of two systems: by them one name is made to look like another
// (Unicode Technical Standard 39, 5.2 and 5.3).
func mixed(name string) bool {
	var scripts []string
	zero := rune(-1)
	for _, c := range name {
		if unicode.Is(unicode.Nd, c) {
			z := zeroOf(c)
			if zero >= 0 && z != zero {
				return true
			}
			zero = z
		}
		if s := scriptOf(c, scripts); s != "" && !slices.Contains(scripts, s) {
			scripts = append(scripts, s)
		}
	}
	return len(scripts) > 1 && !slices.ContainsFunc(together(), func(set []string) bool {
		return !slices.ContainsFunc(scripts, func(s string) bool { return !slices.Contains(set, s) })
	})
}

// together are the scripts that are written with each other: the level "highly
// restrictive".
func together() [][]string {
	return [][]string{
		{"Latin", "Han", "Hiragana", "Katakana"},
		{"Latin", "Han", "Bopomofo"},
		{"Latin", "Han", "Hangul"},
	}
}

// scriptOf returns the script of a character, "" if it belongs to several. Those
// in known are tried first.
func scriptOf(c rune, known []string) string {
	if c <= unicode.MaxASCII {
		if unicode.IsLetter(c) {
			return "Latin"
		}
		return ""
	}
	if unicode.In(c, unicode.Common, unicode.Inherited) {
		return ""
	}
	for _, s := range known {
		if unicode.Is(unicode.Scripts[s], c) {
			return s
		}
	}
	for s, table := range unicode.Scripts {
		if unicode.Is(table, c) {
			return s
		}
	}
	return "unknown"
}

// zeroOf returns the zero of the decimal digits that c belongs to. They stand in
// tens.
func zeroOf(c rune) rune {
	for _, r := range unicode.Nd.R16 {
		if lo := rune(r.Lo); c >= lo && c <= rune(r.Hi) {
			return c - (c-lo)%10
		}
	}
	for _, r := range unicode.Nd.R32 {
		if lo := rune(r.Lo); c >= lo && c <= rune(r.Hi) {
			return c - (c-lo)%10
		}
	}
	return c
}
