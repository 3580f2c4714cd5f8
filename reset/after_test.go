package reset_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/sqltest"
	"github.com/doorward/doorward/internal/testdb"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/reset"
)

func autoLogin(edit func(*batteries.Config)) func(*batteries.Config) {
	return func(c *batteries.Config) {
		c.Reset.AutoLogin = true
		if edit != nil {
			edit(c)
		}
	}
}

// use posts a new password to a new link.
func use(t *testing.T, app *kit.App, b *kit.Browser) *kit.Response {
	t.Helper()
	path := linkTo(t, app, joe)
	b.CSRF("/reset")
	return b.Post(path, both(next))
}

func TestAutoLogin(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, open func(testing.TB) doorward.Stores) {
		stores := open(t)
		app := newApp(t, autoLogin(func(c *batteries.Config) { c.Stores = stores }))
		other := app.Browser()
		other.LoginAs(find(t, app, joe))
		for _, asJSON := range []bool{true, false, true} { // the third is signed in already
			b := app.Browser()
			if asJSON {
				b = other
			}
			b.JSON = asJSON
			app.Events.Reset()
			res := use(t, app, b)
			if asJSON {
				res.Want(200)
				if res.JSONAt("response.tf_required") != false || res.JSONAt("response.csrf_token") == nil || res.JSONAt("response.user") == nil {
					t.Error(res.Body)
				}
			} else {
				res.GoesTo("/")
				if got := b.Get("/reset").Flashes(); !slices.Equal(got, []string{"PASSWORD_RESET"}) {
					t.Errorf("flashes %q", got)
				}
			}
			if got := app.Events.Names(); !slices.Equal(got, []string{"PasswordReset", "Authenticated"}) {
				t.Errorf("events %q", got)
			}
			if got := kit.EventsOf[doorward.Authenticated](app.Events); len(got) != 1 || !slices.Equal(got[0].Via, []string{"reset"}) {
				t.Errorf("%+v", got)
			}
			if b.WhoAmI() != joe {
				t.Error("not signed in")
			}
			if n, err := app.Accounts().Sessions(t.Context(), find(t, app, joe)); len(n) != 1 || err != nil {
				t.Errorf("%d sessions, %v", len(n), err)
			}
			app.Clock.Advance(1e9)
		}
	})
}

// Whatever stops the sign-in, the password is set and the answer says so.
func TestAutoLoginStopped(t *testing.T) {
	for name, c := range map[string]struct {
		stop    doorward.Feature
		flashes []string
	}{
		"gate":          {gate{joe}, []string{"PASSWORD_RESET_NO_LOGIN", "CONFIRMATION_REQUIRED"}},
		"broken gate":   {broken{}, []string{"PASSWORD_RESET_NO_LOGIN"}},
		"second factor": {second{}, nil},
	} {
		for _, asJSON := range []bool{true, false} {
			app := newApp(t, autoLogin(func(cfg *batteries.Config) { cfg.More = append(cfg.More, c.stop) }))
			b := app.Browser()
			b.JSON = asJSON
			res := use(t, app, b)
			switch {
			case name == "second factor" && asJSON:
				if res.Want(200).JSONAt("response.tf_required") != true {
					t.Error(res.Body)
				}
			case name == "second factor":
				res.GoesTo("/second")
			case asJSON:
				if res.Want(200).JSONAt("response.user") != nil {
					t.Error(res.Body)
				}
			default:
				res.GoesTo("/login")
				if got := b.Get("/login").Flashes(); !slices.Equal(got, c.flashes) {
					t.Errorf("%s: flashes %q", name, got)
				}
			}
			if b.WhoAmI() != "" || len(kit.EventsOf[reset.PasswordReset](app.Events)) != 1 || len(app.Outbox.Sent()) != 1 {
				t.Errorf("%s: %q is signed in, events %q", name, b.WhoAmI(), app.Events.Names())
			}
			if ok, err := app.Hasher.Verify(t.Context(), next, find(t, app, joe).SecurityAccount().PasswordHash); !ok.OK || err != nil {
				t.Errorf("%s: the password was not set: %v", name, err)
			}
		}
	}
}

// broken is a gate that cannot tell.
type broken struct{ gate }

func (broken) Admit(context.Context, *doorward.Attempt) error {
	return errors.New("the gate is broken")
}

// second is a second factor that everybody has.
type second struct{ gate }

