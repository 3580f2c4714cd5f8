package mail_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/mail"
)

func TestOutbox(t *testing.T) {
	var o mail.Outbox
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := o.Send(t.Context(), mail.Message{To: "joe@example.com"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sent := o.Sent()
	if len(sent) != 10 {
		t.Fatalf("%d mails", len(sent))
	}
	sent[0].To = "changed"
	if o.Sent()[0].To != "joe@example.com" {
		t.Error("the caller's copy is the outbox's own")
	}
	o.Reset()
	if len(o.Sent()) != 0 {
		t.Error("mails are left")
	}
}

func TestLog(t *testing.T) {
	var text strings.Builder
	l := mail.Log{Logger: slog.New(slog.NewTextHandler(&text, nil))}
	m := good()
	m.HTML = "<b>secret link</b>"
	if err := l.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	said := text.String()
	if strings.Count(said, "\n") != 1 || !strings.Contains(said, "template=welcome") || !strings.Contains(said, "subject=Hello") {
		t.Errorf("log: %s", said)
	}
	if strings.Contains(said, "joe") || strings.Contains(said, "secret") {
		t.Errorf("the log says too much: %s", said)
	}
	m.To = ""
	if err := l.Send(t.Context(), m); !mail.IsPermanent(err) {
		t.Errorf("without a recipient: %v", err)
	}
}

// good is a message that may be sent.
func good() mail.Message {
	return mail.Message{To: "joe@example.com", From: "Door <no-reply@door.example>", Subject: "Hello", Text: "secret link", Template: "welcome"}
}

func TestCheck(t *testing.T) {
	with := func(change func(*mail.Message)) mail.Message {
		m := good()
		change(&m)
		return m
	}
	to := func(s string) mail.Message { return with(func(m *mail.Message) { m.To = s }) }
	from := func(s string) mail.Message { return with(func(m *mail.Message) { m.From = s }) }
	subject := func(s string) mail.Message { return with(func(m *mail.Message) { m.Subject = s }) }
	large := strings.Repeat("a", mail.MaxBytes/2)
	for name, tt := range map[string]struct {
		m     mail.Message
		field string // the wrong one
	}{
		"good":                   {good(), ""},
		"HTML only":              {with(func(m *mail.Message) { m.Text, m.HTML = "", "<p>" }), ""},
		"no sender":              {from(""), ""},
		"bare sender":            {from("no-reply@localhost"), ""},
		"quoted name":            {from(`"Door, Inc." <a@example.com>`), ""},
		"encoded name":           {from("=?utf-8?q?D=C3=B6r?= <a@example.com>"), ""},
		"unicode recipient":      {to("jörg@bücher.example"), ""},
		"unicode subject":        {subject("Grüße, مرحبا"), ""},
		"no recipient":           {to(""), "To"},
		"two recipients":         {to("joe@example.com, eve@evil.example"), "To"},
		"name and recipient":     {to("Joe <joe@example.com>"), "To"},
		"comment":                {to("joe@example.com (Joe)"), "To"},
		"quoted recipient":       {to(`"joe blow"@example.com`), "To"},
		"group":                  {to("friends: joe@example.com;"), "To"},
		"space":                  {to(" joe@example.com"), "To"},
		"no domain":              {to("joe"), "To"},
		"long recipient":         {to(strings.Repeat("a", 250) + "@example.com"), "To"},
		"break in recipient":     {to("joe@example.com\r\nBcc: eve@evil.example"), "To"},
		"break after it":         {to("joe@example.com\n"), "To"},
		"NUL":                    {to("joe\x00@example.com"), "To"},
		"break in sender":        {from("Door\r\n <a@example.com>"), "From"},
		"encoded break":          {from("=?utf-8?q?Door=0D=0ABcc:_eve?= <a@example.com>"), "From"},
		"two senders":            {from("a@example.com, b@example.com"), "From"},
		"quoted sender":          {from(`"a b"@example.com`), "From"},
		"break in subject":       {subject("Hello\r\nBcc: eve@evil.example"), "Subject"},
		"lone LF":                {subject("Hello\nX: y"), "Subject"},
		"lone CR":                {subject("Hello\rX: y"), "Subject"},
		"line separator":         {subject("Hello\u2028X: y"), "Subject"},
		"C1 control":             {subject("Hello\u0085X: y"), "Subject"},
		"subject not UTF-8":      {subject("\xff"), "Subject"},
		"text not UTF-8":         {with(func(m *mail.Message) { m.Text = "\xff" }), "Text"},
		"HTML not UTF-8":         {with(func(m *mail.Message) { m.HTML = "\xc3" }), "HTML"},
		"no part":                {with(func(m *mail.Message) { m.Text = "" }), "Text"},
		"break in language":      {with(func(m *mail.Message) { m.Language = "de\r\nX: y" }), "Language"},
		"no language tag":        {with(func(m *mail.Message) { m.Language = "de, en" }), "Language"},
		"language":               {with(func(m *mail.Message) { m.Language = "pt-BR" }), ""},
		"ID":                     {with(func(m *mail.Message) { m.ID = mail.NewID(m.From) }), ""},
		"ID in brackets":         {with(func(m *mail.Message) { m.ID = "<a@b>" }), "ID"},
		"ID without at":          {with(func(m *mail.Message) { m.ID = "ab" }), "ID"},
		"break in template":      {with(func(m *mail.Message) { m.Template = "a\nb" }), "Template"},
		"as large as may be":     {with(func(m *mail.Message) { m.Text, m.HTML = large[:len(large)-200], large }), ""},
		"larger":                 {with(func(m *mail.Message) { m.Text, m.HTML = large, large }), "Text"},
		"large subject":          {subject(large + large), "Text"},
		"break in encoded entry": {from("=?utf-8?b?YQ0KYg==?= <a@example.com>"), "From"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.m.Check()
			var invalid *mail.InvalidError
			switch {
			case tt.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.field != "" && (!errors.As(err, &invalid) || invalid.Field != tt.field || !mail.IsPermanent(err)):
				t.Errorf("%v, not an invalid %s", err, tt.field)
			case err != nil && strings.Contains(err.Error(), "example"):
				t.Errorf("the error repeats the field: %v", err)
			}
		})
	}
}

func TestNewID(t *testing.T) {
	a, b := mail.NewID("Door <no-reply@door.example>"), mail.NewID("Door <no-reply@door.example>")
	if a == b || !strings.HasSuffix(a, "@door.example") || len(a) < len("@door.example")+26 {
		t.Errorf("%q and %q", a, b)
	}
	if id := mail.NewID(""); !strings.HasSuffix(id, "@localhost") {
		t.Errorf("%q", id)
	}
}

func TestPermanent(t *testing.T) {
	plain := errors.New("out of order")
	for err, want := range map[error]bool{
		plain: false, mail.Permanent(plain): true, fmt.Errorf("send: %w", mail.Permanent(plain)): true, mail.ErrFull: false,
	} {
		if mail.IsPermanent(err) != want {
			t.Errorf("%v: %t", err, !want)
		}
	}
	if err := mail.Permanent(plain); !errors.Is(err, plain) || err.Error() != plain.Error() {
		t.Errorf("changed to %v", err)
	}
	if mail.Permanent(nil) != nil || mail.IsPermanent(nil) {
		t.Error("nothing is an error")
	}
}

func TestRedact(t *testing.T) {
	m := good()
	m.Text = "Go to https://door.example/reset/tok3n-abcdef or type 482913."
	for said, want := range map[string]string{
		"550 5.1.1 no mailbox JOE@example.com here":          "550 5.1.1 no mailbox (recipient) here",
		"550 <joe@example.com>: from root@mx.example":        "550 <(recipient)>: from (address)",
		"554 bad link https://door.example/reset/tok3n":      "554 bad link (link)",
		"554 see https://help.example/?p=NotYours-1":         "554 see https://help.example/?p=NotYours-1",
		"554 spam: 482913":                                   "554 spam: (text)",
		"554 spam (reset/tok3n-abcdef)":                      "554 spam ((text))",
		"554 code=482913: spam":                              "554 code=(text): spam",
		"554 text:482913&x=1":                                "554 text:(text)&x=1",
		"554 [482913]!":                                      "554 [(text)]!",
		"554 id=4829131":                                     "554 id=4829131",
		"451 4.7.1 greylisted, come back in 300 seconds":     "451 4.7.1 greylisted, come back in 300 seconds",
		"dial tcp 127.0.0.1:25: connect: connection refused": "dial tcp 127.0.0.1:25: connect: connection refused",
	} {
		if got := mail.Redact(said, m); got != want {
			t.Errorf("%q became %q", said, got)
		}
	}
	if got := mail.Redact(strings.Repeat("ä", 5000), m); len(got) > 600 {
		t.Errorf("%d bytes are left", len(got))
	}
}
