package lockout_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/register"
)

// TestSeat is the first row of the table: one account from one address.
func TestSeat(t *testing.T) {
	app := limited(t, nil)
	b := from(app, "192.0.2.7")
	for range 5 {
		guess(t, b, joe)
	}
	for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
		refused(t, app, b, joe, wait)
		app.Clock.Advance(wait - time.Second)
		refused(t, app, b, joe, time.Second)
		app.Clock.Advance(time.Second)
		guess(t, b, joe) // one each
	}
	refused(t, app, b, joe, 15*time.Minute)
	other := from(app, "192.0.2.8")
	signIn(other, joe, kit.Password).Want(200) // elsewhere there is no wait
	refused(t, app, b, joe, 15*time.Minute)    // and here it is as it was
	app.Clock.Advance(15 * time.Minute)
	signIn(b, joe, kit.Password).Want(200)
	b.Post("/logout", kit.Fields{}).Want(200)
	for range 5 { // the streak is over
		guess(t, b, joe)
	}
	refused(t, app, b, joe, 30*time.Second)
}

func TestSeatForgets(t *testing.T) {
	app := limited(t, nil)
	b := from(app, "192.0.2.7")
	for range 4 {
		guess(t, b, joe)
	}
	app.Clock.Advance(24*time.Hour - time.Second)
	guess(t, b, joe)
	refused(t, app, b, joe, 30*time.Second)
	app.Clock.Advance(24*time.Hour + 30*time.Second)
	for range 5 {
		guess(t, b, joe)
	}
	refused(t, app, b, joe, 30*time.Second)
	if s := status(t, app, find(t, app, joe)); s.Failures != 10 {
		t.Errorf("the account counts %+v: it does not forget so soon", s)
	}
}

// A right credential in the middle begins anew, and takes back no more than
// its own seat's.
func TestSuccessEndsOwnStreak(t *testing.T) {
	app := limited(t, nil)
	spendPardon(t, app)
	one, two := from(app, "192.0.2.1"), from(app, "192.0.2.2")
	for range 4 {
		guess(t, one, joe)
	}
	for range 3 {
		guess(t, two, joe)
	}
	signIn(one.Clone(), joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 3 {
		t.Errorf("%+v, want the 3 of the other address", s)
	}
	for range 5 {
		guess(t, one, joe)
	}
	refused(t, app, one, joe, 30*time.Second)
	guess(t, two, joe)
	guess(t, two, joe)
	refused(t, app, two, joe, 30*time.Second)
}

// TestAccount is the second row: one account from anywhere.
func TestAccount(t *testing.T) {
	app := limited(t, nil)
	for i := range 20 {
		guess(t, stranger(app, i), joe)
	}
	n := 100
	for _, wait := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, time.Hour} {
		refused(t, app, stranger(app, n), joe, wait)
		app.Clock.Advance(wait - time.Second)
		refused(t, app, stranger(app, n+1), joe, time.Second)
		if s := status(t, app, find(t, app, joe)); s.Closed || !s.Until.Equal(app.Clock.Now().Add(time.Second)) {
			t.Errorf("%+v at %v", s, app.Clock.Now())
		}
		app.Clock.Advance(time.Second)
		guess(t, stranger(app, n+2), joe)
		n += 3
	}
	app.Clock.Advance(time.Hour)
	signIn(stranger(app, n), joe, kit.Password).Want(200) // time unlocks
	signIn(stranger(app, n), "nobody@example.com", wrong).Want(400)
}

// What is no account is forgotten sooner, if not so soon that it could be told
// from one by waiting a little.
func TestUnknownForgets(t *testing.T) {
	const nobody = "nobody@example.com"
	app := limited(t, nil)
	for i := range 19 {
		guess(t, stranger(app, i), nobody)
	}
	app.Clock.Advance(30*24*time.Hour - time.Second)
	guess(t, stranger(app, 30), nobody)
	refused(t, app, stranger(app, 31), nobody, 15*time.Minute)
	app.Clock.Advance(30*24*time.Hour + 15*time.Minute)
	for i := range 20 {
		guess(t, stranger(app, 40+i), nobody)
	}
	refused(t, app, stranger(app, 61), nobody, 15*time.Minute)
}

// An address that is locked before it is registered stays so.
func TestLockedBeforeRegistered(t *testing.T) {
	const email = "later@example.com"
	app := limited(t, nil)
	lock(t, app, email)
	u := app.NewUser(email)
	refused(t, app, stranger(app, 50), email, 15*time.Minute)
	if had, err := app.Batteries.Lockout.Unlock(t.Context(), u, "operator"); !had || err != nil {
		t.Errorf("unlock: %t, %v", had, err)
	}
	signIn(stranger(app, 50), email, kit.Password).Want(200)
}

