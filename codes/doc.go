// Package codes makes one-time codes, sends them and accepts each of them once.
// Two-factor and unified sign-in do so in the same way: they differ in when.
//
// # How a code is used up
//
// Every code is one of RFC 6238, of a secret of its user's: for an authenticator
// application, and as well for what is sent by mail or text message, so that an
// application of the original beside this one reads the same columns. The
// original accepts a code as often as it is sent within its time. Here what
// became of a secret's codes is kept in two rows of the
// [doorward.GuessStore], under hashes of the secret:
//
//	used   Until: codes of steps before it are not looked at any more
//	sent   Until: the step whose code was sent; Count: wrong tries since
//
// A code is compared, accepted and used up in one update of both, so that of any
// number of parallel requests with it one wins (RFC 6238 section 5.2, ASVS
// 6.5.1). The used row only ever goes forward, whatever the clock does. Where
// codes are sent, the one that was sent last is accepted and no other of its
// window (ASVS 6.6.2); it dies after CODE_TRIES wrong tries. Sending again sends
// the same one while it has half of its time left, and does not give back tries.
//
// Tries are also counted for the account and the address, by the engine's
// limiters, and for the sign-in that waits: callers compare inside of a
// [doorward.Proof].
//
// # At rest
//
// Secrets are sealed with the keys of TOTP_SECRETS, by tag: the highest tag
// seals, every tag opens, so that keys can be changed. A [Vault] takes the place
// of that format.
package codes
