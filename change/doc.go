// Package change lets users change their password, and operators set one.
//
// # Routes
//
//	/change  GET, POST  the form; for whoever is signed in
//
// The fields are password, new_password and new_password_confirm. GET answers
// JSON with active_password, which says whether there is an old password to ask
// for; for an account without one the sign-in must be a recent one (FRESHNESS),
// to see the page, too.
//
// The old password is compared within the limits of a sign-in, so that a stolen
// session is no place to guess it: over them the answer is 429. Then the new
// one must differ from it and satisfy the policy, which knows the user's
// address, username and telephone numbers. A password that was changed by
// somebody else while this one was being hashed is not overwritten: the answer
// is INVALID_PASSWORD.
//
// A change ends everything that was signed in as the user: sessions, remembered
// browsers, tokens (but those that FS_TOKEN_UNIQUIFIER makes outlive passwords),
// links in mails (ASVS 7.4.3). The browser that did it goes on under a new
// session id, remembered as before; a client with a token gets a new one. The
// next parameter is not honoured: a browser is sent to POST_CHANGE_VIEW, or
// POST_LOGIN_VIEW.
//
// # Settings
//
// CHANGE_URL, POST_CHANGE_VIEW, CHANGE_PASSWORD_TEMPLATE,
// SEND_PASSWORD_CHANGE_EMAIL, EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE,
// EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE.
//
// # Messages
//
// PASSWORD_NOT_PROVIDED, INVALID_PASSWORD and PASSWORD_IS_THE_SAME on password;
// PASSWORD_NOT_PROVIDED, PASSWORD_INVALID_LENGTH, PASSWORD_TOO_SIMPLE,
// PASSWORD_BREACHED, PASSWORD_BREACHED_SITE_ERROR and PASSWORD_TOO_LONG on
// new_password; PASSWORD_NOT_PROVIDED and RETYPE_PASSWORD_MISMATCH on
// new_password_confirm; PASSWORD_CHANGE after it.
//
// # Mails
//
// The notice change_notice tells the user (ASVS 6.3.7); it leads to the page
// that resets a password, if there is one. Without a sender of mails there is no
// notice.
//
// # Events
//
// [PasswordChanged], through [Feature.Hooks], after the engine's Authenticated
// with "change". A wrong old password is an AuthnFailed.
//
// # For operators
//
// [Feature.Set] sets a password without the old one.
package change
