package codes_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/sms"
)

// ways are the ways to send a code.
var ways = map[string]func(*codes.Delivery){codes.Email: func(*codes.Delivery) {}, codes.SMS: byText}

// eachWay runs a test with codes by mail and by text message.
func eachWay(t *testing.T, test func(t *testing.T, way func(*codes.Delivery), method string)) {
	for method, way := range ways {
		t.Run(method, func(t *testing.T) { test(t, way, method) })
	}
}

// gone is how many messages of a kind have left.
func (s *site) gone(method string) int {
	if method == codes.SMS {
		return len(s.Texts.Sent())
	}
	return len(s.Outbox.Sent())
}

func (s *site) fail(err error) {
	s.Outbox.Fail(err)
	s.Texts.Fail(err)
}

func TestSend(t *testing.T) {
	s := newSite(t)
	u := s.NewUser(joe)
	secret := codes.NewSecret()
	mailed := s.sent(delivery(secret, func(d *codes.Delivery) { d.User = u }))
	if m := s.Outbox.Sent()[0]; m.To != joe || m.Subject != "A code" || !strings.Contains(m.Text, "Your code: "+mailed) {
		t.Errorf("%+v", m)
	}
	s.takes("it", secret, mailed, true, true)
	texted := s.sent(delivery(secret, byText, func(d *codes.Delivery) { d.User = u }))
	if m := s.Texts.Sent()[0]; m.To != number || m.Text != "Use "+texted {
		t.Errorf("%q", m.Text)
	}
	s.takes("it", secret, texted, true, true)
	s.silent(mailed, texted)
}

// status is the status of a Problem with a form-level message, or 0.
func status(err error) int {
	if p, ok := errors.AsType[*doorward.Problem](err); ok {
		return p.Status
	}
	return 0
}

// Whoever waits is told that his code was not sent, and the log says why without
// saying to whom, or the code.
func TestSendFails(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
		for name, d := range map[string]func(*codes.Delivery){
			"own":      func(*codes.Delivery) {},
			"stranger": func(d *codes.Delivery) { d.Stranger = joe },
		} {
			t.Run(name, func(t *testing.T) {
				s := newSite(t)
				secret := codes.NewSecret()
				del := delivery(secret, way, d)
				code := s.sent(del)
				for _, said := range []string{"out of order", code, "code=" + code, "code:" + code + "!", "to " + del.To + ": " + code, "to=" + del.To + "&text=Use+" + code, "Your code: " + code, strings.Join(strings.Split(code, ""), " ")} {
					s.fail(errors.New("zzz " + said))
					before := s.gone(method)
					if err := s.send(del); !errors.Is(err, codes.ErrNotSent) || strings.Contains(err.Error(), "zzz") {
						t.Errorf("%v", err)
					}
					if s.gone(method) != before {
						t.Error("sent")
					}
				}
				if !s.Logs.Contains("ERROR", "a code was not sent", "method="+method, "zzz", "out of order") {
					t.Errorf("log:\n%s", s.Logs)
				}
				s.silent(code)
				s.fail(nil)
				if again := s.sent(del); again != code {
					t.Error("what was not sent is not sent again")
				}
			})
		}
	})
}

// bomb is a sender that panics with what it was given.
type bomb struct{}

func (bomb) Send(_ context.Context, m mail.Message) error { panic("zzz " + m.To + m.Text) }
func (bomb) Queued()                                      {}

func TestSendPanics(t *testing.T) {
	s := newSite(t, func(c *batteries.Config) {
		c.Mail.Sender = bomb{}
		c.Codes.SMS = textSender(func(_ context.Context, m sms.Message) error { panic(m.To + m.Text) })
	})
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
		secret := codes.NewSecret()
		if err := s.send(delivery(secret, way)); !errors.Is(err, codes.ErrNotSent) {
			t.Errorf("%v", err)
		}
		if !s.Logs.Contains("ERROR", "a code was not sent", "method="+method, "panicked") {
			t.Errorf("log:\n%s", s.Logs)
		}
		s.silent(s.code(secret, 0))
	})
}

