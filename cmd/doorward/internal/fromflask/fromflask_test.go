package fromflask_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/doorward/doorward/cmd/doorward/internal/fromflask"
	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/conf"
)

// hush is what no report may hold; it is part of every secret of these tests.
const hush = "hush-hush"

func translate(t testing.TB, source, part string) *fromflask.Translation {
	t.Helper()
	f, err := pysettings.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	all, err := settings.All()
	if err != nil {
		t.Fatal(err)
	}
	read, problems, ok := f.Settings(part)
	if !ok {
		t.Fatalf("there is no %s", part)
	}
	return fromflask.Translate("settings.py", read, problems, all)
}

// vars are what a file with the text of a translation holds.
func vars(t testing.TB, tr *fromflask.Translation) map[string]any {
	t.Helper()
	got := map[string]any{}
	if _, err := toml.Decode(tr.TOML(false), &got); err != nil {
		t.Fatalf("%v in\n%s", err, tr.TOML(false))
	}
	return got
}

// TestSamplesAreAccepted has the loader of the program read what becomes of
// whole files.
func TestSamplesAreAccepted(t *testing.T) {
	for file, part := range map[string]string{
		"quickstart.py": "", "two_factor.py": "create_app", "spa.py": "Production", "legacy.py": "", "factory.py": "create_app",
	} {
		t.Run(file, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			tr := translate(t, string(source), part)
			got := vars(t, tr)
			if !reflect.DeepEqual(got, tr.Vars()) {
				t.Errorf("written %v, meant %v", got, tr.Vars())
			}
			for _, err := range settings.Check(got) {
				if e, ok := errors.AsType[*conf.Error](err); !ok || !tr.Reject(e) {
					t.Error(err)
				}
			}
			if problems := settings.Check(tr.Vars()); len(problems) > 0 {
				t.Error(problems)
			}
			for _, secret := range []string{hush, "Zr4uB0wM9sJqk2Tf", "24816326412825651210242048", "TjQ9Qa31VOrfEz"} {
				if strings.Contains(tr.Report(), secret) || strings.Contains(tr.TOML(true), secret) {
					t.Errorf("%s is shown", secret)
				}
			}
			if _, ok := tr.Vars()["SECRET_KEY"]; !ok {
				t.Error("there is no SECRET_KEY")
			}
		})
	}
}

