package conf_test

import (
	"errors"
	"net/http"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/conf"
)

type mode string

type values struct {
	Text    string                  `setting:"TEXT" default:"t"`
	Mode    mode                    `setting:"MODE"`
	Bytes   []byte                  `setting:"BYTES,secret"`
	Yes     bool                    `setting:"YES"`
	NoFlash bool                    `setting:"FLASH,invert" default:"true"`
	Int     int                     `setting:"INT" default:"8"`
	Small   int8                    `setting:"SMALL"`
	Big     int64                   `setting:"BIG"`
	Float   float64                 `setting:"FLOAT"`
	Within  time.Duration           `setting:"WITHIN" default:"5 days"`
	Brief   time.Duration           `setting:"SECS,seconds"`
	List    []string                `setting:"LIST"`
	Modes   []mode                  `setting:"MODES"`
	Keys    [][]byte                `setting:"KEYS,secret"`
	Map     map[string]string       `setting:"MAP"`
	Same    http.SameSite           `setting:"SAME"`
	Addr    netip.Addr              `setting:"ADDR"`
	Expr    *regexp.Regexp          `setting:"EXPR"`
	Fresh   conf.Opt[int]           `setting:"FRESH" default:"3"`
	Limit   conf.Opt[time.Duration] `setting:"LIMIT,seconds"`
	OptSame conf.Opt[http.SameSite] `setting:"OPT_SAME"`
	OptList conf.Opt[[]string]      `setting:"OPT_LIST"`
	Token   conf.Opt[string]        `setting:"TOKEN,secret"`
	When    time.Time               `setting:"WHEN"`
	Ignored string
	Dashed  struct {
		X string `setting:"TEXT"`
	} `setting:"-"`
}

