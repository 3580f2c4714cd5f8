// Package sms holds the words of text messages: a message, what sends one, and a
// queue in front of it. It uses the standard library alone. Package sms/twilio
// sends to a provider, [Log] writes messages to a log instead, and [Outbox] keeps
// them for tests.
//
// Delivery is at most once. A code that comes late is worth nothing, and every
// message costs money, so nothing is tried again: who waits asks for another.
//
// The telephone network is a restricted authenticator (NIST SP 800-63B-4 section
// 3.2.9): numbers are taken over and messages are read on the way. Offer something
// better beside it (ASVS 6.6.1).
package sms

import (
	"context"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is the size of the longest text. Providers join about ten parts.
const MaxBytes = 1600

// Message is one text message. [Message.Check] says whether it may be sent.
//
// Printed or logged it shows the end of the number and the length of the text,
// which holds a code.
type Message struct {
	To   string // a number in the form of E.164: "+14155550100"
	Text string
}

// Sender sends text messages. It is safe for concurrent use and gives up when ctx
// is done.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// InvalidError is a message that must not be sent. It says nothing of what the
// field holds.
type InvalidError struct {
	Field   string // of [Message]
	Problem string
}

// Error says which field is wrong, and how.
func (e *InvalidError) Error() string { return "sms: " + e.Field + " " + e.Problem }

// Check returns an [InvalidError] for a message that must not be sent: to what is
// not a number of 8 to 15 digits after a plus sign (ITU-T E.164), or with a text
// that is empty, longer than [MaxBytes], not in UTF-8, or holds a control
// character other than a line feed.
func (m Message) Check() error {
	switch {
	case !IsE164(m.To):
		return &InvalidError{"To", "is not a number in the form of E.164"}
	case m.Text == "":
		return &InvalidError{"Text", "is empty"}
	case len(m.Text) > MaxBytes:
		return &InvalidError{"Text", "is too long"}
	case !utf8.ValidString(m.Text):
		return &InvalidError{"Text", "is not UTF-8"}
	case strings.ContainsFunc(m.Text, breaksText):
		return &InvalidError{"Text", "holds a control character"}
	}
	return nil
}

func breaksText(r rune) bool { return r != '\n' && unicode.IsControl(r) }

// IsE164 reports whether number has the form that messages are sent to: a plus
// sign and 8 to 15 digits, the first of which is not zero. It does not know
// whether there is such a number.
func IsE164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	if !plus || len(digits) < 8 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// String shows the last two digits of the number and nothing of the text.
func (m Message) String() string { return "text message to " + mask(m.To) }

// GoString is String: the verb %#v shows no more than the others.
func (m Message) GoString() string { return m.String() }

// LogValue implements [slog.LogValuer]: the last two digits of the number, and how
// long the text is.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("to", mask(m.To)), slog.Int("bytes", len(m.Text)))
}

// mask leaves of a number what tells an operator two messages apart. A hash
// would tell everybody the number: there are too few of them to hide in.
func mask(number string) string {
	if !IsE164(number) {
		return "(no number)"
	}
	return "+..." + number[len(number)-2:]
}
