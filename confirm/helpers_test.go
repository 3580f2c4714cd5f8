package confirm_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
)

const (
	joe = "joe@example.com"
	ann = "ann@example.com"
)

// with turns the feature on with cfg.
func with(cfg confirm.Config) func(*batteries.Config) {
	return func(c *batteries.Config) { c.Confirm = &cfg }
}

func site(t *testing.T, edits ...func(*batteries.Config)) *kit.App {
	t.Helper()
	return kit.New(t, func(c *batteries.Config) {
		c.Confirm = &confirm.Config{}
		for _, edit := range edits {
			edit(c)
		}
	})
}

func unconfirmed(acc *doorward.Account) { acc.ConfirmedAt = time.Time{} }

// link returns the path of a new link for u.
func link(t *testing.T, app *kit.App, u doorward.User) string {
	t.Helper()
	url, token := app.Batteries.Confirm.ConfirmationLink(t.Context(), u)
	path, ok := strings.CutPrefix(url, "https://localhost")
	if !ok || !strings.HasSuffix(path, "/"+token) {
		t.Fatalf("the link is %s", url)
	}
	app.Secret(token)
	return path
}

var linkPattern = regexp.MustCompile(`https://localhost(/confirm/[^\s"<]+)`)

// mailed returns the path of the link in the last mail.
func mailed(t *testing.T, app *kit.App) string {
	t.Helper()
	sent := app.Outbox.Sent()
	if len(sent) == 0 {
		t.Fatal("no mail")
	}
	last := sent[len(sent)-1]
	found := linkPattern.FindStringSubmatch(last.Text)
	if found == nil || !strings.Contains(last.HTML, found[0]) {
		t.Fatalf("no link in\n%s\n%s", last.Text, last.HTML)
	}
	return found[1]
}

func confirmed(app *kit.App, email string) bool { return !app.Account(email).ConfirmedAt.IsZero() }

// press presses the button of a link's page.
func press(b *kit.Browser, path string) *kit.Response {
	b.CSRF("/login")
	return b.Post(path, kit.Fields{})
}

// lost presses, and checks that it changed nothing and what was said.
func lost(t *testing.T, app *kit.App, b *kit.Browser, path, key string) {
	t.Helper()
	app.Events.Reset()
	before := app.Snapshot()
	res := press(b, path)
	if b.JSON {
		res.Want(400).Fails("", key)
	} else {
		res.GoesTo("/confirm")
		if got := b.Get("/confirm").Flashes(); !slices.Equal(got, []string{key}) {
			t.Errorf("flashes %q, want %s", got, key)
		}
	}
	if got := app.Events.Names(); len(got) != 0 || app.Snapshot() != before {
		t.Errorf("events %q, or something was changed", got)
	}
}

// both runs a test as an API client and as a browser.
func both(t *testing.T, run func(t *testing.T, asJSON bool)) {
	for name, asJSON := range map[string]bool{"json": true, "form": false} {
		t.Run(name, func(t *testing.T) { run(t, asJSON) })
	}
}
