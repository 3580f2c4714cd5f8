package forwardauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestPeers: who is no trusted proxy is told nothing, and nothing he says of
// the original request is used.
func TestPeers(t *testing.T) {
	for name, c := range map[string]struct {
		proxies []string
		peer    string
		status  int
	}{
		"an address":         {nil, "127.0.0.1:1", 200},
		"a network":          {nil, "10.9.8.7:1", 200},
		"IPv6":               {nil, "[::1]:1", 200},
		"IPv4 in IPv6":       {nil, "[::ffff:10.9.8.7]:1", 200},
		"a stranger":         {nil, "192.0.2.1:1", 403},
		"a stranger in IPv6": {nil, "[2001:db8::1]:1", 403},
		"no address":         {nil, "@", 403},
		"nobody is trusted":  {[]string{}, "127.0.0.1:1", 403},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, func(cfg *batteries.Config) {
				if c.proxies != nil {
					cfg.Limits.TrustedProxies = c.proxies
				}
			})
			got, to := d.ask("mechanism=token", nil, "Authentication-Token", d.token, "Peer", c.peer)
			if got != c.status || to != "" {
				t.Errorf("%d %q", got, to)
			}
			if got, to := d.ask("", nil, "Peer", c.peer); c.status == 403 && (got != 403 || to != "") {
				t.Errorf("nobody: %d %q", got, to)
			}
		})
	}
}

