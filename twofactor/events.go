package twofactor

import (
	"log/slog"

	"github.com/doorward/doorward"
)

// Hooks are the events of this feature.
type Hooks struct {
	CodeSent       doorward.Hook[CodeSent]
	CodeConfirmed  doorward.Hook[CodeConfirmed]
	ProfileChanged doorward.Hook[ProfileChanged]
	Disabled       doorward.Hook[Disabled]
}

// CodeSent is fired when a code was sent (tf_security_token_sent). The code is not
// in it.
type CodeSent struct {
	User   doorward.User
	Method string // by which it was sent: "email" or "sms"
	Phone  string // where to, for "sms"
}

// Record implements [doorward.Recorded].
func (ev CodeSent) Record() doorward.Record {
	return record("second-factor-code", ev.User, ev.Method)
}

// CodeConfirmed is fired when a sign-in was completed with a code
// (tf_code_confirmed). Method is that of the user's second factor.
type CodeConfirmed struct {
	User   doorward.User
	Method string
}

// Record implements [doorward.Recorded].
func (ev CodeConfirmed) Record() doorward.Record {
	return record("second-factor", ev.User, ev.Method)
}

// ProfileChanged is fired when a user has set up a second factor
// (tf_profile_changed).
type ProfileChanged struct {
	User   doorward.User
	Method string
}

// Record implements [doorward.Recorded].
func (ev ProfileChanged) Record() doorward.Record {
	return record("set-second-factor", ev.User, ev.Method)
}

// Disabled is fired when a user, or an operator, has turned a second factor off
// (tf_disabled).
type Disabled struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev Disabled) Record() doorward.Record {
	return doorward.Record{Action: "remove-second-factor", Outcome: "success", User: ev.User}
}

func record(action string, u doorward.User, method string) doorward.Record {
	return doorward.Record{Action: action, Outcome: "success", User: u, Attrs: []slog.Attr{slog.String("method", method)}}
}
