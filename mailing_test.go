package doorward_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/mail"
)

func noPages() fs.FS { return fstest.MapFS{"templates/none.txt": {}} }

// writer is a feature with one mail.
type writer struct {
	bare
	rt  *doorward.Runtime
	lax bool // it does without what mails need
}

const greeting = "security/email/greeting"

func newWriter() *writer {
	f := &writer{}
	f.name = "writer"
	f.init = func(rt *doorward.Runtime) error {
		f.rt = rt
		need := rt.Mail().Need("writer")
		if f.lax {
			need = nil
		}
		return errors.Join(need, rt.Pages(fstest.MapFS{
			"templates/" + greeting + ".txt":  {Data: []byte("{{define \"content\"}}{{.T \"hello\" \"name\" .Mail.name}}\n{{template \"link\" (dict \"url\" .Mail.go_link)}}{{.T \"mail_link_once\" \"within\" .Mail.within}}\n{{end}}")},
			"templates/" + greeting + ".html": {Data: []byte(`{{define "content"}}<p>{{.T "hello" "name" .Mail.name}}</p>{{template "link" (dict "V" . "url" .Mail.go_link "text" (.T "go_button"))}}{{end}}`)},
		}, map[string]doorward.Text{
			"hello": {Text: "Hello %(name)s."}, "go_button": {Text: "Go there"}, "EMAIL_SUBJECT_GREETING": {Text: "A greeting"},
		}))
	}
	return f
}

func letter(edit ...func(*doorward.Letter)) doorward.Letter {
	l := doorward.Letter{Template: greeting, Subject: doorward.Subject("EMAIL_SUBJECT_GREETING", ""), To: joe,
		Values: map[string]any{"name": "Joe", "go_link": "https://localhost/go/abc", "within": 2 * time.Hour}}
	for _, f := range edit {
		f(&l)
	}
	return l
}

// post writes a letter and returns the mail that comes of it.
func (f *writer) post(t *testing.T, ctx context.Context, app *kit.App, l doorward.Letter) mail.Message {
	t.Helper()
	app.Outbox.Reset()
	if err := f.rt.Mail().Send(ctx, l); err != nil {
		t.Fatal(err)
	}
	sent := app.Outbox.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d mails were sent\n%s", len(sent), app.Logs)
	}
	return sent[0]
}

func want(t *testing.T, what, text string, has ...string) {
	t.Helper()
	for _, part := range has {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q is missing from\n%s", what, part, text)
		}
	}
}

func TestMail(t *testing.T) {
	f := newWriter()
	app := withFeatures(t, func(c *doorward.Config) { c.Pages.Title = "Example" }, f)
	m := f.post(t, t.Context(), app, letter())
	if m.To != joe || m.From != "no-reply@localhost" || m.Subject != "A greeting" || m.Template != "greeting" || m.Language != "en" {
		t.Errorf("%+v", m)
	}
	if plain := "A greeting\n\nHello Joe.\n\nhttps://localhost/go/abc\n\nThe link works once, within 2 hours.\n\n--\nExample\nhttps://localhost/\n"; m.Text != plain {
		t.Errorf("%q, want %q", m.Text, plain)
	}
	want(t, "HTML", m.HTML, `<html lang="en" dir="ltr">`, "<h1>A greeting</h1>", "<p>Hello Joe.</p>", `class="button" href="https://localhost/go/abc"`, ">Go there</a>", `<a href="https://localhost/">Example</a>`, ".card {")
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}

