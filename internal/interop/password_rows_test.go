package interop_test

import (
	"slices"
	"strings"
	"testing"
)

// passwordRows are about hashes of passwords.
func (w *world) passwordRows(t *testing.T) {
	t.Helper()
	for _, scheme := range schemes() {
		for _, way := range w.both(plain) {
			w.row(t, "password: "+scheme, way, func(t *testing.T) {
				u := w.joinHashed(t, scheme, way.made)
				u.signIn(t, way.read).mustBe(u)
				u.refused(t, way.read, u.password+"x")
				u.signIn(t, way.made).mustBe(u)
			})
		}
	}
	w.rows(t, "password: an old hash is replaced", w.both(plain), replacedHashRow)
	w.rows(t, "password: a hash that is good is kept", w.both(plain), keptHashRow)
	w.rows(t, "password: changed", w.both(plain), changedRow)
}

// writable are the schemes that our side makes hashes with.
func writable() []string { return schemes()[:7] }

// joinHashed makes an account whose password a side has hashed with a scheme.
func (w *world) joinHashed(t *testing.T, scheme string, made *side) *user {
	t.Helper()
	if made.name == "flask" {
		return joinWith(t, w, fields{"scheme": scheme})
	}
	if !slices.Contains(writable(), scheme) {
		skip(t, "doorward reads such hashes and makes none")
	}
	u := join(t, w)
	u.password += " new"
	args := []string{"users", "change_password", u.email, "--password-stdin"}
	settings := []string{"SECURITY_PASSWORD_HASH=" + scheme}
	if scheme == "argon2" {
		settings = nil
	}
	w.command(t, u.password+"\n", args, settings...)
	return u
}

// replacedHashRow signs in at one side, which replaces a hash of an old scheme.
func replacedHashRow(t *testing.T, _ *user, made, read *side) {
	w := made.world
	for _, scheme := range []string{"bcrypt", "django_pbkdf2_sha256", "sha512_crypt"} {
		u := joinWith(t, w, fields{"scheme": scheme})
		old := w.column(t, u.email, "password")
		u.signIn(t, made)
		if now := w.column(t, u.email, "password"); now == old || !strings.HasPrefix(now, "$argon2id$") {
			t.Fatalf("%s was %s and is %s", scheme, old, now)
		}
		u.signIn(t, read).mustBe(u)
		u.signIn(t, made).mustBe(u)
	}
}

// keptHashRow signs in at a side where the other has made a hash that costs what
// both ask for: they would replace it in turn otherwise, for ever.
func keptHashRow(t *testing.T, u *user, made, read *side) {
	u.signIn(t, made).changePassword(u, password+" changed")
	before := u.world.column(t, u.email, "password")
	u.signIn(t, read).mustBe(u)
	if after := u.world.column(t, u.email, "password"); after != before {
		t.Fatalf("the hash was %s and is %s", before, after)
	}
}

// changedRow changes the password at one side: it is another one at both.
func changedRow(t *testing.T, u *user, made, read *side) {
	old := u.password
	u.signIn(t, made).changePassword(u, "So\u0301mething else, and l\u00f4ng enough")
	for _, at := range []*side{read, made} {
		u.signIn(t, at).mustBe(u)
		u.refused(t, at, old)
	}
}
