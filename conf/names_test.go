package conf_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/doorward/doorward/conf"
)

type common struct {
	LoginURL string `setting:"LOGIN_URL|SIGNIN_URL" default:"/login" help:"Where the sign-in page is."`
}

type cookies struct {
	Name   string `setting:"SESSION_COOKIE_NAME,bare" default:"session"`
	Secret []byte `setting:"SECRET_KEY,bare,secret"`
}

type passkeys struct {
	Hints bool `setting:"WAN_HINTS" help:"Tell the browser which passkeys fit."`
}

type register struct {
	URL      string    `setting:"REGISTER_URL" default:"/register"`
	Passkeys *passkeys `setting:"WEBAUTHN,feature"`
}

type app struct {
	common
	Session  cookies
	Logger   *strings.Builder
	Register *register `setting:"REGISTERABLE,feature" help:"Let visitors register."`
	note     string
}

// problems returns "NAME: problem (hint)" for each joined error.
func problems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestLoadNames(t *testing.T) {
	l := conf.Loader{Prefixes: []string{"DOORWARD_"}, Known: []string{"SECURITY_MSG_*", "WTF_CSRF_ENABLED"}}
	tests := []struct {
		name string
		vars map[string]any
		want []string // one part of each error, in order
	}{
		{"none", nil, nil},
		{"foreign", map[string]any{"PATH": "/bin", "LOGIN_URLS": "x", "SECURITY_MSG_X": "y", "WTF_CSRF_ENABLED": "1"}, nil},
		{"typo", map[string]any{"SECURITY_LOGN_URL": "x"}, []string{"SECURITY_LOGN_URL: unknown setting (did you mean SECURITY_LOGIN_URL?)"}},
		{"lower case", map[string]any{"security_login_url": "x"}, []string{"did you mean SECURITY_LOGIN_URL?"}},
		{"prefix too many", map[string]any{"SECURITY_SECRET_KEY": "x"}, []string{"did you mean SECRET_KEY?"}},
		{"someone else's", map[string]any{"WTF_CSRF_ENABLE": "x"}, []string{"did you mean WTF_CSRF_ENABLED?"}},
		{"nothing like it", map[string]any{"REMEMBER_COOKIE_X": "x"}, []string{"REMEMBER_COOKIE_X: unknown setting"}},
		{"short names are not guessed", map[string]any{"SECURITY_X": "x"}, []string{"SECURITY_X: unknown setting"}},
		{"own prefix", map[string]any{"DOORWARD_LISTEN": "x"}, []string{"DOORWARD_LISTEN: unknown"}},
		{"both aliases", map[string]any{"SECURITY_LOGIN_URL": "a", "SECURITY_SIGNIN_URL": "a"}, []string{"SECURITY_LOGIN_URL: is also given as SECURITY_SIGNIN_URL"}},
		{
			"everything at once",
			map[string]any{"SECURITY_REGISTERABLE": "maybe", "SECURITY_WAN_HINTS": "?", "SESSION_COOKIE_NAM": "x", "SECURITY_ZZZ": "x"},
			[]string{"SECURITY_REGISTERABLE: is neither", "SECURITY_WAN_HINTS: is neither", "SECURITY_ZZZ: unknown", "SESSION_COOKIE_NAM: unknown"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := problems(l.Load(&app{}, tt.vars))
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("got %q, want %q", got[i], tt.want[i])
				}
			}
			if strings.HasPrefix(tt.name, "nothing") || strings.HasPrefix(tt.name, "short") {
				if strings.Contains(got[0], "mean") {
					t.Errorf("wild guess: %q", got[0])
				}
			}
		})
	}
}

func TestLoadPlaces(t *testing.T) {
	cfg := app{note: "kept"}
	err := conf.Load(&cfg, map[string]any{
		"SECURITY_SIGNIN_URL": "/in", "SESSION_COOKIE_NAME": "sid", "SECRET_KEY": "0123456789abcdef",
		"SECURITY_REGISTERABLE": "yes", "SECURITY_REGISTER_URL": "/join",
	})
	want := app{
		common: common{LoginURL: "/in"}, note: "kept",
		Session:  cookies{Name: "sid", Secret: []byte("0123456789abcdef")},
		Register: &register{URL: "/join"},
	}
	if err != nil || !reflect.DeepEqual(cfg, want) {
		t.Errorf("got %+v, %v", cfg, err)
	}
}