// What a stranger chose is text: no markup in HTML, no paragraph in plain text,
// no header in the subject.
func TestMailHoldsItsForm(t *testing.T) {
	const evil = "Joe</p><script>alert(1)</script>\r\n\r\nBcc: all@example.com\r\nYou won: https://evil.example\u2028x\u0085y"
	f := newWriter()
	app := withFeatures(t, func(c *doorward.Config) {
		c.Pages.Messages["EMAIL_SUBJECT_GREETING"] = doorward.Text{Text: "For %(name)s"}
	}, f)
	m := f.post(t, t.Context(), app, letter(func(l *doorward.Letter) {
		l.Subject = doorward.M("EMAIL_SUBJECT_GREETING", "name", evil)
		l.Values["name"] = evil
	}))
	if strings.ContainsAny(m.Subject, "\r\n\u2028\u0085") {
		t.Errorf("subject %q", m.Subject)
	}
	for line := range strings.Lines(m.Text) {
		if strings.HasPrefix(line, "Bcc") || strings.HasPrefix(line, "You won") {
			t.Errorf("a stranger wrote a line of the mail: %q", line)
		}
	}
	if strings.Contains(m.HTML, "<script") {
		t.Errorf("markup:\n%s", m.HTML)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	u := app.NewUser(joe)
	u.SecurityAccount().Username = evil
	own := withFeatures(t, func(c *doorward.Config) {
		c.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte(`{{.T "hello" "name" .User.Username}}`)}}
	}, f)
	if m := f.post(t, t.Context(), own, letter(func(l *doorward.Letter) { l.User = u })); strings.Count(m.Text, "\n") != 1 {
		t.Errorf("a stranger wrote a line of the mail: %q", m.Text)
	}
	f = newWriter()
	app = withFeatures(t, nil, f)
	// A link that is none becomes none.
	m = f.post(t, t.Context(), app, letter(func(l *doorward.Letter) { l.Values["go_link"] = "javascript:alert(1)" }))
	if strings.Contains(m.HTML, `href="javascript`) {
		t.Errorf("a script as a link:\n%s", m.HTML)
	}
}

// The caller's values are his own.
func TestMailLeavesValues(t *testing.T) {
	f := newWriter()
	app := withFeatures(t, func(c *doorward.Config) {
		c.Pages.Context = map[string]func(*http.Request) map[string]any{"mail": func(*http.Request) map[string]any { return map[string]any{"name": "Changed"} }}
	}, f)
	app.Mux.HandleFunc("/write", func(_ http.ResponseWriter, r *http.Request) {
		l := letter(func(l *doorward.Letter) { l.Values["name"] = "a\nb" })
		_ = f.post(t, r.Context(), app, l)
		if l.Values["name"] != "a\nb" || len(l.Values) != 3 {
			t.Errorf("%v", l.Values)
		}
	})
	app.Browser().Get("/write").Want(200)
}

// A mail is in the language of its reader, or of the request that it is because
// of, or in the default.
func TestMailLanguage(t *testing.T) {
	for name, c := range map[string]struct{ reader, accept, want, dir string }{
		"reader":            {"ar", "de", "ar", "rtl"},
		"request":           {"", "de", "de", "ltr"},
		"reader, unknown":   {"tlh", "ar", "ar", "rtl"},
		"nobody said":       {"", "", "en", "ltr"},
		"without a request": {"de", "-", "de", "ltr"},
		"neither":           {"", "-", "en", "ltr"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newWriter()
			app := speaking(t, nil, f)
			u := newSpeaker(t, app, joe, c.reader)
			var m mail.Message
			write := func(ctx context.Context) {
				m = f.post(t, ctx, app, letter(func(l *doorward.Letter) { l.User = u }))
			}
			app.Mux.HandleFunc("/write", func(_ http.ResponseWriter, r *http.Request) { write(r.Context()) })
			if c.accept == "-" {
				write(t.Context())
			} else {
				app.Browser().Get("/write", "Accept-Language", c.accept)
			}
			subject, button := "A greeting", ">Go there<"
			once := "The link works once, within 2 hours."
			if c.want != "en" {
				subject, button = c.want+":"+subject, ">"+c.want+":Go there<"
				once = c.want + ":The link works once, within " + c.want + "2:2 hours."
			}
			if m.Subject != subject || m.Language != c.want {
				t.Errorf("subject %q in %q", m.Subject, m.Language)
			}
			want(t, "HTML", m.HTML, `<html lang="`+c.want+`" dir="`+c.dir+`">`, button)
			want(t, "text", m.Text, once)
		})
	}
}