func TestLoadValues(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name string
		raw  any
		want any    // the field's value, or nil for an error
		fail string // part of the error
	}{
		{"TEXT", " as is ", " as is ", ""},
		{"TEXT", "null", "null", ""},
		{"TEXT", int64(5), nil, "not text"},
		{"TEXT", nil, nil, "null is not a value"},
		{"MODE", "strict", mode("strict"), ""},
		{"BYTES", "pass", []byte("pass"), ""},
		{"BYTES", "", []byte(nil), ""},
		{"YES", "true", true, ""},
		{"YES", "YES", true, ""},
		{"YES", " On ", true, ""},
		{"YES", "1", true, ""},
		{"YES", true, true, ""},
		{"YES", "False", false, ""},
		{"YES", "no", false, ""},
		{"YES", "off", false, ""},
		{"YES", "0", false, ""},
		{"YES", "", nil, "neither yes nor no"},
		{"YES", "y", nil, `got "y"`},
		{"YES", int64(1), nil, "neither yes nor no"},
		{"FLASH", "false", true, ""},
		{"FLASH", true, false, ""},
		{"INT", "12", 12, ""},
		{"INT", "-3", -3, ""},
		{"INT", int64(12), 12, ""},
		{"INT", 12.5, nil, "whole number"},
		{"INT", "12.0", nil, "whole number"},
		{"INT", "0x10", nil, "whole number"},
		{"INT", "", nil, "whole number"},
		{"INT", "0", nil, "cannot be zero"},
		{"INT", true, nil, "whole number"},
		{"SMALL", "0", int8(0), ""},
		{"SMALL", "128", nil, "too large"},
		{"BIG", "9223372036854775807", int64(9223372036854775807), ""},
		{"BIG", "9223372036854775808", nil, "whole number"},
		{"FLOAT", "2.5", 2.5, ""},
		{"FLOAT", int64(2), 2.0, ""},
		{"FLOAT", "NaN", nil, "finite"},
		{"FLOAT", "inf", nil, "finite"},
		{"FLOAT", "x", nil, "not a number"},
		{"WITHIN", "24h30m", 24*time.Hour + 30*time.Minute, ""},
		{"WITHIN", "1 days", 24 * time.Hour, ""},
		{"WITHIN", "90 days", 90 * 24 * time.Hour, ""},
		{"WITHIN", "2 Weeks", 14 * 24 * time.Hour, ""},
		{"WITHIN", "1 hour", time.Hour, ""},
		{"WITHIN", "10 minutes", 10 * time.Minute, ""},
		{"WITHIN", "-1 minutes", -time.Minute, ""},
		{"WITHIN", "30 seconds", 30 * time.Second, ""},
		{"WITHIN", time.Minute, time.Minute, ""},
		{"WITHIN", "30", nil, "not a duration"},
		{"WITHIN", int64(30), nil, "not a duration"},
		{"WITHIN", "5 fortnights", nil, "not a duration"},
		{"WITHIN", "1.5 days", nil, "not a duration"},
		{"WITHIN", "1 day 2 hours", nil, "not a duration"},
		{"WITHIN", "9999999999 weeks", nil, "too long"},
		{"WITHIN", "0 days", nil, "cannot be zero"},
		{"SECS", "300", 5 * time.Minute, ""},
		{"SECS", int64(300), 5 * time.Minute, ""},
		{"SECS", 0.5, 500 * time.Millisecond, ""},
		{"SECS", "5 minutes", 5 * time.Minute, ""},
		{"SECS", "0", time.Duration(0), ""},
		{"SECS", "1e300", nil, "too long"},
		{"SECS", "nan", nil, "too long"},
		{"SECS", []any{}, nil, "not a duration"},
		{"LIST", "", []string{}, ""},
		{"LIST", "a", []string{"a"}, ""},
		{"LIST", " a , b c,d", []string{"a", "b c", "d"}, ""},
		{"LIST", `["a, b", "", 3, true]`, []string{"a, b", "", "3", "true"}, ""},
		{"LIST", "[]", []string{}, ""},
		{"LIST", []any{"a", int64(3)}, []string{"a", "3"}, ""},
		{"LIST", []string{"a"}, []string{"a"}, ""},
		{"LIST", "a,,b", nil, "empty item"},
		{"LIST", "a,", nil, "empty item"},
		{"LIST", `["a"`, nil, "JSON list"},
		{"LIST", `["a"] x`, nil, "JSON list"},
		{"LIST", `[["a"]]`, nil, "not text"},
		{"LIST", `[null]`, nil, "not text"},
		{"LIST", []any{[]any{}}, nil, "not text"},
		{"LIST", int64(3), nil, "not a list"},
		{"MODES", "a,b", []mode{"a", "b"}, ""},
		{"KEYS", "k1,k2", [][]byte{[]byte("k1"), []byte("k2")}, ""},
		{"MAP", "", map[string]string{}, ""},
		{"MAP", "a=b, c = d=e", map[string]string{"a": "b", "c": "d=e"}, ""},
		{"MAP", "a=", map[string]string{"a": ""}, ""},
		{"MAP", `{"private": true, "max-age": 0}`, map[string]string{"private": "true", "max-age": "0"}, ""},
		{"MAP", map[string]any{"a": "b", "n": int64(1)}, map[string]string{"a": "b", "n": "1"}, ""},
		{"MAP", map[string]string{"a": "b"}, map[string]string{"a": "b"}, ""},
		{"MAP", "a", nil, "not a map"},
		{"MAP", "=b", nil, "not a map"},
		{"MAP", "a=1,a=2", nil, "twice"},
		{"MAP", `{"a": "1", "a": "2"}`, nil, "twice"},
		{"MAP", `{"a": {}}`, nil, "not text"},
		{"MAP", `{"a": 1}}`, nil, "JSON object"},
		{"MAP", []any{}, nil, "not a map"},
		{"SAME", "Lax", http.SameSiteLaxMode, ""},
		{"SAME", "strict", http.SameSiteStrictMode, ""},
		{"SAME", "None", http.SameSiteNoneMode, ""},
		{"SAME", "", http.SameSiteDefaultMode, ""},
		{"SAME", nil, http.SameSiteDefaultMode, ""},
		{"SAME", "loose", nil, "SameSite"},
		{"SAME", true, nil, "not text"},
		{"ADDR", "::1", netip.IPv6Loopback(), ""},
		{"ADDR", "x", nil, "cannot be used"},
		{"ADDR", []any{}, nil, "not text"},
		{"WHEN", when, when, ""},
		{"WHEN", "2026-01-02T03:04:05Z", when, ""},
		{"FRESH", "0", conf.Some(0), ""},
		{"FRESH", "null", conf.Null[int](), ""},
		{"FRESH", "None", conf.Null[int](), ""},
		{"FRESH", nil, conf.Null[int](), ""},
		{"FRESH", "x", nil, "whole number"},
		{"LIMIT", "3600", conf.Some(time.Hour), ""},
		{"LIMIT", int64(0), conf.Some(time.Duration(0)), ""},
		{"LIMIT", " NULL", conf.Null[time.Duration](), ""},
		{"OPT_SAME", "None", conf.Some(http.SameSiteNoneMode), ""},
		{"OPT_SAME", "null", conf.Null[http.SameSite](), ""},
		{"OPT_LIST", "", conf.Some([]string{}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var cfg values
			name := conf.Prefix + tt.name
			err := conf.Load(&cfg, map[string]any{name: tt.raw})
			if tt.fail != "" {
				var e *conf.Error
				if !errors.As(err, &e) || e.Name != name || !strings.Contains(e.Problem, tt.fail) {
					t.Fatalf("%#v: error %v, want %q", tt.raw, err, tt.fail)
				}
				if !reflect.DeepEqual(cfg, values{}) {
					t.Fatalf("%#v: the struct changed: %+v", tt.raw, cfg)
				}
				return
			}
			if err != nil {
				t.Fatalf("%#v: %v", tt.raw, err)
			}
			if got := byTag(cfg, tt.name); !reflect.DeepEqual(got, tt.want) {
				t.Fatalf("%#v: got %#v, want %#v", tt.raw, got, tt.want)
			}
		})
	}
}

