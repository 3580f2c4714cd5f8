package changeemail

import "github.com/doorward/doorward"

// Hooks are the events of this feature. None carries the link or its token.
type Hooks struct {
	InstructionsSent     doorward.Hook[InstructionsSent]
	ChangeEmailConfirmed doorward.Hook[ChangeEmailConfirmed]
}

// InstructionsSent is fired when a link was sent to a new address
// (change_email_instructions_sent).
type InstructionsSent struct {
	User     doorward.User
	NewEmail string
}

// Record implements [doorward.Recorded].
func (ev InstructionsSent) Record() doorward.Record {
	return doorward.Record{Action: "change-email-requested", Outcome: "success", User: ev.User}
}

// ChangeEmailConfirmed is fired when an address was replaced
// (change_email_confirmed). User has the new one.
type ChangeEmailConfirmed struct {
	User     doorward.User
	OldEmail string
}

// Record implements [doorward.Recorded].
func (ev ChangeEmailConfirmed) Record() doorward.Record {
	return doorward.Record{Action: "change-email", Outcome: "success", User: ev.User}
}
