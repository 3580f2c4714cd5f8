package flaskcompat_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// vector is a case of testdata/make.py, which explains the fields.
type vector struct {
	Name, Stored, Stricter string
	Plain, Seals           *string

	Secrets map[string]string

	Keys []string
	TTL  int
	Now  int64
}

func vectors(t testing.TB, file string) (all []vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("%s has %d cases", file, len(all))
	}
	return all
}

// want is what must be read, and whether anything must.
func (v vector) want(t testing.TB) (plain []byte, readable bool) {
	t.Helper()
	if v.Plain == nil || v.Stricter != "" {
		return nil, false
	}
	return bytesOf(t, *v.Plain), true
}

func bytesOf(t testing.TB, hexadecimal string) []byte {
	t.Helper()
	out, err := hex.DecodeString(hexadecimal)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func at(unix int64) func() time.Time {
	return func() time.Time { return time.Unix(unix, 0) }
}