// byTag returns the field whose setting has the name.
func byTag(cfg values, name string) any {
	v := reflect.ValueOf(cfg)
	for i := range v.NumField() {
		if n, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("setting"), ","); n == name {
			return v.Field(i).Interface()
		}
	}
	return nil
}

func TestLoadPointerToTextUnmarshaler(t *testing.T) {
	var cfg values
	if err := conf.Load(&cfg, map[string]any{"SECURITY_EXPR": "^a+$"}); err != nil || !cfg.Expr.MatchString("aa") {
		t.Errorf("got %v, %v", cfg.Expr, err)
	}
}

func TestErrorsNeverShowSecrets(t *testing.T) {
	type secrets struct {
		Int   int                  `setting:"INT,secret"`
		List  []string             `setting:"LIST,secret"`
		Map   map[string]string    `setting:"MAP,secret"`
		Addr  netip.Addr           `setting:"ADDR,secret"`
		Opt   conf.Opt[netip.Addr] `setting:"OPT,secret"`
		Same  http.SameSite        `setting:"SAME,secret"`
		Bool  bool                 `setting:"BOOL,secret"`
		Float float64              `setting:"FLOAT,secret"`
		Dur   time.Duration        `setting:"DUR,secret"`
	}
	vars := map[string]any{"SECURITY_LIST": `["hunter2"`, "SECURITY_MAP": "{hunter2"}
	for _, name := range []string{"INT", "ADDR", "OPT", "SAME", "BOOL", "FLOAT", "DUR"} {
		vars["SECURITY_"+name] = "hunter2"
	}
	err := conf.Load(&secrets{}, vars)
	if err == nil || strings.Count(err.Error(), "\n") != len(vars)-1 {
		t.Fatalf("want %d errors, got %v", len(vars), err)
	}
	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("a secret is in: %v", err)
	}
}

func TestErrorsClipLongValues(t *testing.T) {
	err := conf.Load(&values{}, map[string]any{"SECURITY_INT": strings.Repeat("é", 5000)})
	if err == nil || len(err.Error()) > 300 || !strings.Contains(err.Error(), `é..."`) {
		t.Errorf("got %v", err)
	}
}
