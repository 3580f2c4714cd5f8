package twofactor_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/recoverycodes"
)

// drawing is the table of the package comment: what becomes of each state, by
// request.
type drawing struct {
	states   []string
	requests []string
	cells    map[string]map[string]string
}

// draw reads it.
func draw(t *testing.T) drawing {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	d := drawing{cells: map[string]map[string]string{}}
	gap := regexp.MustCompile(` {2,}`)
	for line := range strings.SplitSeq(string(source), "\n") {
		text, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		cols := gap.Split(strings.TrimSpace(text), -1)
		switch {
		case cols[0] == "request":
			d.states = cols[1:]
		case len(d.states) > 0 && len(cols) == len(d.states)+1:
			d.requests = append(d.requests, cols[0])
			d.cells[cols[0]] = map[string]string{}
			for i, cell := range cols[1:] {
				d.cells[cols[0]][d.states[i]] = cell
			}
		}
	}
	return d
}

// visitor is somebody in a state.
type visitor struct {
	*kit.Browser
	app   *kit.App
	email string
	has   totp   // what the account has
	next  totp   // what is being set up
	token string // of that
}

const recovery = "1111-2222-3333"

func walkApp(t *testing.T) *kit.App {
	return kit.New(t, with(required, several, func(c *batteries.Config) { c.RecoveryCodes = &recoverycodes.Config{} }))
}

// arrive makes a new user, and brings a browser into a state.
func arrive(t *testing.T, app *kit.App, state string) *visitor {
	t.Helper()
	v := &visitor{Browser: api(app), app: app, email: doorward.NewUniquifier()[:8] + "@example.com"}
	u := app.NewUser(v.email, func(acc *doorward.Account) { acc.RecoveryCodes = []string{seal(t, "recovery codes", []byte(recovery))} })
	if state != "setup" && state != "validating" {
		v.has = give(t, app, u, "authenticator")
	}
	if state == "select" {
		app.Change(u, hasKey)
	}
	if state != "none" {
		begin(v.Browser, v.email).Want(200)
	}
	if state == "in" || state == "changing" {
		app.Clock.Advance(time.Minute)
		v.Post("/tf-validate", code(v.has.code(0))).Want(200)
	}
	if state == "validating" || state == "changing" {
		res, token := choose(v.Browser, "authenticator")
		v.next, v.token = scan(t, app, res), token
	}
	if got := v.state(); got != state {
		t.Fatalf("in state %s, want %s", got, state)
	}
	return v
}

// state finds out where the visitor is, with copies of the browser.
func (v *visitor) state() string {
	get := func(path string) bool {
		b := v.Clone()
		b.JSON = true
		return b.Get(path).Status == 200
	}
	switch in, validate := v.WhoAmI() != "", get("/tf-validate"); {
	case in && validate:
		return "changing"
	case in:
		return "in"
	case get("/tf-select"):
		return "select"
	case get("/tf-rescue"):
		return "ready"
	case validate:
		return "validating"
	case get("/tf-setup"):
		return "setup"
	}
	return "none"
}

// ask sends a request of the drawing.
func (v *visitor) ask(request string) *kit.Response {
	v.app.Clock.Advance(time.Minute)
	method, path, _ := strings.Cut(strings.TrimSuffix(request, " wrong"), " ")
	right := v.has
	if v.next.key != nil {
		right = v.next
	}
	good := recovery
	if right.key != nil && path != "/mf-recovery" {
		good = right.code(0)
	}
	if strings.HasSuffix(request, "wrong") {
		good = totp{v.app, right.key}.wrong()
	}
	if strings.HasSuffix(path, "{token}") {
		token := v.token
		if token == "" {
			token = "no-token"
		}
		path = strings.Replace(path, "{token}", token, 1)
	}
	if method == "GET" {
		return v.Get(path)
	}
	fields := map[string]kit.Fields{
		"/login": login(v.email), "/logout": {}, "/tf-select": {"which": "authenticator"}, "/tf-setup": {"setup": "authenticator"},
		"/tf-rescue": {"help_setup": "email"}, "/mf-recovery-codes": {},
	}[path]
	if fields == nil {
		fields = code(good)
	}
	v.CSRF("")
	return v.Post(path, fields)
}

// Every request in every state does what the drawing says.
func TestStates(t *testing.T) {
	d := draw(t)
	if len(d.states) != 7 || len(d.requests) < 18 {
		t.Fatalf("drawn are the states %q and the requests %q", d.states, d.requests)
	}
	app := walkApp(t)
	checkComplete(t, app, d)
	pairs := 0
	for _, request := range d.requests {
		for _, state := range d.states {
			for _, asJSON := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%t", request, state, asJSON), func(t *testing.T) { d.walk(t, app.In(t), request, state, asJSON) })
			}
			pairs++
		}
	}
	t.Logf("%d pairs of %d states and %d requests, as JSON and as forms", pairs, len(d.states), len(d.requests))
}

func (d drawing) walk(t *testing.T, app *kit.App, request, state string, asJSON bool) {
	v := arrive(t, app, state)
	v.JSON = asJSON
	cell := d.cells[request][state]
	res := v.ask(request)
	denied := strings.Contains(res.Body, "TWO_FACTOR_PERMISSION_DENIED")
	if !asJSON && res.Status == 302 && res.Location() == "/login" && request != "POST /logout" {
		look := v.Clone()
		look.Follow = true
		denied = slices.Contains(look.Get("/login").Flashes(), "TWO_FACTOR_PERMISSION_DENIED")
	}
	want, anonymous := cell, state != "in" && state != "changing"
	switch cell {
	case "-":
		if want = state; anonymous {
			want = "none"
		}
	case "400", "401":
		if want = state; asJSON && fmt.Sprint(res.Status) != cell || !asJSON && res.Status == 200 {
			t.Errorf("status %d, drawn is %s", res.Status, cell)
		}
	default:
		if ok := res.Status == 200 || res.Status == 302 || strings.HasSuffix(request, "wrong") && res.Status == 400; !ok {
			t.Errorf("status %d: %s", res.Status, res.Body)
		}
	}
	if seen := anonymous || asJSON; seen && denied != (cell == "-") {
		t.Errorf("the illegal state was answered: %t, drawn is %s\n%s", denied, cell, res.Body)
	}
	if got := v.state(); got != want {
		t.Errorf("is %s afterwards, want %s: %s", got, want, res.Body)
	}
}

// checkComplete looks for routes that are missing from the drawing.
func checkComplete(t *testing.T, app *kit.App, d drawing) {
	t.Helper()
	for _, rt := range app.Routes() {
		if !slices.Contains([]string{"login", "logout", "tf_select", "twofactor", "recoverycodes"}, rt.Name) && rt.Feature() != "twofactor" && rt.Feature() != "recoverycodes" {
			continue
		}
		for _, m := range rt.Methods() {
			if m != "OPTIONS" && m != "HEAD" && !slices.Contains(d.requests, m+" "+rt.Path) {
				t.Errorf("%s %s is not drawn", m, rt.Path)
			}
		}
	}
}
