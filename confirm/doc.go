// Package confirm lets users prove that they read the mail of the address they
// gave. Until then they do not get in.
//
// # The gate
//
// The feature is a [doorward.Gate]: an account whose ConfirmedAt is zero is
// refused with CONFIRMATION_REQUIRED after its credential was proved, however
// that was done, basic authentication included. LOGIN_WITHOUT_CONFIRMATION opens
// the gate. With REQUIRES_CONFIRMATION_ERROR_VIEW a browser is sent there with
// email in the query; a useful value is "send_confirmation", the page below.
//
// # Routes
//
//	/confirm          GET   asks for an address, filled in from the query's email
//	                  POST  sends a link if it is that of an account which is not confirmed
//	/confirm/{token}  GET   asks to press a button
//	                  POST  confirms
//
// Anybody may call them. JSON answers have csrf_token and name no user.
//
// # Links
//
// A link works once, for CONFIRM_EMAIL_WITHIN. It dies with the address it was
// made for and with the uniquifier. Of an account that is confirmed, by a link,
// by a change of the address or by an operator, no link does anything: the
// answer is ALREADY_CONFIRMED, and nobody is signed in. An application that makes
// an account unconfirmed again should give it a new uniquifier
// ([doorward.Accounts.SignOutEverywhere]), or a link that was not used by then
// would still work in its time.
//
// With SECURITY_LINK_USE=get opening a link is using it, unless the request is a
// HEAD or a prefetch.
//
// A link that works signs out whoever else is signed in in that browser.
// AUTO_LOGIN_AFTER_CONFIRM signs its owner in, through the gates and with the
// second factor; what stops that is not told.
//
// The welcome mail of package register has the first link. With
// SEND_REGISTER_EMAIL off the application sends [Feature.ConfirmationLink] itself.
//
// A link says that the address is right, and not who chose the password. If a
// stranger registers somebody's address and its owner confirms it, the stranger
// knows the password still, and with LOGIN_WITHOUT_CONFIRMATION he stays signed in.
// A link cannot tell: users register in one browser and read their mail in
// another, and to end passwords and sessions here would shut out every one of
// them. So the page and the mails ask who did not make an account not to go on,
// the owner of an address that is registered again is offered a new password in
// place of this link (see package register), and a reset ends what the stranger
// has, and confirms.
//
// # Mails
//
// security/email/confirmation_instructions: confirmation_link,
// confirmation_token, within. Strangers cause only so many, by address and by
// account (see package lockout); of those that are too many for an account
// nobody is told. The limits come before the DNS is asked whether an address
// receives mail, and count the answer no, too.
//
// # Generic mode
//
// With RETURN_GENERIC_RESPONSES POST /confirm answers every text as if a link had
// been sent, after the same look-ups and with a mail written that goes nowhere;
// the gate's refusal is GENERIC_AUTHN_FAILED, and leads nowhere.
//
// # Single-page applications
//
// With REDIRECT_BEHAVIOR=spa links lead to POST_CONFIRM_VIEW with success, email
// and identity, or to CONFIRM_ERROR_VIEW with error or info and no name. Both
// views must be set.
//
// # Messages
//
// CONFIRMATION_REQUIRED, CONFIRMATION_REQUEST, EMAIL_NOT_PROVIDED,
// INVALID_EMAIL_ADDRESS, USER_DOES_NOT_EXIST, ALREADY_CONFIRMED, EMAIL_CONFIRMED,
// INVALID_CONFIRMATION_TOKEN, CONFIRMATION_EXPIRED.
//
// # Events
//
// [InstructionsSent] and [Confirmed], through [Feature.Hooks].
//
// # Needs
//
// A mail sender, SERVER_NAME, and a store of claims.
package confirm
