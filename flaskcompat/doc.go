// Package flaskcompat reads and writes the formats in which Flask-Security keeps
// things, so that an application of either kind can work with a database that
// the other one filled.
//
// So far it has what second factors keep at rest. Both types seal and open one
// value, and fit wherever a feature asks for a vault:
//
//   - [TOTPWallet], the JSON text in which passlib keeps the key of an
//     authenticator: the column tf_totp_secret, and the values in
//     us_totp_secrets;
//   - [RecoveryCodes], one code of the column mf_recovery_codes, as text or as a
//     Fernet token.
//
// These formats are here to be shared with an application that knows no other.
// Where nothing has to be shared, the library's own are better: a wallet is
// encrypted but not authenticated, so that whoever may write to the database can
// change what it decrypts to without being noticed.
//
// A wallet also takes milliseconds to open, which strangers can measure. It does
// the same for accounts that do not exist ([TOTPWallet.OpenFor]): who wraps one in a
// vault of his own must pass that method on.
//
// What is read may have been written by hand, or by somebody who broke into the
// database. Every reader therefore has a bound on size and cost, and refuses what
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
