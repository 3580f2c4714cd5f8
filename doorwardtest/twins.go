package doorwardtest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

// wrongPassword is no user's, and good enough for a new one.
const wrongPassword = "quite another horse battery 7"

// Account is a kind of account that strangers must not tell from the others.
type Account struct {
	Name string
	// Make stores the account for an address, or does nothing.
	Make func(a *App, email string)
}

// Accounts are the kinds that every installation has: in use, none at all,
// switched off, without a password, and not confirmed.
func Accounts() []Account {
	with := func(edit func(*doorward.Account)) func(*App, string) {
		return func(a *App, email string) { a.NewUser(email, edit) }
	}
	return []Account{
		{"known", with(func(*doorward.Account) {})},
		{"unknown", func(*App, string) {}},
		{"switched off", with(func(acc *doorward.Account) { acc.Active = false })},
		{"no password", with(func(acc *doorward.Account) { acc.PasswordHash = "" })},
		{"not confirmed", with(func(acc *doorward.Account) { acc.ConfirmedAt = time.Time{} })},
	}
}

// Twins posts the same form with a wrong password for every kind of account to
// every route that strangers may use, and checks that all answers are alike:
// status, headers, cookies, body, and how many passwords were hashed. The
// installation must have GenericResponses set. more are further kinds, such as
// accounts that are locked.
func Twins(t *testing.T, app *App, more ...Account) {
	t.Helper()
	for _, rt := range app.Routes() {
		if rt.Caller >= doorward.UserCaller || !slices.Contains(rt.Methods(), http.MethodPost) {
			continue
		}
		for format, asJSON := range map[string]bool{"json": true, "form": false} {
			t.Run(rt.Name+"/"+format, func(t *testing.T) {
				one := app.In(t)
				first, of := "", ""
				for _, acc := range append(Accounts(), more...) {
					got := one.twin(rt, acc, asJSON)
					if first == "" {
						first, of = got, acc.Name
					} else if got != first {
						t.Errorf("%s can be told from %s:\n%s", acc.Name, of, difference(first, got))
					}
				}
			})
		}
	}
}

// twin returns everything that a stranger sees of a request for acc.
func (a *App) twin(rt doorward.Route, acc Account, asJSON bool) string {
	a.tb.Helper()
	email := doorward.NewUniquifier()[:12] + "@twins.example"
	acc.Make(a, email)
	b := a.Browser()
	b.JSON = asJSON
	fields := Fields{}
	for _, name := range b.FieldsOf(rt) {
		switch {
		case strings.Contains(name, "password"):
			fields[name] = wrongPassword
		case name == "email" || name == "identity":
			fields[name] = email
		}
	}
	b.CSRF(fillPath(rt.Path))
	before := a.Hashes()
	res := b.Post(fillPath(rt.Path), fields)
	return fmt.Sprintf("%d hashes\n%s", a.Hashes()-before, res.seen(email))
}

var secretPattern = regexp.MustCompile(`[A-Za-z0-9_-]{60,}`)

// seen writes the answer down without what differs between any two answers.
func (r *Response) seen(email string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "status %d\n", r.Status)
	var names []string
	for name, vs := range r.Header {
		if name != "Date" && name != "Set-Cookie" {
			names = append(names, name+": "+strings.Join(vs, ", "))
		}
	}
	for _, c := range r.Cookies {
		names = append(names, fmt.Sprintf("cookie %s: %d bytes, %s, %d, %t, %t", c.Name, len(c.Value), c.Path, c.MaxAge, c.Secure, c.HttpOnly))
	}
	slices.Sort(names)
	b.WriteString(strings.Join(names, "\n") + "\n" + r.Body)
	return secretPattern.ReplaceAllString(strings.ReplaceAll(b.String(), email, "(address)"), "(secret)")
}

// difference returns the lines that only one of two texts has.
func difference(a, b string) string {
	var out strings.Builder
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range la {
		if !slices.Contains(lb, l) {
			out.WriteString("- " + l + "\n")
		}
	}
	for _, l := range lb {
		if !slices.Contains(la, l) {
			out.WriteString("+ " + l + "\n")
		}
	}
	return out.String()
}
