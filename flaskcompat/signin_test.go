package flaskcompat_test

import (
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/flaskcompat"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/unified"
)

// direct is an outbox that needs no queue before it.
type direct struct{ sms.Sender }

func (direct) Queued() {}

// hidden is a site that does not tell which accounts it has, with a wallet.
func hidden(t *testing.T) (*kit.App, *flaskcompat.TOTPWallet, *atomic.Int64) {
	w, n := counted(t)
	return kit.New(t, func(c *batteries.Config) {
		c.Unified, c.GenericResponses, c.UnlimitedGuessing = &unified.Config{}, true, true
		c.Identities = []string{"email", "us_phone_number"}
		c.Codes.SMS, c.Codes.Vault = direct{c.Codes.SMS}, w
	}), w, n
}

// twins are accounts that strangers must not tell from nobody.
func twins(t *testing.T, app *kit.App, w *flaskcompat.TOTPWallet) []string {
	seal := func() string {
		stored, err := w.Seal([]byte("twenty bytes of key!"))
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	cold := newWallet(t, map[string]string{"1": secret})
	all := func(seal func() string) map[string]string {
		return map[string]string{"email": seal(), "authenticator": seal(), "sms": seal()}
	}
	fresh := func() string {
		stored, err := cold.Seal([]byte("twenty bytes of key!"))
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	for email, edit := range map[string]func(*doorward.Account){
		"all@example.com":    func(a *doorward.Account) { a.USTOTPSecrets, a.USPhoneNumber = all(fresh), "+12025550123" },
		"in-use@example.com": func(a *doorward.Account) { a.USTOTPSecrets, a.USPhoneNumber = all(seal), "+12025550124" },
		"off@example.com":    func(a *doorward.Account) { a.USTOTPSecrets, a.Active = all(fresh), false },
		"mail@example.com":   func(a *doorward.Account) { a.USTOTPSecrets = map[string]string{"email": fresh()} },
		"none@example.com":   func(*doorward.Account) {},
		"broken@example.com": func(a *doorward.Account) { a.USTOTPSecrets = map[string]string{"email": "x", "sms": "{}"} },
	} {
		app.NewUser(email, edit)
	}
	return []string{"nobody@example.com", "all@example.com", "in-use@example.com", "off@example.com", "mail@example.com", "none@example.com", "broken@example.com"}
}

// A stranger causes as many derivations for nobody as for any account, at the
// first request and later.
func TestTwinsDeriveTheSame(t *testing.T) {
	app, w, n := hidden(t)
	emails := twins(t, app, w)
	// Somebody else, elsewhere, signs in with this one.
	other := app.Browser()
	other.JSON, other.Addr = true, "203.0.113.9:1"
	other.Post("/us-signin", kit.Fields{"identity": "in-use@example.com", "passcode": "000000"}).Want(400)
	b := app.Browser()
	b.JSON = true
	b.CSRF("/us-signin")
	for _, email := range emails {
		id := doorward.NewUniquifier()
		if u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email}); err == nil {
			id = u.SecurityAccount().Uniquifier
		}
		var got []int64
		for _, st := range []struct {
			path   string
			fields kit.Fields
			status int
		}{
			{"/us-signin/send-code", kit.Fields{"identity": email, "chosen_method": "email"}, 200},
			{"/us-signin", kit.Fields{"identity": " " + email, "passcode": "000000"}, 400},
			{"/us-signin/send-code", kit.Fields{"identity": email, "chosen_method": "sms"}, 200},
			{"/us-verify-link?" + url.Values{"id": {id}, "code": {"000000"}}.Encode(), kit.Fields{}, 400},
			{"/us-verify-link?" + url.Values{"id": {email}, "code": {"000000"}}.Encode(), kit.Fields{}, 400},
		} {
			for range 2 {
				n.Store(0)
				b.Post(st.path, st.fields).Want(st.status)
				got = append(got, n.Load())
			}
		}
		// a mail; the other two methods at sign-in; nothing new; one by link; and by another
		if want := []int64{1, 0, 2, 0, 0, 0, 1, 0, 1, 0}; !slices.Equal(got, want) {
			t.Errorf("%s: derivations %v, not %v", email, got, want)
		}
		if w.Names(email) {
			t.Errorf("%s is kept in memory", email)
		}
	}
}
