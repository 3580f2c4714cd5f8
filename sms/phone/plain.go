package phone

import (
	"strings"
	"unicode"
)

// plain returns typed as ASCII digits, with a plus sign before them if there was
// one. It is not ok if anything else is there than signs that people write between
// digits.
//
// The library gets nothing but this. What it would make of a letter, a semicolon
// or a "tel:" does not matter then, and it could not read all digits itself: those
// of scripts other than Arabic it takes for digits, and for zero.
func plain(typed string) (string, bool) {
	if len(typed) > MaxTyped {
		return "", false
	}
	var b strings.Builder
	for _, r := range typed {
		switch {
		case r == '+' || r == '＋':
			if b.Len() > 0 {
				return "", false
			}
			b.WriteByte('+')
		case unicode.IsDigit(r):
			b.WriteByte('0' + digit(r))
		case !separates(r):
			return "", false
		}
	}
	return b.String(), true
}

// digit returns the value of a decimal digit. In Unicode they are in order, ten by
// ten, and each range of the table begins with a zero.
func digit(r rune) byte {
	for _, in := range unicode.Nd.R16 {
		if r >= rune(in.Lo) && r <= rune(in.Hi) {
			return byte((r - rune(in.Lo)) % 10)
		}
	}
	for _, in := range unicode.Nd.R32 {
		if r >= rune(in.Lo) && r <= rune(in.Hi) {
			return byte((r - rune(in.Lo)) % 10)
		}
	}
	return 0
}

// separates reports whether people, or the lists they copy numbers from, write r in
// a number: spaces, dashes, dots, slashes, brackets, and the marks without width that
// keep a number together in text from right to left.
func separates(r rune) bool {
	switch {
	case r == '\t', unicode.Is(unicode.Zs, r), unicode.Is(unicode.Pd, r):
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return strings.ContainsRune("./()[]．／（）［］·\u2212\u200e\u200f\u2060\u00ad\ufeff", r)
}
