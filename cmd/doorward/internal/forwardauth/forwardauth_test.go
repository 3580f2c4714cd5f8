package forwardauth_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func TestRules(t *testing.T) {
	d := newDoor(t, nil)
	for _, c := range []struct {
		query    string
		ann, ada int
	}{
		{"", 200, 200},
		{"role=admin", 403, 200},
		{"role=admin&role=editor", 403, 200},
		{"role=admin&role=owner", 403, 403},
		{"role=Admin", 403, 403},
		{"any_role=admin&any_role=owner", 403, 200},
		{"any_role=owner", 403, 403},
		{"permission=read&permission=all", 403, 200},
		{"permission=read&permission=sell", 403, 403},
		{"any_permission=sell&any_permission=write", 403, 200},
		{"any_permission=sell", 403, 403},
		{"role=admin&any_permission=sell", 403, 403},
		{"mechanism=session", 200, 200},
		{"mechanism=session&mechanism=token", 200, 200},
		{"mechanism=token", 401, 401},
		{"within=15m", 200, 200},
		{"within=15m&grace=1m&redirect=false&cross_site=true", 200, 200},

		// A rule that is not understood lets nobody in.
		{"roles=admin", 403, 403},
		{"Role=admin", 403, 403},
		{"role", 403, 403},
		{"role=", 403, 403},
		{"role=%20", 403, 403},
		{"role=admin&role=", 403, 403},
		{"role=admin,editor", 403, 403},
		{"role=x,y", 403, 403},
		{"any_role=admin,", 403, 403},
		{"=admin", 403, 403},
		{"role=admin;x=y", 403, 403},
		{"role=%zz", 403, 403},
		{"mechanism=cookie", 403, 403},
		{"mechanism=", 403, 403},
		{"within=15", 403, 403},
		{"within=0s", 403, 403},
		{"within=-15m", 403, 403},
		{"within=15m&within=30m", 403, 403},
		{"grace=1m", 403, 403},
		{"redirect=maybe", 403, 403},
		{"redirect=true&redirect=false", 403, 403},
		{"cross_site=yes", 403, 403},
		{"next=https://evil.example", 403, 403},
	} {
		for who, b := range map[string]*kit.Browser{"ann": d.ann, "ada": d.ada} {
			want := map[string]int{"ann": c.ann, "ada": c.ada}[who]
			if got, _ := d.ask(c.query, b); got != want {
				t.Errorf("%s with %q: %d, not %d", who, c.query, got, want)
			}
		}
	}
	if log := d.Logs.String(); !strings.Contains(log, `parameter \"roles\" is not known`) {
		t.Errorf("the log does not name the mistake:\n%s", log)
	}
}

func TestWhoItIs(t *testing.T) {
	d := newDoor(t, nil)
	for name, c := range map[string]struct {
		edit                func(*doorward.Account)
		roles               []string
		user, email, groups string
	}{
		"an address":               {nil, nil, "joe@example.org", "joe@example.org", ""},
		"a username":               {func(a *doorward.Account) { a.Username = "joe" }, []string{"z", "a b"}, "joe", "joe@example.org", "a b,z"},
		"other letters":            {func(a *doorward.Account) { a.Username = "jörg" }, []string{"café"}, "j%C3%B6rg", "joe@example.org", "caf%C3%A9"},
		"a percent sign":           {func(a *doorward.Account) { a.Username = "j%C3%B6rg" }, []string{"100%"}, "j%25C3%25B6rg", "joe@example.org", "100%25"},
		"a name like an address":   {func(a *doorward.Account) { a.Username = "root@example.org" }, nil, "root%40example.org", "joe@example.org", ""},
		"a name like two headers":  {func(a *doorward.Account) { a.Username = "joe\r\nRemote-Groups: admin" }, nil, "joe%0D%0ARemote-Groups: admin", "joe@example.org", ""},
		"outer blanks":             {func(a *doorward.Account) { a.Username = " root " }, []string{" admin", "\tx"}, "%20root%20", "joe@example.org", "%09x,%20admin"},
		"a role like two":          {nil, []string{"user,admin"}, "joe@example.org", "joe@example.org", "user%2Cadmin"},
		"a role with a line break": {nil, []string{"user\nadmin\x00"}, "joe@example.org", "joe@example.org", "user%0Aadmin%00"},
	} {
		t.Run(name, func(t *testing.T) {
			u := d.NewUser("joe@example.org")
			if c.edit != nil {
				d.Change(u, c.edit)
			}
			for _, r := range c.roles {
				d.GiveRole(u, r)
			}
			b := d.Browser()
			b.LoginAs(u)
			res := d.answer(d.request("", b, "Remote-Groups", "admin"))
			got := []string{res.Header.Get("Remote-User"), res.Header.Get("Remote-Email"), res.Header.Get("Remote-Groups")}
			if want := []string{c.user, c.email, c.groups}; res.StatusCode != 200 || !slices.Equal(got, want) {
				t.Errorf("%d %q, not %q", res.StatusCode, got, want)
			}
			if body, _ := io.ReadAll(res.Body); len(body) != 0 {
				t.Errorf("a body: %s", body)
			}
			d.Delete(u)
		})
	}
}

