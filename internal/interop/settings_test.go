package interop_test

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
func shared(recoveryKeys []string) map[string]any {
	all := map[string]any{
		"SECRET_KEY":                              "the same key for both sides",
		"SECURITY_PASSWORD_SALT":                  "the same salt for both sides",
		"SECURITY_TOTP_SECRETS":                   totpSecrets(),
		"SECURITY_TOTP_ISSUER":                    "Interop",
		"SECURITY_TWO_FACTOR":                     true,
		"SECURITY_TWO_FACTOR_ENABLED_METHODS":     []string{"email", "authenticator"},
		"SECURITY_UNIFIED_SIGNIN":                 true,
		"SECURITY_US_ENABLED_METHODS":             []string{"password", "email", "authenticator"},
		"SECURITY_MULTI_FACTOR_RECOVERY_CODES":    true,
		"SECURITY_MULTI_FACTOR_RECOVERY_CODE_TTL": int(codeTTL.Seconds()),
	}
	if recoveryKeys != nil {
		all["SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS"] = recoveryKeys
	}
	return all
}
