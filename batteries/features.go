package batteries

import (
	"context"
	"slices"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/change"
	"github.com/doorward/doorward/changeemail"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/confirm"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/login"
	"github.com/doorward/doorward/passwordless"
	"github.com/doorward/doorward/recoverycodes"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/reset"
	"github.com/doorward/doorward/sessions"
	"github.com/doorward/doorward/twofactor"
	"github.com/doorward/doorward/unified"
	"github.com/doorward/doorward/username"
)

// What features ask of each other still fits.
var (
	_ interface {
		ConfirmationLink(ctx context.Context, u doorward.User) (link, token string)
	} = (*confirm.Feature)(nil)
	_ interface {
		ResetLink(ctx context.Context, u doorward.User) (link, token string)
	} = (*reset.Feature)(nil)
	_ interface {
		Unlock(ctx context.Context, u doorward.User, by string) (bool, error)
	} = (*lockout.Feature)(nil)
)

// features makes those that cfg turns on, in the order in which their limits
// and gates apply.
func (a *App) features(cfg *Config) []doorward.Feature {
	out := []doorward.Feature{a.login(cfg)}
	if !cfg.UnlimitedGuessing {
		a.Lockout = lockout.New(cfg.Lockout)
		out = append(out, a.Lockout)
	}
	if cfg.Confirm != nil {
		c := *cfg.Confirm
		if c.Email == nil {
			c.Email = cfg.deliverable
		}
		a.Confirm = confirm.New(c)
		out = append(out, a.Confirm)
	}
	if cfg.Register != nil {
		a.Register = a.register(cfg)
		out = append(out, a.Register)
	}
	out = append(out, a.passwords(cfg)...)
	if cfg.ChangeEmail != nil {
		c := *cfg.ChangeEmail
		if c.Email == nil {
			c.Email = cfg.deliverable
		}
		a.ChangeEmail = changeemail.New(c)
		out = append(out, a.ChangeEmail)
	}
	if c := cfg.Username; c.Change != nil || c.Recovery != nil {
		c.Rules, c.Required = &cfg.Usernames.Rules, cfg.Usernames.Required
		if c.Email == nil {
			c.Email = cfg.deliverable
		}
		a.Username = username.New(c)
		out = append(out, a.Username)
	}
	out = append(out, a.factors(cfg)...)
	if cfg.Sessions != nil {
		a.Sessions = sessions.New(*cfg.Sessions)
		out = append(out, a.Sessions)
	}
	return out
}

// login makes what signs in. Of those that could answer at LOGIN_URL one does.
func (a *App) login(cfg *Config) doorward.Feature {
	c := cfg.Login
	c.Hasher, c.NoVerify = a.Hasher, cfg.Fresh.Within.Or(0) < 0
	c.NoSignIn = cfg.Passwordless != nil || cfg.Unified != nil && cfg.Unified.ReplacesLogin
	if cfg.Usernames.Enable {
		c.Usernames = &cfg.Usernames.Rules
	}
	a.Login = login.New(c)
	return a.Login
}

// factors makes what is about one-time codes. Two-factor sign-in comes first: it
// is asked to set up a second factor for who has none.
func (a *App) factors(cfg *Config) (out []doorward.Feature) {
	if cfg.TwoFactor != nil {
		c := *cfg.TwoFactor
		c.Codes = cfg.Codes
		a.TwoFactor = twofactor.New(c)
		out = append(out, a.TwoFactor)
	}
	if cfg.RecoveryCodes != nil && cfg.TwoFactor != nil {
		c := *cfg.RecoveryCodes
		c.Codes = cfg.Codes
		a.RecoveryCodes = recoverycodes.New(c)
		out = append(out, a.RecoveryCodes)
	}
	if cfg.Unified != nil {
		c := *cfg.Unified
		if c.Hasher == nil {
			c.Hasher = a.Hasher
		}
		c.Codes, c.LoginURL, c.PostVerify, c.NoVerify = cfg.Codes, cfg.Login.URL, cfg.Login.PostVerify, cfg.Fresh.Within.Or(0) < 0
		c.ReplacesLogin = c.ReplacesLogin && cfg.Passwordless == nil
		a.Unified = unified.New(c)
		out = append(out, a.Unified)
	}
	return out
}

// passwords makes what is about passwords, or does without them.
func (a *App) passwords(cfg *Config) (out []doorward.Feature) {
	if cfg.Reset != nil {
		c := *cfg.Reset
		if c.Hasher == nil {
			c.Hasher = a.Hasher
		}
		if c.Policy == nil {
			c.Policy, c.PasswordLength = a.Policy, cfg.Password.LengthMin
		}
		if c.Email == nil {
			c.Email = cfg.deliverable
		}
		a.Reset = reset.New(c)
		out = append(out, a.Reset)
	}
	if cfg.Change != nil {
		c := *cfg.Change
		if c.Hasher == nil {
			c.Hasher = a.Hasher
		}
		if c.Policy == nil {
			c.Policy, c.PasswordLength = a.Policy, cfg.Password.LengthMin
		}
		a.Change = change.New(c)
		out = append(out, a.Change)
	}
	if cfg.Passwordless != nil {
		c := *cfg.Passwordless
		c.URL = cfg.Login.URL
		a.Passwordless = passwordless.New(c)
		out = append(out, a.Passwordless)
	}
	return out
}

// register gives the feature what it shares with the others; what the caller
// set stays.
func (a *App) register(cfg *Config) *register.Feature {
	c := *cfg.Register
	if c.Hasher == nil {
		c.Hasher = a.Hasher
	}
	if c.Policy == nil {
		c.Policy, c.PasswordLength = a.Policy, cfg.Password.LengthMin
	}
	if c.Email == nil {
		c.Email = cfg.deliverable
	}
	if cfg.Usernames.Enable {
		c.Usernames, c.UsernameRequired = &cfg.Usernames.Rules, cfg.Usernames.Required
	}
	if u := cfg.Unified; u != nil && (len(u.Methods) == 0 || slices.Contains(u.Methods, codes.Email)) {
		c.CodesByMail = true
	}
	return register.New(c)
}
