// Package sessions is the page where users see the sessions they are signed in
// with and end them (ASVS 7.5.2).
//
// # Routes
//
//	/sessions  GET   lists them: the current one first, then the newest
//	/sessions  POST  with id ends one; with all=true ends all but the current one
//
// As JSON the list is "sessions", each with id, device, browser, os, address,
// created, last_seen, current and via; times are RFC 3339 in UTC. An id is the
// hash of the session's secret, which nobody can sign in with. Ending answers
// with the number "ended".
//
// Only sessions of the caller are listed or found. Ending the current one signs
// this browser out. Ending any other also forgets every browser that was to
// stay signed in, since the ended one would otherwise come back by itself.
//
// Device, browser and system are guesses from what the browser said at
// sign-in.
//
// # Needs
//
// A session store. Stateless sessions can be neither listed nor ended.
//
// # Messages
//
// SESSION_NOT_FOUND (404), API_ERROR, and on the page after it SESSION_ENDED or
// SESSIONS_ENDED.
//
// # Events
//
// The engine's SessionsEnded, and LoggedOut for the current session.
package sessions
