package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/testdb"
)

const secretWord = "correct-horse-9"

// open turns on what the journey needs; .test addresses need no DNS.
func open() []string {
	return []string{"SECURITY_REGISTERABLE=true", "SECURITY_SESSIONS_PAGE=true", "SECURITY_EMAIL_ALLOW_LOCAL=true", "DOORWARD_LOG_LEVEL=debug"}
}

func (l *live) register(email string) {
	l.t.Helper()
	a := l.post("/register", "/register", html, url.Values{"email": {email}, "password": {secretWord}, "password_confirm": {secretWord}})
	if a.status != http.StatusFound {
		l.t.Fatalf("register: %d %s", a.status, a.body)
	}
}

func (l *live) signIn(email string) {
	l.t.Helper()
	a := l.post("/login", "/login", html, url.Values{"email": {email}, "password": {secretWord}})
	if a.status != http.StatusFound {
		l.t.Fatalf("sign in: %d %s", a.status, a.body)
	}
}

func TestServeJourney(t *testing.T) {
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) { journey(t, append(open(), "DATABASE_URL="+testdb.Open(t, kind).URL)) })
	}
}

func journey(t *testing.T, environ []string) {
	dir := t.TempDir()
	l := start(t, dir, environ...)

	if a := l.get("/", html); a.status != 200 || !strings.Contains(a.body, "Nobody is signed in here") || !strings.Contains(a.body, `href="/register"`) {
		t.Errorf("home of a stranger: %d %s", a.status, a.body)
	}
	if a := l.get("/profile", html); a.status != 302 || a.header.Get("Location") != "/login?next=/profile" {
		t.Errorf("profile of a stranger: %d %q", a.status, a.header.Get("Location"))
	}
	if a := l.get("/profile", asJS); a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("profile of a stranger's program: %d %v", a.status, a.header)
	}

	l.register("ann@doors.test")
	if out, code := operate(t, dir, environ, "roles", "create", "editor", "-p", "write,read"); code != 0 {
		t.Fatal(out)
	}
	if out, code := operate(t, dir, environ, "roles", "add", "ann@doors.test", "editor"); code != 0 {
		t.Fatal(out)
	}
	l.profiles(t)

	if a := l.get("/", html); !strings.Contains(a.body, "ann@doors.test") || !strings.Contains(a.body, `action="/logout"`) {
		t.Errorf("home of a user: %s", a.body)
	}
	if a := l.get("/", asJS).response(t); a["signed_in"] != true || a["email"] != "ann@doors.test" {
		t.Errorf("home of a user's program: %v", a)
	}
	if a := l.post("/", "/logout", html, url.Values{}); a.status != 302 {
		t.Errorf("sign out: %d %s", a.status, a.body)
	}
	if a := l.get("/profile", html); a.status != 302 {
		t.Errorf("profile after signing out: %d", a.status)
	}
	if code := l.stop(); code != exitOK {
		t.Errorf("stopped with %d", code)
	}
	if log := l.log.String(); !strings.Contains(log, "msg=stopped") || strings.Contains(log, secretWord) {
		t.Errorf("log: %s", log)
	}
}

// profiles looks at /profile by session, token and basic authentication.
func (l *live) profiles(t *testing.T) {
	t.Helper()
	a := l.get("/profile", html)
	for _, want := range []string{"ann@doors.test", "editor", "read, write", "session"} {
		if a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("profile without %q: %d %s", want, a.status, a.body)
		}
	}
	jar := l.jar
	token := l.token(t)
	l.jar = nil // the others send no cookie
	for _, c := range []struct {
		mechanism string
		edit      func(*http.Request)
		jar       http.CookieJar
	}{
		{"session", nil, jar},
		{"token", func(r *http.Request) { r.Header.Set("Authentication-Token", token) }, nil},
		{"basic", func(r *http.Request) { r.SetBasicAuth("ann@doors.test", secretWord) }, nil},
	} {
		l.jar = c.jar
		res := l.do("GET", "/profile", asJS, nil, c.edit).response(t)
		roles, _ := res["roles"].([]any)
		permissions, _ := res["permissions"].([]any)
		if res["email"] != "ann@doors.test" || res["mechanism"] != c.mechanism || res["authenticated_at"] == nil ||
			len(roles) != 1 || roles[0] != "editor" || len(permissions) != 2 || permissions[0] != "read" {
			t.Errorf("by %s: %v", c.mechanism, res)
		}
	}
	for name, edit := range map[string]func(*http.Request){
		"token": func(r *http.Request) { r.Header.Set("Authentication-Token", token[1:]) },
		"basic": func(r *http.Request) { r.SetBasicAuth("ann@doors.test", "wrong") },
	} {
		l.jar = nil
		if a := l.do("GET", "/profile", asJS, nil, edit); a.status != 401 {
			t.Errorf("by a wrong %s: %d %s", name, a.status, a.body)
		}
	}
	l.jar = jar
}

