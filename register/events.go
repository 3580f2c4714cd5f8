package register

import (
	"log/slog"

	"github.com/doorward/doorward"
)

// Hooks are the events of this feature. None carries what was typed into the
// form.
type Hooks struct {
	Registered    doorward.Hook[Registered]
	NotRegistered doorward.Hook[NotRegistered]
}

// Registered is fired when an account was made, before its owner is signed in
// (user_registered).
type Registered struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev Registered) Record() doorward.Record {
	return doorward.Record{Action: "register", Outcome: "success", User: ev.User}
}

// NotRegistered is fired in generic mode when an account was not made and the
// visitor was not told (user_not_registered).
type NotRegistered struct {
	// User is whose address or else whose username it is; nil if he is not
	// known, as for a unique column of the application's own.
	User             doorward.User
	ExistingEmail    bool
	ExistingUsername bool
}

// Record implements [doorward.Recorded].
func (ev NotRegistered) Record() doorward.Record {
	return doorward.Record{Action: "register", Outcome: "failure", User: ev.User, Level: slog.LevelWarn,
		Attrs: []slog.Attr{slog.Bool("existing_email", ev.ExistingEmail), slog.Bool("existing_username", ev.ExistingUsername)}}
}
