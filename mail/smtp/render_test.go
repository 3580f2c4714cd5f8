package smtp_test

import (
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/mail/smtp"
)

// letter is a mail as its reader sees it.
type letter struct {
	header  netmail.Header
	from    *netmail.Address
	to      string
	subject string
	kinds   []string          // of the parts, in order
	parts   map[string]string // by kind, with line breaks as "\n"
}

func parse(t testing.TB, r io.Reader) letter {
	t.Helper()
	msg, err := netmail.ReadMessage(r)
	if err != nil {
		t.Fatal(err)
	}
	l := letter{header: msg.Header, parts: map[string]string{}}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	if l.from, err = netmail.ParseAddress(msg.Header.Get("From")); err != nil {
		t.Fatalf("%q: %v", msg.Header.Get("From"), err)
	}
	to, err := netmail.ParseAddress(msg.Header.Get("To"))
	if err != nil {
		t.Fatal(err)
	}
	l.to = to.Address
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		l.add(t, kind, params, quotedprintable.NewReader(msg.Body))
		return l
	}
	for mr := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := mr.NextPart() // which decodes quoted-printable
		if err == io.EOF {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		l.add(t, kind, params, p)
	}
}

func (l *letter) add(t testing.TB, kind string, params map[string]string, r io.Reader) {
	t.Helper()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.EqualFold(params["charset"], "utf-8") {
		t.Errorf("%s in charset %q", kind, params["charset"])
	}
	l.kinds = append(l.kinds, kind)
	l.parts[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
}

func headers() []string {
	return []string{"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
}

func TestRender(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	source, err := smtp.Render(good(), now)
	if err != nil {
		t.Fatal(err)
	}
	m, l := good(), parse(t, strings.NewReader(source))
	if got := slices.Sorted(maps.Keys(l.header)); !slices.Equal(got, headers()) {
		t.Errorf("the header has %v", got)
	}
	for key, want := range map[string]string{
		"Message-Id": "<once@door.example>", "Content-Language": "de", "Auto-Submitted": "auto-generated",
		"Date": "Tue, 03 Feb 2026 04:05:06 +0000", "Mime-Version": "1.0", "To": "<joe@door.example>",
	} {
		if got := l.header[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", key, got)
		}
	}
	if l.subject != m.Subject || l.from.Name != "Dörte from Door" || l.from.Address != "no-reply@door.example" {
		t.Errorf("%q from %v", l.subject, l.from)
	}
	if !slices.Equal(l.kinds, []string{"text/plain", "text/html"}) || l.parts["text/plain"] != m.Text || l.parts["text/html"] != m.HTML {
		t.Errorf("parts %v", l.parts)
	}
	for _, line := range strings.Split(source, "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %q", line)
		}
	}
}

func TestRenderOnePart(t *testing.T) {
	for kind, m := range map[string]mail.Message{
		"text/plain": {To: "a@b.example", From: "c@d.example", Text: "مرحبا، هذا رابطك"},
		"text/html":  {To: "a@b.example", From: "c@d.example", HTML: `<p dir="rtl">مرحبا</p>`},
	} {
		source, err := smtp.Render(m, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		l := parse(t, strings.NewReader(source))
		if len(l.kinds) != 1 || l.parts[kind] != m.Text+m.HTML || l.header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("%s: %v", kind, l)
		}
		if !strings.HasSuffix(l.header.Get("Message-ID"), "@d.example>") || l.header["Content-Language"] != nil {
			t.Errorf("header: %v", l.header)
		}
	}
}

// FuzzHeaders: whatever an address, a name or a subject is, it is refused, or it
// comes out as it went in and nothing else does.
func FuzzHeaders(f *testing.F) {
	for _, s := range []string{
		"Hello", "Grüße", "مرحبا بكم", "a\r\nBcc: eve@evil.example", "=?utf-8?q?a?=", " two  spaces ", strings.Repeat("long ", 40),
		strings.Repeat("語", 100), `"quoted" \ name`, "\x00", "\xff", "a\u2028b", "\u202eleft", "=?x", "Smith, Joe (boss) <a@b>;",
	} {
		f.Add("joe@door.example", s, "no-reply@door.example", s, "de")
	}
	f.Add("jörg@bücher.example", "Dörte", "a@bücher.example", "x", "pt-BR")
	f.Add("joe@door.example\r\nX: y", "a\nb", "a@b.example>\r\nX: <y", "x", "de\r\nX: y")
	f.Add("joe@door.example,eve@evil.example", "", "a@b.example", "", "")
	f.Fuzz(func(t *testing.T, to, name, from, subject, language string) {
		sender := (&netmail.Address{Name: name, Address: from}).String()
		m := mail.Message{To: to, From: sender, Subject: subject, Language: language, Text: "text", HTML: "html", ID: "once@door.example"}
		source, err := smtp.Render(m, time.Unix(0, 0))
		if err != nil {
			if !mail.IsPermanent(err) {
				t.Fatalf("not permanent: %v", err)
			}
			return
		}
		want := headers()
		if language == "" {
			want = slices.DeleteFunc(want, func(s string) bool { return s == "Content-Language" })
		}
		l := parse(t, strings.NewReader(source))
		if got := slices.Sorted(maps.Keys(l.header)); !slices.Equal(got, want) {
			t.Fatalf("the header has %v", got)
		}
		for key, values := range l.header {
			if len(values) != 1 {
				t.Fatalf("%s: %q", key, values)
			}
		}
		meant, err := netmail.ParseAddress(sender)
		if err != nil {
			t.Fatalf("%q was taken: %v", sender, err)
		}
		if l.subject != subject || l.from.Name != meant.Name || l.header.Get("Content-Language") != language {
			t.Fatalf("subject %q, name %q, language %q came out as %q, %q, %q", subject, meant.Name, language, l.subject, l.from.Name, l.header.Get("Content-Language"))
		}
		if local(l.to) != local(to) || local(l.from.Address) != local(meant.Address) {
			t.Fatalf("%q from %q", l.to, l.from.Address)
		}
		if len(l.kinds) != 2 || l.parts["text/plain"] != "text" || l.parts["text/html"] != "html" {
			t.Fatalf("parts %v", l.parts)
		}
	})
}

// local is an address without its domain, which may be written in two ways.
func local(address string) string { return address[:strings.LastIndexByte(address, '@')+1] }