// TestSettings has each setting in its own file, and looks for the lines that
// become of it.
func TestSettings(t *testing.T) {
	for source, want := range map[string]string{
		`SECURITY_REGISTERABLE = True`:                                                               `SECURITY_REGISTERABLE = true`,
		`SECURITY_REGISTERABLE = 1`:                                                                  `SECURITY_REGISTERABLE = true`,
		`SECURITY_FLASH_MESSAGES = None`:                                                             `SECURITY_FLASH_MESSAGES = false`,
		`SECURITY_PASSWORD_LENGTH_MIN = 4 * 3`:                                                       `SECURITY_PASSWORD_LENGTH_MIN = 12`,
		`SECURITY_TOKEN_MAX_AGE = 3600`:                                                              `SECURITY_TOKEN_MAX_AGE = "1 hour"`,
		`SECURITY_TOKEN_MAX_AGE = None`:                                                              `SECURITY_TOKEN_MAX_AGE = "null"`,
		`SECURITY_TOKEN_MAX_AGE = 0`:                                                                 `SECURITY_TOKEN_MAX_AGE = "0 seconds"`,
		`SECURITY_RESET_PASSWORD_WITHIN = "5 days"`:                                                  `SECURITY_RESET_PASSWORD_WITHIN = "5 days"`,
		`SECURITY_FRESHNESS = timedelta(minutes=-1)`:                                                 `SECURITY_FRESHNESS = "-1 minutes"`,
		`PERMANENT_SESSION_LIFETIME = timedelta(hours=1.5)`:                                          `PERMANENT_SESSION_LIFETIME = "90 minutes"`,
		`REMEMBER_COOKIE_DURATION = 86400`:                                                           `REMEMBER_COOKIE_DURATION = "1 day"`,
		`SECURITY_TWO_FACTOR_MAIL_VALIDITY = 300`:                                                    `SECURITY_TWO_FACTOR_MAIL_VALIDITY = "5 minutes"`,
		`SECURITY_API_ENABLED_METHODS = ("session", "basic")`:                                        `SECURITY_API_ENABLED_METHODS = ["session", "basic"]`,
		`SECURITY_USER_IDENTITY_ATTRIBUTES = ["email", "username"]`:                                  `SECURITY_USER_IDENTITY_ATTRIBUTES = ["email", "username"]`,
		`SECURITY_USER_IDENTITY_ATTRIBUTES = [{"us_phone_number": {"mapper": uia_phone_mapper}}]`:    `SECURITY_USER_IDENTITY_ATTRIBUTES = ["us_phone_number"]`,
		`SECURITY_CSRF_COOKIE = {"key": "XSRF-TOKEN", "samesite": "Lax"}`:                            `SECURITY_CSRF_COOKIE_NAME = "XSRF-TOKEN"`,
		`SECURITY_CSRF_COOKIE = {"secure": False, "httponly": False}`:                                `SECURITY_CSRF_COOKIE = { httponly = "false", secure = "auto" }`,
		`SECURITY_TOTP_SECRETS = {1: "hush-hush-hush-hush"}`:                                         `SECURITY_TOTP_SECRETS = { 1 = "hush-hush-hush-hush" }`,
		`SECURITY_CACHE_CONTROL = {"private": True, "no-store": False, "max-age": 60}`:               `SECURITY_CACHE_CONTROL = "private, max-age=60"`,
		`SECURITY_CACHE_CONTROL = None`:                                                              `SECURITY_CACHE_CONTROL = "null"`,
		`SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS = {"argon2__time_cost": 4}`:                          `SECURITY_PASSWORD_ARGON2_TIME = 4`,
		`SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS = {"argon2__memory_cost": 65536}`:                    `SECURITY_PASSWORD_ARGON2_MEMORY = 65536`,
		"SECURITY_PASSWORD_HASH = 'bcrypt'\nSECURITY_PASSWORD_HASH_OPTIONS={'bcrypt':{'rounds':11}}": `SECURITY_PASSWORD_HASH_ROUNDS = 11`,
		`SECURITY_PASSWORD_SCHEMES = ["bcrypt", "des_crypt"]`:                                        `SECURITY_PASSWORD_SCHEMES = ["bcrypt"]`,
		`SECURITY_PASSWORD_SINGLE_HASH = True`:                                                       `SECURITY_PASSWORD_SINGLE_HASH = ["true"]`,
		`SECURITY_PASSWORD_SINGLE_HASH = False`:                                                      `SECURITY_PASSWORD_SINGLE_HASH = ["false"]`,
		`SECURITY_PASSWORD_CHECK_BREACHED = True`:                                                    `SECURITY_PASSWORD_CHECK_BREACHED = "best-effort"`,
		`SECURITY_PASSWORD_CHECK_BREACHED = None`:                                                    `SECURITY_PASSWORD_CHECK_BREACHED = "false"`,
		`SECURITY_PASSWORD_NORMALIZE_FORM = None`:                                                    `SECURITY_PASSWORD_NORMALIZE_FORM = "none"`,
		`SECURITY_EMAIL_VALIDATOR_ARGS = {"check_deliverability": False}`:                            `SECURITY_EMAIL_CHECK_DELIVERABILITY = false`,
		`SECURITY_EMAIL_SENDER = ("Ann", "ann@example.com")`:                                         `SECURITY_EMAIL_SENDER = "\"Ann\" <ann@example.com>"`,
		`SECURITY_TWO_FACTOR_ENABLED_METHODS = ["mail", "sms"]`:                                      `SECURITY_TWO_FACTOR_ENABLED_METHODS = ["email", "sms"]`,
		`SECURITY_TWO_FACTOR_URI_SERVICE_NAME = "Shop"`:                                              `SECURITY_TOTP_ISSUER = "Shop"`,
		`SQLALCHEMY_DATABASE_URI = "sqlite:////var/lib/app.db?timeout=5"`:                            `DATABASE_URL = "sqlite:/var/lib/app.db"`,
		`SQLALCHEMY_DATABASE_URI = "sqlite:///app.db"`:                                               `DATABASE_URL = "sqlite:app.db"`,
		`SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://ann:hush@db/app"`:                          `DATABASE_URL = "postgres://ann:hush@db/app"`,
		`SQLALCHEMY_DATABASE_URI = "mysql+pymysql://ann:hush@db/app?charset=utf8mb4"`:                `DATABASE_URL = "mysql://ann:hush@db/app?charset=utf8mb4"`,
		`SECRET_KEY = b"\x68ush-hush-hush-hush"`:                                                     `SECRET_KEY = "hush-hush-hush-hush"`,
		`SECRET_KEY = os.environ.get("SECRET_KEY", "hush-hush-hush-hush")`:                           `SECRET_KEY = "hush-hush-hush-hush"`,
		`SECRET_KEY = os.environ.get("KEY", "hush-hush-hush-hush")`:                                  `# SECRET_KEY = ""`,
		`MAIL_SERVER = os.environ.get("SMTP", "mx")`:                                                 `MAIL_SERVER = "mx"`,
		`SESSION_COOKIE_SECURE = True`:                                                               `SESSION_COOKIE_SECURE = "true"`,
		`SESSION_COOKIE_SECURE = False`:                                                              `# SESSION_COOKIE_SECURE = "false"`,
		`SESSION_COOKIE_SAMESITE = None`:                                                             `# SESSION_COOKIE_SAMESITE = ""`,
		`SESSION_PROTECTION = None`:                                                                  `SESSION_PROTECTION = "null"`,
		`APPLICATION_ROOT = "/shop"`:                                                                 `SESSION_COOKIE_PATH = "/shop"`,
		`WTF_CSRF_ENABLED = False`:                                                                   `# WTF_CSRF_ENABLED = false`,
		`WTF_CSRF_TIME_LIMIT = None`:                                                                 `WTF_CSRF_TIME_LIMIT = "null"`,
		`SECURITY_POST_LOGIN_VIEW = "security.change_password"`:                                      `SECURITY_POST_LOGIN_VIEW = ".change_password"`,
		`SECURITY_POST_LOGIN_VIEW = "index"`:                                                         `# SECURITY_POST_LOGIN_VIEW = "/"`,
		`SECURITY_MSG_UNAUTHORIZED = ("Not \"you\"", "error")`:                                       `SECURITY_MSG_UNAUTHORIZED = ["Not \"you\"", "error"]`,
		`LANGUAGES = {"en": "English", "de_DE": "Deutsch", "tlh": "Klingon"}`:                        `SECURITY_LANGUAGES = ["en", "de"]`,
		`BABEL_DEFAULT_LOCALE = "pt_BR"`:                                                             `SECURITY_LANGUAGE = "pt"`,
		`SECURITY_CONFIRM_SALT = "hush-hush"`:                                                        `SECURITY_CONFIRM_SALT = "hush-hush"`,
		`SECURITY_REGISTERABLE = False`:                                                              `SECURITY_TRACKABLE = false`,
		`SECURITY_TRACKABLE = True`:                                                                  `SECURITY_TRACKABLE = true`,
		`DEBUG = True`:                                                                               `SECURITY_FLASK_COMPAT = true`,
		`SECURITY_CHANGEABLE = False`:                                                                `# SECURITY_INSECURE_UNLIMITED_GUESSING = true`,
	} {
		tr := translate(t, source, "")
		text := "\n" + tr.TOML(false)
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("%s: no %s in\n%s", source, want, text)
		}
		vars(t, tr)
		if strings.Contains(tr.Report(), hush) {
			t.Errorf("%s: a secret in\n%s", source, tr.Report())
		}
	}
}

