package interop_test

import (
	"net/http"
	"testing"
)

// factorRows are about second factors and unified sign-in.
func (w *world) factorRows(t *testing.T) {
	t.Helper()
	ways := w.both(plain)
	w.rows(t, "recovery codes as text", ways, recoveryCodesRow)
	w.rows(t, "recovery codes sealed", w.both(sealed), recoveryCodesRow)
	w.rows(t, "two-factor authenticator", ways, authenticatorRow)
	w.rows(t, "two-factor authenticator replaced", ways, replacedRow)
	w.rows(t, "two-factor turned off", ways, turnedOffRow)
	w.rows(t, "two-factor mail", ways, sentRow("email"))
	w.rows(t, "two-factor text message", ways, sentRow("sms"))
	w.rows(t, "tf_validity cookie", ways, validityRow)
	w.rows(t, "unified authenticator", ways, unifiedAuthenticatorRow)
	w.rows(t, "unified mail", ways, unifiedSentRow("email"))
	w.rows(t, "unified text message", ways, unifiedSentRow("sms"))
}

func authenticatorRow(t *testing.T, u *user, made, read *side) {
	u.setUpAuthenticator(t, made)
	u.validate(t, read)
}

// replacedRow sets up another authenticator where the first was not made.
func replacedRow(t *testing.T, u *user, made, read *side) {
	u.setUpAuthenticator(t, made)
	v := u.validate(t, read)
	first := *u
	u.setUpNext(v)
	v = first.signIn(t, made)
	v.post("/tf-validate", fields{"code": first.code(t)}).want(http.StatusBadRequest)
	u.validate(t, made)
}

func turnedOffRow(t *testing.T, u *user, made, read *side) {
	u.setUpAuthenticator(t, made)
	v := u.validate(t, read)
	v.post("/tf-setup", fields{"setup": "disable"}).want(http.StatusOK)
	u.signIn(t, made).mustBe(u)
}

func sentRow(method string) row {
	return func(t *testing.T, u *user, made, read *side) {
		u.setUpSent(t, made, method)
		u.validateSent(t, read, method)
	}
}

func unifiedAuthenticatorRow(t *testing.T, u *user, made, read *side) {
	u.setUpUnifiedAuthenticator(t, made)
	u.signInUnified(t, read)
}

func unifiedSentRow(method string) row {
	return func(t *testing.T, u *user, made, read *side) {
		u.setUpUnifiedSent(t, made, method)
		u.signInUnifiedSent(t, read, method)
	}
}

// recoveryCodesRow uses codes up at either side, for both.
func recoveryCodesRow(t *testing.T, u *user, made, read *side) {
	u.setUpAuthenticator(t, made)
	u.makeRecoveryCodes(t, made)
	u.recover(t, read, "0000-0000-0000", http.StatusBadRequest)
	u.recover(t, read, u.codes[2], http.StatusOK)
	u.recover(t, read, u.codes[2], http.StatusBadRequest)
	u.recover(t, made, u.codes[2], http.StatusBadRequest)
	u.recover(t, made, u.codes[0], http.StatusOK)
	u.recover(t, read, u.codes[0], http.StatusBadRequest)
	u.recover(t, read, u.codes[4], http.StatusOK)
}

// validityRow gives the second factor at one side, in a browser that the other
// then trusts.
func validityRow(t *testing.T, u *user, made, read *side) {
	u.setUpAuthenticator(t, made)
	v := newVisitor(t, made)
	v.post("/login", fields{"email": u.email, "password": u.password, "remember": true}).want(http.StatusOK).has("tf_required", true)
	v.post("/tf-validate", fields{"code": u.code(t)}).want(http.StatusOK)
	trusted := v.cookie("tf_validity")
	if trusted == "" {
		t.Fatal("there is no cookie tf_validity")
	}
	for _, at := range []*side{read, made} {
		v = newVisitor(t, at)
		v.put("tf_validity", trusted)
		v.post("/login", fields{"email": u.email, "password": u.password}).want(http.StatusOK).has("tf_required", false)
		v.mustBe(u)
	}
	other := join(t, u.world)
	other.setUpAuthenticator(t, made)
	v = newVisitor(t, read)
	v.put("tf_validity", trusted)
	v.post("/login", fields{"email": other.email, "password": other.password}).want(http.StatusOK).has("tf_required", true)
}
