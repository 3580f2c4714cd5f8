package interop_test

import (
	"net/http"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

// TestOriginal runs every row with the original at both ends: what fails here is
// a mistake of these tests.
func TestOriginal(t *testing.T) {
	for _, set := range keySets() {
		python(t)
		flask := startFlask(t, testdb.Open(t, testdb.SQLite), set)
		runRows(t, set, flask, [2]*side{flask, flask})
	}
}

// row is what is made at one side and must do at the other.
type row func(t *testing.T, u *user, made, read *side)

// runRows runs the rows in these directions, each for a user that is new.
func runRows(t *testing.T, set keySet, flask *side, ways ...[2]*side) {
	t.Helper()
	each := func(what string, r row) {
		for _, way := range ways {
			made, read := way[0], way[1]
			t.Run(what+"/"+made.name+" to "+read.name, func(t *testing.T) {
				r(t, join(t, flask), made, read)
			})
		}
	}
	each("recovery codes "+set.name, recoveryCodesRow)
	if set.keys != nil {
		return // the rest is the same with keys
	}
	each("two-factor authenticator", authenticatorRow)
	each("two-factor authenticator replaced", replacedRow)
	each("two-factor turned off", turnedOffRow)
	each("two-factor mail", sentRow("email"))
	each("two-factor text message", sentRow("sms"))
	each("unified authenticator", unifiedAuthenticatorRow)
	each("unified mail", unifiedSentRow("email"))
	each("unified text message", unifiedSentRow("sms"))
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
	u.signIn(t, made).mustBeSignedIn()
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
