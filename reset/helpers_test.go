package reset_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/reset"
)

const (
	joe  = "joe@example.com"
	next = "quite another horse battery 7" // a new password
)

// with turns the feature on.
func with(edit func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		c.Reset = &reset.Config{}
		if edit != nil {
			edit(c)
		}
	}
}

// newApp is an installation with one account in it.
func newApp(t *testing.T, edit func(*batteries.Config)) *kit.App {
	t.Helper()
	app := kit.New(t, with(edit))
	app.NewUser(joe)
	return app
}

var linkPattern = regexp.MustCompile(`https?://[a-z.]+(/\S*reset/[^\s"<]+)`)

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
	app.Secret(found[1][strings.LastIndexByte(found[1], '/')+1:])
	return found[1]
}

// linkTo returns the path of a new link for the account.
func linkTo(t *testing.T, app *kit.App, email string) string {
	t.Helper()
	link, token := app.Batteries.Reset.ResetLink(t.Context(), find(t, app, email))
	app.Secret(token)
	u, err := url.Parse(link)
	if err != nil || !strings.HasSuffix(u.Path, "/"+token) {
		t.Fatalf("link %q of token %q", link, token)
	}
	return u.Path
}

// find returns the stored user of an address.
func find(t *testing.T, app *kit.App, email string) doorward.User {
	t.Helper()
	u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func both(fields ...string) kit.Fields {
	return kit.Fields{"password": fields[0], "password_confirm": fields[len(fields)-1]}
}

// lets reports whether a sign-in with the password works.
func lets(app *kit.App, email, password string) bool {
	b := app.Browser()
	b.JSON = true
	return b.Post("/login", kit.Fields{"email": email, "password": password}).Status == 200
}

// jsonBrowser is a visitor who speaks JSON.
func jsonBrowser(app *kit.App) *kit.Browser {
	b := app.Browser()
	b.JSON = true
	return b
}

// gate stops every sign-in of one address.
type gate struct{ email string }

func (gate) Name() string                 { return "gate" }
func (gate) Init(*doorward.Runtime) error { return nil }

func (g gate) Admit(_ context.Context, a *doorward.Attempt) error {
	if a.User.SecurityAccount().Email == g.email {
		return doorward.Fail(a.Field, "CONFIRMATION_REQUIRED").Generic("GENERIC_AUTHN_FAILED")
	}
	return nil
}