// Each file of a mail can be replaced: by blocks in the frame, as a whole, and
// the frame and the style sheet themselves; and an application has mails of its own.
func TestMailTemplatesAreReplaced(t *testing.T) {
	const txt, htm, own = greeting + ".txt", greeting + ".html", "security/email/own"
	for name, c := range map[string]struct {
		files                      map[string]string
		template                   string
		text, html, noText, noHTML string
	}{
		"text, block":   {files: map[string]string{txt: `{{define "content"}}My words for {{.Mail.name}}.{{end}}`}, text: "A greeting\n\nMy words for Joe.\n", html: "Go there"},
		"text, whole":   {files: map[string]string{txt: `Just <this> for {{.Mail.name}}.`}, text: "Just <this> for Joe.\n", noText: "A greeting", html: "Go there"},
		"HTML, block":   {files: map[string]string{htm: `{{define "content"}}<b>{{.Mail.name}}</b>{{end}}`}, html: "<h1>A greeting</h1>\n<b>Joe</b>", noHTML: "Go there", text: "Hello"},
		"HTML, whole":   {files: map[string]string{htm: `<b>{{.Subject}}</b>`}, html: "<b>A greeting</b>", noHTML: "<h1>", text: "Hello"},
		"frame, text":   {files: map[string]string{"security/email/base.txt": `[{{block "content" .}}{{end}}]{{define "link"}}->{{.url}}{{end}}`}, text: "[Hello Joe.\n->https", html: "<h1>"},
		"frame, HTML":   {files: map[string]string{"security/email/base.html": `<i>{{block "content" .}}{{end}}</i>{{define "link"}}{{.url}}{{end}}`}, html: "<i><p>Hello Joe.</p>https://localhost/go/abc</i>", noHTML: "<h1>", text: "Hello"},
		"style":         {files: map[string]string{"security/email/style.css": `.card > h1 { color: #123456 }`}, html: "<style>.card > h1 { color: #123456 }</style>", noHTML: ".foot {", text: "Hello"},
		"empty":         {files: map[string]string{txt: "", htm: ""}, text: "A greeting\n", noText: "Hello", html: "<h1>", noHTML: "Go there"},
		"own":           {files: map[string]string{own + ".txt": "{{.Lang}} {{.Dir}} {{.Site}} {{.Home}} {{.URL `login`}} [{{.URL `nothing`}}] {{shout `x`}}", own + ".html": "<p>{{shout .Subject}}</p>"}, template: own, text: "en ltr Example https://localhost/ https://localhost/login [] X", html: "<p>A GREETING</p>"},
		"own, text":     {files: map[string]string{own + ".txt": "only text"}, template: own, text: "only text", noHTML: "<"},
		"own, HTML":     {files: map[string]string{own + ".html": "<p>only</p>"}, template: own, html: "<p>only</p>", noText: "only"},
		"nothing there": {files: map[string]string{"security/email/notes.md": "{{.Oops"}, text: "Hello", html: "Hello"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for n, text := range c.files {
				files[n] = &fstest.MapFile{Data: []byte(text)}
			}
			f := newWriter()
			app := withFeatures(t, func(cfg *doorward.Config) {
				cfg.Pages.Templates, cfg.Pages.Title = files, "Example"
				cfg.Pages.Funcs = map[string]any{"shout": strings.ToUpper}
			}, f)
			m := f.post(t, t.Context(), app, letter(func(l *doorward.Letter) {
				if c.template != "" {
					l.Template = c.template
				}
			}))
			want(t, "text", m.Text, c.text)
			want(t, "HTML", m.HTML, c.html)
			if c.noText != "" && strings.Contains(m.Text, c.noText) || c.noHTML != "" && strings.Contains(m.HTML, c.noHTML) {
				t.Errorf("too much in it:\n%s\n%s", m.Text, m.HTML)
			}
		})
	}
}

// Where a page has no address, a mail names none.
func TestMailURLs(t *testing.T) {
	for host, want := range map[string]string{"example.com": "https://example.com/page||https://example.com/", "": "||"} {
		f, outbox, stores := newWriter(), &mail.Outbox{}, kit.New(t, nil).Stores
		f.lax = true
		cfg := doorward.Config{Stores: stores, SecretKey: []byte(kit.SecretKey)}
		cfg.Mail.Sender, cfg.URLs.ServerName = outbox, host
		cfg.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte(`{{.URL "page"}}|{{.URL "go"}}|{{.Home}}`)}}
		page := &bare{name: "page", init: func(rt *doorward.Runtime) error {
			return rt.Handle(doorward.Route{Name: "page", Path: "/page"})
		}}
		s, err := doorward.New(cfg, f, newLinker("go"), page)
		if err == nil {
			t.Cleanup(func() { _ = s.Close(context.Background()) })
			err = f.rt.Mail().Send(t.Context(), letter())
		}
		if err != nil || outbox.Sent()[0].Text != want+"\n" {
			t.Errorf("%q: %v %q", host, err, outbox.Sent())
		}
	}
}

