package settings_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/settings"
)

func TestURLIsWrittenWithoutPassword(t *testing.T) {
	for in, want := range map[string]string{
		"sqlite:doorward.db":                         "sqlite:doorward.db",
		"sqlite:/var/lib/ann@home.db":                "sqlite:/var/lib/ann@home.db",
		"postgres://ann:hush@db:5432/doorward":       "postgres://ann@db:5432/doorward",
		"postgresql://ann:hu@sh@db/doorward":         "postgres://ann@db/doorward",
		"mysql://ann:hush@db/doorward?tls=true":      "mysql://ann@db/doorward",
		"postgres://db/doorward?user=ann&password=h": "postgres:...",
		"mysql://ann:hush@tcp(127.0.0.1:3306)/db":    "mysql:...",
		"postgres:ann:hush@db":                       "postgres:...",
	} {
		if got, err := settings.URL(in).MarshalText(); err != nil || string(got) != want || fmt.Sprint(settings.URL(in)) != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
}

func TestLaterLayersGoFirst(t *testing.T) {
	l, err := settings.Load([]string{"DOORWARD_ADDR=:1", "HOME=/x", "DATABASE_URL=sqlite:env.db"}, map[string]any{"DOORWARD_ADDR": ":2"})
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Server.Addr != ":2" || l.Config.Server.Database != "sqlite:env.db" {
		t.Errorf("%+v", l.Config.Server)
	}
	rows, err := l.Rows()
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]string{}
	for _, r := range rows {
		from[r.Name] = r.Source
	}
	if from["DOORWARD_ADDR"] != "flag" || from["DATABASE_URL"] != "environment" || from["DOORWARD_IDLE_TIMEOUT"] != "default" || from["SECURITY_REGISTERABLE"] != "serve" {
		t.Errorf("%v", from)
	}
}

