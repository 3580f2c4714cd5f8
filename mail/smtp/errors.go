package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/doorward/doorward/mail"
)

// Error says at which step a mail was not sent, and why. It holds the server's
// words without addresses, and not the error they came in.
type Error struct {
	Step string // "connect", "sign in", "reset", "sender", "recipient", "text" or "end of text"
	Code int    // the server's answer; 0 if it gave none
	Text string

	permanent bool
	cause     error // of the context
}

// Error describes the step and the reason.
func (e *Error) Error() string { return fmt.Sprintf("smtp: %s: %s", e.Step, e.Text) }

// Permanent reports whether sending again would fail again (RFC 5321 section 4.2.1).
func (e *Error) Permanent() bool { return e.permanent }

// Unwrap returns the context's error if that is what ended the attempt.
func (e *Error) Unwrap() error { return e.cause }

// fail makes the error of a step.
func (s *Sender) fail(ctx context.Context, step string, m mail.Message, err error) *Error {
	out := &Error{Step: step, permanent: mail.IsPermanent(err)}
	text := err.Error()
	if strings.HasPrefix(text, "SMTP AUTH failed") {
		out.Step = stepSignIn
	}
	var reply *textproto.Error
	switch {
	case ctx.Err() != nil:
		out.cause = ctx.Err()
		text = out.cause.Error()
	case errors.As(err, &reply):
		out.Code = reply.Code
		out.permanent = reply.Code >= 500 && reply.Code < 600
		text = fmt.Sprintf("%d %s", reply.Code, strings.ReplaceAll(reply.Msg, "\n", " / "))
	}
	out.Text = mail.Redact(s.withoutSecrets(text), m)
	return out
}

// withoutSecrets takes out what a server may repeat of our signing in.
func (s *Sender) withoutSecrets(text string) string {
	if s.cfg.Password == "" {
		return text
	}
	plain := "\x00" + s.cfg.Username + "\x00" + s.cfg.Password
	for _, secret := range []string{base64.StdEncoding.EncodeToString([]byte(plain)), base64.StdEncoding.EncodeToString([]byte(s.cfg.Password)), s.cfg.Password} {
		text = strings.ReplaceAll(text, secret, "(password)")
	}
	return text
}
