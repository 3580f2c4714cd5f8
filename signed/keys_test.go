package signed_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/signed"
)

var (
	oldSecret = []byte("the secret of last year")
	newSecret = []byte("the secret of this year")
)

func keys(t testing.TB, primary []byte, fallbacks ...[]byte) *signed.Keys {
	t.Helper()
	k, err := signed.NewKeys(primary, fallbacks...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestNewKeysRefusesShortSecrets(t *testing.T) {
	long, short := bytes.Repeat([]byte("k"), signed.MinKeyLen), bytes.Repeat([]byte("s"), signed.MinKeyLen-1)
	tests := []struct {
		name      string
		primary   []byte
		fallbacks [][]byte
		want      string // part of the error, "" for none
	}{
		{"just long enough", long, [][]byte{long}, ""},
		{"no primary", nil, nil, "primary key"},
		{"short primary", short, [][]byte{long}, "primary key"},
		{"short second fallback", long, [][]byte{long, short}, "fallback key 2"},
		{"empty fallback", long, [][]byte{{}}, "fallback key 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := signed.NewKeys(tt.primary, tt.fallbacks...)
			if tt.want == "" {
				if err != nil || k == nil {
					t.Fatalf("got %v, %v", k, err)
				}
				return
			}
			if !errors.Is(err, signed.ErrShortKey) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want ErrShortKey naming %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "sss") || k != nil {
				t.Fatalf("the secret leaks, or keys were returned: %v, %v", err, k)
			}
		})
	}
}

func TestKeysDoNotRetainTheSecret(t *testing.T) {
	secret := bytes.Clone(newSecret)
	k := keys(t, secret)
	clear(secret)
	sealed := keys(t, newSecret).Sealer("p").SealString([]byte("x"), "")
	if _, err := k.Sealer("p").OpenString(sealed, ""); err != nil {
		t.Fatal(err)
	}
}

func TestKeysPrintNothing(t *testing.T) {
	k := keys(t, newSecret, oldSecret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, value := range []any{k, *k} {
			if got := fmt.Sprintf(verb, value); got != "signed.Keys(2)" {
				t.Errorf("%s prints %q", verb, got)
			}
		}
	}
}

// The formats are read back by later versions: these values were made by the
// first one.
func TestKeyDerivationIsStable(t *testing.T) {
	const token = "aGVsbG8.AAABk-PwWgA.nLcH-18bSGK3f8RW7pHr0OVJPqKq8Y06x7csIvtTh68"
	got := keys(t, newSecret).Signer("confirm").Sign([]byte("hello"), epoch)
	if got != token {
		t.Errorf("token is %q, was %q", got, token)
	}
	const sealed = "dHdlbHZlIGJ5dGVzmmtvTN8E6s8XMSoWYvMzTNLQoDPE"
	plain, err := keys(t, newSecret).Sealer("session").OpenString(sealed, "cookie")
	if err != nil || string(plain) != "hello" {
		t.Errorf("opened %q, %v", plain, err)
	}
}
