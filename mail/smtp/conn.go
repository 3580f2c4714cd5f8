package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	gomaillog "github.com/wneessen/go-mail/log"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// maxAnswer is the most that a server may say to one command.
const maxAnswer = 64 << 10

var errTalkative = errors.New("the server's answer is too long")

// step is a connection that gives every command and its answer one time, and
// reads no answer without end. It takes no other deadlines.
type step struct {
	net.Conn
	limit time.Duration
	read  int
}

func (c *step) begin() error {
	c.read = 0
	return c.Conn.SetDeadline(time.Now().Add(c.limit))
}

func (c *step) Write(p []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *step) Read(p []byte) (int, error) {
	if c.read > maxAnswer {
		return 0, errTalkative
	}
	n, err := c.Conn.Read(p)
	c.read += n
	return n, err
}

func (c *step) SetDeadline(time.Time) error      { return nil }
func (c *step) SetReadDeadline(time.Time) error  { return nil }
func (c *step) SetWriteDeadline(time.Time) error { return nil }

// line is a connection on which mails can be sent.
type line struct {
	*gosmtp.Client
	conn  *step
	sent  int
	timer *time.Timer // ends it, while it waits
}

// until ends the connection when ctx does, so that no step outlives it. release
// says whether that did not happen.
func (c *step) until(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.Conn.Close() })
}

// hangUp takes leave of a server that is waiting for a command.
func (l *line) hangUp() {
	_ = l.Quit()
	_ = l.conn.Close()
}

// dial connects, encrypts and signs in.
func (s *Sender) dial(ctx context.Context) (*line, error) {
	dialer := net.Dialer{Timeout: s.cfg.Timeout}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.cfg.Server, strconv.Itoa(s.cfg.Port)))
	if err != nil {
		return nil, err
	}
	conn := &step{Conn: raw, limit: s.cfg.Timeout}
	release := conn.until(ctx)
	defer release()
	client, err := s.greet(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &line{Client: client, conn: conn}, nil
}

// greet makes a connection one that a mail can be sent on.
func (s *Sender) greet(ctx context.Context, conn *step) (*gosmtp.Client, error) {
	if err := conn.begin(); err != nil {
		return nil, err
	}
	var ready net.Conn = conn
	if s.cfg.UseSSL {
		encrypted := tls.Client(conn, s.cfg.TLS)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		ready = encrypted
	}
	own := s.cfg.LocalHostname
	if own == "" {
		own = literal(conn.LocalAddr())
	}
	client, err := gomail.NewClient(s.cfg.Server, append(s.options(),
		gomail.WithHELO(own),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return ready, nil }))...)
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(ctx)
}

// options are for one connection: a client of the library remembers how it
// signed in, so none is used twice.
func (s *Sender) options() []gomail.Option {
	policy := gomail.NoTLS
	if s.cfg.UseTLS {
		policy = gomail.TLSMandatory
	}
	out := []gomail.Option{
		gomail.WithPort(s.cfg.Port), gomail.WithTimeout(s.cfg.Timeout),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.cfg.TLS.Clone()),
	}
	if s.cfg.Username != "" {
		out = append(out, gomail.WithUsername(s.cfg.Username), gomail.WithPassword(s.cfg.Password),
			gomail.WithOpportunisticSMTPAuth(s.mechanisms()...))
	}
	if s.cfg.Debug {
		out = append(out, gomail.WithDebugLog(), gomail.WithLogger(debug{s.cfg.Log}))
	}
	return out
}

// mechanisms are the ways to sign in, best first. Without encryption those come
// first that do not show the password.
func (s *Sender) mechanisms() []gomail.SMTPAuthType {
	hidden := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5}
	if s.cfg.encrypted() {
		return append([]gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}, hidden...)
	}
	return append(hidden, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc)
}

// debug writes the conversation without what is personal in it: of a command its
// first word, of an answer its number.
type debug struct{ log *slog.Logger }

func (d debug) Debugf(l gomaillog.Log) {
	said, _, _ := strings.Cut(fmt.Sprintf(l.Format, l.Messages...), " ")
	if l.Direction == gomaillog.DirServerToClient {
		d.log.Info("smtp", "server", said)
		return
	}
	if strings.HasPrefix(said, "<") { // the library's mark for a password
		said = "AUTH"
	}
	d.log.Info("smtp", "client", said)
}

func (d debug) Infof(l gomaillog.Log)  { d.Debugf(l) }
func (d debug) Warnf(l gomaillog.Log)  { d.Debugf(l) }
func (d debug) Errorf(l gomaillog.Log) { d.Debugf(l) }
