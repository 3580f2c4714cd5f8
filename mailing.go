package doorward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/doorward/doorward/mail"
)

// MailConfig is about the mails that features send.
type MailConfig struct {
	// Sender takes mails; nil: there are none, and features that live by them
	// do not start. It must return at once, as a [mail.Queue] does: an answer
	// that waits for a mail server tells strangers by its time who has an account.
	Sender mail.Sender `setting:"-"`
	From   string      `setting:"EMAIL_SENDER" default:"no-reply@localhost" help:"Address that mails are from; MAIL_DEFAULT_SENDER is another name for it."`
	NoText bool        `setting:"EMAIL_PLAINTEXT,invert" default:"true" help:"Send mails with a part in plain text."`
	NoHTML bool        `setting:"EMAIL_HTML,invert" default:"true" help:"Send mails with a part in HTML."`
	// Max bounds what a template makes of a mail.
	Max int `setting:"MAIL_MAX_SIZE" default:"1048576" help:"Largest part of a mail, in bytes; what a template makes larger is not sent."`
}

// Letter is a mail to be written.
type Letter struct {
	// Template names the two files without their suffix: "security/email/welcome".
	Template string
	Subject  Message
	// To is the address; empty: the letter is written like any other and not
	// sent, so that there is as much work without an account as with one.
	To string
	// User is in whose language it is written, if the application knows that;
	// otherwise it is the language of the request. Templates see it as .User.
	User User
	// Values are the template's .Mail.
	Values map[string]any
}

// Subject is the subject of a mail: own, if the settings have one, or the text key.
func Subject(key, own string) Message {
	if own != "" {
		return Message{Text: own}
	}
	return M(key)
}

// Mail is the part of the engine that writes mails.
type Mail struct{ e *engine }

// Need returns a [ConfigError] if mails cannot be sent, or links in them would
// not know where to lead or could be used twice.
func (m Mail) Need(feature string) error {
	switch _, origin := m.e.cfg.URLs.origin(); {
	case m.e.cfg.Mail.Sender == nil:
		return &ConfigError{feature, "no mails can be sent", "set Config.Mail.Sender, for example to a mail.Queue in front of a smtp.Sender"}
	case !origin:
		return &ConfigError{feature, "links in mails need to know where they lead", "set SERVER_NAME to the host that visitors use"}
	case m.e.cfg.Stores.Claims == nil:
		return &ConfigError{feature, "links that work once need a claim store", "set Config.Stores.Claims"}
	}
	return m.e.cfg.checkMail()
}

// checkMail finds settings with which no mail would leave, or none with a link
// that works.
func (c *Config) checkMail() error {
	wrong := func(problem, hint string) error { return &ConfigError{Problem: problem, Hint: hint} }
	sample := mail.Message{To: "somebody@localhost", From: c.Mail.From, Text: "."}
	switch {
	case sample.Check() != nil:
		return wrong(fmt.Sprintf("EMAIL_SENDER: %q is no address", c.Mail.From), "write no-reply@example.com or Example <no-reply@example.com>")
	case c.Mail.NoText && c.Mail.NoHTML:
		return wrong("EMAIL_PLAINTEXT and EMAIL_HTML are both off", "mails need one of the two")
	case strings.ContainsFunc(c.URLs.ServerName, notInHost):
		return wrong(fmt.Sprintf("SERVER_NAME: %q is no host", c.URLs.ServerName), "write example.com or localhost:8080, without scheme and path")
	}
	return nil
}

