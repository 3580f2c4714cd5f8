package storetest

import (
	"errors"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/anycase"
)

// alikes are texts that are alike to some databases, or to Unicode: letters
// with two upper or lower cases, or of another length in the other one, or in
// several forms.
func alikes() []string {
	return []string{
		"nadir", "NADIR", "nadIr", "nadır", "NADıR", "NADİR", "nadi\u0307r", "NADI\u0307R",
		"sos", "SOS", "ſoſ", "kelvin", "KELVIN", "\u212aelvin", "\u00e5ke", "\u212bke", "a\u030ake",
		"straße", "STRASSE", "STRAẞE", "strasse", "οδος", "οδοσ", "ΟΔΟΣ", "fin", "ﬁn", "FIN",
		"jürgen", "JüRGEN", "JÜRGEN", "ju\u0308rgen", "ǆ", "ǅ", "Ǆ", "дом", "ДОМ", "🦊a", "🦊A", "a", "A", "ａ", "Ａ", "@[`{", "`{@[",
	}
}

// anyCaseTests are of what every part of the whole must agree on.
var anyCaseTests = []test{
	{"each finds what folds as it does and nothing else", users, func(t *testing.T, w *world) {
		u := w.user(t, "a@example.com")
		for _, a := range alikes() {
			ok(t, w.Users.UpdateUser(t.Context(), u, func(acc *doorward.Account) error { acc.Username = a; return nil }))
			for _, b := range alikes() {
				for _, any := range []bool{false, true} {
					q := doorward.UserQuery{Attr: "username", Value: b, AnyCase: any}
					_, err := w.Users.FindUser(t.Context(), q)
					finds(t, q, a, err)
					_, _, err = w.Users.LoadUser(t.Context(), q)
					finds(t, q, a, err)
				}
			}
		}
	}},
	{"a look-alike stands in nobody's way", users, func(t *testing.T, w *world) {
		for _, pair := range [][2]string{
			{"nadır@example.com", "nadir@example.com"}, {"İlker@example.com", "ilker@example.com"}, {"ſam@example.com", "sam@example.com"},
			{"\u212aen@example.com", "ken@example.com"}, {"οδος@example.com", "οδοσ@example.com"}, {"weiß@example.com", "weiss@example.com"},
		} {
			w.user(t, pair[0])
			err := w.Admin.CreateUser(t.Context(), w.new(pair[1]))
			if err != nil {
				is(t, err, doorward.ErrDuplicate) // may be stricter
			}
			for i, email := range pair {
				found, findErr := w.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email, AnyCase: true})
				if i == 1 && err != nil {
					is(t, findErr, doorward.ErrNotFound)
					continue
				}
				ok(t, findErr)
				equal(t, "found", found.SecurityAccount().Email, email)
			}
		}
	}},
	{"of several the exact one is meant", users | roles, func(t *testing.T, w *world) {
		w.role(t, "admin")
		w.role(t, "writer")
		w.user(t, "a@example.com", "admin", "writer")
		for _, email := range []string{"A@example.com", "A@Example.com"} {
			if err := w.Admin.CreateUser(t.Context(), w.new(email), "writer"); errors.Is(err, doorward.ErrDuplicate) {
				t.Skip("the store does not tell letter case apart")
			} else {
				ok(t, err)
			}
		}
		for email, roles := range map[string][]string{"a@example.com": {"admin", "writer"}, "A@example.com": {"writer"}, "A@EXAMPLE.COM": nil} {
			q := doorward.UserQuery{Attr: "email", Value: email, AnyCase: true}
			one, err := w.Users.FindUser(t.Context(), q)
			other, list, err2 := w.Users.LoadUser(t.Context(), q)
			if roles == nil {
				is(t, err, doorward.ErrNotFound)
				is(t, err2, doorward.ErrNotFound)
				continue
			}
			ok(t, err)
			ok(t, err2)
			equal(t, "found", one.SecurityAccount().Email, email)
			equal(t, "loaded", other.SecurityAccount().Email, email)
			wantRoles(t, list, roles...)
		}
	}},
	{"a list is searched in the same way", users, func(t *testing.T, w *world) {
		w.user(t, "Nadır@example.com")
		for text, want := range map[string]int{"NADıR": 1, "nadır": 1, "nadir": 0, "NADIR": 0, "R@EXAMPLE": 1} {
			_, n, err := w.Admin.ListUsers(t.Context(), text, 0, 10)
			ok(t, err)
			equal(t, "containing "+text, n, want)
		}
	}},
}

// finds checks what became of a look-up where a is stored.
func finds(t *testing.T, q doorward.UserQuery, a string, err error) {
	t.Helper()
	want := a == q.Value
	if q.AnyCase {
		want = anycase.Fold(a) == anycase.Fold(q.Value)
	}
	if err != nil && !errors.Is(err, doorward.ErrNotFound) || (err == nil) != want {
		t.Errorf("%q by %q (any case: %t): %v", a, q.Value, q.AnyCase, err)
	}
}
