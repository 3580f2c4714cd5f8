package flaskcompat

import (
	"fmt"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/conf"
)

// Config says how the other application is set up. The zero values of the
// settings are the original's defaults.
type Config struct {
	// SecretKey is the other application's; SecretKeyFallbacks are those that it
	// still accepts. What is written here is signed with SecretKey.
	SecretKey          []byte   `setting:"-"`
	SecretKeyFallbacks []string `setting:"-"`

	// StoredOnly is for when the other application is gone: package batteries then
	// uses its formats for what users have in the database, their second factors and
	// recovery codes, and the library's own for all that travels.
	StoredOnly bool `setting:"FLASK_COMPAT_STORED_ONLY" default:"false" help:"Keep the formats of second factors and recovery codes alone, and none of cookies, tokens and links: for when Flask is gone."`

	// LoginVersion decides how a browser is known again: releases of Flask-Login
	// up to 0.6 hash another text than later ones. Both are read.
	LoginVersion string `setting:"FLASK_LOGIN_VERSION" default:"0.6" help:"How the Flask application's Flask-Login knows a browser again: 0.6, or 0.7 for what comes after it."`

	// CSRFField is the other application's WTF_CSRF_FIELD_NAME, by which its session
	// has the secret of CSRF tokens; "" for csrf_token.
	CSRFField string `setting:"-"`

	CSRFSecretKey   string `setting:"WTF_CSRF_SECRET_KEY,bare,secret" help:"Key of CSRF tokens, if it is not SECRET_KEY."`
	ConfirmSalt     string `setting:"CONFIRM_SALT" default:"confirm-salt" help:"Salt of links that confirm an address."`
	ResetSalt       string `setting:"RESET_SALT" default:"reset-salt" help:"Salt of links that reset a password."`
	LoginSalt       string `setting:"LOGIN_SALT" default:"login-salt" help:"Salt of links that sign in."`
	ChangeEmailSalt string `setting:"CHANGE_EMAIL_SALT" default:"change-email-salt" help:"Salt of links that change an address."`
	TokenSalt       string `setting:"REMEMBER_SALT" default:"remember-salt" help:"Salt of authentication tokens."`
	TFSetupSalt     string `setting:"TWO_FACTOR_SETUP_SALT" default:"tf-setup-salt" help:"Salt of tokens of a second factor being set up."`
	TFValiditySalt  string `setting:"TWO_FACTOR_VALIDITY_SALT" default:"tf-validity-salt" help:"Salt of the cookie that takes the place of a second factor."`
	USSetupSalt     string `setting:"US_SETUP_SALT" default:"us-setup-salt" help:"Salt of tokens of a sign-in method being set up."`
	WebAuthnSalt    string `setting:"WAN_SALT" default:"wan-salt" help:"Salt of tokens of a passkey being registered or used."`
	RefreshSalt     string `setting:"REFRESH_TOKEN_SALT" default:"refresh-token-salt" help:"Salt of refresh tokens."`

	// RecoveryKeys seal recovery codes: the first one writes, each of them reads.
	// Without any they are kept as text.
	RecoveryKeys []string      `setting:"MULTI_FACTOR_RECOVERY_CODES_KEYS,secret" help:"Fernet keys of recovery codes; the first writes, each reads. Empty: codes are kept as text."`
	RecoveryTTL  time.Duration `setting:"MULTI_FACTOR_RECOVERY_CODE_TTL,seconds" default:"0" help:"How long a sealed recovery code is good; 0: for ever."`
}

// New returns the formats of cookies, tokens and links, each of which may be
// replaced, or set to nil for the library's own.
func New(cfg Config) (codec.Set, error) {
	if err := conf.Defaults(&cfg); err != nil {
		return codec.Set{}, err
	}
	secrets, err := cfg.secrets()
	if err != nil {
		return codec.Set{}, err
	}
	if err := cfg.checkSalts(); err != nil {
		return codec.Set{}, err
	}
	remember, err := rememberKeys(secrets)
	if err != nil {
		return codec.Set{}, err
	}
	links, err := newLinks(cfg, secrets)
	if err != nil {
		return codec.Set{}, err
	}
	session, err := newSession(cfg)
	if err != nil {
		return codec.Set{}, err
	}
	csrf := secrets
	if cfg.CSRFSecretKey != "" {
		csrf = [][]byte{[]byte(cfg.CSRFSecretKey)}
	}
	return codec.Set{
		Session:  session,
		Remember: rememberCookie{remember},
		CSRF:     csrfToken{newSigner(csrfSalt, deriveConcat, csrf)},
		Token:    authToken{newSigner(cfg.TokenSalt, deriveConcat, secrets)},
		Links:    links,
		Trust:    tfValidity{newSigner(cfg.TFValiditySalt, deriveConcat, secrets)},
	}, nil
}

func wrong(problem, hint string) error {
	return &doorward.ConfigError{Feature: "flaskcompat", Problem: problem, Hint: hint}
}

// secrets returns the secret that writes, and those that are read beside it. The original
// writes with the last of its fallbacks: that is read too.
func (c *Config) secrets() ([][]byte, error) {
	if len(c.SecretKey) == 0 {
		return nil, wrong("SECRET_KEY is empty", "give it the Flask application's")
	}
	list := [][]byte{c.SecretKey}
	for i, fallback := range c.SecretKeyFallbacks {
		if fallback == "" {
			return nil, wrong(fmt.Sprintf("SECRET_KEY_FALLBACKS: key %d is empty", i+1), "anybody could sign with it; remove it")
		}
		list = append(list, []byte(fallback))
	}
	return list, nil
}

// checkSalts keeps types of values apart: what two of them have in common would be
// taken for either.
func (c *Config) checkSalts() error {
	seen := map[string]string{csrfSalt: "the salt of CSRF tokens"}
	for _, s := range []struct{ name, salt string }{
		{"CONFIRM_SALT", c.ConfirmSalt}, {"RESET_SALT", c.ResetSalt}, {"LOGIN_SALT", c.LoginSalt},
		{"CHANGE_EMAIL_SALT", c.ChangeEmailSalt}, {"REMEMBER_SALT", c.TokenSalt}, {"TWO_FACTOR_SETUP_SALT", c.TFSetupSalt},
		{"TWO_FACTOR_VALIDITY_SALT", c.TFValiditySalt}, {"US_SETUP_SALT", c.USSetupSalt}, {"WAN_SALT", c.WebAuthnSalt},
		{"REFRESH_TOKEN_SALT", c.RefreshSalt},
	} {
		if other, ok := seen[s.salt]; ok {
			return wrong(fmt.Sprintf("%s and %s are the same", s.name, other), "what is signed for one purpose would be good for the other; give each its own, in both applications")
		}
		seen[s.salt] = s.name
	}
	return nil
}
