package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/password"
)

func TestHashAndVerifyEveryWriter(t *testing.T) {
	t.Parallel()
	writers := map[string]string{"argon2": "$argon2id$v=19$m=19456,t=2,p=1$", "bcrypt": "$2b$12$", "scrypt": "$scrypt$ln=17,r=8,p=1$",
		"pbkdf2_sha256": "$pbkdf2-sha256$600000$", "pbkdf2_sha512": "$pbkdf2-sha512$210000$",
		"sha256_crypt": "$5$rounds=535000$", "sha512_crypt": "$6$rounds=656000$"}
	for scheme, begin := range writers {
		h, err := password.New(password.Config{Scheme: scheme, Schemes: allSchemes(), Salt: "1234"})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := h.Hash(t.Context(), "pässwörd")
		if err != nil || !strings.HasPrefix(stored, begin) {
			t.Errorf("%s: Hash = %q, %v; want %s...", scheme, stored, err, begin)
		}
		got, err := h.Verify(t.Context(), "pa\u0308sswo\u0308rd", stored)
		if err != nil || got != (password.Match{OK: true}) {
			t.Errorf("%s: own hash, decomposed input: %+v, %v", scheme, got, err)
		}
	}
}

func TestFlaskProfile(t *testing.T) {
	h, err := password.New(password.Config{Profile: "flask-security"})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.Hash(t.Context(), "password")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("Hash = %q, %v", stored, err)
	}
}

func TestSaltsDiffer(t *testing.T) {
	h := fast(t, password.Config{})
	a, _ := h.Hash(t.Context(), "password")
	b, _ := h.Hash(t.Context(), "password")
	if a == b {
		t.Error("two hashes of one password are equal")
	}
}

