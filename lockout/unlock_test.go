package lockout_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/lockout"
	"github.com/doorward/doorward/mail"
)

// queued is an outbox that needs no queue before it: what is sent is there.
type queued struct {
	mail.Outbox
	err error
}

func (*queued) Queued() {}

func (q *queued) Send(ctx context.Context, m mail.Message) error {
	if q.err != nil {
		return q.err
	}
	return q.Outbox.Send(ctx, m)
}

// mailing is an installation whose mails are sent at once.
func mailing(t *testing.T, edit func(*batteries.Config)) (*kit.App, *queued) {
	t.Helper()
	box := &queued{}
	app := limited(t, func(c *batteries.Config) {
		c.Mail.Sender, c.Mail.From = box, "door@example.com"
		if edit != nil {
			edit(c)
		}
	})
	return app, box
}

var linkPattern = regexp.MustCompile(`https://localhost(/unlock/[^\s"<]+)`)

// link returns the path of the link in the last mail.
func link(t *testing.T, box *queued) string {
	t.Helper()
	sent := box.Sent()
	if len(sent) == 0 {
		t.Fatal("no mail")
	}
	last := sent[len(sent)-1]
	found := linkPattern.FindStringSubmatch(last.Text)
	if found == nil || !strings.Contains(last.HTML, found[0]) {
		t.Fatalf("no link in\n%s\n%s", last.Text, last.HTML)
	}
	return found[1]
}

func use(b *kit.Browser, path string) *kit.Response {
	b.CSRF("/login")
	return b.Post(path, kit.Fields{})
}

func TestMail(t *testing.T) {
	app, box := mailing(t, nil)
	app.Change(find(t, app, joe), func(acc *doorward.Account) { acc.Email = "Joe@Example.com" })
	for i := range 20 {
		b := stranger(app, i)
		b.Get("/login")
		b.Post("/login", kit.Fields{"email": "jOe@example.com", "password": wrong}, "Host", "evil.example", "X-Forwarded-Host", "evil.example").Want(400)
		if n := len(box.Sent()); n > 0 != (i == 19) {
			t.Fatalf("%d mails after %d", n, i+1)
		}
	}
	m := box.Sent()[0]
	if m.To != "Joe@Example.com" || m.From != "door@example.com" || m.Template != "account_locked" || !strings.Contains(m.Text, "1 day") || !strings.Contains(m.HTML, "1 day") {
		t.Errorf("%+v", m)
	}
	link(t, box)
	app.CheckMails("https://localhost")
	// The next ones are not sent before their time, whatever the hour.
	app.Clock.Advance(15*time.Minute - time.Second)
	if ask(app, "Joe@Example.com"); len(box.Sent()) != 1 {
		t.Error("a second mail within the time")
	}
	app.Clock.Advance(time.Second)
	guess(t, stranger(app, 50), "joe@example.com") // locks again
	if len(box.Sent()) != 2 {
		t.Errorf("%d mails, want the second one", len(box.Sent()))
	}
}

// ask requests a link.
func ask(app *kit.App, email string) *kit.Response {
	b := from(app, "203.0.113.9")
	b.Get("/unlock")
	return b.Post("/unlock", kit.Fields{"email": email})
}

// TestMailInterval: whoever asks for ever causes fewer and fewer mails, until
// nobody asked for a week.
func TestMailInterval(t *testing.T) {
	app, box := mailing(t, func(c *batteries.Config) { c.Lockout.UnlockEvery = 10 * time.Minute })
	wrongs(t, app, joe, 80)
	app.Clock.Advance(8 * 24 * time.Hour)
	box.Reset()
	var at []time.Duration
	for passed := time.Duration(0); passed < 6*24*time.Hour; passed += 5 * time.Minute {
		before := len(box.Sent())
		if ask(app, joe).Want(200); len(box.Sent()) > before {
			at = append(at, passed)
		}
		app.Clock.Advance(5 * time.Minute)
	}
	want, wait := []time.Duration{0}, 10*time.Minute
	for last := wait; last < 6*24*time.Hour; last += wait {
		want = append(want, last)
		wait = min(2*wait, 24*time.Hour)
	}
	if !slices.Equal(at, want) {
		t.Errorf("sent at %v, want %v", at, want)
	}
	app.Clock.Advance(8 * 24 * time.Hour)
	before := len(box.Sent())
	for range 2 {
		ask(app, joe)
		app.Clock.Advance(10 * time.Minute)
	}
	if n := len(box.Sent()) - before; n != 2 {
		t.Errorf("%d mails after a quiet week, want 2", n)
	}
}