// TestReport looks for what is said of a setting.
func TestReport(t *testing.T) {
	for source, want := range map[string]string{
		`SECRET_KEY = "hush-hush"`:                              "Taken over as they are (1):\n  SECRET_KEY\n",
		`SECURITY_REGISTERABLE = True`:                          "Taken over as they are (1):\n  SECURITY_REGISTERABLE\n",
		`SECURITY_FRESHNESS = timedelta(hours=2)`:               "SECURITY_FRESHNESS (line 1)\n      \"2 hours\"\n",
		`SECURITY_REGSTERABLE = True`:                           "did you mean SECURITY_REGISTERABLE?",
		`SECURITY_NOBODY_HAS_HEARD_OF = True`:                   "Flask-Security does not know it either",
		"SECURITY_BLUEPRINT_NAME = 'x'":                         "it is about Flask",
		"class F: pass\nSECURITY_LOGIN_FORM = F":                "forms are Go types here",
		"from x import U\nSECURITY_MAIL_UTIL_CLS = U":           "classes of Python have no place here",
		"DEBUG = True\nCELERY_BROKER = 1":                       "left out (1):\n  CELERY_BROKER\n",
		"DEBUG = True\nROOT = find()\nROOT = find()":            "left out (1):\n  ROOT\n",
		"DEBUG = True\nSECURITY_REGSTERABLE = find()":           "SECURITY_REGSTERABLE (line 2)\n      it calls something",
		`SECRET_KEY = os.environ["KEY"]`:                        "the environment variable KEY\n",
		`SECRET_KEY = os.environ.get("KEY", "hush-hush")`:       "which doorward does not read",
		`SECRET_KEY = os.environ["SECRET_KEY"]`:                 "which doorward reads too",
		`SECURITY_TOTP_SECRETS = {"1": os.environ["T"]}`:        "a part of it comes from the environment variable T",
		"DEBUG = 1\nSECURITY_LOGIN_URL = find()":                "line 2)\n      it calls something, which is not done here: SECURITY_LOGIN_URL = find()\n",
		"DEBUG = 1\nSECRET_KEY = find('hush-hush')":             "SECRET_KEY (line 2)\n      it calls something, which is not done here\n",
		"DEBUG = 1\nSECURITY_LOGIN_URL = 'hush-hush' + find()":  `SECURITY_LOGIN_URL = "..." +`,
		"DEBUG = 1\nfrom base import *":                         "it comes from another file",
		`SECURITY_REGISTERABLE = "False"`:                       "which Flask takes for true",
		`SECURITY_PASSWORD_LENGTH_MIN = "many"`:                 wrongType,
		`SQLALCHEMY_DATABASE_URI = "oracle://ann:hush-hush@db"`: "doorward keeps accounts in",
		`SECURITY_USER_IDENTITY_ATTRIBUTES = [{"badge": {}}]`:   "the attribute badge is a column of the application",
		`SECURITY_LOGIN_USER_TEMPLATE = "x.html"`:               "templates of Flask are Jinja",
		`SESSION_TYPE = "redis"`:                                "Flask-Session keeps sessions on its own",
		`SECRET_KEY = b"\xff\xfe hush-hush"`:                    "bytes that are no text",
	} {
		if got := translate(t, source, "").Report(); !strings.Contains(got, want) || strings.Contains(got, hush) {
			t.Errorf("%s: no %q, or a secret, in\n%s", source, want, got)
		}
	}
}

