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
		{"gate", password.Config{Memory: -1, Queue: -1, SignedInQueue: -1, Wait: -1},
			[]string{"PASSWORD_HASH_MEMORY", "PASSWORD_HASH_QUEUE is", "PASSWORD_HASH_QUEUE_SIGNED_IN", "PASSWORD_HASH_WAIT"}},
		{"argon2 below one pass's floor", password.Config{Argon2Memory: 47103, Argon2Time: 1}, []string{"PASSWORD_ARGON2_MEMORY", "47104"}},
		{"argon2 profile with one pass", password.Config{Argon2Time: 1}, []string{"too weak", "47104"}},
		{"argon2 below the least", password.Config{Argon2Memory: 7167, Argon2Time: 9}, []string{"7168"}},
		{"argon2 lanes do not help", password.Config{Argon2Memory: 12 << 10, Argon2Threads: 4}, []string{"19456"}},
		{"argon2 over a ceiling", password.Config{Argon2Memory: 512 << 10, Argon2Time: 11, Argon2Threads: 17},
			[]string{"PASSWORD_ARGON2_MEMORY", "PASSWORD_ARGON2_TIME", "PASSWORD_ARGON2_THREADS"}},
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

func TestArgon2Parameters(t *testing.T) {
	tests := []struct {
		cfg  password.Config
		want string
	}{
		{password.Config{Argon2Memory: 20000}, "m=20000,t=2,p=1"},
		{password.Config{Argon2Memory: 47104, Argon2Time: 1}, "m=47104,t=1,p=1"},
		{password.Config{Argon2Memory: 12288, Argon2Time: 3, Argon2Threads: 2}, "m=12288,t=3,p=2"},
		{password.Config{Argon2Memory: 7168, Argon2Time: 6}, "m=7168,t=6,p=1"},
		{password.Config{Profile: "flask-security", Argon2Time: 2}, "m=65536,t=2,p=4"},
	}
	for _, tt := range tests {
		h, err := password.New(tt.cfg)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := h.Hash(t.Context(), "password"); err != nil || !strings.HasPrefix(got, "$argon2id$v=19$"+tt.want+"$") {
			t.Errorf("%s, %v; want %s", got, err, tt.want)
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
		if name == "-" {
			continue
		}
		if _, ok := f.Tag.Lookup("default"); name == "" || !ok || f.Tag.Get("help") == "" || seen[name] {
			t.Errorf("%s: setting %q lacks a tag or is named twice", f.Name, name)
		}
		seen[name] = true
	}
}