// A panic in the background, where answers must not tell anything, is none of
// the visitor's.
func TestSendPanicsBehind(t *testing.T) {
	s := newSite(t, generic, func(c *batteries.Config) {
		c.Mail.Sender = bomb{}
		c.Codes.SMS = textSender(func(_ context.Context, m sms.Message) error { panic(m.To + m.Text) })
	})
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), _ string) {
		secret := codes.NewSecret()
		if err := s.send(delivery(secret, way, func(d *codes.Delivery) { d.Stranger = joe })); err != nil {
			t.Errorf("%v", err)
		}
		s.silent(s.code(secret, 0))
	})
	if n := strings.Count(s.Logs.String(), "panicked"); n != 2 {
		t.Errorf("%d of two panics are in the log:\n%s", n, s.Logs)
	}
}

func generic(c *batteries.Config) { c.GenericResponses = true }

// A server that does not answer keeps nobody longer than CODE_SEND_TIMEOUT, and
// neither does an application's sender that does not heed its context.
func TestSendHangs(t *testing.T) {
	open := make(chan struct{})
	defer close(open)
	tiny := func(c *batteries.Config) { c.Codes.SendTimeout = time.Millisecond }
	for name, edit := range map[string]func(*batteries.Config){
		"a server": nil,
		"a queue before it": func(c *batteries.Config) {
			c.Mail.Sender = mail.NewQueue(hanging{open, true}, mail.QueueConfig{})
			c.Codes.SMS = sms.NewQueue(textSender(func(ctx context.Context, _ sms.Message) error { <-ctx.Done(); return ctx.Err() }), sms.QueueConfig{})
		},
		"deaf": func(c *batteries.Config) {
			c.Mail.Sender = hanging{open, false}
			c.Codes.SMS = textSender(func(context.Context, sms.Message) error { <-open; return nil })
		},
	} {
		eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
			t.Run(name, func(t *testing.T) {
				s := newSite(t, tiny, func(c *batteries.Config) {
					if edit != nil {
						edit(c)
					}
				})
				s.Outbox.Hang(open)
				s.Texts.Hang(open)
				if err := s.send(delivery(codes.NewSecret(), way)); !errors.Is(err, codes.ErrNotSent) {
					t.Errorf("%v", err)
				}
				if !s.Logs.Contains("ERROR", "a code was not sent", "method="+method, "deadline") {
					t.Errorf("log:\n%s", s.Logs)
				}
				s.silent()
			})
		})
	}
}

type hanging struct {
	open  <-chan struct{}
	heeds bool
}

func (h hanging) Queued() {}
func (h hanging) Send(ctx context.Context, _ mail.Message) error {
	if h.heeds {
		<-ctx.Done()
		return ctx.Err()
	}
	<-h.open
	return nil
}

// In line a message goes past the queue, whose only worker is busy.
func TestSendPastQueue(t *testing.T) {
	open := make(chan struct{})
	s := newSite(t, func(c *batteries.Config) {
		mails := mail.NewQueue(busyMails{open, c.Mail.Sender}, mail.QueueConfig{Workers: 1})
		texts := sms.NewQueue(busyTexts{open, c.Codes.SMS}, sms.QueueConfig{Workers: 1})
		c.Mail.Sender, c.Codes.SMS = mails, texts
		t.Cleanup(func() {
			close(open)
			if err := errors.Join(mails.Close(context.Background()), texts.Close(context.Background())); err != nil {
				t.Error(err)
			}
		})
		err := mails.Send(t.Context(), mail.Message{To: "x@example.com", From: "y@example.com", Subject: "busy", Text: "x"})
		if err = errors.Join(err, texts.Send(t.Context(), sms.Message{To: number, Text: "busy"})); err != nil {
			t.Fatal(err)
		}
	})
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), _ string) {
		secret := codes.NewSecret()
		s.takes("what was sent", secret, s.sent(delivery(secret, way)), true, true)
	})
}

// busyMails and busyTexts take long for one message and send all others.
type busyMails struct {
	open <-chan struct{}
	mail.Sender
}

func (b busyMails) Send(ctx context.Context, m mail.Message) error {
	if m.Subject == "busy" {
		<-b.open
		return nil
	}
	return b.Sender.Send(ctx, m)
}

type busyTexts struct {
	open <-chan struct{}
	sms.Sender
}

func (b busyTexts) Send(ctx context.Context, m sms.Message) error {
	if m.Text == "busy" {
		<-b.open
		return nil
	}
	return b.Sender.Send(ctx, m)
}