// A mail that cannot be parsed or escaped is known at start.
func TestBrokenMailTemplate(t *testing.T) {
	for file, words := range map[string]string{
		greeting + ".txt":            "{{.Oops",
		greeting + ".html":           "{{.Oops",
		"security/email/own.txt":     "{{nosuchfunc}}",
		"security/email/own.html":    "{{nosuchfunc}}",
		"security/email/unsafe.html": `<a href="{{if .Subject}}"{{end}}>`,
		"security/email/base.txt":    "{{end}}",
		"security/email/base.html":   "{{end}}",
	} {
		t.Run(file, func(t *testing.T) {
			var cfg batteries.Config
			app := kit.New(t, nil)
			cfg.Stores, cfg.SecretKey, cfg.Mail.Sender, cfg.URLs.ServerName = app.Stores, []byte(kit.SecretKey), app.Outbox, "localhost"
			cfg.Pages.Templates = fstest.MapFS{file: {Data: []byte(words)}}
			cfg.More = []doorward.Feature{newWriter()}
			_, err := batteries.New(cfg)
			name := strings.TrimSuffix(strings.TrimPrefix(file, "security/email/"), ".txt")
			if err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(name, ".html")) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A part that is switched off is left out, unless there is no other.
func TestMailParts(t *testing.T) {
	for name, c := range map[string]struct {
		edit       func(*doorward.MailConfig)
		drop       string
		text, html bool
	}{
		"both":               {func(*doorward.MailConfig) {}, "", true, true},
		"no HTML":            {func(c *doorward.MailConfig) { c.NoHTML = true }, "", true, false},
		"no text":            {func(c *doorward.MailConfig) { c.NoText = true }, "", false, true},
		"no HTML, only HTML": {func(c *doorward.MailConfig) { c.NoHTML = true }, "own", false, true},
		"no text, only text": {func(c *doorward.MailConfig) { c.NoText = true }, "plain", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newWriter()
			app := withFeatures(t, func(cfg *doorward.Config) {
				c.edit(&cfg.Mail)
				cfg.Pages.Templates = fstest.MapFS{"security/email/own.html": {Data: []byte("<p>x</p>")}, "security/email/plain.txt": {Data: []byte("x")}}
			}, f)
			m := f.post(t, t.Context(), app, letter(func(l *doorward.Letter) {
				if c.drop != "" {
					l.Template = "security/email/" + c.drop
				}
			}))
			if (m.Text != "") != c.text || (m.HTML != "") != c.html {
				t.Errorf("%q\n%q", m.Text, m.HTML)
			}
		})
	}
}

// What the application adds to mails it may make of the request, and its values
// go before those of the mail.
func TestMailContext(t *testing.T) {
	f := newWriter()
	app := withFeatures(t, func(c *doorward.Config) {
		c.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte("{{.Mail.name}}|{{.Mail.support}}|{{.Mail.who}}")}}
		c.Pages.Context = map[string]func(*http.Request) map[string]any{"mail": func(r *http.Request) map[string]any {
			if r.URL.Path == "/broken" {
				panic("broken")
			}
			id, err := doorward.IdentityFrom(r.Context())
			if err != nil {
				return map[string]any{"support": "nobody", "who": err.Error()}
			}
			return map[string]any{"support": "help@example.com", "name": "Her Majesty", "who": id.User.SecurityAccount().Email}
		}}
	}, f)
	app.Mux.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, f.post(t, r.Context(), app, letter()).Text)
	})
	app.Mux.HandleFunc("/broken", func(_ http.ResponseWriter, r *http.Request) {
		if err := f.rt.Mail().Send(r.Context(), letter()); err == nil || !strings.Contains(err.Error(), greeting) {
			t.Errorf("%v", err)
		}
	})
	b := app.Browser()
	b.LoginAs(app.NewUser(joe))
	b.Get("/write").Want(200).Contains("Her Majesty|help@example.com|" + joe)
	b.Get("/broken").Want(200)
	if got := f.post(t, t.Context(), app, letter()).Text; got != "Joe|<no value>|<no value>\n" {
		t.Errorf("without a request: %q", got)
	}
}

