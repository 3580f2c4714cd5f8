// Package anycase is the one meaning of "the same in any letter case".
package anycase

import "strings"

// Fold makes one of all texts that are the same in any letter case: it turns A
// to Z into a to z, and lets every other character stand for itself.
//
// So it is an equivalence, of two texts each is found by the other or neither
// is, and everything that compares names of accounts can compute it. Of the case
// of other letters that cannot be said. Unicode's mappings are no equivalence
// ("ı" becomes "I" as "i" does, "İ" becomes "i" and is made of "i" by none), and
// databases, their versions and their locales each have mappings of their own.
// Where two comparisons differ, a stranger takes a name that stands in the way
// of somebody else's, or learns from a limit whether there is an account (RFC
// 6943 section 1). Whoever types é for É is not found, and tries again.
func Fold(s string) string {
	i := strings.IndexFunc(s, upper)
	if i < 0 {
		return s
	}
	b := []byte(s) // byte by byte: what is not valid UTF-8 stays as it is
	for ; i < len(b); i++ {
		if upper(rune(b[i])) {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

func upper(r rune) bool { return 'A' <= r && r <= 'Z' }
