package flaskcompat_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/flaskcompat"
)

// seeds adds the values of vectors, and what is in those that are signed.
func seeds(f *testing.F, files ...string) {
	f.Helper()
	for _, file := range files {
		for _, c := range signedCases(f, file) {
			if len(c.Value) < 3000 {
				f.Add(c.Value)
			}
		}
	}
}

// resigned is a set, and what signs any payload for it. Without a key nothing comes
// past the signature, and the search would see no more.
func resigned(f *testing.F, salt string) (codec.Set, func(payload string) string) {
	f.Helper()
	e := flaskcompat.NewEnvelope(salt, "django-concat", []byte("secret"))
	return must(f, flaskcompat.Config{SecretKey: []byte("secret")}), func(payload string) string {
		return e.Sign(payload, true, time.Unix(1700000000, 0))
	}
}

// payloads adds what the values of vectors hold.
func payloads(f *testing.F, salt string, files ...string) {
	f.Helper()
	for _, file := range files {
		for _, c := range signedCases(f, file) {
			e := flaskcompat.NewEnvelope(salt, "django-concat", []byte(c.Secret))
			if payload, _, err := e.Open(c.Value, true, c.now()); err == nil && len(payload) < 3000 {
				f.Add(string(payload))
			}
		}
	}
}

func invalid(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && !errors.Is(err, codec.ErrInvalid) {
		t.Errorf("the error is %v", err)
	}
	return err != nil
}

func FuzzToken(f *testing.F) {
	payloads(f, "remember-salt", "auth.json")
	seeds(f, "auth.json")
	set, sign := resigned(f, "remember-salt")
	now := time.Unix(1700000000, 0)
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := set.Token.Open(text, now)
		invalid(t, err)
		c, at, err := set.Token.Open(sign(text), now)
		if invalid(t, err) {
			if c != (codec.Claims{}) || !at.IsZero() {
				t.Errorf("refused, with %+v", c)
			}
			return
		}
		if c.UID == "" || !at.Equal(now) || c.AuthnAt.After(now.Add(7*time.Second)) {
			t.Errorf("%q says %+v at %v", text, c, at)
		}
		again, err := set.Token.Seal(c, now)
		if err != nil {
			return // too long, once it is written out
		}
		if d, _, err := set.Token.Open(again, now); err != nil || d.UID != c.UID || d.Expires.IsZero() != c.Expires.IsZero() {
			t.Errorf("%+v came back as %+v, %v", c, d, err)
		}
	})
}

func FuzzLink(f *testing.F) {
	salts := map[string]string{"confirm": "confirm-salt", "reset": "reset-salt", "login": "login-salt", "change": "change-email-salt"}
	for kind, salt := range salts {
		payloads(f, salt, kind+".json")
		seeds(f, kind+".json")
	}
	set, _ := resigned(f, "")
	flaskcompat.NoChecks(set) // which are slow, and tested by the vectors
	now := time.Unix(1700000000, 0)
	f.Fuzz(func(t *testing.T, text string) {
		for kind, salt := range salts {
			value := flaskcompat.NewEnvelope(salt, "django-concat", []byte("secret")).Sign(text, true, now)
			link, err := set.Links.Open(kind, value, now)
			if invalid(t, err) {
				continue
			}
			if link.Uniquifier == "" || link.Check == nil || kind == "change" && link.Extra == "" {
				t.Errorf("%s %q says %+v", kind, text, link)
			}
			if _, err := link.Check(t.Context(), "joe@example.com", ""); err != nil {
				t.Error(err)
			}
		}
		_, err := set.Links.Open("confirm", text, now)
		invalid(t, err)
	})
}

func FuzzCSRF(f *testing.F) {
	payloads(f, "wtf-csrf-token", "csrf.json")
	seeds(f, "csrf.json")
	set, sign := resigned(f, "wtf-csrf-token")
	now := time.Unix(1700000000, 0)
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := set.CSRF.Open(text, now)
		invalid(t, err)
		secret, at, err := set.CSRF.Open(sign(text), now)
		if invalid(t, err) {
			return
		}
		again, _, err := set.CSRF.Open(set.CSRF.Seal(secret, now), now)
		if err != nil || len(secret) != 20 || !at.Equal(now) || !bytes.Equal(again, secret) {
			t.Errorf("%q says %x, and then %x, %v", text, secret, again, err)
		}
	})
}

func FuzzTrust(f *testing.F) {
	payloads(f, "tf-validity-salt", "tf_validity.json")
	seeds(f, "tf_validity.json")
	set, sign := resigned(f, "tf-validity-salt")
	now := time.Unix(1700000000, 0)
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := set.Trust.Open(text, now)
		invalid(t, err)
		uid, _, err := set.Trust.Open(sign(text), now)
		if invalid(t, err) {
			return
		}
		again, _, err := set.Trust.Open(set.Trust.Seal(uid, now), now)
		if uid == "" || len(uid) < 1000 && (err != nil || again != uid) {
			t.Errorf("%q says %q, and then %q", text, uid, again)
		}
	})
}

func FuzzRemember(f *testing.F) {
	seeds(f, "remember.json")
	set := must(f, flaskcompat.Config{SecretKey: []byte("secret"), SecretKeyFallbacks: []string{"former"}})
	f.Fuzz(func(t *testing.T, text string) {
		uid, err := set.Remember.Open(text)
		if !invalid(t, err) && (uid == "" || set.Remember.Seal(uid) != text) {
			t.Errorf("%q is of %q", text, uid)
		}
		if again, err := set.Remember.Open(set.Remember.Seal(text)); err == nil && again != text {
			t.Errorf("%q came back as %q", text, again)
		}
	})
}

func FuzzStates(f *testing.F) {
	payloads(f, "wan-salt", "wan.json")
	payloads(f, "tf-setup-salt", "tf_setup.json")
	payloads(f, "us-setup-salt", "us_setup.json")
	for _, c := range signedCases(f, "refresh.json") {
		e := flaskcompat.NewEnvelope("refresh-token-salt", "django-concat", []byte(c.Secret))
		if payload, _, err := e.Open(c.Value, false, c.now()); err == nil && len(payload) < 3000 {
			f.Add(string(payload))
		}
	}
	states, err := flaskcompat.NewStates(flaskcompat.Config{SecretKey: []byte("secret")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sealAgain(t, states.TwoFactorSetup, "tf-setup-salt", text, true)
		sealAgain(t, states.UnifiedSetup, "us-setup-salt", text, true)
		sealAgain(t, states.PasskeyRegister, "wan-salt", text, true)
		sealAgain(t, states.PasskeySignIn, "wan-salt", text, true)
		sealAgain(t, states.Refresh, "refresh-token-salt", text, false)
	})
}

// sealAgain reads a payload, and what is written of that.
func sealAgain[T comparable](t *testing.T, state *flaskcompat.State[T], salt, payload string, timed bool) {
	t.Helper()
	now := time.Unix(1700000000, 0)
	v, _, err := state.Open(flaskcompat.NewEnvelope(salt, "django-concat", []byte("secret")).Sign(payload, timed, now), now)
	if invalid(t, err) {
		return
	}
	text, err := state.Seal(v, now)
	if err != nil {
		return // too long, once it is written out
	}
	if again, _, err := state.Open(text, now); err != nil || again != v {
		t.Errorf("%+v came back as %+v, %v", v, again, err)
	}
}
