package doorward_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/memstore"
)

// badge is a feature with a guarded page, and the verifier of basic
// authentication by name alone.
type badge struct {
	st  *memstore.Store[member, *member]
	via []string
}

func (b *badge) Name() string      { return "badge" }
func (b *badge) Mechanism() string { return doorward.MechanismBasic }

func (b *badge) Init(rt *doorward.Runtime) error {
	say := func(w http.ResponseWriter, r *http.Request) (doorward.Result, error) {
		id, err := doorward.IdentityFrom(r.Context())
		return doorward.Result{JSON: map[string]any{"by": id.Mechanism}, Redirect: "/"}, err
	}
	return rt.Handle(
		doorward.Route{Name: "api", Path: "/api", Caller: doorward.UserCaller, Get: say},
		doorward.Route{Name: "badge", Path: "/badge", Caller: doorward.UserCaller, Auth: &doorward.Auth{Via: b.via}, Get: say},
		doorward.Route{Name: "login", Path: "/login", Get: say},
	)
}

func (b *badge) Check(ctx context.Context, r *http.Request) (doorward.User, time.Time, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, time.Time{}, doorward.ErrAnonymous
	}
	u, err := b.st.FindUser(ctx, doorward.UserQuery{Attr: "email", Value: name})
	return u, time.Now(), err
}

func badgeHandler(t *testing.T) http.Handler {
	t.Helper()
	st := memstore.New[member]()
	u := &member{Account: doorward.Account{Email: "ann@example.com", Active: true}}
	if err := st.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	s, err := doorward.New(doorward.Config{Stores: doorward.StoresFrom(st), SecretKey: []byte("0123456789abcdef0123456789abcdef")},
		&badge{st, []string{doorward.MechanismSession, doorward.MechanismBasic}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	return s.Handler(nil)
}

func TestRouteAuth(t *testing.T) {
	h := badgeHandler(t)
	for _, c := range []struct {
		name, path, accept string
		basic              bool
		status             int
		location, dialog   string
	}{
		{"basic where the route lists it", "/badge", "application/json", true, 200, "", ""},
		{"basic where only the settings rule", "/api", "application/json", true, 401, "", ""},
		{"a program is offered basic", "/badge", "application/json", false, 401, "", "Basic"},
		{"a browser is sent to sign in", "/badge", "text/html", false, 302, "/login?next=/badge", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", c.path, nil)
			r.Header.Set("Accept", c.accept)
			if c.basic {
				r.SetBasicAuth("ann@example.com", "x")
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || w.Header().Get("Location") != c.location ||
				!strings.HasPrefix(w.Header().Get("WWW-Authenticate"), c.dialog) || c.dialog == "" && w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%d, Location %q, WWW-Authenticate %q: %s", w.Code, w.Header().Get("Location"), w.Header().Get("WWW-Authenticate"), w.Body)
			}
			if c.status == 200 && !strings.Contains(w.Body.String(), `"by":"basic"`) {
				t.Errorf("not by basic: %s", w.Body)
			}
		})
	}
}

func TestHandlerWithoutAppAnswersInTheCallersFormat(t *testing.T) {
	h := badgeHandler(t)
	for accept, want := range map[string]string{"application/json": `{"meta":{"code":404},"response":{"errors":[`, "text/html": "<!doctype html>"} {
		r := httptest.NewRequest("GET", "/nowhere", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound || !strings.HasPrefix(w.Body.String(), want) {
			t.Errorf("%s: %d %s", accept, w.Code, w.Body)
		}
	}
}
