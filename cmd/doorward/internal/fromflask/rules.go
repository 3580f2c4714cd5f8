package fromflask

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
	"github.com/doorward/doorward/i18n"
)

// rule translates a setting that is written otherwise here, or called so.
type rule func(t *Translation, s pysettings.Setting)

func rules() map[string]rule {
	return map[string]rule{
		"SQLALCHEMY_DATABASE_URI":                  database,
		"SECURITY_USER_IDENTITY_ATTRIBUTES":        identities,
		"SECURITY_CACHE_CONTROL":                   cacheControl,
		"SECURITY_CSRF_COOKIE":                     csrfCookie,
		"SECURITY_PASSWORD_SCHEMES":                schemes,
		"SECURITY_PASSWORD_SINGLE_HASH":            singleHash,
		"SECURITY_PASSWORD_CHECK_BREACHED":         breached,
		"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS":   passlib,
		"SECURITY_PASSWORD_HASH_OPTIONS":           legacyOptions,
		"SECURITY_PASSWORD_NORMALIZE_FORM":         noneWord,
		"SECURITY_USERNAME_NORMALIZE_FORM":         noneWord,
		"SECURITY_EMAIL_VALIDATOR_ARGS":            validator,
		"SECURITY_EMAIL_SENDER":                    sender,
		"MAIL_DEFAULT_SENDER":                      sender,
		"SECURITY_TWO_FACTOR_ENABLED_METHODS":      methods,
		"SECURITY_I18N_DIRNAME":                    catalogues,
		"SESSION_COOKIE_SECURE":                    secure,
		"REMEMBER_COOKIE_SECURE":                   secure,
		"SESSION_COOKIE_SAMESITE":                  sameSite,
		"REMEMBER_COOKIE_SAMESITE":                 sameSite,
		"SESSION_COOKIE_DOMAIN":                    optional,
		"WTF_CSRF_ENABLED":                         csrfOff,
		"LANGUAGES":                                languages,
		"BABEL_SUPPORTED_LOCALES":                  languages,
		"BABEL_DEFAULT_LOCALE":                     language,
		"SECURITY_PASSWORD_COMPLEXITY_CHECKER":     optional,
		"SECURITY_TWO_FACTOR_GOOGLE_AUTH_VALIDITY": renamed("SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY"),
		"SECURITY_TWO_FACTOR_URI_SERVICE_NAME":     renamed("SECURITY_TOTP_ISSUER"),
		"SECURITY_TWO_FACTOR_SMS_SERVICE":          renamed("SECURITY_SMS_SERVICE"),
		"SECURITY_TWO_FACTOR_SMS_SERVICE_CONFIG":   renamed("SECURITY_SMS_SERVICE_CONFIG"),
		"SECURITY_EMAIL_CHANGE_SALT":               renamed("SECURITY_CHANGE_EMAIL_SALT"),
	}
}

// pattern translates what is known by a part of its name, and reports whether it
// is.
func (t *Translation) pattern(s pysettings.Setting) bool {
	_, ours := t.known[s.Name]
	switch {
	case strings.HasPrefix(s.Name, "SECURITY_MSG_"):
		text(t, s)
	case !ours:
		return false
	case strings.HasSuffix(s.Name, "_TEMPLATE") || strings.Contains(s.Name, "_EMAIL_TEMPLATE_"):
		template(t, s)
	case strings.HasSuffix(s.Name, "_VIEW"):
		view(t, s)
	default:
		return false
	}
	return true
}

// as takes a value over in another form.
func (t *Translation) as(s pysettings.Setting, name string, value any, form string) {
	t.put(name, value, "")
	if name != s.Name {
		form = strings.TrimSuffix(name+": "+form, ": ")
	}
	t.say(changed, s, form)
}

func (t *Translation) bad(s pysettings.Setting, why string) {
	t.say(unread, s, why)
	if _, ours := t.known[s.Name]; ours {
		t.propose(s.Name, "", fmt.Sprintf("Line %d: %s.", s.Line, why))
	}
}

func renamed(to string) rule {
	return func(t *Translation, s pysettings.Setting) {
		if _, twice := t.given[to]; twice {
			t.say(nowhere, s, "it is an old name of "+to+", which is given too")
			return
		}
		s.Name = to
		t.setting(s)
	}
}

// noneWord writes None as a word, where leaving it out would be the default.
func noneWord(t *Translation, s pysettings.Setting) {
	if falsy(s.Value) {
		t.as(s, s.Name, "none", `None is written "none"`)
		return
	}
	t.plain(s, t.known[s.Name])
}

