package sms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/sms"
)

const number = "+14155552671"

func good() sms.Message { return sms.Message{To: number, Text: "Use this code to sign in: 938271."} }

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		change func(*sms.Message)
		field  string
	}{
		"good":             {func(*sms.Message) {}, ""},
		"eight digits":     {func(m *sms.Message) { m.To = "+29051234" }, ""},
		"fifteen digits":   {func(m *sms.Message) { m.To = "+123456789012345" }, ""},
		"lines":            {func(m *sms.Message) { m.Text = "one\ntwo" }, ""},
		"other script":     {func(m *sms.Message) { m.Text = "コード 123456 🔑" }, ""},
		"longest":          {func(m *sms.Message) { m.Text = strings.Repeat("a", sms.MaxBytes) }, ""},
		"no number":        {func(m *sms.Message) { m.To = "" }, "To"},
		"no plus":          {func(m *sms.Message) { m.To = "14155552671" }, "To"},
		"plus alone":       {func(m *sms.Message) { m.To = "+" }, "To"},
		"seven digits":     {func(m *sms.Message) { m.To = "+1234567" }, "To"},
		"sixteen digits":   {func(m *sms.Message) { m.To = "+1234567890123456" }, "To"},
		"zero first":       {func(m *sms.Message) { m.To = "+0415555267" }, "To"},
		"space":            {func(m *sms.Message) { m.To = "+1 4155552671" }, "To"},
		"two numbers":      {func(m *sms.Message) { m.To = "+1415555,+1415556" }, "To"},
		"line feed after":  {func(m *sms.Message) { m.To = number + "\n" }, "To"},
		"Arabic-Indic":     {func(m *sms.Message) { m.To = "+١٤١٥٥٥٥" }, "To"},
		"no text":          {func(m *sms.Message) { m.Text = "" }, "Text"},
		"too long":         {func(m *sms.Message) { m.Text = strings.Repeat("a", sms.MaxBytes+1) }, "Text"},
		"not UTF-8":        {func(m *sms.Message) { m.Text = "a\xff" }, "Text"},
		"NUL":              {func(m *sms.Message) { m.Text = "a\x00" }, "Text"},
		"carriage return":  {func(m *sms.Message) { m.Text = "a\r\nb" }, "Text"},
		"escape":           {func(m *sms.Message) { m.Text = "\x1b[2J" }, "Text"},
		"delete":           {func(m *sms.Message) { m.Text = "a\x7f" }, "Text"},
		"upper control":    {func(m *sms.Message) { m.Text = "a\u0085" }, "Text"},
		"number and text":  {func(m *sms.Message) { *m = sms.Message{} }, "To"},
		"text in a number": {func(m *sms.Message) { m.To = "+1415555abcd" }, "To"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := good()
			tt.change(&m)
			err := m.Check()
			var invalid *sms.InvalidError
			if tt.field == "" && err != nil || tt.field != "" && (!errors.As(err, &invalid) || invalid.Field != tt.field) {
				t.Fatalf("%v, want a problem with %q", err, tt.field)
			}
			if err != nil && m.To != "" && strings.Contains(err.Error(), m.To) {
				t.Errorf("the error holds the number: %v", err)
			}
		})
	}
}

// TestMessageIsNotPrinted prints a message in every way that a log would.
func TestMessageIsNotPrinted(t *testing.T) {
	m := good()
	var text, asJSON bytes.Buffer
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey { // may have any digits
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewTextHandler(&text, timeless)).Info("m", "sms", m, "at", &m)
	slog.New(slog.NewJSONHandler(&asJSON, timeless)).Info("m", "sms", m, "at", &m)
	for how, said := range map[string]string{
		"%v": fmt.Sprintf("%v", m), "%+v": fmt.Sprintf("%+v", &m), "%#v": fmt.Sprintf("%#v", m), "%s": fmt.Sprintf("%s", []sms.Message{m}),
		"%q": fmt.Sprintf("%q", m), "text": text.String(), "JSON": asJSON.String(),
	} {
		if strings.Contains(said, "938271") || strings.Contains(said, "415") || strings.Contains(said, "267") {
			t.Errorf("%s says too much: %s", how, said)
		}
		if !strings.Contains(said, "+...71") {
			t.Errorf("%s does not tell messages apart: %s", how, said)
		}
	}
	if said := (sms.Message{To: "not a number 938271"}).String(); strings.Contains(said, "71") {
		t.Errorf("what is no number is shown: %s", said)
	}
}