func TestOriginalRequest(t *testing.T) {
	d := newDoor(t, nil)
	long := strings.Repeat("x", maxURL)
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"as it should be":        {nil, 200},
		"no query":               {[]string{"X-Forwarded-Uri", "/"}, 200},
		"a backslash in a query": {[]string{"X-Forwarded-Uri", `/?a=\b`}, 200},
		"a dot segment":          {[]string{"X-Forwarded-Uri", "/a/../b/%2e%2e/c"}, 200},
		"a URL in the query":     {[]string{"X-Forwarded-Uri", "/?u=https://evil.example//x"}, 200},
		"a host in capitals":     {[]string{"X-Forwarded-Host", "LOCALHOST"}, 200},
		"the scheme's port":      {[]string{"X-Forwarded-Host", "localhost:80"}, 200},
		"a socket":               {[]string{"X-Forwarded-Proto", "ws"}, 200},

		"no method":    {[]string{"X-Forwarded-Method", "-"}, 403},
		"no scheme":    {[]string{"X-Forwarded-Proto", "-"}, 403},
		"no host":      {[]string{"X-Forwarded-Host", "-"}, 403},
		"no path":      {[]string{"X-Forwarded-Uri", "-"}, 403},
		"two methods":  {[]string{"+X-Forwarded-Method", "GET"}, 403},
		"two schemes":  {[]string{"+X-Forwarded-Proto", "http"}, 403},
		"two hosts":    {[]string{"+X-Forwarded-Host", kit.Host}, 403},
		"two paths":    {[]string{"+X-Forwarded-Uri", "/page"}, 403},
		"hosts, joint": {[]string{"X-Forwarded-Host", kit.Host + ", " + kit.Host}, 403},

		"an empty method":     {[]string{"X-Forwarded-Method", ""}, 403},
		"a method in lines":   {[]string{"X-Forwarded-Method", "GET\r\nX: y"}, 403},
		"a method, too long":  {[]string{"X-Forwarded-Method", long}, 403},
		"a method in letters": {[]string{"X-Forwarded-Method", "get"}, 403},
		"a tunnel":            {[]string{"X-Forwarded-Method", "CONNECT"}, 403},
		"another scheme":      {[]string{"X-Forwarded-Proto", "javascript"}, 403},
		"a scheme and more":   {[]string{"X-Forwarded-Proto", "https://x"}, 403},

		"a foreign host":       {[]string{"X-Forwarded-Host", "evil.example"}, 403},
		"a host before ours":   {[]string{"X-Forwarded-Host", "evil.localhost"}, 403},
		"a host behind ours":   {[]string{"X-Forwarded-Host", "localhost.evil.example"}, 403},
		"another port":         {[]string{"X-Forwarded-Host", "localhost:8443"}, 403},
		"no port":              {[]string{"X-Forwarded-Host", "localhost:"}, 403},
		"a name and a host":    {[]string{"X-Forwarded-Host", "localhost@evil.example"}, 403},
		"a path in a host":     {[]string{"X-Forwarded-Host", "localhost/x"}, 403},
		"a backslash in one":   {[]string{"X-Forwarded-Host", `localhost\.evil.example`}, 403},
		"blanks round a host":  {[]string{"X-Forwarded-Host", " localhost"}, 403},
		"NUL in a host":        {[]string{"X-Forwarded-Host", "localhost\x00.evil.example"}, 403},
		"a host, too long":     {[]string{"X-Forwarded-Host", strings.Repeat("x", 300)}, 403},
		"a dot behind a host":  {[]string{"X-Forwarded-Host", "localhost."}, 403},
		"an empty host":        {[]string{"X-Forwarded-Host", ""}, 403},
		"brackets in disorder": {[]string{"X-Forwarded-Host", "[localhost"}, 403},

		"an absolute URL":    {[]string{"X-Forwarded-Uri", "https://evil.example/"}, 403},
		"ours, absolute":     {[]string{"X-Forwarded-Uri", "http://localhost/"}, 403},
		"an asterisk":        {[]string{"X-Forwarded-Uri", "*"}, 403},
		"a relative path":    {[]string{"X-Forwarded-Uri", "page"}, 403},
		"an empty path":      {[]string{"X-Forwarded-Uri", ""}, 403},
		"two slashes":        {[]string{"X-Forwarded-Uri", "//evil.example/"}, 403},
		"three slashes":      {[]string{"X-Forwarded-Uri", "///evil.example/"}, 403},
		"a slash, backslash": {[]string{"X-Forwarded-Uri", `/\evil.example/`}, 403},
		"backslashes":        {[]string{"X-Forwarded-Uri", `\\evil.example/`}, 403},
		"a tab in it":        {[]string{"X-Forwarded-Uri", "/\t/evil.example/"}, 403},
		"a line break":       {[]string{"X-Forwarded-Uri", "/x\r\nSet-Cookie: a=b"}, 403},
		"NUL":                {[]string{"X-Forwarded-Uri", "/x\x00"}, 403},
		"a blank":            {[]string{"X-Forwarded-Uri", "/x y"}, 403},
		"letters beyond":     {[]string{"X-Forwarded-Uri", "/caf\u00e9"}, 403},
		"a fragment":         {[]string{"X-Forwarded-Uri", "/x#y"}, 403},
		"too long":           {[]string{"X-Forwarded-Uri", "/" + long}, 403},

		"an underscore":          {[]string{"Remote_User", "root"}, 403},
		"in small letters":       {[]string{"remote_groups", "admin"}, 403},
		"one of two":             {[]string{"X-Forwarded_Host", kit.Host}, 403},
		"for the address":        {[]string{"x_forwarded_for", "192.0.2.1"}, 403},
		"another underscore":     {[]string{"X_Own", "x"}, 200},
		"Remote-User, plainly":   {[]string{"Remote-User", "root"}, 200},
		"somebody else's header": {[]string{"X-Original-Url", "https://evil.example/", "X-Original-Method", "POST", "X-Rewrite-Url", "/x"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			got, to := d.ask("", d.ann, c.headers...)
			if got != c.status || to != "" {
				t.Errorf("%d %q", got, to)
			}
			got, to = d.ask("", nil, c.headers...)
			if c.status == 403 && (got != 403 || to != "") {
				t.Errorf("nobody: %d %q", got, to)
			}
			if strings.Contains(to, "evil.example") && !strings.HasPrefix(to, "/login?next=/") {
				t.Errorf("leads away: %q", to)
			}
		})
	}
	if log := d.Logs.String(); strings.Contains(log, strings.Repeat("x", 300)) || strings.Contains(log, "page?a=b") {
		t.Error("what a stranger sent is in the log")
	}
}

