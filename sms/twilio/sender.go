package twilio

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorward/doorward/sms"
)

// MaxAnswer is how many bytes of an answer are read.
const MaxAnswer = 64 << 10

// Sender is a [sms.Sender]. It is safe for concurrent use.
type Sender struct {
	cfg    Config
	client *http.Client
	url    string
}

var _ sms.Sender = (*Sender)(nil)

// Format keeps the token from being printed with the sender.
func (s *Sender) Format(f fmt.State, verb rune) { s.cfg.Format(f, verb) }

// Send implements [sms.Sender]. Nil means that the service took the message, not
// that it arrived. An error without a Status is no proof that it will not arrive.
func (s *Sender) Send(ctx context.Context, m sms.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(s.form(m).Encode()))
	if err != nil {
		return s.fail(ctx, m, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(s.cfg.AccountSID, s.cfg.AuthToken)
	res, err := s.client.Do(req)
	if err != nil {
		return s.fail(ctx, m, err)
	}
	defer func() { _ = res.Body.Close() }()
	// Whatever becomes of the body, the status has said what became of the message.
	body, _ := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	return s.refused(res.StatusCode, body, m)
}

func (s *Sender) form(m sms.Message) url.Values {
	from := "From"
	if sid("MG", s.cfg.From) {
		from = "MessagingServiceSid"
	}
	return url.Values{"To": {m.To}, from: {s.cfg.From}, "Body": {m.Text}}
}

// Error says why a message was not sent. It holds the service's words without the
// message, and not the error they came in.
type Error struct {
	Status int // of HTTP; 0 if there was no answer
	Code   int // Twilio's own, such as 21211 for a number that is none; 0 if it gave none
	Text   string

	cause error // of the context
}

// Error describes the answer, or why there is none.
func (e *Error) Error() string {
	switch {
	case e.Status == 0:
		return "twilio: no answer: " + e.Text
	case e.Code == 0:
		return fmt.Sprintf("twilio: answered %d: %s", e.Status, e.Text)
	}
	return fmt.Sprintf("twilio: answered %d: %d %s", e.Status, e.Code, e.Text)
}

// Unwrap returns the context's error if that is what ended the call.
func (e *Error) Unwrap() error { return e.cause }

// fail makes the error of a call without an answer. That of package http holds
// the URL, and with it the account.
func (s *Sender) fail(ctx context.Context, m sms.Message, err error) error {
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err
	}
	return &Error{Text: s.redact(err.Error(), m), cause: ctx.Err()}
}

// refused makes the error of an answer. Of an answer that is not Twilio's JSON,
// the status has to do: a page of a proxy tells an operator nothing more.
func (s *Sender) refused(status int, body []byte, m sms.Message) error {
	var answer struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Message == "" {
		return &Error{Status: status, Code: answer.Code, Text: cmp.Or(http.StatusText(status), "unknown status")}
	}
	return &Error{Status: status, Code: answer.Code, Text: s.redact(answer.Message, m)}
}

// redact takes out what a service may repeat of the message and of our signing in.
func (s *Sender) redact(text string, m sms.Message) string {
	pair := base64.StdEncoding.EncodeToString([]byte(s.cfg.AccountSID + ":" + s.cfg.AuthToken))
	text = strings.NewReplacer(pair, "(token)", s.cfg.AuthToken, "(token)").Replace(text)
	return sms.Redact(text, m)
}
