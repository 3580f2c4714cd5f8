package doorwardtest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
)

// State is how far a visitor has come.
type State struct {
	Name string
	// SignedIn says that routes for users answer, and Fresh that those which
	// ask for a recent proof do, too.
	SignedIn, Fresh bool

	arrive func(*App, *Browser, doorward.User)
}

// Browser returns a visitor in that state, whose user is new. It may move the clock.
func (s State) Browser(a *App) (*Browser, doorward.User) {
	a.tb.Helper()
	u := a.NewUser(doorward.NewUniquifier()[:8] + "@states.example")
	b := a.Browser()
	if s.arrive != nil {
		s.arrive(a, b, u)
	}
	return b, u
}

// States returns nobody, signed in, and all the ways to have been signed in,
// or half. Where every sign-in needs a second factor it is only the half.
func States(a *App) []State {
	a.tb.Helper()
	half, _ := State{arrive: arriving(nil)}.Browser(a)
	if half.WhoAmI() == "" {
		return []State{{Name: "anonymous"}, {Name: "pending", arrive: arriving(nil)}}
	}
	return []State{
		{Name: "anonymous"},
		{"full", true, true, arriving(nil)},
		{"stale", true, false, arriving(func(a *App, _ *Browser, _ doorward.User) { a.Clock.Advance(25 * time.Hour) })},
		{"remembered", true, false, func(a *App, b *Browser, u doorward.User) {
			b.PostForm(a.Route("login").Path, Fields{"email": u.SecurityAccount().Email, "password": Password, "remember": "true"})
			b.Close()
		}},
		{"switched off", false, false, arriving(switchOff)},
		{"deleted", false, false, arriving(func(a *App, _ *Browser, u doorward.User) { a.Delete(u) })},
		{"rotated", false, false, arriving(rotate)},
		{"ended", false, false, arriving(func(a *App, _ *Browser, u doorward.User) {
			if _, err := a.Accounts().EndSessions(context.Background(), u); err != nil {
				a.tb.Fatalf("doorwardtest: %v", err)
			}
		})},
		{"idle", false, false, arriving(func(a *App, _ *Browser, _ doorward.User) { a.Clock.Advance(40 * 24 * time.Hour) })},
		{"signed out", false, false, arriving(func(a *App, b *Browser, _ doorward.User) { b.Clone().Post(a.Route("logout").Path, Fields{}) })},
	}
}

func arriving(then func(*App, *Browser, doorward.User)) func(*App, *Browser, doorward.User) {
	return func(a *App, b *Browser, u doorward.User) {
		b.LoginAs(u)
		if then != nil {
			then(a, b, u)
		}
	}
}

func switchOff(a *App, _ *Browser, u doorward.User) {
	a.Change(u, func(acc *doorward.Account) { acc.Active = false })
}

func rotate(a *App, _ *Browser, u doorward.User) {
	a.Change(u, func(acc *doorward.Account) { acc.Uniquifier = doorward.NewUniquifier() })
}

// methods are all that a route is asked with. The one that may change something is the last.
func methods() []string {
	return []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "FOO", "POST"}
}

// RouteMatrix sends a request of every method to every route in every state,
// for JSON and for a page. Nothing may fail or panic, a method that a route
// does not have is 405, and who is not signed in must neither be answered where
// users are, nor change anything stored. Then it does the same with tokens and
// basic authentication.
func RouteMatrix(t *testing.T, app *App) {
	t.Helper()
	states := States(app)
	for _, rt := range app.Routes() {
		for _, st := range states {
			for format, asJSON := range map[string]bool{"json": true, "form": false} {
				t.Run(rt.Name+"/"+st.Name+"/"+format, func(t *testing.T) {
					one := app.In(t)
					b, u := st.Browser(one)
					b.JSON = asJSON
					before := one.stored(u)
					for _, method := range methods() {
						checkRoute(t, st, rt, method, asJSON, b.ask(method, rt))
					}
					if !st.SignedIn && rt.Caller >= doorward.UserCaller && one.stored(u) != before {
						t.Error("refused, and yet something was written")
					}
				})
			}
		}
	}
	for name, end := range map[string]func(*App, *Browser, doorward.User){
		"in use": nil, "switched off": switchOff, "rotated": rotate,
		"deleted": func(a *App, _ *Browser, u doorward.User) { a.Delete(u) },
	} {
		t.Run("credentials/"+name, func(t *testing.T) { app.In(t).credentials(name, end) })
	}
}

