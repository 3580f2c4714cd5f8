package doorward_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// targets are what next may be and where it leads; "" is refused.
var targets = []struct{ next, to string }{
	{"/page1", "/page1"},
	{"page", "page"},
	{"?x=1", "?x=1"},
	{"/a?b#c", "/a?b#c"},
	{"/a b", "/a%20b"},
	{"/caf\u00e9", "/caf%C3%A9"},
	{"http://localhost/x", "http://localhost/x"},
	{"https://localhost/x", "https://localhost/x"},
	{"HTTPS://localhost/x", "https://localhost/x"},
	{"//localhost/x", "//localhost/x"},
	{"verify", "/verify"},  // the name of a page
	{".verify", "/verify"}, // the same, as the contract writes it
	{`\\github.com`, "%5C%5Cgithub.com"},
	{`/\github.com`, "/%5Cgithub.com"},
	{`\/github.com`, "%5C/github.com"},
	{"%5C%5Cgithub.com", "%255C%255Cgithub.com"},
	{"/%2F%2Fgithub.com", "/%252F%252Fgithub.com"},
	{"//github.com", ""},
	{"http://evil.example/x", ""},
	{"http:///evil.com", ""},
	{"javascript:alert(1)", ""},
	{"JavaScript:alert(1)", ""},
	{"data:text/html,x", ""},
	{"/////github.com", ""},
	{"///evil.com/a", ""},
	{" //github.com", ""},
	{"\t//github.com", ""},
	{"/\t/github.com", ""},
	{"/\n/github.com", ""},
	{"java\tscript:alert(1)", ""},
	{" /page1", ""},
	{"http:evil.example", ""},
	{"http:/evil.example", ""},
	{"https:/\\evil.example", ""},
	{"ftp://localhost/x", ""},
	{"http://localhost:80/x", ""},
	{"http://user:pw@localhost/x", ""},
	{"http://localhost@evil.example/x", ""},
	{`http://localhost\.evil.example/x`, ""},
	{"http://localhost.evil.example/x", ""},
	{"http://LOCALHOST.evil.example", ""},
	{":", ""},
	{"/x\x00y", ""},
	{"/" + strings.Repeat("a", 4096), ""},
}

func TestTargets(t *testing.T) {
	app := kit.New(t, nil)
	for _, c := range targets {
		want := c.to
		if want == "" {
			want = "/" // the view takes its place
		}
		// /logout has no field next: what is refused is skipped without a word.
		res := app.Browser().PostForm("/logout?x=1", kit.Fields{"next": c.next})
		if res.Location() != want {
			t.Errorf("form %q: leads to %q, want %q", c.next, res.Location(), want)
		}
		res = app.Browser().PostForm("/logout?next="+url.QueryEscape(c.next), kit.Fields{})
		if res.Location() != want {
			t.Errorf("query %q: leads to %q, want %q", c.next, res.Location(), want)
		}
	}
}

// Where next is a field, a bad one fails the request before anything is hashed.
func TestNextField(t *testing.T) {
	app := kit.New(t, nil)
	app.NewUser(joe)
	for _, c := range targets {
		b := app.Browser()
		b.JSON = true
		b.CSRF("/login")
		before := app.Hashes()
		res := b.PostForm("/login", kit.Fields{"email": joe, "password": kit.Password, "next": c.next})
		switch {
		case c.to != "" && res.Status != 200:
			t.Errorf("%q: %d %s", c.next, res.Status, res.Body)
		case c.to == "" && strings.TrimSpace(c.next) != "" && (res.Status != 400 || app.Hashes() != before):
			t.Errorf("%q: %d, %d hashes", c.next, res.Status, app.Hashes()-before)
		}
	}
}

func TestTargetOrder(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) { c.URLs.PostLogin = "/home" })
	app.NewUser(joe)
	for _, c := range map[string]struct{ query, form, to string }{
		"view":              {"", "", "/home"},
		"query":             {"/q", "", "/q"},
		"form before query": {"/q", "/f", "/f"},
		"blank form":        {"/q", " ", "/q"},
	} {
		fields := credentials(joe)
		if c.form != "" {
			fields["next"] = c.form
		}
		app.Browser().PostForm("/login?next="+c.query, fields).GoesTo(c.to)
		if c.form == "" {
			continue
		}
		// A JSON body's next is checked, and is nobody's target.
		b := app.Browser()
		b.CSRF("/login")
		res := b.PostJSON("/login", fields)
		res.Want(200).Lacks("/f")
	}
	// The page hands the query's next on in its form, so that a bad one fails there.
	res := app.Browser().Get("/login?next=/q").Want(200)
	res.Contains(`name="next" value="/q"`)
	b := app.Browser()
	b.JSON = true
	b.PostForm("/login?next=//evil.example", credentials(joe)).Want(400).Contains("INVALID_REDIRECT")
	u := app.NewUser(jane)
	b = app.Browser()
	b.LoginAs(u)
	b.PostForm("/verify?next=//evil.example", kit.Fields{"password": kit.Password}).GoesTo("/") // no field: skipped
}

