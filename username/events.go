package username

import "github.com/doorward/doorward"

// Hooks are the events of this feature.
type Hooks struct {
	UsernameChanged doorward.Hook[UsernameChanged]
	RecoverySent    doorward.Hook[RecoverySent]
}

// UsernameChanged is fired when a user has changed or removed his username
// (username_changed). The new one is in User's account.
type UsernameChanged struct {
	User        doorward.User
	OldUsername string // "" if there was none
}

// Record implements [doorward.Recorded]. The names are not in it: what somebody
// took for his username may be his password.
func (ev UsernameChanged) Record() doorward.Record {
	return doorward.Record{Action: "change-username", Outcome: "success", User: ev.User}
}

// RecoverySent is fired when a mail with the username is on its way to the
// owner of an account (username_recovery_email_sent).
type RecoverySent struct{ User doorward.User }

// Record implements [doorward.Recorded].
func (ev RecoverySent) Record() doorward.Record {
	return doorward.Record{Action: "recover-username", Outcome: "success", User: ev.User}
}
