package interop_test

import (
	"encoding/base32"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/internal/testdb"
)

// These rows need no feature of ours: flaskcompat alone stands on our side, and
// reads and writes the columns of the row that the original uses.

func TestRowsCodec(t *testing.T) {
	t.Run(testdb.SQLite, func(t *testing.T) {
		w := newWorld(t, testdb.SQLite, 4, false, plain, sealed)
		for _, variant := range []string{plain, sealed} {
			c := &codecWorld{w, w.flask[variant], newWallet(t), newCodes(t, recoveryKeys(variant))}
			name := map[string]string{plain: "as text", sealed: "sealed"}[variant]
			t.Run("recovery codes "+name+" in the row/flask to doorward", c.openRecoveryCodes)
			t.Run("recovery codes "+name+" in the row/doorward to flask", c.sealRecoveryCodes)
			if variant == sealed {
				continue // the rest is the same with keys
			}
			t.Run("two-factor secret in the row/flask to doorward", c.openTwoFactor)
			t.Run("two-factor secret in the row/doorward to flask", c.sealTwoFactor)
			t.Run("unified secrets in the row/flask to doorward", c.openUnified)
			t.Run("unified secrets in the row/doorward to flask", c.sealUnified)
		}
	})
}

type codecWorld struct {
	*world
	flask  *side
	wallet *flaskcompat.TOTPWallet
	codes  *flaskcompat.RecoveryCodes
}

func (w *codecWorld) openTwoFactor(t *testing.T) {
	u := join(t, w.world)
	u.setUpAuthenticator(t, w.flask)
	key := w.open(t, w.column(t, u.email, "tf_totp_secret"))
	if otp.Base32(key) != u.secret {
		t.Fatal("not the key that the user was given")
	}
	if method := w.column(t, u.email, "tf_primary_method"); method != "authenticator" {
		t.Fatalf("the method is %q", method)
	}
	u.validate(t, w.flask)
}

func (w *codecWorld) sealTwoFactor(t *testing.T) {
	u := join(t, w.world)
	key := otp.NewKey()
	u.secret = otp.Base32(key)
	w.setColumn(t, u.email, "tf_primary_method", "authenticator")
	w.setColumn(t, u.email, "tf_totp_secret", w.seal(t, key))
	u.validate(t, w.flask)
}

func (w *codecWorld) openUnified(t *testing.T) {
	u := join(t, w.world)
	u.setUpUnifiedAuthenticator(t, w.flask)
	secrets := unquote(t, w.column(t, u.email, "us_totp_secrets"))
	if key := w.open(t, secrets["authenticator"]); otp.Base32(key) != u.secret {
		t.Fatal("not the key that the user was given")
	}
}

func (w *codecWorld) sealUnified(t *testing.T) {
	u := join(t, w.world)
	key := otp.NewKey()
	u.secret = otp.Base32(key)
	w.setColumn(t, u.email, "us_totp_secrets", quote(t, map[string]string{"authenticator": w.seal(t, key)}))
	u.signInUnified(t, w.flask)
}

func (w *codecWorld) openRecoveryCodes(t *testing.T) {
	u := join(t, w.world)
	u.setUpAuthenticator(t, w.flask)
	u.makeRecoveryCodes(t, w.flask)
	var got []string
	for stored := range strings.SplitSeq(w.column(t, u.email, "mf_recovery_codes"), ",") {
		code, err := w.codes.Open(stored)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(code))
	}
	if !slices.Equal(got, u.codes) {
		t.Fatalf("opened %q, the user was given %q", got, u.codes)
	}
}

func (w *codecWorld) sealRecoveryCodes(t *testing.T) {
	u := join(t, w.world)
	u.setUpAuthenticator(t, w.flask)
	u.codes = []string{"0123-4567-89ab", "cdef-0123-4567"}
	var stored []string
	for _, code := range u.codes {
		text, err := w.codes.Seal([]byte(code))
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, text)
	}
	w.setColumn(t, u.email, "mf_recovery_codes", strings.Join(stored, ","))
	u.recover(t, w.flask, u.codes[1], http.StatusOK)
	u.recover(t, w.flask, u.codes[1], http.StatusBadRequest)
	u.recover(t, w.flask, u.codes[0], http.StatusOK)
}

func (w *codecWorld) open(t *testing.T, stored string) []byte {
	t.Helper()
	key, err := w.wallet.Open(stored)
	if err != nil {
		t.Fatalf("%v: %s", err, stored)
	}
	return key
}

func (w *codecWorld) seal(t *testing.T, key []byte) string {
	t.Helper()
	stored, err := w.wallet.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func newWallet(t *testing.T) *flaskcompat.TOTPWallet {
	t.Helper()
	w, err := flaskcompat.NewTOTPWallet(totpSecrets())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newCodes(t *testing.T, keys []string) *flaskcompat.RecoveryCodes {
	t.Helper()
	c, err := flaskcompat.NewRecoveryCodes(keys, codeTTL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// codeAt is what an authenticator shows some steps from now.
func codeAt(t *testing.T, secret string, steps int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return otp.Code(key, otp.Step(time.Now())+steps)
}
