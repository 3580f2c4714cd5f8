package doorward_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/sessions"
)

// What strangers type into forms and URLs; none of it may be logged.
var typed = []string{"nobody@stranger.example", "wrong password", "hunter2-in-a-link", "query-secret", "a forged token"}

const linkSecret = "hunter2-in-a-link"

// logged is an application and its security log: JSON at debug level, without the
// time. The lines also go into app.Logs, where the kit looks for passwords,
// cookies and tokens when the test is over.
type logged struct {
	*kit.App
	log  *kit.Logs
	took int
}

func newLogged(t *testing.T, edit func(*batteries.Config)) *logged {
	t.Helper()
	a := &logged{log: &kit.Logs{}}
	plain := slog.NewJSONHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, at slog.Attr) slog.Attr {
		if at.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return at
	}})
	a.App = kit.New(t, func(c *batteries.Config) {
		c.SecurityLog = slog.New(slog.NewMultiHandler(plain, c.Logger.Handler()))
		c.Register, c.Sessions = &register.Config{}, &sessions.Config{}
		c.More = []doorward.Feature{linked()}
		if edit != nil {
			edit(c)
		}
	})
	a.Mux.Handle("/role", a.RequireRoles("chief")(answer))
	a.Mux.Handle("/user", a.RequireUser()(answer))
	a.Mux.Handle("/basic", a.Require(doorward.Auth{Via: []string{"basic"}})(answer))
	return a
}

// linked has a page whose path ends in a secret.
func linked() doorward.Feature {
	f := &bare{name: "linked"}
	f.init = func(rt *doorward.Runtime) error {
		return rt.Handle(doorward.Route{Name: "linked", Path: "/linked/{token}", Caller: doorward.UserCaller,
			Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
				return doorward.Result{}, errors.New("out of order")
			}})
	}
	return f
}

// take returns the lines since it was last called.
func (a *logged) take() []string {
	all := a.log.String()
	out := []string{}
	for line := range strings.Lines(all[a.took:]) {
		out = append(out, strings.TrimSuffix(line, "\n"))
	}
	a.took = len(all)
	return out
}

// line is how an event is logged; at is where it comes from, "" for none.
func line(level, action, outcome, user, at, more string) string {
	if user != "" {
		user = fmt.Sprintf(`,"user":%q`, user)
	}
	return fmt.Sprintf(`{"level":%q,"msg":"security","action":%q,"outcome":%q%s%s%s}`, level, action, outcome, user, at, more)
}

func at(method, path string) string {
	return fmt.Sprintf(`,"address":"192.0.2.1","method":%q,"path":%q`, method, path)
}

func reason(text string) string { return fmt.Sprintf(`,"reason":%q`, text) }

