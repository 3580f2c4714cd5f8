package reset_test

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
)

func generic(c *batteries.Config) {
	c.GenericResponses = true
	// The words, with the address in them: what differs must show.
	delete(c.Pages.Messages, "PASSWORD_RESET_REQUEST")
}

func TestTwins(t *testing.T) { kit.Twins(t, kit.New(t, with(generic))) }

// TestGeneric: with accounts of every kind and texts of every kind the answer
// is the same but for what was typed, and so are cookies and the next page.
func TestGeneric(t *testing.T) {
	const gated = "gated@twins.example"
	for _, asJSON := range []bool{true, false} {
		app := kit.New(t, with(func(c *batteries.Config) { generic(c); c.More = append(c.More, gate{gated}) }))
		typed := []string{gated, "", "  ", "joe", "a@b@c", "x@" + strings.Repeat("long.", 100) + "example", strings.Repeat("ä", 4000), "<script>alert(1)</script>", "%(email)s{{.}}", "\u202eeoj@example.com"}
		app.NewUser(gated)
		for i, kind := range kit.Accounts() {
			email := fmt.Sprintf("kind%d@twins.example", i)
			kind.Make(app, email)
			typed = append(typed, email, strings.ToUpper(email))
		}
		first := ""
		for _, email := range typed {
			b := app.Browser()
			b.JSON = asJSON
			b.CSRF("/reset")
			before := app.Hashes()
			got := seen(b.Post("/reset", kit.Fields{"email": email}).Want(200), email) + fmt.Sprint(app.Hashes()-before, b.Get("/reset").Flashes())
			if first == "" {
				first = got
			} else if got != first {
				t.Errorf("%.30q can be told from %q:\n%s\n%s", email, typed[0], got, first)
			}
		}
		if asJSON {
			continue
		}
		if !strings.Contains(first, "If there is an account for (typed)") {
			t.Errorf("no message in\n%s", first)
		}
	}
}

// seen is what a visitor sees of an answer, but for what differs between any two.
func seen(res *kit.Response, typed string) string {
	var lines []string
	for name, vs := range res.Header {
		if name != "Set-Cookie" {
			lines = append(lines, name+": "+strings.Join(vs, ", "))
		}
	}
	for _, c := range res.Cookies {
		lines = append(lines, fmt.Sprintf("cookie %s, %d bytes, %s, %d", c.Name, len(c.Value), c.Path, c.MaxAge))
	}
	slices.Sort(lines)
	body := res.Body
	if token, ok := res.JSONAt("response.csrf_token").(string); ok {
		body = strings.ReplaceAll(body, token, "(secret)")
	}
	body = strings.ReplaceAll(body, `value="`+html.EscapeString(typed)+`"`, `value="(typed)"`)
	if at := strings.Index(body, "an account for "); at >= 0 {
		from, to := at+len("an account for "), strings.Index(body, ", a link to choose")
		if shown := html.UnescapeString(body[from:to]); shown != string([]rune(typed)[:min(254, len([]rune(typed)))]) {
			return fmt.Sprintf("%q is shown as %q", typed, shown)
		}
		body = body[:from] + "(typed)" + body[to:]
	}
	if at := strings.Index(body, `name="csrf_token" value="`); at >= 0 {
		end := at + len(`name="csrf_token" value="`)
		body = body[:end] + body[end+strings.Index(body[end:], `"`):]
	}
	return fmt.Sprint(res.Status, "\n", strings.Join(lines, "\n"), "\n", body)
}

// The mail is written for everybody: a template that fails is logged for an
// account that exists and for one that does not, and changes neither answer.
func TestGenericMail(t *testing.T) {
	app := kit.New(t, with(func(c *batteries.Config) { generic(c); c.Mail.Max = 10 }))
	app.NewUser(joe)
	for i, email := range []string{joe, "nobody@example.com"} {
		b := jsonBrowser(app)
		b.CSRF("/reset")
		b.Post("/reset", kit.Fields{"email": email}).Want(200)
		if n := strings.Count(app.Logs.String(), "MAIL_MAX_SIZE"); n != i+1 {
			t.Errorf("%d letters were written after %d requests", n, i+1)
		}
	}
}

// TestLimits: neither limit tells who has an account.
func TestLimits(t *testing.T) {
	app := kit.New(t, with(func(c *batteries.Config) { generic(c); c.Lockout.AccountMails, c.Lockout.MailTries = 2, 3 }))
	app.NewUser(joe)
	for i, email := range []string{joe, "nobody@example.com"} {
		ask := func(addr string) *kit.Response {
			b := jsonBrowser(app)
			b.Addr = addr
			b.CSRF("/reset")
			return b.Post("/reset", kit.Fields{"email": email})
		}
		for range 3 {
			ask(fmt.Sprintf("198.51.100.%d:1", i)).Want(200)
		}
		ask(fmt.Sprintf("198.51.100.%d:1", i)).Want(429).Contains("TOO_MANY_TRIES")
		ask("203.0.113.7:1").Want(200)
		if n := len(app.Outbox.Sent()); n != 2 {
			t.Errorf("%d mails, want those to %s only, and not more than 2", n, joe)
		}
	}
	if got := app.Events.Names(); strings.Count(strings.Join(got, " "), "InstructionsSent") != 2 {
		t.Errorf("events %q", got)
	}
}
