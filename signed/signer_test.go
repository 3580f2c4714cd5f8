package signed_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/signed"
)

var epoch = time.Date(2024, 12, 20, 12, 0, 0, 0, time.UTC)

func mustNotVerify(t *testing.T, s *signed.Signer, token, why string) {
	t.Helper()
	payload, at, err := s.Verify(token, time.Hour, epoch)
	if !errors.Is(err, signed.ErrInvalid) || payload != nil || !at.IsZero() {
		t.Errorf("%s: got %q, %v, %v; want nothing and ErrInvalid", why, payload, at, err)
	}
}

func TestSignRoundTrip(t *testing.T) {
	s := keys(t, newSecret).Signer("confirm")
	for _, size := range []int{0, 1, 2, 3, 100, 6000} {
		payload := bytes.Repeat([]byte{0xfe}, size)
		token := s.Sign(payload, epoch)
		if strings.Count(token, ".") != 2 || strings.ContainsAny(token, "+/=\n") {
			t.Fatalf("token %q is not three URL-safe parts", token)
		}
		got, at, err := s.Verify(token, time.Hour, epoch.Add(time.Minute))
		if err != nil || !bytes.Equal(got, payload) || !at.Equal(epoch) {
			t.Fatalf("size %d: %d bytes, %v, %v", size, len(got), at, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	s := keys(t, newSecret, oldSecret).Signer("confirm")
	k := keys(t, newSecret)
	token := s.Sign([]byte("alice"), epoch)

	mustNotVerify(t, k.Signer("reset"), token, "wrong purpose")
	mustNotVerify(t, k.Signer(""), token, "empty purpose")
	mustNotVerify(t, keys(t, oldSecret).Signer("confirm"), token, "other key")
	mustNotVerify(t, s, k.Sealer("confirm").SealString([]byte("alice"), ""), "a sealed value")
	mustNotVerify(t, s, "a"+token, "longer head")
	mustNotVerify(t, s, token+"A", "longer tail")
	mustNotVerify(t, s, token+".", "another part")
	mustNotVerify(t, s, "."+token, "another first part")
	mustNotVerify(t, s, "..", "dots")
	mustNotVerify(t, s, strings.Repeat("A", signed.MaxToken)+".", "too long")
	mustNotVerify(t, s, s.Sign(make([]byte, signed.MaxToken), epoch), "genuine but too long")

	for i := range len(token) {
		mustNotVerify(t, s, token[:i], "truncated")
		mustNotVerify(t, s, token[i+1:], "beheaded")
		for _, c := range []string{"\n", "\r", " ", "=", "."} {
			mustNotVerify(t, s, token[:i]+c+token[i:], "stray "+c)
		}
		for c := range 128 {
			if token[i] != byte(c) {
				mustNotVerify(t, s, token[:i]+string(rune(c))+token[i+1:], "changed character")
			}
		}
	}
}

func TestSignerRotation(t *testing.T) {
	before, after := keys(t, oldSecret).Signer("p"), keys(t, newSecret, []byte("another former secret"), oldSecret).Signer("p")
	got, _, err := after.Verify(before.Sign([]byte("alice"), epoch), time.Hour, epoch)
	if err != nil || string(got) != "alice" {
		t.Errorf("the fallback key does not verify: %q, %v", got, err)
	}
	fresh := after.Sign([]byte("alice"), epoch)
	mustNotVerify(t, before, fresh, "signed with the retired key")
	if _, _, err := keys(t, newSecret).Signer("p").Verify(fresh, time.Hour, epoch); err != nil {
		t.Errorf("not signed with the newest key: %v", err)
	}
}

func TestVerifyTime(t *testing.T) {
	s := keys(t, newSecret).Signer("confirm")
	const ms = time.Millisecond
	tests := []struct {
		name   string
		after  time.Duration // from signing to verifying
		maxAge time.Duration
		want   error
	}{
		{"at once", 0, time.Hour, nil},
		{"last instant", time.Hour, time.Hour, nil},
		{"just too old", time.Hour + ms, time.Hour, signed.ErrExpired},
		{"years too old", 200 * 365 * 24 * time.Hour, time.Hour, signed.ErrExpired},
		{"no age, same instant", 0, 0, nil},
		{"no age", ms, 0, signed.ErrExpired},
		{"negative age", 0, -ms, signed.ErrExpired},
		{"clocks differ", -time.Minute, time.Hour, nil},
		{"from the future", -time.Minute - ms, time.Hour, signed.ErrExpired},
		{"from the far future", -200 * 365 * 24 * time.Hour, time.Hour, signed.ErrExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := s.Sign([]byte("alice"), epoch)
			payload, at, err := s.Verify(token, tt.maxAge, epoch.Add(tt.after))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if string(payload) != "alice" || !at.Equal(epoch) {
				t.Errorf("payload %q signed at %v", payload, at)
			}
			if errors.Is(err, signed.ErrInvalid) {
				t.Error("expired counts as invalid")
			}
		})
	}
}

func TestSignKeepsMilliseconds(t *testing.T) {
	s := keys(t, newSecret).Signer("confirm")
	for _, want := range []time.Time{epoch.Add(7 * time.Millisecond), time.UnixMilli(-5), time.UnixMilli(0)} {
		_, at, err := s.Verify(s.Sign(nil, want.Add(999*time.Microsecond)), time.Hour, want)
		if err != nil || !at.Equal(want) {
			t.Errorf("signed at %v, %v; want %v", at, err, want)
		}
	}
}

func TestSignerConcurrently(t *testing.T) {
	s := keys(t, newSecret, oldSecret).Signer("p")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				want := strings.Repeat("x", i)
				got, _, err := s.Verify(s.Sign([]byte(want), epoch), time.Hour, epoch)
				if err != nil || string(got) != want {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzVerify(f *testing.F) {
	s := keys(f, newSecret, oldSecret).Signer("confirm")
	f.Add("")
	f.Add("..")
	f.Add(s.Sign([]byte("alice"), epoch))
	f.Add(keys(f, oldSecret).Signer("confirm").Sign(nil, epoch))
	f.Add("YWxpY2U.AAAAAAAAAAA." + strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, token string) {
		payload, at, err := s.Verify(token, time.Hour, epoch)
		if err == nil && s.Sign(payload, at) != token {
			// Only a token of the fallback key may differ, in its MAC.
			body := token[:strings.LastIndexByte(token, '.')]
			if !strings.HasPrefix(s.Sign(payload, at), body+".") {
				t.Errorf("%q is another spelling of %q", token, s.Sign(payload, at))
			}
		}
		if errors.Is(err, signed.ErrInvalid) && payload != nil {
			t.Errorf("invalid, with payload %q", payload)
		}
		got, _, err := s.Verify(s.Sign([]byte(token), epoch), time.Hour, epoch)
		if len(token) < 6000 && (err != nil || string(got) != token) {
			t.Errorf("%q came back as %q, %v", token, got, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	s, payload := keys(b, newSecret).Signer("confirm"), make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		s.Sign(payload, epoch)
	}
}

func BenchmarkVerify(b *testing.B) {
	s := keys(b, newSecret, oldSecret).Signer("confirm")
	values := map[string]*signed.Signer{"primary": s, "fallback": keys(b, oldSecret).Signer("confirm")}
	for name, by := range values {
		token := by.Sign(make([]byte, 64), epoch)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Verify(token, time.Hour, epoch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestDigest(t *testing.T) {
	key, other := bytes.Repeat([]byte("k"), 32), bytes.Repeat([]byte("o"), 32)
	one, two := keys(t, key), keys(t, other, key)
	d := one.Signer("a").Digest
	if got := d("joe"); len(got) != 64 || got != one.Signer("a").Digest("joe") {
		t.Errorf("%q", got)
	}
	if d("joe") == d("ann") || d("joe") == one.Signer("b").Digest("joe") || d("joe") == two.Signer("a").Digest("joe") {
		t.Error("text, purpose and key do not matter")
	}
	// What a digest says of a token's text is not its MAC.
	token := one.Signer("a").Sign([]byte("x"), time.Unix(1e9, 0))
	body := token[:strings.LastIndexByte(token, '.')]
	sum, err := hex.DecodeString(d(body))
	if err != nil || strings.HasSuffix(token, base64.RawURLEncoding.EncodeToString(sum)) {
		t.Errorf("a digest signs: %v", err)
	}
}