// optional takes what is nothing for the default.
func optional(t *Translation, s pysettings.Setting) {
	if falsy(s.Value) {
		t.say(same, s, "")
		return
	}
	t.plain(s, t.known[s.Name])
}

// identities makes names of maps whose functions we have ourselves.
func identities(t *Translation, s pysettings.Setting) {
	l, ok := s.Value.(pysettings.List)
	if !ok {
		t.bad(s, wrongType)
		return
	}
	known := map[string]string{"email": "uia_email_mapper", "us_phone_number": "uia_phone_mapper", "username": "uia_username_mapper"}
	var out []string
	for _, item := range l.Items {
		switch item := item.(type) {
		case string:
			out = append(out, item)
		case pysettings.Dict:
			for _, p := range item.Pairs {
				name, ok := p.Key.(string)
				if !ok || known[name] == "" {
					t.say(todo, s, "the attribute "+clip(name)+" is a column of the application: give its form to Config.Mappers of the library")
					continue
				}
				out = append(out, name)
				if !mappedBy(p.Value, known[name]) {
					t.say(todo, s, "the values of "+name+" have a function of their own; doorward's own form of them is used")
				}
			}
		default:
			t.bad(s, wrongType)
			return
		}
	}
	t.as(s, s.Name, asList(out), strings.Join(out, ", "))
}

func mappedBy(v pysettings.Value, function string) bool {
	d, ok := v.(pysettings.Dict)
	if !ok {
		return true
	}
	mapper, ok := d.Get("mapper")
	ref, isRef := mapper.(pysettings.Ref)
	return !ok || isRef && strings.HasSuffix(ref.Path, "."+function)
}

// cacheControl writes directives as the header has them.
func cacheControl(t *Translation, s pysettings.Setting) {
	d, ok := s.Value.(pysettings.Dict)
	switch {
	case falsy(s.Value):
		t.as(s, s.Name, "null", `it is off, written "null"`)
	case !ok:
		t.bad(s, wrongType)
	default:
		var out []string
		for _, p := range d.Pairs {
			name, _ := scalar(p.Key)
			value, ok := scalar(p.Value)
			switch {
			case !ok || falsy(p.Value):
			case p.Value == pysettings.Value(true):
				out = append(out, name)
			default:
				out = append(out, name+"="+value)
			}
		}
		t.as(s, s.Name, strings.Join(out, ", "), "written like the header: "+strings.Join(out, ", "))
	}
}

func csrfCookie(t *Translation, s pysettings.Setting) {
	v, form, wrong := table(s.Value)
	if wrong != "" {
		t.bad(s, wrong)
		return
	}
	attributes := v.(map[string]any)
	if name, ok := attributes["key"].(string); ok {
		delete(attributes, "key")
		t.as(s, "SECURITY_CSRF_COOKIE_NAME", name, "it was the entry key")
	}
	for name := range attributes {
		if !slices.Contains([]string{"samesite", "httponly", "secure", "path", "domain"}, name) {
			delete(attributes, name)
			t.say(nowhere, s, "the attribute "+clip(name)+" of the cookie")
		}
	}
	if attributes["secure"] == "false" {
		attributes["secure"] = "auto"
		t.say(safer, s, `secure is "auto" here, which is true wherever TLS is used, and was False`)
	}
	t.put(s.Name, attributes, "")
	if form != "" {
		t.say(changed, s, form)
		return
	}
	t.say(same, s, "")
}

// validator takes what is asked of the library that checks addresses.
func validator(t *Translation, s pysettings.Setting) {
	d, ok := s.Value.(pysettings.Dict)
	if !ok && !falsy(s.Value) {
		t.bad(s, wrongType)
		return
	}
	if falsy(s.Value) {
		t.say(same, s, "")
	}
	for _, p := range d.Pairs {
		v, isBool := p.Value.(bool)
		switch {
		case p.Key == pysettings.Value("check_deliverability") && isBool:
			t.as(s, "SECURITY_EMAIL_CHECK_DELIVERABILITY", v, "it was check_deliverability")
		case p.Key == pysettings.Value("test_environment") && isBool:
			t.as(s, "SECURITY_EMAIL_ALLOW_LOCAL", v, "it was test_environment")
		case p.Key == pysettings.Value("timeout"):
			if d, _, wrong := span(p.Value); wrong == "" {
				t.as(s, "SECURITY_EMAIL_DNS_TIMEOUT", d, "it was timeout")
			}
		default:
			name, _ := scalar(p.Key)
			t.say(nowhere, s, "its entry "+clip(name)+" is about the Python library that checks addresses")
		}
	}
}

