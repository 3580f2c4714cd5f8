package doorward

import (
	"context"
	"time"
)

// Account holds the fields of a user that the engine and the features read and
// write. An application embeds it in its own user type:
//
//	type User struct {
//		ID      int64  `db:"id,pk"`
//		Company string `db:"company"`
//		doorward.Account
//	}
//
// The primary key stays the application's. Account has one exported method
// only, and no MarshalJSON, String or Validate: an embedded method is promoted
// and would silently take the place of the application's own. Secrets carry
// json:"-" instead.
//
// The db tags name the columns of the fsqla_v4 user model. A column marked
// secret is not loaded with a request (see [UserStore.LoadUser]); one marked
// optional may be missing from the table. The zero value of a field is NULL.
type Account struct {
	Email        string `db:"email" json:"email"`
	Username     string `db:"username" json:"username,omitempty"`
	PasswordHash string `db:"password,secret" json:"-"`
	// Active is false for an account that has no access at all.
	Active bool `db:"active" json:"active"`
	// Uniquifier is the identity in sessions, remember-me and tokens: 32
	// lower-case hexadecimal characters. Changing it ends them all at once.
	Uniquifier string `db:"fs_uniquifier" json:"-"`
	// TokenUniquifier, where the column exists, takes its place in tokens, so
	// that they outlive a change of password.
	TokenUniquifier string    `db:"fs_token_uniquifier,optional" json:"-"`
	ConfirmedAt     time.Time `db:"confirmed_at" json:"confirmed_at,omitzero"`

	LastLoginAt    time.Time `db:"last_login_at,cold" json:"-"`
	CurrentLoginAt time.Time `db:"current_login_at,cold" json:"-"`
	LastLoginIP    string    `db:"last_login_ip,cold" json:"-"`
	CurrentLoginIP string    `db:"current_login_ip,cold" json:"-"`
	LoginCount     int       `db:"login_count,cold" json:"-"`

	TFPrimaryMethod string            `db:"tf_primary_method,cold" json:"-"`
	TFTOTPSecret    string            `db:"tf_totp_secret,secret" json:"-"`
	TFPhoneNumber   string            `db:"tf_phone_number,cold" json:"-"`
	USTOTPSecrets   map[string]string `db:"us_totp_secrets,secret" json:"-"`
	USPhoneNumber   string            `db:"us_phone_number,cold" json:"-"`
	WebAuthnHandle  string            `db:"fs_webauthn_user_handle,cold" json:"-"`
	RecoveryCodes   []string          `db:"mf_recovery_codes,secret" json:"-"`

	CreatedAt time.Time `db:"create_datetime,cold" json:"-"`
	UpdatedAt time.Time `db:"update_datetime,cold" json:"-"`
}

// SecurityAccount returns a itself. Embedding promotes it, which is what makes
// the application's type a [User].
func (a *Account) SecurityAccount() *Account { return a }

// User is an application's user record: a pointer to any struct that embeds
// [Account].
//
// Two optional methods are looked for: SecurityPayload() map[string]any is what
// the JSON answers show of the user (nothing, if it is missing), and
// RedirectParams() map[string]string adds to the query of single-page-app
// redirects.
type User interface {
	SecurityAccount() *Account
}

// CurrentUser returns the user who makes the request that ctx belongs to, as
// the application's own type. The error is [ErrAnonymous] if nobody is signed
// in; any other error means that it could not be found out (the store is down,
// or U is not the store's type), which is not the same. The account comes
// without its secret and rarely needed columns; see [UserStore.LoadUser].
func CurrentUser[U User](ctx context.Context) (U, error) {
	var none U
	id, err := IdentityFrom(ctx)
	if err != nil {
		return none, err
	}
	u, ok := id.User.(U)
	if !ok {
		return none, &typeError{want: none, have: id.User}
	}
	return u, nil
}
