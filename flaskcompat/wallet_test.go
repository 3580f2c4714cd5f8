package flaskcompat_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/flaskcompat"
)

const secret = "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFzMKLxXYiZu9B"

func newWallet(t testing.TB, secrets map[string]string) *flaskcompat.TOTPWallet {
	t.Helper()
	w, err := flaskcompat.NewTOTPWallet(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWalletVectors(t *testing.T) {
	for _, v := range vectors(t, "totp.json") {
		t.Run(v.Name, func(t *testing.T) {
			w := newWallet(t, v.Secrets)
			want, readable := v.want(t)
			got, err := w.Open(v.Stored)
			switch {
			case readable && (err != nil || !bytes.Equal(got, want)):
				t.Fatalf("got %x, %v; want %x", got, err, want)
			case !readable && (got != nil || !errors.Is(err, flaskcompat.ErrInvalid)):
				t.Fatalf("got %x, %v; want ErrInvalid", got, err)
			}
			if v.Seals == nil {
				return
			}
			if stored, err := w.SealSalted(want, bytesOf(t, *v.Seals)); err != nil || stored != v.Stored {
				t.Errorf("sealed\n%s, %v; the original\n%s", stored, err, v.Stored)
			}
		})
	}
}

// The vector of the documentation of this format, apart from those that the
// script writes.
func TestWalletContract(t *testing.T) {
	w := newWallet(t, map[string]string{"1": secret})
	key := bytesOf(t, "000102030405060708090a0b0c0d0e0f10111213")
	const stored = `{"enckey":{"c":14,"k":"2LWCSRQ4BKWOZFU7L6NMGXSM3SPC3E3B","s":"MFRGGZDFMZTWQ2LKNNWA","t":"1","v":1},"type":"totp","v":1}`
	if got, err := w.Open(stored); err != nil || !bytes.Equal(got, key) {
		t.Errorf("opened %x, %v", got, err)
	}
	if got, err := w.SealSalted(key, []byte("abcdefghijkl")); err != nil || got != stored {
		t.Errorf("sealed %s, %v", got, err)
	}
}

func TestWalletSeal(t *testing.T) {
	w := newWallet(t, map[string]string{"1": "old", "2": secret})
	key := []byte("twenty bytes of key!")
	one, err := w.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^\{"enckey":\{"c":14,"k":"[A-Z2-7]{32}","s":"[A-Z2-7]{20}","t":"2","v":1\},"type":"totp","v":1\}$`)
	if !form.MatchString(one) {
		t.Errorf("not as the original writes it: %s", one)
	}
	if len(one) > 255 {
		t.Errorf("%d characters do not fit into tf_totp_secret", len(one))
	}
	two, err := w.Seal(key)
	if err != nil || one == two {
		t.Errorf("sealed twice in the same way, %v", err)
	}
	later := newWallet(t, map[string]string{"2": secret, "3": "new"})
	for _, stored := range []string{one, two} {
		if got, err := later.Open(stored); err != nil || !bytes.Equal(got, key) {
			t.Errorf("opened %q, %v", got, err)
		}
	}
}

func TestWalletBounds(t *testing.T) {
	w := newWallet(t, map[string]string{"1": secret})
	if _, err := w.Seal(nil); !errors.Is(err, flaskcompat.ErrInvalid) {
		t.Errorf("no key: %v", err)
	}
	if _, err := w.Seal(make([]byte, flaskcompat.MaxStored)); !errors.Is(err, flaskcompat.ErrInvalid) {
		t.Errorf("a key that could not be read again: %v", err)
	}
	open := `{"key":"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT","label":"%s","type":"totp","v":1}`
	room := flaskcompat.MaxStored - len(fmt.Sprintf(open, ""))
	if _, err := w.Open(fmt.Sprintf(open, strings.Repeat("x", room))); err != nil {
		t.Errorf("as long as it may be: %v", err)
	}
	if _, err := w.Open(fmt.Sprintf(open, strings.Repeat("x", room+1))); !errors.Is(err, flaskcompat.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
	sealed := `{"enckey":{"c":%d,"k":"2LWCSRQ4","s":"MFRGGZDF","t":"1","v":1},"type":"totp","v":1}`
	if _, err := w.Open(fmt.Sprintf(sealed, flaskcompat.MaxCost)); err != nil {
		t.Errorf("the highest cost: %v", err)
	}
	if _, err := w.Open(fmt.Sprintf(sealed, flaskcompat.MaxCost+1)); !errors.Is(err, flaskcompat.ErrInvalid) {
		t.Errorf("a higher cost: %v", err)
	}
}

func TestWalletRefusesAndSaysWhy(t *testing.T) {
	w := newWallet(t, map[string]string{"1": secret})
	const key = `"key":"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT"`
	for stored, why := range map[string]string{
		`{` + key + `,"type":"totp","v":1,"digits":8}`:                              "6 digits",
		`{` + key + `,"type":"totp","v":1,"digits":null}`:                           "6 digits",
		`{` + key + `,"type":"totp","v":1,"period":60}`:                             "30 seconds",
		`{` + key + `,"type":"totp","v":1,"alg":"sha256"}`:                          "sha1",
		`{` + key + `,"type":"totp","v":true}`:                                      "version 1",
		`{` + key + `,"type":"totp","v":1,"Digits":6}`:                              "not known",
		`{` + key + `,"enckey":{},"type":"totp","v":1}`:                             "one of",
		`{"key":"","type":"totp","v":1}`:                                            "base32",
		`{"key":null,"type":"totp","v":1}`:                                          "base32",
		`{"key":"AAAQEAYE\nAUDAOCAJ","type":"totp","v":1}`:                          "base32",
		`{"key":"AAAQEAY=","type":"totp","v":1}`:                                    "base32",
		`{"enckey":null,"type":"totp","v":1}`:                                       "not a JSON object",
		`{"enckey":{"c":null,"k":"AA","s":"AA","t":"1","v":1},"type":"totp","v":1}`: "cost",
		`{"enckey":{"c":1,"k":"AA","s":"AA","t":null,"v":1},"type":"totp","v":1}`:   "tag",
		`{"enckey":{"c":1,"k":"AA","s":"AA","t":"9","v":1},"type":"totp","v":1}`:    "no secret",
		`{` + key + `,"type":"totp","v":1} x`:                                       "not a JSON object",
	} {
		_, err := w.Open(stored)
		if !errors.Is(err, flaskcompat.ErrInvalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v does not say %q", stored, err, why)
		}
		if err != nil && strings.Contains(err.Error(), "AAAQEAYE") {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func TestNewTOTPWallet(t *testing.T) {
	for name, tt := range map[string]struct {
		secrets map[string]string
		want    string
	}{
		"none":               {nil, "no secret"},
		"empty secret":       {map[string]string{"1": ""}, "is empty"},
		"empty tag":          {map[string]string{"": secret}, "the tag"},
		"tag with a space":   {map[string]string{"a b": secret}, "the tag"},
		"tag begins wrong":   {map[string]string{"-a": secret}, "the tag"},
		"tag not ASCII":      {map[string]string{"ä": secret}, "the tag"},
		"tag with a quote":   {map[string]string{`a"`: secret}, "the tag"},
		"tag ends in a line": {map[string]string{"a\n": secret}, "the tag"},
		"same number":        {map[string]string{"1": secret, "01": "other"}, "same number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := flaskcompat.NewTOTPWallet(tt.secrets)
			var problem *doorward.ConfigError
			if !errors.As(err, &problem) || !strings.Contains(problem.Problem, tt.want) || problem.Hint == "" {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Error("the error shows a secret")
			}
		})
	}
}

