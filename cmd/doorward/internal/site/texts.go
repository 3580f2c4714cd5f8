package site

import "github.com/doorward/doorward"

func texts() map[string]doorward.Text {
	words := map[string]string{
		"site_home_title":    "Welcome",
		"site_signed_in_as":  "You are signed in as",
		"site_signed_out":    "Nobody is signed in here.",
		"site_profile_title": "Your account",
		"site_roles":         "Roles",
		"site_permissions":   "Permissions",
		"site_mechanism":     "Known by",
		"site_via":           "Signed in with",
		"site_at":            "Since",
		"site_none":          "none",

		"site_login":             "Sign in",
		"site_register":          "Create account",
		"site_profile":           "Your account",
		"site_sessions":          "Your sessions",
		"site_change_password":   "Change password",
		"site_change_email":      "Change email address",
		"site_change_username":   "Change username",
		"site_two_factor_setup":  "Two-step sign-in",
		"site_us_setup":          "Other ways to sign in",
		"site_wan_register":      "Passkeys",
		"site_mf_recovery_codes": "Recovery codes",

		"site_security":      "Security",
		"site_off":           "off",
		"site_password_set":  "set",
		"site_password_none": "you have none",
		"site_number_ending": "%(method)s (…%(end)s)",
	}
	out := map[string]doorward.Text{
		"site_codes_left":     {Text: "%(n)d left", Plural: "%(n)d left"},
		"site_sessions_count": {Text: "%(n)d browser is signed in", Plural: "%(n)d browsers are signed in"},
	}
	for key, text := range words {
		out[key] = doorward.Text{Text: text}
	}
	return out
}
