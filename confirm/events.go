package confirm

import (
	"log/slog"

	"github.com/doorward/doorward"
)

// Hooks are the events of this feature. None carries a link or its token.
type Hooks struct {
	InstructionsSent doorward.Hook[InstructionsSent]
	Confirmed        doorward.Hook[Confirmed]
}

// InstructionsSent is fired when a mail with a link was sent because somebody
// asked for it (confirm_instructions_sent). The one at registration is part of
// that.
type InstructionsSent struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev InstructionsSent) Record() doorward.Record {
	return doorward.Record{Action: "confirm-instructions", Outcome: "success", User: ev.User}
}

// Confirmed is fired when an address was confirmed (user_confirmed).
type Confirmed struct {
	User doorward.User
	By   string // "mail" or "operator"
}

// Record implements [doorward.Recorded].
func (ev Confirmed) Record() doorward.Record {
	return doorward.Record{Action: "confirm", Outcome: "success", User: ev.User, Attrs: []slog.Attr{slog.String("by", ev.By)}}
}
