package fromflask

import (
	"strings"

	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
)

// safely leaves our value in force and proposes the original's.
func (t *Translation) safely(s pysettings.Setting, original any, text string) {
	t.propose(s.Name, original, text)
	t.say(safer, s, text)
}

func secure(t *Translation, s pysettings.Setting) {
	if !falsy(s.Value) {
		t.put(s.Name, "true", "")
		t.say(same, s, "")
		return
	}
	t.safely(s, "false", `Was False; here it is "auto": the cookie goes over TLS alone wherever TLS is used.`)
}

func sameSite(t *Translation, s pysettings.Setting) {
	if !falsy(s.Value) {
		t.plain(s, t.known[s.Name])
		return
	}
	t.safely(s, "", "Was None; here it is Lax: other sites cannot post with the cookie.")
}

func csrfOff(t *Translation, s pysettings.Setting) {
	if !falsy(s.Value) {
		t.plain(s, t.known[s.Name])
		return
	}
	t.safely(s, false, "Was False; here CSRF tokens stay checked, since with False any site can act for who is signed in.")
}

// defaults names where we do otherwise than the original does if nothing is said,
// as far as who comes from there would notice.
func (t *Translation) defaults() {
	if t.Empty() {
		return
	}
	t.tracking()
	t.cookiePath()
	t.schemes()
	for _, d := range []struct {
		name     string
		original any
		text     string
	}{
		{"SESSION_COOKIE_SECURE", "false", `Flask: False. Here "auto": over TLS alone wherever TLS is used.`},
		{"SESSION_COOKIE_SAMESITE", "", "Flask: none. Here Lax: other sites cannot post with the cookie."},
		{"REMEMBER_COOKIE_SECURE", "false", `Flask-Login: False. Here "auto".`},
		{"REMEMBER_COOKIE_SAMESITE", "", "Flask-Login: none. Here Lax."},
		{"PERMANENT_SESSION_LIFETIME", "31 days", "Flask: 31 days. Here 30 days."},
		{"SECURITY_SESSION_IDLE", "31 days", "Flask: a session is not over for not being used. Here it is, after 24 hours."},
		{"SECURITY_PASSWORD_ALLOW_COMMON", true, "Flask-Security: the commonest passwords are accepted. Here new ones are not."},
		{"SECURITY_INSECURE_UNLIMITED_GUESSING", true, "Flask-Security: anybody may guess without end. Here wrong passwords and codes cost time (SECURITY_LOCKOUT_...)."},
	} {
		if _, ours := t.known[d.name]; !ours {
			continue
		}
		if _, given := t.given[d.name]; !given {
			t.safely(pysettings.Setting{Name: d.name}, d.original, d.text)
		}
	}
	t.versions()
	t.shared()
}

// shared names where SECURITY_FLASK_COMPAT does as the original does, and what
// would be safer.
func (t *Translation) shared() {
	for _, d := range []struct {
		name  string
		safer any
		text  string
	}{
		{"SECURITY_LINK_USE", "post", "As in Flask-Security while SECURITY_FLASK_COMPAT is on: opening the link of a mail uses it, which programs that look at mails do, too. Safer, if doorward writes the mails: a button uses it."},
		{"SECURITY_TOKEN_IN_QUERY", false, "As in Flask-Security while SECURITY_FLASK_COMPAT is on: tokens are also taken from the query of a URL, where logs see them. Safer, if no client does that: they are not."},
	} {
		if _, ours := t.known[d.name]; ours {
			t.propose(d.name, d.safer, d.text)
			t.say(compatible, pysettings.Setting{Name: d.name}, d.text)
		}
	}
}

