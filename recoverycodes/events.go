package recoverycodes

import (
	"log/slog"

	"github.com/doorward/doorward"
)

// Hooks are the events of this feature. None carries a code.
type Hooks struct {
	CodesGenerated doorward.Hook[CodesGenerated]
	CodeUsed       doorward.Hook[CodeUsed]
	CodesRemoved   doorward.Hook[CodesRemoved]
}

// CodesGenerated is fired when a user got new codes, which replace all others.
type CodesGenerated struct {
	User doorward.User
	N    int // how many
}

// Record implements [doorward.Recorded].
func (ev CodesGenerated) Record() doorward.Record {
	return doorward.Record{Action: "recovery-codes", Outcome: "success", User: ev.User, Attrs: []slog.Attr{slog.Int("n", ev.N)}}
}

// CodeUsed is fired when a code took the place of a second factor. The engine's
// Authenticated comes after it if nothing else stands in the way.
type CodeUsed struct {
	User doorward.User
	Left int // codes that the user still has
}

// Record implements [doorward.Recorded].
func (ev CodeUsed) Record() doorward.Record {
	return doorward.Record{Action: "recovery-code", Outcome: "success", User: ev.User, Level: slog.LevelWarn, Attrs: []slog.Attr{slog.Int("left", ev.Left)}}
}

// CodesRemoved is fired when an operator took a user's codes away.
type CodesRemoved struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev CodesRemoved) Record() doorward.Record {
	return doorward.Record{Action: "recovery-codes-removed", Outcome: "success", User: ev.User}
}
