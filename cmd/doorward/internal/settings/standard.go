package settings

import (
	"strings"

	"github.com/doorward/doorward/conf"
)

// standard turns on every feature there is, for a server that was told
// nothing, except those that take the place of signing in with a password or
// stand in its way, and the formats of another system; and asks nobody outside
// about new addresses.
func standard(all []conf.Setting) map[string]any {
	not := map[string]bool{"SECURITY_PASSWORDLESS": true, "SECURITY_US_SIGNIN_REPLACES_LOGIN": true, "SECURITY_CONFIRMABLE": true, "SECURITY_FLASK_COMPAT": true}
	out := map[string]any{
		"SECURITY_EMAIL_CHECK_DELIVERABILITY": "false",                  // a first try needs no network
		"SECURITY_USERNAME_ENABLE":            "true",                   // and usernames that can be changed can be used
		"SECURITY_USER_IDENTITY_ATTRIBUTES":   "email, us_phone_number", // so can numbers that are set up
		"SECURITY_TWO_FACTOR_RESCUE_MAIL":     "help-desk@localhost",    // whose mails are shown with the others
	}
	for _, s := range all {
		if s.Feature != "" && !not[s.Feature] {
			out[s.Feature] = "true"
		}
	}
	return out
}

// configures reports whether vars say how the pages are to be. Secrets do not:
// whoever keeps his own still gets every feature.
func (l *Loaded) configures(vars map[string]any) bool {
	for name, value := range vars {
		if value != "" && strings.HasPrefix(name, conf.Prefix) && !l.secret[l.names[name]] {
			return true
		}
	}
	return false
}
