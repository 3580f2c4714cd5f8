package doorward_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
)

func TestGate(t *testing.T) {
	gate := &fakeGate{bare: bare{name: "gate"}, err: doorward.Fail("email", "CONFIRMATION_REQUIRED").Generic("GENERIC_AUTHN_FAILED")}
	for generic, want := range map[bool]string{false: "CONFIRMATION_REQUIRED", true: "GENERIC_AUTHN_FAILED"} {
		app := withFeatures(t, func(c *doorward.Config) { c.GenericResponses = generic }, gate)
		u := app.NewUser(joe)
		b := app.Browser()
		b.JSON = true
		b.PostJSON("/login", credentials(joe)).Want(400).Contains(`"errors":["` + want + `"]`)
		b.PostJSON("/login", kit.Fields{"email": joe, "password": "wrong password"}).Want(400).Lacks("CONFIRMATION")
		b.LoginAs(u).Want(400)
		if b.WhoAmI() != "" || app.Account(joe).LoginCount != 0 {
			t.Error("signed in")
		}
		app.Mux.Handle("/basic", app.Require(doorward.Auth{Via: []string{"basic"}})(answer))
		b.Get("/basic", "Authorization", basic(joe, kit.Password)).Want(401)
	}
	gate.err = errors.New("the gate is broken")
	app := withFeatures(t, nil, gate)
	app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", credentials(joe)).Want(500).Lacks("broken")
	if b.WhoAmI() != "" || !app.Logs.Contains("the gate is broken") {
		t.Error("signed in, or not logged")
	}
}

// The gates come after the proof and before the second factor.
func TestStageOrder(t *testing.T) {
	second := newSecond("second", "app")
	gate := &fakeGate{bare: bare{name: "gate"}, err: doorward.Fail("", "NO")}
	app := withFeatures(t, nil, second, gate)
	app.NewUser(joe)
	app.Browser().PostForm("/login", kit.Fields{"email": joe, "password": "wrong password"})
	if gate.via != nil {
		t.Error("a gate was asked before the proof")
	}
	app.Browser().PostForm("/login", credentials(joe)).Want(200)
	if second.begun != nil {
		t.Error("a second factor was begun behind a closed gate")
	}
	gate.err = nil
	b := app.Browser()
	b.PostForm("/login", credentials(joe)).GoesTo("/second")
	gate.err = doorward.Fail("", "NO") // closes in between
	b.JSON = true
	b.PostJSON("/second", code("123456")).Want(400)
	if b.WhoAmI() != "" {
		t.Error("signed in behind a closed gate")
	}
}

// switchOffGate switches an account off after it was found active.
type switchOffGate struct {
	bare
	rt *doorward.Runtime
}

func (g *switchOffGate) Init(rt *doorward.Runtime) error { g.rt = rt; return nil }

func (g *switchOffGate) Admit(ctx context.Context, a *doorward.Attempt) error {
	other, err := g.rt.Accounts().Find(ctx, a.User.SecurityAccount().Email)
	if err != nil {
		return err
	}
	return g.rt.Stores().Users.UpdateUser(ctx, other, func(acc *doorward.Account) error { acc.Active = false; return nil })
}

// An account that is switched off while it signs in does not get in.
func TestSwitchedOffMeanwhile(t *testing.T) {
	app := withFeatures(t, nil, &switchOffGate{bare: bare{name: "gate"}})
	u := app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	b.PostJSON("/login", credentials(joe)).Want(400).Contains("DISABLED_ACCOUNT")
	if s, _ := app.Accounts().Sessions(t.Context(), u); len(s) != 0 || b.WhoAmI() != "" {
		t.Errorf("%d sessions", len(s))
	}
}

func TestIssuer(t *testing.T) {
	issuer := &fakeIssuer{bare: bare{name: "issuer"}}
	app := withFeatures(t, nil, issuer)
	app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	res := b.PostJSON("/login", credentials(joe)).Want(200).Contains(`"user":{"issued_to":"` + joe + `"}`)
	if c := res.Cookie("issued"); c == nil || !slices.Contains(res.Header.Values("Vary"), "Cookie") {
		t.Errorf("cookie %v, %v", c, res.Header)
	}
	b.PostJSON("/verify", kit.Fields{"password": kit.Password}).Want(200).Contains("issued_to")
	b.PostJSON("/verify", kit.Fields{"password": "wrong password"}).Want(400).Lacks("issued_to")
}

