package flaskcompat_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

func TestAuthTokens(t *testing.T) {
	for _, c := range signedCases(t, "auth.json") {
		t.Run(c.Name, func(t *testing.T) {
			token := c.set(t).Token
			claims, at, err := token.Open(c.Value, c.now())
			ended := !claims.Expires.IsZero() && claims.Expires.Before(c.now())
			c.outcome(t, err == nil && !c.old(at) && !ended, err)
			if !c.readable() {
				return
			}
			var want struct {
				UID string
				PAA json.RawMessage `json:"fs_paa"`
				Exp float64
			}
			c.want(t, &want)
			if claims.UID != want.UID || claims.By != "" {
				t.Errorf("of %q by %q, want %q", claims.UID, claims.By, want.UID)
			}
			if got := claims.AuthnAt; !got.Equal(authnAt(want.PAA, at)) {
				t.Errorf("proved at %v, said is %s", got, want.PAA)
			}
			if exp := claims.Expires; want.Exp == 0 && !exp.IsZero() || want.Exp != 0 && exp.Unix() != int64(min(want.Exp, 1<<40)) {
				t.Errorf("good until %v, said is %v", exp, want.Exp)
			}
			got, err := token.Seal(claims, at)
			c.written(t, got, err)
		})
	}
}

// authnAt is the time in a vector; none, if that is no time or lies ahead.
func authnAt(said json.RawMessage, at time.Time) (want time.Time) {
	var seconds float64
	if json.Unmarshal(said, &seconds) == nil && seconds > 0 && seconds < float64(at.Unix()+7) {
		want = time.UnixMicro(int64(seconds*1e6 + 0.5))
	}
	return want
}

func TestCSRFTokens(t *testing.T) {
	for _, c := range signedCases(t, "csrf.json") {
		t.Run(c.Name, func(t *testing.T) {
			const mine = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
			csrf := c.set(t).CSRF
			secret, at, err := csrf.Open(c.Value, c.now())
			c.outcome(t, err == nil && !c.old(at) && hex.EncodeToString(secret) == mine, err)
			if err == nil {
				c.written(t, csrf.Seal(secret, at), nil)
			}
		})
	}
}

func TestTrustCookies(t *testing.T) {
	for _, c := range signedCases(t, "tf_validity.json") {
		t.Run(c.Name, func(t *testing.T) {
			trust := c.set(t).Trust
			uid, at, err := trust.Open(c.Value, c.now())
			c.outcome(t, err == nil && !c.old(at), err)
			if !c.readable() {
				return
			}
			var want string
			if c.want(t, &want); uid != want {
				t.Errorf("of %q, want %q", uid, want)
			}
			c.written(t, trust.Seal(uid, at), nil)
		})
	}
}

func TestRememberCookies(t *testing.T) {
	for _, c := range signedCases(t, "remember.json") {
		t.Run(c.Name, func(t *testing.T) {
			remember := c.set(t).Remember
			uid, err := remember.Open(c.Value)
			c.outcome(t, err == nil, err)
			if !c.readable() {
				return
			}
			var want string
			if c.want(t, &want); uid != want {
				t.Errorf("of %q, want %q", uid, want)
			}
			if got := remember.Seal(uid); c.Seals && got != c.Value {
				t.Errorf("wrote %q, want %q", got, c.Value)
			}
		})
	}
}

// The cookie of formats.md is written as it stands there.
func TestRememberAsInTheContract(t *testing.T) {
	set := must(t, flaskcompat.Config{SecretKey: []byte("secret")})
	const uid = "0123456789abcdef0123456789abcdef"
	const mac = "74a24ae326efbba1f058cc2b8bff26eb3f4375321f74fde587c6d46f545a69e98df46099355c46696e841e8270761e227eae6f4f6666d55b5ae781068f9deb63"
	if got := set.Remember.Seal(uid); got != uid+"|"+mac {
		t.Errorf("wrote %q", got)
	}
}

func must(t testing.TB, cfg flaskcompat.Config) codec.Set {
	t.Helper()
	set, err := flaskcompat.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// What the formats cannot hold is an error, and no value that nobody reads again.
func TestTokensThatCannotBe(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	for name, uid := range map[string]string{
		"nobody": "", "a NUL": "a\x00", "no text": "\xff", "noise": noise(9000),
	} {
		if token, err := set.Token.Seal(codec.Claims{UID: uid}, now); err == nil {
			t.Errorf("%s: %q", name, token)
		}
	}
}

// noise is text that cannot be compressed by much.
func noise(length int) string {
	var b strings.Builder
	for n := uint32(1); b.Len() < length; n = n*1664525 + 1013904223 {
		b.WriteByte('!' + byte(n>>24)%90)
	}
	return b.String()
}

// A time that is long past, or none, survives.
func TestTokenTimes(t *testing.T) {
	set, now := must(t, flaskcompat.Config{SecretKey: []byte("secret")}), time.Unix(1700000000, 0)
	for name, claims := range map[string]codec.Claims{
		"none":      {UID: "u"},
		"both":      {UID: "u", AuthnAt: now.Add(-time.Hour), Expires: now.Add(time.Hour)},
		"exact":     {UID: "u", AuthnAt: now.Add(-123456 * time.Microsecond)},
		"past":      {UID: "u", Expires: time.Unix(1, 0)},
		"far ahead": {UID: "u", Expires: time.Unix(1<<40, 0)},
	} {
		token, err := set.Token.Seal(claims, now)
		if err != nil {
			t.Fatal(err)
		}
		got, at, err := set.Token.Open(token, now)
		if err != nil || !at.Equal(now) || got.UID != "u" || !got.AuthnAt.Equal(claims.AuthnAt) || !got.Expires.Equal(claims.Expires) {
			t.Errorf("%s: %+v came back as %+v, %v", name, claims, got, err)
		}
	}
	for name, claims := range map[string]codec.Claims{
		"before 1970": {UID: "u", AuthnAt: time.Unix(-5, 0), Expires: time.Unix(-5, 0)},
		"1970":        {UID: "u", AuthnAt: time.Unix(0, 0), Expires: time.Unix(0, 0)},
	} {
		token, err := set.Token.Seal(claims, now)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := set.Token.Open(token, now)
		if err != nil || !got.AuthnAt.IsZero() || got.Expires.IsZero() || got.Expires.After(time.Unix(1, 0)) {
			t.Errorf("%s: came back as %+v, %v", name, got, err)
		}
	}
}