const wrongType = "not of the type that the setting has"

// TestSecretsThatAreMissing names what doorward would otherwise make itself.
func TestSecretsThatAreMissing(t *testing.T) {
	for source, want := range map[string][]string{
		"DEBUG = True": {"SECRET_KEY", "SECURITY_PASSWORD_SALT"},
		"SECURITY_TWO_FACTOR = True\nSECRET_KEY = 'hush-hush-hush-hush'":   {"SECURITY_PASSWORD_SALT", "SECURITY_TOTP_SECRETS"},
		"SECURITY_PASSWORD_SINGLE_HASH = True\nSECRET_KEY = 'hush-hush-x'": nil,
	} {
		tr := translate(t, source, "")
		tr.Secrets()
		_, todo, _ := strings.Cut(tr.Report(), "To look at")
		for _, name := range []string{"SECRET_KEY", "SECURITY_PASSWORD_SALT", "SECURITY_TOTP_SECRETS"} {
			wanted := false
			for _, w := range want {
				wanted = wanted || w == name
			}
			if got := strings.Contains(todo, "  "+name+"\n"); got != wanted {
				t.Errorf("%s: %s: %t", source, name, got)
			}
		}
	}
}

func TestRejectedLinesAreCommentedOut(t *testing.T) {
	tr := translate(t, "SECURITY_LOGIN_WITHIN = 'soon'\nSECURITY_LOGIN_URL = '/in'", "")
	e := &conf.Error{Name: "SECURITY_LOGIN_WITHIN", Problem: "is not a duration", Hint: "write one"}
	if !tr.Reject(e) || tr.Reject(e) {
		t.Error("it must be taken out, once")
	}
	if got := vars(t, tr); got["SECURITY_LOGIN_WITHIN"] != nil || got["SECURITY_LOGIN_URL"] != "/in" {
		t.Error(got)
	}
	if !strings.Contains(tr.Report(), "doorward does not accept the value: is not a duration (write one)") {
		t.Error(tr.Report())
	}
}

// FuzzTranslate turns any file into a configuration that is TOML and means what
// it says, and never tells a secret.
func FuzzTranslate(f *testing.F) {
	files, err := filepath.Glob("testdata/*.py")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source))
	}
	all, err := settings.All()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source string) {
		file, err := pysettings.Parse([]byte(source))
		if err != nil {
			return
		}
		for _, part := range append(file.Classes(fromflask.Known(all)), "") {
			read, problems, _ := file.Settings(part)
			read = append(read, pysettings.Setting{Name: "SECRET_KEY", Value: "qqqhushqqq"})
			tr := fromflask.Translate("x", read, problems, all)
			tr.Secrets()
			if got := vars(t, tr); !reflect.DeepEqual(got, tr.Vars()) {
				t.Errorf("written %v, meant %v", got, tr.Vars())
			}
			if strings.Contains(tr.Report()+tr.TOML(true), "qqqhushqqq") {
				t.Error("a secret is shown")
			}
		}
	})
}
