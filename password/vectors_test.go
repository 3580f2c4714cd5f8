package password_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/password"
)

// allSchemes is everything this package reads.
func allSchemes() []string {
	return []string{"argon2", "bcrypt", "bcrypt_sha256", "scrypt", "pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512",
		"sha256_crypt", "sha512_crypt", "django_argon2", "django_bcrypt", "django_bcrypt_sha256", "django_pbkdf2_sha1",
		"django_pbkdf2_sha256", "django_salted_sha1", "django_salted_md5", "plaintext"}
}

// fast returns a Hasher with the test parameters.
func fast(t testing.TB, cfg password.Config) *password.Hasher {
	t.Helper()
	h, err := password.NewForTests(testhash.Allow(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestReferenceVectors verifies hashes that passlib wrote (testdata/vectors.py).
func TestReferenceVectors(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Scheme, Password, Stored string
		Single                   bool
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	hashers := map[bool]*password.Hasher{
		true:  fast(t, password.Config{Salt: "1234", Schemes: allSchemes(), SingleHash: []string{"true"}}),
		false: fast(t, password.Config{Salt: "1234", Schemes: allSchemes(), SingleHash: []string{"false"}}),
	}
	seen := map[string]bool{}
	for _, v := range vectors {
		seen[v.Scheme] = true
		for plain, want := range map[string]bool{v.Password: true, "x" + v.Password: false, "": false} {
			got, err := hashers[v.Single].Verify(t.Context(), plain, v.Stored)
			if err != nil || got.OK != want {
				t.Errorf("%s single=%v: Verify(%q, %q) = %+v, %v; want OK=%v", v.Scheme, v.Single, plain, v.Stored, got, err, want)
			}
		}
		if v.Scheme == "plaintext" {
			continue
		}
		other, err := hashers[!v.Single].Verify(t.Context(), v.Password, v.Stored)
		if err != nil || other.OK {
			t.Errorf("%s: the HMAC makes no difference: %+v, %v", v.Scheme, other, err)
		}
	}
	for _, s := range allSchemes() {
		if !seen[s] {
			t.Errorf("no vector for %s", s)
		}
	}
}

// TestContractVectors are the hashes of the contract's own page: HMAC key 1234, or none.
func TestContractVectors(t *testing.T) {
	tests := []struct{ name, plain, stored string }{
		{"bcrypt of 72 bytes", "password", "$2b$04$abcdefghijklmnopqrstuus2iVrL14rMqEwe8RhYfYBswgw/JmUGi"},
		{"argon2id with a short tag", "password", "$argon2id$v=19$m=1024,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$G6+I0RF6yNFbZN7fKvEgzA"},
		{"pbkdf2", "password", "$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$66/OhlLY6ayHj1yJM8IiXDzfKNNPqJa2CDKKNST0H7p8GQM6N72RtyvZV7RbGLfrupQzHNx4umK6XMSOYJ8Vrw"},
	}
	h := fast(t, password.Config{Salt: "1234"})
	for _, tt := range tests {
		if got, err := h.Verify(t.Context(), tt.plain, tt.stored); err != nil || !got.OK {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	const crypt = "$5$rounds=1000$0123456789abcdef$X.7zqm.dRS9y4R/WPQbJq88bL9u0GnOzfmWzomGmBB3"
	if got, err := fast(t, password.Config{}).Verify(t.Context(), "a@b.com", crypt); err != nil || !got.OK {
		t.Errorf("sha256_crypt: %+v, %v", got, err)
	}
}
