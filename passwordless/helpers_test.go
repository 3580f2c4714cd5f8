package passwordless_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/passwordless"
)

const joe = "joe@example.com"

// turnedOn is an edit for [kit.New] that the others begin with.
func turnedOn(c *batteries.Config) {
	c.Passwordless = &passwordless.Config{}
	c.Mail.Sender = unqueued{c.Mail.Sender}
}

// with is turnedOn and another edit.
func with(edit func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) { turnedOn(c); edit(c) }
}

// unqueued is an outbox that needs no queue before it: what is sent is there.
type unqueued struct{ mail.Sender }

func (unqueued) Queued() {}

// site is an installation with joe in it.
func site(t *testing.T, edit func(*batteries.Config)) *kit.App {
	t.Helper()
	app := kit.New(t, edit)
	app.NewUser(joe)
	return app
}

var linkPattern = regexp.MustCompile(`https://localhost(/[^\s"<]+)`)

// link returns the path of the link in the last mail.
func link(t *testing.T, app *kit.App) string {
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

// ask requests a link and returns its path.
func ask(t *testing.T, app *kit.App, typed string, fields ...string) string {
	t.Helper()
	b := app.Browser()
	b.JSON = true
	in := kit.Fields{"email": typed}
	for i := 0; i+1 < len(fields); i += 2 {
		in[fields[i]] = fields[i+1]
	}
	before := len(app.Outbox.Sent())
	b.Post("/login", in).Want(http.StatusOK)
	if len(app.Outbox.Sent()) == before {
		t.Fatal("no mail")
	}
	return link(t, app)
}

// visitor is a browser that has not been here before.
func visitor(app *kit.App, asJSON bool) *kit.Browser {
	b := app.Browser()
	b.JSON = asJSON
	return b
}

func use(b *kit.Browser, path string) *kit.Response {
	b.CSRF("/login")
	return b.Post(path, kit.Fields{})
}

func find(t *testing.T, app *kit.App, email string) doorward.User {
	t.Helper()
	u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// gate keeps accounts with this username out, as an unconfirmed address does.
type gate struct{}

func (gate) Name() string                 { return "gate" }
func (gate) Init(*doorward.Runtime) error { return nil }

func (gate) Admit(_ context.Context, a *doorward.Attempt) error {
	switch a.User.SecurityAccount().Username {
	case "gated":
		return doorward.Fail(a.Field, "CONFIRMATION_REQUIRED")
	case "broken":
		return errors.New("the gate fell over")
	}
	return nil
}

// second is a second factor that takes any post for a good code.
type second struct{ rt *doorward.Runtime }

func (*second) Name() string { return "second" }

func (s *second) Init(rt *doorward.Runtime) error {
	s.rt = rt
	return rt.Handle(doorward.Route{Name: "second", Path: "/second", ExemptCSRF: true, Post: func(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
		return s.rt.SignIn().Complete(w, r, "app", false)
	}})
}

func (*second) Methods(context.Context, doorward.User) ([]string, error) {
	return []string{"app"}, nil
}

func (*second) Required(_ context.Context, _ *doorward.Attempt, ready bool) (bool, error) {
	return ready, nil
}

func (*second) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true}}, nil
}

func stores() doorward.Stores { return doorward.StoresFrom(memstore.New[kit.User]()) }
