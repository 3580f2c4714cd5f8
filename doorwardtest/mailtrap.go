package doorwardtest

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward"
)

const evilHost = "evil.example"

var linkPattern = regexp.MustCompile(`(?i)https?://[^\s"'<>)]+`)

// MailTrap makes every route that takes a form send what mails it can, by
// requests that lie about their host and fields that hold markup, and then
// looks at all mails in the outbox: links must begin with origin, such as
// "https://example.com", recipients be addresses that are stored or were
// submitted, and nothing that was submitted be markup.
func MailTrap(t *testing.T, app *App, origin string) {
	t.Helper()
	u := app.NewUser("trap@mail.example", func(acc *doorward.Account) { acc.Username = "trap" })
	submitted := []string{}
	for _, rt := range app.Routes() {
		if !slices.Contains(rt.Methods(), http.MethodPost) || rt.Name == "logout" {
			continue
		}
		for _, lie := range [][]string{{"Host", evilHost}, {"X-Forwarded-Host", evilHost}, {"Forwarded", "host=" + evilHost}, {"X-Forwarded-Host", evilHost + ", localhost"}, {"Origin", "http://localhost"}} {
			for _, address := range []string{"trap@mail.example", doorward.NewUniquifier()[:8] + "@mail.example"} {
				submitted = append(submitted, address)
				b := app.In(t).Browser()
				if rt.Caller >= doorward.UserCaller {
					b.LoginAs(u)
				}
				b.PostForm(fillPath(rt.Path), b.bait(rt, address), lie...)
			}
		}
	}
	app.In(t).CheckMails(origin, submitted...)
}

func (b *Browser) bait(rt doorward.Route, address string) Fields {
	b.app.tb.Helper()
	fields := Fields{}
	for _, name := range b.FieldsOf(rt) {
		switch {
		case strings.Contains(name, "email") || name == "identity":
			fields[name] = address
		case strings.Contains(name, "password"):
			fields[name] = wrongPassword
		default:
			fields[name] = `<script>alert(1)</script>`
		}
	}
	return fields
}

// CheckMails looks at the mails sent so far as [MailTrap] does. Recipients may
// also be those in submitted.
func (a *App) CheckMails(origin string, submitted ...string) {
	a.tb.Helper()
	users, _, err := a.Stores.Admin.ListUsers(context.Background(), "", 0, 10000)
	if err != nil {
		a.tb.Fatalf("doorwardtest: list users: %v", err)
	}
	known := slices.Clone(submitted)
	for _, u := range users {
		known = append(known, u.SecurityAccount().Email)
	}
	for _, m := range a.Outbox.Sent() {
		if !slices.Contains(known, m.To) {
			a.tb.Errorf("mail %q goes to %q, which is nobody's", m.Template, m.To)
		}
		if strings.ContainsAny(m.To+m.From+m.Subject, "\r\n") {
			a.tb.Errorf("mail %q: line break in a header", m.Template)
		}
		for _, link := range linkPattern.FindAllString(m.Text+" "+m.HTML, -1) {
			if rest, ok := strings.CutPrefix(link, origin); !ok || rest != "" && !strings.ContainsAny(rest[:1], "/?#") {
				a.tb.Errorf("mail %q has a link to %s, want %s", m.Template, link, origin)
			}
		}
		if strings.Contains(m.Text+m.HTML+m.Subject, evilHost) || strings.Contains(m.HTML, "<script") {
			a.tb.Errorf("mail %q has what a stranger put in:\n%s%s", m.Template, clip(m.Text), clip(m.HTML))
		}
	}
}
