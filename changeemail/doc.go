// Package changeemail lets users change their email address.
//
// # Routes
//
//	/change-email          GET, POST  asks for the new address; for whoever proved himself recently
//	/change-email/{token}  GET, POST  what the link in the mail leads to; for everybody
//
// The field is email. Both answers in JSON have user and current_email. The link
// goes to the new address, which proves that its mailbox is the user's; the
// address changes when it is used, and counts as confirmed then (confirmed_at).
// GET shows a page with a button, and POST uses the link; with
// SECURITY_LINK_USE=get or in spa mode GET uses it. Whoever has the link needs no
// sign-in for it.
//
// A link works once, for CHANGE_EMAIL_WITHIN, as long as the account is
// active, has the address it had and was not signed out everywhere, and while
// nobody else has the new address, in any case of letters. Of several links
// one works.
//
// # What ends by it
//
// An address is often changed because its mailbox is not to be trusted any
// more, and what reads the mailbox can sign in by links or reset the password.
// So the change gives the account a new uniquifier: links that were mailed to
// the old address are dead, and every session, remembered browser and token of
// the account ends (ASVS 7.4.3), those that FS_TOKEN_UNIQUIFIER makes outlive
// passwords included. A browser that is signed in to the account and opens the
// link goes on, under a new session id and as fresh as it was.
//
// The old address is told when it was replaced (ASVS 6.3.7), and not before: a
// request alone changes nothing, and a second mail for each change would only
// teach people to ignore both. The new address is not in that mail.
//
// # Settings
//
// CHANGE_EMAIL_URL, CHANGE_EMAIL_WITHIN, POST_CHANGE_EMAIL_VIEW,
// CHANGE_EMAIL_ERROR_VIEW, SEND_CHANGE_EMAIL_NOTICE, CHANGE_EMAIL_TEMPLATE,
// CHANGE_EMAIL_CONFIRM_TEMPLATE, CHANGE_EMAIL_EMAIL_TEMPLATE,
// CHANGE_EMAIL_NOTICE_TEMPLATE, CHANGE_EMAIL_SUBJECT,
// CHANGE_EMAIL_NOTICE_SUBJECT. The feature needs a sender of mails and
// SERVER_NAME. Requests count as mails of kind "confirm" (LOCKOUT_MAIL_TRIES),
// and for the new address as mails to it (LOCKOUT_ACCOUNT_MAILS).
//
// # Messages
//
// EMAIL_NOT_PROVIDED, INVALID_EMAIL_ADDRESS and EMAIL_ALREADY_ASSOCIATED on
// email; the user's own address counts as taken. CHANGE_EMAIL_SENT after it. A
// link ends with CHANGE_EMAIL_CONFIRMED, CHANGE_EMAIL_EXPIRED, or API_ERROR for
// whatever else is wrong with it.
//
// # Generic mode and spa mode
//
// With RETURN_GENERIC_RESPONSES an address that is taken is answered as if it
// were free, after the same work; nothing is sent. In spa mode links lead to
// POST_CHANGE_EMAIL_VIEW with success, email (the new one) and identity in the
// query, or to CHANGE_EMAIL_ERROR_VIEW with error; both must be set.
//
// # Events
//
// [InstructionsSent] and [ChangeEmailConfirmed], through [Feature.Hooks].
package changeemail