// Where answers must not tell whether there is an account, a stranger does not
// wait, and nothing that goes wrong is told.
func TestSendBehind(t *testing.T) {
	open := make(chan struct{})
	s := newSite(t, generic, func(c *batteries.Config) {
		mails, texts := mail.NewQueue(c.Mail.Sender, mail.QueueConfig{}), sms.NewQueue(c.Codes.SMS, sms.QueueConfig{})
		c.Mail.Sender, c.Codes.SMS = mails, texts
		t.Cleanup(func() {
			close(open)
			if err := errors.Join(mails.Close(context.Background()), texts.Close(context.Background())); err != nil {
				t.Error(err)
			}
		})
	})
	s.Outbox.Hang(open) // for ever, as far as a visitor knows
	s.Texts.Hang(open)
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), _ string) {
		if err := s.send(delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.Stranger = joe })); err != nil {
			t.Error(err)
		}
	})
	s = newSite(t, generic)
	s.fail(errors.New("out of order"))
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), _ string) {
		if err := s.send(delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.Stranger = joe })); err != nil {
			t.Error(err)
		}
		if err := s.send(delivery(codes.NewSecret(), way)); !errors.Is(err, codes.ErrNotSent) {
			t.Errorf("who proved something is not told: %v", err)
		}
	})
	if n := strings.Count(s.Logs.String(), "out of order"); n != 4 {
		t.Errorf("%d of four failures are in the log:\n%s", n, s.Logs)
	}
	s.silent()
}

// A clock that was wrong is told to who proved something, not to strangers.
func TestSendAheadBehind(t *testing.T) {
	s := newSite(t, generic)
	secret := codes.NewSecret()
	s.Clock.Advance(time.Hour)
	s.takes("ahead", secret, s.code(secret, 0), false, true)
	s.Clock.Advance(-time.Hour)
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
		if err := s.send(delivery(secret, way, func(d *codes.Delivery) { d.Stranger = joe })); err != nil {
			t.Errorf("a stranger is told: %v", err)
		}
		if err := s.send(delivery(secret, way)); !errors.Is(err, codes.ErrNotSent) {
			t.Errorf("%v", err)
		}
		if s.gone(method) != 0 {
			t.Error("a code was sent that cannot be accepted")
		}
	})
}

// Nobody's code costs what somebody's costs, and is not sent.
func TestSendNobody(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
		s := newSite(t, generic)
		u := s.NewUser(joe)
		own := s.cost(func() {
			s.sent(delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.Stranger, d.User = joe, u }))
		})
		none := s.cost(func() {
			if err := s.send(delivery(codes.Secret{}, way, func(d *codes.Delivery) { d.Stranger, d.To = "nobody@example.com", "" })); err != nil {
				t.Error(err)
			}
		})
		if own != none || s.gone(method) != 1 {
			t.Errorf("the store is asked %d times for a user, %d for nobody; %d were sent", own, none, s.gone(method))
		}
	})
}

// Who has proved something is told when he gets no more codes; a stranger is
// not, and none is sent.
func TestSendLimits(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
		for _, generically := range []bool{false, true} {
			s := newSite(t, func(c *batteries.Config) { c.Lockout.AccountCodes, c.GenericResponses = 3, generically })
			u, other := s.NewUser(joe), s.NewUser("jane@example.com")
			strange := delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.User, d.Stranger = u, joe })
			for range 4 { // what strangers cause keeps nobody from his own codes
				if err := s.send(strange); err != nil {
					t.Errorf("a stranger is told: %v", err)
				}
			}
			if s.gone(method) != 3 {
				t.Errorf("strangers caused %d", s.gone(method))
			}
			own := delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.User = u })
			last := ""
			for range 3 {
				last = s.sent(own)
			}
			if err := s.send(own); status(err) != http.StatusTooManyRequests {
				t.Errorf("%v", err)
			}
			if s.gone(method) != 6 {
				t.Errorf("%d were sent", s.gone(method))
			}
			s.Clock.Advance(within / 2)
			strange.Secret = own.Secret
			if err := s.send(strange); err != nil {
				t.Errorf("a stranger is told: %v", err)
			}
			s.takes("what was sent last, in spite of strangers", own.Secret, last, true, true)
			s.sent(delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.User = other }))
			s.Clock.Advance(20*time.Minute + time.Second) // a third of an hour
			s.sent(own)
		}
	})
}

// Codes by mail and by text message count apart.
func TestSendLimitsApart(t *testing.T) {
	s := newSite(t, func(c *batteries.Config) { c.Lockout.AccountCodes = 1 })
	u := s.NewUser(joe)
	for range 2 {
		for method, way := range ways {
			err := s.send(delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.User = u }))
			if (err == nil) != (s.gone(method) == 1 && status(err) == 0) {
				t.Errorf("%s: %v", method, err)
			}
		}
	}
	if len(s.Outbox.Sent()) != 1 || len(s.Texts.Sent()) != 1 {
		t.Errorf("%d mails, %d texts", len(s.Outbox.Sent()), len(s.Texts.Sent()))
	}
}

