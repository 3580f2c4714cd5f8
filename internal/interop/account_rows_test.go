package interop_test

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/testdb"
)

// accountRows are about what happens to accounts.
func (w *world) accountRows(t *testing.T) {
	t.Helper()
	ways := w.both(plain)
	w.rows(t, "uniquifier replaced by a new password", ways, rotationRow)
	w.rows(t, "deactivation", ways, deactivationRow)
	w.rows(t, "roles and permissions", ways, roleRow)
	for _, what := range []string{"refresh tokens", "passkey state tokens", "setup tokens"} {
		for _, way := range ways {
			w.row(t, what, way, func(t *testing.T) { skip(t, "vectors only") })
		}
	}
}

// rotationRow changes the password in one browser, which ends everything that
// others have.
func rotationRow(t *testing.T, u *user, made, read *side) {
	mine, other := u.signIn(t, made), newVisitor(t, read)
	other.signIn(u, fields{"remember": true}).want(http.StatusOK)
	other.on(made).mustBe(u)
	remembered := other.copied()
	remembered.put("session", "")
	tokens := []string{u.authToken(t, made), u.authToken(t, read)}
	remembered.copied().on(made).mustBe(u)

	before := u.world.column(t, u.email, "fs_uniquifier")
	mine.changePassword(u, password+" changed")
	if u.world.column(t, u.email, "fs_uniquifier") == before {
		t.Fatal("the uniquifier is what it was")
	}
	for _, at := range []*side{made, read} {
		mine.on(at).mustBe(u)
		other.copied().on(at).mustBeNobody()
		remembered.copied().on(at).mustBeNobody()
		for _, token := range tokens {
			byToken(t, at, at.me, token).want(http.StatusUnauthorized)
		}
	}
}

// deactivationRow takes all access from a user at one side.
func deactivationRow(t *testing.T, u *user, made, read *side) {
	var all []*visitor
	var tokens []string
	for _, at := range []*side{made, read} {
		v := newVisitor(t, at)
		v.signIn(u, fields{"remember": true}).want(http.StatusOK)
		all, tokens = append(all, v), append(tokens, u.authToken(t, at))
	}
	made.staff.deactivate(t, u.email)
	for _, at := range []*side{read, made} {
		for _, v := range all {
			v.copied().on(at).mustBeNobody()
		}
		for _, token := range tokens {
			byToken(t, at, at.me, token).want(http.StatusUnauthorized)
		}
		u.refused(t, at, u.password)
	}
}

// roleRow gives and takes a role with a permission at one side, seen by the next
// request at the other.
func roleRow(t *testing.T, u *user, made, read *side) {
	v := u.signIn(t, read)
	token := u.authToken(t, read)
	check := func(status int) {
		t.Helper()
		for _, at := range []*side{read, made} {
			for _, path := range at.guards("editor", "write") {
				v.on(at).get(path).want(status)
				byToken(t, at, path, token).want(status)
			}
		}
	}
	check(http.StatusForbidden)
	made.staff.grant(t, u.email, "editor", "read", "write")
	check(http.StatusOK)
	for _, at := range []*side{read, made} {
		r := v.on(at).mustBe(u)
		if roles, permissions := r.list("roles"), r.list("permissions"); len(roles) != 1 || roles[0] != "editor" ||
			len(permissions) != 2 || permissions[0] != "read" || permissions[1] != "write" {
			t.Errorf("%s: %v %v", at.name, roles, permissions)
		}
	}
	made.staff.revoke(t, u.email, "editor")
	check(http.StatusForbidden)
}

// tracking are the columns that a sign-in changes.
type tracking struct{ count, last, current, lastIP, currentIP string }

func (u *user) tracking(t *testing.T) tracking {
	t.Helper()
	get := func(name string) string { return u.world.column(t, u.email, name) }
	return tracking{get("login_count"), get("last_login_at"), get("current_login_at"), get("last_login_ip"), get("current_login_ip")}
}

// trackingRow signs in at both sides in turn: each goes on where the other was.
func trackingRow(t *testing.T, u *user, made, read *side) {
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$`)
	if u.world.db.Kind == testdb.Postgres { // writes no zeros at the end
		form = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$`)
	}
	var before tracking
	for i, at := range []*side{made, read, read, made, read} {
		u.signIn(t, at)
		now := u.tracking(t)
		if now.count != strconv.Itoa(i+1) || now.currentIP != "127.0.0.1" || now.lastIP != before.currentIP {
			t.Fatalf("sign-in %d, at %s: %+v after %+v", i+1, at.name, now, before)
		}
		if want := before.current; i > 0 && now.last != want || i == 0 && now.last != now.current {
			t.Fatalf("sign-in %d, at %s: %+v after %+v", i+1, at.name, now, before)
		}
		then, err := time.Parse("2006-01-02 15:04:05.999999", now.current)
		if age := time.Since(then); err != nil || !form.MatchString(now.current) || age < 0 || age > patience {
			t.Fatalf("sign-in %d, at %s: %q (%v): %v", i+1, at.name, now.current, age, err)
		}
		before = now
	}
}