func TestNobodySignedIn(t *testing.T) {
	d := newDoor(t, nil)
	basic := "mechanism=session&mechanism=basic"
	for name, c := range map[string]struct {
		query    string
		headers  []string
		status   int
		location string
		basic    bool
	}{
		"a page":                  {"", nil, 302, "/login?next=/page%3Fa%3Db", false},
		"a page, HEAD":            {"", []string{"X-Forwarded-Method", "HEAD"}, 302, "/login?next=/page%3Fa%3Db", false},
		"a navigation":            {"", []string{"Sec-Fetch-Mode", "navigate"}, 302, "/login?next=/page%3Fa%3Db", false},
		"for nginx":               {"redirect=false", nil, 401, "/login?next=/page%3Fa%3Db", false},
		"a script":                {"", []string{"Sec-Fetch-Mode", "cors"}, 401, "", false},
		"a form":                  {"", []string{"X-Forwarded-Method", "POST"}, 401, "", false},
		"another method":          {"", []string{"X-Forwarded-Method", "PROPFIND"}, 401, "", false},
		"JSON":                    {"", []string{"Accept", "application/json"}, 401, "", false},
		"JSON before pages":       {"", []string{"Accept", "application/json, text/html"}, 401, "", false},
		"anything":                {"", []string{"Accept", "*/*"}, 401, "", false},
		"nothing":                 {"", []string{"Accept", "-"}, 401, "", false},
		"a web socket":            {"", []string{"Sec-WebSocket-Key", "x"}, 401, "", false},
		"tokens only":             {"mechanism=token", nil, 401, "", false},
		"a page, or basic":        {basic, nil, 302, "/login?next=/page%3Fa%3Db", false},
		"basic, a program":        {basic, []string{"Accept", "*/*"}, 401, "", true},
		"basic, tried":            {basic, []string{"Authorization", "Basic eDp5"}, 401, "", true},
		"basic only":              {"mechanism=basic", nil, 401, "", true},
		"long":                    {"", []string{"X-Forwarded-Uri", "/" + strings.Repeat("x", 2047)}, 302, "/login?next=/" + strings.Repeat("x", 2047), false},
		"too long to come back":   {"", []string{"X-Forwarded-Uri", "/" + strings.Repeat("x", 2048)}, 302, "/login", false},
		"something else in next":  {"", []string{"X-Forwarded-Uri", `/a?next=//evil.example/&b="\<x>#`[:31]}, 302, "/login?next=/a%3Fnext%3D//evil.example/%26b%3D%22%5C%3Cx%3E", false},
		"a wrong cookie":          {"", []string{"Cookie", "session=spoilt"}, 302, "/login?next=/page%3Fa%3Db", false},
		"a wrong token":           {"", []string{"Authentication-Token", "spoilt", "Accept", "*/*"}, 401, "", false},
		"claims to be somebody":   {"", []string{"Remote-User", ann}, 302, "/login?next=/page%3Fa%3Db", false},
		"claims, nginx's headers": {"", []string{"X-Original-URL", "https://evil.example/", "+X-Original-URL", "/x"}, 302, "/login?next=/page%3Fa%3Db", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := d.request(c.query, nil, c.headers...)
			res := d.answer(r)
			d.sound(res)
			if res.StatusCode != c.status || res.Header.Get("Location") != c.location || (res.Header.Get("WWW-Authenticate") != "") != c.basic {
				t.Errorf("%d %v", res.StatusCode, res.Header)
			}
		})
	}
	events := kit.EventsOf[doorward.Unauthenticated](d.Events)
	if !slices.Contains(events, doorward.Unauthenticated{Method: "POST", Path: "/page"}) {
		t.Errorf("events: %v", events)
	}
	res := d.answer(d.request("", nil, "Accept", "application/json"))
	body, _ := io.ReadAll(res.Body)
	if res.Header.Get("Content-Type") != "application/json" || !strings.Contains(string(body), `"code":401`) {
		t.Errorf("for a program: %v %s", res.Header, body)
	}
}

