package doorward_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/memstore"
)

// tongues is a Translator that puts the language before the English, and the
// number where there is one: "ar3:3 hours".
type tongues []string

func (l tongues) Languages() []string { return l }

func (l tongues) Translate(lang, _, one, many string, n int) (string, bool) {
	switch {
	case lang == "en" || !slices.Contains(l, lang):
		return "", false
	case many == "":
		return lang + ":" + one, true
	case n == 1:
		return lang + "1:" + one, true
	}
	return lang + strconv.Itoa(n) + ":" + many, true
}

// Match takes the first of accept that is offered. It trusts nobody: for
// "echo=x" it returns x, as a careless Translator might.
func (l tongues) Match(accept string, offered []string) string {
	for wish := range strings.SplitSeq(accept, ",") {
		wish, _, _ = strings.Cut(strings.TrimSpace(wish), ";")
		if x, ok := strings.CutPrefix(wish, "echo="); ok {
			return x
		}
		if slices.Contains(offered, wish) {
			return wish
		}
	}
	return ""
}

// speaker is a user who may have said in which language to speak to him.
type speaker struct {
	ID   int64  `db:"id,pk"`
	Lang string `db:"lang"`
	doorward.Account
}

func (s *speaker) PreferredLanguage() string { return s.Lang }

// speaking is an application in several languages, with users who chose one.
func speaking(t *testing.T, edit func(*doorward.Config), features ...doorward.Feature) *kit.App {
	t.Helper()
	return withFeatures(t, func(c *doorward.Config) {
		c.Stores = doorward.StoresFrom(memstore.New[speaker]())
		c.Languages.Translator = tongues{"en", "ar", "de", "az-Arab"}
		if edit != nil {
			edit(c)
		}
	}, features...)
}

