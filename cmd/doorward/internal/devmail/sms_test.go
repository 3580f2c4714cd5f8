package devmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
	"github.com/doorward/doorward/sms"
)

var _ interface {
	sms.Sender
	Queued()
	Now(ctx context.Context, m sms.Message) error
} = (*devmail.Texts)(nil)

var code = sms.Message{To: "+14155550123", Text: "Use 918273 to sign in."}

// TestTexts has a text message stand among the mails.
func TestTexts(t *testing.T) {
	var out bytes.Buffer
	log, _ := logTo(&out)
	b := mailbox(t, devmail.Config{Log: log}, letter())
	for _, send := range []func(context.Context, sms.Message) error{b.Texts().Send, b.Texts().Now} {
		if err := send(t.Context(), code); err != nil {
			t.Fatal(err)
		}
	}
	if s := out.String(); !strings.Contains(s, "/dev/mail/2") || strings.Contains(s, "918273") || strings.Contains(s, "41555501") {
		t.Errorf("the log is %s", s)
	}
	w := ask(b, "GET", "/dev/mail", nil)
	want(t, w, 200, "Reset your password", `<span class="subject">Text message</span>`, `<span class="tag">sms</span>`, "&#43;14155550123")
	w = ask(b, "GET", "/dev/mail/2", nil)
	want(t, w, 200, "<h1>Text message</h1>", "&#43;14155550123", code.Text)
	refuse(t, w, "<dt>From", "<dt>Template", "<iframe")
	want(t, ask(b, "GET", "/dev/mail/2/html", nil), 404)

	var one map[string]any
	w = ask(b, "GET", "/dev/mail/2", with("Accept", "application/json"))
	expect := map[string]any{"id": 2.0, "kind": "sms", "at": "2026-03-04T05:06:07Z", "template": "", "to": code.To, "subject": "", "text": code.Text, "html": ""}
	if err := json.Unmarshal(w.Body.Bytes(), &one); err != nil || !maps.Equal(one, expect) {
		t.Errorf("%v: %s", err, w.Body)
	}
}

// TestTextsAreBounded has them count like mails, and refuses what no phone gets.
func TestTextsAreBounded(t *testing.T) {
	b := mailbox(t, devmail.Config{Keep: 2}, letter())
	for range 2 {
		if err := b.Texts().Send(t.Context(), code); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, b); len(got) != 2 || got[1].ID != 2 {
		t.Errorf("kept %v", got)
	}
	small := mailbox(t, devmail.Config{MaxBytes: 300})
	long := sms.Message{To: code.To, Text: strings.Repeat("secret", 100)}
	if err := small.Texts().Send(t.Context(), long); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("too large: %v", err)
	}
	var invalid *sms.InvalidError
	if err := b.Texts().Send(t.Context(), sms.Message{To: "911", Text: "x"}); !errors.As(err, &invalid) {
		t.Errorf("no number: %v", err)
	}
}

// TestTextsOfAShutMailbox: they are gone with the mails, later ones are nowhere,
// who waits is told, and who must not know is not.
func TestTextsOfAShutMailbox(t *testing.T) {
	var out bytes.Buffer
	log, lines := logTo(&out)
	b := mailbox(t, devmail.Config{Log: log})
	if err := b.Texts().Send(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	absent(t, ask(b, "GET", "/dev/mail/1", from("203.0.113.9:1")))
	if err := b.Texts().Now(t.Context(), code); !errors.Is(err, devmail.ErrShut) {
		t.Errorf("who waits is told %v", err)
	}
	if err := b.Texts().Send(t.Context(), code); err != nil {
		t.Errorf("a stranger is told %v", err)
	}
	absent(t, ask(b, "GET", "/dev/mail", nil))
	if b.Kept() != 0 || strings.Contains(out.String(), "918273") || len(lines("ERROR")) != 1 {
		t.Errorf("%d kept, log %s", b.Kept(), out.String())
	}
}
