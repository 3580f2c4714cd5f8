package doorwardtest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/sms"
)

const (
	// Host is the host that requests of a [Browser] are sent to.
	Host = "localhost"
	// Password is what users made by [App.NewUser] have.
	Password = "correct horse battery"
	// SecretKey is the default of Config.SecretKey.
	SecretKey = "a key for tests, and for nothing else"
)

// User is the user type of a test application, unless a test brings stores of
// its own.
type User struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// App is an installation to test. Add application handlers to Mux before the
// first request.
type App struct {
	*doorward.Security
	// Batteries has the features, if [New] made the App.
	Batteries *batteries.App
	Mux       *http.ServeMux
	Stores    doorward.Stores
	Hasher    *Hasher
	Clock     *Clock
	Outbox    *mail.Outbox
	Texts     *sms.Outbox
	Events    *Events
	Logs      *Logs

	tb      testing.TB
	handler http.Handler
	prefix  string
	secrets *secrets

	browsers map[string]*Browser // of [TokenMatrix], by address
}

// New returns an App with every feature that edit turns on, and reports a
// mistake in the configuration as a fatal one. edit, which may be nil, gets the
// configuration filled in for a test and may change all of it.
func New(tb testing.TB, edit func(*batteries.Config)) *App {
	tb.Helper()
	a := blank(tb)
	var cfg batteries.Config
	a.fill(&cfg.Config)
	cfg.Breaches, cfg.Resolver = noBreaches{}, anyDomain{}
	cfg.Mail.Sender, cfg.URLs.ServerName = a.Outbox, Host
	cfg.Codes.SMS, cfg.Codes.Secrets, cfg.Codes.Issuer = a.Texts, map[string]string{"1": SecretKey}, "Doorward"
	if edit != nil {
		edit(&cfg)
	}
	var own bool
	if a.Hasher, own = cfg.Hasher.(*Hasher); !own {
		a.Hasher = newHasher(tb, cfg.Password) // users are made with it in any case
	}
	if cfg.Hasher == nil {
		cfg.Hasher = a.Hasher
	}
	a.take(&cfg.Config)
	built, err := batteries.New(cfg)
	if err != nil {
		tb.Fatalf("doorwardtest: %v", err)
	}
	a.Batteries = built
	return a.finish(built.Security)
}

// Everything turns on every feature that cfg leaves off, those included that
// are not thought of yet. It is an edit for [New].
func Everything(cfg *batteries.Config) {
	flask := cfg.Flask // which changes formats, and adds nothing
	turnOn(reflect.ValueOf(cfg).Elem())
	cfg.Flask = flask
	cfg.Usernames.Enable = true
	cfg.Passwordless = nil // which takes the place of another
}

func turnOn(v reflect.Value) {
	for i := range v.NumField() {
		tag, f := v.Type().Field(i).Tag.Get("setting"), v.Field(i)
		switch {
		case f.Kind() == reflect.Struct && tag == "" && f.CanSet():
			turnOn(f)
		case strings.HasSuffix(tag, ",feature") && f.IsNil():
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
}

func blank(tb testing.TB) *App {
	return &App{tb: tb, Mux: http.NewServeMux(), Outbox: &mail.Outbox{}, Texts: &sms.Outbox{}, Events: &Events{}, secrets: &secrets{}, browsers: map[string]*Browser{},
		Clock: &Clock{now: time.Date(2031, 5, 17, 12, 0, 0, 0, time.UTC)}, Logs: &Logs{}}
}

func (a *App) fill(cfg *doorward.Config) {
	cfg.Stores = doorward.StoresFrom(memstore.New[User]())
	cfg.SecretKey = []byte(SecretKey)
	cfg.Now = a.Clock.Now
	cfg.Logger = slog.New(a.Logs.handler())
	cfg.Pages.Messages = map[string]doorward.Text{}
	for _, key := range messageKeys() {
		cfg.Pages.Messages[key] = doorward.Text{Text: key}
	}
}

// take reads what a test has set, and puts the recorder of events in front.
func (a *App) take(cfg *doorward.Config) {
	a.Stores, a.prefix = cfg.Stores, cfg.URLs.Prefix
	theirs := cfg.OnEvent
	cfg.OnEvent = func(ctx context.Context, event any) {
		a.Events.add(event)
		if theirs != nil {
			theirs(ctx, event)
		}
	}
}

func (a *App) finish(s *doorward.Security) *App {
	a.Security = s
	a.handler = s.Handler(a.Mux)
	a.ownPages()
	a.tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Close(ctx)
		a.checkSecrets()
	})
	return a
}

// ServeHTTP serves the whole application.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// In returns the same installation reporting to tb: for subtests, and inside of
// fuzz targets.
func (a *App) In(tb testing.TB) *App {
	c := *a
	c.tb = tb
	return &c
}

// Hashes returns how many passwords have been hashed or compared so far.
func (a *App) Hashes() int { return a.Hasher.Count() }

// Route returns the route of that name, and fails the test if there is none.
func (a *App) Route(name string) doorward.Route {
	a.tb.Helper()
	for _, rt := range a.Routes() {
		if rt.Name == name {
			return rt
		}
	}
	a.tb.Fatalf("doorwardtest: no route %q", name)
	return doorward.Route{}
}

// newHasher is the only way to the fast hasher outside of package password.
func newHasher(tb testing.TB, cfg password.Config) *Hasher {
	tb.Helper()
	h, err := password.NewForTests(testhash.Allow(), cfg)
	if err != nil {
		tb.Fatalf("doorwardtest: %v", err)
	}
	return &Hasher{inner: h}
}

type noBreaches struct{}

func (noBreaches) Count(context.Context, string) (int, error) { return 0, nil }

// anyDomain says that every domain receives mail.
type anyDomain struct{}

func (anyDomain) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mail." + name, Pref: 10}}, nil
}

func (anyDomain) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.25")}, nil
}
