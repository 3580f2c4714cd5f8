package lockout

import (
	"log/slog"
	"time"

	"github.com/doorward/doorward"
)

// Hooks are the events of this feature. None says what was typed.
type Hooks struct {
	Locked   doorward.Hook[Locked]
	Unlocked doorward.Hook[Unlocked]
	Refused  doorward.Hook[Refused]
}

// Locked is fired when a wrong credential locked an account, or what would be
// one if it existed.
type Locked struct {
	User  doorward.User // nil if there is no such account
	Until time.Time     // zero if time does not unlock it any more
}

// Record implements [doorward.Recorded].
func (ev Locked) Record() doorward.Record {
	r := doorward.Record{Action: "lock", Outcome: "success", User: ev.User, Level: slog.LevelWarn}
	if !ev.Until.IsZero() {
		r.Attrs = []slog.Attr{slog.Time("until", ev.Until)}
	}
	return r
}

// Unlocked is fired when an account was unlocked on purpose. One that time
// unlocks has no event.
type Unlocked struct {
	User doorward.User
	By   string // "mail", "operator" or "reset"
}

// Record implements [doorward.Recorded].
func (ev Unlocked) Record() doorward.Record {
	return doorward.Record{Action: "unlock", Outcome: "success", User: ev.User, Attrs: []slog.Attr{slog.String("by", ev.By)}}
}

// Refused is fired when nothing was compared, because a limit was reached.
type Refused struct {
	User  doorward.User // nil if there is no such account, or none was named
	Kind  string        // "password", ...
	Scope string        // which limit: "seat" (account and address, or known browser), "account", "address"
}

// Record implements [doorward.Recorded].
func (ev Refused) Record() doorward.Record {
	return doorward.Record{Action: "credential", Outcome: "refused", User: ev.User, Level: slog.LevelWarn,
		Attrs: []slog.Attr{slog.String("kind", ev.Kind), slog.String("limit", ev.Scope)}}
}
