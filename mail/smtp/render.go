package smtp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/doorward/doorward/mail"
)

// letter is a mail that is ready to be sent.
type letter struct {
	mail.Message
	from, to string // of the envelope
	utf8     bool   // an address needs SMTPUTF8 (RFC 6531)
	source   []byte
}

// render checks a mail and writes it as a server takes it (RFC 5322, RFC 2045).
func render(m mail.Message, now time.Time) (*letter, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return nil, &mail.InvalidError{Field: "From", Problem: "is missing"}
	}
	l := &letter{Message: m}
	if l.from, err = inASCII(from.Address); err != nil {
		return nil, &mail.InvalidError{Field: "From", Problem: "has no valid domain"}
	}
	if l.to, err = inASCII(m.To); err != nil {
		return nil, &mail.InvalidError{Field: "To", Problem: "has no valid domain"}
	}
	if l.ID == "" {
		l.ID = mail.NewID(l.from)
	}
	if l.ID, err = inASCII(l.ID); err != nil || !ascii(l.ID) {
		return nil, &mail.InvalidError{Field: "ID", Problem: "is not ASCII"}
	}
	l.utf8 = !ascii(l.from) || !ascii(l.to)
	return l, l.write(from.Name, now)
}

// write makes the source. The header is formatted here, so that what it holds is
// exactly what was checked; the library encodes the parts.
func (l *letter) write(name string, now time.Time) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	header := func(key gomail.Header, value string) {
		msg.SetGenHeaderPreformatted(key, value)
	}
	header("From", person(name, l.from))
	header("To", "<"+l.to+">")
	header(gomail.HeaderSubject, text(l.Subject))
	// Programs that answer mails leave these alone (RFC 3834 section 5).
	header("Auto-Submitted", "auto-generated")
	if l.Language != "" {
		header(gomail.HeaderContentLang, l.Language)
	}
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(l.ID)
	parts := []struct {
		kind gomail.ContentType
		text string
	}{{gomail.TypeTextPlain, l.Text}, {gomail.TypeTextHTML, l.HTML}}
	for _, p := range parts {
		if p.text != "" {
			msg.AddAlternativeString(p.kind, p.text)
		}
	}
	var source bytes.Buffer
	if _, err := msg.WriteTo(&source); err != nil {
		return mail.Permanent(fmt.Errorf("smtp: write the mail: %w", err))
	}
	l.source = source.Bytes()
	return nil
}

// inASCII writes the domain of an address in the form that every server knows.
func inASCII(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if ascii(address[at+1:]) {
		return address, nil
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	return address[:at+1] + domain, err
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// person is an address with its name.
func person(name, address string) string {
	switch {
	case name == "":
		return "<" + address + ">"
	case plain(name) && !strings.ContainsAny(name, `"\`):
		return `"` + name + `" <` + address + ">"
	}
	return encoded(name) + "\r\n <" + address + ">"
}

// text is a header's value, as it is where that is safe and short.
func text(s string) string {
	if plain(s) {
		return s
	}
	return encoded(s)
}

// encoded writes s as encoded words of at most 75 characters, one a line (RFC 2047).
func encoded(s string) string {
	var words []string
	for s != "" {
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > 45 {
				break
			}
			n += size
		}
		words = append(words, "=?UTF-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, "\r\n ")
}

// plain reports whether a header can hold s as it is, on one line.
func plain(s string) bool {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	return len(s) <= 60 && !strings.ContainsFunc(s, odd) && !strings.Contains(s, "=?") && strings.TrimSpace(s) == s
}
