package fromflask

import "strings"

// lacking says why a name of the original, of Flask or of their companions has
// no equivalent here. It is empty for other names.
func lacking(name string) string {
	if why := lackingNames()[name]; why != "" {
		return why
	}
	for _, p := range []struct{ prefix, why string }{
		{"SECURITY_WAN_", "there are no passkeys here yet"},
		{"SECURITY_WEBAUTHN", "there are no passkeys here yet"},
		{"SECURITY_OAUTH_", "there is no sign-in through other sites (OAuth) here yet"},
		{"SECURITY_POST_OAUTH_", "there is no sign-in through other sites (OAuth) here yet"},
		{"SECURITY_REFRESH_TOKEN", "there are no refresh tokens here yet"},
		{"SQLALCHEMY_", "it is about SQLAlchemy; see DOORWARD_DATABASE_..."},
		{"SESSION_REDIS", "sessions are rows of the database here"},
		{"BABEL_", "it is about Flask-Babel"},
		{"MAIL_", "it is about how Python sends mails"},
	} {
		if strings.HasPrefix(name, p.prefix) {
			return p.why
		}
	}
	switch {
	case !strings.HasPrefix(name, "SECURITY_"):
		return ""
	case strings.HasSuffix(name, "_FORM"):
		return "forms are Go types here; their texts and templates can be replaced"
	case strings.HasSuffix(name, "_CLS"):
		return "classes of Python have no place here; events and fields of batteries.Config have"
	}
	return ""
}

func lackingNames() map[string]string {
	const (
		flask  = "it is about Flask"
		python = "it is a function of Python; in Go, an event or a field of batteries.Config takes its place"
		redir  = "the original does not use it either"
	)
	return map[string]string{
		"DEBUG": "see DOORWARD_LOG_LEVEL", "TESTING": flask, "ENV": flask, "EXPLAIN_TEMPLATE_LOADING": flask,
		"TEMPLATES_AUTO_RELOAD": flask, "PROPAGATE_EXCEPTIONS": flask, "TRAP_HTTP_EXCEPTIONS": flask,
		"TRAP_BAD_REQUEST_ERRORS": flask, "SEND_FILE_MAX_AGE_DEFAULT": flask, "JSON_SORT_KEYS": flask, "PROVIDE_AUTOMATIC_OPTIONS": flask,
		"MAX_CONTENT_LENGTH": "see SECURITY_MAX_BODY", "MAX_COOKIE_SIZE": "see SECURITY_MAX_COOKIE", "TRUSTED_HOSTS": "see SERVER_NAME, and the proxy in front",
		"SESSION_TYPE": "Flask-Session keeps sessions on its own: the two sides cannot share them; use Flask's own cookie during the move",

		"SECURITY_DEPRECATED_PASSWORD_SCHEMES": "every hash that is not of SECURITY_PASSWORD_HASH is replaced when its password is used, as with auto",
		"SECURITY_HASHING_SCHEMES":             "it is about the inside of links in mails",
		"SECURITY_DEPRECATED_HASHING_SCHEMES":  "it is about the inside of links in mails",
		"SECURITY_INPUT_NORMALIZE_FORM":        "it is about names of passkeys, which are not here yet",
		"SECURITY_USERNAME_ALLOWED_CHARS":      "usernames are letters and digits here, too",
		"SECURITY_RENDER_TEMPLATE":             python,
		"SECURITY_SCRIPT_NONCE_KEY":            "the pages have no scripts that need one; see SECURITY_CONTENT_SECURITY_POLICY",
		"SECURITY_TOKEN_EXPIRE_TIMESTAMP":      python,
		"SECURITY_TWO_FACTOR_VALIDITY_COOKIE":  "the cookie is always HttpOnly, and Secure where TLS is used",
		"SECURITY_VERIFY_ERROR_VIEW":           "it is about sign-in through other sites (OAuth), which is not here yet",
		"SECURITY_USER_IDENTITY_MAPPINGS":      "it is no more in the original: see SECURITY_USER_IDENTITY_ATTRIBUTES",
		"SECURITY_BACKWARDS_COMPAT_UNAUTHN":    "it is no more in the original",
		"SECURITY_REDIRECT_VALIDATE_MODE":      "it is no more in the original: targets are always checked strictly",
		"SECURITY_REDIRECT_VALIDATE_RE":        "it is no more in the original: targets are always checked strictly",
		"SECURITY_TWO_FACTOR_QRCODE_URL":       "it is no more in the original",
		"SECURITY_US_QRCODE_URL":               "it is no more in the original",
		"SECURITY_TWO_FACTOR_CONFIRM_URL":      "it is no more in the original",
		"SECURITY_USE_VERIFY_PASSWORD_CACHE":   "it is no more in the original",
		"SECURITY_TWO_FACTOR_SECRET":           "it is no more in the original: see SECURITY_TOTP_SECRETS",

		"WTF_CSRF_CHECK_DEFAULT":   "a token is checked when it is known how the caller signed in, as with False",
		"WTF_CSRF_METHODS":         "every method is checked that may change something",
		"WTF_CSRF_SSL_STRICT":      "where a request comes from is always checked, by Origin and Sec-Fetch-Site",
		"USE_SESSION_FOR_NEXT":     redir,
		"FORCE_HOST_FOR_REDIRECTS": redir,
		"LOGIN_DISABLED":           redir,
	}
}
