package otp

import (
	"strings"
	"unicode"
)

// maxTyped is how many bytes [Clean] looks at. A code with the spaces and
// dashes that people and applications put into it is far shorter.
const maxTyped = 64

// Clean takes the spaces, dashes and equals signs out of what somebody typed,
// and reports whether just the digits of a code are left. They are ASCII
// digits: those of other scripts are refused, not translated. What is longer
// than 64 bytes is refused unread. A number that lost its leading zeros on the
// way is the caller's to restore.
func Clean(typed string) (code string, ok bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	code = strings.Map(dropSeparator, typed)
	if len(code) != Digits || strings.Trim(code, "0123456789") != "" {
		return "", false
	}
	return code, true
}

// dropSeparator drops spaces, '=' and whatever Unicode counts as a dash, among
// them the hyphens, dashes and minus signs that a phone's keyboard or a mail
// program puts in the place of '-'.
func dropSeparator(r rune) rune {
	if r == '=' || unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
		return -1
	}
	return r
}
