package doorward

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Message is a text for a visitor, by its key. It becomes words when it is
// written out and not before.
type Message struct {
	Key  string         // "INVALID_PASSWORD"
	Args map[string]any // for the %(name)s in the text
	Text string         // used as it is, if the key has no text
}

// M returns the message key, with args given as name, value, name, value.
func M(key string, args ...any) Message {
	m := Message{Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if m.Args == nil {
			m.Args = map[string]any{}
		}
		m.Args[fmt.Sprint(args[i])] = args[i+1]
	}
	return m
}

// FieldError is one message about one form field; Field is "" for the form as
// a whole.
type FieldError struct {
	Field   string
	Message Message
	// public takes the entry's place, as one entry for the whole form, where
	// answers must not tell whether an account exists.
	public string
}

// Problem is the error a visitor caused and is told about. Any other error is
// the operator's: it is logged once, and the visitor sees a bare 500.
type Problem struct {
	// Status is the JSON answer's; 400 if zero. Pages answer 200 to field
	// errors, and this status otherwise.
	Status int
	Errors []FieldError
	// RetryAfter, if positive, is sent in the header of that name.
	RetryAfter time.Duration
	// Err is the cause, for the log at debug level only.
	Err error

	conceal  *Result        // answered instead, in generic mode
	json     map[string]any // more keys of the response
	bare     bool           // only "errors" in JSON, without field_errors
	redirect string         // where a browser is sent, with the messages as flashes
	basic    string         // realm of a WWW-Authenticate header
	strict   bool           // a page answers Status too
	quiet    bool           // no flash before the redirect
}

// Fail returns a Problem with one message on field.
func Fail(field, key string, args ...any) *Problem {
	p := &Problem{}
	p.Add(field, M(key, args...))
	return p
}

// Busy returns the Problem of work that had to be turned away because of err:
// 503, to be tried again after what err's method RetryAfter says, or soon.
func Busy(err error) *Problem {
	p := Fail("", "UNAVAILABLE")
	p.Status, p.RetryAfter, p.Err = http.StatusServiceUnavailable, 2*time.Second, err
	var when interface{ RetryAfter() time.Duration }
	if errors.As(err, &when) {
		p.RetryAfter = when.RetryAfter()
	}
	return p
}

// refuse returns a Problem for the whole request: JSON shows only "errors".
func refuse(status int, key string) *Problem {
	p := Fail("", key)
	p.Status, p.bare, p.strict = status, true, true
	return p
}

// Add adds a message on field.
func (p *Problem) Add(field string, m Message) {
	p.Errors = append(p.Errors, FieldError{Field: field, Message: m})
}

// Has reports whether field has a message already. Checks stop at a field's
// first one.
func (p *Problem) Has(field string) bool {
	return slices.ContainsFunc(p.Errors, func(e FieldError) bool { return e.Field == field })
}

// Require adds the message key to field if value is blank and the field has no
// message yet, and reports whether the field is good so far.
func (p *Problem) Require(field, value, key string) bool {
	if p.Has(field) {
		return false
	}
	if strings.TrimSpace(value) == "" {
		p.Add(field, M(key))
		return false
	}
	return true
}

// OrNil returns p if it has any message, and nil otherwise.
func (p *Problem) OrNil() error {
	if p == nil || len(p.Errors) == 0 {
		return nil
	}
	return p
}

// Generic marks p's messages on fields (all of p's if none are named) as ones
// that tell whether an account exists: where answers must not, the one message
// key for the whole form takes their place. It returns p.
func (p *Problem) Generic(key string, fields ...string) *Problem {
	for i := range p.Errors {
		if len(fields) == 0 || slices.Contains(fields, p.Errors[i].Field) {
			p.Errors[i].public = key
		}
	}
	return p
}

// Conceal makes generic mode answer with res, as if the request had worked. It
// returns p.
func (p *Problem) Conceal(res Result) *Problem {
	p.conceal = &res
	return p
}

// Bare leaves "field_errors" out of the JSON answer. It returns p.
func (p *Problem) Bare() *Problem {
	p.bare = true
	return p
}

// LeadTo sends a browser to url, where it is shown p's messages. It returns p.
func (p *Problem) LeadTo(url string) *Problem {
	p.redirect = url
	return p
}

// Error names the fields and message keys, never what was typed.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString("doorward: request refused")
	for _, e := range p.Errors {
		b.WriteString(": ")
		if e.Field != "" {
			b.WriteString(e.Field + " ")
		}
		b.WriteString(e.Message.Key)
	}
	return b.String()
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// shown returns the entries to show, in the order of the form's fields, then
// csrf_token, then the form as a whole.
func (p *Problem) shown(generic bool, order []string, csrfField string) []FieldError {
	var out []FieldError
	seen := map[string]bool{}
	for _, e := range p.Errors {
		if generic && e.public != "" {
			if seen[e.public] {
				continue
			}
			seen[e.public] = true
			e = FieldError{Message: M(e.public)}
		}
		out = append(out, e)
	}
	rank := func(field string) int {
		switch i := slices.Index(order, field); {
		case field == "":
			return len(order) + 2
		case field == csrfField:
			return len(order) + 1
		case i < 0:
			return len(order)
		default:
			return i
		}
	}
	slices.SortStableFunc(out, func(a, b FieldError) int { return rank(a.Field) - rank(b.Field) })
	return out
}