func TestAccountForgets(t *testing.T) {
	app := limited(t, nil)
	for i := range 19 {
		guess(t, stranger(app, i), joe)
	}
	app.Clock.Advance(365*24*time.Hour - time.Second)
	guess(t, stranger(app, 30), joe)
	refused(t, app, stranger(app, 31), joe, 15*time.Minute)
	app.Clock.Advance(365*24*time.Hour + 15*time.Minute)
	if s := status(t, app, find(t, app, joe)); s != (lockout.Status{}) {
		t.Errorf("after a year: %+v", s)
	}
	for i := range 20 {
		guess(t, stranger(app, 40+i), joe)
	}
	refused(t, app, stranger(app, 61), joe, 15*time.Minute)
}

// TestAccountMax is the third row: what time does not unlock, and the rest of
// known browsers (NIST SP 800-63B-4 section 3.2.2).
func TestAccountMax(t *testing.T) {
	app := limited(t, nil)
	home := known(t, app, joe, "192.0.2.9")
	wrongs(t, app, joe, 80)
	u := find(t, app, joe)
	if s := status(t, app, u); !s.Closed || s.Failures != 80 {
		t.Fatalf("%+v after 80", s)
	}
	last := kit.EventsOf[lockout.Locked](app.Events)
	if ev := last[len(last)-1]; !ev.Until.IsZero() {
		t.Errorf("the last lock ends: %+v", ev)
	}
	app.Clock.Advance(48 * time.Hour)
	refused(t, app, stranger(app, 1), joe, time.Hour)
	for range 20 {
		guess(t, home, joe)
		settle(app)
	}
	if s := status(t, app, u); s.Failures != 100 {
		t.Fatalf("%+v, want all 100", s)
	}
	refused(t, app, home, joe, time.Hour) // nobody guesses a 101st time
	app.Clock.Advance(48 * time.Hour)
	refused(t, app, home, joe, time.Hour)
	had, err := app.Batteries.Lockout.Unlock(t.Context(), u, "operator")
	if err != nil || !had {
		t.Fatalf("unlock: %t, %v", had, err)
	}
	signIn(home, joe, kit.Password).Want(200)
	signIn(stranger(app, 1), joe, kit.Password).Want(200)
	if had, err = app.Batteries.Lockout.Unlock(t.Context(), u, "operator"); had || err != nil {
		t.Errorf("unlocked twice: %t, %v", had, err)
	}
}

// It may be a known browser that closes the account for strangers.
func TestAccountMaxByKnown(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Lockout.AccountMax = 10 })
	spendPardon(t, app)
	home := known(t, app, joe, "192.0.2.9")
	for i := range 7 {
		guess(t, stranger(app, i), joe)
	}
	app.Events.Reset()
	for range 2 {
		guess(t, home, joe)
	}
	if got := kit.EventsOf[lockout.Locked](app.Events); len(got) != 1 || !got[0].Until.IsZero() {
		t.Errorf("told %+v", got)
	}
	refused(t, app, stranger(app, 50), joe, time.Hour)
	signIn(home, joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Closed || s.Failures != 7 {
		t.Errorf("%+v", s)
	}
}

// A known browser that signs in takes its own wrong ones off, and leaves the
// lock of strangers.
func TestAccountMaxKnownSignIn(t *testing.T) {
	app := limited(t, nil)
	spendPardon(t, app)
	home := known(t, app, joe, "192.0.2.9")
	lock(t, app, joe)
	for range 3 {
		guess(t, home, joe)
	}
	signIn(home, joe, kit.Password).Want(200)
	if s := status(t, app, find(t, app, joe)); s.Failures != 20 {
		t.Errorf("%+v, want the 20 of the strangers", s)
	}
	refused(t, app, stranger(app, 1), joe, 15*time.Minute)
}

// TestAddress is the last row: one address, whatever the account.
func TestAddress(t *testing.T) {
	app := limited(t, nil)
	b := from(app, "192.0.2.7")
	for i := range 100 {
		guess(t, b, account(i))
	}
	refused(t, app, b, "somebody@example.com", 36*time.Second)
	refused(t, app, b, joe, 36*time.Second)
	app.Clock.Advance(35 * time.Second)
	refused(t, app, b, joe, time.Second)
	app.Clock.Advance(time.Second)
	guess(t, b, account(200)) // one
	refused(t, app, b, joe, 36*time.Second)
	app.Clock.Advance(10 * 36 * time.Second)
	for i := range 10 {
		guess(t, b, account(300+i))
	}
	refused(t, app, b, joe, 36*time.Second)
	app.Clock.Advance(time.Hour)
	for i := range 100 {
		guess(t, b, account(400+i))
	}
	refused(t, app, b, joe, 36*time.Second)
	signIn(from(app, "192.0.2.8"), joe, kit.Password).Want(200)
	if scopes := scopesOf(app); !slices.Equal(scopes, []string{"address"}) {
		t.Errorf("refused by %q", scopes)
	}
	if app.Logs.Contains("trusted proxies") {
		t.Error("an address of the Internet is taken for a proxy")
	}
}