// TestMechanisms: credentials of the guarded request, by any method.
func TestMechanisms(t *testing.T) {
	d := newDoor(t, nil)
	all := "mechanism=session&mechanism=token&mechanism=basic"
	for _, method := range []string{"GET", "POST", "DELETE"} {
		r := d.request(all, nil, "Authentication-Token", d.token, "X-Forwarded-Method", method)
		r.Method = method // some proxies send the original one
		if res := d.answer(r); res.StatusCode != 200 || res.Header.Get("Remote-User") != ada {
			t.Errorf("%s by token: %d", method, res.StatusCode)
		}
		r = d.request(all, nil, "X-Forwarded-Method", method)
		r.SetBasicAuth(ann, kit.Password)
		if res := d.answer(r); res.StatusCode != 200 || res.Header.Get("Remote-User") != ann {
			t.Errorf("%s by basic: %d", method, res.StatusCode)
		}
		if got, _ := d.ask(all, d.ann, "X-Forwarded-Method", method); got != 200 {
			t.Errorf("%s by session: %d", method, got)
		}
	}
	r := d.request("", nil)
	r.SetBasicAuth(ann, kit.Password)
	if res := d.answer(r); res.StatusCode != 302 {
		t.Errorf("basic, not asked for: %d", res.StatusCode)
	}
	if got, _ := d.ask("", d.ann, "Authentication-Token", d.token); got != 400 {
		t.Errorf("credentials of two users: %d", got)
	}
	d.ann.PostForm("/logout", nil)
	if got, _ := d.ask("", d.ann); got != 302 {
		t.Errorf("signed out: %d", got)
	}
}

func TestFreshness(t *testing.T) {
	d := newDoor(t, nil)
	d.Clock.Advance(16 * time.Minute)
	if got, _ := d.ask("", d.ann); got != 200 {
		t.Fatalf("%d", got)
	}
	got, to := d.ask("within=15m", d.ann)
	if got != 302 || to != "/verify?next=/page%3Fa%3Db" {
		t.Errorf("a page: %d %q", got, to)
	}
	if got, to := d.ask("within=15m&redirect=false", d.ann); got != 401 || to != "/verify?next=/page%3Fa%3Db" {
		t.Errorf("a page, for nginx: %d %q", got, to)
	}
	res := d.answer(d.request("within=15m", d.ann, "Accept", "application/json"))
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 401 || !strings.Contains(string(body), `"reauth_required":true`) {
		t.Errorf("a program: %d %s", res.StatusCode, body)
	}
	if got, _ := d.ask("within=15m&role=admin", d.ann); got != 403 {
		t.Errorf("who may not come in need not prove who he is: %d", got)
	}
	d.ann.PostForm(to, kit.Fields{"password": kit.Password}).Want(302)
	if got, _ := d.ask("within=15m&grace=5m", d.ann); got != 200 {
		t.Errorf("verified: %d", got)
	}
	d.Clock.Advance(16 * time.Minute)
	if got, _ := d.ask("within=15m&grace=5m", d.ann); got != 302 {
		t.Errorf("beyond the grace: %d", got)
	}
	token := []string{"Authentication-Token", d.AuthToken(d.NewUser("joe@example.org"))}
	if got, _ := d.ask("within=15m", nil, token...); got != 200 {
		t.Errorf("a new token: %d", got)
	}
	d.Clock.Advance(14 * time.Minute)
	if got, to := d.ask("within=10m", nil, token...); got != 401 || to != "" {
		t.Errorf("an old one, which no page makes new: %d %q", got, to)
	}
}

