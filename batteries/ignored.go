package batteries

import (
	"maps"
	"slices"
)

// Ignored are settings of Flask-Security that are accepted and change nothing
// here, with why: whoever moves keeps his file. A loader passes them over.
func Ignored() map[string]string {
	const (
		dead  = "the original does not use it either"
		flask = "it is about Flask"
	)
	return map[string]string{
		"SECURITY_CHANGE_SALT":                dead,
		"SECURITY_CHANGE_EMAIL_CONFIRM_URL":   dead,
		"SECURITY_TWO_FACTOR_IMPLEMENTATIONS": "second factors are features of their own",
		"SECURITY_BLUEPRINT_NAME":             flask,
		"SECURITY_STATIC_FOLDER":              flask,
		"SECURITY_ANONYMOUS_USER_DISABLED":    flask,
		"SECURITY_DATETIME_FACTORY":           flask,
		"SECURITY_JOIN_USER_ROLES":            "roles always come with the user",
		"SECURITY_USE_REGISTER_V2":            "there is one registration form",
		"SECURITY_I18N_DOMAIN":                "translations are found by their keys",
		"SECURITY_CLI_USERS_NAME":             "commands have fixed names",
		"SECURITY_CLI_ROLES_NAME":             "commands have fixed names",
	}
}

// Foreign are the names that are no fields of [Config] and yet known, for a
// [conf.Loader].
func Foreign() []string { return append(slices.Sorted(maps.Keys(Ignored())), Messages+"*") }
