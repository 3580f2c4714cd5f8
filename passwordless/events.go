package passwordless

import "github.com/doorward/doorward"

// Hooks are the events of this feature. A sign-in by a link is the engine's
// [doorward.Authenticated], via "token".
type Hooks struct {
	LinkSent doorward.Hook[LinkSent]
}

// LinkSent is fired when a link that signs in is on its way to the owner of an
// account (login_instructions_sent). It does not say which.
type LinkSent struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev LinkSent) Record() doorward.Record {
	return doorward.Record{Action: "send-login-link", Outcome: "success", User: ev.User}
}
