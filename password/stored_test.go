package password_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/password"
)

const (
	salt16 = "MDEyMzQ1Njc4OWFiY2RlZg"
	tag16  = "G6+I0RF6yNFbZN7fKvEgzA"
	bchars = "abcdefghijklmnopqrstuus2iVrL14rMqEwe8RhYfYBswgw/JmUGi"
)

func TestRefusedHashes(t *testing.T) {
	tests := []struct{ scheme, param, stored string }{
		{"argon2", "m", "$argon2id$v=19$m=262145,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "m", "$argon2id$v=19$m=99999999999,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "m", "$argon2id$v=19$m=15,t=1,p=2$" + salt16 + "$" + tag16},
		{"argon2", "m", "$argon2id$v=19$m=+64,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "m", "$argon2id$v=19$m=064,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "t", "$argon2id$v=19$m=64,t=11,p=1$" + salt16 + "$" + tag16},
		{"argon2", "t", "$argon2id$v=19$m=64,t=0,p=1$" + salt16 + "$" + tag16},
		{"argon2", "p", "$argon2id$v=19$m=1024,t=1,p=17$" + salt16 + "$" + tag16},
		{"argon2", "v", "$argon2id$v=16$m=64,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "parameters", "$argon2id$m=64,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "parameters", "$argon2id$v=19$m=64,t=1,p=1,data=x$" + salt16 + "$" + tag16},
		{"argon2", "type d", "$argon2d$v=19$m=64,t=1,p=1$" + salt16 + "$" + tag16},
		{"argon2", "salt", "$argon2id$v=19$m=64,t=1,p=1$MDEy\nMzQ1Njc4OWFiY2RlZg$" + tag16},
		{"argon2", "tag", "$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$G6+I0Q"},
		{"argon2", "tag", "$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$G6+I0RF6yNFbZN7fKvEgzB"},
		{"bcrypt", "rounds", "$2b$16$" + bchars},
		{"bcrypt", "rounds", "$2b$31$" + bchars},
		{"bcrypt", "rounds", "$2b$03$" + bchars},
		{"bcrypt", "rounds", "$2b$-4$" + bchars},
		{"bcrypt", "length", "$2b$04$" + bchars + "i"},
		{"bcrypt", "salt or digest", "$2b$04$" + strings.Replace(bchars, "a", "=", 1)},
		{"bcrypt_sha256", "rounds", "$bcrypt-sha256$v=2,t=2b,r=16$PKW7Nyx9pnEMGVCeWfch4.$Oww5BT26S3pB3r4Ly5Y..vKoMHKQsWC"},
		{"bcrypt_sha256", "parameters", "$bcrypt-sha256$v=3,t=2b,r=4$PKW7Nyx9pnEMGVCeWfch4.$Oww5BT26S3pB3r4Ly5Y..vKoMHKQsWC"},
		{"scrypt", "ln and r", "$scrypt$ln=19,r=8,p=1$" + salt16 + "$" + tag16},
		{"scrypt", "ln and r", "$scrypt$ln=31,r=1024,p=1$" + salt16 + "$" + tag16},
		{"scrypt", "ln", "$scrypt$ln=64,r=8,p=1$" + salt16 + "$" + tag16},
		{"scrypt", "p", "$scrypt$ln=4,r=8,p=17$" + salt16 + "$" + tag16},
		{"scrypt", "key", "$scrypt$ln=4,r=8,p=1$" + salt16 + "$" + tag16},
		{"pbkdf2_sha1", "rounds", "$pbkdf2$10000001$5hzj/P9/T0lJSanV2tsb4w$PjgjB8BjMMn7YZMa45UwOgfE1k4"},
		{"pbkdf2_sha1", "key", "$pbkdf2$7$5hzj/P9/T0lJSanV2tsb4w$PjgjB8BjMMn7YZMa45UwOgfE1k4="},
		{"pbkdf2_sha256", "key", "$pbkdf2-sha256$7$5hzj/P9/T0lJSanV2tsb4w$PjgjB8BjMMn7YZMa45UwOgfE1k4"},
		{"sha256_crypt", "rounds", "$5$rounds=2000001$0123456789abcdef$X.7zqm.dRS9y4R/WPQbJq88bL9u0GnOzfmWzomGmBB3"},
		{"sha256_crypt", "rounds", "$5$rounds=999$0123456789abcdef$X.7zqm.dRS9y4R/WPQbJq88bL9u0GnOzfmWzomGmBB3"},
		{"sha256_crypt", "salt", "$5$0123456789abcdefg$X.7zqm.dRS9y4R/WPQbJq88bL9u0GnOzfmWzomGmBB3"},
		{"sha256_crypt", "digest", "$5$0123456789abcdef$X.7zqm"},
		{"sha512_crypt", "parameters", "$6$"},
		{"django_argon2", "m", "argon2$argon2id$v=19$m=262145,t=1,p=1$" + salt16 + "$" + tag16},
		{"django_argon2", "prefix", "argon2$2b$04$" + bchars},
		{"django_bcrypt", "rounds", "bcrypt$$2b$16$" + bchars},
		{"django_bcrypt", "prefix", "bcrypt$" + bchars},
		{"django_pbkdf2_sha256", "rounds", "pbkdf2_sha256$99999999$salt$mZvJXwxKxuh5YM1tQw8oO/eafJHP6EUFd1iEF9LahaE="},
		{"django_salted_md5", "digest", "md5$salt$5D58D910F6ADF396468BA629FAB70207"},
		{"django_salted_sha1", "salt", "sha1$$9c080448b89ad22df81202e3fbaaeece685d75d2"},
		{"unknown", "", "$1$salt$digest"},
		{"unknown", "", "$y$j9T$salt$digest"},
		{"unknown", "length", strings.Repeat("x", 5000)},
	}
	h := fast(t, password.Config{Schemes: allSchemes()})
	for _, tt := range tests {
		for _, plain := range []string{"password", tt.stored} {
			got, err := h.Verify(t.Context(), plain, tt.stored)
			if got.OK {
				t.Errorf("%q matched", tt.stored)
			}
			if len(plain) > 1024 {
				continue
			}
			he, ok := errors.AsType[*password.HashError](err)
			if !ok || he.Scheme != tt.scheme || he.Param != tt.param {
				t.Errorf("%q: %#v, want scheme %s, parameter %q", tt.stored, err, tt.scheme, tt.param)
				continue
			}
			if strings.Contains(err.Error(), salt16) || strings.Contains(err.Error(), tag16) {
				t.Errorf("the error shows the hash: %v", err)
			}
		}
	}
}

