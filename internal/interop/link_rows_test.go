package interop_test

import (
	"net/http"
	"testing"
)

// linkRows are about links in mails: one side sends them, the other takes them.
func (w *world) linkRows(t *testing.T) {
	t.Helper()
	ways := w.both(plain)
	w.rows(t, "registration, and the link in its mail", ways, registerRow)
	w.rows(t, "confirm link", ways, confirmRow)
	w.rows(t, "reset link", ways, resetRow)
	w.rows(t, "change-email link", ways, changeEmailRow)
	w.rows(t, "passwordless link", w.both(passwordless), loginLinkRow)
	w.rows(t, "passwordless link, then at the other", w.both(passwordless), loginLinkTwiceRow)
}

// registerRow makes an account at one side and confirms it at the other.
func registerRow(t *testing.T, some *user, made, read *side) {
	u := *some
	u.email = "new-" + some.email
	token := made.sentToken(t, u.email, "/confirm", func() {
		newVisitor(t, made).post("/register", fields{"email": u.email, "password": u.password, "password_confirm": u.password}).want(http.StatusOK)
	})
	u.refused(t, read, u.password)
	u.refused(t, made, u.password)
	newVisitor(t, read).get("/confirm/" + token).leads("/confirmed")
	u.signIn(t, made).mustBe(&u)
	u.signIn(t, read).mustBe(&u)
}

// confirmRow confirms an address with a link of the other side.
func confirmRow(t *testing.T, _ *user, made, read *side) {
	u := joinWith(t, made.world, fields{"unconfirmed": true})
	u.refused(t, read, u.password)
	ask := func() string {
		return made.sentToken(t, u.email, "/confirm", func() {
			newVisitor(t, made).post("/confirm", fields{"email": u.email}).want(http.StatusOK)
		})
	}
	first, token := ask(), ask()
	newVisitor(t, read).get("/confirm/" + tampered(token)).leads("/unconfirmed")
	newVisitor(t, read).get("/confirm/" + token).leads("/confirmed")
	for _, at := range []*side{read, made} {
		newVisitor(t, at).get("/confirm/" + token).leads("/unconfirmed")
		newVisitor(t, at).get("/confirm/" + first).leads("/unconfirmed")
		u.signIn(t, at).mustBe(u)
	}
}

// resetRow sets another password with a link of the other side, which ends what
// was begun with the old one.
func resetRow(t *testing.T, u *user, made, read *side) {
	old := u.password
	before := u.signIn(t, made)
	auth := u.authToken(t, read)
	token := u.resetToken(t, made)
	newVisitor(t, read).reset(tampered(token), u.password).want(http.StatusBadRequest)
	u.password = "another " + password
	newVisitor(t, read).reset(token, u.password).want(http.StatusOK)
	for _, at := range []*side{read, made} {
		u.signIn(t, at).mustBe(u)
		u.refused(t, at, old)
		before.on(at).mustBeNobody()
		byToken(t, at, at.me, auth).want(http.StatusUnauthorized)
		newVisitor(t, at).reset(token, "yet "+u.password).want(http.StatusBadRequest)
	}
}

// resetToken is that of a link that sets another password.
func (u *user) resetToken(t *testing.T, made *side) string {
	t.Helper()
	return made.sentToken(t, u.email, "/reset", func() {
		newVisitor(t, made).post("/reset", fields{"email": u.email}).want(http.StatusOK)
	})
}

func (v *visitor) reset(token, password string) *reply {
	v.t.Helper()
	return v.post("/reset/"+token, fields{"password": password, "password_confirm": password})
}

// changeEmailRow changes the address with a link of the other side. At ours that
// ends all sessions of the account.
func changeEmailRow(t *testing.T, u *user, made, read *side) {
	next := "next-" + u.email
	v := u.signIn(t, made)
	ask := func(to string) string {
		return made.sentToken(t, to, "/change-email", func() {
			v.on(made).post("/change-email", fields{"email": to}).want(http.StatusOK)
		})
	}
	other, token := ask("other-"+u.email), ask(next)
	newVisitor(t, read).get("/change-email/" + tampered(token)).leads("/unchanged")
	newVisitor(t, read).get("/change-email/" + token).leads("/changed")
	old := *u
	u.email = next
	for _, at := range []*side{read, made} {
		if before := v.copied().on(at); read.name == "flask" {
			before.mustBe(u)
		} else {
			before.mustBeNobody()
		}
		u.signIn(t, at).mustBe(u)
		old.refused(t, at, u.password)
		newVisitor(t, at).get("/change-email/" + token).leads("/unchanged")
		newVisitor(t, at).get("/change-email/" + other).leads("/unchanged")
	}
}

// loginLinkRow signs in with a link of the other side.
func loginLinkRow(t *testing.T, u *user, made, read *side) {
	token := u.loginToken(t, made)
	newVisitor(t, read).get("/login/" + tampered(token)).leads("/login")
	v := newVisitor(t, read)
	v.get("/login/" + token).leads("/")
	v.mustBe(u)
	v.on(made).mustBe(u)
	v.on(read).mustBeFresh()
	again := newVisitor(t, read)
	r := again.get("/login/" + token)
	if read.name == "flask" {
		r.leads("/")
		note(t, "the original takes it again, until it expires")
		return
	}
	r.leads("/login")
	again.mustBeNobody()
}

// loginLinkTwiceRow uses a link where it was made first. The other side cannot
// know of that, and takes it: once, if it is ours.
func loginLinkTwiceRow(t *testing.T, u *user, made, read *side) {
	token := u.loginToken(t, made)
	newVisitor(t, made).get("/login/" + token).leads("/")
	v := newVisitor(t, read)
	v.get("/login/" + token).leads("/")
	v.mustBe(u)
	ours := u.world.ours[passwordless]
	if ours.name == "doorward" {
		v = newVisitor(t, ours)
		v.get("/login/" + token).leads("/login")
		v.mustBeNobody()
	}
}

func (u *user) loginToken(t *testing.T, made *side) string {
	t.Helper()
	return made.sentToken(t, u.email, "/login", func() {
		newVisitor(t, made).post("/login", fields{"email": u.email}).want(http.StatusOK)
	})
}

// tampered is a token with another signature.
func tampered(token string) string {
	at := len(token) - 5
	other := byte('A')
	if token[at] == other {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}
