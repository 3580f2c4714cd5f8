package lockout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/register"
)

func generic(c *batteries.Config) {
	c.GenericResponses = true
	c.Register = &register.Config{}
}

func TestTwins(t *testing.T) { kit.Twins(t, kit.New(t, generic)) }

// TestTwinsInTheEnd walks the whole table with every kind of account. Whatever
// has happened before, no step tells one kind from another, by its answer or by
// what it cost.
func TestTwinsInTheEnd(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		t.Run(fmt.Sprint("json ", asJSON), func(t *testing.T) {
			var first []string
			for _, kind := range kit.Accounts() {
				got := story(t, kind, asJSON)
				if first == nil {
					first = got
				}
				for i := range got {
					if got[i] != first[i] {
						t.Fatalf("step %d tells %s from %s:\n%s\n%s", i, kind.Name, kit.Accounts()[0].Name, got[i], first[i])
					}
				}
			}
			if len(first) < 100 {
				t.Errorf("%d steps", len(first))
			}
		})
	}
}

// story returns what a stranger sees step by step.
func story(t *testing.T, kind kit.Account, asJSON bool) (out []string) {
	t.Helper()
	const email = "somebody@twins.example"
	app := kit.New(t, generic)
	private(app)
	kind.Make(app, email)
	step := func(b *kit.Browser, path string, fields kit.Fields) string {
		b.JSON = asJSON
		b.CSRF("/login")
		before := app.Hashes()
		out = append(out, seen(b.Post(path, fields), email, app.Hashes()-before))
		return out[len(out)-1]
	}
	try := func(b *kit.Browser) string {
		return step(b, "/login", kit.Fields{"email": email, "password": wrong})
	}
	for range 9 { // one address, through some waits
		try(from(app, "192.0.2.7"))
		app.Clock.Advance(20 * time.Second)
	}
	for i := range 20 { // locked
		try(stranger(app, i))
	}
	before := app.Hashes()
	out = append(out, seen(basic(app, "192.0.2.8", email, wrong), email, app.Hashes()-before))
	step(from(app, "192.0.2.8"), "/unlock", kit.Fields{"email": email})
	for i := range 80 { // and at last closed
		app.Clock.Advance(time.Hour)
		try(stranger(app, 100+i))
	}
	app.Clock.Advance(48 * time.Hour)
	if last := try(stranger(app, 500)); !strings.HasPrefix(last, "429") || !strings.Contains(last, "Retry-After: 3600") {
		t.Errorf("%s is not closed in the end:\n%s", kind.Name, last)
	}
	step(from(app, "192.0.2.9"), "/unlock", kit.Fields{"email": email})
	return out
}

// TestEvents: what is told, in order, and of whom.
func TestEvents(t *testing.T) {
	const nobody = "nobody-at-all@example.com"
	app, box := mailing(t, func(c *batteries.Config) { c.Lockout.AccountTries = 2 })
	for _, email := range []string{joe, nobody} {
		app.Events.Reset()
		guess(t, stranger(app, 1), email)
		guess(t, stranger(app, 2), email)
		refused(t, app, stranger(app, 3), email, 15*time.Minute)
		want := []string{"AuthnFailed", "AuthnFailed", "Locked", "Refused", "Refused"}
		if email == nobody {
			want = want[2:]
		}
		if got := app.Events.Names(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", email, got, want)
		}
		for _, ev := range app.Events.All() {
			var u doorward.User
			switch ev := ev.(type) {
			case lockout.Locked:
				if u = ev.User; !ev.Until.Equal(app.Clock.Now().Add(15 * time.Minute)) {
					t.Errorf("%+v", ev)
				}
			case lockout.Refused:
				if u = ev.User; ev.Kind != "password" || ev.Scope != "account" {
					t.Errorf("%+v", ev)
				}
			default:
				continue
			}
			if (u == nil) != (email == nobody) || u != nil && u.SecurityAccount().Email != joe {
				t.Errorf("%T of %v", ev, u)
			}
		}
	}
	app.Events.Reset()
	u := find(t, app, joe)
	for range 2 { // only the first has something to unlock
		if _, err := app.Batteries.Lockout.Unlock(t.Context(), u, "operator"); err != nil {
			t.Fatal(err)
		}
	}
	if got := kit.EventsOf[lockout.Unlocked](app.Events); len(got) != 1 || got[0].By != "operator" || got[0].User.SecurityAccount().Email != joe {
		t.Errorf("%+v", got)
	}
	use(from(app, "192.0.2.50"), link(t, box)).Want(200) // not locked any more: nothing to tell
	if got := app.Events.Take(); len(got) != 1 {
		t.Errorf("%q", got)
	}
	for _, words := range [][]string{
		{"WARN", "action=lock ", "outcome=success", "until="}, {"WARN", "outcome=refused", "kind=password", "limit=account"}, {"action=unlock", "by=operator"},
	} {
		if !app.Logs.Contains(words...) {
			t.Errorf("no line of the log has %q in\n%s", words, app.Logs)
		}
	}
	if strings.Contains(app.Logs.String(), "nobody-at-all") {
		t.Error("the log has what strangers typed")
	}
}