func TestOnlyListedSchemes(t *testing.T) {
	h := fast(t, password.Config{})
	for stored, scheme := range map[string]string{
		"$scrypt$ln=4,r=8,p=1$J+Scc84Z43zPGWNMiVEqBQ$Pfrk3BAvv3zpOFb0gMve2mkIcLht+s/EghWBdYWBoCc": "scrypt",
		"md5$HDeTYZ0U21Su$5d58d910f6adf396468ba629fab70207":                                       "django_salted_md5",
		"a": "unknown",
	} {
		got, err := h.Verify(t.Context(), "a", stored)
		he, ok := errors.AsType[*password.HashError](err)
		if got.OK || !ok || he.Scheme != scheme {
			t.Errorf("%q: %+v, %v", stored, got, err)
		}
	}
}

// FuzzStored feeds stored hashes. Ceilings are low, so that what parses is cheap.
func FuzzStored(f *testing.F) {
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	var vectors []struct{ Stored string }
	if err := json.Unmarshal(data, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		f.Add(v.Stored)
	}
	f.Add("$scrypt$ln=31,r=1024,p=16$" + salt16 + "$" + tag16)
	h, err := password.NewForTests(testhash.Allow(), password.Config{
		Schemes: allSchemes(), MaxArgon2Memory: 128, MaxArgon2Time: 2, MaxArgon2Threads: 4, MaxScryptMemory: 64,
		MaxScryptThreads: 2, MaxBcryptRounds: 4, MaxPBKDF2Rounds: 100, MaxSHACryptRounds: 1100})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		const guess = "no vector has this password"
		got, err := h.Verify(t.Context(), guess, stored)
		if got.OK && stored != guess {
			t.Errorf("%q matched", stored)
		}
		if err != nil {
			if _, ok := errors.AsType[*password.HashError](err); !ok {
				t.Errorf("untyped error: %v", err)
			}
			if len(stored) > 12 && strings.Contains(err.Error(), stored) {
				t.Errorf("the error shows the hash: %v", err)
			}
		}
	})
}
