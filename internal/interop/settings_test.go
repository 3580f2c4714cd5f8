package interop_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
)

// Variants of the settings. Each is a pair of applications, and all pairs of a
// world are on one database.
const (
	plain        = "plain"
	sealed       = "sealed"       // recovery codes are sealed with keys of their own
	passwordless = "passwordless" // links sign in
	rotated      = "rotated"      // another secret key; that of the rest is its fallback
	renamed      = "renamed"      // the CSRF token goes by another name
)

func variants() []string { return []string{plain, sealed, passwordless, rotated, renamed} }

// csrfField is the name of the CSRF token in forms, and of its secret in sessions.
func csrfField(variant string) string {
	if variant == renamed {
		return "anti_forgery"
	}
	return "csrf_token"
}

const (
	firstKey  = "the first key of both sides"
	secondKey = "the second key of both sides"

	// codeTTL is how long sealed recovery codes last.
	codeTTL = time.Hour
)

// recoveryKeys seal recovery codes: the first one writes, both read.
func recoveryKeys(variant string) []string {
	if variant != sealed {
		return nil
	}
	return []string{"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="}
}

// totpSecrets have two tags, so that which one is written with matters.
func totpSecrets() map[string]string {
	return map[string]string{
		"9":  "an old secret that is only read, of enough characters",
		"10": "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFzMKLxXYiZu9B",
	}
}

// schemes are the kinds of password hash that both sides know.
func schemes() []string {
	return []string{
		"argon2", "bcrypt", "pbkdf2_sha512", "pbkdf2_sha256", "sha512_crypt", "sha256_crypt", "scrypt",
		"pbkdf2_sha1", "django_argon2", "django_bcrypt_sha256", "django_bcrypt", "django_pbkdf2_sha256", "django_pbkdf2_sha1",
		"django_salted_sha1", "django_salted_md5", "plaintext",
	}
}

// shared are the settings of both sides, under the names that both know.
func shared(variant string) map[string]any {
	all := map[string]any{
		"SECRET_KEY":                           firstKey,
		"SECURITY_PASSWORD_SALT":               "the same salt for both sides",
		"SECURITY_PASSWORD_SCHEMES":            schemes(),
		"SECURITY_TOTP_SECRETS":                totpSecrets(),
		"SECURITY_TOTP_ISSUER":                 "Interop",
		"WTF_CSRF_FIELD_NAME":                  csrfField(variant),
		"SECURITY_TRACKABLE":                   true,
		"SECURITY_REGISTERABLE":                true,
		"SECURITY_CONFIRMABLE":                 true,
		"SECURITY_RECOVERABLE":                 true,
		"SECURITY_CHANGEABLE":                  true,
		"SECURITY_CHANGE_EMAIL":                true,
		"SECURITY_TWO_FACTOR":                  true,
		"SECURITY_TWO_FACTOR_ENABLED_METHODS":  []string{"email", "authenticator", "sms"},
		"SECURITY_TWO_FACTOR_ALWAYS_VALIDATE":  false,
		"SECURITY_UNIFIED_SIGNIN":              true,
		"SECURITY_US_ENABLED_METHODS":          []string{"password", "email", "authenticator", "sms"},
		"SECURITY_MULTI_FACTOR_RECOVERY_CODES": true,
		// Where a link leads tells whether it has worked.
		"SECURITY_POST_CONFIRM_VIEW":       "/confirmed",
		"SECURITY_CONFIRM_ERROR_VIEW":      "/unconfirmed",
		"SECURITY_POST_CHANGE_EMAIL_VIEW":  "/changed",
		"SECURITY_CHANGE_EMAIL_ERROR_VIEW": "/unchanged",
	}
	switch variant {
	case sealed:
		all["SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS"] = recoveryKeys(sealed)
		all["SECURITY_MULTI_FACTOR_RECOVERY_CODE_TTL"] = int(codeTTL.Seconds())
	case passwordless:
		all["SECURITY_PASSWORDLESS"] = true
	case rotated:
		all["SECRET_KEY"], all["SECRET_KEY_FALLBACKS"] = secondKey, []string{firstKey}
	}
	return all
}

// original adds what only the original knows.
func original(db *testdb.Database, variant string) map[string]any {
	all := shared(variant)
	maps.Copy(all, map[string]any{
		"SQLALCHEMY_DATABASE_URI":   strings.Replace(db.URL, "postgres://", "postgresql+psycopg://", 1),
		"SECURITY_PASSWORD_HASH":    "argon2",
		"WTF_CSRF_CHECK_DEFAULT":    false, // the pages of Flask-Security check for themselves; those of the tests do not
		"SECURITY_SMS_SERVICE":      "Outbox",
		"SECURITY_LOGIN_ERROR_VIEW": "/login",
		// As cheap as the other side lets it be, and the same there.
		"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": map[string]any{
			"argon2__memory_cost": 19456, "argon2__time_cost": 2, "argon2__parallelism": 1,
			"bcrypt__default_rounds": 10, "pbkdf2_sha1__default_rounds": 1000, "scrypt__default_rounds": 14,
			"sha256_crypt__default_rounds": 5000, "sha512_crypt__default_rounds": 5000,
		},
		// By default browsers get it over TLS only.
		"SECURITY_TWO_FACTOR_VALIDITY_COOKIE": map[string]any{"httponly": true, "secure": false, "samesite": "Strict"},
	})
	if db.Kind == testdb.SQLite {
		all["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + strings.TrimPrefix(db.URL, "sqlite:")
		// Two processes write one file: each waits this many seconds for the other.
		all["SQLALCHEMY_ENGINE_OPTIONS"] = map[string]any{"connect_args": map[string]any{"timeout": 30}}
	}
	return all
}

// environment is what our side is told, as KEY=value.
func environment(t *testing.T, db *testdb.Database, variant, dir string) (out []string) {
	t.Helper()
	all := shared(variant)
	maps.Copy(all, map[string]any{
		"DATABASE_URL":                        db.URL,
		"DOORWARD_ADDR":                       "127.0.0.1:0",
		"DOORWARD_SECRETS_FILE":               dir + "/" + variant + ".secrets",
		"DOORWARD_DEV_MAIL_KEEP":              100_000,
		"PREFERRED_URL_SCHEME":                "http",
		"SECURITY_FLASK_COMPAT":               true,
		"SECURITY_USERNAME_ENABLE":            true,
		"SECURITY_CHANGE_USERNAME":            true,
		"SECURITY_EMAIL_CHECK_DELIVERABILITY": false,
		"SECURITY_PASSWORD_ARGON2_MEMORY":     19456,
		"SECURITY_PASSWORD_ARGON2_TIME":       2,
		"SECURITY_PASSWORD_ARGON2_THREADS":    1,
		// All visitors come from one address, and guess wrong on purpose.
		"SECURITY_LOCKOUT_TRIES":          1_000,
		"SECURITY_LOCKOUT_ACCOUNT_TRIES":  1_000,
		"SECURITY_LOCKOUT_ADDRESS_TRIES":  1_000_000,
		"SECURITY_LOCKOUT_MAIL_TRIES":     1_000_000,
		"SECURITY_LOCKOUT_TEXT_TRIES":     1_000_000,
		"SECURITY_LOCKOUT_REGISTER_TRIES": 1_000_000,
		"SECURITY_LOCKOUT_ACCOUNT_MAILS":  1_000_000, // and some do the same all the time
	})
	for name, value := range all {
		text, is := value.(string)
		if !is {
			b, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		out = append(out, fmt.Sprintf("%s=%s", name, text))
	}
	return out
}
