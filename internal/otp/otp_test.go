package otp_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/otp"
)

// sharedKey is the key that both RFCs print their examples for.
var sharedKey = []byte("12345678901234567890")

// plainKey holds the bytes 0 to 19.
func plainKey() []byte {
	key := make([]byte, otp.KeySize)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

// RFC 4226, appendix D.
func TestCodeOfCounter(t *testing.T) {
	want := []string{
		"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489",
	}
	for step, want := range want {
		if got := otp.Code(sharedKey, int64(step)); got != want {
			t.Errorf("step %d: code %s, want %s", step, got, want)
		}
	}
}

func TestCodeOfTime(t *testing.T) {
	tests := []struct {
		name string
		key  []byte
		unix int64
		want string
	}{
		// RFC 6238, appendix B, the rows of SHA-1: the last six of eight digits.
		{"1970", sharedKey, 59, "287082"},
		{"2005, a leading zero", sharedKey, 1111111109, "081804"},
		{"2005, a second later", sharedKey, 1111111111, "050471"},
		{"2009, two leading zeros", sharedKey, 1234567890, "005924"},
		{"2033", sharedKey, 2000000000, "279037"},
		{"2603", sharedKey, 20000000000, "353130"},

		{"bytes in rising order", plainKey(), 1700000000, "367345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := otp.Code(tt.key, otp.Step(time.Unix(tt.unix, 0))); got != tt.want {
				t.Errorf("code %s, want %s", got, tt.want)
			}
		})
	}
}

func TestNewKey(t *testing.T) {
	a, b := otp.NewKey(), otp.NewKey()
	if len(a) != otp.KeySize || len(b) != otp.KeySize {
		t.Fatalf("keys of %d and %d bytes, want %d", len(a), len(b), otp.KeySize)
	}
	if bytes.Equal(a, b) || bytes.Equal(a, make([]byte, otp.KeySize)) {
		t.Error("the key is not random")
	}
}

func TestStep(t *testing.T) {
	tests := []struct {
		unix, step int64
	}{
		{0, 0}, {29, 0}, {30, 1}, {59, 1}, {60, 2},
		{1700000000, 56666666}, {20000000000, 666666666},
		{-1, -1}, {-30, -1}, {-31, -2},
	}
	for _, tt := range tests {
		at := time.Unix(tt.unix, 999_999_999).In(time.FixedZone("", 5400))
		if got := otp.Step(at); got != tt.step {
			t.Errorf("Step(%d) = %d, want %d", tt.unix, got, tt.step)
		}
	}
}

func TestStart(t *testing.T) {
	for _, step := range []int64{-2, -1, 0, 1, 56666666, 666666666} {
		start := otp.Start(step)
		if start.Location() != time.UTC {
			t.Errorf("Start(%d) is in %s", step, start.Location())
		}
		if otp.Step(start) != step || otp.Step(start.Add(-1)) != step-1 || otp.Step(start.Add(otp.Period)) != step+1 {
			t.Errorf("Start(%d) = %s is not where the step begins", step, start)
		}
	}
}

func TestMatch(t *testing.T) {
	const now = 56666666
	code := otp.Code(sharedKey, now)
	tests := []struct {
		name     string
		code     string
		from, to int64
		want     []int64
	}{
		{"this step alone", code, now, now, []int64{now}},
		{"first of the window", code, now, now + 4, []int64{now}},
		{"last of the window", code, now - 4, now, []int64{now}},
		{"a step too early", code, now + 1, now + 5, nil},
		{"a step too late", code, now - 5, now - 1, nil},
		{"step zero", "755224", 0, 8, []int64{0}},
		{"the last step there is", otp.Code(sharedKey, math.MaxInt64), math.MaxInt64, math.MaxInt64, []int64{math.MaxInt64}},
		{"as many steps as allowed", code, now - 240, now, []int64{now}},
		{"one more", code, now - 241, now, nil},
		{"all steps there are", "755224", 0, math.MaxInt64, nil},
		{"an empty range", code, now + 1, now, nil},
		{"a negative step", otp.Code(sharedKey, -1), -1, -1, nil},
		{"from a negative step", "755224", -1, 1, nil},
		{"a range that overflows", "755224", math.MinInt64, math.MaxInt64, nil},
		{"no code", "", now - 4, now + 4, nil},
		{"a part of the code", code[:5], now - 4, now + 4, nil},
		{"the code and more", code + "0", now - 4, now + 4, nil},
		{"not cleaned", " " + code, now - 4, now + 4, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := otp.Match(sharedKey, tt.code, tt.from, tt.to); !slices.Equal(got, tt.want) {
				t.Errorf("steps %v, want %v", got, tt.want)
			}
		})
	}
}

// Two steps near each other may have one code; a caller that takes each step
// once needs both.
func TestMatchFindsAll(t *testing.T) {
	first, second := twins(t)
	want := []int64{first, second}
	if got := otp.Match(sharedKey, otp.Code(sharedKey, first), first, second); !slices.Equal(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}
}

// twins returns two steps, less than MaxSteps apart, of one code.
func twins(t *testing.T) (first, second int64) {
	t.Helper()
	last := map[string]int64{}
	for step := range int64(1_000_000) {
		code := otp.Code(sharedKey, step)
		if before, ok := last[code]; ok && step-before < otp.MaxSteps {
			return before, step
		}
		last[code] = step
	}
	t.Fatal("no two steps share a code")
	return 0, 0
}

func TestMatchOtherKey(t *testing.T) {
	if got := otp.Match(plainKey(), otp.Code(sharedKey, 100), 90, 110); got != nil {
		t.Errorf("steps %v for the code of another key", got)
	}
}

// An authenticator that is not ours shows the same digits.
func TestCodeAgainstOathtool(t *testing.T) {
	program, err := exec.LookPath("oathtool")
	if err != nil {
		if os.Getenv("DOORWARD_REQUIRE_SERVICES") == "1" {
			t.Fatal("oathtool is not installed")
		}
		t.Skip("oathtool is not installed; this test shows that other programs compute our codes")
	}
	for _, step := range []int64{0, 1, 37037036, 56666666, 70000000} {
		key := otp.NewKey()
		cmd := exec.CommandContext(t.Context(), program, "--totp", "--base32",
			"--now", otp.Start(step).Format("2006-01-02 15:04:05 UTC"), otp.Base32(key))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := otp.Code(key, step), strings.TrimSpace(string(out)); got != want {
			t.Errorf("step %d: code %s, want %s", step, got, want)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		otp.Match(sharedKey, "000000", 56666656, 56666676)
	}
}
