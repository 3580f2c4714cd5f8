package devmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail"
)

type shown struct {
	ID                                    int
	At, Template, To, Subject, Text, HTML string
}

func list(t *testing.T, h http.Handler) []shown {
	t.Helper()
	w := ask(h, "GET", "/dev/mail", with("Accept", "application/json"))
	want(t, w, 200)
	var out []shown
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return out
}

func TestDefaults(t *testing.T) {
	var cfg devmail.Config
	if err := conf.Defaults(&cfg); err != nil || cfg.Keep != 100 || cfg.MaxBytes != 8<<20 {
		t.Fatalf("%+v, %v", cfg, err)
	}
	for _, cfg := range []devmail.Config{{}, {Keep: -1, MaxBytes: -1}} {
		b := mailbox(t, cfg, slices.Repeat([]mail.Message{letter()}, 101)...)
		got := list(t, b)
		if len(got) != 100 || got[0].ID != 101 || got[99].ID != 2 {
			t.Errorf("%+v: %d mails kept", cfg, len(got))
		}
	}
}

func TestBounds(t *testing.T) {
	sized := func(n int) mail.Message { return mail.Message{Text: strings.Repeat("x", n)} }
	tests := map[string]struct {
		cfg  devmail.Config
		send []int
		want []int // numbers of those kept, newest first
	}{
		"one":             {devmail.Config{Keep: 1}, []int{1, 1, 1}, []int{3}},
		"number":          {devmail.Config{Keep: 2}, []int{1, 1, 1}, []int{3, 2}},
		"bytes":           {devmail.Config{MaxBytes: 2000}, []int{600, 600, 600}, []int{3, 2}},
		"one for several": {devmail.Config{MaxBytes: 2000}, []int{100, 100, 100, 1700}, []int{4}},
		"just fits":       {devmail.Config{MaxBytes: 2000}, []int{744, 744}, []int{2, 1}},
		"just does not":   {devmail.Config{MaxBytes: 2000}, []int{744, 745}, []int{2}},
		"empty ones":      {devmail.Config{MaxBytes: 1000}, []int{0, 0, 0, 0, 0}, []int{5, 4, 3}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := mailbox(t, tt.cfg)
			for _, n := range tt.send {
				if err := b.Send(t.Context(), sized(n)); err != nil {
					t.Fatal(err)
				}
			}
			var got []int
			for _, m := range list(t, b) {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("kept %v, want %v", got, tt.want)
			}
			for id := range len(tt.send) {
				status := 404
				if slices.Contains(tt.want, id+1) {
					status = 200
				}
				want(t, ask(b, "GET", fmt.Sprintf("/dev/mail/%d", id+1), nil), status)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	b := mailbox(t, devmail.Config{MaxBytes: 1000}, mail.Message{To: "ada@example.org"})
	err := b.Send(t.Context(), mail.Message{Template: "welcome", To: "joe@example.org", Text: strings.Repeat("secret", 200)})
	if err == nil || !strings.Contains(err.Error(), `"welcome"`) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "joe") {
		t.Errorf("the error is %v", err)
	}
	if got := list(t, b); len(got) != 1 || got[0].To != "ada@example.org" {
		t.Errorf("kept %v", got)
	}
}

// TestNumbers has a number name one mail only, also after all are deleted, and
// what was deleted take no room.
func TestNumbers(t *testing.T) {
	b := mailbox(t, devmail.Config{MaxBytes: 1500}, letter(), letter())
	if n := len(list(t, b)); n != 2 {
		t.Fatalf("%d mails kept", n)
	}
	want(t, ask(b, "DELETE", "/dev/mail", nil), 204)
	for range 2 {
		if err := b.Send(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, b); len(got) != 2 || got[0].ID != 4 || got[1].ID != 3 {
		t.Errorf("kept %v", got)
	}
}

func TestLog(t *testing.T) {
	markup := letter()
	markup.Text = ""
	plain := letter()
	plain.Text, plain.HTML = "Your code is 123456.", ""
	for name, tt := range map[string]struct {
		mail  mail.Message
		debug bool
		links any
	}{
		"quiet":        {letter(), false, nil},
		"quiet markup": {markup, false, nil},
		"debug":        {letter(), true, []any{link}},
		"debug markup": {markup, true, []any{link}},
		"no link":      {plain, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			mailbox(t, devmail.Config{Log: log, Debug: tt.debug}, tt.mail)
			if n := strings.Count(out.String(), "\n"); n != 1 {
				t.Fatalf("%d lines: %s", n, &out)
			}
			var line map[string]any
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			for key, value := range map[string]any{"level": "INFO", "template": "reset_instructions", "to": "ada@example.org",
				"subject": "Reset your password", "read": "/dev/mail/1"} {
				if line[key] != value {
					t.Errorf("%s is %v, want %v", key, line[key], value)
				}
			}
			if got := fmt.Sprint(line["links"]); got != fmt.Sprint(tt.links) {
				t.Errorf("links are %v, want %v", got, tt.links)
			}
			said := out.String()
			if !tt.debug && (strings.Contains(said, "http") || strings.Contains(said, "aZ-_x")) || strings.Contains(said, "123456") || strings.Contains(said, "Good bye") {
				t.Errorf("the log has the text of a mail: %s", said)
			}
		})
	}
}

// TestLogLine has the words of a mail stay in one line.
func TestLogLine(t *testing.T) {
	var out bytes.Buffer
	m := letter()
	m.Subject, m.To = "a\nlevel=ERROR msg=forged", "b\r\nc"
	mailbox(t, devmail.Config{Log: slog.New(slog.NewTextHandler(&out, nil))}, m)
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, &out)
	}
}

func TestConcurrency(t *testing.T) {
	b := mailbox(t, devmail.Config{Keep: 10})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				if err := b.Send(context.Background(), letter()); err != nil {
					t.Error(err)
				}
				for _, path := range []string{"/dev/mail", "/dev/mail/7", "/dev/mail/7/html"} {
					ask(b, "GET", path, nil)
				}
				if i == 0 {
					ask(b, "POST", "/dev/mail/clear", nil)
				}
			}
		})
	}
	wg.Wait()
	for range 10 {
		if err := b.Send(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	got := list(t, b)
	if len(got) != 10 || got[0].ID != 410 || got[9].ID != 401 {
		t.Errorf("kept %d mails, the newest is %d", len(got), got[0].ID)
	}
}
