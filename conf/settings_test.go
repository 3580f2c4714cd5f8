package conf_test

import (
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/conf"
)

func TestOpt(t *testing.T) {
	tests := []struct {
		name         string
		opt          conf.Opt[int]
		isSet, isNil bool
		or           int
	}{
		{"zero value", conf.Opt[int]{}, false, false, 7},
		{"null", conf.Null[int](), true, true, 7},
		{"zero", conf.Some(0), true, false, 0},
		{"value", conf.Some(5), true, false, 5},
	}
	for _, tt := range tests {
		if tt.opt.IsSet() != tt.isSet || tt.opt.IsNull() != tt.isNil || tt.opt.Or(7) != tt.or {
			t.Errorf("%s: %v %v %v", tt.name, tt.opt.IsSet(), tt.opt.IsNull(), tt.opt.Or(7))
		}
	}
}

func TestDefaults(t *testing.T) {
	cfg := values{Text: "mine", Fresh: conf.Null[int]()}
	if err := conf.Defaults(&cfg); err != nil {
		t.Fatal(err)
	}
	want := values{Text: "mine", Int: 8, Within: 5 * 24 * time.Hour, Fresh: conf.Null[int]()}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("got %+v", cfg)
	}
	var a app
	if err := conf.Defaults(&a); err != nil || a.LoginURL != "/login" || a.Session.Name != "session" || a.Register != nil {
		t.Errorf("got %+v, %v", a, err)
	}
	a.Register = &register{}
	if err := conf.Defaults(&a); err != nil || a.Register.URL != "/register" || a.Register.Passkeys != nil {
		t.Errorf("got %+v, %v", a.Register, err)
	}
}

func TestSettingsDescribe(t *testing.T) {
	got, err := conf.Settings(app{Session: cookies{Secret: []byte("s3cret")}})
	if err != nil {
		t.Fatal(err)
	}
	want := []conf.Setting{
		{Name: "SECURITY_LOGIN_URL", Aliases: []string{"SECURITY_SIGNIN_URL"}, Type: "text", Default: "/login", Help: "Where the sign-in page is.", Value: "/login"},
		{Name: "SESSION_COOKIE_NAME", Aliases: []string{}, Type: "text", Default: "session", Value: "session"},
		{Name: "SECRET_KEY", Aliases: []string{}, Type: "text", Secret: true, Value: "(set)"},
		{Name: "SECURITY_REGISTERABLE", Aliases: []string{}, Type: "yes/no", Default: "false", Help: "Let visitors register.", Value: "false"},
		{Name: "SECURITY_REGISTER_URL", Aliases: []string{}, Type: "text", Default: "/register", Feature: "SECURITY_REGISTERABLE", Value: "/register"},
		{Name: "SECURITY_WEBAUTHN", Aliases: []string{}, Type: "yes/no", Default: "false", Feature: "SECURITY_REGISTERABLE", Value: "false"},
		{Name: "SECURITY_WAN_HINTS", Aliases: []string{}, Type: "yes/no", Default: "false", Help: "Tell the browser which passkeys fit.", Feature: "SECURITY_WEBAUTHN", Value: "false"},
	}
	if !reflect.DeepEqual(got, want) {
		for i := range got {
			t.Errorf("%+v", got[i])
		}
	}
}

