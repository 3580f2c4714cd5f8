package mail

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// ErrFull is returned for a mail that finds no place in a [Queue].
var ErrFull = errors.New("mail: the queue is full")

// ErrClosed is returned for a mail to a [Queue] that is closed.
var ErrClosed = errors.New("mail: the queue is closed")

// Permanent marks an error that no further attempt cures, such as a recipient
// that does not exist. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string   { return e.err.Error() }
func (e *permanentError) Unwrap() error   { return e.err }
func (e *permanentError) Permanent() bool { return true }

// IsPermanent reports whether err or what it wraps has a method Permanent that
// says so. It asks for nothing else: what the standard library calls temporary
// leaves out a server that is being restarted.
func IsPermanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// maxReason is how much of a server's words is kept.
const maxReason = 500

// Redact returns what was said about a mail without what must not be in a log:
// addresses, links to where the mail's own lead, and words of the mail that look
// like a code or token. Servers repeat all of these in their answers. It is cut
// to a length that a log can bear.
func Redact(reason string, m Message) string {
	if m.To != "" {
		reason = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(m.To)).ReplaceAllLiteralString(reason, "(recipient)")
	}
	words := regexp.MustCompile(`[^\s<>"'(),;]+`)
	reason = words.ReplaceAllStringFunc(reason, func(word string) string {
		switch {
		case strings.Contains(word, "@"):
			return "(address)"
		case leadsWhere(word, m):
			return "(link)"
		case len(word) >= 6 && strings.ContainsAny(word, "0123456789") && m.holds(strings.TrimRight(word, ".:!?")):
			return "(text)"
		}
		return word
	})
	parts := regexp.MustCompile(`[\pL\pN_-]{6,}`) // of words: code=123456
	reason = parts.ReplaceAllStringFunc(reason, func(part string) string {
		if strings.ContainsAny(part, "0123456789") && m.holds(part) {
			return "(text)"
		}
		return part
	})
	if len(reason) > maxReason {
		reason = reason[:maxReason] + "..."
	}
	return strings.ToValidUTF8(reason, "?")
}

// leadsWhere reports whether word is a link to a host that the mail names.
func leadsWhere(word string, m Message) bool {
	if !strings.Contains(word, "://") {
		return false
	}
	u, err := url.Parse(word)
	return err != nil || u.Host == "" || m.holds(u.Host)
}

func (m Message) holds(word string) bool {
	return strings.Contains(m.Text, word) || strings.Contains(m.HTML, word) || strings.Contains(m.Subject, word)
}
