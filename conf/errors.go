package conf

import (
	"fmt"
	"unicode/utf8"
)

// Error is one thing wrong with the configuration. What Load returns holds
// every one of them; errors.As finds the first.
type Error struct {
	Name    string // the setting, or the Go field if its tag is at fault
	Problem string // what is wrong; never the value of a secret setting
	Hint    string // what to do about it, or empty
}

// Error returns the three parts on one line.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Name + ": " + e.Problem
	}
	return fmt.Sprintf("%s: %s (%s)", e.Name, e.Problem, e.Hint)
}

// problem is why a value was refused. Neither part quotes the value, except
// that detail may: it is left out for secret settings.
type problem struct {
	text, detail, hint string
}

// maxEcho bounds how much of a bad value an error repeats.
const maxEcho = 60

// on makes the problem an Error of a setting which was given as raw.
func (p *problem) on(name string, raw any, secret bool) *Error {
	e := &Error{Name: name, Problem: p.text, Hint: p.hint}
	if secret {
		return e
	}
	if p.detail != "" {
		e.Problem += ": " + p.detail
	}
	if text, ok := scalarText(raw); ok {
		e.Problem += fmt.Sprintf(", got %q", clip(text))
	}
	return e
}

func clip(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	cut := maxEcho
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
