package interop_test

import (
	"net/http"
	"testing"
)

// keyRows are about another secret key, with the first one as its fallback.
func (w *world) keyRows(t *testing.T) {
	t.Helper()
	across, after := w.acrossKeys(), w.both(rotated)
	w.rows(t, "old key: session cookie", across, oldSessionRow)
	w.rows(t, "old key: remember cookie", across, oldRememberRow)
	w.rows(t, "old key: authentication token", across, tokenReadRow)
	w.rows(t, "old key: reset link", across, oldResetRow)
	w.rows(t, "old key: tf_validity cookie", across, oldValidityRow)
	w.rows(t, "new key: session cookie", after, sessionRow)
	w.rows(t, "new key: remember cookie", after, rememberRow)
	w.rows(t, "new key: authentication token", after, tokenRow)
	w.rows(t, "new key: reset link", after, resetRow)
	w.rows(t, "new key: CSRF token", after, csrfRow)
}

// oldSessionRow brings a session to where the key is another.
func oldSessionRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, made)
	v.on(read).mustBe(u)
	v.mustBeFresh()
	v.token = ""
	v.changePassword(u, password+" changed")
	for _, at := range u.world.both(rotated) {
		v.on(at.made).mustBe(u)
	}
	v.on(read).logOut()
	v.on(read).mustBeNobody()
}

func oldRememberRow(t *testing.T, u *user, made, read *side) {
	v := newVisitor(t, made)
	v.signIn(u, fields{"remember": true}).want(http.StatusOK)
	v.put("session", "")
	if read.name == "flask" {
		v.on(read).mustBeNobody()
		skip(t, "Flask-Login knows no fallback for this cookie")
	}
	v.on(read).mustBe(u)
}

func tokenReadRow(t *testing.T, u *user, made, read *side) {
	byToken(t, read, read.me, u.authToken(t, made)).want(http.StatusOK).has("email", u.email)
}

func oldResetRow(t *testing.T, u *user, made, read *side) {
	token := u.resetToken(t, made)
	u.password = "another " + password
	newVisitor(t, read).reset(token, u.password).want(http.StatusOK)
	u.signIn(t, read).mustBe(u)
}

func oldValidityRow(t *testing.T, u *user, made, read *side) {
	u.setUpAuthenticator(t, made)
	v := newVisitor(t, made)
	v.signIn(u, fields{"remember": true}).want(http.StatusOK).has("tf_required", true)
	v.post("/tf-validate", fields{"code": u.code(t)}).want(http.StatusOK)
	trusted := v.cookie("tf_validity")
	v = newVisitor(t, read)
	v.put("tf_validity", trusted)
	v.signIn(u, fields{}).want(http.StatusOK).has("tf_required", false)
}