// What a listing shows can be given to Load again, and is then the same.
func TestSettingsValues(t *testing.T) {
	tests := []struct {
		name, want string
		cfg        values
	}{
		{"TEXT", "t", values{}},
		{"MODE", "m", values{Mode: "m"}},
		{"FLASH", "true", values{}},
		{"FLASH", "false", values{NoFlash: true}},
		{"INT", "8", values{}},
		{"INT", "-9", values{Int: -9}},
		{"FLOAT", "0.25", values{Float: 0.25}},
		{"WITHIN", "5 days", values{}},
		{"WITHIN", "1 day", values{Within: 24 * time.Hour}},
		{"WITHIN", "1h30m", values{Within: 90 * time.Minute}},
		{"WITHIN", "25h", values{Within: 25 * time.Hour}},
		{"WITHIN", "10m", values{Within: 10 * time.Minute}},
		{"WITHIN", "1h0m5s", values{Within: time.Hour + 5*time.Second}},
		{"LIST", "a, b", values{List: []string{"a", "b"}}},
		{"LIST", `["a,b","<"]`, values{List: []string{"a,b", "<"}}},
		{"LIST", `[""]`, values{List: []string{""}}},
		{"MODES", "a", values{Modes: []mode{"a"}}},
		{"MAP", "a=1, b=2", values{Map: map[string]string{"b": "2", "a": "1"}}},
		{"MAP", `{"a":"1,2"}`, values{Map: map[string]string{"a": "1,2"}}},
		{"SAME", "Lax", values{Same: http.SameSiteLaxMode}},
		{"SAME", "Strict", values{Same: http.SameSiteStrictMode}},
		{"SAME", "None", values{Same: http.SameSiteNoneMode}},
		{"SAME", "null", values{Same: http.SameSiteDefaultMode}},
		{"ADDR", "::1", values{Addr: netip.IPv6Loopback()}},
		{"FRESH", "3", values{}},
		{"FRESH", "0", values{Fresh: conf.Some(0)}},
		{"FRESH", "null", values{Fresh: conf.Null[int]()}},
		{"LIMIT", "", values{}},
		{"LIMIT", "0s", values{Limit: conf.Some(time.Duration(0))}},
		{"OPT_SAME", "None", values{OptSame: conf.Some(http.SameSiteNoneMode)}},
		{"TOKEN", "(not set)", values{}},
		{"TOKEN", "(not set)", values{Token: conf.Null[string]()}},
		{"TOKEN", "(set)", values{Token: conf.Some("hunter2")}},
		{"BYTES", "(not set)", values{Bytes: []byte{}}},
		{"KEYS", "(set)", values{Keys: [][]byte{[]byte("hunter2")}}},
		{"EXPR", "", values{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			settings, err := conf.Settings(&tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range settings {
				if s.Name != conf.Prefix+tt.name {
					continue
				}
				if s.Value != tt.want {
					t.Fatalf("value %q, want %q", s.Value, tt.want)
				}
				checkReadBack(t, s, tt.cfg)
				return
			}
			t.Fatal("no such setting")
		})
	}
}

func checkReadBack(t *testing.T, s conf.Setting, cfg values) {
	t.Helper()
	if s.Secret || s.Value == "" {
		return
	}
	var again values
	if err := conf.Load(&again, map[string]any{s.Name: s.Value}); err != nil {
		t.Fatal(err)
	}
	if err := conf.Defaults(&cfg); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(s.Name, conf.Prefix)
	if got, want := byTag(again, name), byTag(cfg, name); !reflect.DeepEqual(got, want) {
		t.Errorf("read back as %#v, want %#v", got, want)
	}
}

func TestListings(t *testing.T) {
	settings := []conf.Setting{
		{Name: "SECURITY_A", Aliases: []string{"SECURITY_B"}, Type: "text", Default: "a|`b", Help: "One | two\n<b>.", Value: "x\x1b[2J"},
		{Name: "SECRET_KEY", Type: "text or null", Secret: true, Feature: "SECURITY_A", Value: "(set)"},
	}
	var md, text strings.Builder
	if err := conf.Markdown(&md, settings); err != nil {
		t.Fatal(err)
	}
	if err := conf.Text(&text, settings); err != nil {
		t.Fatal(err)
	}
	const wantMarkdown = "| Setting | Type | Default | Needs | What it does |\n" +
		"|---|---|---|---|---|\n" +
		"| `SECURITY_A` or `SECURITY_B` | text | `` a\\|`b `` |  | One \\| two &lt;b>. |\n" +
		"| `SECRET_KEY` | text or null, secret |  | `SECURITY_A` |  |\n"
	if md.String() != wantMarkdown {
		t.Errorf("Markdown:\n%s", md.String())
	}
	const wantText = "SECURITY_A  \"x\\x1b[2J\"  text          \"One | two\\n<b>.\"\n" +
		"SECRET_KEY  (set)       text or null  \n"
	if text.String() != wantText {
		t.Errorf("Text:\n%q", text.String())
	}
}