func TestLoadFeatures(t *testing.T) {
	preset := func() *register { return &register{URL: "/mine"} }
	on, off := map[string]any{"SECURITY_REGISTERABLE": true}, map[string]any{"SECURITY_REGISTERABLE": "off"}
	tests := []struct {
		name string
		cfg  app
		vars map[string]any
		want *register
	}{
		{"off by default", app{}, nil, nil},
		{"on", app{}, on, &register{}},
		{"off", app{}, off, nil},
		{"preset stays", app{Register: preset()}, nil, preset()},
		{"preset, on", app{Register: preset()}, on, preset()},
		{"preset, off", app{Register: preset()}, off, nil},
		{"settings of a feature that is off", app{}, map[string]any{"SECURITY_REGISTER_URL": "/x"}, nil},
		{"preset, changed", app{Register: preset()}, map[string]any{"SECURITY_REGISTER_URL": "/x"}, &register{URL: "/x"}},
		{"inner without outer", app{}, map[string]any{"SECURITY_WEBAUTHN": true}, nil},
		{
			"both", app{}, map[string]any{"SECURITY_REGISTERABLE": true, "SECURITY_WEBAUTHN": true, "SECURITY_WAN_HINTS": true},
			&register{Passkeys: &passkeys{Hints: true}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := conf.Load(&tt.cfg, tt.vars); err != nil || !reflect.DeepEqual(tt.cfg.Register, tt.want) {
				t.Errorf("got %+v, %v; want %+v", tt.cfg.Register, err, tt.want)
			}
		})
	}
}

type recursive struct {
	Self *recursive `setting:"SELF,feature"`
}

func TestFaultyTags(t *testing.T) {
	var app *app
	tests := []struct {
		name string
		cfg  any
		want string
	}{
		{"nil", nil, "not a pointer"},
		{"nil pointer", app, "not a pointer"},
		{"no struct", new(int), "not a pointer"},
		{"twice", &struct {
			A string `setting:"X"`
			B struct {
				C string `setting:"Y|X"`
			}
		}{}, "SECURITY_X: is the name of both A and B.C"},
		{"in itself", &recursive{}, "recursive.Self and recursive.Self.Self"},
		{"unexported", &struct {
			a string `setting:"X"`
		}{}, "a: an unexported field"},
		{"option", &struct {
			A string `setting:"X,bear"`
		}{}, `unknown option "bear"`},
		{"name", &struct {
			A string `setting:"x"`
		}{}, `"x" is not a setting name`},
		{"empty name", &struct {
			A string `setting:",bare"`
		}{}, `"" is not a setting name`},
		{"type", &struct {
			A chan int `setting:"X"`
		}{}, "type chan int cannot"},
		{"interface", &struct {
			A error `setting:"X"`
		}{}, "type error cannot"},
		{"list of numbers", &struct {
			A []int `setting:"X"`
		}{}, "type []int cannot"},
		{"inverted text", &struct {
			A string `setting:"X,invert"`
		}{}, "inverted"},
		{"inverted Opt", &struct {
			A conf.Opt[bool] `setting:"X,invert"`
		}{}, "inverted"},
		{"seconds", &struct {
			A int `setting:"X,seconds"`
		}{}, "seconds"},
		{"feature", &struct {
			A bool `setting:"X,feature"`
		}{}, "pointer to a struct"},
		{"default", &struct {
			A int `setting:"X" default:"many"`
		}{}, "the default is not a whole number"},
		{"default of a bool", &struct {
			A bool `setting:"X" default:"true"`
		}{}, "zero value"},
		{"default of an inverted bool", &struct {
			A bool `setting:"X,invert" default:"false"`
		}{}, "zero value"},
		{"default of a feature", &struct {
			A *common `setting:"X,feature" default:"true"`
		}{}, "zero value"},
		{"default of a secret", &struct {
			A string `setting:"X,secret" default:"changeme"`
		}{}, "secret"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, listed := conf.Settings(tt.cfg)
			for name, err := range map[string]error{
				"Load": conf.Load(tt.cfg, nil), "Settings": listed, "Defaults": conf.Defaults(tt.cfg),
			} {
				var e *conf.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: error %v, want %q", name, err, tt.want)
				}
			}
		})
	}
	if conf.Load(values{}, nil) == nil {
		t.Error("a struct that is not a pointer can be filled")
	}
}
