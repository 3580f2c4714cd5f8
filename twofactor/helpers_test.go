package twofactor_test

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
	"github.com/doorward/doorward/codes"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/twofactor"
)

const (
	joe   = "joe@example.com"
	ann   = "ann@example.com"
	phone = "+12025550123"
)

// on is an edit for [kit.New].
func on(c *batteries.Config) {
	c.TwoFactor = &twofactor.Config{}
	c.Pages.Messages["USE_CODE"] = doorward.Text{Text: "%(code)s"}
}

// with is on and other edits.
func with(edits ...func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		on(c)
		for _, edit := range edits {
			edit(c)
		}
	}
}

func required(c *batteries.Config) { c.TwoFactor.Required = true }

// unlimited is for what is about one-time codes, and not about guessing.
func unlimited(c *batteries.Config) { c.UnlimitedGuessing = true }

// several adds a second factor of another kind; see [key].
func several(c *batteries.Config) { c.More = append(c.More, key{}) }

// key is a second factor that users have whose name says so.
type key struct{}

func (key) Name() string                 { return "key" }
func (key) Init(*doorward.Runtime) error { return nil }

func (key) Methods(_ context.Context, u doorward.User) ([]string, error) {
	if strings.HasPrefix(u.SecurityAccount().Username, "has a key") {
		return []string{"key"}, nil
	}
	return nil, nil
}

func (key) Required(_ context.Context, _ *doorward.Attempt, ready bool) (bool, error) {
	return ready, nil
}

func (key) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/key", JSON: map[string]any{"tf_required": true, "tf_method": "key"}}, nil
}

func hasKey(acc *doorward.Account) { acc.Username = "has a key " + acc.Uniquifier }

// seal seals a secret as the feature of a test does.
func seal(t testing.TB, purpose string, plain []byte) string {
	t.Helper()
	v, err := codes.NewVault(map[string]string{"1": kit.SecretKey}, purpose)
	if err != nil {
		t.Fatal(err)
	}
	text, err := v.Seal(plain)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// totp makes the codes of a secret.
type totp struct {
	app *kit.App
	key []byte
}

// code is the one of now, plus steps.
func (o totp) code(steps int) string {
	c := otp.Code(o.key, otp.Step(o.app.Clock.Now())+int64(steps))
	o.app.Secret(c)
	return c
}

// wrong is none of a long time.
func (o totp) wrong() string {
	for _, c := range []string{"111111", "222222", "333333", "444444"} {
		now := otp.Step(o.app.Clock.Now())
		if len(otp.Match(o.key, c, now-60, now+60)) == 0 {
			return c
		}
	}
	return "555555"
}

// give stores a second factor.
func give(t testing.TB, app *kit.App, u doorward.User, method string) totp {
	t.Helper()
	secret := otp.NewKey()
	sealed := seal(t, "one-time codes", secret)
	app.Change(u, func(acc *doorward.Account) {
		acc.TFPrimaryMethod, acc.TFTOTPSecret = method, sealed
		if method == "sms" {
			acc.TFPhoneNumber = phone
		}
	})
	return totp{app, secret}
}

// giving does that to joe, before a scenario.
func giving(t testing.TB, method string) func(*kit.App, *kit.Browser) {
	return func(app *kit.App, _ *kit.Browser) { give(t, app, find(t, app, joe), method) }
}

func find(t testing.TB, app *kit.App, email string) doorward.User {
	t.Helper()
	u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

var digits = regexp.MustCompile(`\b\d{6}\b`)

// mailed is the code in the last mail, texted the one in the last text message.
func mailed(app *kit.App) string {
	for sent := app.Outbox.Sent(); len(sent) > 0; sent = sent[:len(sent)-1] {
		if c := digits.FindString(sent[len(sent)-1].Text); c != "" {
			app.Secret(c)
			return c
		}
	}
	return "no code was mailed"
}

func texted(app *kit.App) string {
	sent := app.Texts.Sent()
	if len(sent) == 0 {
		return "no code was texted"
	}
	c := digits.FindString(sent[len(sent)-1].Text)
	app.Secret(c)
	return c
}

// api is a client that speaks JSON.
func api(app *kit.App) *kit.Browser {
	b := app.Browser()
	b.JSON = true
	return b
}

func login(email string) kit.Fields { return kit.Fields{"email": email, "password": kit.Password} }

func code(c string) kit.Fields { return kit.Fields{"code": c} }

// begin sends a password.
func begin(b *kit.Browser, email string) *kit.Response {
	b.CSRF("/login")
	return b.Post("/login", login(email))
}

// signedIn signs a user in who may have an authenticator.
func signedIn(app *kit.App, email string, o *totp) *kit.Browser {
	b := api(app)
	begin(b, email).Want(200)
	if o != nil {
		app.Clock.Advance(time.Minute) // past the code before
		b.Post("/tf-validate", code(o.code(0))).Want(200)
	}
	return b
}

// scan returns the authenticator of the answer to a setup.
func scan(t testing.TB, app *kit.App, res *kit.Response) totp {
	t.Helper()
	text, _ := res.JSONAt("response.tf_authr_b32key").(string)
	if m := otpauth.FindStringSubmatch(res.Body); text == "" && m != nil {
		text = m[1]
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil || len(secret) == 0 {
		t.Fatalf("no key in %s", res.Body)
	}
	app.Secret(text)
	return totp{app, secret}
}

var otpauth = regexp.MustCompile(`otpauth://totp/[^"]*secret=([A-Z2-7]+)`)

// choose begins to set up a method and returns the state token.
func choose(b *kit.Browser, method string) (*kit.Response, string) {
	res := b.Post("/tf-setup", kit.Fields{"setup": method, "phone": phone})
	token, _ := res.JSONAt("response.tf_state_token").(string)
	return res, token
}
