package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/password"
)

// leaks is a recording Breaches.
type leaks struct {
	known map[string]int
	err   error
	asked []string
}

func (l *leaks) Count(_ context.Context, plain string) (int, error) {
	l.asked = append(l.asked, plain)
	return l.known[plain], l.err
}

func newPolicy(t *testing.T, cfg password.Config, b password.Breaches) *password.Policy {
	t.Helper()
	p, err := password.NewPolicy(cfg, b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicy(t *testing.T) {
	zxcvbn := password.Config{Complexity: "zxcvbn"}
	tests := []struct {
		name  string
		cfg   password.Config
		plain string
		words []string
		want  string // key, or "" for none
	}{
		{"fine", password.Config{}, "battery staple", nil, ""},
		{"seven", password.Config{}, "unplugX", nil, password.KeyInvalidLength},
		{"eight", password.Config{}, "unplugXY", nil, ""},
		{"counts code points, not bytes", password.Config{}, "密码密码密码密", nil, password.KeyInvalidLength},
		{"counts after normalisation", password.Config{}, "ﬃxyäü", nil, ""},
		{"another minimum", password.Config{LengthMin: 15}, "battery staple", nil, password.KeyInvalidLength},
		{"128", password.Config{}, strings.Repeat("ab", 64), nil, ""},
		{"129", password.Config{}, strings.Repeat("a", 129), nil, password.KeyInvalidLength},
		{"129 after normalisation", password.Config{}, strings.Repeat("ä", 65), nil, password.KeyInvalidLength},
		{"a megabyte", password.Config{}, strings.Repeat("a", 1<<20), nil, password.KeyInvalidLength},
		{"empty", password.Config{}, "", nil, password.KeyInvalidLength},
		{"NUL", password.Config{}, "battery\x00staple", nil, password.KeyInvalidLength},
		{"not UTF-8", password.Config{}, "battery\xffstaple", nil, password.KeyInvalidLength},
		{"common", password.Config{}, "password", nil, password.KeyTooSimple},
		{"common in capitals", password.Config{}, "TrustNo1", nil, password.KeyTooSimple},
		{"common by compatibility form", password.Config{}, "ｐａｓｓｗｏｒｄ", nil, password.KeyTooSimple},
		{"common allowed", password.Config{AllowCommon: true}, "password", nil, ""},
		{"own address", password.Config{}, "Joe.Quimby@x.org", []string{"joe.quimby@x.org"}, password.KeyTooSimple},
		{"own local part", password.Config{}, "joe.quimby", []string{"joe.quimby@x.org"}, password.KeyTooSimple},
		{"contains the name only", password.Config{}, "joe.quimby.1987", []string{"joe.quimby@x.org"}, ""},
		{"low score", zxcvbn, "qwertyuiop12", nil, password.KeyTooSimple},
		{"high score", zxcvbn, "battery staple horse", nil, ""},
		{"low score by context", zxcvbn, "zanthorquux", []string{"zanthor", "quux"}, password.KeyTooSimple},
		{"score without the context", zxcvbn, "zanthorquux", nil, ""},
		{"long and strange for the estimator", zxcvbn, strings.Repeat("é1@", 32), nil, password.KeyTooSimple},
	}
	for _, tt := range tests {
		got := newPolicy(t, tt.cfg, nil).Check(t.Context(), tt.plain, tt.words)
		key := ""
		if len(got) > 0 {
			key = got[0].Key
			if got[0].Text == "" || len(got) > 1 {
				t.Errorf("%s: %+v", tt.name, got)
			}
		}
		if key != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, key, tt.want)
		}
	}
}

func TestLengthArguments(t *testing.T) {
	got := newPolicy(t, password.Config{LengthMin: 15}, nil).Check(t.Context(), "x", nil)
	if len(got) != 1 || got[0].Args["length"] != 15 {
		t.Errorf("%+v", got)
	}
}

func TestBreaches(t *testing.T) {
	down := errors.New("down")
	tests := []struct {
		name  string
		cfg   password.Config
		plain string
		count int
		err   error
		want  string
		asked int
	}{
		{"off", password.Config{CheckBreached: "false"}, "battery staple", 9, nil, "", 0},
		{"off by default", password.Config{}, "battery staple", 9, nil, "", 0},
		{"leaked", password.Config{CheckBreached: "strict"}, "battery staple", 1, nil, password.KeyBreached, 1},
		{"leaked, best effort", password.Config{CheckBreached: "best-effort"}, "battery staple", 1, nil, password.KeyBreached, 1},
		{"not leaked", password.Config{CheckBreached: "strict"}, "battery staple", 0, nil, "", 1},
		{"below the count", password.Config{CheckBreached: "strict", BreachedCount: 3}, "battery staple", 2, nil, "", 1},
		{"at the count", password.Config{CheckBreached: "strict", BreachedCount: 3}, "battery staple", 3, nil, password.KeyBreached, 1},
		{"site down", password.Config{CheckBreached: "strict"}, "battery staple", 0, down, password.KeyBreachedSiteError, 1},
		{"site down, best effort", password.Config{CheckBreached: "best-effort"}, "battery staple", 0, down, "", 1},
		{"not asked for what is refused anyway", password.Config{CheckBreached: "strict"}, "password", 0, nil, password.KeyTooSimple, 0},
	}
	for _, tt := range tests {
		site := &leaks{known: map[string]int{tt.plain: tt.count}, err: tt.err}
		got := newPolicy(t, tt.cfg, site).Check(t.Context(), tt.plain, nil)
		key := ""
		if len(got) > 0 {
			key = got[0].Key
		}
		if key != tt.want || len(site.asked) != tt.asked {
			t.Errorf("%s: %q, asked %q; want %q", tt.name, key, site.asked, tt.want)
		}
	}
}

// TestScoreIsBounded: without the cut the estimator takes seconds here.
func TestScoreIsBounded(t *testing.T) {
	p := newPolicy(t, password.Config{Complexity: "zxcvbn"}, nil)
	words := make([]string, 1000)
	for i := range words {
		words[i] = strings.Repeat("abc1", 500)
	}
	start := time.Now()
	for _, s := range []string{strings.Repeat("4bc@ ", 25), strings.Repeat("4", 128), strings.Repeat("a1", 64)} {
		p.Check(t.Context(), s, words)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// FuzzPolicy: the estimator must take whatever a stranger types.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{"password", "1999-12-31", "aaaa\u0301aaaa", "qwertz\u2603uiop", "\U0001F600\U0001F600abcabcabc", "p@$$w0rd"} {
		f.Add(s, "joe@x.org")
	}
	p, err := password.NewPolicy(password.Config{Complexity: "zxcvbn"}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, plain, word string) {
		for _, v := range p.Check(t.Context(), plain, []string{word}) {
			if v.Key == "" || v.Text == "" {
				t.Errorf("%q: %+v", plain, v)
			}
		}
	})
}