// versions names defaults that the original has changed itself.
func (t *Translation) versions() {
	for _, d := range []struct {
		name, original any
		text           string
	}{
		{"SECURITY_TOKEN_MAX_AGE", "null", "Flask-Security before 5.9: tokens never expire. Since then, and here: after 15 minutes."},
		{"SECURITY_LOGOUT_METHODS", asList([]string{"GET", "POST"}), "Flask-Security before 5.9: GET signs out, too. Since then, and here: POST alone."},
		{"SECURITY_CONFIRM_EMAIL_WITHIN", "5 days", "Flask-Security before 5.9: 5 days. Since then, and here: 2 days."},
	} {
		name := d.name.(string)
		if _, given := t.given[name]; given || name == "SECURITY_CONFIRM_EMAIL_WITHIN" && !t.on("SECURITY_CONFIRMABLE") {
			continue
		}
		t.safely(pysettings.Setting{Name: name}, d.original, d.text)
	}
}

func (t *Translation) on(name string) bool {
	s, ok := t.given[name]
	return ok && !falsy(s.Value)
}

// tracking is off in the original unless somebody turns it on.
func (t *Translation) tracking() {
	const name = "SECURITY_TRACKABLE"
	if _, given := t.given[name]; !given {
		t.put(name, false, "Flask-Security does not write down sign-ins unless it is told to; doorward does.")
		t.say(changed, pysettings.Setting{Name: name}, "false, which is the original's default")
	}
}

// schemes names what hashes the original reads beside ours.
func (t *Translation) schemes() {
	const name = "SECURITY_PASSWORD_SCHEMES"
	if _, given := t.given[name]; !given {
		t.safely(pysettings.Setting{Name: name}, asList([]string{"bcrypt", "argon2", "pbkdf2_sha256", "pbkdf2_sha512", "sha256_crypt", "sha512_crypt", "plaintext"}),
			"Flask-Security: passwords that are kept as plaintext are accepted, too, and des_crypt hashes, which doorward cannot read. Here plaintext must be asked for.")
	}
}

// cookiePath is the root of the application in Flask.
func (t *Translation) cookiePath() {
	root, ok := t.given["APPLICATION_ROOT"].Value.(string)
	if s, given := t.given["SESSION_COOKIE_PATH"]; given && !falsy(s.Value) || !ok || strings.Trim(root, "/") == "" {
		return
	}
	t.put("SESSION_COOKIE_PATH", root, "In Flask it is APPLICATION_ROOT.")
	t.say(changed, pysettings.Setting{Name: "SESSION_COOKIE_PATH"}, "APPLICATION_ROOT, which is Flask's default")
}

// shortest is how many bytes a secret key has at least.
const shortest = 16

// Secrets adds what the configuration needs of the original's secrets and the
// file does not have: without them doorward makes its own, and nothing of the
// other side can be read.
func (t *Translation) Secrets() {
	if key, ok := t.Vars()["SECRET_KEY"].(string); ok && len(key) < shortest {
		t.say(todo, t.given["SECRET_KEY"], "shorter than 16 bytes, which doorward refuses, since it can be guessed: give the Flask application a longer one first; then everybody signs in once more")
	}
	for _, d := range []struct{ name, without string }{
		{"SECRET_KEY", "no cookie, token or link of the Flask application can be read"},
		{"SECURITY_PASSWORD_SALT", "no password hash of the Flask application can be checked"},
		{"SECURITY_TOTP_SECRETS", "no authenticator app that was set up works"},
	} {
		if _, ok := t.Vars()[d.name]; ok {
			continue
		}
		if d.name == "SECURITY_TOTP_SECRETS" && !t.on("SECURITY_TWO_FACTOR") && !t.on("SECURITY_UNIFIED_SIGNIN") {
			continue
		}
		if s, ok := t.given["SECURITY_PASSWORD_SINGLE_HASH"]; ok && d.name == "SECURITY_PASSWORD_SALT" && s.Value == pysettings.Value(true) {
			continue
		}
		t.notes[todo] = append(t.notes[todo], note{d.name, "give the one of the Flask application, or " + d.without, 0})
		t.propose(d.name, "", "Give the one of the Flask application, or "+d.without+".")
	}
}
