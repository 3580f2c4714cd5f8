package flaskcompat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

// signedCase is a case of testdata/original.py, which explains the fields.
type signedCase struct {
	Name, Secret, Value string
	Fallbacks           []string
	Now                 int64
	Reads, Said         json.RawMessage
	Stricter, Laxer     string
	Seals               bool

	CSRFKey            string `json:"csrf_key"`
	Flow, Bound, Extra string
	Account            struct{ UID, Email, Password string }
}

// maxAge is how long the values live.
const maxAge = 3600

func signedCases(t testing.TB, file string) (all []signedCase) {
	t.Helper()
	all = readVectors[signedCase](t, file)
	if len(all) < 20 {
		t.Fatalf("%s has %d cases", file, len(all))
	}
	return all
}

func (c signedCase) config() flaskcompat.Config {
	return flaskcompat.Config{SecretKey: []byte(c.Secret), SecretKeyFallbacks: c.Fallbacks, CSRFSecretKey: c.CSRFKey}
}

func (c signedCase) set(t testing.TB) codec.Set {
	t.Helper()
	set, err := flaskcompat.New(c.config())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (c signedCase) now() time.Time { return time.Unix(c.Now, 0) }

// readable reports whether this library is to read the value.
func (c signedCase) readable() bool { return c.Reads != nil && c.Stricter == "" }

// old reports what the engine finds too old.
func (c signedCase) old(at time.Time) bool { return c.now().Sub(at) > maxAge*time.Second }

// outcome fails unless the value was read as the case says. err is the codec's.
func (c signedCase) outcome(t *testing.T, read bool, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, codec.ErrInvalid) {
		t.Errorf("the error is %v", err)
	}
	if read != c.readable() {
		t.Errorf("read: %v, want %v (%v)", read, c.readable(), err)
	}
}

// want is what the original reads.
func (c signedCase) want(t *testing.T, to any) {
	t.Helper()
	if err := json.Unmarshal(c.Reads, to); err != nil {
		t.Fatal(err)
	}
}

// written compares a value with the original's: byte by byte, or what is compressed by
// what that is.
func (c signedCase) written(t *testing.T, got string, err error) {
	t.Helper()
	if !c.Seals || got == c.Value {
		return
	}
	if err != nil || !strings.HasPrefix(c.Value+got, ".") {
		t.Fatalf("wrote %q, %v; want %q", got, err, c.Value)
	}
	a, b := parts(t, got), parts(t, c.Value)
	if !bytes.Equal(a.payload, b.payload) || a.stamp != b.stamp {
		t.Errorf("wrote %s at %s, want %s at %s", a.payload, a.stamp, b.payload, b.stamp)
	}
}

type taken struct {
	payload []byte
	stamp   string
}

// parts takes a value apart that has a time, or none.
func parts(t *testing.T, value string) taken {
	t.Helper()
	list := strings.Split(strings.TrimPrefix(value, "."), ".")
	first := list[0]
	if strings.HasPrefix(value, ".") {
		first = "." + first
	}
	payload, ok := flaskcompat.Unpack(first)
	if !ok {
		t.Fatalf("%q is not a value", value)
	}
	return taken{payload, strings.Join(list[1:len(list)-1], ".")}
}

// envelope is a case of testdata/vectors_signed.py, which explains the fields.
type envelope struct {
	Name, Salt, Derivation, Value, Stricter string
	Keys                                    []string
	Timed                                   bool
	Now                                     int64
	Payload                                 *string
	Packed                                  bool
}

func envelopes(t testing.TB) []envelope {
	t.Helper()
	return readVectors[envelope](t, "signed.json")
}

func (e envelope) signer() flaskcompat.Envelope {
	var secrets [][]byte
	for _, key := range e.Keys {
		secrets = append(secrets, []byte(key))
	}
	return flaskcompat.NewEnvelope(e.Salt, e.Derivation, secrets...)
}

