package flaskcompat_test

import (
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/signed"
)

// The formats beside our own signer, with as much to say.
func BenchmarkFormats(b *testing.B) {
	now := time.Unix(1700000000, 0)
	set := must(b, flaskcompat.Config{SecretKey: []byte("a secret of sufficient length")})
	keys, err := signed.NewKeys([]byte("a secret of sufficient length"))
	if err != nil {
		b.Fatal(err)
	}
	const uid = "f3a7c08b1d2e4f5061728394a5b6c7d8"
	ours := keys.Signer("token")
	token, err := set.Token.Seal(codec.Claims{UID: uid, AuthnAt: now}, now)
	if err != nil {
		b.Fatal(err)
	}
	link, err := set.Links.Seal("login", codec.Link{Uniquifier: uid, Bound: uid + uid}, now)
	if err != nil {
		b.Fatal(err)
	}
	secret := []byte("01234567890123456789")
	csrf, trust, remember := set.CSRF.Seal(secret, now), set.Trust.Seal(uid, now), set.Remember.Seal(uid)
	own := ours.Sign(make([]byte, 85), now)
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"own/verify", func() error { _, _, err := ours.Verify(own, time.Hour, now); return err }},
		{"own/sign", func() error { ours.Sign(make([]byte, 85), now); return nil }},
		{"token/open", func() error { _, _, err := set.Token.Open(token, now); return err }},
		{"token/seal", func() error { _, err := set.Token.Seal(codec.Claims{UID: uid, AuthnAt: now}, now); return err }},
		{"csrf/open", func() error { _, _, err := set.CSRF.Open(csrf, now); return err }},
		{"csrf/seal", func() error { set.CSRF.Seal(secret, now); return nil }},
		{"trust/open", func() error { _, _, err := set.Trust.Open(trust, now); return err }},
		{"remember/open", func() error { _, err := set.Remember.Open(remember); return err }},
		{"remember/seal", func() error { set.Remember.Seal(uid); return nil }},
		{"link/open", func() error { _, err := set.Links.Open("login", link, now); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A link with a hash of the address: ours to write, and the original's to check.
func BenchmarkLinkHashes(b *testing.B) {
	now := time.Unix(1700000000, 0)
	b.Run("seal", func(b *testing.B) {
		set := must(b, flaskcompat.Config{SecretKey: []byte("secret")})
		for b.Loop() {
			if _, err := set.Links.Seal("confirm", codec.Link{Uniquifier: "u", Email: "joe@example.com"}, now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			link := slow(b, must(b, flaskcompat.Config{SecretKey: []byte("secret")}).Links, now)
			if ok, err := link.Check(b.Context(), "joe@example.com", ""); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}