// token is an authentication token for the browser's user.
func (l *live) token(t *testing.T) string {
	t.Helper()
	a := l.post("/verify", "/verify?include_auth_token", asJS, url.Values{"password": {secretWord}})
	user, _ := a.response(t)["user"].(map[string]any)
	token, _ := user["authentication_token"].(string)
	if token == "" {
		t.Fatalf("no token: %d %s", a.status, a.body)
	}
	return token
}

func TestServeWithoutSettingsHasEveryFeature(t *testing.T) {
	dir := t.TempDir()
	l := start(t, dir)
	for _, path := range []string{"/login", "/register", "/healthz", "/fs-static/doorward.css"} {
		if a := l.get(path, html); a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if !strings.Contains(l.log.String(), "made new secrets") {
		t.Errorf("nobody was told of the secrets: %s", l.log)
	}
	if strings.Contains(l.log.String(), "IN THE CLEAR") {
		t.Errorf("a warning for the loopback address: %s", l.log)
	}
}

func TestServeKeepsSessionsOverARestart(t *testing.T) {
	dir := t.TempDir()
	l := start(t, dir, open()...)
	l.register("ann@doors.test")
	l.stop()

	again := start(t, dir, open()...)
	u, _ := url.Parse(l.url)
	next, _ := url.Parse(again.url)
	again.jar.SetCookies(next, l.jar.Cookies(u))
	if a := again.get("/profile", html); a.status != 200 || !strings.Contains(a.body, "ann@doors.test") {
		t.Errorf("after the restart: %d %s", a.status, a.body)
	}
	again.stop()

	// Without the file everybody is signed out, and the start says why.
	if err := os.Remove(filepath.Join(dir, "doorward.secrets")); err != nil {
		t.Fatal(err)
	}
	third := start(t, dir, open()...)
	next, _ = url.Parse(third.url)
	third.jar.SetCookies(next, l.jar.Cookies(u))
	if a := third.get("/profile", html); a.status != 302 {
		t.Errorf("with other secrets: %d", a.status)
	}
	if log := third.log.String(); !strings.Contains(log, "the secrets are new but accounts are not") {
		t.Errorf("no warning: %s", log)
	}
}

func TestTwoServersStartAtOnce(t *testing.T) {
	dir := t.TempDir()
	type started struct {
		l   *live
		err string
	}
	got := make(chan started)
	for range 2 {
		go func() {
			l, err := tryStart(t, "127.0.0.1:0", dir, open()...)
			got <- started{l, err}
		}()
	}
	a, b := <-got, <-got
	if a.err != "" || b.err != "" {
		t.Fatal(a.err, b.err)
	}
	a.l.register("ann@doors.test")
	from, _ := url.Parse(a.l.url)
	to, _ := url.Parse(b.l.url)
	b.l.jar.SetCookies(to, a.l.jar.Cookies(from))
	if got := b.l.get("/profile", html); got.status != 200 {
		t.Errorf("the other server does not know the session: %d", got.status)
	}
	made := strings.Count(a.l.log.String()+b.l.log.String(), "made new secrets")
	if made != 1 {
		t.Errorf("secrets were made %d times", made)
	}
}

func TestSessionsCommands(t *testing.T) {
	dir := t.TempDir()
	l := start(t, dir, open()...)
	l.register("ann@doors.test")
	out, code := operate(t, dir, open(), "sessions", "list", "ann@doors.test")
	id := regexp.MustCompile(`(?m)^[0-9a-f]{12} `).FindString(out)
	if code != 0 || id == "" || !strings.Contains(out, "127.0.0.1") {
		t.Fatalf("%d %s", code, out)
	}
	id = strings.TrimSpace(id)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"ann@doors.test"}, 2, "either the id of a session or --all"},
		{[]string{"ann@doors.test", id, "--all"}, 2, "either the id of a session or --all"},
		{[]string{}, 2, "give an account"},
		{[]string{"ann@doors.test", id[:3]}, 2, "has no session"},
		{[]string{"ann@doors.test", "000000000000"}, 2, "has no session"},
		{[]string{"bob@doors.test", id}, 2, "there is no user"},
		{[]string{"ann@doors.test", id}, 0, "Ended the session " + id},
		{[]string{"ann@doors.test", id}, 2, "has no session"},
	} {
		out, code := operate(t, dir, open(), append([]string{"sessions", "end"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: %d %s", c.args, code, out)
		}
	}
	if a := l.get("/profile", html); a.status != 302 {
		t.Errorf("profile with an ended session: %d", a.status)
	}
	l.signIn("ann@doors.test")
	if out, code := operate(t, dir, open(), "sessions", "end", "ann@doors.test", "--all"); code != 0 || !strings.Contains(out, "Ended 1 session of") {
		t.Errorf("%d %s", code, out)
	}
	if out, _ := operate(t, dir, open(), "sessions", "list", "ann@doors.test"); !strings.Contains(out, "not signed in anywhere") {
		t.Error(out)
	}
}

// TestOperatorEndsAccess: what the commands do is true for the next request.
func TestOperatorEndsAccess(t *testing.T) {
	for _, args := range [][]string{
		{"users", "deactivate", "ann@doors.test"},
		{"users", "reset_access", "ann@doors.test"},
		{"users", "change_password", "ann@doors.test", "--password", "another-horse-9"},
		{"users", "delete", "ann@doors.test", "--yes"},
	} {
		t.Run(args[1], func(t *testing.T) {
			dir := t.TempDir()
			l := start(t, dir, open()...)
			l.register("ann@doors.test")
			if a := l.get("/profile", html); a.status != 200 {
				t.Fatalf("before: %d", a.status)
			}
			if out, code := operate(t, dir, open(), args...); code != 0 {
				t.Fatalf("%d %s", code, out)
			}
			if a := l.get("/profile", html); a.status != 302 {
				t.Errorf("after: %d", a.status)
			}
		})
	}
}

func TestServeRefusesWhatCannotRun(t *testing.T) {
	l := start(t, t.TempDir(), open()...)
	taken := strings.TrimPrefix(l.url, "http://")
	var out buffer
	code := run(t.Context(), []string{"serve", "--addr", taken, "--database", "sqlite:" + t.TempDir() + "/x.db"}, strings.NewReader(""), &out, &out, nil)
	if code != exitFailed || !strings.Contains(out.String(), "address already in use (choose another address with --addr)") {
		t.Errorf("%d %s", code, out.String())
	}
}

func TestServeWarnsBeyondThisMachine(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		warns   bool
	}{
		"alone":          {nil, true},
		"behind a proxy": {[]string{"DOORWARD_TRUSTED_PROXIES=10.0.0.0/8"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := startAt(t, "0.0.0.0:0", t.TempDir(), c.environ...)
			if got := strings.Contains(l.log.String(), "IN THE CLEAR"); got != c.warns {
				t.Errorf("warned: %v: %s", got, l.log)
			}
		})
	}
}

func TestServeWarnsOfAnExposedDatabase(t *testing.T) {
	dir := t.TempDir()
	l := start(t, dir)
	l.stop()
	if strings.Contains(l.log.String(), "chmod 600") {
		t.Errorf("a warning for its own file: %s", l.log)
	}
	if err := os.Chmod(filepath.Join(dir, "doorward.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	if l := start(t, dir); !strings.Contains(l.log.String(), "chmod 600") {
		t.Errorf("no warning: %s", l.log)
	}
}

func TestPrefix(t *testing.T) {
	l := start(t, t.TempDir(), "SECURITY_URL_PREFIX=/auth")
	if a := l.get("/", html); a.status != 302 || a.header.Get("Location") != "/auth/" {
		t.Errorf("%d %q", a.status, a.header.Get("Location"))
	}
	if a := l.get("/auth/", html); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	if a := l.get("/login", asJS); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