func notInHost(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#@"<>`, r) }

// On reports whether mails can be sent.
func (m Mail) On() bool { return m.e.cfg.Mail.Sender != nil }

// KindText is for [Mail.Admit] and [Mail.AdmitOwn] in place of the kind of a
// mail: a text message, which needs no mail to be sent.
const KindText = "send-text"

// KindMail begins the kind of a [Try] that is a mail to an account, which is
// about to be caused: "mail/reset". Each kind counts apart, or else one could
// stop another.
const KindMail = "mail/"

// ready returns a Problem while the queue of mails takes no more.
func (m Mail) ready() error {
	if q, ok := m.e.cfg.Mail.Sender.(interface{ Ready() error }); ok {
		if err := q.Ready(); err != nil {
			return Busy(err)
		}
	}
	return nil
}

// AdmitOwn asks if a user who has proved something may do now what causes a mail
// of a kind to his own address, which need not be his. An error refuses the
// request: the queue is full (503), or he has done such things too often (429).
// What strangers cause to the account is counted apart: they must not be able to
// keep its user from his code.
func (m Mail) AdmitOwn(r *http.Request, kind string, u User) error {
	if kind != KindText {
		if !m.On() {
			return nil
		}
		if err := m.ready(); err != nil {
			return err
		}
	}
	done, err := m.e.begin(r, Try{Kind: KindMail + "own/" + kind, Account: accountName(u, ""), User: u, Addr: m.e.proxies.clientAddr(r)})
	if err == nil {
		done(Failed)
	}
	return often(err)
}

// AdmitText asks if a user may cause a text message now, and counts it for his
// address, and for the number if that is given, as it must be while it is not proved
// to be his: who rents a number is paid for what is sent to it, and accounts to send
// it with cost nothing. An error refuses it (429).
func (m Mail) AdmitText(r *http.Request, number string) error {
	err := (SignIn{m.e, ""}).Count(r, "texts")
	if err == nil && number != "" {
		var done func(Outcome)
		if done, err = m.e.begin(r, Try{Kind: KindMail + "to/" + KindText, Account: number, Addr: m.e.proxies.clientAddr(r)}); err == nil {
			done(Failed)
		}
	}
	return often(err)
}

// often puts a limit into words that do not speak of passwords.
func often(err error) error {
	if p, ok := asProblem(err); ok && p.Status == http.StatusTooManyRequests {
		p.Errors = []FieldError{{Message: M("error_429_title")}}
	}
	return err
}

// Admit asks, before anything depends on whether an account exists, if a
// stranger may cause a mail now. An error refuses the request: the queue is full
// (503), or his address has asked for too many (429; kind names what for). It
// reports false if the account, which is u's or the one that typed would name,
// gets no more of that kind for a time: then everything else happens as if it did.
func (m Mail) Admit(r *http.Request, kind, typed string, u User) (bool, error) {
	if kind != KindText {
		if err := m.ready(); err != nil {
			return false, err
		}
	}
	if err := (SignIn{m.e, ""}).Count(r, kind); err != nil {
		return false, err
	}
	_, identity := m.e.identify(typed)
	if identity == "" { // nobody's, but not everybody's
		identity = strings.TrimSpace(typed)
	}
	done, err := m.e.begin(r, Try{Kind: KindMail + kind, Account: accountName(u, identity), User: u, Addr: m.e.proxies.clientAddr(r)})
	if err == nil {
		done(Failed)
		return true, nil
	}
	if p, ok := asProblem(err); ok && p.Status == http.StatusTooManyRequests {
		return false, nil
	}
	return false, err
}

// Send writes a letter and gives it to the sender. The error is the operator's:
// a template that fails or makes too much of it. Where answers must not tell
// whether an account exists that is logged and no error, since a template may
// fail for one user and not for another. What the sender refuses is logged, and
// is no error in any case.
func (m Mail) Send(ctx context.Context, l Letter) error {
	msg, err := m.e.compose(ctx, l)
	if err != nil && m.e.cfg.GenericResponses {
		m.e.complain(ctx, "a mail was not written", "template", l.Template, "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("mail %s: %w", l.Template, err)
	}
	if l.To == "" || m.e.cfg.Mail.Sender == nil {
		return nil
	}
	err = msg.Check() // whatever the sender does: it may be an application's own
	if err == nil {
		err = guardCall(func() error { return m.e.cfg.Mail.Sender.Send(ctx, msg) })
	}
	if err != nil && !errors.Is(err, mail.ErrFull) && !errors.Is(err, mail.ErrClosed) { // which the queue has logged
		m.e.complain(ctx, "a mail was refused", "template", l.Template, "err", mail.Redact(err.Error(), msg))
	}
	return nil
}

// Deliver writes a letter and sends it at once, past the queue, while its reader
// waits: he proved something before, so that it tells nobody who has an account.
// The error says that it was not sent, or not before ctx was done; nothing is
// tried again.
func (m Mail) Deliver(ctx context.Context, l Letter) error {
	msg, err := m.e.compose(ctx, l)
	if err == nil && m.e.cfg.Mail.Sender == nil {
		err = errors.New("no mails can be sent")
	}
	if err == nil {
		err = msg.Check()
	}
	if err != nil {
		return fmt.Errorf("mail %s: %w", l.Template, err)
	}
	send := m.e.cfg.Mail.Sender.Send
	if q, ok := m.e.cfg.Mail.Sender.(interface {
		Now(ctx context.Context, m mail.Message) error
	}); ok {
		send = q.Now
	}
	done := make(chan error, 1)
	go func() { done <- guardCall(func() error { return send(ctx, msg) }) }() // an application's own may not heed ctx
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("mail %s: %s", l.Template, mail.Redact(err.Error(), msg))
	}
	return nil
}

// Notify is Send for what has happened already: errors are logged.
func (m Mail) Notify(ctx context.Context, l Letter) {
	if err := m.Send(ctx, l); err != nil {
		m.e.log.ErrorContext(ctx, "a notice was not sent", "template", l.Template, "err", err)
	}
}

var _ slog.LogValuer = Letter{}

// LogValue keeps what a letter says out of logs.
func (l Letter) LogValue() slog.Value { return slog.StringValue(l.Template) }
