package doorward_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing/fstest"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/mail/smtp"
	"github.com/doorward/doorward/memstore"
	"github.com/doorward/doorward/register"
)

// Account is an application's user.
type Account struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

// exampleConfig is an application where people register. Its mails are kept.
func exampleConfig(outbox *mail.Outbox) batteries.Config {
	cfg := batteries.Config{Register: &register.Config{Subject: "Welcome"}}
	cfg.Stores, cfg.SecretKey = doorward.StoresFrom(memstore.New[Account]()), []byte("0123456789abcdef0123456789abcdef")
	cfg.Mail.Sender, cfg.URLs.ServerName = outbox, "example.com"
	cfg.Resolver, cfg.Logger = everyDomain{}, slog.New(slog.DiscardHandler)
	return cfg
}

// everyDomain stands for the DNS.
type everyDomain struct{}

func (everyDomain) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return []*net.MX{{Host: name}}, nil
}
func (everyDomain) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

// ask sends JSON to h with the token and cookies of an earlier answer, if there is one.
func ask(h http.Handler, method, path string, fields map[string]any, before *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if before != nil {
		var page struct {
			Response struct {
				CSRFToken string `json:"csrf_token"`
			} `json:"response"`
		}
		_ = json.Unmarshal(before.Body.Bytes(), &page)
		fields["csrf_token"] = page.Response.CSRFToken
		body, _ := json.Marshal(fields)
		r = httptest.NewRequest(method, path, bytes.NewReader(body))
		for _, c := range before.Result().Cookies() {
			r.AddCookie(c)
		}
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// join registers somebody.
func join(h http.Handler, email string) {
	const words = "correct horse battery staple"
	page := ask(h, http.MethodGet, "/register", nil, nil)
	res := ask(h, http.MethodPost, "/register", map[string]any{"email": email, "password": words, "password_confirm": words}, page)
	if res.Code != http.StatusOK {
		fmt.Println(res.Code, res.Body)
	}
}

// A file of the application takes the place of the built-in one of its name. One
// that only defines "content" is shown in the frame.
func Example_mailTemplates() {
	outbox := &mail.Outbox{}
	cfg := exampleConfig(outbox)
	cfg.Pages.Title = "Example"
	cfg.Pages.Templates = fstest.MapFS{ // or os.DirFS("templates"), or an embed.FS
		"security/email/welcome.txt": {Data: []byte(
			`{{define "content"}}Good to have you here, {{.User.Email}}.{{end}}`)},
		"security/email/style.css": {Data: []byte(`h1 { color: #204080 }`)},
	}
	app, err := batteries.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	join(app.Handler(nil), "ann@example.net")
	m := outbox.Sent()[0]
	fmt.Print(m.Text)
	fmt.Println(strings.Contains(m.HTML, "<style>h1 { color: #204080 }</style>"))
	// Output:
	// Welcome
	//
	// Good to have you here, ann@example.net.
	//
	// --
	// Example
	// https://example.com/
	// true
}

// What every mail is given besides its own values, which these replace.
func Example_mailContext() {
	outbox := &mail.Outbox{}
	cfg := exampleConfig(outbox)
	cfg.Pages.Context = map[string]func(*http.Request) map[string]any{
		"mail": func(*http.Request) map[string]any { return map[string]any{"support": "help@example.com"} },
	}
	cfg.Pages.Templates = fstest.MapFS{
		"security/email/base.txt": {Data: []byte("{{block `content` .}}{{end}}\nAsk {{.Mail.support}}.{{define `link`}}{{.url}}{{end}}")},
		// This one is a whole mail, without a frame.
		"security/email/welcome.html": {Data: []byte(`<p>{{.Subject}}. Ask <b>{{.Mail.support}}</b>.</p>`)},
	}
	app, err := batteries.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	join(app.Handler(nil), "ann@example.net")
	fmt.Println(outbox.Sent()[0].HTML)
	fmt.Println(strings.Contains(outbox.Sent()[0].Text, "Ask help@example.com."))
	// Output:
	// <p>Welcome. Ask <b>help@example.com</b>.</p>
	// true
}

// A server, and in front of it the queue that batteries makes.
func Example_mailServer() {
	server, err := smtp.New(smtp.Config{Server: "mail.example.com", Port: 587, UseTLS: true, Username: "app", Password: "from a secret store"})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := exampleConfig(nil)
	cfg.Mail.Sender = server
	cfg.Mail.From = "Example <no-reply@example.com>"
	cfg.MailQueue = mail.QueueConfig{Size: 500, Attempts: 4}
	app, err := batteries.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(app.Close(ctx)) // sends what waits
	// Output: <nil>
}

// invite is a feature of an application's own: a mail with a link that works once.
type invite struct {
	rt    *doorward.Runtime
	links *doorward.LinkMaker
}

func (f *invite) Name() string { return "invite" }

func (f *invite) Init(rt *doorward.Runtime) error {
	f.rt = rt
	f.links = rt.Links().Kind(doorward.LinkKind{Name: "invite", Path: "/invited", Within: 48 * time.Hour,
		Bound: func(acc *doorward.Account) string { return acc.Email }}) // it dies when that changes
	files := fstest.MapFS{ // or an embed.FS
		"templates/security/invited.html": {Data: []byte(
			`{{define "content"}}<form method="post">{{template "csrf" .}}<button>{{.T "invite_accept"}}</button></form>{{end}}`)},
		"templates/security/email/invite.txt": {Data: []byte(
			`{{define "content"}}{{.T "invite_intro"}}{{template "link" (dict "url" .Mail.invite_link)}}{{.T "mail_link_once" "within" .Mail.within}}{{end}}`)},
		"templates/security/email/invite.html": {Data: []byte(
			`{{define "content"}}<p>{{.T "invite_intro"}}</p>{{template "link" (dict "V" . "url" .Mail.invite_link "text" (.T "invite_accept"))}}{{end}}`)},
	}
	texts := map[string]doorward.Text{
		"EMAIL_SUBJECT_INVITE": {Text: "An invitation"}, "invite_intro": {Text: "You are invited."}, "invite_accept": {Text: "Accept"},
		"INVITE_ACCEPTED": {Category: "success", Text: "You have accepted."}, "INVITE_DEAD": {Category: "error", Text: "This link does not work any more."},
	}
	return errors.Join(rt.Mail().Need("invite"), rt.Pages(files, texts),
		rt.Handle(rt.Links().Page(doorward.Route{Name: "invited", Path: "/invited/{token}"}, f.show, f.accept)))
}

// Send invites u.
func (f *invite) Send(ctx context.Context, u doorward.User) error {
	link, token := f.links.New(u, "")
	return f.rt.Mail().Send(ctx, doorward.Letter{
		Template: "security/email/invite", Subject: doorward.M("EMAIL_SUBJECT_INVITE"), To: u.SecurityAccount().Email, User: u,
		Values: map[string]any{"invite_link": link, "invite_token": token, "within": f.links.Within()},
	})
}

// show is the page with the button; it uses nothing.
func (f *invite) show(r *http.Request) (doorward.Result, error) {
	if _, err := f.links.Open(r.Context(), r.PathValue("token")); err != nil {
		return f.dead(r, err)
	}
	return doorward.Result{Page: "security/invited.html", JSON: map[string]any{}}, nil
}

// accept is what the button does, once: the link is used in the step that stores it.
func (f *invite) accept(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
	l, err := f.links.Open(r.Context(), r.PathValue("token"))
	if err == nil {
		err = f.rt.Stores().InTx(r.Context(), func(ctx context.Context) error {
			if err := f.links.Use(ctx, l); err != nil {
				return err
			}
			return f.rt.Stores().Users.UpdateUser(ctx, l.User, func(acc *doorward.Account) error {
				acc.ConfirmedAt = f.rt.Now()
				return f.links.Still(l, acc)
			})
		})
	}
	if err != nil {
		return f.dead(r, err)
	}
	return f.rt.Links().End(r, doorward.LinkEnd{Message: doorward.M("INVITE_ACCEPTED"), Else: "login", JSON: map[string]any{}})
}

func (f *invite) dead(r *http.Request, err error) (doorward.Result, error) {
	if errors.Is(err, doorward.ErrLinkDead) || errors.Is(err, doorward.ErrLinkExpired) {
		return f.rt.Links().End(r, doorward.LinkEnd{Message: doorward.M("INVITE_DEAD"), Else: "login"})
	}
	return doorward.Result{}, err
}

// A mail and a link of an application's own feature.
func Example_mailFeature() {
	outbox, feature := &mail.Outbox{}, &invite{}
	cfg := exampleConfig(outbox)
	cfg.More = []doorward.Feature{feature}
	app, err := batteries.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	ann := &Account{Account: doorward.Account{Email: "ann@example.net", Active: true}}
	if err := errors.Join(cfg.Stores.Admin.CreateUser(ctx, ann), feature.Send(ctx, ann)); err != nil {
		fmt.Println(err)
		return
	}
	m := outbox.Sent()[0]
	_, rest, _ := strings.Cut(m.Text, "https://example.com")
	path, _, _ := strings.Cut(rest, "\n")
	fmt.Println(m.Subject, "for", m.To)
	h := app.Handler(nil)
	for range 2 {
		page := ask(h, http.MethodGet, path, nil, nil)
		fmt.Println(page.Code, ask(h, http.MethodPost, path, map[string]any{}, page).Code)
	}
	// Output:
	// An invitation for ann@example.net
	// 200 200
	// 200 400
}
