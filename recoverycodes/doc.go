// Package recoverycodes gives users codes that take the place of a second factor
// once each, for when a phone is lost or an authenticator app is gone: look-up
// secrets, as NIST SP 800-63B-4 section 3.1.2 calls them.
//
// # Routes
//
//	/mf-recovery-codes  GET   how many codes there are; ?show_codes shows them
//	/mf-recovery-codes  POST  makes new ones, which replace all others
//	/mf-recovery        GET, POST  takes a code in place of a second factor
//
// The first needs a fresh session. A browser sees codes when it asks for them
// and when they were made; a client that asks for JSON always gets them, as
// "recovery_codes". Making codes does not need a second factor: they can be
// made before it.
//
// The second is for a sign-in that waits for a second factor which its user has
// set up. Any other request to it is out of place: what is pending is cleared,
// and the answer is TWO_FACTOR_PERMISSION_DENIED. A sign-in by a recovery code
// never makes the browser one that may do without a second factor.
//
// # Codes
//
// A code is 48 random bits, written as xxxx-xxxx-xxxx in lower-case
// hexadecimal. Who types it may use capitals, and leave out dashes or add
// spaces. What is typed is compared with every code of the user, in constant
// time.
//
// Users can see their codes again, so they are not hashed but sealed, each by
// itself, with TOTP_SECRETS, and kept in the column mf_recovery_codes; a [Config].Vault takes the place of that format, such as
// the original's of package flaskcompat. A code whose key is gone cannot be used
// and does not count; it stays stored, in case the key comes back, until new
// codes are made. That there is one is logged once.
//
// A code is used up in one update of the user's row, which removes exactly the
// entry it was found in: of any number of parallel requests with it one signs
// in (ASVS 6.5.1).
//
// Tries are counted in two ways: TWO_FACTOR_TRIES for the sign-in that waits, and
// by package lockout for the account and the address.
//
// # Settings
//
// MULTI_FACTOR_RECOVERY_CODES_N says how many codes there are, 1 to 20. TOTP_SECRETS and
// TOTP_ISSUER are needed, as by all features with codes.
//
// # Mails
//
// A user is told when codes are made and when one is used, unless
// SEND_FACTOR_CHANGE_EMAIL is off.
//
// # Messages
//
// INVALID_RECOVERY_CODE, NO_RECOVERY_CODES_SETUP, TWO_FACTOR_PERMISSION_DENIED, and
// on the page after a sign-in RECOVERY_CODES_LEFT, RECOVERY_CODES_ONE_LEFT or
// RECOVERY_CODES_NONE_LEFT.
//
// # Events
//
// [CodesGenerated], [CodeUsed] and [CodesRemoved], through [Feature.Hooks]. A
// wrong code is the engine's AuthnFailed.
//
// # For other features
//
// [Feature.RecoveryCodesLeft] is found with [doorward.Find]: a page that asks
// for a second factor offers this way to who has a code. The feature that asks
// for second factors is given to [doorward.New] before this one.
package recoverycodes
