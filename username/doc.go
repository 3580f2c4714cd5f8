// Package username lets users change their username, and be sent it when they
// forgot it. Each of the two is on if its part of [Config] is there, and neither
// needs USERNAME_ENABLE, by which usernames are asked for at registration and
// accepted for signing in.
//
// # Routes
//
//	/change-username   GET, POST   for who is signed in and proved it recently
//	/recover-username  GET, POST   for who is signed out
//
// # Changing
//
// The field is username. It must obey the rules of package usernames, and is
// stored in their normal form. Nobody else may have it, in any case of letters
// unless the identity attribute says otherwise: that is asked in one transaction
// with storing it, and where two come at once, or there are no transactions, the
// store's unique index refuses one. One's own name is USERNAME_ALREADY_ASSOCIATED
// if nothing about it changes; other cases of its letters are a change. Whoever
// is signed in can find out by this page which usernames are taken.
//
// Blank, null or missing removes the username, unless USERNAME_REQUIRED is on or
// the account has nothing else that the identity attributes know: then nobody
// could sign in to it any more, and it is USERNAME_NOT_PROVIDED. To have none is
// not to have the same as others who have none.
//
// GET answers {"user", "csrf_token", "current_username"}, POST {"user",
// "csrf_token"}; a browser is led to POST_CHANGE_USERNAME_VIEW, or else where
// signing in leads. The owner is told by a mail unless SEND_USERNAME_CHANGE_EMAIL
// is off (ASVS 6.3.7); with forgot_password on, it leads there. Sessions go on.
//
// # Recovering
//
// The field is email. Its owner gets a mail with the username at the address
// that is stored, or one that says that there is none and the address is enough.
// JSON is answered {"csrf_token"}, and a browser is led to the sign-in page, with
// USERNAME_RECOVERY_REQUEST. Accounts that are switched off or stopped by a gate
// are told apart as at a sign-in, for this is of no use to them.
//
// Limits are LOCKOUT_MAIL_TRIES for who asks, by address, with the answer 429,
// and LOCKOUT_ACCOUNT_MAILS for the account, which is told to nobody.
//
// With RETURN_GENERIC_RESPONSES every address is answered like one with an
// account, malformed ones and none at all included, in both formats byte by byte
// (ASVS 6.3.8), after the same work.
//
// # Settings
//
// CHANGE_USERNAME, CHANGE_USERNAME_URL, POST_CHANGE_USERNAME_VIEW,
// SEND_USERNAME_CHANGE_EMAIL, CHANGE_USERNAME_TEMPLATE,
// CHANGE_USERNAME_EMAIL_TEMPLATE, EMAIL_SUBJECT_USERNAME_CHANGE_NOTICE;
// USERNAME_RECOVERY, USERNAME_RECOVERY_URL, USERNAME_RECOVERY_TEMPLATE,
// USERNAME_RECOVERY_EMAIL_TEMPLATE, EMAIL_SUBJECT_USERNAME_RECOVERY. Both mails
// have username for their templates.
//
// # Messages
//
// On username: API_ERROR, USERNAME_NOT_PROVIDED, USERNAME_ALREADY_ASSOCIATED,
// USERNAME_ILLEGAL_CHARACTERS, USERNAME_DISALLOWED_CHARACTERS,
// USERNAME_MIXED_SCRIPTS, USERNAME_INVALID_LENGTH; then USERNAME_CHANGE. On email:
// EMAIL_NOT_PROVIDED, INVALID_EMAIL_ADDRESS, USER_DOES_NOT_EXIST,
// DISABLED_ACCOUNT and what gates say; then USERNAME_RECOVERY_REQUEST.
//
// # Events
//
// [UsernameChanged] and [RecoverySent], through [Feature.Hooks].
package username
