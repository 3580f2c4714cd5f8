package interop_test

import "maps"

// totpSecrets have two tags, so that which one is written with matters.
func totpSecrets() map[string]string {
	return map[string]string{
		"9":  "an old secret that is only read, of enough characters",
		"10": "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFzMKLxXYiZu9B",
	}
}

// keySet is how recovery codes are kept: as text, or sealed by the first key.
type keySet struct {
	name string
	keys []string
}

func keySets() []keySet {
	return []keySet{
		{"as text", nil},
		{"sealed", []string{"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="}},
	}
}

// shared are the settings of both sides, under the names that both know.
func shared() map[string]any {
	return map[string]any{
		"SECRET_KEY":                           "the same key for both sides",
		"SECURITY_PASSWORD_SALT":               "the same salt for both sides",
		"SECURITY_TOTP_SECRETS":                totpSecrets(),
		"SECURITY_TOTP_ISSUER":                 "Interop",
		"SECURITY_TWO_FACTOR":                  true,
		"SECURITY_TWO_FACTOR_ENABLED_METHODS":  []string{"email", "authenticator", "sms"},
		"SECURITY_UNIFIED_SIGNIN":              true,
		"SECURITY_US_ENABLED_METHODS":          []string{"password", "email", "authenticator", "sms"},
		"SECURITY_MULTI_FACTOR_RECOVERY_CODES": true,
	}
}

// original are the settings of the original, to which those of the vault for
// recovery codes belong: our side is given the vault itself.
func original(file string, recoveryKeys []string) map[string]any {
	all := shared()
	maps.Copy(all, map[string]any{
		"SQLALCHEMY_DATABASE_URI": "sqlite:///" + file,
		"WTF_CSRF_ENABLED":        false,
		"SECURITY_SMS_SERVICE":    "Outbox",
		// It hashes as long as its libraries like.
		"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": map[string]any{
			"argon2__time_cost": 1, "argon2__memory_cost": 1024, "argon2__parallelism": 1,
		},
		"SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": recoveryKeys,
		"SECURITY_MULTI_FACTOR_RECOVERY_CODE_TTL":   int(codeTTL.Seconds()),
	})
	return all
}
