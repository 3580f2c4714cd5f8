package mail

import (
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is the size of the largest message, all its fields together.
const MaxBytes = 1 << 20

// maxAddress is how long an address can be that fits in a path (RFC 5321
// section 4.5.3.1.3).
const maxAddress = 254

// InvalidError is a message that must not be sent. It is permanent, and says
// nothing of what the field holds.
type InvalidError struct {
	Field   string // of [Message]
	Problem string
}

// Error says which field is wrong, and how.
func (e *InvalidError) Error() string { return "mail: " + e.Field + " " + e.Problem }

// Permanent marks the error as one that no further attempt cures.
func (e *InvalidError) Permanent() bool { return true }

// Check returns an [InvalidError] for a message that must not be sent: one with
// line breaks or other control characters in a header (ASVS 1.3.11), with other
// than one recipient, without a part, not in UTF-8, or larger than [MaxBytes].
// The fields From, ID and Language may be empty.
func (m Message) Check() error {
	size := 0
	for _, f := range m.fields() {
		size += len(f.value)
		if problem := f.check(); problem != "" {
			return &InvalidError{f.name, problem}
		}
	}
	switch {
	case m.Text == "" && m.HTML == "":
		return &InvalidError{"Text", "and HTML are empty"}
	case size > MaxBytes:
		return &InvalidError{"Text", "and the other fields are too large together"}
	}
	return nil
}

// field is one field of a message, with what it must satisfy beyond UTF-8.
type field struct {
	name, value string
	body        bool // may hold line breaks
	rule        func(string) string
}

func (m Message) fields() []field {
	return []field{
		{"To", m.To, false, checkRecipient},
		{"From", m.From, false, checkSender},
		{"Subject", m.Subject, false, nil},
		{"ID", m.ID, false, checkID},
		{"Language", m.Language, false, checkLanguage},
		{"Template", m.Template, false, nil},
		{"Text", m.Text, true, nil},
		{"HTML", m.HTML, true, nil},
	}
}

func (f field) check() string {
	switch {
	case !utf8.ValidString(f.value):
		return "is not UTF-8"
	case !f.body && strings.ContainsFunc(f.value, breaksHeader):
		return "holds a control character"
	case f.rule != nil:
		return f.rule(f.value)
	}
	return ""
}

// breaksHeader reports whether r is a control character or a line break of
// Unicode's own.
func breaksHeader(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// checkRecipient accepts an address in its plain form only: no name, comment,
// group or quotes, which programs on the way may read in different ways.
func checkRecipient(to string) string {
	a, err := netmail.ParseAddress(to)
	if err != nil || a.Address != to {
		return "is not exactly one address"
	}
	return checkAddress(to)
}

func checkSender(from string) string {
	if from == "" {
		return ""
	}
	a, err := netmail.ParseAddress(from)
	if err != nil {
		return "is not an address"
	}
	// The name may have been written as encoded words, which can hold anything.
	if !utf8.ValidString(a.Name) || strings.ContainsFunc(a.Name, breaksHeader) {
		return "holds a control character"
	}
	if again, err := netmail.ParseAddress(a.Address); err != nil || again.Address != a.Address {
		return "needs quotes in its address"
	}
	return checkAddress(a.Address)
}

func checkAddress(address string) string {
	if len(address) > maxAddress {
		return "is too long"
	}
	return ""
}

// checkID accepts the dot-atom forms of RFC 5322 section 3.6.4 and little else.
func checkID(id string) string {
	if id == "" {
		return ""
	}
	left, right, ok := strings.Cut(id, "@")
	if !ok || left == "" || right == "" || len(id) > maxAddress || strings.ContainsAny(id, " <>()[]\\,;:\"") || strings.Contains(right, "@") {
		return "is not a Message-ID"
	}
	return ""
}

// checkLanguage accepts what is shaped like a language tag (RFC 5646).
func checkLanguage(tag string) string {
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}
	if len(tag) > 35 || strings.ContainsFunc(tag, outside) {
		return "is not a language tag"
	}
	return ""
}