// A clock that was wrong for a while keeps no mail back for longer than a day.
func TestMailClock(t *testing.T) {
	app, box := mailing(t, nil)
	wrongs(t, app, joe, 80)
	app.Clock.Advance(-20 * year)
	box.Reset()
	for range 2 {
		ask(app, joe).Want(200)
	}
	if n := len(box.Sent()); n != 0 {
		t.Errorf("%d mails at once", n)
	}
	app.Clock.Advance(24 * time.Hour)
	if ask(app, joe).Want(200); len(box.Sent()) != 1 {
		t.Errorf("%d mails after a day", len(box.Sent()))
	}
}

// TestMailAfterUnlock: who used a link can have the next one at once.
func TestMailAfterUnlock(t *testing.T) {
	app, box := mailing(t, nil)
	for i := range 3 {
		lock(t, app, joe)
		if n := len(box.Sent()); n != i+1 {
			t.Fatalf("%d mails after %d locks", n, i+1)
		}
		use(from(app, "192.0.2.50"), link(t, box)).Want(200)
		app.Clock.Advance(time.Second)
	}
}

// TestUnlockRequestLimit: one address does not ask for everybody.
func TestUnlockRequestLimit(t *testing.T) {
	app, _ := mailing(t, nil)
	b := from(app, "192.0.2.66")
	b.CSRF("/login")
	for i := range 20 {
		b.Post("/unlock", kit.Fields{"email": account(i)}).Want(200)
	}
	for _, email := range []string{joe, "nobody@example.com"} {
		if res := b.Post("/unlock", kit.Fields{"email": email}).Want(429).Contains("TOO_MANY_TRIES"); res.Header.Get("Retry-After") != "180" {
			t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
		}
	}
	ask(app, joe).Want(200) // from elsewhere
	for range 5 {
		guess(t, b, joe) // the address has its guesses
	}
	app.Clock.Advance(3 * time.Minute)
	b.CSRF("/login")
	b.Post("/unlock", kit.Fields{"email": joe}).Want(200)
	b.Post("/unlock", kit.Fields{"email": joe}).Want(429)
}

// Nobody gets a mail for what is no account, and a sender that fails changes
// no answer.
func TestMailNobody(t *testing.T) {
	app, box := mailing(t, nil)
	lock(t, app, "nobody@example.com")
	ask(app, "nobody@example.com").Want(200)
	if n := len(box.Sent()); n != 0 {
		t.Errorf("%d mails", n)
	}
	box.err = errors.New("the mail server is away")
	lock(t, app, joe)
	ask(app, joe).Want(200)
	if !app.Logs.Contains("a mail was refused", "the mail server is away") {
		t.Error("not logged")
	}
}

