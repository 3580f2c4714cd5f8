package doorwardtest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
)

// Scenario is a story of requests by one browser. [Run] tells it twice: as
// JSON, and as a browser that posts forms.
type Scenario struct {
	Name string
	// Config and Given prepare the application and the browser. NewUser was
	// called for joe@example.com already.
	Config func(*batteries.Config)
	Given  func(*App, *Browser)
	Steps  []Step
}

// Step is one request and everything that must be so after it. A nil field is
// not checked, except Events and Mails: none are expected then.
type Step struct {
	// Path is posted to if Fields is set, and got otherwise.
	Path   string
	Fields Fields
	Header []string // names and values in turn
	// Status is the JSON answer's and Page the page's, by default 302 for a
	// post with status 200, and 200 for one with status 400.
	Status, Page int
	// Location is where a browser is sent.
	Location string
	// Errors are the messages by field: keys, exactly.
	Errors map[string][]string
	// Want and Forbid are texts of the answer in both formats; WantJSON of the JSON alone.
	Want, Forbid, WantJSON []string
	// Events are the names of the events fired, in order; Mails the recipients.
	Events, Mails []string
	// User is the address of who is signed in afterwards.
	User string
	// Before runs before the request, After when it has been checked.
	Before, After func(*App, *Browser)
}

// Run runs the scenarios as subtests, each in both formats, in memory.
func Run(t *testing.T, scenarios ...Scenario) {
	t.Helper()
	RunOn(t, nil, scenarios...)
}

// RunOn is [Run] on other stores, which stores makes anew for each run.
func RunOn(t *testing.T, stores func(testing.TB) doorward.Stores, scenarios ...Scenario) {
	t.Helper()
	for _, sc := range scenarios {
		for format, asJSON := range map[string]bool{"json": true, "form": false} {
			t.Run(sc.Name+"/"+format, func(t *testing.T) { sc.run(t, asJSON, stores) })
		}
	}
}

func (sc Scenario) run(t *testing.T, asJSON bool, stores func(testing.TB) doorward.Stores) {
	t.Helper()
	app := New(t, func(c *batteries.Config) {
		if stores != nil {
			c.Stores = stores(t)
		}
		if sc.Config != nil {
			sc.Config(c)
		}
	})
	app.NewUser("joe@example.com")
	b := app.Browser()
	b.JSON = asJSON
	if sc.Given != nil {
		sc.Given(app, b)
	}
	for _, s := range sc.Steps {
		s.run(t, app, b)
	}
}

func (s Step) run(t *testing.T, app *App, b *Browser) {
	t.Helper()
	if s.Before != nil {
		s.Before(app, b)
	}
	if s.Fields != nil && !b.NoCSRF {
		b.CSRF(s.Path)
	}
	app.Events.Reset()
	app.Outbox.Reset()
	var res *Response
	if s.Fields != nil {
		res = b.Post(s.Path, s.Fields, s.Header...)
	} else {
		res = b.Get(s.Path, s.Header...)
	}
	s.check(t, app, b, res)
	if s.After != nil {
		s.After(app, b)
	}
}

func (s Step) check(t *testing.T, app *App, b *Browser, res *Response) {
	t.Helper()
	res.Want(s.status(b.JSON)).Contains(s.Want...).Lacks(s.Forbid...)
	if b.JSON {
		res.Contains(s.WantJSON...)
	} else if s.Location != "" && res.Location() != s.Location {
		t.Errorf("%s: leads to %q, want %q", res.what, res.Location(), s.Location)
	}
	for field, keys := range s.Errors {
		res.Fails(field, keys...)
	}
	if got := app.Events.Take(); !slices.Equal(got, s.Events) {
		t.Errorf("%s: events %q, want %q", res.what, got, s.Events)
	}
	var to []string
	for _, m := range app.Outbox.Sent() {
		to = append(to, m.To)
	}
	if !slices.Equal(to, s.Mails) {
		t.Errorf("%s: mails to %q, want %q", res.what, to, s.Mails)
	}
	if got := b.WhoAmI(); got != s.User {
		t.Errorf("%s: signed in is %q, want %q", res.what, got, s.User)
	}
	app.Events.Reset() // asking who is signed in may tell, too
}

func (s Step) status(asJSON bool) int {
	want := s.Status
	if want == 0 {
		want = http.StatusOK
	}
	switch {
	case asJSON:
		return want
	case s.Page != 0:
		return s.Page
	case s.Fields != nil && want == http.StatusOK:
		return http.StatusFound
	case s.Fields != nil && want == http.StatusBadRequest:
		return http.StatusOK
	}
	return want
}
