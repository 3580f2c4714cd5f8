package browsertest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/register"
	"github.com/doorward/doorward/sessions"
)

type member struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

const (
	address = "ada@example.org"
	secret  = "a rather long pass phrase"
)

// site is an application on a port of this machine, with one account in it.
type site struct {
	*batteries.App
	URL string
}

func serve(t *testing.T, edit func(*batteries.Config)) *site {
	t.Helper()
	store := memstore.New[member]()
	cfg := batteries.Config{}
	cfg.Stores = doorward.StoresFrom(store)
	cfg.SecretKey = []byte("a key for tests, and for nothing else")
	cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	cfg.Pages.Title = "Lending Library"
	cfg.Register, cfg.Sessions = &register.Config{}, &sessions.Config{}
	cfg.Resolver = everyDomain{}
	cfg.More = []doorward.Feature{gallery{}}
	if edit != nil {
		edit(&cfg)
	}
	app, err := batteries.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := app.Hasher.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	u := &member{Account: doorward.Account{Email: address, PasswordHash: hash, Active: true}}
	if err := store.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(app.Handler(pages(app)))
	t.Cleanup(func() {
		srv.Close()
		_ = app.Close(t.Context())
	})
	return &site{app, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)}
}

// gallery is a feature with pages that are hard to come by.
type gallery struct{}

func (gallery) Name() string { return "gallery" }

func (gallery) Init(rt *doorward.Runtime) error {
	return rt.Handle(
		doorward.Route{Name: "gallery_error", Path: "/error/{status}", Get: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			status, err := strconv.Atoi(r.PathValue("status"))
			if err != nil {
				return doorward.Result{}, err
			}
			return doorward.Result{}, &doorward.Problem{Status: status, Errors: []doorward.FieldError{{Message: doorward.M("TOO_MANY_TRIES", "n", 3)}}}
		}},
		doorward.Route{Name: "gallery_second", Path: "/second", Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
			return doorward.Result{Page: "security/two_factor_select.html", Values: map[string]any{"Methods": []string{"authenticator", "sms"}}}, nil
		}},
		doorward.Route{Name: "gallery_flash", Path: "/flash", Get: func(http.ResponseWriter, *http.Request) (doorward.Result, error) {
			said := []doorward.Message{doorward.M("RECORDED"), doorward.M("REAUTHENTICATION_SUCCESSFUL"), doorward.M("UNAUTHORIZED")}
			return doorward.Result{Redirect: "/login", Flash: said}, nil
		}},
	)
}

// everyDomain answers that every domain receives mail, without asking anybody.
type everyDomain struct{}

func (everyDomain) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mail." + name, Pref: 10}}, nil
}

func (everyDomain) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, nil
}

// pages is the application itself.
func pages(app *batteries.App) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { say(w, "Welcome") })
	mux.Handle("GET /books", app.RequireUser()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := doorward.IdentityFrom(r.Context())
		say(w, "Books of "+id.User.SecurityAccount().Email)
	})))
	mux.Handle("GET /keys", app.RequireRoles("keeper")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { say(w, "Keys") })))
	return mux
}

func say(w http.ResponseWriter, words string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>x</title><p>%s</p></html>`, words)
}
