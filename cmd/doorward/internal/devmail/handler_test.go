package devmail_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
	"github.com/doorward/doorward/mail"
)

func TestPages(t *testing.T) {
	second := letter()
	second.To, second.Subject, second.Template, second.Text, second.HTML = "joe@example.org", "", "", "", ""
	b := mailbox(t, devmail.Config{}, letter(), second)

	w := ask(b, "GET", "/dev/mail", nil)
	want(t, w, 200, `<meta http-equiv="refresh" content="5">`, `href="/dev/mail/1"`, "Reset your password", "ada@example.org",
		"reset_instructions", "2026-03-04 05:06:07", "(no subject)", `action="/dev/mail/clear"`)
	refuse(t, w, link, "There is no mail yet")
	if body := w.Body.String(); strings.Index(body, "joe@example.org") > strings.Index(body, "ada@example.org") {
		t.Error("the newest mail is not the first")
	}

	w = ask(b, "GET", "/dev/mail/1", nil)
	want(t, w, 200, "ada@example.org", "door@example.org", `<a href="`+link+`" target="_blank" rel="noreferrer">`+link+`</a>.`, "\nGood bye.",
		`sandbox="allow-popups allow-popups-to-escape-sandbox"`, `src="/dev/mail/1/html"`)
	refuse(t, w, `http-equiv="refresh"`)

	want(t, ask(b, "GET", "/dev/mail/1/html", nil), 200, `<!doctype html><base target="_blank"><!doctype html><html lang="en">`, letter().HTML)

	w = ask(b, "GET", "/dev/mail/2", nil)
	want(t, w, 200, "no text part")
	refuse(t, w, "<iframe")
	for _, path := range []string{"/dev/mail/3", "/dev/mail/0", "/dev/mail/-1", "/dev/mail/x", "/dev/mail/99999999999999999999", "/dev/mail/2/html"} {
		want(t, ask(b, "GET", path, nil), 404, "No such mail")
	}
	want(t, ask(b, "DELETE", "/dev/mail", nil), 204)
	w = ask(b, "GET", "/dev/mail", nil)
	want(t, w, 200, "There is no mail yet", "MAIL_SERVER", `http-equiv="refresh"`)
	refuse(t, w, "<form")
	if got := ask(b, "GET", "/dev/mail/", nil).Header().Get("Location"); got != "/dev/mail" {
		t.Errorf("a slash leads to %q", got)
	}
}

func TestHeaders(t *testing.T) {
	b := mailbox(t, devmail.Config{}, letter())
	for _, path := range []string{"/dev/mail", "/dev/mail/1", "/dev/mail/1/html", "/dev/mail/2", "/dev/mail/style.css", "/dev/mail/a/b"} {
		h := ask(b, "GET", path, nil).Header()
		referrer := "strict-origin"
		if path == "/dev/mail/1/html" {
			referrer = "no-referrer"
		}
		for name, value := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": referrer,
			"Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": ""} {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
		csp, frame := h.Get("Content-Security-Policy"), "frame-ancestors 'none'"
		if path == "/dev/mail/1/html" {
			frame = "frame-ancestors 'self'"
			if !strings.HasPrefix(csp, "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';") {
				t.Errorf("%s: %s", path, csp)
			}
		}
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, frame) || strings.Contains(csp, "script") {
			t.Errorf("%s: %s", path, csp)
		}
	}
	if got := ask(b, "GET", "/dev/mail/style.css", nil).Header().Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("the style is %s", got)
	}
}

func TestJSON(t *testing.T) {
	b := mailbox(t, devmail.Config{})
	w := ask(b, "GET", "/dev/mail", with("Accept", "application/json"))
	want(t, w, 200)
	if got := w.Body.String(); got != "[]\n" {
		t.Errorf("no mail is %q", got)
	}
	b = mailbox(t, devmail.Config{}, letter())
	var all []map[string]any
	w = ask(b, "GET", "/dev/mail", with("Accept", "application/json"))
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) != 1 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	m := letter()
	expect := map[string]any{"id": 1.0, "kind": "mail", "at": "2026-03-04T05:06:07Z", "template": m.Template, "to": m.To, "subject": m.Subject, "text": m.Text, "html": m.HTML}
	if !maps.Equal(all[0], expect) {
		t.Errorf("got %v, want %v", all[0], expect)
	}
	var one map[string]any
	w = ask(b, "GET", "/dev/mail/1", with("Accept", "application/json"))
	if err := json.Unmarshal(w.Body.Bytes(), &one); err != nil || !maps.Equal(one, expect) {
		t.Errorf("%v: %s", err, w.Body)
	}
	want(t, ask(b, "GET", "/dev/mail/2", with("Accept", "application/json")), 404, `"error"`)
}

