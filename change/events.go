package change

import "github.com/doorward/doorward"

// Hooks are the events of this feature.
type Hooks struct {
	PasswordChanged doorward.Hook[PasswordChanged]
}

// PasswordChanged is fired when a user has changed the password, or an operator
// has set one (password_changed).
type PasswordChanged struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev PasswordChanged) Record() doorward.Record {
	return doorward.Record{Action: "change-password", Outcome: "success", User: ev.User}
}
