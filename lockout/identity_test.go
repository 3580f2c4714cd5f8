package lockout_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
)

// private gives the application a page for programs.
func private(app *kit.App) {
	app.Mux.Handle("/private", app.Require(doorward.Auth{Via: []string{"basic"}})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
}

func basic(app *kit.App, addr, name, password string) *kit.Response {
	b := from(app, addr)
	return b.Get("/private", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
}

// TestSpelling guesses once with each spelling from one address: they are one
// account.
func TestSpelling(t *testing.T) {
	for name, spellings := range map[string][]string{
		"case":  {"user@example.com", "User@example.com", "USER@EXAMPLE.COM", "uSER@example.com", "user@Example.Com"},
		"space": {"user@example.com", " user@example.com", "user@example.com ", "\tuser@example.com\n", "  USER@example.com  "},
		"IDN":   {"user@bücher.example", "user@xn--bcher-kva.example", "user@BÜCHER.example", "user@bu\u0308cher.example", "USER@XN--BCHER-KVA.EXAMPLE"},
		"NFC":   {"zoë@example.com", "zoe\u0308@example.com", "ZOë@example.com", "Zoe\u0308@EXAMPLE.com", "zOë@example.com"},
	} {
		for kind, make := range map[string]func(*kit.App){"known": func(app *kit.App) { app.NewUser(spellings[0]) }, "unknown": func(*kit.App) {}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				app := limited(t, nil)
				make(app)
				b := from(app, "192.0.2.7")
				for i, s := range spellings {
					b.JSON = i%2 == 0
					want := 400
					if !b.JSON {
						want = 200
					}
					signIn(b, s, wrong).Want(want)
				}
				b.JSON = true
				refused(t, app, b, spellings[0], 30*time.Second)
				refused(t, app, b, spellings[len(spellings)-1], 30*time.Second)
			})
		}
	}
}

func TestAnyCase(t *testing.T) {
	different := []string{"kelvin", "\u212aelvin", "nadir", "nad\u0131r", "nad\u0130r", "sos", "ſoſ", "οδος", "οδοσ", "Οδος", "", "a", "b"}
	for i, a := range different {
		if upper := strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r
		}, a); lockout.AnyCase(upper) != lockout.AnyCase(a) {
			t.Errorf("%q is not %q", upper, a)
		}
		for _, b := range different[:i] {
			if lockout.AnyCase(a) == lockout.AnyCase(b) {
				t.Errorf("%q is %q", a, b)
			}
		}
	}
}

// TestIdentities: the username and the address of one account are the same
// account.
func TestIdentities(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Usernames.Enable = true })
	app.NewUser("ann@example.com", func(acc *doorward.Account) { acc.Username = "annabel" })
	for i := range 20 {
		b := stranger(app, i)
		b.Get("/login")
		field, value := "email", "ann@example.com"
		if i%2 == 1 {
			field, value = "username", "ANNABEL"
		}
		b.Post("/login", kit.Fields{field: value, "password": wrong}).Want(400)
	}
	refused(t, app, stranger(app, 100), "ann@example.com", 15*time.Minute)
	b := stranger(app, 101)
	b.Get("/login")
	b.Post("/login", kit.Fields{"username": "annabel", "password": kit.Password}).Want(429)
	if s := status(t, app, find(t, app, "ann@example.com")); s.Failures != 20 {
		t.Errorf("%+v", s)
	}
}

// TestIdentitiesSeat: and one address has one budget for all of them.
func TestIdentitiesSeat(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Usernames.Enable = true })
	app.NewUser("ann@example.com", func(acc *doorward.Account) { acc.Username = "annabel" })
	b := from(app, "192.0.2.7")
	try := func(i int, password string) *kit.Response {
		b.Get("/login")
		if i%2 == 1 {
			return b.Post("/login", kit.Fields{"username": "annabel", "password": password})
		}
		return b.Post("/login", kit.Fields{"email": "ann@example.com", "password": password})
	}
	for i := range 5 {
		try(i, wrong).Want(400)
	}
	for i := range 2 {
		try(i, kit.Password).Want(429)
	}
	if s := status(t, app, find(t, app, "ann@example.com")); s.Failures != 5 {
		t.Errorf("%+v", s)
	}
}

