package reset_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/reset"
)

// TestConfirms: who has the link reads the mail of the address, so it is
// confirmed. An address that was confirmed keeps its time.
func TestConfirms(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		stores := open(t)
		app := newApp(t, func(c *batteries.Config) {
			c.Stores, c.Confirm, c.Reset.AutoLogin = stores, &confirm.Config{}, true
		})
		app.Clock.Advance(1234567 * time.Nanosecond)
		app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.ConfirmedAt = time.Time{} })
		b := jsonBrowser(app)
		b.CSRF("/reset")
		b.Post("/reset", kit.Fields{"email": joe}).Want(400).Fails("email", "CONFIRMATION_REQUIRED")
		confirmation, _ := app.Batteries.Confirm.ConfirmationLink(t.Context(), find(t, app, joe))
		want := app.Clock.Now().UTC().Truncate(time.Microsecond)
		for i, password := range []string{next, next + "!"} {
			app.Events.Reset()
			use := jsonBrowser(app)
			use.CSRF("/reset")
			use.Post(linkTo(t, app, joe), both(password)).Want(200)
			if who := use.WhoAmI(); who != joe {
				t.Errorf("signed in is %q", who)
			}
			if at := find(t, app, joe).SecurityAccount().ConfirmedAt; !at.Equal(want) {
				t.Errorf("confirmed at %v, want %v", at, want)
			}
			if got := kit.EventsOf[reset.PasswordReset](app.Events); len(got) != 1 || got[0].Confirmed != (i == 0) {
				t.Errorf("events %+v", got)
			}
			app.Clock.Advance(time.Hour)
		}
		b.Post(confirmation[len("https://localhost"):], kit.Fields{}).Want(400)
		if !lets(app, joe, next+"!") {
			t.Error("the gate is shut still")
		}
	})
}

// A reset that fails confirms nothing.
func TestConfirmsNothing(t *testing.T) {
	app := newApp(t, nil)
	path := linkTo(t, app, joe)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.ConfirmedAt, acc.Active = time.Time{}, false })
	b := jsonBrowser(app)
	b.CSRF("/reset")
	b.Post(path, both(next)).Want(400)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Active = true })
	b.Post(path, both("abc")).Want(400)
	if !find(t, app, joe).SecurityAccount().ConfirmedAt.IsZero() {
		t.Error("confirmed")
	}
}

// TestNext: a link leads where the settings say, whatever its query asks for.
func TestNext(t *testing.T) {
	for view, want := range map[string]string{"": "/in", "/welcome": "/welcome"} {
		app := newApp(t, autoLogin(func(c *batteries.Config) { c.Reset.PostReset, c.URLs.PostLogin = view, "/in" }))
		b := app.Browser()
		b.PostForm(linkTo(t, app, joe)+"?next=/elsewhere", both(next)).GoesTo(want)
		if got := b.Get("/reset").Flashes(); len(got) != 1 || got[0] != "PASSWORD_RESET" || b.WhoAmI() != joe {
			t.Errorf("%q: flashes %q, signed in is %q", view, got, b.WhoAmI())
		}
	}
}

// dns counts whom it is asked about, and knows nobody.
type dns struct{ asked atomic.Int64 }

func (d *dns) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	d.asked.Add(1)
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (*dns) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// TestDNS: a stranger has us ask about no more domains than the limit says, and
// is answered alike for an account whose domain is gone.
func TestDNS(t *testing.T) {
	for _, generic := range []bool{false, true} {
		var names dns
		app := newApp(t, func(c *batteries.Config) { c.Resolver, c.GenericResponses, c.Lockout.MailTries = &names, generic, 5 })
		b := jsonBrowser(app)
		b.CSRF("/reset")
		good := map[bool]int{false: 400, true: 200}[generic]
		for i := range 12 {
			typed, want := fmt.Sprintf("x@r%d.example.com", i), good
			if i%4 == 0 {
				typed = joe
			}
			if i >= 5 {
				want = 429
			}
			b.Post("/reset", kit.Fields{"email": typed}).Want(want)
		}
		if n := names.asked.Load(); n != 5 || len(app.Outbox.Sent()) != 0 {
			t.Errorf("generic %v: %d questions, %d mails", generic, n, len(app.Outbox.Sent()))
		}
	}
}

// TestOwnForm: where Email has a form of its own, that one is looked up, and the
// limit of its account holds.
func TestOwnForm(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) {
		c.Lockout.AccountMails = 2
		c.Reset.Email = func(context.Context, string) (string, error) { return joe, nil }
	})
	b := jsonBrowser(app)
	b.CSRF("/reset")
	for i := range 5 {
		b.Post("/reset", kit.Fields{"email": fmt.Sprintf("joe+%d@example.com", i)}).Want(200)
	}
	if n := len(app.Outbox.Sent()); n != 2 || app.Outbox.Sent()[0].To != joe {
		t.Errorf("%d mails", n)
	}
}