func TestRedact(t *testing.T) {
	m := good()
	for said, want := range map[string]string{
		"The 'To' number +14155552671 is not valid":   "The 'To' number (number) is not valid",
		"number 14155552671":                          "number (number)",
		"number 4155552671":                           "number (number)",
		"number (415) 555-2671 is blocked":            "number (number) is blocked",
		"To=%2B14155552671&x":                         "To=(number)&x",
		"number 415 - 555 - 2671":                     "number (number)",
		"number 0011 1 415 555 2671":                  "number (number)",
		"ends with 2671":                              "ends with (number)",
		"bad body: Use this code to sign in: 938271.": "bad body: (text)",
		"bad body: code 938271":                       "bad body: code (text)",
		"938271 21211 is bad":                         "(text) is bad",
		"error 20003 4155552671":                      "error (number)",
		"bad body: 938 271!":                          "bad body: (text)!",
		"see docs/errors/21211, account 20003":        "see docs/errors/21211, account 20003",
		"no money left":                               "no money left",
		"429 Too Many Requests":                       "429 Too Many Requests",
		"":                                            "",
		"broken \xff here":                            "broken ? here",
		"long " + strings.Repeat("x", 1000):           "long " + strings.Repeat("x", 495) + "...",
	} {
		if got := sms.Redact(said, m); got != want {
			t.Errorf("%q became %q, want %q", said, got, want)
		}
	}
	letters := sms.Message{To: number, Text: "Use K7QX-93PZ now"}
	if got := sms.Redact("refused K7QX-93PZ", letters); strings.Contains(got, "K7QX") || strings.Contains(got, "93PZ") {
		t.Errorf("a code with letters is shown: %s", got)
	}
	if got := sms.Redact("account 20003", sms.Message{}); got != "account 20003" {
		t.Errorf("an empty message hides %q", got)
	}
}

func TestLogWritesAll(t *testing.T) {
	var out bytes.Buffer
	l := sms.Log{Logger: slog.New(slog.NewTextHandler(&out, nil))}
	if err := l.Send(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"level=WARN", number, "938271", "development"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %s", want, out.String())
		}
	}
	var invalid *sms.InvalidError
	if err := l.Send(t.Context(), sms.Message{To: number}); !errors.As(err, &invalid) {
		t.Errorf("an empty text: %v", err)
	}
}

func TestOutbox(t *testing.T) {
	var o sms.Outbox
	second := sms.Message{To: "+4915123456789", Text: "two"}
	for _, m := range []sms.Message{good(), second} {
		if err := o.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Send(t.Context(), sms.Message{}); err == nil {
		t.Error("an empty message is kept")
	}
	broken := errors.New("broken")
	o.Fail(broken)
	if err := o.Send(t.Context(), good()); err != broken {
		t.Errorf("told to fail: %v", err)
	}
	o.Fail(nil)

	until := make(chan struct{})
	o.Hang(until)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Send(gone, good()); !errors.Is(err, context.Canceled) {
		t.Errorf("hanging: %v", err)
	}
	if sent := o.Sent(); !slices.Equal(sent, []sms.Message{good(), second}) {
		t.Errorf("sent %d", len(sent))
	}
	close(until)
	o.Reset()
	if err := o.Send(t.Context(), second); err != nil || !slices.Equal(o.Sent(), []sms.Message{second}) {
		t.Errorf("after the end of it: %v, %d sent", err, len(o.Sent()))
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("The number +1 415 555 2671 is bad: 938271", "938271")
	f.Add("\xff%2b0-0(0)/", "0 0 0 0")
	f.Add("a", "")
	f.Fuzz(func(t *testing.T, said, code string) {
		got := sms.Redact(said, sms.Message{To: number, Text: "Code " + code})
		if strings.Contains(got, number[1:]) || len(got) > 600 {
			t.Errorf("%q became %q", said, got)
		}
	})
}