func newSpeaker(t *testing.T, app *kit.App, email, lang string) doorward.User {
	t.Helper()
	u := app.NewUser(email)
	full, ok := u.(*speaker)
	if !ok {
		t.Fatalf("%T", u)
	}
	app.Delete(full)
	full.ID, full.Lang = 0, lang
	if err := app.Stores.Admin.CreateUser(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	return full
}

// Who decides in which language a visitor is answered: the application, the
// user, the browser, and then the default.
func TestLanguageOfAVisit(t *testing.T) {
	byCookie := func(r *http.Request) string {
		c, err := r.Cookie("lang")
		if err != nil {
			return ""
		}
		return c.Value
	}
	tests := map[string]struct {
		edit              func(*doorward.LanguageConfig)
		user, accept, pin string
		want, dir         string
	}{
		"nothing said":         {want: "en", dir: "ltr"},
		"browser":              {accept: "de", want: "de", dir: "ltr"},
		"right to left":        {accept: "ar", want: "ar", dir: "rtl"},
		"script decides":       {accept: "az-Arab", want: "az-Arab", dir: "rtl"},
		"second wish":          {accept: "tlh, de;q=0.5", want: "de", dir: "ltr"},
		"none of the wishes":   {accept: "tlh", want: "en", dir: "ltr"},
		"user":                 {user: "ar", accept: "de", want: "ar", dir: "rtl"},
		"user wants another":   {user: "tlh", accept: "de", want: "de", dir: "ltr"},
		"application":          {edit: func(c *doorward.LanguageConfig) { c.Choose = byCookie }, pin: "de", user: "ar", want: "de", dir: "ltr"},
		"application, nothing": {edit: func(c *doorward.LanguageConfig) { c.Choose = byCookie }, user: "ar", accept: "de", want: "ar", dir: "rtl"},
		"application asks who": {edit: func(c *doorward.LanguageConfig) {
			c.Choose = func(r *http.Request) string {
				if id, err := doorward.IdentityFrom(r.Context()); err == nil && id.User.SecurityAccount().Email == joe {
					return "de"
				}
				return "ar"
			}
		}, user: "en", want: "de", dir: "ltr"},
		"default":          {edit: func(c *doorward.LanguageConfig) { c.Default = "de" }, want: "de", dir: "ltr"},
		"not offered":      {edit: func(c *doorward.LanguageConfig) { c.Offered = []string{"en", "de"} }, user: "ar", accept: "ar", want: "en", dir: "ltr"},
		"one only":         {edit: func(c *doorward.LanguageConfig) { c.Offered, c.Default = []string{"ar"}, "ar" }, accept: "de", want: "ar", dir: "rtl"},
		"made up":          {accept: "echo=xx", want: "en", dir: "ltr"},
		"made up, markup":  {accept: `echo="><script>`, want: "en", dir: "ltr"},
		"no translations":  {edit: func(c *doorward.LanguageConfig) { c.Translator = tongues{"en"} }, accept: "de", want: "en", dir: "ltr"},
		"garbage":          {accept: strings.Repeat(",;=", 5000), want: "en", dir: "ltr"},
		"application, bad": {edit: func(c *doorward.LanguageConfig) { c.Choose = byCookie }, pin: "xx", accept: "ar", want: "ar", dir: "rtl"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			app := speaking(t, func(cfg *doorward.Config) {
				if c.edit != nil {
					c.edit(&cfg.Languages)
				}
			})
			u := newSpeaker(t, app, joe, c.user)
			b := app.Browser()
			b.SetCookie("lang", c.pin)
			if c.accept != "" {
				b.Header.Set("Accept-Language", c.accept)
			}
			page := "/login"
			if c.user != "" {
				b.LoginAs(u)
				page = "/verify"
			}
			res := b.Get(page).Want(200).Contains(`<html lang="` + c.want + `" dir="` + c.dir + `"`).Lacks("<script>")
			many := !strings.HasPrefix(name, "one only") && !strings.HasPrefix(name, "no trans")
			if got := res.Header.Get("Content-Language"); many && got != c.want {
				t.Errorf("Content-Language %q", got)
			}
			if got := strings.Join(res.Header.Values("Vary"), ","); strings.Contains(got, "Accept-Language") != many {
				t.Errorf("Vary %q", got)
			}
			b.JSON, b.NoCSRF = true, false
			words := "INVALID_PASSWORD"
			if page == "/login" {
				words = "EMAIL_NOT_PROVIDED"
			}
			if c.want != "en" {
				words = c.want + ":" + words
			}
			if res = b.Post(page, kit.Fields{"password": "x"}); !strings.Contains(res.Body, `"`+words+`"`) {
				t.Errorf("%s is not in %s", words, res.Body)
			}
			if got := res.Header.Get("Content-Language"); many && got != c.want {
				t.Errorf("Content-Language %q of JSON", got)
			}
		})
	}
}

// What is shown after a redirect is in the language in which it was said.
func TestFlashesAreTranslated(t *testing.T) {
	app := speaking(t, nil)
	u := newSpeaker(t, app, joe, "ar")
	b := app.Browser()
	b.LoginAs(u)
	b.PostForm("/verify", kit.Fields{"password": kit.Password}).Want(302)
	if got := b.Get("/verify").Flashes(); !slices.Equal(got, []string{"ar:REAUTHENTICATION_SUCCESSFUL"}) {
		t.Errorf("flashes %q", got)
	}
	b.PostForm("/verify", kit.Fields{"password": "x"}).Fails("password", "ar:INVALID_PASSWORD")
}

