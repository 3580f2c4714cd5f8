// Package mail holds the words of mail: a message, what sends one, and a queue
// in front of it that tries again. It needs no other library. Package
// mail/smtp sends to a server, [Log] writes a line for each mail instead, and
// [Outbox] keeps mails for tests.
//
// Delivery is at least once: an attempt whose outcome is not known is made
// again, under the same Message-ID, by which servers and readers tell that it is
// the same mail (RFC 5322 section 3.6.4).
package mail

import (
	"context"
	"crypto/rand"
	netmail "net/mail"
	"strings"
)

// Message is one mail. [Message.Check] says whether it may be sent.
type Message struct {
	To       string // one address
	From     string // an address, or a name with one in angle brackets
	Subject  string
	Text     string // plain part; it or HTML is there
	HTML     string // optional
	Template string // which mail this is: "welcome"; for logs
	// ID is the Message-ID without its angle brackets. A [Queue], or else the
	// sender, makes one by [NewID]. A mail that is tried again keeps it.
	ID string
	// Language is the Content-Language, such as "de" or "pt-BR"; it is optional.
	Language string
}

// Sender sends mails. It is safe for concurrent use and gives up when ctx is done.
//
// An error that [IsPermanent] is final, and after any other the same mail may be
// sent again.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// NewID returns a Message-ID for a mail from somebody. It holds 128 random bits
// and the sender's domain, and nothing of the machine or the time.
func NewID(from string) string {
	domain := "localhost"
	if a, err := netmail.ParseAddress(from); err == nil {
		domain = a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	}
	return strings.ToLower(rand.Text()) + "@" + domain
}