func TestResetAccess(t *testing.T) {
	good, bad := &fakeResetter{bare: bare{name: "good"}}, &fakeResetter{bare: bare{name: "bad"}, err: errors.New("no")}
	app := withFeatures(t, nil, bad, good)
	u := app.NewUser(joe, func(a *doorward.Account) {
		a.TFPrimaryMethod, a.TFTOTPSecret, a.USPhoneNumber, a.RecoveryCodes = "sms", "secret", "+15550100", []string{"code"}
	})
	before := app.Account(joe)
	err := app.Accounts().ResetAccess(t.Context(), u)
	if err == nil || len(good.reset) != 1 || len(bad.reset) != 1 {
		t.Errorf("%v, %v, %v: one broken feature must not spare the others", err, good.reset, bad.reset)
	}
	bad.err = nil
	if err := app.Accounts().ResetAccess(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	acc := app.Account(joe)
	if acc.TFPrimaryMethod+acc.TFTOTPSecret+acc.USPhoneNumber != "" || acc.RecoveryCodes != nil || acc.Uniquifier == before.Uniquifier {
		t.Errorf("left: %+v", acc)
	}
	if acc.PasswordHash != before.PasswordHash || !acc.Active {
		t.Error("the password went, too")
	}
	if got := kit.EventsOf[doorward.AccessReset](app.Events); len(got) != 1 {
		t.Errorf("%d events", len(got))
	}
}

type greeter interface{ Greet() string }

type hello struct{ *bare }

func (hello) Greet() string { return "hello" }

func TestFind(t *testing.T) {
	var seeker *doorward.Runtime
	found := func() (string, bool) {
		g, ok := doorward.Find[greeter](seeker)
		if !ok {
			return "", false
		}
		return g.Greet(), true
	}
	asks := &bare{name: "asks", init: func(rt *doorward.Runtime) error { seeker = rt; return nil }}
	offers := hello{&bare{name: "offers"}}
	withFeatures(t, nil, asks, offers) // found though it was initialised later
	if s, ok := found(); !ok || s != "hello" {
		t.Errorf("%q %t", s, ok)
	}
	withFeatures(t, nil, asks)
	if _, ok := found(); ok {
		t.Error("found what nobody offers")
	}
}

// Whatever two features both want is an error at the start that names both.
func TestConflicts(t *testing.T) {
	page := func(http.ResponseWriter, *http.Request) (doorward.Result, error) { return doorward.Result{}, nil }
	route := func(feature, name, path string) doorward.Feature {
		return &bare{name: feature, init: func(rt *doorward.Runtime) error { return rt.Handle(doorward.Route{Name: name, Path: path, Get: page}) }}
	}
	pages := func(feature string) doorward.Feature {
		return &bare{name: feature, init: func(rt *doorward.Runtime) error {
			return rt.Pages(fstest.MapFS{"templates/security/x.html": {Data: []byte("x")}}, nil)
		}}
	}
	text := func(feature, words string) doorward.Feature {
		return &bare{name: feature, init: func(rt *doorward.Runtime) error {
			return rt.Pages(fstest.MapFS{"templates": {Mode: fs.ModeDir}}, map[string]doorward.Text{"SAME": {Text: words}})
		}}
	}
	for name, c := range map[string]struct {
		features []doorward.Feature
		says     []string // nil: no error
	}{
		"path":            {[]doorward.Feature{route("ann", "a", "/p"), route("bob", "b", "/p")}, []string{"ann", "bob", "/p"}},
		"name":            {[]doorward.Feature{route("ann", "a", "/p"), route("bob", "a", "/q")}, []string{"ann", "bob"}},
		"parameters":      {[]doorward.Feature{route("ann", "a", "/p/{x}"), route("bob", "b", "/p/{y}")}, []string{"ann", "bob"}},
		"path, parameter": {[]doorward.Feature{route("ann", "a", "/p"), route("bob", "b", "/p/{y}")}, nil},
		"no slash":        {[]doorward.Feature{route("ann", "a", "p")}, []string{"ann", "slash"}},
		"engine's page":   {[]doorward.Feature{newSecond("second"), route("bob", "tf_select", "/q")}, []string{"bob", "tf_select"}},
		"template":        {[]doorward.Feature{pages("ann"), pages("bob")}, []string{"ann", "bob", "security/x.html"}},
		"text":            {[]doorward.Feature{text("ann", "one"), text("bob", "two")}, []string{"ann", "bob", "SAME"}},
		"same text":       {[]doorward.Feature{text("ann", "one"), text("bob", "one")}, nil},
		"feature twice":   {[]doorward.Feature{text("ann", "one"), text("ann", "one")}, []string{"ann", "twice"}},
		"several at once": {[]doorward.Feature{route("ann", "a", "/p"), route("bob", "b", "/p"), text("cy", "one"), text("dan", "two")}, []string{"ann", "bob", "cy", "dan"}},
		"broken template": {[]doorward.Feature{&bare{name: "ann", init: func(rt *doorward.Runtime) error {
			return rt.Pages(fstest.MapFS{"templates/security/y.html": {Data: []byte("{{.Foo")}}, nil)
		}}}, []string{"y.html"}},
	} {
		_, err := doorward.New(doorward.Config{Stores: doorward.StoresFrom(memstore.New[member]()), SecretKey: []byte(kit.SecretKey)}, c.features...)
		if c.says == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		for _, word := range c.says {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q is not named in: %v", name, word, err)
			}
		}
		if name != "broken template" {
			if _, ok := errors.AsType[*doorward.ConfigError](err); !ok {
				t.Errorf("%s: %T", name, err)
			}
		}
	}
}

