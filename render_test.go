package doorward_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
)

// The application's templates take the place of the built-in ones, file by
// file: as a whole page, as blocks in the frame, or as the frame itself.
func TestTemplatesAreReplaced(t *testing.T) {
	whole := `<!doctype html><title>mine</title><form>{{template "csrf" .}}{{.Form.Email}}|{{.T "login"}}|{{.URL "verify"}}|{{.Action "login"}}|{{range .Err "email"}}{{.}}{{end}}</form>`
	for name, c := range map[string]struct {
		files    map[string]string
		has, not []string
	}{
		"whole page": {map[string]string{"security/login_user.html": whole}, []string{"&lt;b&gt;", "login", "/verify", "/login?next=/x", "INVALID_EMAIL_ADDRESS", `name="csrf_token"`}, []string{"<main", "<b>"}},
		"blocks":     {map[string]string{"security/login_user.html": `{{define "content"}}<p>my words</p>{{end}}`}, []string{"<main", "<p>my words</p>"}, []string{`name="password"`}},
		"frame":      {map[string]string{"security/base.html": `<body class="mine">{{block "content" .}}{{end}}`}, []string{`<body class="mine">`, `name="password"`}, []string{"<main"}},
		"menu":       {map[string]string{"security/_menu.html": `<nav>my menu</nav>`}, []string{"my menu", `name="password"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for n, text := range c.files {
				files[n] = &fstest.MapFile{Data: []byte(text)}
			}
			app := kit.New(t, func(cfg *batteries.Config) { cfg.Pages.Templates = files })
			res := app.Browser().PostForm("/login?next=/x", kit.Fields{"email": "<b>", "password": "x"}).Want(200).Contains(c.has...)
			for _, text := range c.not {
				if strings.Contains(res.Body, text) {
					t.Errorf("%q is in %s", text, res.Body)
				}
			}
		})
	}
}

// A template that cannot be parsed is known at start.
func TestBrokenTemplate(t *testing.T) {
	var cfg batteries.Config
	cfg.Stores, cfg.SecretKey = kit.New(t, nil).Stores, []byte(kit.SecretKey)
	cfg.Pages.Templates = fstest.MapFS{"security/verify.html": {Data: []byte("{{.Oops")}}
	if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), "security/verify.html") {
		t.Errorf("%v", err)
	}
}

// Context functions add to the pages of their scope, and to all.
func TestContextFunctions(t *testing.T) {
	page := &fstest.MapFile{Data: []byte(`[{{.Extra.everywhere}}|{{.Extra.here}}|{{shout "x"}}]`)}
	app := kit.New(t, func(c *batteries.Config) {
		c.Pages.Templates = fstest.MapFS{"security/login_user.html": page, "security/verify.html": page}
		c.Pages.Funcs = map[string]any{"shout": strings.ToUpper}
		c.Pages.Context = map[string]func(*http.Request) map[string]any{
			"":      func(r *http.Request) map[string]any { return map[string]any{"everywhere": r.URL.Path} },
			"login": func(*http.Request) map[string]any { return map[string]any{"here": "only"} },
		}
	})
	b := app.Browser()
	b.Get("/login").Want(200).Contains("[/login|only|X]")
	b.LoginAs(app.NewUser(joe))
	b.Get("/verify").Want(200).Contains("[/verify||X]")
}

// Texts are replaced by key, and keep their category.
func TestTextsAreReplaced(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Pages.Messages = map[string]doorward.Text{"INVALID_PASSWORD": {Text: "No, that is not it."}}
	})
	app.NewUser(joe)
	app.Browser().PostJSON("/login", kit.Fields{"email": joe, "password": "x"}).Want(400).Contains("No, that is not it.")
}

// The first attribute that accepts what was typed decides, and its look-up is
// not followed by another.
func TestIdentityAttributesInOrder(t *testing.T) {
	byNumber := doorward.IdentityAttribute{Attr: "us_phone_number", Map: func(s string) string {
		if !strings.HasPrefix(s, "+") {
			return ""
		}
		return strings.ReplaceAll(s, " ", "")
	}}
	app := kit.New(t, func(c *batteries.Config) {
		c.Identities, c.Usernames.Enable = []string{"us_phone_number", "email"}, true
		c.Mappers = map[string]doorward.IdentityAttribute{"us_phone_number": byNumber}
	})
	app.NewUser(joe, func(a *doorward.Account) { a.USPhoneNumber, a.Username = "+4930123", "joejoe" })
	app.NewUser(jane, func(a *doorward.Account) { a.Username = "+4930999" })
	for typed, want := range map[string]string{
		"+49 30 123": joe, "JOE@example.com": joe, "JoeJoe": joe, "nobody": "", "": "",
		"+49 30 999": "", // a telephone number to us, though it is a username to her
	} {
		u, err := app.Accounts().Find(t.Context(), typed)
		got := ""
		if err == nil {
			got = u.SecurityAccount().Email
		}
		if got != want {
			t.Errorf("%q is %q, want %q (%v)", typed, got, want, err)
		}
	}
}

// A page that settings name and only the application has is parsed at start, as
// its own version of a built-in one is.
func TestOwnPageNamedBySetting(t *testing.T) {
	own := fstest.MapFS{"security/house/door.html": {Data: []byte(`{{define "content"}}<p>The house's own door</p>{{end}}`)}}
	app := kit.New(t, func(c *batteries.Config) {
		c.Pages.Templates, c.Login.LoginTemplate = own, "security/house/door.html"
	})
	app.Browser().Get("/login").Want(200).Contains("The house's own door")

	own["security/house/door.html"].Data = []byte(`{{.Broken`)
	cfg := batteries.Config{}
	cfg.Stores, cfg.SecretKey, cfg.Pages.Templates = doorward.StoresFrom(memstore.New[member]()), []byte(kit.SecretKey), own
	if _, err := batteries.New(cfg); err == nil || !strings.Contains(err.Error(), "door.html") {
		t.Errorf("a broken page: %v", err)
	}
}

// Words of the program's are called what the texts say, and listed as they say.
func TestList(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Pages.Messages = map[string]doorward.Text{"via_password": {Text: "Kennwort"}, "list_more": {Text: "%(a)s; %(b)s"}}
		c.Pages.Templates = fstest.MapFS{"security/login_user.html": {Data: []byte(`{{.List "via" .Page.Identities}}|{{.Word "via" "password"}}|{{.Word "via" "magic"}}|{{.List "" .Page.Identities}}`)}}
		c.Usernames.Enable = true
	})
	app.Browser().Get("/login").Want(200).Contains("email; username|Kennwort|magic|email; username")
}
