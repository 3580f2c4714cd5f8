package doorward_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func TestNegotiation(t *testing.T) {
	app := kit.New(t, nil)
	for _, c := range []struct {
		contentType, accept string
		json                bool
	}{
		{"", "", false},
		{"", "application/json", true},
		{"", "APPLICATION/JSON", true},
		{"", "application/json, text/html", true},
		{"", "text/html, application/json", false},
		{"", "text/html;q=0.5, application/json", true},
		{"", "text/html, application/json;q=0.9", false},
		{"", "*/*", false},
		{"", "*/*, application/json;q=0.1", true}, // specific before all
		{"", "application/*", false},
		{"", "application/vnd.x+json", false},
		{"", "application/json;q=0", false},
		{"", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
		{"", ", ,;q=x", false},
		{"application/json", "", true},
		{"application/json; charset=utf-8", "text/html", true},
		{"application/vnd.api+json", "", true},
		{"Application/JSON", "", true},
		{"text/json", "", false},
		{"application/jsonp", "", false},
		{"application/x-www-form-urlencoded", "application/json", true},
	} {
		headers := []string{"Accept", c.accept}
		if c.contentType != "" {
			headers = append(headers, "Content-Type", c.contentType)
		}
		res := app.Browser().Get("/login", headers...)
		if got := strings.HasPrefix(res.Header.Get("Content-Type"), "application/json"); got != c.json || res.Status != 200 {
			t.Errorf("Content-Type %q, Accept %q: JSON is %t, status %d", c.contentType, c.accept, got, res.Status)
		}
	}
}

// The formats of body and answer are independent.
func TestBodyAndAnswerFormats(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	b := app.Browser()
	b.JSON = true
	b.PostForm("/login", credentials(joe)).Want(200).Contains(`"meta":{"code":200}`)
}

// A message is in the JSON answer or on the next page, never both.
func TestFlashes(t *testing.T) {
	for asJSON, want := range map[bool]int{true: 0, false: 1} {
		app := kit.New(t, nil)
		u := app.NewUser(joe)
		b := app.Browser()
		b.LoginAs(u)
		b.JSON = asJSON
		b.Post("/verify", kit.Fields{"password": kit.Password})
		b.JSON = false
		if got := b.Get("/verify").Flashes(); len(got) != want {
			t.Errorf("JSON is %t: the next page says %q", asJSON, got)
		}
	}
	app := kit.New(t, func(c *batteries.Config) { c.Pages.NoFlash = true })
	b := app.Browser()
	b.Get("/verify").Want(302)
	if got := b.Get("/login").Flashes(); got != nil {
		t.Errorf("switched off, and yet: %q", got)
	}
}

// remember is the contract's boolean: false are a missing key, false, 0, ""
// and "false", and everything else is true.
func TestBooleans(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	for _, c := range []struct {
		json string
		want bool
	}{
		{"", false}, {"false", false}, {"0", false}, {"0.0", false}, {`""`, false}, {`"false"`, false},
		{"true", true}, {"1", true}, {`"0"`, true}, {`"no"`, true}, {`"False"`, true}, {"null", true}, {`"true"`, true},
	} {
		b := app.Browser()
		body := `{"email":"` + joe + `","password":"` + kit.Password + `","csrf_token":"` + b.CSRF("/login") + `"`
		if c.json != "" {
			body += `,"remember":` + c.json
		}
		res := b.Do("POST", "/login", strings.NewReader(body+"}"), "Content-Type", "application/json").Want(200)
		if got := res.Cookie("remember_token") != nil; got != c.want {
			t.Errorf("remember %s: remembered is %t", c.json, got)
		}
	}
	for posted, want := range map[string]bool{"false": false, "": false, "0": true, "no": true, "on": true} {
		b := app.Browser()
		fields := credentials(joe)
		fields["remember"] = posted
		if got := b.PostForm("/login", fields).Want(302).Cookie("remember_token") != nil; got != want {
			t.Errorf("posted %q: remembered is %t", posted, got)
		}
	}
}

func TestDefaultRememberMe(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.DefaultRememberMe = true })
	app.NewUser(joe)
	app.Browser().Get("/login").Contains("checked")
	for name, want := range map[string]bool{`{}`: false, `{"remember":true}`: true} {
		b := app.Browser()
		fields := credentials(joe)
		if name != `{}` {
			fields["remember"] = true
		}
		if got := b.PostJSON("/login", fields).Want(200).Cookie("remember_token") != nil; got != want {
			t.Errorf("%s: remembered is %t", name, got)
		}
	}
}