func TestOtherSites(t *testing.T) {
	d := newDoor(t, nil)
	for name, c := range map[string]struct {
		query   string
		headers []string
		status  int
	}{
		"a POST of this site":       {"", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		"of a sibling":              {"", []string{"Sec-Fetch-Site", "same-site"}, 200},
		"typed":                     {"", []string{"Sec-Fetch-Site", "none"}, 200},
		"of another site":           {"", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"which is welcome":          {"cross_site=true", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		"of an old browser":         {"", []string{"Origin", "http://evil.example"}, 403},
		"of one, from here":         {"", []string{"Origin", "http://" + kit.Host}, 200},
		"from nowhere":              {"", []string{"Origin", "null"}, 403},
		"of no browser":             {"", nil, 200},
		"a link of another site":    {"", []string{"X-Forwarded-Method", "GET", "Sec-Fetch-Site", "cross-site"}, 200},
		"a socket of another site":  {"", []string{"X-Forwarded-Method", "GET", "Sec-WebSocket-Key", "x", "Origin", "https://evil.example"}, 403},
		"a token no browser adds":   {"", []string{"Cookie", "-", "Authentication-Token", d.token, "Sec-Fetch-Site", "cross-site"}, 200},
		"a password that it does":   {"mechanism=basic", []string{"Cookie", "-", "Authorization", "Basic YW5uQGV4YW1wbGUub3JnOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==", "Sec-Fetch-Site", "cross-site"}, 403},
		"the same, from this site":  {"mechanism=basic", []string{"Cookie", "-", "Authorization", "Basic YW5uQGV4YW1wbGUub3JnOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ=="}, 200},
		"nobody, from another site": {"", []string{"Cookie", "-", "Sec-Fetch-Site", "cross-site"}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := d.ask(c.query, d.ann, append([]string{"X-Forwarded-Method", "POST"}, c.headers...)...); got != c.status {
				t.Errorf("%d", got)
			}
		})
	}
}

// TestTrips: an answer costs one trip to the store, and a refusal of what could
// not be understood none.
func TestTrips(t *testing.T) {
	d := newDoor(t, nil)
	for name, c := range map[string]struct {
		query string
		b     *kit.Browser
		more  []string
		want  int32
	}{
		"session":    {"role=admin", d.ada, nil, 1},
		"forbidden":  {"role=admin", d.ann, nil, 1},
		"within":     {"within=15m", d.ada, nil, 1},
		"token":      {"", nil, []string{"Authentication-Token", d.token}, 1},
		"nobody":     {"", nil, nil, 0},
		"a mistake":  {"roles=admin", d.ada, nil, 0},
		"a stranger": {"", d.ada, []string{"Peer", "192.0.2.1:1"}, 0},
	} {
		d.trips.Store(0)
		d.ask(c.query, c.b, c.more...)
		if got := d.trips.Load(); got != c.want {
			t.Errorf("%s: %d trips, not %d", name, got, c.want)
		}
	}
}

func TestTroubleIsPassedOn(t *testing.T) {
	gate := &busy{}
	d := newDoor(t, func(c *batteries.Config) { c.More = append(c.More, gate) })
	gate.problem = &doorward.Problem{Status: 429, RetryAfter: 90 * time.Second}
	gate.problem.Add("", doorward.M("UNAVAILABLE"))
	r := d.request("mechanism=basic", nil)
	r.SetBasicAuth(ann, kit.Password)
	if res := d.answer(r); res.StatusCode != 429 || res.Header.Get("Retry-After") != "90" {
		t.Errorf("over the limit: %d %v", res.StatusCode, res.Header)
	}
	d.broken.Store(true)
	res := d.answer(d.request("", d.ann))
	d.sound(res)
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || strings.Contains(string(body), "disk") {
		t.Errorf("without a database: %d %v %s", res.StatusCode, res.Header, body)
	}
	if !strings.Contains(d.Logs.String(), "the disk is gone") {
		t.Error("the log does not say why")
	}
}
