package storetest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

// full is an account with every field set, so that none can be forgotten.
func full(email string) doorward.Account {
	return doorward.Account{
		Email: email, Username: "ann", PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", Active: true,
		Uniquifier: strings.Repeat("ab", 16), TokenUniquifier: strings.Repeat("cd", 16), ConfirmedAt: day,
		LastLoginAt: day.Add(time.Microsecond), CurrentLoginAt: day.Add(time.Hour), LastLoginIP: "192.0.2.1",
		CurrentLoginIP: "2001:db8::2", LoginCount: 7, TFPrimaryMethod: "authenticator", TFTOTPSecret: `{"enckey":{"c":14}}`,
		TFPhoneNumber: "+1 555 0002", USTOTPSecrets: map[string]string{"email": "e<&>", "sms": `s"'`}, USPhoneNumber: "+15550001",
		WebAuthnHandle: strings.Repeat("ef", 16), RecoveryCodes: []string{"aaaa-bbbb", "cccc-dddd"},
		CreatedAt: day.Add(-time.Hour), UpdatedAt: day.Add(2 * time.Hour),
	}
}

var valueTests = []test{
	{"every field comes back", users, func(t *testing.T, w *world) {
		want := full("a@example.com")
		for f, v := range reflect.ValueOf(want).Fields() {
			if v.IsZero() {
				t.Fatalf("the test does not set %s", f.Name)
			}
		}
		u := w.new("a@example.com")
		*u.SecurityAccount() = want
		ok(t, w.Admin.CreateUser(t.Context(), u))
		sameAccount(t, "after CreateUser", w.account(t, "a@example.com"), &want)

		v := w.user(t, "b@example.com")
		change := full("c@example.com")
		change.Username, change.USPhoneNumber = "bob", "+15550009"
		change.Uniquifier, change.TokenUniquifier, change.WebAuthnHandle = "1", "2", "3"
		ok(t, w.Users.UpdateUser(t.Context(), v, func(a *doorward.Account) error { *a = change; return nil }))
		sameAccount(t, "after UpdateUser", w.account(t, "c@example.com"), &change)
		sameAccount(t, "the copy", v.SecurityAccount(), &change)
	}},
	{"times in any zone come back to the microsecond", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		for _, at := range []time.Time{
			day, day.Truncate(time.Second), day.Add(-time.Nanosecond), time.Unix(0, 0), time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC),
			time.Date(2026, 7, 1, 12, 0, 0, 5000, time.FixedZone("east", 5*3600+1800)), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		} {
			ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.ConfirmedAt = at; return nil }))
			equalTime(t, "stored", w.account(t, "a@example.com").ConfirmedAt, at.Truncate(time.Microsecond))
			equalTime(t, "copy", u.SecurityAccount().ConfirmedAt, at.Truncate(time.Microsecond))
		}
	}},
	{"text comes back as it was", users, func(t *testing.T, w *world) {
		for _, text := range []string{
			"ünïcödé", "日本語", "🦊🔐 four bytes", "e\u0301 combining", "'; DROP TABLE user; --", `"quoted" \ % _`, "tab\tand\nnewline", "  spaces  ",
			"123", "1e5", "NULL", "\u200b", "ß", "İstanbul",
		} {
			u := w.user(t, text+"@example.com")
			ok(t, w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.Username = text; return nil }))
			equal(t, "email", w.account(t, text+"@example.com").Email, text+"@example.com")
			for _, any := range []bool{false, true} {
				found, err := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "username", Value: text, AnyCase: any})
				ok(t, err)
				equal(t, "username", found.SecurityAccount().Username, text)
			}
		}
	}},
	{"a very long value is stored whole or refused", users, func(t *testing.T, w *world) {
		long := strings.Repeat("x", 1<<20)
		u := w.user(t, "a@example.com")
		err := w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.PasswordHash = long; return nil })
		want := long
		if err != nil {
			want = ""
		}
		if have := w.account(t, "a@example.com").PasswordHash; have != want {
			t.Errorf("%d bytes stored, error %v", len(have), err)
		}
	}},
	{"a comma in a list is refused or kept", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		err := w.Users.UpdateUser(t.Context(), u, func(a *doorward.Account) error { a.RecoveryCodes = []string{"a,b"}; return nil })
		want := 1
		if err != nil {
			want = 0
		}
		equal(t, "codes", len(w.account(t, "a@example.com").RecoveryCodes), want)
	}},
}

// sameAccount compares field by field.
func sameAccount(t *testing.T, when string, have, want *doorward.Account) {
	t.Helper()
	b := reflect.ValueOf(*want)
	for f, v := range reflect.ValueOf(*have).Fields() {
		x, y := v.Interface(), b.FieldByIndex(f.Index).Interface()
		if f.Name == "TokenUniquifier" && v.IsZero() {
			t.Log("the store has no column for TokenUniquifier")
			continue
		}
		if at, isTime := x.(time.Time); isTime {
			equalTime(t, when+": "+f.Name, at, y.(time.Time))
		} else if !reflect.DeepEqual(x, y) {
			t.Errorf("%s: %s is %v, want %v", when, f.Name, x, y)
		}
	}
}
