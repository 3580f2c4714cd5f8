package codes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/sms"
)

// Config says how codes are made and sent. The features that use codes are given
// the same one.
type Config struct {
	Secrets     map[string]string `setting:"TOTP_SECRETS,secret" help:"Keys that seal the secrets of one-time codes and the recovery codes, by tag: the highest tag seals, all open. 16 random bytes or more each."`
	Issuer      string            `setting:"TOTP_ISSUER" help:"The name of this site in authenticator apps."`
	Tries       int               `setting:"CODE_TRIES" default:"5" help:"Wrong tries after which a code that was sent is dead."`
	SendTimeout time.Duration     `setting:"CODE_SEND_TIMEOUT" default:"10 seconds" help:"How long a visitor waits for a code to be sent, before being told that it could not be."`

	NoNotices     bool   `setting:"SEND_FACTOR_CHANGE_EMAIL,invert" default:"true" help:"Tell users by mail when a second factor, a way to sign in or their recovery codes change."`
	NoticeSubject string `setting:"EMAIL_SUBJECT_FACTOR_NOTICE" help:"Subject of that mail, in place of the built-in one."`

	// SMS sends text messages; nil: codes are not sent that way.
	SMS sms.Sender `setting:"-"`
	// Phone returns the E.164 form of a number, or an error if text messages cannot
	// be sent to it; see package sms/phone. nil: as for SMS.
	Phone func(typed string) (string, error) `setting:"-"`
	// Vault takes the place of the format of secrets at rest.
	Vault Vault `setting:"-"`
}

// The ways to get a code.
const (
	Email         = "email"
	SMS           = "sms"
	Authenticator = "authenticator"
)

// Codes makes, sends and checks codes for one feature. It is safe for concurrent use.
type Codes struct {
	cfg   Config
	rt    *doorward.Runtime
	vault Vault
}

// New returns the codes of the feature that rt belongs to. It reports everything
// that is wrong with cfg at once, as [doorward.ConfigError] values joined.
func New(rt *doorward.Runtime, cfg Config) (*Codes, error) {
	if err := conf.Defaults(&cfg); err != nil {
		return nil, err
	}
	c := &Codes{cfg: cfg, rt: rt, vault: cfg.Vault}
	errs := []error{
		rt.Need(rt.Stores().Guesses != nil, "no store to keep what became of codes in", "set Config.Stores.Guesses"),
		rt.Need(cfg.Issuer != "" && len(cfg.Issuer) <= longestName && !strings.Contains(cfg.Issuer, ":"), fmt.Sprintf("TOTP_ISSUER is %q", cfg.Issuer),
			"write the name of the site, without a colon and in no more than 100 bytes"),
		rt.Need(1 <= cfg.Tries && cfg.Tries <= mostTries, fmt.Sprintf("CODE_TRIES is %d", cfg.Tries), "1 to 10; leave it out for the default"),
		rt.Need(0 < cfg.SendTimeout && cfg.SendTimeout <= time.Minute, fmt.Sprintf("CODE_SEND_TIMEOUT is %v", cfg.SendTimeout), "up to a minute; leave it out for the default"),
	}
	if c.vault == nil {
		own, err := NewVault(cfg.Secrets, "one-time codes")
		c.vault = own
		errs = append(errs, rt.Need(err == nil, fmt.Sprint(err), secretsHint))
	}
	return c, errors.Join(errs...)
}

// mostTries bounds what an operator can allow: with it a code of six digits is
// guessed once in 100,000.
const mostTries = 10

const secretsHint = `set TOTP_SECRETS to a random key by tag, such as {"1": "..."} with what openssl rand -hex 32 prints`

// Offered returns those of methods that can be offered here: codes by mail need a
// mail sender, and codes by text message a sender of those.
func (c *Codes) Offered(methods []string) []string {
	return slices.DeleteFunc(slices.Clone(methods), func(m string) bool {
		switch m {
		case Email:
			return !c.rt.Mail().On()
		case SMS:
			return c.cfg.SMS == nil || c.cfg.Phone == nil
		}
		return false
	})
}

// Phone returns the E.164 form of a number, or ok false for one that text messages
// cannot be sent to.
func (c *Codes) Phone(typed string) (number string, ok bool) {
	if c.cfg.Phone == nil {
		return "", false
	}
	number, err := c.cfg.Phone(typed)
	return number, err == nil
}
