// Package unified is signing in at one page with whatever a user has: a password,
// a code by mail or text message, the code of an authenticator application, or the
// link of a mail.
//
// # Routes
//
//	/us-signin            GET, POST  the form; POST signs in (route us_signin)
//	/us-signin/send-code  POST       sends a code, and in a mail a link, too
//	/us-verify-link       GET, POST  a page with a button; POST signs in
//	/us-verify            GET, POST  asks for proof again (unless FRESHNESS is negative)
//	/us-verify/send-code  POST       sends a code for that
//	/us-setup             GET, POST  sets up and removes ways to sign in; for whoever proved himself recently
//	/us-setup/{token}     POST       takes the code that completes a set-up
//
// With US_SIGNIN_REPLACES_LOGIN the sign-in page answers at LOGIN_URL, too (route
// login), and package login leaves its own out.
//
// # Signing in
//
// The form takes identity (any of USER_IDENTITY_ATTRIBUTES), passcode, remember
// and next. The passcode is tried as each of US_ENABLED_METHODS in their order;
// the one that it is of is how the user signed in. All of that is one proof:
// limits count it once, by account and address. A wrong one costs the same for
// every account and for none: one hash, and for what looks like a code one update
// of the store by method. A code may be written with spaces and dashes, and be a
// JSON number, whose leading zeros are restored.
//
// Whether the account is active, confirmed and not locked is asked when the
// passcode was right, and told on the field identity. After one of the methods in
// US_MFA_REQUIRED a second factor is asked for where there is one; the others
// count as two.
//
// # Codes and links
//
// A code is accepted once, wherever it is used: to sign in, to prove again, as
// part of a link (see package codes). The link of a mail holds the same code as
// the mail, so that using one of the two uses up both. Opening the link uses
// nothing, since programs that look at mails do that: its page names the account
// and has one button, with a token against requests of other sites. Where
// LINK_USE is get, and in spa mode, opening is using, but not by HEAD, by a
// prefetch or inside of a page of another site. It is id and code in the query:
// id is the account's uniquifier, which says nothing to who reads it in a log.
// A link of an account without an address, or whose code is old, is INVALID_CODE.
//
// A code that could not be sent is FAILED_TO_SEND_CODE on chosen_method with the
// status 500, after CODE_SEND_TIMEOUT at the latest.
//
// # Setting up
//
// The form takes chosen_method with phone, delete_method (one or several), or
// both. What is to be set up gets a new secret and a code of it; the answer has a
// state, which with the code completes it at /us-setup/{state} and not before:
// nothing is stored until the code has come back, the phone number included. A
// state is bound to the account that it was made for, works once, within
// US_SETUP_WITHIN, and holds the secret sealed. Phone numbers are kept in E.164.
// One that another account has is refused when it is asked for, as slowly as one
// that gets a code, and once more by the unique column when it is stored.
//
// A password is not set up or removed here. The last way to sign in of an account
// that has no password cannot be removed: US_LAST_METHOD.
//
// Users are told by mail of what was set up and removed (see
// [codes.Codes.Notify]). [Feature.Methods] says what a user has, and
// [Feature.Reset] takes it away, for operators; [Feature.NewUserSecrets] is what
// an account gets that is made without a password.
//
// # Answers in JSON
//
//	GET /us-signin        available_methods, code_methods, identity_attributes (user, if signed in)
//	POST /us-signin       user, tf_required
//	POST .../send-code    nothing but csrf_token
//	GET /us-verify        available_methods, code_methods, has_webauthn_verify_credential, oauth_enabled, oauth_providers
//	POST /us-verify       user
//	GET /us-setup         identity_attributes, available_methods, active_methods, setup_methods, phone
//	POST /us-setup        chosen_method, phone, state, and for an authenticator authr_key, authr_b32key,
//	                      authr_username, authr_issuer, authr_uri; nothing after a removal alone
//	POST /us-setup/...    chosen_method, phone
//
// # Limits
//
// Passcodes: those of package lockout, for the account and the address. Codes:
// LOCKOUT_MAIL_TRIES for who asks, by address, with the answer 429;
// LOCKOUT_ACCOUNT_CODES for the account, which is told to its user and to no
// stranger; CODE_TRIES wrong tries for a code that was sent.
//
// # Generic mode
//
// With RETURN_GENERIC_RESPONSES a sign-in fails with one GENERIC_AUTHN_FAILED for
// the form as a whole, whatever was wrong, and asking for a code is answered as if
// it was sent, with GENERIC_US_SIGNIN: the same is looked up, counted, made and
// written for every identity (ASVS 6.3.8), and what is sent is sent in the
// background. A link that does not sign in is GENERIC_AUTHN_FAILED.
//
// # Single-page applications
//
// With REDIRECT_BEHAVIOR=spa a link leads to POST_LOGIN_VIEW with email and
// identity in the query, and to LOGIN_ERROR_VIEW, which must be set, with error;
// with email and identity, too, where the code was wrong (not in generic mode).
// A user who must give a second factor is not signed in by a link there:
// LOGIN_ERROR_VIEW gets tf_required=1, email and identity.
//
// # Settings
//
// US_ENABLED_METHODS, US_MFA_REQUIRED, US_TOKEN_VALIDITY, US_SETUP_WITHIN,
// US_SIGNIN_REPLACES_LOGIN, the URLs and templates of the pages, US_POST_SETUP_VIEW,
// US_EMAIL_TEMPLATE, US_EMAIL_SUBJECT; TOTP_SECRETS, TOTP_ISSUER and CODE_* of
// package codes. Codes by mail need a sender of mails and SERVER_NAME; codes by
// text message a sender of those. What cannot be sent is not offered. The mail's
// template has token, login_token, login_link ("" if there is none), username and
// within.
//
// # Messages
//
// US_SPECIFY_IDENTITY, DISABLED_ACCOUNT and what gates say on identity;
// INVALID_PASSWORD_CODE on passcode; US_METHOD_NOT_AVAILABLE, PHONE_INVALID and
// FAILED_TO_SEND_CODE on chosen_method; US_METHOD_NOT_AVAILABLE and US_LAST_METHOD
// on delete_method; PHONE_INVALID and IDENTITY_ALREADY_ASSOCIATED on phone;
// API_ERROR and US_SETUP_EXPIRED for states; API_ERROR, USER_DOES_NOT_EXIST and
// INVALID_CODE for links; CODE_HAS_BEEN_SENT, GENERIC_US_SIGNIN,
// US_SETUP_SUCCESSFUL, US_METHOD_REMOVED, REAUTHENTICATION_SUCCESSFUL,
// PASSWORDLESS_LOGIN_SUCCESSFUL when something worked.
//
// # Events
//
// [CodeSent] and [ProfileChanged], through [Feature.Hooks], and the engine's
// Authenticated, Verified and AuthnFailed, whose kind is "passcode".
package unified