func TestNegotiation(t *testing.T) {
	b := mailbox(t, devmail.Config{}, letter())
	for accept, json := range map[string]bool{
		"":          false,
		"*/*":       false,
		"text/html": false,
		"text/html,application/xml;q=0.9,*/*;q=0.8": false,
		"application/json":                          true,
		"Application/JSON":                          true,
		"application/json, text/plain, */*":         false,
		"application/json, */*;q=0.5":               true,
		"application/json;q=0.4, text/html;q=0.5":   false,
		"application/json;q=0.6, text/html;q=0.5":   true,
		"application/*, text/html;q=0.1":            true,
		"text/html;q=0, */*":                        true,
		"application/json;q=0":                      false,
		"application/json;q=x":                      false,
		"application/json;q=NaN":                    false,
		",,;;/":                                     false,
	} {
		got := ask(b, "GET", "/dev/mail", with("Accept", accept)).Header().Get("Content-Type")
		if (got == "application/json") != json {
			t.Errorf("Accept: %s is answered with %s", accept, got)
		}
	}
}

// TestMarkup puts markup where a stranger could.
func TestMarkup(t *testing.T) {
	for _, bad := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title><script>alert(1)</script>`, `' onmouseover='alert(1)`,
		`http://a.example/"onmouseover="alert(1)`, `http://a.example/'onmouseover='alert(1)`, `http://a.example/<script>alert(1)</script>`,
		`javascript:alert(1)`, `{{.}}`, `</iframe><script>alert(1)</script>`, `&lt;script&gt;`, "\u2028<svg/onload=alert(1)>",
	} {
		b := mailbox(t, devmail.Config{}, mail.Message{To: bad, From: bad, Subject: bad, Text: bad, HTML: bad, Template: bad})
		for _, path := range []string{"/dev/mail", "/dev/mail/1"} {
			w := ask(b, "GET", path, nil)
			want(t, w, 200)
			refuse(t, w, "<script", "<svg/", "<img", `href="javascript:`, "<title></title>", "</iframe><script")
			for _, tag := range slices.Collect(strings.SplitSeq(w.Body.String(), "<")) {
				if inside, _, _ := strings.Cut(tag, ">"); strings.Contains(inside, " onmouseover=") || strings.Contains(inside, `"onmouseover`) {
					t.Errorf("%s: %q became part of a tag: <%s>", path, bad, inside)
				}
			}
		}
		w := ask(b, "GET", "/dev/mail", with("Accept", "application/json"))
		refuse(t, w, "<")
		w = ask(b, "GET", "/dev/mail/1/html", nil)
		want(t, w, 200, bad)
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox ") || strings.Contains(csp, "allow-scripts") || strings.Contains(csp, "allow-same-origin") {
			t.Errorf("markup is served with %q", csp)
		}
	}
}

func TestLinks(t *testing.T) {
	for text, expect := range map[string]string{
		"see https://a.example/x, or not": "https://a.example/x",
		"(https://a.example/x)":           "https://a.example/x",
		"<https://a.example/x>":           "https://a.example/x",
		"https://a.example/x?a=1&b=2":     "https://a.example/x?a=1&amp;b=2",
		"https://a.example/x_-":           "https://a.example/x_-",
		"ftp://a.example/x":               "",
		"https://":                        "",
	} {
		b := mailbox(t, devmail.Config{}, mail.Message{Text: text})
		w := ask(b, "GET", "/dev/mail/1", nil)
		if expect == "" {
			refuse(t, w, `target="_blank"`)
			continue
		}
		want(t, w, 200, `<a href="`+expect+`" target="_blank" rel="noreferrer">`)
	}
}
