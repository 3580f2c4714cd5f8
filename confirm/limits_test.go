package confirm_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
)

// nobodies counts whom it is asked about, and knows nobody.
type nobodies struct{ asked atomic.Int64 }

func (d *nobodies) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	d.asked.Add(1)
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (*nobodies) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// TestDNS: a stranger has us ask about no more domains than the limit says, and
// is answered alike for an account whose domain is gone.
func TestDNS(t *testing.T) {
	for _, generic := range []bool{false, true} {
		var names nobodies
		app := site(t, func(c *batteries.Config) { c.Resolver, c.GenericResponses, c.Lockout.MailTries = &names, generic, 5 })
		app.NewUser(ann, unconfirmed)
		b := app.Browser()
		b.JSON = true
		b.CSRF("/confirm")
		good := map[bool]int{false: 400, true: 200}[generic]
		for i := range 12 {
			typed, want := fmt.Sprintf("x@r%d.example.com", i), good
			if i%4 == 0 {
				typed = ann
			}
			if i >= 5 {
				want = 429
			}
			b.Post("/confirm", kit.Fields{"email": typed}).Want(want)
		}
		if n := names.asked.Load(); n != 5 || len(app.Outbox.Sent()) != 0 {
			t.Errorf("generic %v: %d questions, %d mails", generic, n, len(app.Outbox.Sent()))
		}
	}
}

// TestOwnForm: where Email has a form of its own, that one is looked up, and the
// limit of its account holds.
func TestOwnForm(t *testing.T) {
	app := site(t, func(c *batteries.Config) {
		c.Lockout.AccountMails = 2
		c.Confirm.Email = func(context.Context, string) (string, error) { return ann, nil }
	})
	app.NewUser(ann, unconfirmed)
	b := app.Browser()
	b.JSON = true
	b.CSRF("/confirm")
	for i := range 5 {
		b.Post("/confirm", kit.Fields{"email": fmt.Sprintf("ann+%d@example.com", i)}).Want(200)
	}
	if n := len(app.Outbox.Sent()); n != 2 || app.Outbox.Sent()[0].To != ann {
		t.Errorf("%d mails", n)
	}
}

// TestNext: a link leads where the settings say, whatever its query asks for.
func TestNext(t *testing.T) {
	for view, want := range map[string]string{"": "/in", "/welcome": "/welcome"} {
		for _, mode := range []string{"post", "get"} {
			app := site(t, with(confirm.Config{AutoLogin: true, PostConfirm: view}), func(c *batteries.Config) {
				c.URLs.PostLogin, c.URLs.LinkUse = "/in", mode
			})
			path := link(t, app, app.NewUser(ann, unconfirmed)) + "?next=/elsewhere"
			b := app.Browser()
			if mode == "get" {
				b.Get(path).GoesTo(want)
			} else {
				press(b, path).GoesTo(want)
			}
			if who := b.WhoAmI(); who != ann {
				t.Errorf("signed in is %q", who)
			}
		}
	}
}