// TestMailHungUp: who guesses and hangs up does not keep the owner from the mail.
func TestMailHungUp(t *testing.T) {
	var cancel context.CancelFunc
	app, box := mailing(t, func(c *batteries.Config) {
		c.OnEvent = func(_ context.Context, ev any) {
			if _, failed := ev.(doorward.AuthnFailed); failed && cancel != nil {
				cancel()
			}
		}
	})
	for i := range 19 {
		guess(t, stranger(app, i), joe)
	}
	b := stranger(app, 20)
	token := b.CSRF("/login")
	r, err := http.NewRequest(http.MethodPost, "/login", strings.NewReader(`{"email":"`+joe+`","password":"`+wrong+`","csrf_token":"`+token+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cancel = stop
	defer stop()
	r.RemoteAddr, r.Host = b.Addr, "localhost"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", b.SessionCookie()+"="+b.Cookie(b.SessionCookie()))
	app.ServeHTTP(discard{http.Header{}}, r.WithContext(ctx))
	if len(box.Sent()) != 1 || len(kit.EventsOf[lockout.Locked](app.Events)) != 1 {
		t.Errorf("%d mails, events %q", len(box.Sent()), app.Events.Names())
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func TestUnlockCSRF(t *testing.T) {
	app, box := mailing(t, nil)
	lock(t, app, joe)
	path := link(t, box)
	before := len(box.Sent())
	app.Clock.Advance(14 * time.Minute)
	for _, asJSON := range []bool{true, false} {
		b := from(app, "192.0.2.50")
		b.JSON, b.NoCSRF = asJSON, true
		if res := b.Post(path, kit.Fields{}); res.Status == http.StatusFound || len(res.Errors("csrf_token")) == 0 {
			t.Errorf("%d %s", res.Status, res.Body)
		}
		if res := b.Post("/unlock", kit.Fields{"email": joe}); res.Status == http.StatusFound || len(res.Errors("csrf_token")) == 0 {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	}
	if status(t, app, find(t, app, joe)).Failures == 0 || len(box.Sent()) != before {
		t.Error("done without a token")
	}
}

// TestUnlockRequest: strangers are told the same, whatever they ask for.
func TestUnlockRequest(t *testing.T) {
	app, box := mailing(t, nil)
	app.NewUser("open@example.com")
	lock(t, app, joe)
	lock(t, app, "nobody@example.com")
	app.Clock.Advance(14*time.Minute + 59*time.Second) // still locked
	sent := len(box.Sent())
	for _, asJSON := range []bool{true, false} {
		first := ""
		for _, typed := range []string{joe, "open@example.com", "nobody@example.com", "somebody@example.com", "no address", "  JOE@example.com ", "a@b@c", strings.Repeat("x", 5000)} {
			b := from(app, "203.0.113.9")
			b.JSON = asJSON
			b.Get("/unlock").Want(200)
			before := app.Hashes()
			res := b.Post("/unlock", kit.Fields{"email": typed})
			if got := seen(res, typed, app.Hashes()-before); first == "" {
				first = got
			} else if got != first {
				t.Errorf("%.20q can be told from the others:\n%s\n%s", typed, got, first)
			}
			if asJSON {
				res.Want(200)
				continue
			}
			res.GoesTo("/login")
			if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"UNLOCK_REQUESTED"}) {
				t.Errorf("%.20q: flashes %q", typed, got)
			}
		}
		b := from(app, "203.0.113.9")
		b.JSON = asJSON
		b.Get("/unlock")
		b.Post("/unlock", kit.Fields{"email": ""}).Fails("email", "UNLOCK_IDENTITY_NOT_PROVIDED")
	}
	if n := len(box.Sent()); n != sent {
		t.Errorf("%d mails, the last was too short ago", n)
	}
	app.Clock.Advance(time.Hour)
	if ask(app, joe); len(box.Sent()) != sent {
		t.Error("a mail for an account that is not locked")
	}
	guess(t, stranger(app, 3), joe)
	if len(box.Sent()) != sent+1 {
		t.Error("no mail for the next lock")
	}
	use(from(app, "192.0.2.50"), link(t, box)).Want(200)
}

// Without a sender there are neither pages nor links to them.
func TestNoMail(t *testing.T) {
	app := limited(t, func(c *batteries.Config) { c.Mail.Sender = nil })
	lock(t, app, joe)
	for _, path := range []string{"/unlock", "/unlock/x.y.z"} {
		app.Browser().Get(path).Want(404)
		b := app.Browser()
		b.CSRF("/login")
		b.PostForm(path, kit.Fields{"email": joe}).Want(404)
	}
	app.Browser().Get("/login").Lacks("/unlock")
}

func TestUnlockURL(t *testing.T) {
	app, box := mailing(t, func(c *batteries.Config) {
		c.Lockout.UnlockURL, c.URLs.Prefix, c.Lockout.UnlockWithin = "/open-up", "/auth", 30*time.Minute
	})
	for i := range 20 {
		b := stranger(app, i)
		b.CSRF("/auth/login")
		b.Post("/auth/login", kit.Fields{"email": joe, "password": wrong}).Want(400)
	}
	text := box.Sent()[0].Text
	at := regexp.MustCompile(`https://localhost(/auth/open-up/\S+)`).FindStringSubmatch(text)
	if at == nil || !strings.Contains(text, "within 30 minutes") {
		t.Fatal(text)
	}
	b := from(app, "192.0.2.50")
	b.JSON = false
	b.Get(at[1]).Want(200).Contains(`action="` + at[1] + `"`)
	b.PostForm(at[1], kit.Fields{}).GoesTo("/auth/login")
}
