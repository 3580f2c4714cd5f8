// Package lockout limits how often credentials can be guessed (ASVS 6.1.1,
// 6.3.1; NIST SP 800-63B-4 section 3.2.2). It is on wherever package batteries
// is used.
//
// # Limits
//
// A guess is counted before anything is hashed or compared, and taken back if it
// was right; of any number of requests at once no more than the limit are
// looked at. Passwords, codes and passkeys count alike, at whatever page. An
// account is the same whatever the spelling, and by whichever of its identities.
//
//	what                        free    then
//	account from one address    5       waits of 30 s, 1 min, 2 min ... 15 min, one guess each
//	account from anywhere       20      locked for 15 min, 30 min, 1 h ..., one guess each
//	account, without a sign-in  80      locked until it is unlocked; 100 with those of known browsers
//	address (IPv6: its /64)     100     one guess each 36 s
//
// An address counts what turned out wrong; an account counts what is being
// compared, too, so that its limit holds however many guess at once.
//
// Forged tokens (100 in an hour), registrations (1000) and requests for a link
// that unlocks (20) are counted by address, each apart from the rest.
//
// A sign-in that is complete, second factor included, ends the streak of that
// account at that address and takes it off the account's count. Once a day it
// also forgets the rest of that count, which is of guesses in a row, but opens no
// lock that is running. It changes nothing about other accounts, and nothing
// about the address.
//
// Over a limit the answer is 429 with Retry-After, whether or not the account
// exists and the credential was right, and no hash is computed.
//
// # Who is not locked out
//
// A browser in which an account signed in before has a cookie that says so, and
// 5 free guesses and waits of its own. What strangers do to the account or from
// the same address does not touch it; the last fifth of the account's 100 guesses
// is for such browsers alone. Signing out everywhere and resetting access make
// strangers of all of them.
//
// # Unlocking
//
// Time unlocks, up to the 80; above that a sign-in in a known browser does. The
// mail that the owner gets when the account is locked has a link that does, and
// that makes the browser it is opened in a known one. It works once, and the next
// one comes after 15 minutes, then 30, and so on up to a day. Operators have "doorward users unlock" and
// [Feature.Unlock].
//
// # Routes, if mails can be sent
//
//	/unlock          GET   asks for the address; POST sends a link if the account is locked
//	/unlock/{token}  GET   asks to press a button; POST unlocks
//
// # Messages
//
// TOO_MANY_TRIES (429), UNLOCK_REQUESTED, UNLOCK_IDENTITY_NOT_PROVIDED,
// UNLOCK_LINK_DEAD (404), ACCOUNT_UNLOCKED.
//
// # Events
//
// [Locked], [Unlocked], [Refused].
//
// # Needs
//
// A store of guesses, shared by all processes of the installation; a claim store
// for the links. Behind a proxy the trusted proxies must be named, or all
// visitors are one address.
package lockout
