package sms

import (
	"errors"
	"regexp"
	"strings"
	"time"
)

// ErrFull is returned for a message that finds no place in a [Queue]. It has a
// method RetryAfter, by which a server tells when to come back.
var ErrFull error = fullError{}

// ErrClosed is returned for a message to a [Queue] that is closed.
var ErrClosed = errors.New("sms: the queue is closed")

type fullError struct{}

func (fullError) Error() string { return "sms: the queue is full" }

// RetryAfter says nothing about the number that was asked for.
func (fullError) RetryAfter() time.Duration { return 5 * time.Second }

// failure is what a sender said of a message, without the message.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// maxReason is how much of a provider's words is kept.
const maxReason = 500

// Redact returns what was said about a message without what must not be in a log:
// its number, however it is written, its text, and what in it looks like a code.
// Providers repeat these in their answers. It is cut to a length that a log can
// bear.
func Redact(reason string, m Message) string {
	if m.Text != "" {
		reason = strings.ReplaceAll(reason, m.Text, "(text)")
	}
	to, text := onlyDigits(m.To), onlyDigits(m.Text)
	reason = digitRuns.ReplaceAllStringFunc(reason, func(run string) string {
		switch d := onlyDigits(run); {
		case shares(d, text):
			return "(text)"
		case shares(d, to):
			return "(number)"
		}
		return run
	})
	reason = words.ReplaceAllStringFunc(reason, func(word string) string {
		if len(word) >= 4 && strings.ContainsAny(word, "0123456789") && strings.Contains(m.Text, word) {
			return "(text)"
		}
		return word
	})
	if len(reason) > maxReason {
		reason = reason[:maxReason] + "..."
	}
	return strings.ToValidUTF8(reason, "?")
}

var (
	// digitRuns are numbers as people and machines write them.
	digitRuns = regexp.MustCompile(`(?:\+|%2[Bb])?\(?[0-9](?:[ ().\-/]{0,3}[0-9])*`)
	words     = regexp.MustCompile(`[\pL\pN]+`)
)

// shares reports whether four digits in a row are in both: what stands beside a
// number may have been taken for a part of it.
func shares(run, secret string) bool {
	for i := 0; i+4 <= len(run); i++ {
		if strings.Contains(secret, run[i:i+4]) {
			return true
		}
	}
	return false
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
