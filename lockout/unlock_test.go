package lockout_test

import (
	"context"
	"errors"
	"fmt"
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
		c.Mail, c.EmailSender = box, "door@example.com"
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
	if m.To != "Joe@Example.com" || m.From != "door@example.com" || m.Template != "account_locked" || !strings.Contains(m.Text, "24 hours") || !strings.Contains(m.HTML, "24 hours") {
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

func TestMailInterval(t *testing.T) {
	app, box := mailing(t, func(c *batteries.Config) { c.Lockout.UnlockEvery = 10 * time.Minute })
	lock(t, app, joe)
	var at []time.Duration
	for minute := range 120 {
		before := len(box.Sent())
		ask(app, joe)
		if len(box.Sent()) > before {
			at = append(at, time.Duration(minute)*time.Minute)
		}
		if minute%15 == 0 {
			signIn(stranger(app, 3000+minute), joe, wrong)
		}
		app.Clock.Advance(time.Minute)
	}
	for i := 1; i < len(at); i++ {
		if at[i]-at[i-1] < 10*time.Minute {
			t.Errorf("sent at %v", at)
		}
	}
	if len(at) < 8 {
		t.Errorf("sent at %v only", at)
	}
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
	if !app.Logs.Contains("the mail about a lock was not sent", "the mail server is away") {
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

func TestLink(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		t.Run(fmt.Sprint("json ", asJSON), func(t *testing.T) {
			app, box := mailing(t, nil)
			lock(t, app, joe)
			path := link(t, box)
			scanner := stranger(app, 500)
			for _, headers := range [][]string{nil, {"Sec-Purpose", "prefetch"}, {"Purpose", "prefetch"}} {
				scanner.Get(path, headers...).Want(200)
				scanner.Do(http.MethodHead, path, nil, headers...).Want(200)
			}
			scanner.JSON = false
			scanner.Get(path).Want(200).Contains(`name="unlock_form"`, `action="`+path+`"`)
			if scanner.Cookie(device) != "" || !status(t, app, find(t, app, joe)).Until.After(app.Clock.Now()) {
				t.Fatal("looking at the link unlocked the account")
			}

			b := from(app, "192.0.2.50")
			b.JSON = asJSON
			app.Events.Reset()
			if asJSON {
				use(b, path).Want(200)
			} else {
				use(b, path).GoesTo("/login")
				if got := b.Get("/login").Flashes(); !slices.Equal(got, []string{"ACCOUNT_UNLOCKED"}) {
					t.Errorf("flashes %q", got)
				}
			}
			if got := app.Events.Take(); !slices.Equal(got, []string{"Unlocked"}) {
				t.Errorf("events %q", got)
			}
			if s := status(t, app, find(t, app, joe)); s != (lockout.Status{}) {
				t.Errorf("%+v", s)
			}
			if b.WhoAmI() != "" {
				t.Error("the link signs in")
			}
			lock(t, app, joe)
			b.JSON = true
			guess(t, b, joe) // this browser is known
			for range 2 {
				use(b, path).Want(404).Contains("UNLOCK_LINK_DEAD")
			}
			if !status(t, app, find(t, app, joe)).Until.After(app.Clock.Now()) {
				t.Error("a used link unlocked the account")
			}
			signIn(b, joe, kit.Password).Want(200)
		})
	}
}

// TestLinkDead: links that unlock nothing.
func TestLinkDead(t *testing.T) {
	for name, c := range map[string]struct {
		before func(app *kit.App, u doorward.User)
		change func(path string) string
	}{
		"old":     {before: func(app *kit.App, _ doorward.User) { app.Clock.Advance(24*time.Hour + time.Second) }},
		"deleted": {before: func(app *kit.App, u doorward.User) { app.Delete(u) }},
		"password changed": {before: func(app *kit.App, u doorward.User) {
			app.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
		}},
		"cut":         {change: func(p string) string { return p[:len(p)-1] }},
		"changed":     {change: func(p string) string { return p[:len(p)-2] + "AA" }},
		"other":       {change: func(p string) string { return "/unlock/" + strings.Replace(p[8:], ".", "A.", 1) }},
		"empty":       {change: func(string) string { return "/unlock/" }},
		"garbage":     {change: func(string) string { return "/unlock/x.y.z" }},
		"huge":        {change: func(string) string { return "/unlock/" + strings.Repeat("A", 20000) }},
		"with a path": {change: func(p string) string { return p + "/more" }},
	} {
		t.Run(name, func(t *testing.T) {
			app, box := mailing(t, nil)
			lock(t, app, joe)
			path := link(t, box)
			if c.before != nil {
				c.before(app, find(t, app, joe))
			}
			if c.change != nil {
				path = c.change(path)
			}
			app.Events.Reset()
			for _, asJSON := range []bool{true, false} {
				b := from(app, "192.0.2.50")
				b.JSON = asJSON
				b.Get(path).Want(404)
				use(b, path).Want(404)
				if b.Cookie(device) != "" {
					t.Error("the browser is known")
				}
			}
			if got := app.Events.Names(); len(got) != 0 {
				t.Errorf("events %q", got)
			}
		})
	}
}

// TestLinkParallel: of many uses at once one unlocks.
func TestLinkParallel(t *testing.T) {
	app, box := mailing(t, nil)
	lock(t, app, joe)
	path := link(t, box)
	bs := make([]*kit.Browser, 10)
	for i := range bs {
		bs[i] = stranger(app, i)
		bs[i].CSRF("/login")
	}
	kit.Parallel(t, len(bs), 1, func(i int) bool { return bs[i].Post(path, kit.Fields{}).Status == 200 })
}

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
	app := limited(t, func(c *batteries.Config) { c.Mail = nil })
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

// failing is a store of guesses that does not work.
type failing struct {
	doorward.GuessStore
	load, update error
}

func (s *failing) LoadGuesses(ctx context.Context, keys []string) ([]doorward.Guesses, error) {
	if s.load != nil {
		return nil, s.load
	}
	return s.GuessStore.LoadGuesses(ctx, keys)
}

func (s *failing) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	if s.update != nil {
		return s.update
	}
	return s.GuessStore.UpdateGuesses(ctx, keys, change)
}

// TestLinkTrouble: a store that fails while a link is used uses up nothing.
func TestLinkTrouble(t *testing.T) {
	store := &failing{}
	app, box := mailing(t, func(c *batteries.Config) {
		store.GuessStore = c.Stores.Guesses
		c.Stores.Guesses = store
	})
	lock(t, app, joe)
	path := link(t, box)
	b := from(app, "192.0.2.50")
	store.update = fmt.Errorf("a crash: %w", doorward.ErrUnavailable)
	app.Events.Reset()
	use(b, path).Want(503)
	if b.Cookie(device) != "" || len(app.Events.Names()) != 0 {
		t.Errorf("events %q", app.Events.Names())
	}
	store.update = nil
	use(b, path).Want(200)

	lock(t, app, joe)
	store.load = fmt.Errorf("a crash: %w", doorward.ErrUnavailable)
	ask(app, joe).Want(503)
	ask(app, "nobody@example.com").Want(503)
}