// ask sends a request that a route of this method could accept, but for its fields.
func (b *Browser) ask(method string, rt doorward.Route) *Response {
	b.app.tb.Helper()
	target := fillPath(rt.Path)
	headers := []string{"X-CSRFToken", b.CSRF("")}
	switch {
	case method != http.MethodPost && method != "PUT" && method != "PATCH":
		return b.Do(method, target, nil, headers...)
	case b.JSON:
		return b.Do(method, target, strings.NewReader("{}"), append(headers, "Content-Type", "application/json")...)
	}
	return b.Do(method, target, strings.NewReader("x=1"), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

// fillPath puts a value into the parameter of a path.
func fillPath(path string) string {
	if i := strings.IndexByte(path, '{'); i >= 0 {
		return path[:i] + "no-such-value"
	}
	return path
}

func checkRoute(t *testing.T, st State, rt doorward.Route, method string, asJSON bool, res *Response) {
	t.Helper()
	what := method + " " + rt.Path
	if res.Status >= 500 {
		t.Errorf("%s: %d %s", what, res.Status, clip(res.Body))
	}
	has := slices.Contains(rt.Methods(), method)
	if !has {
		if res.Status != http.StatusMethodNotAllowed || res.Header.Get("Allow") != strings.Join(rt.Methods(), ", ") {
			t.Errorf("%s: %d, Allow %q", what, res.Status, res.Header.Get("Allow"))
		}
	}
	isJSON := strings.HasPrefix(res.Header.Get("Content-Type"), "application/json")
	if res.Body != "" && isJSON != asJSON {
		t.Errorf("%s: asked for JSON is %t, got %q", what, asJSON, res.Header.Get("Content-Type"))
	}
	if !has || method == http.MethodOptions || rt.Caller < doorward.UserCaller {
		return
	}
	refused := res.Status == http.StatusUnauthorized || res.Status == http.StatusFound && strings.Contains(res.Location(), "next=")
	may := st.SignedIn && (st.Fresh || rt.Caller != doorward.FreshCaller)
	if refused == may {
		t.Errorf("%s: %d %s for who is %s", what, res.Status, res.Location(), st.Name)
	}
}

// credentials sends the token and the password of a user whom end has put out.
func (a *App) credentials(name string, end func(*App, *Browser, doorward.User)) {
	a.tb.Helper()
	for _, kind := range []string{"token", "basic"} {
		for _, rt := range a.Routes() {
			if rt.Caller < doorward.UserCaller {
				continue
			}
			u := a.NewUser(doorward.NewUniquifier()[:8] + "@credentials.example")
			token, ok := a.authToken(u)
			if !ok {
				return // a second factor is in the way
			}
			headers := []string{"Authentication-Token", token}
			if kind == "basic" {
				headers = []string{"Authorization", basicAuth(u.SecurityAccount().Email, Password)}
			}
			if end != nil {
				end(a, nil, u)
			}
			for _, method := range rt.Methods() {
				if method == http.MethodOptions {
					continue
				}
				b := a.Browser()
				b.JSON = true
				res := b.Do(method, fillPath(rt.Path), nil, headers...)
				// A rotation does not change the password.
				may := end == nil || kind == "basic" && name == "rotated"
				if res.Status >= 500 || !may && res.Status != http.StatusUnauthorized {
					a.tb.Errorf("%s %s, %s of a user who is %s: %d", method, rt.Path, kind, name, res.Status)
				}
			}
		}
	}
}

func basicAuth(name, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return r.Header.Get("Authorization")
}
