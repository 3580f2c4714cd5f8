package usernames

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Rules are the settings of user names; the zero value is the default. The setting
// names get the prefix SECURITY_.
type Rules struct {
	// MinLength and MaxLength are inclusive, in code points of the normalised name.
	MinLength int `setting:"USERNAME_MIN_LENGTH" default:"4" help:"shortest user name in characters"`
	MaxLength int `setting:"USERNAME_MAX_LENGTH" default:"32" help:"longest user name in characters, at most 255"`
	// NormalizeForm is the Unicode form that is stored: NFC, NFD, NFKC, NFKD or none.
	NormalizeForm string `setting:"USERNAME_NORMALIZE_FORM" default:"NFKD" help:"Unicode form of user names: NFC, NFD, NFKC, NFKD or none"`
	// MixedScripts accepts letters of scripts that are not written together.
	MixedScripts bool `setting:"USERNAME_MIXED_SCRIPTS" default:"false" help:"accept user names that mix scripts, such as Latin and Cyrillic letters, by which one name can look like another"`
}

// Message keys of a [Violation].
const (
	KeyInvalidLength        = "USERNAME_INVALID_LENGTH"
	KeyIllegalCharacters    = "USERNAME_ILLEGAL_CHARACTERS"
	KeyDisallowedCharacters = "USERNAME_DISALLOWED_CHARACTERS"
	KeyMixedScripts         = "USERNAME_MIXED_SCRIPTS"
)

// Violation is a reason to refuse a user name.
type Violation struct {
	Key  string         // message key, one of the constants above
	Args map[string]any // values for the message: min and max for a length
	Text string         // the reason in English, for where no catalogue is at hand
}

// columnMax is the size of the column that stores a name.
const columnMax = 255

// inputMax bounds what is looked at, in bytes: no code point is longer than four.
const inputMax = 4 * columnMax

// Validate reports settings that contradict each other, for the start of a program.
func (r Rules) Validate() error {
	r = r.resolved()
	var errs []error
	if r.MinLength < 1 || r.MaxLength > columnMax || r.MinLength > r.MaxLength {
		errs = append(errs, fmt.Errorf("USERNAME_MIN_LENGTH %d and USERNAME_MAX_LENGTH %d: need 1 <= min <= max <= %d",
			r.MinLength, r.MaxLength, columnMax))
	}
	switch r.NormalizeForm {
	case "NFC", "NFD", "NFKC", "NFKD", "none":
	default:
		errs = append(errs, fmt.Errorf("USERNAME_NORMALIZE_FORM %q: use NFC, NFD, NFKC, NFKD or none", r.NormalizeForm))
	}
	return errors.Join(errs...)
}

func (r Rules) resolved() Rules {
	r.MinLength = cmp.Or(r.MinLength, 4)
	r.MaxLength = cmp.Or(r.MaxLength, 32)
	r.NormalizeForm = cmp.Or(r.NormalizeForm, "NFKD")
	return r
}

// Check returns the form of the name to store, or why it may not be used. An empty name
// is neither: whether one must be given is the caller's rule.
func (r Rules) Check(name string) (string, *Violation) {
	r = r.resolved()
	if name == "" {
		return "", nil
	}
	if len(name) > inputMax {
		return "", r.badLength()
	}
	if illegal(name) {
		return "", &Violation{Key: KeyIllegalCharacters, Text: "Username contains markup, control characters or outer spaces"}
	}
	normal := r.Normalize(name)
	if !all(name, unicode.L, unicode.N) || !all(normal, unicode.L, unicode.N, unicode.M) {
		return "", &Violation{Key: KeyDisallowedCharacters, Text: "Username can contain only letters and numbers"}
	}
	if !r.MixedScripts && mixed(normal) {
		return "", &Violation{Key: KeyMixedScripts, Text: "Please use letters and digits of one alphabet only."}
	}
	if n := utf8.RuneCountInString(normal); n < r.MinLength || n > r.MaxLength {
		return "", r.badLength()
	}
	return normal, nil
}

// Normalize returns the form under which a name is looked up, whether or not the rules
// would accept it. Text that is too long to be a name, or not UTF-8, becomes empty.
func (r Rules) Normalize(name string) string {
	if len(name) > inputMax || !utf8.ValidString(name) {
		return ""
	}
	switch r.resolved().NormalizeForm {
	case "NFC":
		return norm.NFC.String(name)
	case "NFD":
		return norm.NFD.String(name)
	case "NFKC":
		return norm.NFKC.String(name)
	case "none":
		return name
	}
	return norm.NFKD.String(name)
}

func (r Rules) badLength() *Violation {
	return &Violation{KeyInvalidLength, map[string]any{"min": r.MinLength, "max": r.MaxLength},
		fmt.Sprintf("Username must be %d to %d characters long", r.MinLength, r.MaxLength)}
}

// illegal tells whether a sanitiser of HTML would change the text: it has markup,
// characters that are written as entities or are not text, or outer spaces.
func illegal(s string) bool {
	return !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsAny(s, "<>&\u00a0\ufffd") ||
		strings.ContainsFunc(s, unicode.IsControl)
}

func all(s string, tables ...*unicode.RangeTable) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return !unicode.In(c, tables...) })
}
