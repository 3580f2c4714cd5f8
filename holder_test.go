package doorward_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/reset"
	"github.com/doorward/doorward/username"
)

// Letter case tells nobody's accounts apart, unless the identity attribute says
// that it does.
func TestHolder(t *testing.T) {
	exact := doorward.IdentityAttribute{Attr: "email", Map: strings.TrimSpace}
	for name, c := range map[string]struct {
		attributes []doorward.IdentityAttribute
		other      bool // cases find joe, too
	}{
		"default":               {nil, true},
		"no identity attribute": {[]doorward.IdentityAttribute{{Attr: "username", Map: strings.TrimSpace}}, true},
		"exact":                 {[]doorward.IdentityAttribute{exact}, false},
	} {
		app := kit.New(t, func(cfg *batteries.Config) { cfg.IdentityAttributes = c.attributes })
		app.NewUser(joe)
		for typed, want := range map[string]bool{joe: true, strings.ToUpper(joe): c.other, "": false, "nobody@example.com": false} {
			u, err := app.Accounts().Holder(t.Context(), "email", typed)
			if err != nil || (u != nil) != want {
				t.Errorf("%s: %q is %v, %v", name, typed, u, err)
			}
		}
	}
}

// A link leads where it says, and not to the next of its query, also when two
// second factors are to choose from.
func TestLinkEndBeforeNext(t *testing.T) {
	var rt *doorward.Runtime
	var u doorward.User
	ends := &bare{name: "ends", init: func(r *doorward.Runtime) error {
		rt = r
		return r.Handle(doorward.Route{Name: "ends", Path: "/ends", Post: func(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			return rt.SignIn().Login(w, r, doorward.Attempt{User: u, Via: []string{"link"}, End: &doorward.LinkEnd{View: "/done"}})
		}})
	}}
	app := withFeatures(t, nil, ends, newSecond("second", "app", "sms"))
	u = app.NewUser(joe)
	b := app.Browser()
	b.CSRF("/login")
	b.PostForm("/ends?next=/elsewhere", kit.Fields{}).GoesTo("/tf-select")
}

// A longer setting does not bring back links that had expired.
func TestLinkWithinGrows(t *testing.T) {
	before := kit.New(t, func(c *batteries.Config) { c.Reset = &reset.Config{Within: time.Hour} })
	u := before.NewUser(joe)
	link, _ := before.Batteries.Reset.ResetLink(context.Background(), u)
	path := strings.TrimPrefix(link, "https://localhost")
	after := kit.New(t, func(c *batteries.Config) {
		c.Reset = &reset.Config{Within: 48 * time.Hour}
		c.Stores, c.Now = before.Stores, before.Clock.Now
	})
	after.Browser().Get(path).Want(200)
	before.Clock.Advance(2 * time.Hour)
	after.Browser().Get(path).Want(302)
}

// Kinds of mails count apart, and so do addresses that no identity attribute accepts.
func TestMailsCountApart(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Reset, c.Username.Recovery, c.Lockout.AccountMails = &reset.Config{}, &username.Recovery{}, 1
	})
	app.NewUser(joe)
	for _, c := range []struct {
		page  string
		mails int
	}{{"/reset", 1}, {"/reset", 0}, {"/recover-username", 1}, {"/recover-username", 0}} {
		app.Outbox.Reset()
		b := app.Browser()
		b.JSON = true
		b.PostJSON(c.page, kit.Fields{"email": joe}).Want(200)
		if n := len(app.Outbox.Sent()); n != c.mails {
			t.Errorf("%s: %d mails, want %d", c.page, n, c.mails)
		}
	}
	app = kit.New(t, func(c *batteries.Config) {
		c.Register, c.Confirm, c.Lockout.AccountMails = &register.Config{}, &confirm.Config{}, 1
		c.IdentityAttributes = []doorward.IdentityAttribute{{Attr: "username", Map: func(string) string { return "" }}}
	})
	for _, email := range []string{"ann@example.com", "bob@example.com"} {
		app.Browser().PostJSON("/register", kit.Fields{"email": email, "password": kit.Password, "password_confirm": kit.Password}).Want(200)
	}
	if n := len(app.Outbox.Sent()); n != 2 {
		t.Errorf("%d welcome mails, want 2", n)
	}
}