// Own words for a message that two features share are no conflict.
func TestOwnWordsOfSharedText(t *testing.T) {
	text := func(feature string) doorward.Feature {
		return &bare{name: feature, init: func(rt *doorward.Runtime) error {
			return rt.Pages(fstest.MapFS{"templates": {Mode: fs.ModeDir}}, map[string]doorward.Text{"SAME": {Category: "error", Text: "one"}})
		}}
	}
	cfg := doorward.Config{Stores: doorward.StoresFrom(memstore.New[member]()), SecretKey: []byte(kit.SecretKey)}
	cfg.Pages.Messages = map[string]doorward.Text{"SAME": {Text: "own"}}
	s, err := doorward.New(cfg, text("ann"), text("bob"))
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close(t.Context())
}

// Everything that is wrong is said at once.
func TestConfigErrors(t *testing.T) {
	_, err := doorward.New(doorward.Config{
		SecretKey: []byte("tiny key"), APIMethods: []string{"magic"},
		Session: doorward.SessionConfig{Secure: "perhaps", SameSite: "Lazy", Protection: some("fierce")},
		URLs:    doorward.URLConfig{AllowSubdomains: true, Subdomains: []string{"a"}, Subdomain: "b"},
		Limits:  doorward.LimitConfig{TrustedProxies: []string{"somewhere"}},
		CSRF:    doorward.CSRFConfig{TrustedOrigins: []string{"spa.example"}, Cookie: map[string]string{"colour": "red"}},
	})
	for _, word := range []string{"SECRET_KEY", "user store", "session store", "magic", "perhaps", "Lazy", "fierce", "REDIRECT_ALLOW_SUBDOMAINS",
		"REDIRECT_BASE_DOMAIN", "SUBDOMAIN", "somewhere", "CSRF_TRUSTED_ORIGINS", "colour"} {
		if !strings.Contains(fmt.Sprint(err), word) {
			t.Errorf("%s is not named in: %v", word, err)
		}
	}
	if strings.Contains(fmt.Sprint(err), "tiny key") {
		t.Error("the key is in the error")
	}
}
