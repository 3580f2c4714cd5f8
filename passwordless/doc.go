// Package passwordless is signing in by a link in a mail, in place of a
// password.
//
// # Routes
//
//	/login          GET, POST   the form; POST sends a link (route login)
//	/login/{token}  GET, POST   a page with a button; POST signs in (route token_login)
//
// The first is at LOGIN_URL, where the page with the password would be: package
// login leaves its own out. JSON answers of it are {"user": {}, "csrf_token"};
// the object is always empty, because who knows an address has proved nothing.
// The form takes email, and next.
//
// # What a link does
//
// It signs in through the funnel, as "token": an account that is switched off,
// locked by a gate or not confirmed is not let in, and a second factor is asked
// for. It works once, whatever number of requests come at once, for LOGIN_WITHIN.
// It dies when the password, the address or the uniquifier of the account
// changes. What next was asked for goes with it, signed but readable, up to 512
// bytes of it; it is checked when it is asked for, and again when it is used.
//
// Opening a link uses nothing: programs that look at mails do that. The page
// names the account and has one button, with a token against requests of other
// sites, or else they could sign a visitor in to an account of theirs. Where
// LINK_USE is get, and in spa mode, opening is using; then there is no such
// protection. The browser in which a link is used need not be the one that asked
// for it.
//
// A link that is too old offers to send a new one, within the same limits and on
// the same conditions as asking for one. A link in a mailbox is as safe as the
// mailbox: whoever reads the mail is in. Applications with more to protect ask
// for a second factor. Nobody is remembered by a link; the session ends as the
// settings for sessions say. A link is used up before the session is stored, so if
// the store fails between the two (503) another one has to be asked for: a sign-in
// asks gates and second factors and stores in a transaction of its own, and what
// is claimed cannot be given back without letting a second request in.
//
// # Limits
//
// LOCKOUT_MAIL_TRIES for who asks, by address, with the answer 429, and
// LOCKOUT_ACCOUNT_MAILS for the account, which is told to nobody.
//
// # Generic mode
//
// With RETURN_GENERIC_RESPONSES every address gets the answer of one with an
// account, malformed ones and none at all included (ASVS 6.3.8), and the same
// work is done: look-up, count, link and mail. A link whose account may not sign
// in is GENERIC_AUTHN_FAILED.
//
// # Single-page applications
//
// With REDIRECT_BEHAVIOR=spa a link leads to POST_LOGIN_VIEW with email and
// identity in the query, and to LOGIN_ERROR_VIEW, which must be set, with error;
// where a link is too old with email and identity, too. A second factor leads to
// its own page.
//
// # Passwords beside it
//
// Only the sign-in page is replaced. An account may have a password: /verify asks
// for it, and so does basic authentication where an application's guard or
// API_ENABLED_METHODS allows that. An installation without passwords lists
// neither, and leaves out RECOVERABLE and CHANGEABLE. A user without a password
// who is asked to prove himself again signs out and in.
//
// # Settings
//
// LOGIN_WITHIN, LOGIN_ERROR_VIEW, SEND_LOGIN_TEMPLATE, TOKEN_LOGIN_TEMPLATE,
// EMAIL_TEMPLATE_PASSWORDLESS, EMAIL_SUBJECT_PASSWORDLESS. The mail's template
// has login_link, login_token and within.
//
// # Messages
//
// EMAIL_NOT_PROVIDED, INVALID_EMAIL_ADDRESS, USER_DOES_NOT_EXIST,
// DISABLED_ACCOUNT and what gates say on the field email, INVALID_REDIRECT on
// next, LOGIN_EMAIL_SENT; for links INVALID_LOGIN_TOKEN, LOGIN_EXPIRED,
// PASSWORDLESS_LOGIN_SUCCESSFUL.
//
// # Events
//
// [LinkSent], through [Feature.Hooks], and the engine's Authenticated.
package passwordless
