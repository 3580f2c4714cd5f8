package batteries

import (
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/flaskcompat"
)

// shareWithFlask sets what is not set yet to the formats of a Flask application
// that runs beside this one: each of them can be given otherwise before.
func (cfg *Config) shareWithFlask() error {
	if cfg.Flask == nil {
		return nil
	}
	c := *cfg.Flask
	if c.StoredOnly {
		return cfg.shareVaults(c)
	}
	c.SecretKey, c.SecretKeyFallbacks, c.CSRFField = cfg.SecretKey, cfg.SecretKeyFallbacks, cfg.CSRF.Field
	set, err := flaskcompat.New(c)
	if err != nil {
		return err
	}
	own := &cfg.Codecs
	own.Session = or(own.Session, set.Session)
	own.Remember = or(own.Remember, set.Remember)
	own.CSRF = or(own.CSRF, set.CSRF)
	own.Token = or(own.Token, set.Token)
	own.Links = or(own.Links, set.Links)
	own.Trust = or(own.Trust, set.Trust)
	return cfg.shareVaults(c)
}

// shareVaults is about what is kept in the columns of the users.
func (cfg *Config) shareVaults(c flaskcompat.Config) error {
	if cfg.Codes.Vault == nil && len(cfg.Codes.Secrets) > 0 {
		wallet, err := flaskcompat.NewTOTPWallet(cfg.Codes.Secrets)
		if err != nil {
			return err
		}
		cfg.Codes.Vault = wallet
	}
	if cfg.RecoveryCodes != nil && cfg.RecoveryCodes.Vault == nil {
		codes, err := flaskcompat.NewRecoveryCodes(c.RecoveryKeys, c.RecoveryTTL, cfg.Now)
		if err != nil {
			return err
		}
		with := *cfg.RecoveryCodes
		with.Vault = codes
		cfg.RecoveryCodes = &with
	}
	return nil
}

func or[T any](set, other T) T {
	if any(set) != nil {
		return set
	}
	return other
}

// flaskDefaults changes the defaults to the original's where the two would not
// fit together, or one would take what the other refuses.
func (cfg *Config) flaskDefaults() {
	if cfg.Flask == nil || cfg.Flask.StoredOnly {
		return
	}
	if cfg.URLs.LinkUse == "" {
		cfg.URLs.LinkUse = "get"
	}
	if !cfg.Token.InQuery.IsSet() {
		cfg.Token.InQuery = conf.Some(true)
	}
	if cfg.Password.Profile == "" {
		cfg.Password.Profile = "flask-security"
	}
}

// warnOfFlask says what sharing costs.
func (a *App) warnOfFlask(cfg *Config) {
	if cfg.Flask == nil || cfg.Codecs.Session == nil {
		return
	}
	a.logger(cfg).Warn("sessions and remember-me are shared with a Flask application: those that it begins can be ended by a change of password alone",
		"setting", "SECURITY_FLASK_COMPAT")
}
