// Package flaskcompat reads and writes the formats of Flask-Security, so that an
// application of either kind can work beside the other: on one database, with one
// sign-in, and links in mails that either can take.
//
// [New] returns the formats of what travels, as a [codec.Set]: the session of Flask,
// the remember-me cookie of Flask-Login, CSRF tokens of Flask-WTF, authentication
// tokens (version 5 is written, 3 to 5 are read), links in mails, and the cookie of a
// browser that need not give the second factor. [NewStates] has those of what is half
// done: factors and methods being set up, passkeys, and refresh tokens. All but the
// remember-me cookie are signed values of itsdangerous.
//
// What second factors keep at rest has types of its own, which fit wherever a feature
// asks for a vault:
//
//   - [TOTPWallet], the JSON text in which passlib keeps the key of an
//     authenticator: the column tf_totp_secret, and the values in
//     us_totp_secrets;
//   - [RecoveryCodes], one code of the column mf_recovery_codes, as text or as a
//     Fernet token.
//
// These formats are here to be shared with an application that knows no other.
// Where nothing has to be shared, the library's own are better. Whoever knows
// SECRET_KEY can write all that is signed. Cookies are readable by whoever has them. A
// remember-me cookie is good until the uniquifier changes. A wallet is
// encrypted but not authenticated, so that whoever may write to the database can
// change what it decrypts to without being noticed.
//
// The original signs with the last of its fallback keys, and reads remember-me cookies
// and CSRF tokens with none. Here SECRET_KEY signs, and all are read. A value may be
// dated five seconds ahead, because the clocks of two machines differ.
//
// A wallet also takes milliseconds to open, which strangers can measure. It does
// the same for accounts that do not exist ([TOTPWallet.OpenFor]): who wraps one in a
// vault of his own must pass that method on.
//
// What is read may come from a stranger, or have been written by somebody who broke
// into the database. Every reader therefore has a bound on size and cost, and refuses what
// the original never writes even where the original would read it.
package flaskcompat

import "errors"

// MaxStored is how many bytes of a stored value are looked at. The original
// writes about 120 for a wallet and 100 for a recovery code.
const MaxStored = 4096

var (
	// ErrInvalid says that a stored value cannot be read: it is not of the
	// format, or was made with a key that is not configured.
	ErrInvalid = errors.New("flaskcompat: value cannot be read")

	// ErrExpired says that a value is older than it may become, or dated in the
	// future.
	ErrExpired = errors.New("flaskcompat: value has expired")
)
