package password_test

import (
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/doorward/doorward/password"
)

// BenchmarkDefault sets the package beside the bare function it wraps.
func BenchmarkDefault(b *testing.B) {
	h, err := password.New(password.Config{Salt: "1234"})
	if err != nil {
		b.Fatal(err)
	}
	stored, err := h.Hash(b.Context(), "password")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) {
		secret, salt := make([]byte, 88), make([]byte, 16)
		for b.Loop() {
			argon2.IDKey(secret, salt, 2, 19<<10, 1, 32)
		}
	})
	b.Run("Hash", func(b *testing.B) {
		for b.Loop() {
			h.Hash(b.Context(), "password")
		}
	})
	b.Run("Verify", func(b *testing.B) {
		for b.Loop() {
			h.Verify(b.Context(), "password", stored)
		}
	})
	b.Run("Waste", func(b *testing.B) {
		for b.Loop() {
			h.Waste(b.Context(), "password")
		}
	})
}
