package batteries_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/twofactor"
)

func TestLoadMessages(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  doorward.Text
		bad   bool
	}{
		"words":               {"Wrong.", doorward.Text{Text: "Wrong."}, false},
		"words and category":  {[]any{"Wrong.", "info"}, doorward.Text{Text: "Wrong.", Category: "info"}, false},
		"no words":            {"", doorward.Text{}, true},
		"number":              {7, doorward.Text{}, true},
		"one of two":          {[]any{"Wrong."}, doorward.Text{}, true},
		"unknown category":    {[]any{"Wrong.", "red"}, doorward.Text{}, true},
		"category is no text": {[]any{"Wrong.", 7}, doorward.Text{}, true},
	} {
		var cfg batteries.Config
		err := batteries.Load(&cfg, map[string]any{"SECURITY_MSG_INVALID_PASSWORD": c.value})
		if c.bad != (err != nil) || cfg.Pages.Messages["INVALID_PASSWORD"] != c.want {
			t.Errorf("%s: %+v, %v", name, cfg.Pages.Messages, err)
		}
		if err != nil && !strings.Contains(err.Error(), "SECURITY_MSG_INVALID_PASSWORD") {
			t.Errorf("%s: %v does not name the setting", name, err)
		}
	}
}

// TestLoadIgnored: what only the original knows does not keep a moved
// installation from starting; what nobody knows does.
func TestLoadIgnored(t *testing.T) {
	var cfg batteries.Config
	vars := map[string]any{}
	for name, why := range batteries.Ignored() {
		vars[name] = "x"
		if why == "" {
			t.Errorf("%s: why not?", name)
		}
	}
	if err := batteries.Load(&cfg, vars); err != nil {
		t.Error(err)
	}
	if err := batteries.Load(&cfg, map[string]any{"SECURITY_PEPPER": "x"}); err == nil {
		t.Error("an unknown setting is accepted")
	}
}

// TestAllThatIsWrong: what is wrong with text messages is told with the rest.
func TestAllThatIsWrong(t *testing.T) {
	for name, tries := range map[string]int{"more is wrong": 99, "nothing else": 5} {
		cfg := batteries.Config{TwoFactor: &twofactor.Config{}}
		cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[User]()), []byte("a key for tests, and for nothing else")
		cfg.Codes.Secrets, cfg.Codes.Issuer, cfg.Codes.Tries = map[string]string{"1": "a key for tests, and for nothing else"}, "Example", tries
		cfg.SMS.Service = "Pigeon"
		_, err := batteries.New(cfg)
		cfg.TwoFactor.Methods = []string{"authenticator", "owl"}
		_, all := batteries.New(cfg)
		if all == nil || !strings.Contains(all.Error(), "owl") || strings.Contains(all.Error(), "CODE_TRIES") != (tries > 10) {
			t.Errorf("%s: %v", name, all)
		}
		if err == nil || !strings.Contains(err.Error(), "SMS_SERVICE") || strings.Contains(err.Error(), "CODE_TRIES") != (tries > 10) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is wrong with passwords is told once, whoever makes their hashes.
func TestToldOnce(t *testing.T) {
	for name, hasher := range map[string]batteries.Hasher{"made here": nil, "the application's": &password.Hasher{}} {
		for _, wrong := range []password.Config{{Scheme: "scrypt"}, {NormalizeForm: "NFX"}, {LengthMin: -1}} {
			cfg := batteries.Config{Password: wrong, Hasher: hasher}
			cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[User]()), []byte("a key for tests, and for nothing else")
			_, err := batteries.New(cfg)
			if err == nil || strings.Count(err.Error(), "password:") != 1 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	cfg := batteries.Config{Password: password.Config{Scheme: "argon2", Argon2Memory: 1}} // which the policy does not look at
	cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[User]()), []byte("a key for tests, and for nothing else")
	if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), "ARGON2_MEMORY") {
		t.Error(err)
	}
}