func (second) Admit(context.Context, *doorward.Attempt) error { return nil }
func (second) Methods(context.Context, doorward.User) ([]string, error) {
	return []string{"code"}, nil
}
func (second) Required(context.Context, *doorward.Attempt, bool) (bool, error) { return true, nil }
func (second) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{Redirect: "/second", JSON: map[string]any{"tf_required": true}}, nil
}

// TestToken: the application gets the token if it has to send it, and nothing
// prints it.
func TestToken(t *testing.T) {
	var got []reset.InstructionsSent
	for _, own := range []bool{true, false} {
		app := newApp(t, func(c *batteries.Config) { c.Reset.NoEmail = own })
		hook := func(_ context.Context, ev reset.InstructionsSent) error { got = append(got, ev); return nil }
		if err := app.Batteries.Reset.Hooks().InstructionsSent.On(hook); err != nil {
			t.Fatal(err)
		}
		b := jsonBrowser(app)
		b.CSRF("/reset")
		res := b.Post("/reset", kit.Fields{"email": joe}).Want(200)
		ev := got[len(got)-1]
		token := string(ev.ResetToken)
		if (token != "") != own || (len(app.Outbox.Sent()) == 0) != own {
			t.Fatalf("own is %t: %d mails, token of %d characters", own, len(app.Outbox.Sent()), len(token))
		}
		if !own {
			continue
		}
		app.Secret(token) // which looks for it in events and logs
		for name, vs := range res.Header {
			if strings.Contains(strings.Join(vs, " "), token) {
				t.Errorf("the requester is told, in %s", name)
			}
		}
		res.Lacks(token)
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "event", ev, "token", ev.ResetToken)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "event", ev, "token", ev.ResetToken)
		raw, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			log.WriteString(fmt.Sprintf(verb, ev) + fmt.Sprintf(verb, ev.ResetToken))
		}
		if text := log.String() + string(raw); strings.Contains(text, token) || strings.Contains(text, fmt.Sprintf("%x", token)) {
			t.Errorf("the token is printed:\n%s", text)
		}
		b.Post("/reset/"+token, both(next)).Want(200)
	}
}

// An answer that cannot be given leaves the link as it was.
func TestTrouble(t *testing.T) {
	var fails error
	app := newApp(t, func(c *batteries.Config) {
		c.Reset.Hasher = hasherFunc(func(context.Context, string) (string, error) {
			if fails != nil {
				return "", fails
			}
			return "a hash", nil
		})
	})
	path, before := linkTo(t, app, joe), app.Snapshot()
	b := jsonBrowser(app)
	b.CSRF("/reset")
	fails = fmt.Errorf("crowd: %w", password.ErrBusy)
	if res := b.Post(path, both(next)).Want(503); res.Header.Get("Retry-After") == "" || len(res.Errors("")) != 1 {
		t.Error(res.Body)
	}
	fails = password.ErrTooLong
	b.Post(path, both(next)).Want(400).Fails("password", "PASSWORD_TOO_LONG")
	fails = errors.New("no entropy")
	b.Post(path, both(next)).Want(500)
	if app.Snapshot() != before || len(app.Outbox.Sent()) != 0 || len(app.Events.Take()) != 0 {
		t.Error("something happened")
	}
	fails = nil
	b.Post(path, both(next)).Want(200)
}

type hasherFunc func(ctx context.Context, plain string) (string, error)

func (f hasherFunc) Hash(ctx context.Context, plain string) (string, error) { return f(ctx, plain) }

// Who hangs up when the password is stored keeps nobody from being told.
func TestHungUp(t *testing.T) {
	app := newApp(t, func(c *batteries.Config) { c.Stores = sqltest.Stores(testdb.SQLite)(t) })
	path := linkTo(t, app, joe)
	ctx, cancel := context.WithCancel(t.Context())
	hook := func(context.Context, reset.PasswordReset) error { cancel(); return nil }
	if err := app.Batteries.Reset.Hooks().PasswordReset.On(hook); err != nil {
		t.Fatal(err)
	}
	b := jsonBrowser(app)
	token := b.CSRF("/reset")
	body := fmt.Sprintf(`{"password":%q,"password_confirm":%q,"csrf_token":%q}`, next, next, token)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr, r.Host = b.Addr, kit.Host
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", b.SessionCookie()+"="+b.Cookie(b.SessionCookie()))
	app.ServeHTTP(discard{http.Header{}}, r)
	if len(app.Outbox.Sent()) != 1 || !lets(app, joe, next) || app.Logs.Contains("was not unlocked") {
		t.Errorf("%d mails, log:\n%s", len(app.Outbox.Sent()), app.Logs)
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
