// Package twilio sends text messages by the one call of Twilio's interface that this
// takes: a POST of a form to Messages.json, with the account and its token as basic
// authentication. Services that speak the same language take a Base of their own.
//
// Errors say what the service answered, without the number, the text and the token.
package twilio

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/doorward/doorward/sms"
)

// DefaultBase is where Twilio listens.
const DefaultBase = "https://api.twilio.com"

// timeout bounds a call whose context has no end. A [sms.Queue] gives it one.
const timeout = 30 * time.Second

// Config says for which account, and from whom. AccountSID, AuthToken and From
// are what SMS_SERVICE_CONFIG calls ACCOUNT_SID, AUTH_TOKEN and PHONE_NUMBER.
type Config struct {
	// AccountSID is "AC" and 32 hexadecimal digits.
	AccountSID string
	// AuthToken is the account's password.
	AuthToken string
	// From is whom messages are from: a number in the form of E.164, a short code
	// of five or six digits, a messaging service ("MG" and 32 hexadecimal digits),
	// or a name of at most 11 letters, digits and spaces, which some countries allow.
	From string
	// Base is where the service listens, without the path; empty is [DefaultBase].
	// Without TLS it must be on this machine, since the token is sent there.
	Base string
	// Client makes the calls; nil is one of package http. It is copied. The copy has
	// a timeout of 30 seconds if it had none, keeps no cookies, and follows no
	// redirect: the token and the code are for Base alone.
	Client *http.Client
}

// Format keeps the token from being printed with the configuration.
func (c Config) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{AccountSID:%s AuthToken:(secret) From:%s Base:%s}", c.AccountSID, c.From, c.Base)
}

// New returns a Sender, or everything that is wrong with cfg. It does not connect.
func New(cfg Config) (*Sender, error) {
	if cfg.Base == "" {
		cfg.Base = DefaultBase
	}
	var errs []error
	wrong := func(is bool, text string) {
		if is {
			errs = append(errs, errors.New("twilio: "+text))
		}
	}
	base, err := url.Parse(cfg.Base)
	wrong(err != nil || !usable(base), "Base is not an https URL without name, query and fragment")
	wrong(!sid("AC", cfg.AccountSID), "ACCOUNT_SID is not AC and 32 hexadecimal digits")
	wrong(cfg.AuthToken == "" || strings.ContainsFunc(cfg.AuthToken, notInToken), "AUTH_TOKEN is empty or holds more than visible ASCII characters")
	wrong(!sender(cfg.From), "PHONE_NUMBER is not a number like +14155550100, a short code, a messaging service (MG and 32 hexadecimal digits) or a name of at most 11 letters and digits")
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	client := &http.Client{Timeout: timeout}
	if cfg.Client != nil {
		copied := *cfg.Client
		client = &copied
		client.Timeout = cmp.Or(client.Timeout, timeout)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	return &Sender{cfg: cfg, client: client, url: base.JoinPath("2010-04-01", "Accounts", cfg.AccountSID, "Messages.json").String()}, nil
}

// usable reports whether the token may be sent to a URL (ASVS 12.3.1).
func usable(base *url.URL) bool {
	if base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return false
	}
	return base.Scheme == "https" || base.Scheme == "http" && loopback(base.Hostname())
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

func sid(kind, id string) bool {
	digits, ok := strings.CutPrefix(id, kind)
	return ok && len(digits) == 32 && !strings.ContainsFunc(digits, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
	})
}

func notInToken(r rune) bool { return r <= ' ' || r > '~' }

// senderName is a short code, or a name: it holds a letter, since digits alone are
// a number.
var senderName = regexp.MustCompile(`^(?:[0-9]{5,6}|[0-9 &_+-]*[A-Za-z][A-Za-z0-9 &_+-]*)$`)

func sender(from string) bool {
	return sms.IsE164(from) || sid("MG", from) ||
		len(from) <= 11 && strings.TrimSpace(from) == from && senderName.MatchString(from)
}
