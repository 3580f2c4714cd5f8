package interop_test

import (
	"net/http"
	"testing"
)

// signIn gives the password at a side, which is not enough for a user with a
// second factor.
func (u *user) signIn(t *testing.T, at *side) *visitor {
	t.Helper()
	v := newVisitor(t, at)
	v.signIn(u, fields{}).want(http.StatusOK)
	return v
}

// signIn gives the password of u, and more.
func (v *visitor) signIn(u *user, more fields) *reply {
	v.t.Helper()
	body := fields{"email": u.email, "password": u.password}
	for name, value := range more {
		body[name] = value
	}
	return v.post("/login", body)
}

// refused checks that a password does not sign in.
func (u *user) refused(t *testing.T, at *side, password string) {
	t.Helper()
	newVisitor(t, at).post("/login", fields{"email": u.email, "password": password}).want(http.StatusBadRequest)
}

// mustBe checks who is signed in.
func (v *visitor) mustBe(u *user) *reply {
	v.t.Helper()
	return v.get(v.at.me).want(http.StatusOK).has("email", u.email)
}

// mustBeNobody checks that nobody is.
func (v *visitor) mustBeNobody() {
	v.t.Helper()
	v.get(v.at.me).want(http.StatusUnauthorized)
}

// mustBeFresh checks that a sensitive page is shown.
func (v *visitor) mustBeFresh() {
	v.t.Helper()
	v.get("/us-setup").want(http.StatusOK)
}

// mustBeStale checks that a sensitive page asks for the password first.
func (v *visitor) mustBeStale() {
	v.t.Helper()
	v.get("/us-setup").want(http.StatusUnauthorized).has("reauth_required", true)
}

// logOut signs out. The token against cross-site requests ends with that.
func (v *visitor) logOut() {
	v.t.Helper()
	v.post("/logout", fields{}).want(http.StatusOK)
	v.token = ""
}

// changePassword gives the old password and a new one.
func (v *visitor) changePassword(u *user, next string) {
	v.t.Helper()
	v.post("/change", fields{"password": u.password, "new_password": next, "new_password_confirm": next}).want(http.StatusOK)
	u.password = next
}

// authToken is an authentication token of u, from a side.
func (u *user) authToken(t *testing.T, at *side) string {
	t.Helper()
	r := newVisitor(t, at).post("/login?include_auth_token", fields{"email": u.email, "password": u.password}).want(http.StatusOK)
	of, _ := r.response()["user"].(map[string]any)
	token, _ := of["authentication_token"].(string)
	if token == "" {
		t.Fatalf("%s: there is no token: %.1000s", r.what, r.text)
	}
	return token
}

// byToken asks for a page with a token and without cookies.
func byToken(t *testing.T, at *side, path, token string) *reply {
	t.Helper()
	return newVisitor(t, at).do(http.MethodGet, path, nil, http.Header{"Authentication-Token": {token}})
}
