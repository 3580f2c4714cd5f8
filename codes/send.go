package codes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/sms"
)

// ErrNotSent is returned for a code that could not be sent, or not in time. The
// cause has been logged.
var ErrNotSent = errors.New("codes: not sent")

// Delivery is a code on its way.
type Delivery struct {
	Secret Secret // the zero Secret: nobody's, with the same work
	Method string // Email or SMS
	// To is the address or the E.164 number; empty: the code is made and written
	// like any other, and not sent.
	To   string
	User doorward.User // nil: nobody
	// Unproved says that To is what a user typed, and may be anybody's.
	Unproved bool
	// Within is how long the code is accepted, as given to [Codes.Check].
	Within time.Duration
	// Letter is the mail for a code. Send fills in To and User.
	Letter func(code string) doorward.Letter
	// Stranger is how somebody who has proved nothing named the account; "" for a
	// user who has.
	Stranger string
	// Sent, if set, is called when the code is on its way to To: not for nobody's
	// code, and not for one that a limit keeps back without telling.
	Sent func()
}

// Send makes the code of a delivery and sends it. The error is a
// [doorward.Problem] if too many were sent already (429) or the queue of mails is
// full (503), [ErrNotSent], or the store's.
//
// Who has proved something waits for it, up to CODE_SEND_TIMEOUT, and is told if
// it could not be sent. So is a stranger, unless answers must not tell whether
// an account exists: then it is sent in the background.
func (c *Codes) Send(r *http.Request, d Delivery) error {
	send, err := c.admit(r, d)
	if err != nil {
		return err
	}
	if !send { // nor does what was sent before stop counting
		d.To, d.Secret = "", Secret{}
	}
	background := d.Stranger != "" && c.rt.Generic() || d.To == ""
	code, err := c.issue(r.Context(), d.Secret, d.Within)
	switch {
	case err == nil:
		err = c.deliver(r.Context(), d, code, background)
	case !errors.Is(err, errAhead):
		return fmt.Errorf("make a code: %w", err)
	}
	if err == nil {
		if d.To != "" && d.Sent != nil {
			d.Sent()
		}
		return nil
	}
	c.rt.Logger().ErrorContext(r.Context(), "a code was not sent", "method", d.Method, "err", sms.Redact(err.Error(), sms.Message{To: d.To, Text: code}))
	if background {
		return nil // it would tell that there is an account
	}
	return ErrNotSent
}

func (c *Codes) deliver(ctx context.Context, d Delivery, code string, background bool) error {
	if !background {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.SendTimeout)
		defer cancel()
	}
	if d.Method == SMS {
		return c.text(ctx, d, code, background)
	}
	return c.mail(ctx, d, code, background)
}

// admit asks the queue and the limiters.
func (c *Codes) admit(r *http.Request, d Delivery) (send bool, err error) {
	kind := "send-code"
	if d.Method == SMS {
		kind = doorward.KindText
		if q, ok := c.cfg.SMS.(interface{ Ready() error }); ok && d.Stranger != "" {
			if err := q.Ready(); err != nil {
				return false, doorward.Busy(err)
			}
		}
	}
	if d.Stranger != "" {
		return c.rt.Mail().Admit(r, kind, d.Stranger, d.User)
	}
	if err := c.rt.Mail().AdmitOwn(r, kind, d.User); err != nil || d.Method != SMS {
		return err == nil, err
	}
	number := ""
	if d.Unproved {
		number = d.To
	}
	err = c.rt.Mail().AdmitText(r, number)
	return err == nil, err
}

// issue chooses the code to send: the one that was sent before, while it has half
// of its time and a try left, or else the first that was not used.
func (c *Codes) issue(ctx context.Context, s Secret, within time.Duration) (string, error) {
	if s.IsZero() {
		s = NewSecret()
	}
	now := c.rt.Now()
	var step int64
	err := c.rt.Stores().Guesses.UpdateGuesses(ctx, s.rows(), func(rows []doorward.Guesses) error {
		used, out := &rows[usedRow], &rows[sentRow]
		c.bury(used, out, now)
		if c.alive(out) && !out.Until.Before(used.Until) && now.Sub(out.Until).Abs() < within/2 {
			step = otp.Step(out.Until)
			return nil
		}
		step = otp.Step(now)
		if used.Until.After(now) {
			step = otp.Step(used.Until)
		}
		if otp.Start(step).Sub(now) > within {
			return errAhead
		}
		if begins := otp.Start(step); !begins.Equal(out.Until) { // or else it is the same code, with the tries that it has left
			*out = doorward.Guesses{Key: out.Key, Until: begins, At: now, Expires: now.Add(2*within + time.Hour)}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return otp.Code(s.key, step), nil
}

// errAhead is for a clock that was ahead when the last code was used: every code
// that could be accepted now is before it.
var errAhead = errors.New("the last code was used at a time that has not come yet: the clock was wrong then, or is now")

func (c *Codes) mail(ctx context.Context, d Delivery, code string, background bool) error {
	l := d.Letter(code)
	l.To, l.User = d.To, d.User
	if background {
		return c.rt.Mail().Send(ctx, l)
	}
	return c.rt.Mail().Deliver(ctx, l)
}

func (c *Codes) text(ctx context.Context, d Delivery, code string, background bool) error {
	m := sms.Message{To: d.To, Text: c.rt.Web().Text(ctx, doorward.M("USE_CODE", "code", code))}
	switch {
	case d.To == "":
		return nil
	case c.cfg.SMS == nil:
		return errors.New("nothing sends text messages: Config.SMS is not set")
	case background:
		return safely(func() error { return c.cfg.SMS.Send(ctx, m) }) // a queue: see Config.SMS
	}
	send := c.cfg.SMS.Send
	if q, ok := c.cfg.SMS.(interface {
		Now(ctx context.Context, m sms.Message) error
	}); ok {
		send = q.Now
	}
	done := make(chan error, 1)
	go func() { done <- safely(func() error { return send(ctx, m) }) }() // an application's own may not heed ctx
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// safely makes an error of a panic in an application's sender.
func safely(send func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the sender panicked: %T", p)
		}
	}()
	return send()
}
