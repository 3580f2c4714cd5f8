package unified_test

import (
	"context"
	"encoding/base32"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/unified"
)

const (
	joe   = "joe@example.com"
	ann   = "ann@example.com"
	phone = "+12025550123" // joe's, once he has set it up
)

// turnedOn is an edit for [kit.New] that the others begin with.
func turnedOn(c *batteries.Config) {
	c.Unified = &unified.Config{}
	c.Identities = []string{"email", "us_phone_number"}
	delete(c.Pages.Messages, "USE_CODE") // the code must be in it
	c.Codes.SMS = direct{c.Codes.SMS}
}

// with is turnedOn and other edits.
func with(edits ...func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		turnedOn(c)
		for _, e := range edits {
			e(c)
		}
	}
}

func generic(c *batteries.Config) { c.GenericResponses = true }

// direct is an outbox that needs no queue before it: what is sent is there.
type direct struct{ sms.Sender }

func (direct) Queued() {}

// site is an installation with joe in it, who has set up methods.
func site(t *testing.T, edit func(*batteries.Config), methods ...string) (*kit.App, keys) {
	t.Helper()
	app := kit.New(t, edit)
	app.NewUser(joe)
	return app, equip(app, joe, methods...)
}

// keys are of authenticators, by their users' addresses.
type keys map[string][]byte

// code is what joe's authenticator shows.
func (k keys) code(app *kit.App) string {
	return otp.Code(k[joe], otp.Step(app.Clock.Now()))
}

// all are the methods that can be set up.
func all() []string { return []string{"email", "authenticator", "sms"} }

// equip sets up methods for an account by the pages for it, and forgets what was
// sent for that.
func equip(app *kit.App, email string, methods ...string) keys {
	out := keys{}
	b := as(app, email)
	for _, m := range methods {
		state, key := begin(b, m, phone)
		if key != nil {
			out[email] = key
			b.Post("/us-setup/"+state, kit.Fields{"passcode": otp.Code(key, otp.Step(app.Clock.Now()))}).Want(200)
			continue
		}
		b.Post("/us-setup/"+state, kit.Fields{"passcode": last(app, m)}).Want(200)
	}
	app.Clock.Advance(time.Minute) // to codes that are not used
	app.Outbox.Reset()
	app.Texts.Reset()
	app.Events.Reset()
	return out
}

// begin asks to set up a method, and returns the state and an authenticator's key.
func begin(b *kit.Browser, method, number string) (state string, key []byte) {
	fields := kit.Fields{"chosen_method": method}
	if method == "sms" {
		fields["phone"] = number
	}
	res := b.Post("/us-setup", fields).Want(200)
	state, _ = res.JSONAt("response.state").(string)
	if text, ok := res.JSONAt("response.authr_b32key").(string); ok {
		key, _ = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	}
	return state, key
}

// as is a browser that is signed in, and asks for JSON.
func as(app *kit.App, email string) *kit.Browser {
	b := app.Browser()
	b.JSON = true
	b.LoginAs(find(app, email))
	return b
}

// visitor is a browser that has not been here before.
func visitor(app *kit.App, asJSON bool) *kit.Browser {
	b := app.Browser()
	b.JSON = asJSON
	return b
}

func find(app *kit.App, email string) doorward.User {
	u, err := app.Stores.Users.FindUser(context.Background(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		return nil
	}
	return u
}

var codePattern = regexp.MustCompile(`\b[0-9]{6}\b`)

// last is the code that was sent last by a method.
func last(app *kit.App, method string) string {
	if method == "sms" {
		sent := app.Texts.Sent()
		if len(sent) == 0 {
			return "no text message"
		}
		return codePattern.FindString(sent[len(sent)-1].Text)
	}
	sent := app.Outbox.Sent()
	for i := len(sent) - 1; i >= 0; i-- {
		if sent[i].Template == "us_instructions" {
			return codePattern.FindString(sent[i].Text)
		}
	}
	return "no mail"
}

var linkPattern = regexp.MustCompile(`https://localhost(/us-verify-link\S+)`)

// link returns the path of the link in the last mail.
func link(t *testing.T, app *kit.App) string {
	t.Helper()
	sent := app.Outbox.Sent()
	if len(sent) == 0 {
		t.Fatal("no mail")
	}
	found := linkPattern.FindStringSubmatch(sent[len(sent)-1].Text)
	if found == nil {
		t.Fatalf("no link in\n%s", sent[len(sent)-1].Text)
	}
	if html := strings.ReplaceAll(sent[len(sent)-1].HTML, "&amp;", "&"); !strings.Contains(html, found[0]) {
		t.Errorf("another link, or none, in\n%s", html)
	}
	return found[1]
}

// ask has a code sent to joe and returns it.
func ask(app *kit.App, method string) string {
	visitor(app, true).Post("/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": method}).Want(200)
	return last(app, method)
}

// enter posts joe's passcode to the sign-in page.
func enter(b *kit.Browser, passcode any) *kit.Response {
	return b.Post("/us-signin", kit.Fields{"identity": joe, "passcode": passcode})
}

// gate keeps accounts with this username out, as an unconfirmed address does.
type gate struct{}

func (gate) Name() string                 { return "gate" }
func (gate) Init(*doorward.Runtime) error { return nil }

func (gate) Admit(_ context.Context, a *doorward.Attempt) error {
	if a.User.SecurityAccount().Username == "gated" {
		return doorward.Fail(a.Field, "CONFIRMATION_REQUIRED").Generic("GENERIC_AUTHN_FAILED")
	}
	return nil
}

func gated(c *batteries.Config) { c.More = append(c.More, gate{}) }

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

func twoSteps(c *batteries.Config) { c.More = append(c.More, &second{}) }
