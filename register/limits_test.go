package register_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/confirm"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/reset"
)

// dns counts whom it is asked about, and knows nobody.
type dns struct{ asked atomic.Int64 }

func (d *dns) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	d.asked.Add(1)
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (*dns) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// TestDNS: a stranger has us ask about no more domains than the limit says,
// whatever else is wrong with his forms.
func TestDNS(t *testing.T) {
	for name, password := range map[string]string{"good": goodPassword, "weak": "abc", "none": ""} {
		for _, generic := range []bool{false, true} {
			var names dns
			app := kit.New(t, func(c *batteries.Config) {
				c.Register, c.Resolver, c.GenericResponses, c.Lockout.RegisterTries = &register.Config{}, &names, generic, 5
			})
			b := app.Browser()
			b.JSON = true
			b.CSRF("/register")
			got := map[int]int{}
			for i := range 12 {
				got[b.Post("/register", kit.Fields{"email": fmt.Sprintf("x@r%d.example.com", i), "password": password, "password_confirm": password}).Status]++
			}
			if n := names.asked.Load(); n != 5 || got[400] != 5 || got[429] != 7 {
				t.Errorf("%s, generic %v: %d questions, answers %v", name, generic, n, got)
			}
		}
	}
}

// Forms that are refused take no mail from whoever has the address.
func TestRefusedFormsTakeNoMail(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.Register, c.Lockout.AccountMails = &register.Config{}, 2 })
	b := app.Browser()
	b.JSON = true
	b.CSRF("/register")
	form := kit.Fields{"email": "new@example.com", "password": goodPassword, "password_confirm": "another"}
	for range 5 {
		b.Post("/register", form).Want(400)
	}
	form["password_confirm"] = goodPassword
	b.Post("/register", form).Want(200)
	if n := len(app.Outbox.Sent()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// lookups counts what is looked up.
type lookups struct {
	doorward.UserStore
	n *atomic.Int64
}

func (l lookups) FindUser(ctx context.Context, q doorward.UserQuery) (doorward.User, error) {
	l.n.Add(1)
	return l.UserStore.FindUser(ctx, q)
}

// TestLookUps: as many for what is taken as for what is free.
func TestLookUps(t *testing.T) {
	var n atomic.Int64
	app := kit.New(t, func(c *batteries.Config) {
		c.Register, c.Confirm, c.Reset, c.GenericResponses = &register.Config{}, &confirm.Config{}, &reset.Config{}, true
		c.Usernames.Enable = true
		c.Stores.Users = lookups{c.Stores.Users, &n}
	})
	app.NewUser("old@example.com", func(acc *doorward.Account) { acc.Username = "oldie" })
	var free int64
	for i, c := range []struct{ email, username string }{
		{"new@example.com", "newbie"}, {"old@example.com", "another"}, {"other@example.com", "oldie"}, {"old@example.com", "oldie"},
	} {
		b := app.Browser()
		b.JSON = true
		b.CSRF("/register")
		before := n.Load()
		b.Post("/register", kit.Fields{"email": c.email, "username": c.username, "password": goodPassword, "password_confirm": goodPassword}).Want(200)
		got := n.Load() - before
		if i == 0 {
			free = got
		}
		if got != free || got == 0 {
			t.Errorf("%+v: %d look-ups, want %d", c, got, free)
		}
	}
}

var resetPattern = regexp.MustCompile(`https://localhost(/reset/[^\s"<]+)`)

// TestStrangerFirst: a stranger has registered an address before its owner does.
// The mail to the owner gets him in and the stranger out.
func TestStrangerFirst(t *testing.T) {
	const ann, mine, theirs = "ann@example.com", "the owner chose this 22", "a stranger chose this 1"
	for _, lax := range []bool{false, true} {
		app := kit.New(t, func(c *batteries.Config) {
			c.Register, c.Confirm, c.Reset = &register.Config{}, &confirm.Config{Lax: lax}, &reset.Config{}
			c.GenericResponses = true
		})
		client := func() *kit.Browser { b := app.Browser(); b.JSON = true; return b }
		for _, password := range []string{theirs, goodPassword} {
			client().Post("/register", kit.Fields{"email": ann, "password": password, "password_confirm": password}).Want(200)
		}
		stranger := client()
		if got := stranger.Post("/login", kit.Fields{"email": ann, "password": theirs}).Status; (got == 200) != lax {
			t.Errorf("the stranger's sign-in: %d", got)
		}
		sent := app.Outbox.Sent()
		last := sent[len(sent)-1]
		if strings.Contains(last.Text+last.HTML, "/confirm/") {
			t.Errorf("the mail offers to confirm the stranger's password:\n%s", last.Text)
		}
		link := resetPattern.FindStringSubmatch(last.Text)
		if link == nil || !strings.Contains(last.HTML, link[0]) {
			t.Fatalf("no link to a new password in\n%s", last.Text)
		}
		client().Post(link[1], kit.Fields{"password": mine, "password_confirm": mine}).Want(200)
		if who := stranger.WhoAmI(); who != "" {
			t.Error("the stranger is still signed in")
		}
		client().Post("/login", kit.Fields{"email": ann, "password": theirs}).Want(400)
		client().Post("/login", kit.Fields{"email": ann, "password": mine}).Want(200)
	}
}