// TestSockets: some proxies call the scheme of an upgrade by its own name, and
// the cookie that goes with TLS is found all the same.
func TestSockets(t *testing.T) {
	d := newDoor(t, nil)
	b := d.Browser()
	b.TLS = true
	b.PostForm("/login", kit.Fields{"email": ann, "password": kit.Password}).Want(http.StatusFound)
	for scheme, want := range map[string]int{"https": 200, "wss": 200, "http": 401, "ws": 401} {
		if got, _ := d.ask("", b, "X-Forwarded-Proto", scheme, "Sec-WebSocket-Key", "x"); got != want {
			t.Errorf("%s: %d", scheme, got)
		}
	}
}

// TestOtherHosts: applications on hosts of their own, where the settings allow it.
func TestOtherHosts(t *testing.T) {
	list := func(c *batteries.Config) {
		c.URLs.ServerName, c.URLs.BaseDomain, c.URLs.Subdomains = "auth.example.org", "example.org", []string{"wiki", "."}
	}
	all := func(c *batteries.Config) { c.URLs.ServerName, c.URLs.AllowSubdomains = "example.org", true }
	for name, c := range map[string]struct {
		edit   func(*batteries.Config)
		host   string
		status int
		page   string
		back   string
	}{
		"our own":             {list, "auth.example.org", 302, "https://auth.example.org/login", "/page?a=b"},
		"listed":              {list, "wiki.example.org", 302, "https://auth.example.org/login", "https://wiki.example.org/page?a=b"},
		"listed, capitals":    {list, "Wiki.Example.Org", 302, "https://auth.example.org/login", "https://wiki.example.org/page?a=b"},
		"our own, port":       {list, "auth.example.org:443", 302, "https://auth.example.org/login", "/page?a=b"},
		"listed, port":        {list, "wiki.example.org:443", 302, "https://auth.example.org/login", "https://wiki.example.org/page?a=b"},
		"the domain":          {list, "example.org", 302, "https://auth.example.org/login", "https://example.org/page?a=b"},
		"another port":        {list, "wiki.example.org:8443", 403, "", ""},
		"not listed":          {list, "shop.example.org", 403, "", ""},
		"below":               {list, "x.wiki.example.org", 403, "", ""},
		"looks like it":       {list, "wikiexample.org", 403, "", ""},
		"goes on":             {list, "wiki.example.org.evil.example", 403, "", ""},
		"an empty label":      {list, ".example.org", 403, "", ""},
		"every subdomain":     {all, "any.example.org", 302, "https://example.org/login", "https://any.example.org/page?a=b"},
		"not every domain":    {all, "example.com", 403, "", ""},
		"the proxy's Host":    {list, kit.Host, 403, "", ""},
		"no name of our own":  {nil, "wiki.example.org", 403, "", ""},
		"nameless, one host":  {nil, kit.Host, 302, "/login", "/page?a=b"},
		"a list without name": {func(c *batteries.Config) { list(c); c.URLs.ServerName = "" }, "wiki.example.org", 403, "", ""},
		"a development host":  {func(c *batteries.Config) { list(c); c.URLs.RedirectHost = "dev.example.org" }, "evil.example", 403, "", ""},
		"pages on a subdomain": {func(c *batteries.Config) {
			c.URLs.ServerName, c.URLs.Subdomain, c.URLs.BaseDomain, c.URLs.Subdomains = "example.org", "auth", "example.org", []string{"wiki"}
		}, "wiki.example.org", 302, "https://auth.example.org/login", "https://wiki.example.org/page?a=b"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newBareDoor(t, c.edit)
			got, to := d.ask("", nil, "X-Forwarded-Host", c.host, "X-Forwarded-Proto", "https")
			u, err := url.Parse(to)
			if err != nil || got != c.status {
				t.Fatalf("%d %q", got, to)
			}
			page, _, _ := strings.Cut(to, "?")
			if page != c.page || u.Query().Get("next") != c.back {
				t.Errorf("%q", to)
			}
			if got == http.StatusForbidden && !strings.Contains(d.Logs.String(), "is not ours; set SERVER_NAME") {
				t.Error("the log does not say why")
			}
		})
	}
}