// TestWays: sign-in, verification and basic authentication have one budget,
// whatever else is different about the requests.
func TestWays(t *testing.T) {
	app := limited(t, nil)
	private(app)
	in := app.Browser()
	in.JSON, in.Addr = true, "192.0.2.7:1"
	in.LoginAs(find(t, app, joe))
	in.SetCookie("known_browser", "") // or else it has a seat of its own
	b := from(app, "192.0.2.7")

	basic(app, "192.0.2.7:5", joe, wrong).Want(401)
	in.Post("/verify", kit.Fields{"password": wrong}).Want(400)
	b.Header.Set("User-Agent", "another")
	signIn(b, joe, wrong).Want(400)
	b.CSRF("/login")
	b.Post("/login?next=/somewhere&email=other@example.com", kit.Fields{"email": joe, "password": wrong}).Want(400)
	b.JSON = false
	b.PostForm("/login", kit.Fields{"email": joe, "password": wrong, "username": "other", "remember": "true"}).Want(200)

	before := app.Hashes()
	basic(app, "192.0.2.7:9", joe, kit.Password).Want(429)
	in.Post("/verify", kit.Fields{"password": kit.Password}).Want(429)
	b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password}).Want(429)
	for _, c := range []struct{ method, target string }{
		{"GET", "/login"}, {"HEAD", "/login"}, {"PUT", "/login"}, {"POST", "/login/"}, {"POST", "//login"}, {"POST", "/login%2f"}, {"POST", "/Login"}, {"POST", "/./login"}, {"POST", "/login;x=1"},
	} {
		form := url.Values{"email": {joe}, "password": {kit.Password}, "csrf_token": {b.CSRF("/login")}}.Encode()
		res := b.Do(c.method, c.target, strings.NewReader(form), "Content-Type", "application/x-www-form-urlencoded")
		if res.Status == http.StatusFound && !strings.Contains(res.Location(), "login") || b.WhoAmI() != "" {
			t.Errorf("%s %s: %d %s", c.method, c.target, res.Status, res.Location())
		}
	}
	if n := app.Hashes() - before; n != 0 {
		t.Errorf("%d hashes over the limit", n)
	}
}

func TestPrefix(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.URLs.Prefix = "/auth" })
	b := from(app, "192.0.2.7")
	for range 5 {
		b.CSRF("/auth/login")
		b.Post("/auth/login", kit.Fields{"email": joe, "password": wrong}).Want(400)
	}
	b.Post("/auth/login", kit.Fields{"email": joe, "password": kit.Password}).Want(429)
}

// TestNetworks: what counts as one address.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		name  string
		addrs []string
		one   bool
	}{
		{"ports", []string{"192.0.2.1:1", "192.0.2.1:65535"}, true},
		{"IPv4 neighbours", []string{"192.0.2.1:1", "192.0.2.2:1"}, false},
		{"IPv6 network", []string{"[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff:eeee:dddd:cccc]:1"}, true},
		{"IPv6 next network", []string{"[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1"}, false},
		{"mapped", []string{"192.0.2.1:1", "[::ffff:192.0.2.1]:1"}, true},
		{"mapped neighbours", []string{"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1"}, false},
		{"zones", []string{"[fe80::1%eth0]:1", "[fe80::1%eth1]:1", "[fe80::2]:1"}, true},
		{"no address", []string{"", "@", "pipe"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := limited(t, nil)
			for i := range 5 {
				b := app.Browser()
				b.JSON, b.Addr = true, c.addrs[i%(len(c.addrs)-1)]
				guess(t, b, joe)
			}
			b := app.Browser()
			b.JSON, b.Addr = true, c.addrs[len(c.addrs)-1]
			if c.one {
				refused(t, app, b, joe, 30*time.Second)
			} else {
				guess(t, b, joe)
			}
		})
	}
}

func TestIPv6Prefix(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Lockout.IPv6Prefix = 48 })
	for i := range 5 {
		guess(t, from(app, fmt.Sprintf("[2001:db8:1:%d::1]:1", i)), joe)
	}
	refused(t, app, from(app, "[2001:db8:1:ffff::1]:1"), joe, 30*time.Second)
	guess(t, from(app, "[2001:db8:2::1]:1"), joe)
}

// TestProxies: a header moves a visitor only if a proxy that is trusted says it.
func TestProxies(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Limits.TrustedProxies = []string{"10.0.0.0/8"} })
	for i := range 5 { // forged from outside: one visitor
		b := from(app, "192.0.2.7")
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		guess(t, b, joe)
	}
	refused(t, app, from(app, "192.0.2.7"), joe, 30*time.Second)
	proxied := func(header string) *kit.Browser {
		b := from(app, "10.1.1.1")
		b.Header.Set("X-Forwarded-For", header)
		return b
	}
	refused(t, app, proxied("192.0.2.7"), joe, 30*time.Second) // the same man through the proxy
	for i := range 5 {                                         // forged before the proxy: one visitor
		guess(t, proxied(fmt.Sprintf("203.0.113.%d, 192.0.2.99", i)), joe)
	}
	refused(t, app, proxied("192.0.2.99"), joe, 30*time.Second)
	guess(t, proxied("192.0.2.100"), joe)
}
