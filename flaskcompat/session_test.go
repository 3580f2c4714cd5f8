package flaskcompat_test

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

// sessionCase is a case of testdata/vectors_session.py, which explains the fields.
type sessionCase struct {
	Name, Value, Stricter, Laxer string

	Keys, Others []string
	Now, Signed  int64
	Reads        *sessionRead
}

type sessionRead struct {
	User          string
	Fresh, Forget bool
	Flashes       [][]string

	Mark, PAA, GExp, Permanent, CSRF, Own any
}

func (c sessionCase) readable() bool { return c.Reads != nil && c.Stricter == "" || c.Laxer != "" }

// casesOf reads a file of at least so many.
func casesOf[T any](t testing.TB, file string, least int) []T {
	t.Helper()
	all := readVectors[T](t, file)
	if len(all) < least {
		t.Fatalf("%s has %d cases", file, len(all))
	}
	return all
}

func newSession(t testing.TB, keys ...string) codec.Session {
	t.Helper()
	set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(keys[0]), SecretKeyFallbacks: keys[1:]})
	if err != nil {
		t.Fatal(err)
	}
	return set.Session
}

func TestSessionReadsWhatFlaskWrites(t *testing.T) {
	for _, c := range casesOf[sessionCase](t, "session.json", 100) {
		t.Run(c.Name, func(t *testing.T) {
			s, now := newSession(t, c.Keys...), time.Unix(c.Now, 0)
			got, err := s.Open(c.Value, now)
			if !c.readable() {
				if !errors.Is(err, codec.ErrInvalid) || !reflect.ValueOf(got).IsZero() {
					t.Fatalf("opened %+v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Reads != nil {
				c.compare(t, got)
			}
			c.survives(t, s, got)
		})
	}
}

func (c sessionCase) compare(t *testing.T, got codec.Cookie) {
	t.Helper()
	r := c.Reads
	want := codec.Cookie{User: r.User, Forget: r.Forget, Permanent: r.Permanent == true, SignedAt: time.Unix(c.Signed, 0), Rest: got.Rest}
	if want.User != "" {
		want.Fresh = r.Fresh
		want.Mark, _ = r.Mark.(string)
		want.AuthnAt, want.GraceUntil = seconds(r.PAA), seconds(r.GExp)
		if want.AuthnAt.Unix() > c.Signed+60 {
			want.AuthnAt = time.Time{} // it would be recent for ever
		}
	}
	want.Own, _ = r.Own.(string)
	if text, _ := r.CSRF.(string); len(text) == 40 && text == strings.ToLower(text) {
		want.CSRF = bytesOf(t, text)
	}
	for _, f := range r.Flashes {
		want.Flashes = append(want.Flashes, codec.Flash{Category: f[0], Text: f[1]})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("opened %+v\nthe original %+v", got, want)
	}
}

// seconds is the time of a number, to the microsecond.
func seconds(v any) (t time.Time) {
	if f, _ := v.(float64); f > 0 {
		t = time.UnixMicro(int64(math.Round(f * 1e6)))
	}
	return t
}

// survives writes a cookie again, and finds in it what was in it before.
func (c sessionCase) survives(t *testing.T, s codec.Session, before codec.Cookie) {
	t.Helper()
	later := time.Unix(c.Now+5, 0)
	text := resealed(t, s, before, later)
	rest := text
	for _, other := range c.Others {
		var ok bool
		if _, rest, ok = strings.Cut(rest, other); !ok {
			t.Errorf("%s\nis not in its place in\n%s", other, text)
		}
	}
	if text == "{}" {
		return
	}
	after, err := s.Open(sealed(t, s, before, later), later)
	if err != nil {
		t.Fatal(err)
	}
	if !after.SignedAt.Equal(later) {
		t.Errorf("signed at %v", after.SignedAt)
	}
	if again := resealed(t, s, after, later); again != text {
		t.Errorf("wrote %s\nand then %s", text, again)
	}
	before.Rest, before.SignedAt, after.Rest, after.SignedAt = nil, time.Time{}, nil, time.Time{}
	if !reflect.DeepEqual(after, before) {
		t.Errorf("wrote %+v, read %+v", before, after)
	}
}

func sealed(t testing.TB, s codec.Session, c codec.Cookie, now time.Time) string {
	t.Helper()
	value, err := s.Seal(c, now)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// resealed is the JSON text that is written; "{}" for no cookie.
func resealed(t testing.TB, s codec.Session, c codec.Cookie, now time.Time) string {
	t.Helper()
	value := sealed(t, s, c, now)
	if value == "" {
		return "{}"
	}
	text := payloadOf(t, value)
	if text == "{}" {
		t.Error("wrote a cookie that says nothing")
	}
	return text
}

func payloadOf(t testing.TB, value string) string {
	t.Helper()
	body, packed := strings.CutPrefix(value, ".")
	body, _, _ = strings.Cut(body, ".")
	data, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	if !packed {
		return string(data)
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const sessionKey = "a secret of the application"

// cookieOf signs a JSON text as the original does.
func cookieOf(payload string, now time.Time) string {
	sign := func(key, text string) []byte {
		m := hmac.New(sha1.New, []byte(key))
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	stamp := []byte{byte(now.Unix() >> 24), byte(now.Unix() >> 16), byte(now.Unix() >> 8), byte(now.Unix())}
	b64 := base64.RawURLEncoding
	text := b64.EncodeToString([]byte(payload)) + "." + b64.EncodeToString(stamp)
	return text + "." + b64.EncodeToString(sign(string(sign(sessionKey, "cookie-session")), text))
}

func TestSessionHasBounds(t *testing.T) {
	s := newSession(t, sessionKey)
	for name, payload := range map[string]string{
		"64 KiB and a byte": `{"a":"` + strings.Repeat("x", 64<<10-7) + `"}`,
		"many more":         `{"a":"` + strings.Repeat("x", 1<<20) + `"}`,
		"objects in lists":  `{"a":` + strings.Repeat(`[{"b":`, 50) + "1" + strings.Repeat("}]", 50) + "}",
		"messages in lists": `{"_flashes":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}",
	} {
		if got, err := s.Open(cookieOf(payload, epoch), epoch); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("%s: opened %+v, %v", name, got, err)
		}
	}
	if _, err := s.Open(cookieOf(`{"a":"`+strings.Repeat("x", 64<<10-8)+`"}`, epoch), epoch); err != nil {
		t.Errorf("64 KiB: %v", err)
	}
}

func TestSessionConfig(t *testing.T) {
	for _, cfg := range []flaskcompat.Config{
		{},
		{SecretKey: []byte("k"), SecretKeyFallbacks: []string{""}},
		{SecretKey: []byte("k"), LoginVersion: "0.5"},
	} {
		if set, err := flaskcompat.New(cfg); err == nil || set.Session != nil {
			t.Errorf("%+v: %v", cfg, set.Session)
		}
	}
}

// Flask-WTF keeps the CSRF secret under the name of the field.
func TestSessionCSRFField(t *testing.T) {
	const secret = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	s := must(t, flaskcompat.Config{SecretKey: []byte(sessionKey), CSRFField: "tök\"en"}).Session
	c, err := s.Open(cookieOf(`{"csrf_token":"mine","t\u00f6k\"en":"`+secret+`"}`, epoch), epoch)
	if err != nil || hex.EncodeToString(c.CSRF) != secret {
		t.Fatalf("%x, %v", c.CSRF, err)
	}
	c.User, c.CSRF = "u", bytes.Repeat([]byte{7}, 20)
	value := sealed(t, s, c, epoch)
	want := `{"_user_id":"u","_fresh":false,"fs_cc":"set","tök\"en":"` + strings.Repeat("07", 20) + `","csrf_token":"mine"}`
	if got := payloadOf(t, value); got != want {
		t.Errorf("wrote %s\nwant  %s", got, want)
	}
	if again, err := s.Open(value, epoch); err != nil || !bytes.Equal(again.CSRF, c.CSRF) {
		t.Errorf("read %x, %v", again.CSRF, err)
	}
	if _, err := s.Open(cookieOf(`{"tök\"en":"`+secret+`","t\u00f6k\"en":"`+secret+`"}`, epoch), epoch); err == nil {
		t.Error("the secret is there twice")
	}
	for _, taken := range []string{"_user_id", "_doorward", "fs_cc", "tf_state", " t", "\xff"} {
		if _, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(sessionKey), CSRFField: taken}); err == nil {
			t.Errorf("the session has %q for something else", taken)
		}
	}
}
