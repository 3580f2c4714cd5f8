package smtp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/doorward/doorward/mail"
)

// Sender is a [mail.Sender]. It is safe for concurrent use; each mail that is
// being sent has a connection to itself.
type Sender struct {
	cfg Config

	mu     sync.Mutex
	idle   []*line
	closed bool
}

var _ mail.Sender = (*Sender)(nil)

// Send implements [mail.Sender]. A mail without a Message-ID gets one, which
// differs from attempt to attempt: a [mail.Queue] makes one before the first.
//
// An error after the text has been sent is no proof that the mail will not
// arrive; that is true of SMTP (RFC 1047).
func (s *Sender) Send(ctx context.Context, m mail.Message) error {
	if m.From == "" {
		m.From = s.cfg.DefaultSender
	}
	l, err := render(m, s.cfg.Now())
	if err != nil {
		return err
	}
	if s.cfg.SuppressSend {
		return mail.Log{Logger: s.cfg.Log}.Send(ctx, l.Message)
	}
	if old := s.take(); old != nil {
		err := s.hand(ctx, old, l)
		if !stale(err) || ctx.Err() != nil {
			return asError(err)
		}
	}
	fresh, err := s.dial(ctx)
	if err != nil {
		return s.fail(ctx, stepConnect, m, err)
	}
	return asError(s.hand(ctx, fresh, l))
}

// asError keeps a nil *Error from becoming an error.
func asError(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}

// stale reports whether a kept connection turned out to be gone before the mail
// was under way, which is no fault of the mail's.
func stale(err *Error) bool {
	return err != nil && (err.Step == stepReset || err.Step == stepSender) && (err.Code == 0 || err.Code == 421)
}

// The steps of [Error].
const (
	stepConnect   = "connect"
	stepSignIn    = "sign in"
	stepReset     = "reset"
	stepSender    = "sender"
	stepRecipient = "recipient"
	stepText      = "text"
	stepEnd       = "end of text"
)

// hand gives a letter to the server and keeps the connection if it can be used again.
func (s *Sender) hand(ctx context.Context, c *line, l *letter) *Error {
	release := c.conn.until(ctx)
	step, err := c.transact(l)
	whole := release()
	if err == nil {
		c.sent++
		if most := s.cfg.MaxEmails.Or(0); !whole || most > 0 && c.sent >= most {
			c.hangUp()
			return nil
		}
		s.keep(c)
		return nil
	}
	out := s.fail(ctx, step, l.Message, err)
	if whole && out.Code != 0 && out.Code != 421 {
		c.hangUp()
	}
	_ = c.conn.Close()
	return out
}

var errNoUTF8 = errors.New("the server does not take addresses with letters beyond ASCII")

// transact is one mail transaction (RFC 5321 section 3.3).
func (c *line) transact(l *letter) (string, error) {
	if c.sent > 0 {
		if err := c.Reset(); err != nil {
			return stepReset, err
		}
	}
	if can, _ := c.Extension("SMTPUTF8"); l.utf8 && !can {
		return stepRecipient, mail.Permanent(errNoUTF8)
	}
	c.SkipSMTPUTF8(!l.utf8)
	if err := c.Mail("<" + l.from + ">"); err != nil {
		return stepSender, err
	}
	if err := c.Rcpt("<" + l.to + ">"); err != nil {
		return stepRecipient, err
	}
	w, err := c.Data()
	if err != nil {
		return stepText, err
	}
	if _, err := w.Write(l.source); err != nil {
		return stepText, err
	}
	return stepEnd, w.Close()
}

// keep lets a connection wait for the next mail.
func (s *Sender) keep(c *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		go c.hangUp()
		return
	}
	s.idle = append(s.idle, c)
	c.timer = time.AfterFunc(s.cfg.KeepAlive, func() {
		if s.drop(c) {
			c.hangUp()
		}
	})
}

// take returns the connection that was used last, or nil.
func (s *Sender) take() *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	c := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	c.timer.Stop()
	return c
}

// drop forgets a waiting connection, and says whether it was one.
func (s *Sender) drop(c *line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.idle {
		if other == c {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			return true
		}
	}
	return false
}

// Close ends the connections that wait, and keeps none from now on. Mails can
// still be sent.
func (s *Sender) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.timer.Stop()
		c.hangUp()
	}
	return nil
}