// What happens by HTTP, and exactly what the security log says of it.
func TestSecurityLog(t *testing.T) {
	signIn := line("INFO", "sign-in", "success", joe, at("POST", "/login"), `,"via":["password"]`)
	wrong := func(method, path string) string {
		return line("WARN", "credential", "failure", joe, at(method, path), `,"kind":"password","second_factor":false`)
	}
	in := func(t *testing.T, a *logged) *kit.Browser {
		t.Helper()
		b := a.Browser()
		b.PostForm("/login", credentials(joe)).Want(302)
		if got := a.take(); !slices.Equal(got, []string{signIn}) {
			t.Errorf("sign-in: %s", got)
		}
		return b
	}
	for name, c := range map[string]struct {
		edit func(*batteries.Config)
		do   func(*testing.T, *logged)
		want []string
	}{
		"sign-in": {do: func(_ *testing.T, a *logged) { a.Browser().PostForm("/login?next=/query-secret", credentials(joe)) }, want: []string{signIn}},
		"wrong password": {do: func(_ *testing.T, a *logged) {
			a.Browser().PostForm("/login", kit.Fields{"email": joe, "password": "wrong password"})
		}, want: []string{wrong("POST", "/login")}},
		"an application's sign-in": {do: func(_ *testing.T, a *logged) {
			u, _ := a.Accounts().Find(context.Background(), joe)
			a.Browser().LoginAs(u)
		}, want: []string{line("INFO", "sign-in", "success", joe, at("GET", "/doorwardtest/login"), `,"via":["doorwardtest"]`)}},
		"nobody's": {do: func(_ *testing.T, a *logged) {
			a.Browser().PostForm("/login", kit.Fields{"email": typed[0], "password": "wrong password"})
		}, want: []string{line("WARN", "credential", "failure", "", at("POST", "/login"), `,"kind":"password"`)}},
		"switched off": {do: func(_ *testing.T, a *logged) {
			a.NewUser(jane, func(acc *doorward.Account) { acc.Active = false })
			a.Browser().PostForm("/login", credentials(jane))
		}, want: []string{line("WARN", "sign-in", "refused", jane, at("POST", "/login"), `,"via":["password"],"reason":"DISABLED_ACCOUNT"`)}},
		"switched off, basic": {do: func(_ *testing.T, a *logged) {
			a.NewUser(jane, func(acc *doorward.Account) { acc.Active = false })
			a.Browser().Get("/basic", "Authorization", basic(jane, kit.Password)).Want(401)
		}, want: []string{line("WARN", "sign-in", "refused", jane, at("GET", "/basic"), `,"via":["basic"],"reason":"DISABLED_ACCOUNT"`),
			line("DEBUG", "access", "refused", "", at("GET", "/basic"), reason("anonymous"))}},
		"basic": {do: func(_ *testing.T, a *logged) {
			a.Browser().Get("/basic", "Authorization", basic(joe, kit.Password)).Want(200)
		}, want: []string{line("DEBUG", "basic", "success", joe, at("GET", "/basic"), "")}},
		"forged token": {do: func(_ *testing.T, a *logged) { a.Browser().Get("/role", "Authentication-Token", "a forged token") },
			want: []string{line("WARN", "token", "failure", "", at("GET", "/role"), ""), line("WARN", "access", "refused", "", at("GET", "/role"), reason("rights"))}},
		"replayed": {do: func(t *testing.T, a *logged) {
			b := remembered(t, a.App, joe)
			b.Close()
			thief := b.Clone()
			b.WhoAmI()
			a.Clock.Advance(time.Hour)
			a.take()
			thief.WhoAmI()
		}, want: []string{line("WARN", "remembered", "refused", "", at("GET", "/doorwardtest/whoami"), reason("replayed"))}},
		"no name but a username": {do: func(_ *testing.T, a *logged) {
			a.Browser().LoginAs(a.NewUser("", func(acc *doorward.Account) { acc.Username = "Jane" }))
		}, want: []string{line("INFO", "sign-in", "success", "Jane", at("GET", "/doorwardtest/login"), `,"via":["doorwardtest"]`)}},
		"sign-out": {do: func(t *testing.T, a *logged) { in(t, a).PostForm("/logout", nil) },
			want: []string{line("INFO", "sign-out", "success", joe, at("POST", "/logout"), "")}},
		"sign-out of nobody": {do: func(_ *testing.T, a *logged) { a.Browser().PostForm("/logout", nil) }},
		"verify": {do: func(t *testing.T, a *logged) { in(t, a).PostForm("/verify", kit.Fields{"password": kit.Password}) },
			want: []string{line("INFO", "verify", "success", joe, at("POST", "/verify"), `,"via":["password"]`)}},
		"verify, wrong": {do: func(t *testing.T, a *logged) { in(t, a).PostForm("/verify", kit.Fields{"password": "wrong password"}) },
			want: []string{wrong("POST", "/verify")}},
		"basic, wrong": {do: func(_ *testing.T, a *logged) {
			a.Browser().Get("/basic", "Authorization", basic(joe, "wrong password"))
		}, want: []string{wrong("GET", "/basic"), line("DEBUG", "access", "refused", "", at("GET", "/basic"), reason("anonymous"))}},
		"token": {do: func(_ *testing.T, a *logged) {
			u, _ := a.Accounts().Find(context.Background(), joe)
			token := a.AuthToken(u)
			a.take()
			a.Browser().Get("/user?q=query-secret", "Authentication-Token", token).Want(200)
		}, want: []string{line("DEBUG", "token", "success", joe, at("GET", "/user"), "")}},
		"nobody": {do: func(_ *testing.T, a *logged) { a.Browser().Get("/user?next=query-secret") },
			want: []string{line("DEBUG", "access", "refused", "", at("GET", "/user"), reason("anonymous"))}},
		"no such role": {do: func(t *testing.T, a *logged) { in(t, a).Get("/role?q=query-secret").Want(403) },
			want: []string{line("WARN", "access", "refused", joe, at("GET", "/role"), reason("rights"))}},
		"no role of nobody": {do: func(_ *testing.T, a *logged) { a.Browser().Get("/role").Want(403) },
			want: []string{line("WARN", "access", "refused", "", at("GET", "/role"), reason("rights"))}},
		"secret in a path": {do: func(_ *testing.T, a *logged) { a.Browser().Get("/linked/" + linkSecret + "?q=query-secret").Want(302) },
			want: []string{line("DEBUG", "access", "refused", "", at("GET", "/linked/{token}"), reason("anonymous"))}},
		"ended elsewhere": {do: func(t *testing.T, a *logged) {
			in(t, a)
			in(t, a).PostForm("/sessions", kit.Fields{"all": "true"}).Want(302)
		}, want: []string{line("INFO", "sessions-ended", "success", joe, at("POST", "/sessions"), `,"count":1`)}},
		"register": {do: func(_ *testing.T, a *logged) {
			a.Browser().PostForm("/register", kit.Fields{"email": jane, "password": "a long enough new one", "password_confirm": "a long enough new one"}).Want(302)
		}, want: []string{line("INFO", "register", "success", jane, at("POST", "/register"), ""),
			line("INFO", "sign-in", "success", jane, at("POST", "/register"), `,"via":["register"]`)}},
		"register again, concealed": {edit: func(c *batteries.Config) { c.GenericResponses = true }, do: func(_ *testing.T, a *logged) {
			a.Browser().PostForm("/register", kit.Fields{"email": joe, "password": "a long enough new one", "password_confirm": "a long enough new one"})
		}, want: []string{line("WARN", "register", "failure", joe, at("POST", "/register"), `,"existing_email":true,"existing_username":false`)}},
		"remembered": {do: func(t *testing.T, a *logged) {
			b := remembered(t, a.App, joe)
			a.take()
			b.Close()
			b.WhoAmI()
		}, want: []string{line("INFO", "remembered", "success", joe, at("GET", "/doorwardtest/whoami"), "")}},
		"another browser": {do: func(t *testing.T, a *logged) {
			b := in(t, a)
			b.Agent = "stolen"
			b.Get("/user")
		}, want: []string{line("WARN", "session-changed", "refused", joe, at("GET", "/user"), `,"ended":false`)}},
		"another browser, strong": {edit: func(c *batteries.Config) { c.Session.Protection = some("strong") }, do: func(t *testing.T, a *logged) {
			b := in(t, a)
			b.Agent = "stolen"
			b.Get("/user")
		}, want: []string{line("WARN", "session-changed", "refused", joe, at("GET", "/user"), `,"ended":true`),
			line("DEBUG", "access", "refused", "", at("GET", "/user"), reason("anonymous"))}},
		"by an operator": {do: func(_ *testing.T, a *logged) {
			u, _ := a.Accounts().Find(context.Background(), joe)
			_, _ = a.Accounts().EndSessions(context.Background(), u)
			_ = a.Accounts().ResetAccess(context.Background(), u)
			for _, active := range []bool{true, false, true} { // the first changes nothing
				_, _ = a.Accounts().SetActive(context.Background(), u, active)
			}
		}, want: []string{line("INFO", "sessions-ended", "success", joe, "", `,"count":0`), line("INFO", "signed-out-everywhere", "success", joe, "", ""),
			line("WARN", "access-reset", "success", joe, "", ""),
			line("INFO", "account", "success", joe, "", `,"active":false`), line("INFO", "account", "success", joe, "", `,"active":true`)}},
		"no CSRF token": {do: func(t *testing.T, a *logged) {
			b := in(t, a)
			b.NoCSRF = true
			b.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(400)
			b.PostForm("/user", nil).Want(400)
		}, want: []string{line("WARN", "access", "refused", joe, at("POST", "/verify"), reason("csrf")+`,"check":"CSRF_TOKEN_MISSING"`),
			line("WARN", "access", "refused", joe, at("POST", "/user"), reason("csrf")+`,"check":"CSRF_TOKEN_MISSING"`)}},
		"sign-in from another site": {do: func(_ *testing.T, a *logged) {
			a.Browser().PostForm("/login", credentials(joe), "Sec-Fetch-Site", "cross-site").Want(400)
		}, want: []string{line("WARN", "access", "refused", "", at("POST", "/login"), reason("csrf")+`,"check":"CSRF_CROSS_ORIGIN"`)}},
		"sign-out from another site": {do: func(t *testing.T, a *logged) {
			in(t, a).PostForm("/logout", nil, "Origin", "https://evil.example").Want(400)
		}, want: []string{line("WARN", "access", "refused", joe, at("POST", "/logout"), reason("csrf")+`,"check":"CSRF_CROSS_ORIGIN"`)}},
		"two users' credentials": {do: func(t *testing.T, a *logged) {
			token := a.AuthToken(a.NewUser(jane))
			a.take()
			in(t, a).Get("/user", "Authentication-Token", token).Want(400)
		}, want: []string{line("DEBUG", "token", "success", jane, at("GET", "/user"), ""),
			line("WARN", "access", "refused", jane, at("GET", "/user"), reason("mixed-credentials")+`,"other":"joe@example.com"`)}},
		"second factor": {edit: func(c *batteries.Config) { c.More = append(c.More, newSecond("tf", "app")) }, do: func(_ *testing.T, a *logged) {
			b := a.Browser()
			b.PostForm("/login", credentials(joe)).Want(302)
			b.PostForm("/tf", kit.Fields{"code": "654321"})
			b.PostForm("/tf", kit.Fields{"code": "123456"}).Want(302)
		}, want: []string{line("INFO", "sign-in", "pending", joe, at("POST", "/login"), `,"via":["password"]`),
			line("WARN", "credential", "failure", joe, at("POST", "/tf"), `,"kind":"code","second_factor":true`),
			line("INFO", "sign-in", "success", joe, at("POST", "/tf"), `,"via":["password","tf"]`)}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newLogged(t, c.edit)
			a.NewUser(joe)
			a.keepOut(t)
			c.do(t, a)
			if got := a.take(); !slices.Equal(got, c.want) {
				t.Errorf("logged:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// keepOut fails the test if what strangers typed is logged.
func (a *logged) keepOut(t *testing.T) {
	for _, s := range typed {
		a.Secret(s)
	}
	t.Cleanup(func() {
		if a.Logs.Contains(linkSecret) || strings.Contains(a.log.String(), linkSecret) {
			t.Error("the secret of a path is logged")
		}
	})
}

// What a stranger typed is in no log, at no level: he may have typed his password
// into the wrong field, and a name that is nobody's is no name.
func TestLogsKeepQuiet(t *testing.T) {
	for _, generic := range []bool{false, true} {
		a := newLogged(t, func(c *batteries.Config) { c.GenericResponses = generic })
		a.NewUser(joe)
		a.keepOut(t)
		for _, asJSON := range []bool{false, true} {
			b := a.Browser()
			b.JSON = asJSON
			for _, path := range []string{"/login", "/login?email=query-secret&password=query-secret", "/register", "/verify", "/sessions"} {
				b.Post(path, kit.Fields{"email": typed[0], "password": "wrong password", "password_confirm": "query-secret", "username": linkSecret, "next": "//query-secret"})
				b.Post(path, kit.Fields{"email": "wrong password", "password": kit.Password, "csrf_token": "a forged token"})
			}
			b.Get("/user", "Authentication-Token", "a forged token")
			b.Get("/basic", "Authorization", basic(typed[0], "wrong password"))
			b.Get("/basic", "Authorization", "Bearer a forged token")
			b.Get("/linked/" + linkSecret)
			b.SetCookie("session", "a forged token")
			b.SetCookie("remember_token", strings.Repeat("0", 32)+"."+strings.Repeat("1", 64))
			a.Secret(strings.Repeat("1", 64))
			b.Get("/user?q=query-secret")
			b.PostForm("/login", credentials(joe))
			b.Get("/linked/" + linkSecret + "?q=query-secret") // the handler fails
		}
		if !a.Logs.Contains("out of order", "path=/linked/{token}") {
			t.Error("the error of the page with a secret in its path is not logged")
		}
	}
}

// Two uses of a remembered value, one of them a thief's: both logs keep it to themselves.
func TestLogsKeepQuietOfTheft(t *testing.T) {
	a := newLogged(t, nil)
	a.NewUser(joe)
	b := remembered(t, a.App, joe)
	thief := b.Clone()
	b.Close()
	thief.Close()
	a.Secret(strings.Split(b.Cookie(rememberName), ".")[1])
	a.Secret(strings.Split(b.Cookie(rememberName), ".")[0])
	if b.WhoAmI() != joe {
		t.Fatal("not remembered")
	}
	a.Clock.Advance(time.Hour)
	if who := thief.WhoAmI(); who != "" {
		t.Errorf("a copied value signs %s in", who)
	}
}

func TestSecurityLogHasTheTime(t *testing.T) {
	var out bytes.Buffer
	app := kit.New(t, func(c *batteries.Config) { c.SecurityLog = slog.New(slog.NewJSONHandler(&out, nil)) })
	app.NewUser(joe)
	before := time.Now().Add(-time.Second)
	app.Browser().PostForm("/login", credentials(joe))
	var got struct{ Time time.Time }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Time.Before(before) || got.Time.After(time.Now()) {
		t.Errorf("%v, %v: %s", err, got.Time, out.String())
	}
}

// Without a security log of its own the lines are in the ordinary one, and debug
// lines only where those are.
func TestSecurityLogDefault(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	app.Browser().PostForm("/login", credentials(joe))
	if !app.Logs.Contains("msg=security", "action=sign-in", "outcome=success", "user="+joe, "address=192.0.2.1", "method=POST", "path=/login", "via=[password]") {
		t.Error(app.Logs)
	}
	var out bytes.Buffer
	app = kit.New(t, func(c *batteries.Config) {
		c.SecurityLog = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", credentials(joe))
	b.PostForm("/verify", kit.Fields{"password": "wrong password"})
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "action=credential") || app.Logs.Contains("action=sign-in") {
		t.Errorf("%s\n%s", got, app.Logs)
	}
}

// The address is the visitor's: what a trusted proxy says, and nobody else.
func TestSecurityLogAddress(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []string
		addr    string
		forward string
		want    string
	}{
		"direct":             {nil, "192.0.2.1:1", "203.0.113.9", "192.0.2.1"},
		"proxy":              {[]string{"192.0.2.0/24"}, "192.0.2.1:1", "203.0.113.9", "203.0.113.9"},
		"chain":              {[]string{"192.0.2.0/24"}, "192.0.2.1:1", "198.51.100.7, 203.0.113.9, 192.0.2.7", "203.0.113.9"},
		"garbage":            {[]string{"192.0.2.0/24"}, "192.0.2.1:1", "203.0.113.9\x1b[31m", "192.0.2.1"},
		"with a port":        {[]string{"192.0.2.0/24"}, "192.0.2.1:1", "203.0.113.9:4711", "203.0.113.9"},
		"6 with a port":      {[]string{"192.0.2.0/24"}, "192.0.2.1:1", "[2001:db8::1]:4711", "2001:db8::1"},
		"mapped":             {nil, "[::ffff:192.0.2.1]:1", "", "192.0.2.1"},
		"version 6":          {nil, "[2001:db8::1]:1", "", "2001:db8::1"},
		"not in the network": {[]string{"198.51.100.0/24"}, "192.0.2.1:1", "203.0.113.9", "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newLogged(t, func(c2 *batteries.Config) { c2.Limits.TrustedProxies = c.trusted })
			b := a.Browser()
			b.Addr = c.addr
			if c.forward != "" {
				b.Header["X-Forwarded-For"] = []string{c.forward}
			}
			b.Get("/role")
			want := line("WARN", "access", "refused", "", fmt.Sprintf(`,"address":%q,"method":"GET","path":"/role"`, c.want), reason("rights"))
			if got := a.take(); !slices.Equal(got, []string{want}) {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// What strangers choose stays within its line, and does not colour a terminal
// (ASVS 16.4.1).
func TestSecurityLogInjection(t *testing.T) {
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			app := kit.New(t, func(c *batteries.Config) { c.SecurityLog = slog.New(handler(&out)) })
			app.Mux.Handle("/app/", app.RequireRoles("chief")(answer))
			b := app.Browser()
			b.LoginAs(app.NewUser("joe\nlevel=ERROR msg=\"forged\" \x1b[31m\r\x00{\"level\":\"ERROR\"}\u2028@example.com"))
			before := strings.Count(out.String(), "\n")
			for _, path := range []string{"/app/x%0Alevel=ERROR%20msg=forged", "/app/%1B%5B31mred", "/app/%0D%0A%0D%0A", "/app/%00%22%7D%0A%7B%22level%22:%22ERROR%22", "/app/%E2%80%A8%C2%85%ff", "/app/" + strings.Repeat("%C3%A9%0A", 2000)} {
				b.Get(path).Want(403)
			}
			if n := strings.Count(out.String(), "\n"); before != 1 || n != 7 || strings.ContainsAny(out.String(), "\x1b\r\x00\u2028") {
				t.Errorf("%d lines at first, %d then:\n%q", before, n, out.String())
			}
			for l := range strings.Lines(out.String()) {
				if len(l) > 3000 || name == "JSON" && !json.Valid([]byte(l)) {
					t.Errorf("%d bytes: %q", len(l), l)
				}
			}
		})
	}
}

// failing is a log that cannot be written.
type failing struct{ slog.Handler }

func (failing) Handle(context.Context, slog.Record) error { return errors.New("the disk is full") }
func (f failing) WithAttrs([]slog.Attr) slog.Handler      { return f }
func (f failing) WithGroup(string) slog.Handler           { return f }

func TestSecurityLogFails(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.SecurityLog = slog.New(failing{c.Logger.Handler()}) })
	app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", credentials(joe)).GoesTo("/")
	if b.WhoAmI() != joe {
		t.Error("a log that cannot be written kept the user out")
	}
}

// TestSecurityLogClips: what another program stored as a name makes no line
// that nobody can read.
func TestSecurityLogClips(t *testing.T) {
	a := newLogged(t, nil)
	u := a.NewUser(joe, func(acc *doorward.Account) { acc.Email = strings.Repeat("x", 1<<20) })
	a.Browser().LoginAs(u).Want(http.StatusOK)
	for line := range strings.Lines(a.log.String()) {
		if len(line) > 1000 {
			t.Errorf("a line of %d bytes: %.200s", len(line), line)
		}
	}
	if !strings.Contains(a.log.String(), strings.Repeat("x", 200)) {
		t.Error("the name is not there at all")
	}
}
