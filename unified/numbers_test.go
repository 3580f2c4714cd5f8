package unified_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func withoutPassword(acc *doorward.Account) { acc.PasswordHash = "" }

// TestTakenNumber: where answers must not tell, a number that somebody has is set up
// like any other, until a code comes back of which only he can know. Elsewhere it is
// refused at once, and nothing is sent to it.
func TestTakenNumber(t *testing.T) {
	const free = "+12025550177"
	for _, secretive := range []bool{true, false} {
		for _, asJSON := range []bool{true, false} {
			app, _ := site(t, with(func(c *batteries.Config) { c.GenericResponses = secretive }), "sms")
			app.NewUser(ann)
			b := as(app, ann)
			b.JSON = asJSON
			before := app.Snapshot()
			res := b.Post("/us-setup", kit.Fields{"chosen_method": "sms", "phone": phone})
			if !secretive {
				res.Fails("phone", "IDENTITY_ALREADY_ASSOCIATED")
				if n := len(app.Texts.Sent()); n != 0 {
					t.Errorf("%d text messages", n)
				}
				continue
			}
			code := last(app, "sms")
			other := b.Post("/us-setup", kit.Fields{"chosen_method": "sms", "phone": free})
			if len(app.Texts.Sent()) != 2 || shape(res, phone) != shape(other, free) {
				t.Errorf("another answer:\n%s\n%s", shape(res, phone), shape(other, free))
			}
			if !asJSON {
				continue
			}
			state, _ := res.JSONAt("response.state").(string)
			b.Post("/us-setup/"+state, kit.Fields{"passcode": code}).Want(400).Fails("phone", "IDENTITY_ALREADY_ASSOCIATED")
			if app.Snapshot() != before {
				t.Error("something was stored")
			}
		}
	}
}

var tokenPattern = regexp.MustCompile(`[A-Za-z0-9_-]{60,}(\.[A-Za-z0-9_-]+)*`)

// shape is an answer without what differs between any two.
func shape(res *kit.Response, number string) string {
	body := strings.NewReplacer(number, "(number)", number[1:], "(digits)").Replace(res.Body)
	return res.Header.Get("Content-Type") + tokenPattern.ReplaceAllString(body, "(secret)")
}

// TestNumberIsTheName: the phone number is not removed from who cannot be named
// without it, whatever other ways to sign in are left.
func TestNumberIsTheName(t *testing.T) {
	for name, c := range map[string]struct {
		identities []string
		change     func(*doorward.Account)
		last       bool
	}{
		"by phone":                 {[]string{"us_phone_number"}, withoutPassword, true},
		"by phone, has a password": {[]string{"us_phone_number"}, func(*doorward.Account) {}, true},
		"by email":                 {[]string{"email", "us_phone_number"}, withoutPassword, false},
		"by username":              {[]string{"username", "us_phone_number"}, func(acc *doorward.Account) { acc.Username = "joe" }, false},
		"by username, has none":    {[]string{"us_phone_number", "username"}, func(*doorward.Account) {}, true},
	} {
		app, _ := site(t, with(func(c *batteries.Config) { c.Identities = c.Identities[:0:0] }, func(b *batteries.Config) {
			b.Identities, b.Usernames.Enable = c.identities, true
		}), "authenticator", "sms")
		app.Change(find(app, joe), c.change)
		b := as(app, joe)
		res := b.Post("/us-setup", kit.Fields{"delete_method": "sms"})
		if c.last {
			res.Want(400).Fails("delete_method", "US_LAST_METHOD")
		} else {
			res.Want(200)
		}
		if acc := app.Account(joe); (acc.USPhoneNumber != "") != c.last || (acc.USTOTPSecrets["sms"] != "") != c.last {
			t.Errorf("%s: the number is %q", name, acc.USPhoneNumber)
		}
		b.Post("/us-setup", kit.Fields{"delete_method": "authenticator"})
		if _, still := app.Account(joe).USTOTPSecrets["authenticator"]; still != (name == "by email") {
			t.Errorf("%s: has an authenticator: %t", name, still)
		}
	}
}

// TestLinkPageNamesNobody: who finds a link, or only knows the name in it, learns
// the first letter and the domain of an address; its owner knows it again.
func TestLinkPageNamesNobody(t *testing.T) {
	for email, shown := range map[string]string{
		joe:                     "j…@example.com",
		"a@example.com":         "a…@example.com",
		"élise@example.com":     "é…@example.com",
		"ann+mails@example.org": "a…@example.org",
		"":                      "",
	} {
		app := kit.New(t, with(func(c *batteries.Config) { c.Identities = []string{"email", "username"}; c.Usernames.Enable = true }))
		u := app.NewUser(ann, func(acc *doorward.Account) { acc.Email, acc.Username = email, "joe the username" })
		for _, asJSON := range []bool{false, true} {
			res := visitor(app, asJSON).Get("/us-verify-link?code=000000&id=" + u.SecurityAccount().Uniquifier).Want(200)
			text := strings.ReplaceAll(res.Body, "&#43;", "+")
			if !asJSON && !strings.Contains(text, shown) {
				t.Errorf("%q: not shown as %q", email, shown)
			}
			if strings.Contains(text, "joe the username") || email != "" && strings.Contains(text, email) {
				t.Errorf("%q is named:\n%s", email, text)
			}
		}
	}
}
