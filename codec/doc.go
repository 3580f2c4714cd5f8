// Package codec says how another system's formats take the place of the
// engine's own, so that applications of both kinds share cookies, tokens and
// links. Package flaskcompat has those of Flask-Security.
//
// Each interface is one format and can be set alone; what is nil in a [Set] stays
// as it is. A codec only writes and reads: how old a value may be, whom it is
// about and whether it was used before is for the engine to decide. What cannot
// be read is an [ErrInvalid], and counts as not there.
//
// Implementations are safe for concurrent use, never panic, and bound what one
// value can make them do: everything they read may come from a stranger.
package codec

import "errors"

// ErrInvalid says that a value was not made with any of the keys, for this
// purpose, in this format; or that it is dated in the future.
var ErrInvalid = errors.New("codec: value cannot be read")

// Set says which formats are not the engine's own.
type Set struct {
	Session  Session
	Remember Remember
	CSRF     CSRF
	Token    Token
	Links    Links
	Trust    Trust
}