func TestTargetHosts(t *testing.T) {
	subdomains := func(c *batteries.Config) { c.URLs.AllowSubdomains, c.URLs.ServerName = true, "lp.com" }
	base := func(c *batteries.Config) { c.URLs.BaseDomain, c.URLs.Subdomains = "big.org", []string{"app", "."} }
	for _, c := range []struct {
		edit     func(*batteries.Config)
		next, to string
	}{
		{subdomains, "https://lp.com/x", "https://lp.com/x"},
		{subdomains, "https://a.b.lp.com/x", "https://a.b.lp.com/x"},
		{subdomains, `https://amazon.com\.lp.com`, "https://amazon.com%5C.lp.com"},
		{subdomains, "https://evillp.com/x", "/"},
		{subdomains, "https://lp.com.evil.example/x", "/"},
		{subdomains, "https://lp.com:8443/x", "/"},
		{subdomains, "https://.lp.com@evil.example/x", "/"},
		{base, "https://app.big.org/x", "https://app.big.org/x"},
		{base, "https://big.org/x", "https://big.org/x"},
		{base, "https://other.big.org/x", "/"},
		{base, "https://x.app.big.org/x", "/"},
		{base, "https://appbig.org/x", "/"},
		{func(c *batteries.Config) { c.URLs.Subdomains = []string{"app"}; c.URLs.BaseDomain = "big.org" }, "https://big.org/x", "/"},
		{func(c *batteries.Config) { c.URLs.ServerName = "lp.com" }, "https://lp.com/x", "/"},
		{func(c *batteries.Config) { c.URLs.PostLogout = "login" }, "", "/login"},
		{func(c *batteries.Config) { c.URLs.Prefix = "/auth"; c.URLs.PostLogout = "login" }, "", "/auth/login"},
		{func(c *batteries.Config) {
			c.URLs.PostLogout, c.URLs.RedirectHost = "http://a.example/x?y", "localhost:8080"
		}, "", "http://localhost:8080/x?y"},
	} {
		app := kit.New(t, c.edit)
		path := app.Route("logout").Path
		if got := app.Browser().PostForm(path, kit.Fields{"next": c.next}).Location(); got != c.to {
			t.Errorf("%q: leads to %q, want %q", c.next, got, c.to)
		}
	}
}

// browserReads is where a browser on http://localhost/dir/page goes, by the
// rules of the URL standard that matter here.
func browserReads(to string) (host string, script bool) {
	to = strings.TrimFunc(to, func(r rune) bool { return r <= ' ' })
	to = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(to)
	rest := to
	if i := strings.IndexAny(to, ":/?#\\"); i > 0 && to[i] == ':' {
		scheme := strings.ToLower(to[:i])
		if scheme != "http" && scheme != "https" {
			return "", true
		}
		rest = "//" + strings.TrimLeft(to[i+1:], `/\`) // however many slashes
	}
	if len(rest) < 2 || !strings.ContainsRune(`/\`, rune(rest[0])) || !strings.ContainsRune(`/\`, rune(rest[1])) {
		return "localhost", false
	}
	rest = strings.TrimLeft(rest, `/\`)
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return rest, false
}

func FuzzRedirect(f *testing.F) {
	for _, c := range targets {
		f.Add(c.next)
	}
	app := kit.New(f, nil)
	f.Fuzz(func(t *testing.T, next string) {
		b := app.In(t).Browser()
		for _, to := range []string{
			b.PostForm("/logout", kit.Fields{"next": next, "csrf_token": ""}).Location(),
			b.PostForm("/logout?next="+url.QueryEscape(next), kit.Fields{"csrf_token": ""}).Location(),
		} {
			if host, script := browserReads(to); host != kit.Host || script {
				t.Errorf("next %q leads a browser by %q to %q", next, to, host)
			}
			if strings.ContainsFunc(to, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("next %q: odd characters in %q", next, to)
			}
		}
	})
}
