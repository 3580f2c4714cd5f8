package flaskcompat_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/signed"
)

func FuzzSessionCookie(f *testing.F) {
	for _, c := range casesOf[sessionCase](f, "session.json", 100) {
		f.Add(c.Value)
	}
	s := newSession(f, sessionKey, "another secret, of last year")
	f.Fuzz(func(t *testing.T, value string) {
		if c, err := s.Open(value, epoch); err == nil {
			opensAgain(t, s, c, len(payloadOf(t, value)))
		}
	})
}

// The other target seldom gets past the signature; here everything is signed.
func FuzzSessionPayload(f *testing.F) {
	for _, c := range casesOf[sessionCase](f, "session.json", 100) {
		if c.Reads != nil && len(c.Value) < 4096 {
			f.Add(payloadOf(f, c.Value))
		}
	}
	s := newSession(f, sessionKey)
	f.Fuzz(func(t *testing.T, payload string) {
		c, err := s.Open(cookieOf(payload, epoch), epoch)
		if err != nil {
			return
		}
		if !json.Valid([]byte(payload)) && !strings.Contains(payload, "NaN") && !strings.Contains(payload, "Infinity") {
			t.Errorf("opened what is no JSON: %q", payload)
		}
		opensAgain(t, s, c, len(payload))
	})
}

func opensAgain(t *testing.T, s codec.Session, c codec.Cookie, size int) {
	t.Helper()
	value, err := s.Seal(c, epoch)
	if err != nil {
		if size < 60<<10 { // it may get longer
			t.Fatalf("%+v: %v", c, err)
		}
		return
	}
	if value == "" {
		return
	}
	again, err := s.Open(value, epoch)
	if err != nil {
		t.Fatalf("%s: %v", payloadOf(t, value), err)
	}
	if got := resealed(t, s, again, epoch); got != payloadOf(t, value) {
		t.Fatalf("wrote %s\nand   %s", payloadOf(t, value), got)
	}
	c.Rest, c.SignedAt, again.Rest, again.SignedAt = nil, time.Time{}, nil, time.Time{}
	if !reflect.DeepEqual(c, again) {
		t.Fatalf("read %+v\nand  %+v", c, again)
	}
}

// BenchmarkOpen reads a typical cookie of each format.
func BenchmarkOpen(b *testing.B) {
	s := newSession(b, sessionKey)
	c, err := s.Open(cookieOf(`{"cart":[1,2,3]}`, epoch), epoch)
	if err != nil {
		b.Fatal(err)
	}
	c.User, c.Fresh, c.AuthnAt = strings.Repeat("0123456789abcdef", 2), true, epoch.Add(-time.Minute)
	c.Mark, c.CSRF, c.Own = strings.Repeat("0123456789abcdef", 8), csrfSecret(7), strings.Repeat("0aB-dE7fg_", 20)
	packed := sealed(b, s, c, epoch)
	text := payloadOf(b, packed)
	keys, err := signed.NewKeys([]byte(sessionKey))
	if err != nil {
		b.Fatal(err)
	}
	sealer := keys.Sealer("session")
	own := sealer.SealString([]byte(text), "session")
	b.Run("own format", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sealer.OpenString(own, "session"); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, value := range map[string]string{"compressed": packed, "not compressed": cookieOf(text, epoch)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Open(value, epoch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Seal(c, epoch); err != nil {
				b.Fatal(err)
			}
		}
	})
}
