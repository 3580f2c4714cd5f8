// Package reset lets users choose a new password by a link that they get by
// mail.
//
// # Routes
//
//	/reset          GET, POST  forgot_password: the form; POST sends a link
//	/reset/{token}  GET, POST  reset_password: the form for the new password; POST sets it
//
// Anybody may use both, signed in or not; who is signed in finds the first form
// filled in. The fields are email, and password with password_confirm. All that
// is wrong with a form is said at once, and leaves the link as good as it was.
//
// A link works once, within RESET_PASSWORD_WITHIN (a day, as NIST SP 800-63B-4
// has it for secrets that go by mail). It dies when the password, the address or
// the uniquifier of its account changes: by another link, by a change of the
// password, by signing out everywhere. Opening it changes nothing, in any mode.
// A user who has no password yet may get one this way.
//
// # What a reset does
//
// The password and a new uniquifier are stored in one step with the use of the
// link. Every session, remembered browser and token of the account ends, that of
// the visitor included (ASVS 7.4.3). Tokens of users with a TokenUniquifier end,
// too, where Flask-Security lets them live: who resets a password often does so
// because somebody else is in the account, and that one's token must not
// outlive it. Changing the password leaves them.
//
// Who has the link reads the mail of the address. So an address that was not
// confirmed is confirmed in the same step, and the event says so. That is the safe
// way in for somebody whose address a stranger has registered: the stranger's
// password and sessions end with it, which confirming alone would leave.
//
// Strangers' wrong guesses at the account are forgotten (the event of package
// lockout, Unlocked, has By "reset"), and its owner gets a notice (ASVS 6.3.7). Nobody is signed in, unless AUTO_LOGIN_AFTER_RESET is on;
// then the visitor goes through the same gates and second factor as everybody
// (ASVS 6.4.3). Where they stop him, the password is set all the same, and the
// answer says so without signing in. It is better off: who types the new password
// once more has noted it.
//
// # Who gets no link
//
// An account that is switched off, or stopped by a gate: with package confirm,
// one whose address is not confirmed. A link of [Feature.ResetLink] works for it
// all the same, as in the mail to the owner of an address that is registered
// again. The link of an account that is switched
// off after it was sent is dead for as long as that lasts: it would set a
// password for when the account comes back. Gates are not asked again when a
// link is used. They are about signing in, and are asked there.
//
// # Generic mode
//
// With RETURN_GENERIC_RESPONSES every request for a link is answered as if it
// had been sent, also one for what is no address. For every address the same
// look-up, limits and mail are made (ASVS 6.3.8). The limits come before the DNS is
// asked whether an address receives mail, and count the answer no, too. No password is hashed for any
// of them, so that none is needed for the others. Only a field of the wrong type
// is told.
//
// # Single-page applications
//
// With REDIRECT_BEHAVIOR=spa opening a link leads to RESET_VIEW?token=..., and one
// that does not work to RESET_ERROR_VIEW?error=...; neither names the account. The
// application posts the new password to /reset/{token} as JSON.
//
// # Messages
//
// EMAIL_NOT_PROVIDED, INVALID_EMAIL_ADDRESS, USER_DOES_NOT_EXIST,
// DISABLED_ACCOUNT and what gates say, on email; PASSWORD_RESET_REQUEST.
// INVALID_RESET_PASSWORD_TOKEN, PASSWORD_RESET_EXPIRED for the form as a whole;
// PASSWORD_NOT_PROVIDED, RETYPE_PASSWORD_MISMATCH, PASSWORD_TOO_LONG and those of
// the policy on their fields; PASSWORD_RESET_NO_LOGIN, PASSWORD_RESET.
//
// # Events
//
// [InstructionsSent] and [PasswordReset], through [Feature.Hooks]. With
// SEND_PASSWORD_RESET_EMAIL off the application sends the mail itself, in a
// listener to the first, whose token nothing prints: the link is RESET_URL/token.
// [Feature.ResetLink] makes links for mails of other kinds.
//
// # Needs
//
// A claim store; a sender of mails and SERVER_NAME, unless both mails are off.
package reset