// A caller that changes its map later changes nothing.
func TestWalletOwnsItsSecrets(t *testing.T) {
	secrets := map[string]string{"1": secret}
	w := newWallet(t, secrets)
	stored, err := w.Seal([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	delete(secrets, "1")
	if _, err := w.Open(stored); err != nil {
		t.Error(err)
	}
}

func TestKeptKeys(t *testing.T) {
	w := newWallet(t, map[string]string{"1": secret})
	sealed := `{"enckey":{"c":0,"k":"2LWCSRQ4","s":"%s","t":"1","v":1},"type":"totp","v":1}`
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var wg sync.WaitGroup
	for i := range 2 * flaskcompat.KeptKeys {
		wg.Go(func() {
			salt := string([]byte{digits[i%32], digits[i/32%32], digits[i/1024%32], 'A', 'A', 'A', 'A', 'A'})
			if _, err := w.Open(fmt.Sprintf(sealed, salt)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.Kept(); n != flaskcompat.KeptKeys {
		t.Errorf("%d keys are kept, not %d", n, flaskcompat.KeptKeys)
	}
}

// What was sealed or opened derives nothing when it is opened again: it does not
// notice that the secrets are others.
func TestKeptKeysAreUsed(t *testing.T) {
	key := []byte("twenty bytes of key!")
	one, two := newWallet(t, map[string]string{"1": secret}), newWallet(t, map[string]string{"1": secret})
	stored, err := one.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Open(stored); err != nil {
		t.Fatal(err)
	}
	for what, w := range map[string]*flaskcompat.TOTPWallet{"sealed": one, "opened": two} {
		w.Forget()
		if got, err := w.Open(stored); err != nil || !bytes.Equal(got, key) {
			t.Errorf("what was %s is derived again: %q, %v", what, got, err)
		}
	}
}

func FuzzWallet(f *testing.F) {
	for _, v := range vectors(f, "totp.json") {
		f.Add(strings.ReplaceAll(v.Stored, `"c":1`, `"c":`)) // 2^14 rounds each would leave no time to search
	}
	w := newWallet(f, map[string]string{"1": secret, "2": "other"})
	f.Fuzz(func(t *testing.T, stored string) {
		if regexp.MustCompile(`"c"\s*:\s*[0-9]{2}`).MatchString(stored) {
			t.Skip("dear, and no other way through the decoder")
		}
		plain, err := w.Open(stored)
		if err != nil {
			if plain != nil || !errors.Is(err, flaskcompat.ErrInvalid) {
				t.Fatalf("%x, %v", plain, err)
			}
			return
		}
		if len(plain) == 0 || len(stored) > flaskcompat.MaxStored {
			t.Fatalf("%q opened to %x", stored, plain)
		}
	})
}

func BenchmarkWallet(b *testing.B) {
	w := newWallet(b, map[string]string{"1": secret})
	stored, err := w.Seal([]byte("twenty bytes of key!"))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("kept", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.Open(stored); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("derived", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := newWallet(b, map[string]string{"1": secret}).Open(stored); err != nil {
				b.Fatal(err)
			}
		}
	})
}