// Languages that nobody can answer in are known at start.
func TestLanguageSettings(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*doorward.LanguageConfig)
		want []string
	}{
		"unknown":              {func(c *doorward.LanguageConfig) { c.Offered = []string{"en", "tlh"} }, []string{"LANGUAGES", `"tlh"`, "ar, de"}},
		"no translations":      {func(c *doorward.LanguageConfig) { c.Translator, c.Offered = tongues{"en"}, []string{"en", "de"} }, []string{"LANGUAGES", `"de"`}},
		"default not there":    {func(c *doorward.LanguageConfig) { c.Default = "tlh" }, []string{"LANGUAGE", `"tlh"`}},
		"default not offered":  {func(c *doorward.LanguageConfig) { c.Offered = []string{"de", "ar"} }, []string{"LANGUAGE", `"en"`, "de, ar"}},
		"a Translator of none": {func(c *doorward.LanguageConfig) { c.Translator = tongues{} }, []string{"LANGUAGE", `"en"`}},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg batteries.Config
			cfg.Stores, cfg.SecretKey = kit.New(t, nil).Stores, []byte(kit.SecretKey)
			cfg.Languages.Translator = tongues{"en", "ar", "de"}
			c.edit(&cfg.Languages)
			_, err := batteries.New(cfg)
			for _, part := range c.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
		})
	}
}

// talker is a feature through which a test asks for texts.
type talker struct {
	bare
	rt *doorward.Runtime
}

func newTalker() *talker {
	f := &talker{}
	f.name = "talker"
	f.init = func(rt *doorward.Runtime) error {
		f.rt = rt
		return rt.Pages(noPages(), map[string]doorward.Text{
			"LIFE":   {Text: "for %(within)s"},
			"THINGS": {Text: "%(n)d thing of %(who)s", Plural: "%(n)d things of %(who)s"},
			"OUTER":  {Text: "%(inner)s!"},
		})
	}
	return f
}

func TestTexts(t *testing.T) {
	f := newTalker()
	speaking(t, func(c *doorward.Config) {
		c.Languages.Default = "en"
		c.Pages.Messages = nil
	}, f)
	arabic := newTalker()
	speaking(t, func(c *doorward.Config) { c.Languages.Default, c.Pages.Messages = "ar", nil }, arabic)
	const hour, day = time.Hour, 24 * time.Hour
	within := func(d time.Duration) doorward.Message { return doorward.M("LIFE", "within", d) }
	for name, c := range map[string]struct {
		m      doorward.Message
		en, ar string
	}{
		"nothing":        {within(0), "for 0 seconds", "ar:for ar0:0 seconds"},
		"less":           {within(999 * time.Millisecond), "for 0 seconds", ""},
		"negative":       {within(-hour), "for 0 seconds", ""},
		"second":         {within(time.Second), "for 1 second", "ar:for ar1:1 second"},
		"61 seconds":     {within(61 * time.Second), "for 1 minute and 1 second", "ar:for ar:ar1:1 minute and ar1:1 second"},
		"26 hours":       {within(26 * hour), "for 1 day and 2 hours", "ar:for ar:ar1:1 day and ar2:2 hours"},
		"800 days":       {within(800 * day), "for 2 years, 2 months, 10 days", "ar:for ar:ar:ar2:2 years, ar2:2 months, ar10:10 days"},
		"2 hours":        {within(2 * hour), "for 2 hours", "ar:for ar2:2 hours"},
		"90 minutes":     {within(90 * time.Minute), "for 1 hour and 30 minutes", ""},
		"longest":        {within(1<<63 - 1), "for 292 years, 5 months, 21 days, 23 hours, 47 minutes, 16 seconds", ""},
		"one":            {doorward.M("THINGS", "n", 1, "who", "a"), "1 thing of a", "ar1:1 thing of \u2068a\u2069"},
		"none":           {doorward.M("THINGS", "n", 0, "who", "a"), "0 things of a", "ar0:0 things of \u2068a\u2069"},
		"several":        {doorward.M("THINGS", "n", 11, "who", "a"), "11 things of a", "ar11:11 things of \u2068a\u2069"},
		"in each other":  {doorward.M("OUTER", "inner", within(hour)), "for 1 hour!", "ar:ar:for ar1:1 hour!"},
		"not twice":      {doorward.M("THINGS", "n", 1, "who", "%(n)d"), "1 thing of %(n)d", "ar1:1 thing of \u2068%(n)d\u2069"},
		"missing":        {doorward.M("LIFE"), "for %(within)s", ""},
		"own words":      {doorward.Message{Text: "Say %(it)s"}, "Say %(it)s", "Say %(it)s"},
		"unknown key":    {doorward.M("NO_SUCH_TEXT"), "NO_SUCH_TEXT", "NO_SUCH_TEXT"},
		"nothing at all": {doorward.Message{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if got := f.rt.Web().Text(ctx, c.m); got != c.en {
				t.Errorf("%q, want %q", got, c.en)
			}
			if got := arabic.rt.Web().Text(ctx, c.m); c.ar != "" && got != c.ar {
				t.Errorf("%q, want %q", got, c.ar)
			}
		})
	}
}

