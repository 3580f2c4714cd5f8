package lockout_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
)

const (
	joe   = "joe@example.com"
	wrong = "not the password at all"
)

// limited is an installation with one account in it.
func limited(t *testing.T, edit func(*batteries.Config)) *kit.App {
	t.Helper()
	app := kit.New(t, edit)
	app.NewUser(joe)
	return app
}

// from is a visitor at an address who speaks JSON.
func from(app *kit.App, addr string) *kit.Browser {
	b := app.Browser()
	b.JSON, b.Addr = true, addr
	if !strings.Contains(addr, ":") {
		b.Addr += ":40000"
	}
	return b
}

// stranger is one of many, each with an address of his own.
func stranger(app *kit.App, n int) *kit.Browser {
	return from(app, fmt.Sprintf("198.51.%d.%d", n/250, n%250))
}

func signIn(b *kit.Browser, email, password string) *kit.Response {
	b.Get("/login") // tokens of pages do not last as long as locks
	return b.Post("/login", kit.Fields{"email": email, "password": password})
}

// guess is a wrong sign-in that is compared.
func guess(t *testing.T, b *kit.Browser, email string) {
	t.Helper()
	signIn(b, email, wrong).Want(400).Lacks("CSRF")
}

// refused is a sign-in that is not, and says for how long.
func refused(t *testing.T, app *kit.App, b *kit.Browser, email string, wait time.Duration) {
	t.Helper()
	b.CSRF("/login")
	before := app.Hashes()
	for _, password := range []string{wrong, kit.Password} {
		res := signIn(b, email, password).Want(http.StatusTooManyRequests)
		if got, want := res.Header.Get("Retry-After"), strconv.Itoa(int(wait/time.Second)); got != want {
			t.Errorf("Retry-After %q, want %q", got, want)
		}
	}
	if n := app.Hashes() - before; n != 0 {
		t.Errorf("%d hashes for who is over the limit", n)
	}
}

// lock makes strangers guess until the account is locked.
func lock(t *testing.T, app *kit.App, email string) {
	t.Helper()
	for i := range 20 {
		guess(t, stranger(app, 1000+i), email)
	}
}

// wrongs makes strangers guess n times, each from an address of his own, as
// soon as the lock lets one.
func wrongs(t *testing.T, app *kit.App, email string, n int) {
	t.Helper()
	for i := range n {
		b := stranger(app, 2000+i)
		res := signIn(b, email, wrong)
		if res.Status == http.StatusTooManyRequests {
			app.Clock.Advance(time.Hour)
			res = signIn(b, email, wrong)
		}
		res.Want(400)
	}
}

// known is a browser in which an account signed in before.
func known(t *testing.T, app *kit.App, email, addr string) *kit.Browser {
	t.Helper()
	b := from(app, addr)
	signIn(b, email, kit.Password).Want(200)
	b.Post("/logout", kit.Fields{}).Want(200)
	return b
}

// spendPardon uses up the pardon that joe's account has today.
func spendPardon(t *testing.T, app *kit.App) {
	t.Helper()
	guess(t, stranger(app, 9000), joe)
	signIn(stranger(app, 9001), joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 0 {
		t.Fatalf("%+v after a sign-in", s)
	}
}

func status(t *testing.T, app *kit.App, u doorward.User) lockout.Status {
	t.Helper()
	s, err := app.Batteries.Lockout.Status(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// find returns the stored user of an address.
func find(t *testing.T, app *kit.App, email string) doorward.User {
	t.Helper()
	u, err := app.Stores.Users.FindUser(t.Context(), doorward.UserQuery{Attr: "email", Value: email})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// settle passes the wait of a seat.
func settle(app *kit.App) { app.Clock.Advance(15 * time.Minute) }

var secretPattern = regexp.MustCompile(`[A-Za-z0-9_-]{60,}`)

// seen is everything that a visitor sees of an answer, without what differs
// between any two, and what it cost.
func seen(res *kit.Response, typed string, hashes int) string {
	var lines []string
	for name, vs := range res.Header {
		if name != "Set-Cookie" {
			lines = append(lines, name+": "+strings.Join(vs, ", "))
		}
	}
	for _, c := range res.Cookies {
		lines = append(lines, fmt.Sprintf("cookie %s, %d bytes, %s, %d", c.Name, len(c.Value), c.Path, c.MaxAge))
	}
	slices.Sort(lines)
	body := res.Body
	if typed != "" {
		body = strings.ReplaceAll(body, html.EscapeString(typed), "(typed)")
	}
	return fmt.Sprintf("%d, %d hashes\n%s\n%s", res.Status, hashes, strings.Join(lines, "\n"), secretPattern.ReplaceAllString(body, "(secret)"))
}