func account(i int) string {
	return doorward.NewUniquifier()[:8] + string(rune('a'+i%26)) + "@example.com"
}

// scopesOf returns which limits refused, each once.
func scopesOf(app *kit.App) []string {
	var out []string
	for _, ev := range kit.EventsOf[lockout.Refused](app.Events) {
		if !slices.Contains(out, ev.Scope) {
			out = append(out, ev.Scope)
		}
	}
	return out
}

// A right password from an address costs it nothing.
func TestAddressRight(t *testing.T) {
	app := limited(t, nil)
	for range 120 {
		signIn(from(app, "192.0.2.7"), joe, kit.Password).Want(200)
	}
}

// What looks like a proxy that nobody named is said to the operator.
func TestAddressLooksLikeProxy(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Lockout.AddressTries = 3 })
	b := from(app, "10.0.0.3")
	for i := range 3 {
		guess(t, b, account(i))
	}
	refused(t, app, b, joe, 20*time.Minute)
	if !app.Logs.Contains("SECURITY_TRUSTED_PROXIES", "10.0.0.3") {
		t.Error("not logged")
	}
	for range 10 {
		signIn(b, joe, wrong).Want(429)
	}
	said := func() int { return strings.Count(app.Logs.String(), "SECURITY_TRUSTED_PROXIES") }
	if n := said(); n != 1 {
		t.Errorf("said %d times at once", n)
	}
	app.Clock.Advance(time.Minute)
	signIn(b, joe, wrong).Want(429)
	signIn(b, joe, wrong).Want(429)
	if n := said(); n != 2 {
		t.Errorf("said %d times in a minute", n)
	}
}

// The 429 is a page for a browser, with the form in it, and says how long.
func TestRefusedPage(t *testing.T) {
	app := limited(t, nil)
	b := from(app, "192.0.2.7")
	for range 5 {
		guess(t, b, joe)
	}
	b.JSON = false
	res := signIn(b, joe, kit.Password).Want(429).Fails("", "TOO_MANY_TRIES").Contains(`name="login_user_form"`, joe).Lacks(kit.Password)
	if res.Header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	if res.Cookie("known_browser") != nil {
		t.Error("a refused browser is known")
	}
}

func TestUnlimited(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.UnlimitedGuessing = true })
	if app.Batteries.Lockout != nil {
		t.Error("there is a limiter")
	}
	b := from(app, "192.0.2.7")
	for range 120 {
		guess(t, b, joe)
	}
	signIn(b, joe, kit.Password).Want(200)
	if !app.Logs.Contains("WARN", "SECURITY_INSECURE_UNLIMITED_GUESSING") {
		t.Error("no warning at start")
	}
}

// Registrations are counted by address, apart from passwords.
func TestRegistrations(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Register, c.Lockout.RegisterTries = &register.Config{}, 50 })
	join := func(b *kit.Browser) *kit.Response {
		b.CSRF("/register")
		return b.Post("/register", kit.Fields{"email": account(1), "password": kit.Password, "password_confirm": kit.Password})
	}
	for range 50 {
		join(from(app, "192.0.2.7")).Want(200)
	}
	before := app.Hashes()
	if res := join(from(app, "192.0.2.7")).Want(429); res.Header.Get("Retry-After") != "72" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	if app.Hashes() != before {
		t.Error("a hash for who is over the limit")
	}
	if got := kit.EventsOf[lockout.Refused](app.Events); len(got) != 1 || got[0].Kind != "register" || got[0].Scope != "address" {
		t.Errorf("told %+v", got)
	}
	signIn(from(app, "192.0.2.7"), joe, kit.Password).Want(200)
	join(from(app, "192.0.2.8")).Want(200)
	app.Clock.Advance(72 * time.Second)
	join(from(app, "192.0.2.7")).Want(200)
	join(from(app, "192.0.2.7")).Want(429)
}

// Tokens that nobody signed are counted by address, apart from passwords.
func TestForgedTokens(t *testing.T) {
	app := limited(t, nil)
	good := app.AuthToken(find(t, app, joe))
	b := from(app, "192.0.2.7")
	for range 100 {
		b.Get("/doorwardtest/user", "Authentication-Token", "x.y.z").Want(401)
	}
	res := b.Get("/doorwardtest/user", "Authentication-Token", "x.y.z").Want(429)
	if res.Header.Get("Retry-After") != "36" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	b.Get("/doorwardtest/user", "Authentication-Token", good).Want(200) // is not guessed
	signIn(b, joe, kit.Password).Want(200)
	from(app, "192.0.2.8").Get("/doorwardtest/user", "Authentication-Token", "x.y.z").Want(401)
}
