package unified_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/password"
)

func verifyScenarios() []kit.Scenario {
	s := &story{}
	signedIn := func(then func(*kit.App)) func(*kit.App, *kit.Browser) {
		return func(app *kit.App, b *kit.Browser) {
			s.given(nil)(app, b)
			if then != nil {
				then(app)
			}
			b.LoginAs(find(app, joe))
			app.Events.Reset()
		}
	}
	bare := func(app *kit.App) {
		app.Change(find(app, joe), func(acc *doorward.Account) { acc.PasswordHash, acc.USTOTPSecrets = "", nil })
	}
	ok := func(st kit.Step) kit.Step {
		st.Location, st.WantJSON, st.Events, st.User = "/", []string{`"user":{}`, `"csrf_token":"`}, []string{"Verified"}, joe
		return st
	}
	verify := func(passcode string) kit.Step { return post("/us-verify", "passcode", passcode) }
	wrong := func(st kit.Step, events ...string) kit.Step {
		st = fails(st, "passcode", "INVALID_PASSWORD_CODE", events...)
		st.User = joe
		return st
	}
	send := func(method string) kit.Step {
		st := post("/us-verify/send-code", "chosen_method", method)
		st.Page, st.Events, st.User, st.WantJSON = 200, []string{"CodeSent"}, joe, []string{`"response":{"csrf_token":"`}
		if method == "email" {
			st.Mails = []string{joe}
		}
		return st
	}
	not := func(method string) kit.Step {
		st := fails(post("/us-verify/send-code", "chosen_method", method), "chosen_method", "US_METHOD_NOT_AVAILABLE")
		st.User = joe
		return st
	}
	page := []string{`"available_methods":["password","email","authenticator","sms"]`, `"code_methods":["email","sms"]`, `"has_webauthn_verify_credential":false`, `"oauth_enabled":false`, `"oauth_providers":[]`}
	none := []string{`"code_methods":[]`}
	to := func(st kit.Step, path, where string) kit.Step { st.Path, st.Location = path, where; return st }
	return []kit.Scenario{
		{Name: "page", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{{Path: "/us-verify", WantJSON: page, Forbid: []string{`"user":`}, User: joe}}},
		{Name: "page for who has nothing", Config: turnedOn, Given: signedIn(bare), Steps: []kit.Step{{Path: "/us-verify", WantJSON: none, User: joe}}},
		{Name: "nobody", Config: turnedOn, Steps: []kit.Step{{Path: "/us-verify", Status: 401, Page: 302, Location: "/login?next=/us-verify", Events: []string{"Unauthenticated"}}}},
		{Name: "password", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{ok(verify(kit.Password))}},
		{Name: "next", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{to(ok(verify(kit.Password)), "/us-verify?next=/books", "/books")}},
		{Name: "view", Config: with(func(c *batteries.Config) { c.Login.PostVerify = "/proved" }), Given: signedIn(nil), Steps: []kit.Step{to(ok(verify(kit.Password)), "/us-verify", "/proved")}},
		{Name: "wrong", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{wrong(verify("wrong"), "AuthnFailed"), wrong(verify(""))}},
		{Name: "no password", Config: turnedOn, Given: signedIn(bare), Steps: []kit.Step{wrong(verify(kit.Password), "AuthnFailed")}},
		{Name: "mail", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{send("email"), ok(s.code(verify(""), "email"))}},
		{Name: "text message", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{send("sms"), ok(s.code(verify(""), "sms"))}},
		{Name: "authenticator", Config: turnedOn, Given: signedIn(nil), Steps: []kit.Step{ok(s.code(verify(""), "authenticator"))}},
		{Name: "no way", Config: turnedOn, Given: signedIn(bare), Steps: []kit.Step{not("email"), not("sms"), not("authenticator"), not("password"), not("x"), not("")}},
	}
}

func TestVerify(t *testing.T) {
	kit.Run(t, verifyScenarios()...)
	t.Run("sql", func(t *testing.T) { kit.RunOn(t, sqltest.Stores(testdb.SQLite), verifyScenarios()...) })
}

// TestVerifyMakesFresh: whatever was proved, what asks for it opens; a code for
// that has no link in its mail.
func TestVerifyMakesFresh(t *testing.T) {
	app, _ := site(t, turnedOn, all()...)
	b := as(app, joe)
	app.Clock.Advance(25 * time.Hour)
	b.Get("/us-setup").Want(401).Contains(`"reauth_required":true`, `"unified_signin_enabled":true`)
	b.JSON = false
	b.Get("/us-setup").GoesTo("/us-verify?next=/us-setup")
	res := b.Post("/us-verify/send-code", kit.Fields{"chosen_method": "email"}).Want(200)
	if got := res.Flashes(); !slices.Equal(got, []string{"CODE_HAS_BEEN_SENT"}) {
		t.Errorf("flashes %q", got)
	}
	if mail := app.Outbox.Sent()[0]; linkPattern.MatchString(mail.Text) || linkPattern.MatchString(mail.HTML) {
		t.Errorf("a link in\n%s", mail.Text)
	}
	b.Post("/us-verify?next=/us-setup", kit.Fields{"passcode": last(app, "email")}).GoesTo("/us-setup")
	b.Get("/us-setup").Want(200)
	never := kit.New(t, with(func(c *batteries.Config) { c.Fresh.Within = conf.Some(-time.Second) }))
	for _, rt := range never.Routes() {
		if rt.Name == "us_verify" || rt.Name == "us_verify_send_code" {
			t.Errorf("there is %s", rt.Path)
		}
	}
}

// TestVerifyGoesBeforeStrangers: a crowd that signs in does not hold up who is inside.
func TestVerifyGoesBeforeStrangers(t *testing.T) {
	var preferred []string
	app := kit.New(t, with(func(c *batteries.Config) { c.Hasher = marked{preferred: &preferred} }))
	me := app.NewUser(joe).SecurityAccount().Uniquifier
	b := visitor(app, true)
	enter(b, kit.Password).Want(200)
	b.Post("/us-verify", kit.Fields{"passcode": kit.Password}).Want(200)
	if want := []string{"", me, me, me}; !slices.Equal(preferred, want) {
		t.Errorf("asked with preference for %q, want %q", preferred, want)
	}
}

// marked notes for whom it was asked, believes everybody, and finds all hashes outdated.
type marked struct {
	batteries.Hasher
	preferred *[]string
}

func (m marked) Verify(ctx context.Context, _, _ string) (password.Match, error) {
	m.note(ctx)
	return password.Match{OK: true, Rehash: true}, nil
}

func (m marked) Hash(ctx context.Context, _ string) (string, error) {
	m.note(ctx)
	return "a new hash", nil
}

func (m marked) note(ctx context.Context) {
	who, _ := password.PreferredUser(ctx)
	*m.preferred = append(*m.preferred, who)
}
