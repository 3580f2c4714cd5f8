package twofactor_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/passwordless"
	"github.com/doorward/doorward/reset"
)

// unqueued is an outbox that needs no queue before it: what is sent is there.
type unqueued struct{ mail.Sender }

func (unqueued) Queued() {}

func passwordlessToo(c *batteries.Config) {
	c.Passwordless = &passwordless.Config{}
	c.Mail.Sender = unqueued{c.Mail.Sender}
}
func resetToo(c *batteries.Config)   { c.Reset = &reset.Config{AutoLogin: true} }
func confirmToo(c *batteries.Config) { c.Confirm = &confirm.Config{AutoLogin: true} }

var mailedLink = regexp.MustCompile(`https://localhost(/[^\s"<]+)`)

// followed presses the button of the link in the last mail.
func followed(t *testing.T, app *kit.App, b *kit.Browser, fields kit.Fields) {
	t.Helper()
	sent := app.Outbox.Sent()
	if len(sent) == 0 {
		t.Fatal("no mail")
	}
	found := mailedLink.FindStringSubmatch(sent[len(sent)-1].Text)
	if found == nil {
		t.Fatalf("no link in\n%s", sent[len(sent)-1].Text)
	}
	app.Secret(found[1][strings.LastIndexAny(found[1], "/=")+1:])
	b.CSRF("/tf-rescue")
	b.Post(found[1], fields).Want(200).Contains(`"tf_required":true`)
}

// withSecrets stores ways to sign in at the page for all of them, and returns the
// authenticator.
func withSecrets(t *testing.T, app *kit.App) totp {
	t.Helper()
	key := otp.NewKey()
	app.Change(find(t, app, joe), func(acc *doorward.Account) {
		acc.USTOTPSecrets = map[string]string{"email": seal(t, "one-time codes", otp.NewKey()), "authenticator": seal(t, "one-time codes", key)}
	})
	return totp{app, key}
}

// Whoever signed in by what was in a mail is not rescued by a mail: the mailbox
// would be both factors. After a password it is another one.
func TestMailboxIsOneFactor(t *testing.T) {
	ask := func(b *kit.Browser, path string, fields kit.Fields) {
		b.CSRF("/tf-rescue")
		b.Post(path, fields).Want(200)
	}
	for _, c := range []struct {
		name   string
		edit   func(*batteries.Config)
		signIn func(t *testing.T, app *kit.App, b *kit.Browser)
		rescue bool
	}{
		{"password", func(*batteries.Config) {}, func(_ *testing.T, _ *kit.App, b *kit.Browser) { begin(b, joe).Want(200) }, true},
		{"password, at the page for all", unifiedToo, func(t *testing.T, app *kit.App, b *kit.Browser) {
			withSecrets(t, app)
			ask(b, "/us-signin", kit.Fields{"identity": joe, "passcode": kit.Password})
		}, true},
		{"authenticator, where that is not enough", func(c *batteries.Config) {
			unifiedToo(c)
			c.Unified.MFARequired = []string{"authenticator"}
		}, func(t *testing.T, app *kit.App, b *kit.Browser) {
			ask(b, "/us-signin", kit.Fields{"identity": joe, "passcode": withSecrets(t, app).code(0)})
		}, true},
		{"mailed code", unifiedToo, func(t *testing.T, app *kit.App, b *kit.Browser) {
			withSecrets(t, app)
			ask(b, "/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": "email"})
			ask(b, "/us-signin", kit.Fields{"identity": joe, "passcode": mailed(app)})
		}, false},
		{"mailed link with a code", unifiedToo, func(t *testing.T, app *kit.App, b *kit.Browser) {
			withSecrets(t, app)
			ask(b, "/us-signin/send-code", kit.Fields{"identity": joe, "chosen_method": "email"})
			followed(t, app, b, kit.Fields{})
		}, false},
		{"mailed link", passwordlessToo, func(t *testing.T, app *kit.App, b *kit.Browser) {
			ask(b, "/login", kit.Fields{"email": joe})
			followed(t, app, b, kit.Fields{})
		}, false},
		{"reset", resetToo, func(t *testing.T, app *kit.App, b *kit.Browser) {
			ask(b, "/reset", kit.Fields{"email": joe})
			const next = "quite another horse battery 7"
			followed(t, app, b, kit.Fields{"password": next, "password_confirm": next})
		}, false},
		{"confirmation", confirmToo, func(t *testing.T, app *kit.App, b *kit.Browser) {
			app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.ConfirmedAt = time.Time{} })
			ask(b, "/confirm", kit.Fields{"email": joe})
			followed(t, app, b, kit.Fields{})
		}, false},
	} {
		for _, method := range []string{"authenticator", "sms"} {
			t.Run(c.name+" "+method, func(t *testing.T) {
				app, _ := site(t, method, c.edit)
				b := api(app)
				c.signIn(t, app, b)
				app.Outbox.Reset()
				for _, path := range []string{"/tf-rescue", "/tf-validate"} {
					if offered := strings.Contains(b.Get(path).Want(200).Body, `"email":"/tf-rescue"`); offered != c.rescue {
						t.Errorf("%s: offered is %t", path, offered)
					}
				}
				rescued(t, app, b, c.rescue)
			})
		}
	}
}

