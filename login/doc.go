// Package login is signing in with a password, signing out, and proving the
// password again.
//
// # Routes
//
//	/login   GET, POST   the form; POST signs in
//	/logout  POST        signs out (LOGOUT_METHODS)
//	/verify  GET, POST   asks for the password again (unless FRESHNESS is negative)
//
// Who gives a right password is taken through the engine's funnel: active,
// gates, second factor, session. A wrong password and an unknown account cost
// one hash each. Stored hashes that are weaker than the policy are replaced at
// a successful sign-in.
//
// The feature is also the [doorward.Verifier] of HTTP basic authentication,
// which guards accept only where they list "basic".
//
// # Messages
//
// EMAIL_NOT_PROVIDED, INVALID_EMAIL_ADDRESS, PASSWORD_NOT_PROVIDED,
// INVALID_PASSWORD, USER_DOES_NOT_EXIST, and those of username rules; in
// generic mode all of them become one GENERIC_AUTHN_FAILED.
//
// # Events
//
// The engine's Authenticated, AuthnFailed, Verified and LoggedOut.
package login