// Who asks for words while it is being found out who the visitor is gets them:
// nobody waits for himself.
func TestLanguageWhileIdentifying(t *testing.T) {
	f := newTalker()
	app := speaking(t, func(c *doorward.Config) {
		c.Session.Protection = conf.Some("strong")
		c.Languages.Choose = func(r *http.Request) string {
			_, _ = doorward.IdentityFrom(r.Context())
			return ""
		}
	}, f)
	said := ""
	err := app.Hooks().SessionProtected.On(func(ctx context.Context, _ doorward.SessionProtected) error {
		said = f.rt.Web().Text(ctx, doorward.M("LIFE", "within", time.Hour))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	u := newSpeaker(t, app, joe, "ar")
	for _, page := range []string{"/login", "/verify"} {
		said = ""
		b := app.Browser()
		b.LoginAs(u)
		b.Agent, b.Header = "another one", http.Header{"Accept-Language": {"de"}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.Get(page)
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("the request waits for itself")
		}
		if said != "de:for de1:1 hour" {
			t.Errorf("%q", said)
		}
	}
}

// The same with a lock by HTTP basic authentication, whose mail is written while
// the caller is looked for.
func TestMailWhileIdentifying(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		kit.Everything(c)
		c.Languages.Translator = tongues{"en", "ar"}
	})
	app.NewUser(joe)
	app.Mux.Handle("/basic", app.Require(doorward.Auth{Via: []string{doorward.MechanismBasic}})(http.NotFoundHandler()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 60 {
			app.Browser().Get("/basic", "Authorization", basic(joe, "wrong"), "Accept-Language", "ar")
			app.Clock.Advance(time.Hour)
		}
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("a request waits for itself")
	}
	if len(app.Outbox.Sent()) == 0 {
		t.Fatal("no mail about a lock: this tests nothing")
	}
	if m := app.Outbox.Sent()[0]; m.Language != "ar" || !strings.HasPrefix(m.Subject, "ar:") {
		t.Errorf("%q in %q", m.Subject, m.Language)
	}
}

// TestRightToLeftValues: what is put into a sentence that is written from right to
// left is set apart from it; a code is not, nor anything in other languages.
func TestRightToLeftValues(t *testing.T) {
	app := kit.New(t, func(c *batteries.Config) {
		c.Languages.Translator = tongues{"en", "ar", "de"}
		c.Pages.Messages["PHONE_INVALID"] = doorward.Text{Text: "%(phone)s %(email)s %(code)s %(n)d."}
		c.More = append(c.More, says(doorward.M("PHONE_INVALID", "phone", "+14155552671", "email", joe, "code", "012345", "n", 7)))
	})
	for lang, want := range map[string]string{
		"de": "de:+14155552671 " + joe + " 012345 7.",
		"ar": "ar:\u2068+14155552671\u2069 \u2068" + joe + "\u2069 012345 7.",
	} {
		b := app.Browser()
		b.JSON = true
		if got := b.Get("/says", "Accept-Language", lang).JSONAt("response.said"); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// says answers a message at /says.
func says(m doorward.Message) doorward.Feature {
	return &bare{name: "says", init: func(rt *doorward.Runtime) error {
		return rt.Handle(doorward.Route{Name: "says", Path: "/says", Get: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			return doorward.Result{JSON: map[string]any{"said": rt.Web().Text(r.Context(), m)}}, nil
		}})
	}}
}
