package flaskcompat_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/flaskcompat"
)

// fernetKey is 32 times the letter k.
const fernetKey = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="

func newCodes(t testing.TB, keys []string, ttl time.Duration, now int64) *flaskcompat.RecoveryCodes {
	t.Helper()
	c, err := flaskcompat.NewRecoveryCodes(keys, ttl, at(now))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecoveryVectors(t *testing.T) {
	for _, v := range vectors(t, "recovery.json") {
		t.Run(v.Name, func(t *testing.T) {
			c := newCodes(t, v.Keys, time.Duration(v.TTL)*time.Second, v.Now)
			want, readable := v.want(t)
			got, err := c.Open(v.Stored)
			switch {
			case readable && (err != nil || !bytes.Equal(got, want)):
				t.Fatalf("got %q, %v; want %q", got, err, want)
			case !readable && (got != nil || !refused(err)):
				t.Fatalf("got %q, %v; want a refusal", got, err)
			}
			if v.Seals == nil {
				return
			}
			if stored := c.SealAt(want, v.Now, bytesOf(t, *v.Seals)); stored != v.Stored {
				t.Errorf("sealed\n%s; the original\n%s", stored, v.Stored)
			}
		})
	}
}

func refused(err error) bool {
	return errors.Is(err, flaskcompat.ErrInvalid) || errors.Is(err, flaskcompat.ErrExpired)
}

// The vector of the documentation of this format, apart from those that the
// script writes.
func TestRecoveryContract(t *testing.T) {
	c := newCodes(t, []string{fernetKey}, 0, 1700000000)
	const stored = "gAAAAABlU_EAAAAAAAAAAAAAAAAAAAAAAFPrSaFw7VeuXRA_D1NNs7eSfUDkQfCkUOglX8C9xk6dmmywVxpnXh7aKQmsSNkEXQ=="
	if got, err := c.Open(stored); err != nil || string(got) != "1234-5678-9abc" {
		t.Errorf("opened %q, %v", got, err)
	}
	if got := c.SealAt([]byte("1234-5678-9abc"), 1700000000, make([]byte, 16)); got != stored {
		t.Errorf("sealed %s", got)
	}
}

func TestRecoverySeal(t *testing.T) {
	other := base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for name, keys := range map[string][]string{"readable": nil, "one key": {fernetKey}, "two keys": {other, fernetKey}} {
		t.Run(name, func(t *testing.T) {
			c := newCodes(t, keys, time.Hour, 1700000000)
			for _, code := range []string{"1234-5678-9abc", "x", "mañana", strings.Repeat("y", flaskcompat.MaxCode)} {
				stored, err := c.Seal([]byte(code))
				if err != nil {
					t.Fatal(err)
				}
				if got, err := c.Open(stored); err != nil || string(got) != code {
					t.Errorf("sealed %q, opened %q, %v", code, got, err)
				}
				if sealed := stored != code; sealed != (keys != nil) {
					t.Errorf("stored as %q", stored)
				}
				if strings.Contains(stored, ",") {
					t.Errorf("%q cannot stand in the column", stored)
				}
			}
			for _, code := range []string{"", "\xff", strings.Repeat("y", flaskcompat.MaxCode+1)} {
				if _, err := c.Seal([]byte(code)); !errors.Is(err, flaskcompat.ErrInvalid) {
					t.Errorf("sealed %q: %v", code, err)
				}
			}
		})
	}
	if _, err := newCodes(t, nil, 0, 0).Seal([]byte("a,b")); !errors.Is(err, flaskcompat.ErrInvalid) {
		t.Errorf("a comma in a readable code: %v", err)
	}
}

// The first key seals: the others alone cannot open it. Two tokens differ.
func TestRecoveryFirstKeySeals(t *testing.T) {
	other := base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	both := newCodes(t, []string{other, fernetKey}, 0, 1700000000)
	one, err1 := both.Seal([]byte("code"))
	two, err2 := both.Seal([]byte("code"))
	if err1 != nil || err2 != nil || one == two {
		t.Fatalf("%s, %v; %s, %v", one, err1, two, err2)
	}
	if _, err := newCodes(t, []string{other}, 0, 0).Open(one); err != nil {
		t.Error(err)
	}
	if _, err := newCodes(t, []string{fernetKey}, 0, 0).Open(one); !errors.Is(err, flaskcompat.ErrInvalid) {
		t.Errorf("opened by a key that did not seal it: %v", err)
	}
}

func TestRecoveryExpiry(t *testing.T) {
	const made = 1700000000
	stored, err := newCodes(t, []string{fernetKey}, 0, made).Seal([]byte("code"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		now  int64
		ttl  time.Duration
		want error
	}{
		"now":                    {made, time.Minute, nil},
		"at the last second":     {made + 60, time.Minute, nil},
		"a second later":         {made + 61, time.Minute, flaskcompat.ErrExpired},
		"clocks a minute apart":  {made - 60, time.Minute, nil},
		"from the future":        {made - 61, time.Minute, flaskcompat.ErrExpired},
		"nothing expires":        {made + 1<<40, 0, nil},
		"nor is from the future": {made - 1<<30, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newCodes(t, []string{fernetKey}, tt.ttl, tt.now).Open(stored)
			if !errors.Is(err, tt.want) || (tt.want != nil && got != nil) {
				t.Errorf("got %q, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestNewRecoveryCodes(t *testing.T) {
	for name, keys := range map[string][]string{
		"empty":     {""},
		"too short": {fernetKey[:40]},
		"too long":  {base64.URLEncoding.EncodeToString(make([]byte, 33))},
		"no base64": {strings.Repeat("!", 44)},
		"second":    {fernetKey, "x"},
	} {
		_, err := flaskcompat.NewRecoveryCodes(keys, 0, nil)
		var problem *doorward.ConfigError
		if !errors.As(err, &problem) || problem.Hint == "" || strings.Contains(err.Error(), "a2tra2t") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := flaskcompat.NewRecoveryCodes(nil, -time.Second, nil); err == nil {
		t.Error("a negative time to live is accepted")
	}
}

func FuzzRecovery(f *testing.F) {
	for _, v := range vectors(f, "recovery.json") {
		f.Add(v.Stored, v.Now)
	}
	f.Fuzz(func(t *testing.T, stored string, now int64) {
		for _, keys := range [][]string{nil, {fernetKey}} {
			plain, err := newCodes(t, keys, time.Hour, now).Open(stored)
			switch {
			case err != nil && (plain != nil || !refused(err)):
				t.Fatalf("%q, %v", plain, err)
			case err == nil && (len(plain) == 0 || len(plain) > flaskcompat.MaxCode):
				t.Fatalf("%q opened to %q", stored, plain)
			}
		}
	})
}

func BenchmarkRecovery(b *testing.B) {
	c := newCodes(b, []string{fernetKey}, time.Hour, 1700000000)
	stored, err := c.Seal([]byte("1234-5678-9abc"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Open(stored); err != nil {
			b.Fatal(err)
		}
	}
}