func TestEnvelopes(t *testing.T) {
	edit := func(c *batteries.Config) {
		c.Pages.Messages["INVALID_PASSWORD"] = doorward.Text{Text: "Pässwort \U0001F511 <b>"}
	}
	app := kit.New(t, edit)
	u := app.NewUser(joe)
	in := app.Browser()
	in.LoginAs(u)
	for _, c := range []struct {
		name string
		send func(*kit.Browser) *kit.Response
		want string
	}{
		{"field errors in order", func(b *kit.Browser) *kit.Response {
			return b.PostJSON("/login", kit.Fields{"next": "//x.example"})
		}, `{"meta":{"code":400},"response":{"errors":["PASSWORD_NOT_PROVIDED","INVALID_REDIRECT","EMAIL_NOT_PROVIDED"],"field_errors":{"email":["EMAIL_NOT_PROVIDED"],"next":["INVALID_REDIRECT"],"password":["PASSWORD_NOT_PROVIDED"]}}}`},
		{"escaped to ASCII", func(b *kit.Browser) *kit.Response {
			return b.PostJSON("/login", kit.Fields{"email": joe, "password": "wrong password"})
		}, `{"meta":{"code":400},"response":{"errors":["P\u00e4sswort \ud83d\udd11 <b>"],"field_errors":{"password":["P\u00e4sswort \ud83d\udd11 <b>"]}}}`},
		{"sign-out", func(b *kit.Browser) *kit.Response { return b.PostJSON("/logout", nil) }, `{"meta":{"code":200},"response":{}}`},
		{"unauthenticated", func(b *kit.Browser) *kit.Response { return b.Get("/verify") }, `{"meta":{"code":401},"response":{"errors":["UNAUTHENTICATED"]}}`},
		{"anonymous only", func(*kit.Browser) *kit.Response {
			c := in.Clone()
			c.JSON = true
			return c.PostJSON("/login", credentials(joe))
		}, `{"meta":{"code":400},"response":{"errors":["ANONYMOUS_USER_REQUIRED"]}}`},
		{"method", func(b *kit.Browser) *kit.Response { return b.Do("PUT", "/login", nil) }, `{"meta":{"code":405},"response":{"errors":["METHOD_NOT_ALLOWED"]}}`},
		{"not fresh", func(*kit.Browser) *kit.Response {
			c := in.Clone()
			c.JSON, c.Agent = true, "another"
			return c.Get("/doorwardtest/fresh")
		}, `{"meta":{"code":401},"response":{"errors":["REAUTHENTICATION_REQUIRED"],"has_webauthn_verify_credential":false,"oauth_enabled":false,"oauth_providers":[],"reauth_required":true,"unified_signin_enabled":false}}`},
	} {
		b := app.Browser()
		b.JSON = true
		res := c.send(b)
		if res.Body != c.want+"\n" {
			t.Errorf("%s:\n got %s\nwant %s", c.name, res.Body, c.want)
		}
		if ct := res.Header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s: Content-Type %q", c.name, ct)
		}
		if cc := res.Header.Get("Cache-Control"); cc != "private, no-store" {
			t.Errorf("%s: Cache-Control %q", c.name, cc)
		}
	}
}

func TestBodies(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"no object":       {"application/json", `[]`, 400},
		"null":            {"application/json", `null`, 400},
		"string":          {"application/json", `"x"`, 400},
		"cut off":         {"application/json", `{"email":`, 400},
		"goes on":         {"application/json", `{} {}`, 400},
		"twice":           {"application/json", `{"email":"a@b.cc","email":"c@d.ee"}`, 400},
		"list":            {"application/json", `{"email":["a@b.cc","c@d.ee"]}`, 400},
		"not UTF-8":       {"application/json", "{\"email\":\"\xff\"}", 400},
		"too deep":        {"application/json", strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), 400},
		"other type":      {"text/plain", `email=x`, 415},
		"XML":             {"application/xml", `<x/>`, 415},
		"too large":       {"application/json", `{"email":"` + strings.Repeat("a", 2<<20) + `"}`, 413},
		"form too large":  {"application/x-www-form-urlencoded", "email=" + strings.Repeat("a", 2<<20), 413},
		"bad escapes":     {"application/x-www-form-urlencoded", "email=%zz", 400},
		"bad multipart":   {"multipart/form-data; boundary=x", "no parts", 400},
		"fields repeated": {"application/x-www-form-urlencoded", "email=a%40b.cc&email=c%40d.ee", 400},
	} {
		b := app.Browser()
		token := b.CSRF("/login")
		for _, accept := range []string{"application/json", "text/html"} {
			res := b.Do("POST", "/login", strings.NewReader(c.body), "Content-Type", c.contentType, "Accept", accept, "X-CSRFToken", token)
			want := c.status
			if name == "fields repeated" && accept == "text/html" {
				want = 200 // a message on the field
			}
			if res.Status != want {
				t.Errorf("%s, %s: %d, want %d", name, accept, res.Status, want)
			}
			if !strings.Contains(res.Body, "API_ERROR") {
				t.Errorf("%s, %s: no API_ERROR", name, accept)
			}
		}
	}
}

func FuzzBind(f *testing.F) {
	f.Add("application/json", `{"email":"joe@example.com","password":"x","remember":null}`)
	f.Add("application/json", `{"email":{"a":[1,2.5e300]},"email":1}`)
	f.Add("application/json", "{\"password\":\"\\ud800\u0000\"}")
	f.Add("application/x-www-form-urlencoded", "email=%ff&password=%00;a&&=")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"email\"; filename=\"x\"\r\n\r\nx\r\n--b--\r\n")
	f.Add("a/b;", "x")
	app := kit.New(f, nil)
	app.NewUser(joe)
	b := app.Browser()
	token := b.CSRF("/login")
	before := app.Snapshot()
	f.Fuzz(func(t *testing.T, contentType, body string) {
		for _, rt := range app.Routes() {
			res := b.In(t).Do("POST", strings.ReplaceAll(rt.Path, "{", ""), strings.NewReader(body), "Content-Type", contentType, "X-CSRFToken", token)
			if res.Status >= 500 || res.Status < 200 {
				t.Errorf("%s: %d", rt.Path, res.Status)
			}
		}
		if app.In(t).Snapshot() != before {
			t.Error("something was written")
		}
	})
}
