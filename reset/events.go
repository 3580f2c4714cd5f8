package reset

import (
	"fmt"
	"io"

	"github.com/doorward/doorward"
)

// Hooks are the events of this feature. Listeners to InstructionsSent should
// return at once: they run for accounts that exist, and time tells strangers.
type Hooks struct {
	InstructionsSent doorward.Hook[InstructionsSent]
	PasswordReset    doorward.Hook[PasswordReset]
}

// InstructionsSent is fired when a link to reset a password was made for a user
// who asked for one (reset_password_instructions_sent).
type InstructionsSent struct {
	User doorward.User
	// ResetToken is the link's, if the settings say that the application sends
	// it (SEND_PASSWORD_RESET_EMAIL is off); otherwise it is empty.
	ResetToken Token
}

// Record implements [doorward.Recorded].
func (ev InstructionsSent) Record() doorward.Record {
	return doorward.Record{Action: "password-reset-link", Outcome: "success", User: ev.User}
}

// PasswordReset is fired when a password was reset (password_reset).
type PasswordReset struct {
	User      doorward.User
	Confirmed bool // the address was not confirmed before, and now is
}

// Record implements [doorward.Recorded].
func (ev PasswordReset) Record() doorward.Record {
	return doorward.Record{Action: "password-reset", Outcome: "success", User: ev.User}
}

// Token lets whoever has it choose a user's password. string(t) is the token;
// printed, logged or encoded as part of an event it is not shown (ASVS 16.2.5).
type Token string

const hidden = "(token)"

// Format implements [fmt.Formatter].
func (Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// MarshalText implements [encoding.TextMarshaler].
func (Token) MarshalText() ([]byte, error) { return []byte(hidden), nil }
