package unified

import (
	"log/slog"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
)

// Hooks are the events of this feature. None carries a code, a link or a secret.
type Hooks struct {
	CodeSent       doorward.Hook[CodeSent]
	ProfileChanged doorward.Hook[ProfileChanged]
}

// CodeSent is fired when a code is on its way (us_security_token_sent), and when
// the key for an authenticator application was shown: nothing is sent then.
type CodeSent struct {
	User   doorward.User
	Method string // "email", "sms" or "authenticator"
	Phone  string // that it was sent to; "" if it was a mail
	// MagicLink says that the mail has a link that signs in, too.
	MagicLink bool
}

// Record implements [doorward.Recorded].
func (ev CodeSent) Record() doorward.Record {
	action := "send-code"
	if ev.Method == codes.Authenticator {
		action = "show-authenticator-key"
	}
	return doorward.Record{Action: action, Outcome: "success", User: ev.User,
		Attrs: []slog.Attr{slog.String("method", ev.Method), slog.Bool("link", ev.MagicLink)}}
}

// ProfileChanged is fired when ways to sign in were set up or removed
// (us_profile_changed).
type ProfileChanged struct {
	User    doorward.User
	Methods []string
	Deleted bool
}

// Record implements [doorward.Recorded].
func (ev ProfileChanged) Record() doorward.Record {
	action := "set-up-sign-in"
	if ev.Deleted {
		action = "remove-sign-in"
	}
	return doorward.Record{Action: action, Outcome: "success", User: ev.User, Attrs: []slog.Attr{slog.Any("methods", ev.Methods)}}
}
