package password_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/doorward/doorward/password"
)

func TestConfigMistakes(t *testing.T) {
	tests := []struct {
		name string
		cfg  password.Config
		want []string
	}{
		{"not listed", password.Config{Scheme: "scrypt"}, []string{"PASSWORD_HASH", "PASSWORD_SCHEMES"}},
		{"not writable", password.Config{Scheme: "django_bcrypt", Schemes: []string{"django_bcrypt"}}, []string{"django_bcrypt", "only read"}},
		{"plaintext for new ones", password.Config{Scheme: "plaintext", Schemes: []string{"plaintext"}}, []string{"plaintext", "only read"}},
		{"plaintext not last", password.Config{Schemes: []string{"plaintext", "argon2"}}, []string{"must be last"}},
		{"unsupported", password.Config{Schemes: []string{"argon2", "des_crypt"}}, []string{"des_crypt", "not supported"}},
		{"unsupported single", password.Config{SingleHash: []string{"nonsense"}}, []string{"PASSWORD_SINGLE_HASH", "nonsense"}},
		{"profile", password.Config{Profile: "fast"}, []string{"PASSWORD_HASH_PROFILE"}},
		{"form", password.Config{NormalizeForm: "nfkd"}, []string{"PASSWORD_NORMALIZE_FORM"}},
		{"several at once", password.Config{Slots: -1, LengthMin: 129, Complexity: "x"},
			[]string{"PASSWORD_HASH_SLOTS", "PASSWORD_LENGTH_MIN", "PASSWORD_COMPLEXITY_CHECKER"}},
		{"breach mode", password.Config{CheckBreached: "yes"}, []string{"PASSWORD_CHECK_BREACHED"}},
		{"breach URL", password.Config{BreachedURL: "ftp://x"}, []string{"PASSWORD_BREACHED_URL"}},
		{"bcrypt too cheap", password.Config{Scheme: "bcrypt", Rounds: 9}, []string{"PASSWORD_HASH_ROUNDS", "10 to 15"}},
		{"bcrypt too dear", password.Config{Scheme: "bcrypt", Rounds: 16}, []string{"PASSWORD_HASH_ROUNDS"}},
		{"scrypt over its ceiling", password.Config{Scheme: "scrypt", Schemes: []string{"scrypt"}, MaxScryptMemory: 1 << 16}, []string{"14 to 16"}},
		{"own hashes over the ceiling", password.Config{MaxArgon2Memory: 1024}, []string{"PASSWORD_MAX_ARGON2"}},
	}
	for _, tt := range tests {
		_, err := password.New(tt.cfg)
		if err == nil {
			t.Errorf("%s: accepted", tt.name)
			continue
		}
		for _, w := range tt.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not mention %q", tt.name, err, w)
			}
		}
	}
}

func TestConfigIsCopied(t *testing.T) {
	cfg := password.Config{Schemes: []string{"argon2"}, SingleHash: []string{"argon2"}, Salt: "1234"}
	h := fast(t, cfg)
	stored, err := h.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Schemes[0], cfg.SingleHash[0] = "bcrypt", "bcrypt"
	if got, err := h.Verify(t.Context(), "password", stored); err != nil || !got.OK {
		t.Errorf("after changing the slices: %+v, %v", got, err)
	}
}

// TestEverySettingIsDocumented: the loader and the settings page read these tags.
func TestEverySettingIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for f := range reflect.TypeFor[password.Config]().Fields() {
		name := f.Tag.Get("setting")
		if _, ok := f.Tag.Lookup("default"); name == "" || !ok || f.Tag.Get("help") == "" || seen[name] {
			t.Errorf("%s: setting %q lacks a tag or is named twice", f.Name, name)
		}
		seen[name] = true
	}
}
