package flaskcompat

import (
	"time"

	"github.com/doorward/doorward/codec"
)

// Config says how the other application is set up. The zero values of the
// settings are the original's defaults.
type Config struct {
	// SecretKey is the other application's; SecretKeyFallbacks are those that it
	// still accepts. What is written here is signed with SecretKey.
	SecretKey          []byte   `setting:"-"`
	SecretKeyFallbacks []string `setting:"-"`

	// LoginVersion decides how a browser is known again: releases of Flask-Login
	// up to 0.6 hash another text than later ones. Both are read.
	LoginVersion string `setting:"FLASK_LOGIN_VERSION" default:"0.6" help:"How the Flask application's Flask-Login knows a browser again: 0.6, or 0.7 for what comes after it."`

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
func New(cfg Config) (codec.Set, error) { return codec.Set{}, nil }