// What goes wrong with a mail is the operator's to know. It must not become an
// answer that tells whether there is an account.
func TestMailErrors(t *testing.T) {
	for name, c := range map[string]struct {
		own    string
		letter func(*doorward.Letter)
		want   string
	}{
		"no such template": {letter: func(l *doorward.Letter) { l.Template = "security/email/nothing" }, want: "no such template"},
		"fails":            {own: `{{index .Mail.name 99}}`, want: "index"},
		"panics":           {own: `{{boom}}`, want: "boom"},
		"too large":        {own: `{{range many}}{{.}}{{end}}`, want: "MAIL_MAX_SIZE"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, generic := range []bool{false, true} {
				for _, to := range []string{joe, ""} {
					f := newWriter()
					app := withFeatures(t, func(cfg *doorward.Config) {
						cfg.GenericResponses = generic
						if c.own != "" {
							cfg.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte(c.own)}}
						}
						cfg.Pages.Funcs = map[string]any{
							"boom": func() string { panic("boom") },
							"many": func() []string { return slices.Repeat([]string{strings.Repeat("x", 1<<16)}, 17) },
						}
					}, f)
					l := letter(func(l *doorward.Letter) { l.To = to })
					if c.letter != nil {
						c.letter(&l)
					}
					err := f.rt.Mail().Send(t.Context(), l)
					if (err == nil) != generic || err != nil && !strings.Contains(err.Error(), c.want) {
						t.Errorf("generic %t, to %q: %v", generic, to, err)
					}
					if generic && !app.Logs.Contains("a mail was not written", c.want) {
						t.Errorf("not in the log: %s", app.Logs)
					}
					if len(app.Outbox.Sent()) != 0 {
						t.Error("it was sent")
					}
				}
			}
		})
	}
}

// Just what fits is sent.
func TestMailLimit(t *testing.T) {
	for size, fits := range map[int]bool{1000: true, 1001: false} {
		f := newWriter()
		app := withFeatures(t, func(c *doorward.Config) {
			c.Mail.Max = 1000
			c.Mail.NoHTML = true
			c.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte(strings.Repeat("x", size))}}
		}, f)
		if err := f.rt.Mail().Send(t.Context(), letter()); (err == nil) != fits || len(app.Outbox.Sent()) == 1 != fits {
			t.Errorf("%d: %v", size, err)
		}
	}
}

// A template that greets the user by name works where there is no account, with
// the same outcome; and nothing is sent to nobody.
func TestMailToNobody(t *testing.T) {
	for name, admin := range map[string]bool{"users can be made": true, "they cannot": false} {
		t.Run(name, func(t *testing.T) {
			f := newWriter()
			app := withFeatures(t, func(c *doorward.Config) {
				if !admin {
					c.Stores.Admin = nil
				}
				c.Pages.Templates = fstest.MapFS{greeting + ".txt": {Data: []byte("Dear {{.User.Email}}")}}
			}, f)
			if err := f.rt.Mail().Send(t.Context(), letter(func(l *doorward.Letter) { l.To = "" })); err != nil {
				t.Error(err)
			}
			if got := app.Outbox.Sent(); len(got) != 0 {
				t.Errorf("sent to nobody: %v", got)
			}
		})
	}
}

type senderFunc func(context.Context, mail.Message) error

func (f senderFunc) Send(ctx context.Context, m mail.Message) error { return f(ctx, m) }

// Queued lets it be used without a queue in front of it.
func (f senderFunc) Queued() {}

