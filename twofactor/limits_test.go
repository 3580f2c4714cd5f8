package twofactor_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/twofactor"
)

// A sign-in has ten wrong codes, however often they are asked for at once.
func TestWrongCodesOfOneSignIn(t *testing.T) {
	app, o := site(t, "authenticator", unlimited)
	b := api(app)
	begin(b, joe).Want(200)
	saved := b.Clone()
	for range 10 {
		b.Post("/tf-validate", code(o.wrong())).Want(400).Fails("code", "TWO_FACTOR_INVALID_TOKEN")
	}
	if n := len(kit.EventsOf[doorward.AuthnFailed](app.Events)); n != 10 {
		t.Errorf("%d events", n)
	}
	b.Post("/tf-validate", code(o.code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	saved.Post("/tf-validate", code(o.code(0))).Want(400).Fails("", "TWO_FACTOR_PERMISSION_DENIED")
	if b.WhoAmI()+saved.WhoAmI() != "" {
		t.Error("signed in")
	}
	if !try(app, o.code(0)) {
		t.Error("a new sign-in must begin anew")
	}
}

// Of a hundred wrong codes in as many sign-ins most are refused unseen, and the
// right one then, too.
func TestWrongCodesOfOneAccount(t *testing.T) {
	app, o := site(t, "authenticator")
	compared, throttled := 0, 0
	for range 100 {
		b := api(app)
		if begin(b, joe).Status == http.StatusTooManyRequests {
			throttled++
			continue
		}
		switch res := b.Post("/tf-validate", code(o.wrong())); res.Status {
		case http.StatusBadRequest:
			compared++
		case http.StatusTooManyRequests:
			throttled++
		default:
			t.Fatalf("%d: %s", res.Status, res.Body)
		}
	}
	if compared > 20 || throttled < 80 {
		t.Errorf("%d were compared, %d throttled", compared, throttled)
	}
	b := api(app)
	if begin(b, joe).Status == 200 && b.Post("/tf-validate", code(o.code(0))).Status == 200 {
		t.Error("the right code after them is accepted at once")
	}
}

// Asking for codes, and for help, has an end.
func TestTooManyMails(t *testing.T) {
	app, _ := site(t, "email")
	b := api(app)
	begin(b, joe).Want(200)
	for _, option := range []string{"resend", "help"} {
		last := 0
		for range 40 {
			last = b.Post("/tf-rescue", kit.Fields{"help_setup": option}).Status
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("%s: %d after forty", option, last)
		}
	}
	if n := len(app.Outbox.Sent()); n > 31 {
		t.Errorf("%d mails", n)
	}
	// A sign-in whose code may not be sent waits, for other ways.
	c := api(app)
	res := begin(c, joe).Want(http.StatusTooManyRequests)
	if res.Header.Get("Retry-After") == "" {
		t.Error("nobody is told when to come back")
	}
	c.Get("/tf-validate").Want(200)
}

// Codes are taken with spaces and dashes; anything else is an error of the field,
// and no failure of ours.
func TestBadInput(t *testing.T) {
	app, o := site(t, "authenticator", unlimited)
	b := api(app)
	begin(b, joe).Want(200)
	for _, c := range []struct {
		code any
		want string
	}{
		{"abcdef", "TWO_FACTOR_INVALID_TOKEN"}, {strings.Repeat("1", 1000), "TWO_FACTOR_INVALID_TOKEN"}, {"12345", "TWO_FACTOR_INVALID_TOKEN"},
		{json.Number("-123456"), "API_ERROR"}, {json.Number("123456.5"), "API_ERROR"}, {json.Number("1e5"), "API_ERROR"}, {json.Number("1234567"), "API_ERROR"},
		{true, "API_ERROR"}, {[]string{"123456"}, "API_ERROR"}, {map[string]any{}, "API_ERROR"}, {"12345\x00", "API_ERROR"},
		{nil, "Please enter the code."}, {"", "Please enter the code."}, {"  ", "Please enter the code."},
	} {
		b.Post("/tf-validate", kit.Fields{"code": c.code}).Want(400).Fails("code", c.want)
	}
	good := o.code(0)
	b.Post("/tf-validate", code(" "+good[:3]+"-"+good[3:]+" ")).Want(200)
	for _, field := range []kit.Fields{{"setup": 1}, {"setup": []string{"email"}}, {"setup": "sms", "phone": 12}, {"setup": "sms", "phone": "\x00"}} {
		b.Post("/tf-setup", field).Want(400)
	}
}

// Numbers are codes, whose zeros JSON has dropped.
func TestCodeAsNumber(t *testing.T) {
	app, o := site(t, "authenticator")
	for o.code(0)[0] != '0' {
		app.Clock.Advance(30 * time.Second)
	}
	b := api(app)
	begin(b, joe).Want(200)
	b.Post("/tf-validate", kit.Fields{"code": json.Number(strings.TrimLeft(o.code(0), "0"))}).Want(200)
}

// A sender that fails or hangs is no dead end: the visitor is told at once, and
// sets up something else.
func TestSenderAway(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	for name, away := range map[string]func(*kit.App){
		"fails": func(app *kit.App) { app.Outbox.Fail(errors.New("away")); app.Texts.Fail(errors.New("away")) },
		"hangs": func(app *kit.App) { app.Outbox.Hang(hang); app.Texts.Hang(hang) },
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := site(t, "", required, func(c *batteries.Config) { c.Codes.SendTimeout = time.Millisecond })
			away(app)
			b := api(app)
			begin(b, joe).Want(200)
			for _, method := range []string{"email", "sms"} {
				if res, _ := choose(b, "authenticator"); res.Status != 200 {
					t.Errorf("%d", res.Status)
				}
				res, _ := choose(b, method)
				res.Want(500).Fails("setup", "FAILED_TO_SEND_CODE")
				b.Clone().Get("/tf-validate").Want(400)
			}
			if acc := app.Account(joe); acc.TFTOTPSecret+acc.TFPrimaryMethod+acc.TFPhoneNumber != "" {
				t.Error("half set up")
			}
			app.Outbox.Hang(nil) // or the notice would hang, too
			res, _ := choose(b, "authenticator")
			b.Post("/tf-validate", code(scan(t, app, res).code(0))).Want(200)
			if b.WhoAmI() != joe {
				t.Error("not signed in")
			}
			if sent := kit.EventsOf[twofactor.CodeSent](app.Events); len(sent) != 0 {
				t.Errorf("events of what was not sent: %d", len(sent))
			}
		})
	}
}
