// Package register lets visitors make an account.
//
// # Routes
//
//	/register  GET, POST  the form; POST makes the account
//
// The fields are email, password, password_confirm (unless
// PASSWORD_CONFIRM_REQUIRED is off), next, username (if usernames are on), and
// those of [Config].Fields. Nothing else of what is posted reaches the user's
// record. All of them are checked before the visitor is answered, and a
// password must satisfy the policy.
//
// Who registered is signed in, through the same gates as everybody; where one
// of them refuses, the account is there and the answer says so without signing
// in.
//
// # Generic mode
//
// With RETURN_GENERIC_RESPONSES an address or username that is taken is
// answered as if it had been free (ASVS 6.3.8): the same bytes, after the same
// look-ups and one password hash. Nobody is signed in and no user is named.
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
// it REGISTERED or REGISTRATION_RECEIVED.
//
// # Events
//
// [Registered] and [NotRegistered], through [Feature.Hooks].
package register
