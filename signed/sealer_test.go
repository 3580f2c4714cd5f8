package signed_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/signed"
)

func mustNotOpen(t *testing.T, s *signed.Sealer, text, aad, why string) {
	t.Helper()
	if plain, err := s.OpenString(text, aad); !errors.Is(err, signed.ErrInvalid) || plain != nil {
		t.Errorf("%s: got %q, %v; want nothing and ErrInvalid", why, plain, err)
	}
}

func TestSealRoundTrip(t *testing.T) {
	s := keys(t, newSecret).Sealer("session")
	for _, size := range []int{0, 1, 2, 3, 15, 16, 17, 1000, 48_000} {
		for _, aad := range []string{"", "cookie name"} {
			plain := bytes.Repeat([]byte{'p'}, size)
			text := s.SealString(plain, aad)
			got, err := s.OpenString(text, aad)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("size %d, aad %q: %d bytes, %v", size, aad, len(got), err)
			}
			raw := s.Seal([]byte("head"), plain, []byte(aad))
			if len(raw) != 4+size+signed.Overhead {
				t.Fatalf("size %d: sealed to %d bytes", size, len(raw))
			}
			got, err = s.Open([]byte("dst"), raw[4:], []byte(aad))
			if err != nil || string(got) != "dst"+string(plain) {
				t.Fatalf("raw, size %d: %d bytes, %v", size, len(got), err)
			}
		}
	}
}

func TestSealNeverRepeats(t *testing.T) {
	s := keys(t, newSecret).Sealer("session")
	first, second := s.SealString([]byte("x"), ""), s.SealString([]byte("x"), "")
	if first == second {
		t.Error("two seals of one value are equal")
	}
}

func TestOpenRefuses(t *testing.T) {
	s := keys(t, newSecret, oldSecret).Sealer("session")
	text := s.SealString([]byte("alice"), "name")
	k := keys(t, newSecret)

	mustNotOpen(t, s, text, "other", "wrong aad")
	mustNotOpen(t, s, text, "", "no aad")
	mustNotOpen(t, k.Sealer("remember"), text, "name", "wrong purpose")
	mustNotOpen(t, k.Sealer(""), text, "name", "empty purpose")
	mustNotOpen(t, keys(t, oldSecret).Sealer("session"), text, "name", "other key")
	mustNotOpen(t, s, k.Signer("session").Sign([]byte("alice"), epoch), "name", "a token")
	mustNotOpen(t, s, text+"=", "name", "padding")
	mustNotOpen(t, s, text+"A", "name", "trailing letter")
	mustNotOpen(t, s, text+".", "name", "trailing dot")
	mustNotOpen(t, s, strings.Repeat("A", signed.MaxSealed+1), "name", "too long")

	for i := range len(text) {
		mustNotOpen(t, s, text[:i], "name", "truncated")
		mustNotOpen(t, s, text[i+1:], "name", "beheaded")
		for _, c := range []string{"\n", "\r", " ", "=", "+"} {
			mustNotOpen(t, s, text[:i]+c+text[i:], "name", "stray "+c)
		}
		for _, c := range []byte("A-z9") {
			if text[i] != c {
				mustNotOpen(t, s, text[:i]+string(c)+text[i+1:], "name", "changed character")
			}
		}
	}
}

// Every other last character carries the same bytes plus stray bits: a
// lenient decoder would take sixteen spellings for one value.
func TestOpenStringHasOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	s := keys(t, newSecret).Sealer("session")
	for size := range 3 {
		text := s.SealString(make([]byte, size), "")
		opened := 0
		for _, c := range alphabet {
			if _, err := s.OpenString(text[:len(text)-1]+string(c), ""); err == nil {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("size %d: %d spellings open", size, opened)
		}
	}
}

func TestOpenRawRefuses(t *testing.T) {
	s := keys(t, newSecret, oldSecret).Sealer("session")
	raw := s.Seal(nil, []byte("alice"), nil)
	for i := range raw {
		if _, err := s.Open(nil, raw[:i], nil); !errors.Is(err, signed.ErrInvalid) {
			t.Errorf("truncated to %d: %v", i, err)
		}
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if _, err := s.Open(nil, raw, nil); !errors.Is(err, signed.ErrInvalid) {
				t.Errorf("bit %d of byte %d flipped: %v", bit, i, err)
			}
			raw[i] ^= 1 << bit
		}
	}
}

func TestSealerRotation(t *testing.T) {
	before, after := keys(t, oldSecret).Sealer("p"), keys(t, newSecret, oldSecret).Sealer("p")
	old := before.SealString([]byte("alice"), "a")
	if got, err := after.OpenString(old, "a"); err != nil || string(got) != "alice" {
		t.Errorf("the fallback key does not open: %q, %v", got, err)
	}
	fresh := after.SealString([]byte("alice"), "a")
	mustNotOpen(t, before, fresh, "a", "sealed with the retired key")
	if _, err := keys(t, newSecret).Sealer("p").OpenString(fresh, "a"); err != nil {
		t.Errorf("not sealed with the newest key: %v", err)
	}
}

func TestSealerConcurrently(t *testing.T) {
	s := keys(t, newSecret, oldSecret).Sealer("p")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := s.OpenString(s.SealString([]byte("x"), "a"), "a"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzOpenString(f *testing.F) {
	s := keys(f, newSecret, oldSecret).Sealer("session")
	f.Add("", "")
	f.Add(s.SealString([]byte("alice"), "name"), "name")
	f.Add(keys(f, oldSecret).Sealer("session").SealString(nil, ""), "")
	f.Add(strings.Repeat("A", 44)+"\n", "name")
	f.Fuzz(func(t *testing.T, text, aad string) {
		plain, err := s.OpenString(text, aad)
		if err == nil && len(text) != (len(plain)+signed.Overhead)*8/6+min(1, (len(plain)+signed.Overhead)%3) {
			t.Errorf("%q opened to %d bytes", text, len(plain))
		}
		if err != nil && (plain != nil || !errors.Is(err, signed.ErrInvalid)) {
			t.Errorf("got %q with %v", plain, err)
		}
		again, err := s.OpenString(s.SealString([]byte(text), aad), aad)
		if len(text) < 48_000 && (err != nil || string(again) != text) {
			t.Errorf("%q came back as %q, %v", text, again, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s, plain := keys(b, newSecret).Sealer("session"), make([]byte, 200)
	b.Run("raw", func(b *testing.B) {
		b.ReportAllocs()
		dst, aad := make([]byte, 0, 300), []byte("cookie")
		for b.Loop() {
			s.Seal(dst, plain, aad)
		}
	})
	b.Run("string", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.SealString(plain, "cookie")
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	aad := []byte("cookie")
	s := keys(b, newSecret, oldSecret).Sealer("session")
	values := map[string]*signed.Sealer{"primary": s, "fallback": keys(b, oldSecret).Sealer("session")}
	for name, by := range values {
		raw, text := by.Seal(nil, make([]byte, 200), aad), by.SealString(make([]byte, 200), "cookie")
		b.Run(name+"/raw", func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]byte, 0, 300)
			for b.Loop() {
				if _, err := s.Open(dst, raw, aad); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/string", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.OpenString(text, "cookie"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