// What the sender makes of a mail changes no answer, and its words are not
// repeated in the log as they are. What must not be sent does not get so far.
func TestMailSenderFails(t *testing.T) {
	const secret = "https://localhost/go/s3cr3t-t0k3n-0f-4-l1nk"
	asked := 0
	for name, c := range map[string]struct {
		send func(context.Context, mail.Message) error
		edit func(*doorward.Letter)
		log  string
		asks int
	}{
		"refuses": {send: func(_ context.Context, m mail.Message) error {
			return fmt.Errorf("550 %s does not like %s", strings.ToUpper(m.To), secret)
		}, log: "does not like", asks: 1},
		"panics":    {send: func(context.Context, mail.Message) error { panic("no server") }, log: "no server", asks: 1},
		"full":      {send: func(context.Context, mail.Message) error { return mail.ErrFull }, asks: 1},
		"closed":    {send: func(context.Context, mail.Message) error { return mail.ErrClosed }, asks: 1},
		"two of us": {edit: func(l *doorward.Letter) { l.To = joe + ", other@example.com" }, log: "exactly one address"},
		"header":    {edit: func(l *doorward.Letter) { l.To = joe + "\r\nBcc: other@example.com" }, log: "control character"},
	} {
		t.Run(name, func(t *testing.T) {
			asked = 0
			f := newWriter()
			app := withFeatures(t, func(cfg *doorward.Config) {
				cfg.Mail.Sender = senderFunc(func(ctx context.Context, m mail.Message) error {
					asked++
					return c.send(ctx, m)
				})
			}, f)
			l := letter(func(l *doorward.Letter) { l.Values["go_link"] = secret })
			if c.edit != nil {
				c.edit(&l)
			}
			if err := f.rt.Mail().Send(t.Context(), l); err != nil {
				t.Errorf("the answer changes: %v", err)
			}
			f.rt.Mail().Notify(t.Context(), l)
			log := app.Logs.String()
			if (c.log != "") != strings.Contains(log, "a mail was refused") || !strings.Contains(log, c.log) {
				t.Errorf("log: %s", log)
			}
			if strings.Contains(log, secret) || strings.Contains(strings.ToLower(log), joe) || strings.Contains(log, "other@example.com") {
				t.Errorf("the log says too much: %s", log)
			}
			if asked != 2*c.asks {
				t.Errorf("the sender was asked %d times", asked)
			}
		})
	}
}

// What a letter says is not in a log that somebody writes it to.
func TestLetterInLogs(t *testing.T) {
	app := kit.New(t, nil)
	if got := letter().LogValue().String(); got != greeting {
		t.Error(got)
	}
	if app.Logs.Contains("Joe") {
		t.Error(app.Logs)
	}
}

// Settings with which no mail would arrive are known at start.
func TestMailNeed(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*batteries.Config)
		want string
	}{
		"no sender":     {func(c *batteries.Config) { c.Mail.Sender = nil }, "no mails can be sent"},
		"no host":       {func(c *batteries.Config) { c.URLs.ServerName = "" }, "SERVER_NAME"},
		"URL for host":  {func(c *batteries.Config) { c.URLs.ServerName = "https://example.com" }, "SERVER_NAME"},
		"path in host":  {func(c *batteries.Config) { c.URLs.ServerName = "example.com/app" }, "SERVER_NAME"},
		"line in host":  {func(c *batteries.Config) { c.URLs.ServerName = "example.com\n" }, "SERVER_NAME"},
		"bad from":      {func(c *batteries.Config) { c.Mail.From = "Example" }, "EMAIL_SENDER"},
		"header":        {func(c *batteries.Config) { c.Mail.From = "a@example.com\r\nBcc: b@example.com" }, "EMAIL_SENDER"},
		"no part":       {func(c *batteries.Config) { c.Mail.NoHTML, c.Mail.NoText = true, true }, "EMAIL_HTML"},
		"no claims":     {func(c *batteries.Config) { c.Stores.Claims = nil }, "claim"},
		"fine":          {func(c *batteries.Config) { c.Mail.From = "Example <no-reply@example.com>" }, ""},
		"fine, by port": {func(c *batteries.Config) { c.URLs.ServerName = "localhost:8080" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg batteries.Config
			app := kit.New(t, nil)
			cfg.Stores, cfg.SecretKey, cfg.Mail.Sender, cfg.URLs.ServerName = app.Stores, []byte(kit.SecretKey), app.Outbox, "localhost"
			cfg.More = []doorward.Feature{newWriter()}
			c.edit(&cfg)
			_, err := batteries.New(cfg)
			var bad *doorward.ConfigError
			if (c.want == "") != (err == nil) || err != nil && (!errors.As(err, &bad) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v", err)
			}
		})
	}
}

