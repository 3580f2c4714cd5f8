// Package scenario is the test that every example passes: the same visitor
// does the same things, whatever the router.
package scenario

import (
	"context"
	"database/sql"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/examples/routers/internal/demo"
)

const (
	email    = "joe@example.com"
	password = "a sentence nobody guesses"
)

// Example is an application under test.
type Example struct {
	DB *sql.DB
	// Routes are for the test to add to the application's router.
	Routes []Route

	url     string
	release chan struct{} // lets the handler of /test/stream go on
}

// Route is a handler that does what applications do to a request.
type Route struct {
	Method, Path string
	Guarded      bool // behind RequireUser
	Handler      http.HandlerFunc
}

// SecretKey is a key for [demo.NewHandler].
func SecretKey() []byte { return []byte("a key for tests, and for nothing else") }

// New opens a database for a test.
func New(t *testing.T) *Example {
	t.Helper()
	db, err := demo.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	x := &Example{DB: db, release: make(chan struct{})}
	x.Routes = x.routes()
	return x
}

// Run tests handler, which is Doorward around bare: the application's router
// with the Routes added.
func (x *Example) Run(t *testing.T, handler, bare http.Handler) {
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = log.New(t.Output(), "", 0)
	srv.Start()
	defer srv.Close()
	x.url = srv.URL
	t.Run("anonymous", x.anonymous)
	t.Run("own pages", x.ownPages)
	t.Run("router's own answers", func(t *testing.T) { x.routersOwn(t, handler, bare) })
	joe := x.browser(t)
	t.Run("register", func(t *testing.T) { x.register(t, joe) })
	t.Run("sign in and go back", func(t *testing.T) { x.signIn(t, joe) })
	t.Run("role", func(t *testing.T) { x.role(t, joe) })
	t.Run("csrf", func(t *testing.T) { x.csrf(t, joe) })
	t.Run("upload", func(t *testing.T) { x.upload(t, joe) })
	t.Run("multipart", func(t *testing.T) { x.multipart(t, joe) })
	t.Run("stream", func(t *testing.T) { x.stream(t, joe) })
	t.Run("hijack", func(t *testing.T) { x.hijack(t, joe) })
	t.Run("crash", func(t *testing.T) { x.crash(t, joe) })
	t.Run("token", x.token)
	t.Run("sign out", func(t *testing.T) { x.signOut(t, joe) })
}

// Restart tests that a program run twice on one file keeps its users and, with
// one key, its sessions.
func Restart(t *testing.T, newHandler demo.NewHandler) {
	file := filepath.Join(t.TempDir(), "example.db")
	joe := (&Example{}).browser(t)
	during(t, file, newHandler, func(url string) {
		joe.url = url
		joe.post(t, "/register", "/register", map[string]string{"email": email, "password": password, "password_confirm": password})
	})
	during(t, file, newHandler, func(url string) {
		joe.url = url
		joe.get(t, "/", page).want(t, http.StatusOK, "You are "+email)
	}, "-admin", email)
	during(t, file, newHandler, func(url string) {
		joe.url = url
		joe.get(t, "/admin", page).want(t, http.StatusOK, "role admin")
	})
}

// during runs the program for as long as visit takes.
func during(t *testing.T, file string, newHandler demo.NewHandler, visit func(url string), more ...string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out := &firstURL{found: make(chan string, 1)}
	ended := make(chan error, 1)
	go func() {
		args := append([]string{"-addr", "127.0.0.1:0", "-database", file}, more...)
		ended <- demo.Run(ctx, args, string(SecretKey()), out, newHandler)
	}()
	select {
	case url := <-out.found:
		visit(url)
	case err := <-ended:
		t.Fatalf("the program ended: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the program ended with: %v", err)
	}
}