// TestEverythingIsOnByDefault fails for a feature that a server without
// settings cannot start with.
func TestEverythingIsOnByDefault(t *testing.T) {
	l, err := settings.Load(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Register == nil || l.Config.Sessions == nil {
		t.Error("a feature is off")
	}
	if !l.Config.Address.NoDeliverability {
		t.Error("a first try asks the DNS")
	}
	l, err = settings.Load([]string{"SECURITY_LOGIN_URL=/in"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Register != nil || l.Config.Sessions != nil {
		t.Error("a feature is on that the settings do not turn on")
	}
	if l.Config.Address.NoDeliverability {
		t.Error("new addresses are not checked though nobody said so")
	}
}

func load(t *testing.T, environ ...string) *settings.Loaded {
	t.Helper()
	l, err := settings.Load(environ, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestIssuer(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"nothing":           {nil, "Doorward"},
		"server":            {[]string{"SERVER_NAME=door.example.org:8443"}, "door.example.org"},
		"server alone":      {[]string{"SERVER_NAME=door.example.org"}, "door.example.org"},
		"IPv6":              {[]string{"SERVER_NAME=[::1]:8080"}, "Doorward"},
		"title":             {[]string{"SERVER_NAME=door.example.org", "SECURITY_SITE_NAME=Acme: the  shop"}, "Acme the shop"},
		"colons":            {[]string{"SECURITY_SITE_NAME=: :"}, "Doorward"},
		"long":              {[]string{"SERVER_NAME=door.example.org", "SECURITY_SITE_NAME=" + strings.Repeat("x", 101)}, "door.example.org"},
		"too long":          {[]string{"SERVER_NAME=" + strings.Repeat("x.", 50) + "y"}, "Doorward"},
		"given":             {[]string{"SECURITY_SITE_NAME=Acme", "SECURITY_TOTP_ISSUER=Door"}, "Door"},
		"an empty variable": {[]string{"SECURITY_SITE_NAME=Acme", "SECURITY_TOTP_ISSUER="}, "Acme"},
	} {
		if got := load(t, c.environ...).Config.Codes.Issuer; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestSecretsOfCodes has the keys of one-time codes reach what uses them, from
// each place they may be in; the file is one of an installation that had no use
// for them.
func TestSecretsOfCodes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.secrets")
	text := "SECRET_KEY = \"0123456789abcdef\"\nSECURITY_PASSWORD_SALT = \"0123456789abcdef\"\n\n[SECURITY_TOTP_SECRETS]\n1 = \"fedcba9876543210\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l := load(t, "DOORWARD_SECRETS_FILE="+file)
	if made, err := l.Secrets(); made || err != nil {
		t.Fatal(made, err)
	}
	if got := l.Config.Codes.Secrets; !maps.Equal(got, map[string]string{"1": "fedcba9876543210"}) {
		t.Errorf("of the file: %v", got)
	}

	l = load(t, "DOORWARD_SECRETS_FILE="+file, `SECURITY_TOTP_SECRETS={"1": "fedcba9876543210", "2": "0011223344556677"}`)
	if _, err := l.Secrets(); err != nil {
		t.Fatal(err)
	}
	if got := l.Config.Codes.Secrets; !maps.Equal(got, map[string]string{"1": "fedcba9876543210", "2": "0011223344556677"}) {
		t.Errorf("of the environment: %v", got)
	}

	l = load(t, "DOORWARD_SECRETS_FILE="+filepath.Join(t.TempDir(), "new"))
	if made, err := l.Secrets(); !made || err != nil || len(l.Config.Codes.Secrets["1"]) < 32 {
		t.Errorf("made: %t, %v, %d", made, err, len(l.Config.Codes.Secrets))
	}
}

// TestProblemsOfCodes tells each problem once, with the others, and no secret.
func TestProblemsOfCodes(t *testing.T) {
	both := []string{"SECURITY_TWO_FACTOR=true", "SECURITY_UNIFIED_SIGNIN=true", "SECURITY_RECOVERABLE=true", "SECURITY_CHANGE_EMAIL=true"}
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"issuer":        {[]string{"SECURITY_TOTP_ISSUER=a:b"}, []string{"TOTP_ISSUER is"}},
		"no keys":       {[]string{"SECURITY_TOTP_SECRETS={}"}, []string{"TOTP_SECRETS has no key"}},
		"short key":     {[]string{`SECURITY_TOTP_SECRETS={"1": "hush"}`}, []string{"the key with the tag"}},
		"no map":        {[]string{"SECURITY_TOTP_SECRETS=hush"}, []string{"SECURITY_TOTP_SECRETS: is not a map"}},
		"service":       {[]string{"SECURITY_SMS_SERVICE=Pigeon"}, []string{`SMS_SERVICE: "Pigeon" is not known`}},
		"no account":    {[]string{"SECURITY_SMS_SERVICE=Twilio"}, []string{"needs ACCOUNT_SID and AUTH_TOKEN and PHONE_NUMBER"}},
		"wrong account": {[]string{"SECURITY_SMS_SERVICE=Twilio", `SECURITY_SMS_SERVICE_CONFIG={"ACCOUNT_SID": "hush", "AUTH_TOKEN": "hush", "FROM": "hush"}`}, []string{"needs PHONE_NUMBER (", "holds more than", "ACCOUNT_SID is not"}},
		"no server":     {[]string{"MAIL_SERVER=localhost", "SECURITY_SMS_SERVICE=Twilio"}, []string{"set SERVER_NAME", "needs ACCOUNT_SID"}},
	} {
		_, err := settings.Load(append(c.environ, both...), nil)
		invalid, ok := errors.AsType[*settings.Invalid](err)
		if !ok || len(invalid.Problems) != len(c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range c.want {
			if strings.Count(err.Error(), w) != 1 {
				t.Errorf("%s: no %q in %v", name, w, err)
			}
		}
	}
}

func TestSettingsThatChangeNothing(t *testing.T) {
	for setting, environ := range map[string][]string{
		"SECURITY_MULTI_FACTOR_RECOVERY_CODES": {"SECURITY_MULTI_FACTOR_RECOVERY_CODES=true"},
		"SECURITY_SMS_SERVICE":                 {"SECURITY_SMS_SERVICE=Log"},
		"SECURITY_SMS_SERVICE_CONFIG":          {"SECURITY_SMS_SERVICE=Log", "SECURITY_TWO_FACTOR=true", "SECURITY_SMS_SERVICE_CONFIG=AUTH_TOKEN=x"},
	} {
		if got := load(t, environ...).Ignored(); len(got) != 1 || got[setting] == "" {
			t.Errorf("%s: %v", setting, got)
		}
	}
	for _, environ := range [][]string{
		nil,
		{"SECURITY_MULTI_FACTOR_RECOVERY_CODES=true", "SECURITY_TWO_FACTOR=true"},
		{"SECURITY_MULTI_FACTOR_RECOVERY_CODES=false"},
		{"SECURITY_SMS_SERVICE=Dummy"},
		{"SECURITY_SMS_SERVICE=Log", "SECURITY_UNIFIED_SIGNIN=true"},
	} {
		if got := load(t, environ...).Ignored(); len(got) != 0 {
			t.Errorf("%v: %v", environ, got)
		}
	}
}