func TestRehash(t *testing.T) {
	t.Parallel()
	const (
		argon64  = "$argon2id$v=19$m=65536,t=3,p=4$"
		argon19  = "$argon2id$v=19$m=19456,t=2,p=1$"
		argonLow = "$argon2id$v=19$m=1024,t=1,p=1$"
	)
	write := func(cfg password.Config) string {
		cfg.Schemes = allSchemes()
		h, err := password.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.Hash(t.Context(), "password")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	strong := write(password.Config{Profile: "flask-security"})
	normal := write(password.Config{})
	bcrypt12 := write(password.Config{Scheme: "bcrypt"})
	bcrypt10 := write(password.Config{Scheme: "bcrypt", Rounds: 10})
	const low = "$argon2id$v=19$m=64,t=1,p=1$fK81BkCI8b4XIiRECAEAIA$Hgd1V6XugVr6TSbDCl5TL655yFi7Ec33OTNpybS7iOs" // of "a"
	tests := []struct {
		name   string
		policy password.Config
		stored string
		plain  string
		rehash bool
	}{
		{"own hash " + argon19, password.Config{}, normal, "password", false},
		{"stronger " + argon64, password.Config{}, strong, "password", false},
		{"below the profile", password.Config{Profile: "flask-security"}, normal, "password", true},
		{"low cost " + argonLow, password.Config{}, low, "a", true},
		{"weaker scheme", password.Config{}, bcrypt12, "password", true},
		{"bcrypt below cost", password.Config{Scheme: "bcrypt"}, bcrypt10, "password", true},
		{"bcrypt above cost", password.Config{Scheme: "bcrypt", Rounds: 10}, bcrypt12, "password", false},
		{"policy weaker than the stored scheme", password.Config{Scheme: "bcrypt"}, normal, "password", false},
		{"readable", password.Config{}, "password", "password", true},
	}
	for _, tt := range tests {
		tt.policy.Schemes = allSchemes()
		h, err := password.New(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Verify(t.Context(), tt.plain, tt.stored)
		if err != nil || !got.OK || got.Rehash != tt.rehash {
			t.Errorf("%s: %+v, %v; want Rehash=%v", tt.name, got, err, tt.rehash)
		}
	}
}

// TestCostlier: what is dearer than the policy is told for the wrong password, too, and
// is never what ought to be replaced.
func TestCostlier(t *testing.T) {
	t.Parallel()
	argon := func(params string) string { return "$argon2id$v=19$" + params + "$" + salt16 + "$" + tag16 }
	flask := password.Config{Profile: "flask-security"}
	bcrypt := password.Config{Scheme: "bcrypt", Rounds: 10}
	tests := map[string]struct {
		policy   password.Config
		stored   string
		costlier bool
	}{
		"no account":           {password.Config{}, "", false},
		"unreadable":           {password.Config{}, "$argon2id$", false},
		"over a ceiling":       {password.Config{}, argon("m=999999,t=1,p=1"), false},
		"as the policy":        {password.Config{}, argon("m=19456,t=2,p=1"), false},
		"hardly more":          {password.Config{}, argon("m=20480,t=2,p=1"), false},
		"more memory":          {password.Config{}, argon("m=24576,t=2,p=1"), true},
		"more passes":          {password.Config{}, argon("m=19456,t=3,p=1"), true},
		"flask-security":       {password.Config{}, argon("m=65536,t=3,p=4"), true},
		"flask-security's own": {flask, argon("m=65536,t=3,p=4"), false},
		"weaker":               {flask, argon("m=19456,t=2,p=1"), false},
		"weaker class":         {password.Config{}, "$2b$11$" + bchars, false},
		"bcrypt":               {bcrypt, "$2b$10$" + bchars, false},
		"one round of bcrypt":  {bcrypt, "$2b$11$" + bchars, true},
		"stronger class":       {bcrypt, argon("m=19456,t=2,p=1"), true},
	}
	for name, tt := range tests {
		h, err := password.New(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := h.Verify(t.Context(), "wrong", tt.stored); got != (password.Match{Costlier: tt.costlier}) {
			t.Errorf("%s: %+v, want Costlier=%v", name, got, tt.costlier)
		}
	}
	strong, err := password.New(flask)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := strong.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	h, err := password.New(password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Verify(t.Context(), "password", stored); err != nil || got != (password.Match{OK: true, Costlier: true}) {
		t.Errorf("the right password: %+v, %v", got, err)
	}
}

func TestEmptyNeverMatches(t *testing.T) {
	h := fast(t, password.Config{Schemes: allSchemes()})
	for _, tt := range []struct{ plain, stored string }{{"", ""}, {"", "$5$NSMxTo.TJ.UdNw7A$"}, {"password", ""}, {"", "x"}} {
		if got, _ := h.Verify(t.Context(), tt.plain, tt.stored); got.OK {
			t.Errorf("Verify(%q, %q) matched", tt.plain, tt.stored)
		}
	}
	if _, err := h.Hash(t.Context(), ""); !errors.Is(err, password.ErrEmpty) {
		t.Errorf("Hash of nothing: %v", err)
	}
}

func TestInputBounds(t *testing.T) {
	h := fast(t, password.Config{Salt: "1234"})
	tests := []struct {
		name, plain string
		want        error
	}{
		{"at the limit", strings.Repeat("x", 1024), nil},
		{"over the limit", strings.Repeat("x", 1025), password.ErrTooLong},
		{"grows by normalisation", strings.Repeat("\uFDFA", 300), password.ErrTooLong},
		{"NUL", "pass\x00word", password.ErrText},
		{"not UTF-8", "pass\xffword", password.ErrText},
	}
	for _, tt := range tests {
		if _, err := h.Hash(t.Context(), tt.plain); !errors.Is(err, tt.want) {
			t.Errorf("%s: Hash: %v, want %v", tt.name, err, tt.want)
		}
		if err := h.Waste(t.Context(), tt.plain); !errors.Is(err, tt.want) {
			t.Errorf("%s: Waste: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestBcryptDoesNotCut: two passwords that differ after byte 72 are two passwords.
func TestBcryptDoesNotCut(t *testing.T) {
	long := strings.Repeat("x", 72)
	h, err := password.New(password.Config{Scheme: "bcrypt", Rounds: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Hash(t.Context(), long+"a"); !errors.Is(err, password.ErrTooLong) {
		t.Errorf("without HMAC: %v, want ErrTooLong", err)
	}
	if err := h.Waste(t.Context(), long+"a"); err != nil {
		t.Errorf("Waste: %v", err)
	}
	h, err = password.New(password.Config{Scheme: "bcrypt", Rounds: 10, Salt: "1234"})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.Hash(t.Context(), long+"a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Verify(t.Context(), long+"b", stored); err != nil || got.OK {
		t.Errorf("with HMAC: %+v, %v", got, err)
	}
}

// slotted is a Hasher whose only slot a slow hash holds until done is closed.
func slotted(t *testing.T, wait time.Duration) (h *password.Hasher, done chan struct{}) {
	t.Helper()
	h, err := password.New(password.Config{Slots: 1, Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	started, done := make(chan struct{}), make(chan struct{})
	password.Hold(h, started, done)
	<-started
	return h, done
}

func TestWaitingObeysTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, done := slotted(t, time.Hour)
		defer close(done)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := h.Verify(ctx, "password", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Verify: %v", err)
		}
		if _, err := h.Hash(ctx, "password"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hash: %v", err)
		}
	})
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, done := slotted(t, time.Minute)
		if err := h.Waste(t.Context(), "password"); !errors.Is(err, password.ErrBusy) {
			t.Errorf("Waste: %v", err)
		}
		close(done)
		synctest.Wait()
		if err := h.Waste(t.Context(), "password"); err != nil {
			t.Errorf("after release: %v", err)
		}
	})
}

func TestFastHasherNeedsPermission(t *testing.T) {
	if _, err := password.NewForTests(testhash.Token{}, password.Config{}); err == nil {
		t.Error("the zero token made a fast hasher")
	}
	stored, err := fast(t, password.Config{}).Hash(t.Context(), "password")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("Hash = %q, %v", stored, err)
	}
}

// TestMismatchesCostTheSame counts the hashes of the policy that each outcome computes.
func TestMismatchesCostTheSame(t *testing.T) {
	h := fast(t, password.Config{Schemes: allSchemes()})
	count := password.CountWrites(h)
	tests := []struct {
		name, plain, stored string
		writes              int
	}{
		{"no account", "password", "", 1},
		{"nothing typed", "", "$2b$04$abcdefghijklmnopqrstuus2iVrL14rMqEwe8RhYfYBswgw/JmUGi", 1},
		{"malformed", "password", "$argon2id$", 1},
		{"over a ceiling", "password", "$argon2id$v=19$m=999999999,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$G6+I0RF6yNFbZN7fKvEgzA", 1},
		{"readable", "password", "other", 1},
		{"readable match", "password", "password", 1},
		{"one digest", "password", "md5$HDeTYZ0U21Su$5d58d910f6adf396468ba629fab70207", 1},
		{"slow already", "password", "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$G6+I0RF6yNFbZN7fKvEgzA", 0},
		{"too long", strings.Repeat("x", 2000), "", 0},
	}
	for _, tt := range tests {
		before := count()
		h.Verify(t.Context(), tt.plain, tt.stored)
		if got := count() - before; got != tt.writes {
			t.Errorf("%s: %d hashes of the policy, want %d", tt.name, got, tt.writes)
		}
	}
}
