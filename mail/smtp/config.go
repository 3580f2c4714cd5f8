// Package smtp sends mails to a server by SMTP (RFC 5321), with the settings of
// Flask-Mail under their own names.
//
// A connection is kept for some seconds, so that a burst of mails does not sign
// in for each. Every step of the conversation has its time, and the context ends
// it at once. Errors say whether sending again may help ([mail.IsPermanent]): an
// answer that begins with 5 is permanent, and everything else, a certificate that
// does not fit included, is not. They hold neither the recipient nor the password.
package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail"
)

// Config says which server, and how. Its zero value is a server on this machine
// that asks for no password.
type Config struct {
	Server string `setting:"MAIL_SERVER,bare" help:"Host that mails are given to; in the library, empty is this machine."`
	Port   int    `setting:"MAIL_PORT,bare" default:"25" help:"Its port; usually 587 with MAIL_USE_TLS and 465 with MAIL_USE_SSL."`
	// UseTLS asks for STARTTLS (RFC 3207) and sends nothing to a server without it.
	UseTLS bool `setting:"MAIL_USE_TLS,bare" default:"false" help:"Encrypt with STARTTLS; a server that does not offer it gets no mail."`
	// UseSSL begins with TLS (RFC 8314), which nobody on the way can suppress.
	UseSSL   bool   `setting:"MAIL_USE_SSL,bare" default:"false" help:"Encrypt from the first byte."`
	Username string `setting:"MAIL_USERNAME,bare" help:"Name to sign in with at the server; empty: do not sign in."`
	Password string `setting:"MAIL_PASSWORD,bare,secret" help:"Password for that name."`
	// InsecureAuth lets the password go unencrypted to another machine, against ASVS 12.3.1.
	InsecureAuth bool `setting:"INSECURE_MAIL_AUTH" default:"false" help:"Send MAIL_PASSWORD to another machine without encryption, where everybody on the way can read it."`
	// DefaultSender is whom mails are from that do not say so.
	DefaultSender string `setting:"MAIL_DEFAULT_SENDER,bare" help:"Whom mails are from that do not say so: an address, or a name with one in angle brackets."`
	// MaxEmails is how many mails go through one connection.
	MaxEmails conf.Opt[int] `setting:"MAIL_MAX_EMAILS,bare" default:"null" help:"Mails sent through one connection; null or 0: no limit."`
	// SuppressSend checks and logs mails and sends none.
	SuppressSend bool `setting:"MAIL_SUPPRESS_SEND,bare" default:"false" help:"Send nothing and write a line to the log instead."`
	// Debug logs the commands and the numbers of the answers; no argument, since
	// those are addresses and passwords.
	Debug bool `setting:"MAIL_DEBUG,bare" default:"false" help:"Log the conversation with the server, without addresses, passwords and mails."`
	// ASCIIAttachments has no effect: there are no attachments.
	ASCIIAttachments bool `setting:"MAIL_ASCII_ATTACHMENTS,bare" default:"false" help:"Known and without effect: no mail has attachments."`
	// Timeout bounds each step: the connection, and every command with its answer.
	Timeout time.Duration `setting:"MAIL_TIMEOUT,bare,seconds" default:"15 seconds" help:"Longest time for each step of the conversation with the server."`
	// KeepAlive is how long a connection waits for the next mail.
	KeepAlive time.Duration `setting:"MAIL_KEEP_ALIVE,bare,seconds" default:"5 seconds" help:"How long a connection is kept for the next mail."`
	// LocalHostname is what we call ourselves. Empty is the address that the
	// connection comes from (RFC 5321 section 4.1.3), which is always true.
	LocalHostname string `setting:"MAIL_LOCAL_HOSTNAME,bare" help:"Name that we greet the server with; empty: our address."`

	// TLS is the base of what is used; nil trusts the system's authorities.
	TLS *tls.Config `setting:"-"`
	// Log is used by SuppressSend and Debug; nil is the default logger.
	Log *slog.Logger `setting:"-"`
	// Now is the time that mails are dated with; nil is time.Now.
	Now func() time.Time `setting:"-"`
}

// New returns a Sender, or everything that is wrong with cfg. It does not connect.
func New(cfg Config) (*Sender, error) {
	if err := conf.Defaults(&cfg); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	if cfg.Server == "" {
		cfg.Server = "localhost"
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	tlsConfig := &tls.Config{}
	if cfg.TLS != nil {
		tlsConfig = cfg.TLS.Clone()
	}
	if tlsConfig.ServerName == "" {
		tlsConfig.ServerName = cfg.Server
	}
	tlsConfig.MinVersion = max(tlsConfig.MinVersion, tls.VersionTLS12)
	cfg.TLS = tlsConfig
	return &Sender{cfg: cfg}, nil
}

func (c *Config) check() error {
	var errs []error
	wrong := func(is bool, text string) {
		if is {
			errs = append(errs, errors.New(text))
		}
	}
	wrong(strings.ContainsFunc(c.Server, notInHost), "MAIL_SERVER is not a host")
	wrong(strings.ContainsFunc(c.LocalHostname, notInHost), "MAIL_LOCAL_HOSTNAME is not a host")
	wrong(c.Port < 1 || c.Port > 65535, "MAIL_PORT is not a port")
	wrong(c.UseTLS && c.UseSSL, "MAIL_USE_TLS and MAIL_USE_SSL are both on: choose one")
	wrong(c.MaxEmails.Or(0) < 0, "MAIL_MAX_EMAILS is negative")
	wrong(c.Timeout < 0 || c.KeepAlive < 0, "MAIL_TIMEOUT or MAIL_KEEP_ALIVE is negative")
	wrong(c.Username == "" && c.Password != "", "MAIL_PASSWORD is set and MAIL_USERNAME is not")
	wrong(c.Username != "" && !c.encrypted() && !loopback(c.Server) && !c.InsecureAuth,
		"MAIL_USERNAME is set without encryption: turn MAIL_USE_TLS or MAIL_USE_SSL on (or SECURITY_INSECURE_MAIL_AUTH, and let everybody on the way read the password)")
	probe := mail.Message{To: "a@localhost", Text: "a", From: c.DefaultSender}
	wrong(probe.Check() != nil, "MAIL_DEFAULT_SENDER is not an address")
	return errors.Join(errs...)
}

func (c *Config) encrypted() bool { return c.UseTLS || c.UseSSL }

// notInHost finds what would let a host name carry more than itself.
func notInHost(r rune) bool {
	return r <= ' ' || r == '/' || r == '@' || r >= 0x7f
}

// loopback reports whether a host is this machine by its very name, whatever a
// resolver says.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// literal is the address literal for our end of a connection.
func literal(addr net.Addr) string {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return "localhost"
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		return "[IPv6:" + ip.String() + "]"
	}
	return "[" + ip.String() + "]"
}