// mailLimiter refuses as it is told.
type mailLimiter struct {
	bare
	refuse func(doorward.Try) error
	asked  []doorward.Try
}

func (f *mailLimiter) Begin(_ *http.Request, t doorward.Try) (func(doorward.Outcome), error) {
	f.asked = append(f.asked, t)
	return nil, f.refuse(t)
}

// Before a stranger causes a mail: a full queue and his own limit refuse him, and
// the account's only keeps the mail back.
func TestMailAdmit(t *testing.T) {
	much := func(kind string) func(doorward.Try) error {
		return func(try doorward.Try) error {
			if try.Kind != kind {
				return nil
			}
			p := doorward.Fail("", "TOO_MANY_TRIES")
			p.Status = http.StatusTooManyRequests
			return p
		}
	}
	none := func(doorward.Try) error { return nil }
	for name, c := range map[string]struct {
		ready  error
		refuse func(doorward.Try) error
		send   bool
		status int
	}{
		"admitted":           {refuse: none, send: true},
		"queue full":         {ready: mail.ErrFull, refuse: none, status: 503},
		"queue closed":       {ready: mail.ErrClosed, refuse: none, status: 503},
		"address over limit": {refuse: much("reset"), status: 429},
		"account over limit": {refuse: much(doorward.KindMail + "reset")},
		"limits not known":   {refuse: func(doorward.Try) error { return errors.New("no store") }, status: -1},
	} {
		t.Run(name, func(t *testing.T) {
			f, limits := newWriter(), &mailLimiter{bare: bare{name: "limits"}, refuse: c.refuse}
			app := withFeatures(t, func(cfg *doorward.Config) { cfg.Mail.Sender = &readiness{cfg.Mail.Sender, c.ready} }, f, limits)
			known := app.NewUser(joe)
			for _, u := range []doorward.User{known, nil} {
				limits.asked = nil
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/reset", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.RemoteAddr = "192.0.2.1:1"
				send, err := f.rt.Mail().Admit(r, "reset", "JOE@example.com", u)
				var p *doorward.Problem
				status := 0
				if errors.As(err, &p) {
					status = p.Status
				} else if err != nil {
					status = -1
				}
				if send != c.send || status != c.status {
					t.Errorf("known %t: %t, %v", u != nil, send, err)
				}
				if status == 503 && p.RetryAfter <= 0 {
					t.Error("it does not say when to come back")
				}
				if c.ready != nil && len(limits.asked) != 0 {
					t.Error("it was counted though nothing happened")
				}
				if name == "admitted" && (len(limits.asked) != 2 || limits.asked[0].Account != "" || limits.asked[1].Account != joe) {
					t.Errorf("asked %+v", limits.asked)
				}
			}
		})
	}
}

type readiness struct {
	mail.Sender
	err error
}

func (r *readiness) Ready() error { return r.err }
func (r *readiness) Queued()      {}

// With a real queue that is full nothing is admitted, and what is sent all the
// same is lost with one line in the log.
func TestMailQueueFull(t *testing.T) {
	hold, begun := make(chan struct{}), make(chan struct{}, 1)
	var queue *mail.Queue
	f := newWriter()
	app := withFeatures(t, func(c *doorward.Config) {
		queue = mail.NewQueue(senderFunc(func(ctx context.Context, _ mail.Message) error {
			begun <- struct{}{}
			select {
			case <-hold:
			case <-ctx.Done():
			}
			return nil
		}), mail.QueueConfig{Size: 1, Workers: 1, Log: c.Logger, Now: c.Now})
		c.Mail.Sender = queue
	}, f)
	if err := f.rt.Mail().Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	<-begun
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/reset", nil)
	_, err := f.rt.Mail().Admit(r, "reset", joe, nil)
	var p *doorward.Problem
	if !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable {
		t.Errorf("%v", err)
	}
	if err := f.rt.Mail().Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(app.Logs.String(), "a mail was refused"); n != 1 {
		t.Errorf("%d lines: %s", n, app.Logs)
	}
	close(hold)
	if err := queue.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