func TestEnvelopes(t *testing.T) {
	for _, e := range envelopes(t) {
		t.Run(e.Name, func(t *testing.T) {
			payload, at, err := e.signer().Open(e.Value, e.Timed, time.Unix(e.Now, 0))
			if e.Payload == nil || e.Stricter != "" {
				if !errors.Is(err, codec.ErrInvalid) || payload != nil || !at.IsZero() {
					t.Errorf("opened to %q at %v, %v", payload, at, err)
				}
				return
			}
			if err != nil || string(payload) != *e.Payload {
				t.Fatalf("opened to %.200q, %v; want %.200q", payload, err, *e.Payload)
			}
			if e.Timed && at.IsZero() {
				t.Error("there is no time")
			}
			got := e.signer().Sign(*e.Payload, e.Timed, at)
			if len(e.Keys) == 1 && !e.Packed && !strings.HasPrefix(got, ".") && got != e.Value {
				t.Errorf("wrote %q, want %q", got, e.Value)
			}
			again, then, err := e.signer().Open(got, e.Timed, at)
			if err != nil || string(again) != *e.Payload || !then.Equal(at) {
				t.Errorf("came back as %.200q at %v, %v", again, then, err)
			}
		})
	}
}

// Compression is not the same everywhere, but begins at the same gain.
func TestCompressesWhereItPays(t *testing.T) {
	for _, e := range envelopes(t) {
		if e.Payload == nil || e.Stricter != "" {
			continue
		}
		got := e.signer().Sign(*e.Payload, e.Timed, time.Unix(e.Now, 0))
		plain := len(e.signer().Sign("", e.Timed, time.Unix(e.Now, 0))) + (len(*e.Payload)*8+5)/6
		if packed := strings.HasPrefix(got, "."); packed && len(got) > plain || !packed && len(got) != plain {
			t.Errorf("%s: %d characters, %d if it is left as it is", e.Name, len(got), plain)
		}
	}
}

func TestSignsWithTheFirstKey(t *testing.T) {
	now := time.Unix(1700000000, 0)
	both := flaskcompat.NewEnvelope("s", "django-concat", []byte("new"), []byte("old"))
	value := both.Sign("1", true, now)
	if value != flaskcompat.NewEnvelope("s", "django-concat", []byte("new")).Sign("1", true, now) {
		t.Error("not signed with the first key")
	}
	if _, _, err := flaskcompat.NewEnvelope("s", "django-concat", []byte("old")).Open(value, true, now); err == nil {
		t.Error("good with a key that has not signed it")
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, e := range envelopes(f) {
		if len(e.Value) < 3000 {
			f.Add(e.Value, e.Timed, e.Now)
		}
	}
	s := flaskcompat.NewEnvelope("confirm-salt", "django-concat", []byte("secret"), []byte("former"))
	f.Fuzz(func(t *testing.T, text string, timed bool, now int64) {
		at := time.Unix(now%253402300799, 0) // what Python has dates for
		payload, signed, err := s.Open(text, timed, at)
		if (err == nil) != (payload != nil) || err != nil && !errors.Is(err, codec.ErrInvalid) {
			t.Fatalf("%q, %v", payload, err)
		}
		if signed.After(at.Add(6 * time.Second)) {
			t.Errorf("of %v, at %v", signed, at)
		}
		if at.Unix() < 0 || len(text) > 5000 {
			return
		}
		value := s.Sign(text, timed, at)
		again, signed, err := s.Open(value, timed, at)
		if err != nil || string(again) != text || timed && !signed.Equal(at) {
			t.Errorf("%q came back as %q at %v, %v", text, again, signed, err)
		}
	})
}

// What a key holder signs is read, or refused, whatever it is.
func FuzzPayload(f *testing.F) {
	for _, e := range envelopes(f) {
		if e.Payload != nil && len(e.Value) < 3000 {
			first, _, _ := strings.Cut(strings.TrimPrefix(e.Value, "."), ".")
			f.Add(first)
			f.Add("." + first)
		}
	}
	f.Fuzz(func(t *testing.T, part string) {
		if payload, ok := flaskcompat.Unpack(part); ok && len(payload) > 64<<10 {
			t.Errorf("%d bytes", len(payload))
		}
	})
}
