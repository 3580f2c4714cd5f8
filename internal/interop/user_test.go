package interop_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// password is changed by normalisation.
const password = "Ca\u0308rrect h\u00f8rse ba\ufb00ery st\u00e5ple"

// user is an account that both sides have, and what its owner keeps.
type user struct {
	world    *world
	email    string
	password string
	phone    string // as its owner types it
	secret   string // in the authenticator
	used     int64  // steps from now whose code was given
	codes    []string
}

// join makes an account by the original, which is where users come from.
func join(t *testing.T, w *world) *user {
	t.Helper()
	return joinWith(t, w, fields{})
}

// joinWith does so with more than an address and a password.
func joinWith(t *testing.T, w *world, more fields) *user {
	t.Helper()
	name := strings.ToLower(rand.Text())
	u := &user{world: w, email: name + "@example.com", phone: number(name), password: password}
	all := fields{"email": u.email, "password": u.password}
	maps.Copy(all, more)
	newVisitor(t, w.flask[plain]).send("/test/user", all).want(http.StatusOK)
	return u
}

// code is what the authenticator shows. One side accepts a code once, so that
// every code is of a later step; clocks may differ by four.
func (u *user) code(t *testing.T) string {
	t.Helper()
	if u.used++; u.used > 4 {
		t.Fatal("too many codes for one test")
	}
	return codeAt(t, u.secret, u.used-1)
}

// wrong is a code of no step near now.
func (u *user) wrong(t *testing.T) string {
	t.Helper()
	return codeAt(t, u.secret, -100_000)
}

// number is a number in California, and another for another name.
func number(name string) string {
	n := crc32.ChecksumIEEE([]byte(name)) % 8_000_000
	return fmt.Sprintf("(650) %03d-%04d", 200+n/10_000, n%10_000)
}

// receives is where codes of a method are sent to.
func (u *user) receives(method string) string {
	if method == "sms" {
		return u.phone
	}
	return u.email
}

// setUpAuthenticator makes an authenticator the second factor.
func (u *user) setUpAuthenticator(t *testing.T, at *side) {
	t.Helper()
	u.setUpNext(u.signIn(t, at))
}

// setUpNext makes a new authenticator the second factor of who is signed in.
func (u *user) setUpNext(v *visitor) {
	v.t.Helper()
	r := v.post("/tf-setup", fields{"setup": "authenticator"}).want(http.StatusOK)
	u.secret, u.used = r.field("tf_authr_b32key"), 0
	v.post("/tf-setup/"+r.field("tf_state_token"), fields{"code": u.code(v.t)}).want(http.StatusOK)
}

// validate signs in with a code of the authenticator, and checks that another
// does not do.
func (u *user) validate(t *testing.T, at *side) *visitor {
	t.Helper()
	v := newVisitor(t, at)
	v.post("/login", fields{"email": u.email, "password": u.password}).want(http.StatusOK).
		has("tf_required", true).has("tf_state", "ready").has("tf_method", "authenticator")
	v.post("/tf-validate", fields{"code": u.wrong(t)}).want(http.StatusBadRequest)
	v.post("/tf-validate", fields{"code": u.code(t)}).want(http.StatusOK)
	v.mustBe(u)
	return v
}

// setUpSent makes codes by email or sms the second factor.
func (u *user) setUpSent(t *testing.T, at *side, method string) {
	t.Helper()
	v := u.signIn(t, at)
	var r *reply
	code := at.sentCode(t, u.receives(method), func() {
		r = v.post("/tf-setup", fields{"setup": method, "phone": u.phone}).want(http.StatusOK)
	})
	v.post("/tf-setup/"+r.field("tf_state_token"), fields{"code": code}).want(http.StatusOK)
}

// validateSent signs in with a code that is sent.
func (u *user) validateSent(t *testing.T, at *side, method string) {
	t.Helper()
	v := newVisitor(t, at)
	code := at.sentCode(t, u.receives(method), func() {
		v.post("/login", fields{"email": u.email, "password": u.password}).want(http.StatusOK).
			has("tf_required", true).has("tf_state", "ready").has("tf_method", method)
	})
	v.post("/tf-validate", fields{"code": other(code)}).want(http.StatusBadRequest)
	v.post("/tf-validate", fields{"code": code}).want(http.StatusOK)
	v.mustBe(u)
}

// setUpUnifiedAuthenticator makes an authenticator a way to sign in.
func (u *user) setUpUnifiedAuthenticator(t *testing.T, at *side) {
	t.Helper()
	v := u.signIn(t, at)
	r := v.post("/us-setup", fields{"chosen_method": "authenticator"}).want(http.StatusOK)
	u.secret = r.field("authr_b32key")
	v.post("/us-setup/"+r.field("state"), fields{"passcode": u.code(t)}).want(http.StatusOK)
}

// signInUnified signs in with a code of the authenticator alone.
func (u *user) signInUnified(t *testing.T, at *side) {
	t.Helper()
	v := newVisitor(t, at)
	v.post("/us-signin", fields{"identity": u.email, "passcode": u.wrong(t)}).want(http.StatusBadRequest)
	v.post("/us-signin", fields{"identity": u.email, "passcode": u.code(t)}).want(http.StatusOK)
	v.mustBe(u)
}

// setUpUnifiedSent makes codes by email or sms a way to sign in.
func (u *user) setUpUnifiedSent(t *testing.T, at *side, method string) {
	t.Helper()
	v := u.signIn(t, at)
	var r *reply
	code := at.sentCode(t, u.receives(method), func() {
		r = v.post("/us-setup", fields{"chosen_method": method, "phone": u.phone}).want(http.StatusOK)
	})
	v.post("/us-setup/"+r.field("state"), fields{"passcode": code}).want(http.StatusOK)
}

// signInUnifiedSent signs in with a code that is sent, alone.
func (u *user) signInUnifiedSent(t *testing.T, at *side, method string) {
	t.Helper()
	v := newVisitor(t, at)
	code := at.sentCode(t, u.receives(method), func() {
		v.post("/us-signin/send-code", fields{"identity": u.email, "chosen_method": method}).want(http.StatusOK)
	})
	v.post("/us-signin", fields{"identity": u.email, "passcode": other(code)}).want(http.StatusBadRequest)
	v.post("/us-signin", fields{"identity": u.email, "passcode": code}).want(http.StatusOK)
	v.mustBe(u)
}

// makeRecoveryCodes gets codes to write down. The user has an authenticator.
func (u *user) makeRecoveryCodes(t *testing.T, at *side) {
	t.Helper()
	v := u.signIn(t, at)
	v.post("/tf-validate", fields{"code": u.code(t)}).want(http.StatusOK)
	u.codes = v.post("/mf-recovery-codes", fields{}).want(http.StatusOK).list("recovery_codes")
}

// recover signs in with a recovery code, which is answered so.
func (u *user) recover(t *testing.T, at *side, code string, status int) {
	t.Helper()
	v := u.signIn(t, at)
	v.post("/mf-recovery", fields{"code": code}).want(status)
	if status == http.StatusOK {
		v.mustBe(u)
	}
}

// other is a code that differs.
func other(code string) string {
	return code[:5] + string('0'+(code[5]-'0'+5)%10)
}

// unquote reads the column us_totp_secrets.
func unquote(t *testing.T, text string) (secrets map[string]string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &secrets); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return secrets
}

func quote(t *testing.T, secrets map[string]string) string {
	t.Helper()
	text, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