// An address may have only so many sent, for whatever account.
func TestSendLimitsAddress(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*codes.Delivery), method string) {
		s := newSite(t, func(c *batteries.Config) { c.Lockout.MailTries = 4 })
		for i := range 6 {
			err := s.send(delivery(codes.NewSecret(), way, func(d *codes.Delivery) { d.Stranger = fmt.Sprintf("user%d@example.com", i) }))
			if want := map[bool]int{true: 0, false: 429}[i < 4]; status(err) != want {
				t.Errorf("request %d: %v", i, err)
			}
		}
		if s.gone(method) != 4 {
			t.Errorf("%d were sent", s.gone(method))
		}
		s.sent(delivery(codes.NewSecret(), way)) // who proved something is not a stranger
	})
}

// full is a sender whose queue takes no more.
type fullMails struct{ mail.Sender }

func (fullMails) Queued()                                  {}
func (fullMails) Ready() error                             { return mail.ErrFull }
func (fullMails) Send(context.Context, mail.Message) error { return mail.ErrFull }

type fullTexts struct{ sms.Sender }

func (fullTexts) Queued()                                 {}
func (fullTexts) Ready() error                            { return sms.ErrFull }
func (fullTexts) Send(context.Context, sms.Message) error { return sms.ErrFull }

// A full queue is told before anything depends on there being an account.
func TestSendFull(t *testing.T) {
	for _, generically := range []bool{false, true} {
		s := newSite(t, func(c *batteries.Config) {
			c.Mail.Sender, c.Codes.SMS, c.GenericResponses = fullMails{}, fullTexts{}, generically
		})
		u := s.NewUser(joe)
		eachWay(t, func(t *testing.T, way func(*codes.Delivery), _ string) {
			n := s.cost(func() {
				for name, edit := range map[string]func(*codes.Delivery){
					"somebody": func(d *codes.Delivery) { d.Stranger, d.User = joe, u },
					"nobody":   func(d *codes.Delivery) { d.Stranger, d.Secret, d.To = "nobody@example.com", codes.Secret{}, "" },
				} {
					if err := s.send(delivery(codes.NewSecret(), way, edit)); status(err) != http.StatusServiceUnavailable {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
			if n != 0 {
				t.Errorf("the store is asked %d times", n)
			}
		})
	}
}

// A template that fails is the operator's, and what it says holds no code.
func TestSendUnwritten(t *testing.T) {
	s := newSite(t)
	d := delivery(codes.NewSecret())
	write := d.Letter
	d.Letter = func(code string) doorward.Letter {
		l := write(code)
		l.Template = "security/email/none"
		return l
	}
	if err := s.send(d); !errors.Is(err, codes.ErrNotSent) || !s.Logs.Contains("a code was not sent", "no such template") {
		t.Errorf("%v, log:\n%s", err, s.Logs)
	}
	s = newSite(t, func(c *batteries.Config) { c.Mail.Sender = nil })
	if err := s.send(delivery(codes.NewSecret())); !errors.Is(err, codes.ErrNotSent) {
		t.Errorf("without mails: %v", err)
	}
	s = newSite(t, func(c *batteries.Config) { c.Codes.SMS = nil })
	if err := s.send(delivery(codes.NewSecret(), byText)); !errors.Is(err, codes.ErrNotSent) {
		t.Errorf("without text messages: %v", err)
	}
}

// A store that fails is no mail that failed.
func TestSendStoreFails(t *testing.T) {
	s := newSite(t, func(c *batteries.Config) {
		c.Stores.Guesses, c.UnlimitedGuessing = brokenStore{c.Stores.Guesses}, true
	})
	err := s.send(delivery(codes.NewSecret()))
	if !errors.Is(err, errStore) || errors.Is(err, codes.ErrNotSent) || status(err) != 0 || s.gone(codes.Email) != 0 {
		t.Errorf("%v", err)
	}
}

var errStore = errors.New("the store is down")

type brokenStore struct{ doorward.GuessStore }

func (brokenStore) UpdateGuesses(context.Context, []string, func([]doorward.Guesses) error) error {
	return errStore
}