// sender writes a name with an address as mails have it.
func sender(t *Translation, s pysettings.Setting) {
	l, ok := s.Value.(pysettings.List)
	if !ok {
		t.plain(s, t.known[s.Name])
		return
	}
	items, _ := names(l)
	if len(items) != 2 {
		t.bad(s, wrongType)
		return
	}
	who := (&mail.Address{Name: items[0], Address: items[1]}).String()
	t.as(s, s.Name, who, who)
}

// methods knows names of versions before 3.4, too.
func methods(t *Translation, s pysettings.Setting) {
	items, ok := names(s.Value)
	if !ok {
		t.bad(s, wrongType)
		return
	}
	old := map[string]string{"mail": "email", "google_authenticator": "authenticator"}
	replaced := false
	for i, m := range items {
		if old[m] != "" {
			items[i], replaced = old[m], true
		}
	}
	if replaced {
		t.as(s, s.Name, asList(items), strings.Join(items, ", "))
		return
	}
	t.plain(s, t.known[s.Name])
}

func catalogues(t *Translation, s pysettings.Setting) {
	if s.Value == pysettings.Value("builtin") {
		t.say(same, s, "")
		return
	}
	t.say(nowhere, s, "catalogues of the original hold its texts; doorward's own are in docs/languages.md")
}

// text takes over the words of a message, whose names are the same.
func text(t *Translation, s pysettings.Setting) {
	items, ok := names(s.Value)
	if !ok || len(items) == 0 || len(items) > 2 {
		t.bad(s, wrongType)
		return
	}
	if strings.Contains(items[0], "%(") {
		t.say(nowhere, s, "its words are filled in as Python does; see docs/languages.md for how it is done here")
		return
	}
	if _, isText := s.Value.(string); isText {
		t.put(s.Name, items[0], "")
	} else {
		t.put(s.Name, asList(items), "")
	}
	t.say(same, s, "")
}

func template(t *Translation, s pysettings.Setting) {
	if s.Value == pysettings.Value(t.known[s.Name].Default) || falsy(s.Value) {
		t.say(same, s, "")
		return
	}
	t.say(nowhere, s, "templates of Flask are Jinja; write them anew for Go's html/template, under the built-in paths")
}

// view takes over URLs and names of pages that both sides have.
func view(t *Translation, s pysettings.Setting) {
	v, ok := s.Value.(string)
	switch {
	case falsy(s.Value):
		t.say(same, s, "")
	case !ok:
		t.bad(s, wrongType)
	case strings.HasPrefix(v, "security."):
		t.as(s, s.Name, strings.TrimPrefix(v, "security"), "the page "+strings.TrimPrefix(v, "security"))
	case strings.HasPrefix(v, "/") || strings.HasPrefix(v, ".") || strings.Contains(v, "://"):
		t.plain(s, t.known[s.Name])
	default:
		t.say(todo, s, "it names a view of the Flask application: write the path of that instead")
		t.propose(s.Name, "/", "It was the view "+clip(v)+" of the Flask application: write its path.")
	}
}

func languages(t *Translation, s pysettings.Setting) {
	if d, ok := s.Value.(pysettings.Dict); ok { // {"en": "English"}
		l := pysettings.List{}
		for _, p := range d.Pairs {
			l.Items = append(l.Items, p.Key)
		}
		s.Value = l
	}
	items, ok := names(s.Value)
	if !ok {
		t.bad(s, wrongType)
		return
	}
	var out []string
	for _, tag := range items {
		if there := built(tag); there == "" {
			t.say(nowhere, s, "there is no translation for "+clip(tag)+"; see docs/languages.md")
		} else if !slices.Contains(out, there) {
			out = append(out, there)
		}
	}
	if len(out) > 0 {
		t.as(s, "SECURITY_LANGUAGES", asList(out), strings.Join(out, ", "))
	}
}

func language(t *Translation, s pysettings.Setting) {
	v, ok := s.Value.(string)
	there := built(v)
	switch {
	case !ok:
		t.bad(s, wrongType)
	case there == "":
		t.say(nowhere, s, "there is no translation for it; see docs/languages.md")
	default:
		t.as(s, "SECURITY_LANGUAGE", there, there)
	}
}

// built is the built-in language that a locale like de_DE is served with.
func built(locale string) string {
	all, err := i18n.Builtin()
	if err != nil {
		return ""
	}
	tag := strings.ReplaceAll(locale, "_", "-")
	if tag == "zh" || strings.EqualFold(tag, "zh-CN") {
		tag = "zh-Hans"
	}
	base, _, _ := strings.Cut(tag, "-")
	for _, want := range []string{tag, base} {
		for _, there := range all.Languages() {
			if strings.EqualFold(there, want) {
				return there
			}
		}
	}
	return ""
}