// rescued asks for a mail, and uses its code.
func rescued(t *testing.T, app *kit.App, b *kit.Browser, want bool) {
	t.Helper()
	res := b.Post("/tf-rescue", kit.Fields{"help_setup": "email"})
	if !want {
		res.Want(400).Fails("help_setup", "TWO_FACTOR_METHOD_NOT_AVAILABLE")
		if n := len(app.Outbox.Sent()); n != 0 || b.WhoAmI() != "" {
			t.Errorf("%d mails, signed in is %q", n, b.WhoAmI())
		}
		return
	}
	res.Want(200)
	b.Post("/tf-validate", code(mailed(app))).Want(200)
	if b.WhoAmI() != joe {
		t.Error("not signed in")
	}
}

// swapping is a store in which something happens before a user is read again.
type swapping struct {
	doorward.UserStore
	reads *int
	at    *int
	do    *func()
}

func (s swapping) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	*s.reads++
	if *s.reads == *s.at {
		(*s.do)()
	}
	return s.UserStore.FindUser(ctx, q)
}

// A code of a factor that is replaced after a request for it has begun, and before
// codes are compared, is a wrong one.
func TestReplacedMeanwhile(t *testing.T) {
	sealed := seal(t, "one-time codes", otp.NewKey())
	for name, c := range map[string]struct {
		change     func(*doorward.Account)
		field, key string
	}{
		"replaced": {func(acc *doorward.Account) { acc.TFTOTPSecret = sealed }, "code", "TWO_FACTOR_INVALID_TOKEN"},
		"removed":  {func(acc *doorward.Account) { acc.TFPrimaryMethod, acc.TFTOTPSecret = "", "" }, "", "TWO_FACTOR_PERMISSION_DENIED"},
	} {
		t.Run(name, func(t *testing.T) {
			var reads, at int
			var do func()
			app, o := site(t, "authenticator", func(c *batteries.Config) {
				c.Stores.Users = swapping{c.Stores.Users, &reads, &at, &do}
			})
			b := api(app)
			begin(b, joe).Want(200)
			u := find(t, app, joe)
			do = func() { app.Change(u, c.change) }
			reads, at = 0, 2 // the first is of the sign-in that waits
			b.Post("/tf-validate", code(o.code(0))).Want(400).Fails(c.field, c.key)
			if reads < 2 || b.WhoAmI() != "" {
				t.Errorf("%d reads, signed in is %q", reads, b.WhoAmI())
			}
		})
	}
}
