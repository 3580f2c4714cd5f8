// Package register lets visitors make an account.
//
// # Routes
//
//	/register  GET, POST  the form; POST makes the account
//
// The fields are email, password, password_confirm (unless
// PASSWORD_CONFIRM_REQUIRED is off), next, username (if usernames are on), and
// those of [Config].Fields; where a password is optional, next comes before it. Nothing else of what is posted reaches the user's
// record. All of them are checked before the visitor is answered, and a
// password must satisfy the policy.
//
// Who registered is signed in, through the same gates as everybody; where one
// of them refuses, the account is there and the answer says so without signing
// in. Where addresses are confirmed the message is CONFIRM_REGISTRATION, whether
// the gate of package confirm lets him in before or not.
//
// # Without a password
//
// With PASSWORD_REQUIRED=false a password may be left out, in both fields; one
// that is given is checked like any other. Who gives none gets, in the same step as
// the account, a secret from which codes are made that are sent to the address:
// the feature with the method NewUserSecrets has it, package unified. So the
// setting needs UNIFIED_SIGNIN with email among US_ENABLED_METHODS, and a sender of mails.
// A password can be set later, by packages change or reset.
//
// # Mails
//
// If mails can be sent, and unless SEND_REGISTER_EMAIL is off, a registration
// causes one. Templates find these under .Mail:
//
//	security/email/welcome                    to the new account: confirmation_link,
//	                                          confirmation_token (null if there is nothing to confirm)
//	security/email/welcome_existing           to the owner of the address: recovery_link, reset_link,
//	                                          reset_token (if passwords can be reset), confirmation_link,
//	                                          confirmation_token (if he has not confirmed; the built-in
//	                                          mail shows it where there is no reset_link)
//	security/email/welcome_existing_username  to the address that was typed: email, username
//
// The second and third are sent in generic mode only. Links are made by features
// with the methods ConfirmationLink and ResetLink, as packages confirm and reset
// have them.
//
// A stranger decides who gets these mails. The limits of package lockout bound
// how many a network causes and how many an address gets; more are not sent,
// and nobody is told. Every form counts, good or not, before the DNS is asked whether
// its address receives mail. The built-in templates have no word of what he typed;
// templates of your own should keep to that: the fields of .User come from the
// form.
//
// # Generic mode
//
// With RETURN_GENERIC_RESPONSES an address or username that is taken is
// answered as if it had been free (ASVS 6.3.8): the same bytes, after the same
// look-ups, one mail, and one password hash, or none where none was given. What differs is one transaction: it
// stores a row if both were free, and is rolled back after its look-ups if not; and
// where a unique column of the application's own is taken, both are looked up once
// more to find out why. Nobody is signed in and no user is named. Only the
// mail says what was the matter, to the owner of the address.
//
// # Somebody else's address
//
// Anybody can register an address that is not his, choose the password, and wait
// for its owner to confirm it. Nothing here can tell the two apart: whoever
// confirms the first mail has confirmed the stranger's account, and the stranger
// knows its password. The mail asks who made no account not to open the link. If
// the owner registers, too, the mail that he gets in generic mode offers him a new
// password instead of that link, where package reset is there: this ends the
// stranger's password and sessions, and confirms. An installation with
// confirmations should have resets, too. A template of its own should keep to that.
//
// # Uniqueness
//
// Addresses and usernames are compared as the identity attributes say, usually
// in any letter case, in one transaction with the new row where the store has
// transactions. A database that runs transactions side by side should have a
// unique index on the lower-case column as well: the column's own index tells
// letter cases apart.
//
// # Messages
//
// EMAIL_NOT_PROVIDED, INVALID_EMAIL_ADDRESS, EMAIL_ALREADY_ASSOCIATED,
// PASSWORD_NOT_PROVIDED, RETYPE_PASSWORD_MISMATCH, PASSWORD_INVALID_LENGTH,
// PASSWORD_TOO_SIMPLE, PASSWORD_BREACHED, PASSWORD_BREACHED_SITE_ERROR,
// USERNAME_NOT_PROVIDED, USERNAME_ALREADY_ASSOCIATED and those of the username
// rules, IDENTITY_ALREADY_ASSOCIATED, FIELD_NOT_PROVIDED, and on the page after
// it REGISTERED, CONFIRM_REGISTRATION or REGISTRATION_RECEIVED.
//
// # Events
//
// [Registered] and [NotRegistered], through [Feature.Hooks].
package register
