package smtp_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/mail"
	"github.com/doorward/doorward/mail/smtp"
)

const password = "open sesame 99"

func good() mail.Message {
	return mail.Message{
		To: "joe@door.example", From: "Dörte from Door <no-reply@door.example>", Subject: "Grüße aus dem Haus",
		Text: "Hello\n.\nthe link: https://door.example/reset/t0ken-123\n", HTML: "<p>Hello</p>", Template: "welcome",
		ID: "once@door.example", Language: "de",
	}
}

// sender talks to a double, with 127.0.0.1 for its name.
func sender(t *testing.T, d *double, change func(*smtp.Config)) *smtp.Sender {
	t.Helper()
	cfg := smtp.Config{Server: "127.0.0.1", Timeout: time.Minute, Log: slog.New(slog.DiscardHandler)}
	if d != nil {
		cfg.Port = d.start(t)
	}
	if change != nil {
		change(&cfg)
	}
	s, err := smtp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// verdict is what the queue needs to know of an error.
func verdict(err error) string {
	switch {
	case err == nil:
		return "sent"
	case mail.IsPermanent(err):
		return "permanent"
	}
	return "temporary"
}

// leaks finds what no error may hold.
func leaks(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"joe", "sesame", base64.StdEncoding.EncodeToString([]byte("\x00door\x00" + password)), "t0ken"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
}

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answers map[string][]string
		want    string
		say     string // in the error
	}{
		"ok":                     {nil, "sent", ""},
		"greeting 554":           {map[string][]string{"CONNECT": {"554 no"}}, "permanent", "connect: 554"},
		"greeting 421":           {map[string][]string{"CONNECT": {"421 busy"}}, "temporary", "connect: 421"},
		"greeting dropped":       {map[string][]string{"CONNECT": {drop}}, "temporary", "connect"},
		"no SMTP":                {map[string][]string{"CONNECT": {"HTTP/1.1 400 Bad Request"}}, "temporary", "connect"},
		"EHLO dropped":           {map[string][]string{"EHLO": {drop}}, "temporary", "connect"},
		"EHLO refused":           {map[string][]string{"EHLO": {"502 no"}}, "sent", ""},
		"sender 451":             {map[string][]string{"MAIL": {"451 later"}}, "temporary", "sender: 451"},
		"sender 550":             {map[string][]string{"MAIL": {"550 no"}}, "permanent", "sender: 550"},
		"recipient 450":          {map[string][]string{"RCPT": {"450 4.2.0 <joe@door.example>: greylisted"}}, "temporary", "recipient: 450 4.2.0 <(recipient)>: greylisted"},
		"recipient 550":          {map[string][]string{"RCPT": {"550 5.1.1 JOE@DOOR.EXAMPLE unknown"}}, "permanent", "(recipient) unknown"},
		"recipient dropped":      {map[string][]string{"RCPT": {drop}}, "temporary", "recipient"},
		"data 451":               {map[string][]string{"DATA": {"451 later"}}, "temporary", "text: 451"},
		"data dropped":           {map[string][]string{"DATA": {drop}}, "temporary", "text"},
		"text 552":               {map[string][]string{".": {"552 too large"}}, "permanent", "end of text: 552"},
		"text 451":               {map[string][]string{".": {"451 later"}}, "temporary", "end of text: 451"},
		"text 554 repeats":       {map[string][]string{".": {"554 spam https://door.example/reset/t0ken-123"}}, "permanent", "spam (link)"},
		"dropped after text":     {map[string][]string{".": {drop}}, "temporary", "end of text"},
		"talks without end":      {map[string][]string{"MAIL": {"250-" + strings.Repeat("a", 1<<20)}}, "temporary", "too long"},
		"QUIT dropped":           {map[string][]string{"QUIT": {drop}}, "sent", ""},
		"two lines of greetings": {map[string][]string{"CONNECT": {"220-hello\r\n220 again"}}, "sent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sender(t, &double{answers: tt.answers}, func(c *smtp.Config) { c.MaxEmails = conf.Some(1) })
			err := s.Send(t.Context(), good())
			if got := verdict(err); got != tt.want {
				t.Fatalf("%s: %v", got, err)
			}
			if err != nil {
				leaks(t, err.Error())
				if !strings.Contains(err.Error(), tt.say) {
					t.Errorf("no %q in %v", tt.say, err)
				}
			}
		})
	}
}

// TestHangs shows that neither a server that is silent at any step nor one that
// reads nothing keeps a mail for longer than its context, or the step's time.
func TestHangs(t *testing.T) {
	_, _, own, trust := certificate(t)
	for _, verb := range []string{"CONNECT", "EHLO", "STARTTLS", "TLS", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		server := func() (*double, func(*smtp.Config)) {
			d := &double{ext: []string{"STARTTLS", "AUTH PLAIN"}, tls: &tls.Config{Certificates: []tls.Certificate{own}}, answers: map[string][]string{verb: {hang}}}
			return d, func(c *smtp.Config) {
				c.UseTLS, c.Username, c.Password, c.TLS = true, "door", password, &tls.Config{RootCAs: trust}
			}
		}
		t.Run(verb+" until the context ends", func(t *testing.T) {
			d, change := server()
			s := sender(t, d, change)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-d.reached; cancel() }()
			if err := s.Send(ctx, good()); verdict(err) != "temporary" || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", verdict(err), err)
			}
		})
		t.Run(verb+" until the step's time is over", func(t *testing.T) {
			d, change := server()
			s := sender(t, d, func(c *smtp.Config) { change(c); c.Timeout = 300 * time.Millisecond })
			if err := s.Send(t.Context(), good()); verdict(err) != "temporary" {
				t.Errorf("%s: %v", verdict(err), err)
			}
		})
	}
	t.Run("QUIT", func(t *testing.T) {
		s := sender(t, &double{answers: map[string][]string{"QUIT": {hang}}}, func(c *smtp.Config) { c.MaxEmails, c.Timeout = conf.Some(1), 300*time.Millisecond })
		if err := s.Send(t.Context(), good()); err != nil {
			t.Errorf("the mail was taken: %v", err)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	d := &double{}
	s := sender(t, d, nil)
	_ = d.ln.Close()
	if err := s.Send(t.Context(), good()); verdict(err) != "temporary" {
		t.Errorf("%s: %v", verdict(err), err)
	}
}

func TestEncryption(t *testing.T) {
	_, _, own, trust := certificate(t)
	_, _, _, other := certificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{own}}
	auth := "AUTH PLAIN LOGIN"
	for name, tt := range map[string]struct {
		d      *double
		change func(*smtp.Config)
		want   string
	}{
		"STARTTLS":          {&double{ext: []string{"STARTTLS", auth}, tls: config}, func(c *smtp.Config) { c.UseTLS = true }, "sent"},
		"not offered":       {&double{ext: []string{auth}}, func(c *smtp.Config) { c.UseTLS = true }, "temporary"},
		"refused":           {&double{ext: []string{"STARTTLS", auth}, answers: map[string][]string{"STARTTLS": {"454 not now"}}}, func(c *smtp.Config) { c.UseTLS = true }, "temporary"},
		"HELO only":         {&double{answers: map[string][]string{"EHLO": {"502 no"}}}, func(c *smtp.Config) { c.UseTLS = true }, "temporary"},
		"another authority": {&double{ext: []string{"STARTTLS", auth}, tls: config}, func(c *smtp.Config) { c.UseTLS, c.TLS = true, &tls.Config{RootCAs: other} }, "temporary"},
		"another name":      {&double{ext: []string{"STARTTLS", auth}, tls: config}, func(c *smtp.Config) { c.UseTLS, c.TLS.ServerName = true, "mx.evil.example" }, "temporary"},
		"from the start":    {&double{ext: []string{auth}, tls: config, implicit: true}, func(c *smtp.Config) { c.UseSSL = true }, "sent"},
		"plain, expecting":  {&double{ext: []string{auth}}, func(c *smtp.Config) { c.UseSSL = true }, "temporary"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sender(t, tt.d, func(c *smtp.Config) {
				c.Username, c.Password, c.TLS = "door", password, &tls.Config{RootCAs: trust}
				tt.change(c)
			})
			err := s.Send(t.Context(), good())
			if got := verdict(err); got != tt.want {
				t.Fatalf("%s: %v", got, err)
			}
			said := tt.d.commands()
			if want := tt.want == "sent"; strings.Contains(said, "AUTH PLAIN") != want || strings.Contains(said, "MAIL FROM") != want {
				t.Errorf("the conversation: %s", said)
			}
			if err != nil {
				leaks(t, err.Error())
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00door\x00" + password))
	for name, tt := range map[string]struct {
		ext, answer, want string
	}{
		"good":          {"AUTH PLAIN LOGIN", "235 ok", "sent"},
		"wrong":         {"AUTH PLAIN", "535 5.7.8 wrong: door/" + password + " " + plain, "permanent"},
		"later":         {"AUTH PLAIN", "454 4.7.0 later", "temporary"},
		"dropped":       {"AUTH PLAIN", drop, "temporary"},
		"not offered":   {"SIZE", "", "temporary"},
		"unknown way":   {"AUTH TELEPATHY", "", "temporary"},
		"asks for more": {"AUTH PLAIN", "334 ", "temporary"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &double{ext: []string{tt.ext}, answers: map[string][]string{"AUTH": {tt.answer}}}
			s := sender(t, d, func(c *smtp.Config) { c.Username, c.Password = "door", password })
			err := s.Send(t.Context(), good())
			if got := verdict(err); got != tt.want {
				t.Fatalf("%s: %v", got, err)
			}
			if err != nil {
				leaks(t, err.Error())
				if strings.Contains(d.commands(), "MAIL") {
					t.Error("a mail was begun")
				}
			}
			var answer *smtp.Error
			if name == "wrong" && (!errors.As(err, &answer) || answer.Code != 535 || !strings.Contains(answer.Text, "wrong")) {
				t.Errorf("not clear: %v", err)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for name, tt := range map[string]struct {
		to, from string
		ext      []string
		want     string
		command  string
	}{
		"plain":            {"joe@door.example", "", []string{"SMTPUTF8"}, "sent", "RCPT TO:<joe@door.example>"},
		"IDN":              {"joe@bücher.example", "", nil, "sent", "RCPT TO:<joe@xn--bcher-kva.example>"},
		"IDN sender":       {"joe@door.example", "a@bücher.example", nil, "sent", "MAIL FROM:<a@xn--bcher-kva.example>"},
		"local part":       {"jörg@bücher.example", "", []string{"SMTPUTF8", "8BITMIME"}, "sent", "MAIL FROM:<no-reply@door.example> BODY=8BITMIME SMTPUTF8"},
		"cannot":           {"jörg@door.example", "", []string{"8BITMIME"}, "permanent", ""},
		"cannot, sender":   {"joe@door.example", "jörg@door.example", nil, "permanent", ""},
		"two":              {"joe@door.example,eve@evil.example", "", nil, "permanent", ""},
		"injection":        {"joe@door.example>\r\nRCPT TO:<eve@evil.example", "", nil, "permanent", ""},
		"bad domain":       {"joe@\u2024.example", "", nil, "permanent", ""},
		"no sender at all": {"joe@door.example", "none", nil, "permanent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &double{ext: tt.ext}
			s := sender(t, d, nil)
			m := good()
			if m.To = tt.to; tt.from != "" {
				m.From = strings.TrimPrefix(tt.from, "none")
			}
			err := s.Send(t.Context(), m)
			if got := verdict(err); got != tt.want {
				t.Fatalf("%s: %v", got, err)
			}
			said := d.commands()
			if !strings.Contains(said, tt.command) || tt.want != "sent" && strings.Contains(said, "MAIL") {
				t.Errorf("the conversation: %s", said)
			}
			if name == "plain" && strings.Contains(said, "SMTPUTF8") {
				t.Errorf("asked for more than it needs: %s", said)
			}
		})
	}
}

// TestAmbiguous: a connection that breaks after the text may have delivered it.
func TestAmbiguous(t *testing.T) {
	d := &double{answers: map[string][]string{".": {drop}, "RCPT": {"450 later"}}}
	q := mail.NewQueue(sender(t, d, nil), mail.QueueConfig{Delays: []time.Duration{time.Millisecond}, Log: slog.New(slog.DiscardHandler)})
	m := good()
	m.ID = ""
	if err := q.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(d.taken()) == 2 })
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	ids := map[string]int{}
	for _, source := range d.taken() {
		ids[parse(t, strings.NewReader(source)).header.Get("Message-ID")]++
	}
	if len(ids) != 1 {
		t.Errorf("two mails: %v", ids)
	}
}

func TestConnections(t *testing.T) {
	for name, tt := range map[string]struct {
		most    conf.Opt[int]
		answers map[string][]string
		conns   int
	}{
		"no limit":     {conf.Null[int](), nil, 1},
		"zero":         {conf.Some(0), nil, 1},
		"two":          {conf.Some(2), nil, 3},
		"one":          {conf.Some(1), nil, 5},
		"gone at RSET": {conf.Null[int](), map[string][]string{"RSET": {"250 ok", drop, "421 bye"}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			d := &double{answers: tt.answers}
			s := sender(t, d, func(c *smtp.Config) { c.MaxEmails, c.KeepAlive = tt.most, time.Hour })
			for range 5 {
				if err := s.Send(t.Context(), good()); err != nil {
					t.Fatal(err)
				}
			}
			if got := d.connections(); got != tt.conns || len(d.taken()) != 5 {
				t.Errorf("%d connections for %d mails", got, len(d.taken()))
			}
		})
	}
	t.Run("after the last", func(t *testing.T) {
		d := &double{}
		s := sender(t, d, func(c *smtp.Config) { c.KeepAlive = time.Millisecond })
		if err := s.Send(t.Context(), good()); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return strings.Contains(d.commands(), "QUIT") })
	})
	t.Run("at once", func(t *testing.T) {
		d := &double{}
		s := sender(t, d, nil)
		var senders sync.WaitGroup
		for range 20 {
			senders.Go(func() {
				if err := s.Send(t.Context(), good()); err != nil {
					t.Error(err)
				}
			})
		}
		senders.Wait()
		if len(d.taken()) != 20 {
			t.Errorf("%d mails", len(d.taken()))
		}
	})
}

func TestSuppressAndDebug(t *testing.T) {
	var log lockedBuilder
	d := &double{ext: []string{"AUTH PLAIN"}}
	change := func(c *smtp.Config) {
		c.Log, c.Debug, c.Username, c.Password = slog.New(slog.NewTextHandler(&log, nil)), true, "door", password
	}
	if err := sender(t, d, func(c *smtp.Config) { change(c); c.SuppressSend = true }).Send(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	if d.connections() != 0 || !strings.Contains(log.String(), "template=welcome") {
		t.Errorf("%d connections, log %s", d.connections(), log.String())
	}
	loud := &double{ext: []string{"AUTH PLAIN"}}
	if err := sender(t, loud, change).Send(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	if said := log.String(); !strings.Contains(said, "client=AUTH") || !strings.Contains(said, "client=RCPT") || !strings.Contains(said, "server=354") {
		t.Errorf("the conversation is not there: %s", said)
	}
	leaks(t, log.String())
	if strings.Contains(log.String(), "@") {
		t.Errorf("an address is there: %s", log.String())
	}
}

func TestConfig(t *testing.T) {
	for name, tt := range map[string]struct {
		vars map[string]any
		want string // in the error; empty: good
	}{
		"nothing":           {nil, ""},
		"Flask-Mail's":      {map[string]any{"MAIL_SERVER": "mx.example", "MAIL_PORT": "587", "MAIL_USE_TLS": "True", "MAIL_USE_SSL": "False", "MAIL_USERNAME": "door", "MAIL_PASSWORD": password, "MAIL_DEFAULT_SENDER": "Door <a@door.example>", "MAIL_MAX_EMAILS": "null", "MAIL_SUPPRESS_SEND": "0", "MAIL_DEBUG": "0", "MAIL_ASCII_ATTACHMENTS": "true", "MAIL_TIMEOUT": "10"}, ""},
		"no encryption":     {map[string]any{"MAIL_SERVER": "mx.example", "MAIL_USERNAME": "door", "MAIL_PASSWORD": password}, "MAIL_USE_TLS"},
		"allowed":           {map[string]any{"MAIL_SERVER": "mx.example", "MAIL_USERNAME": "door", "MAIL_PASSWORD": password, "SECURITY_INSECURE_MAIL_AUTH": "true"}, ""},
		"default host":      {map[string]any{"MAIL_USERNAME": "door", "MAIL_PASSWORD": password}, ""},
		"this machine":      {map[string]any{"MAIL_SERVER": "::1", "MAIL_USERNAME": "door", "MAIL_PASSWORD": password}, ""},
		"looks like it":     {map[string]any{"MAIL_SERVER": "localhost.evil.example", "MAIL_USERNAME": "door", "MAIL_PASSWORD": password}, "MAIL_USE_TLS"},
		"both":              {map[string]any{"MAIL_USE_TLS": "true", "MAIL_USE_SSL": "true"}, "choose one"},
		"port":              {map[string]any{"MAIL_PORT": "70000"}, "MAIL_PORT"},
		"host":              {map[string]any{"MAIL_SERVER": "unix:///run/mail"}, "MAIL_SERVER"},
		"greeting":          {map[string]any{"MAIL_LOCAL_HOSTNAME": "a\r\nMAIL FROM:<b>"}, "MAIL_LOCAL_HOSTNAME"},
		"sender":            {map[string]any{"MAIL_DEFAULT_SENDER": "Door"}, "MAIL_DEFAULT_SENDER"},
		"max":               {map[string]any{"MAIL_MAX_EMAILS": "-1"}, "MAIL_MAX_EMAILS"},
		"password, no name": {map[string]any{"MAIL_PASSWORD": password}, "MAIL_USERNAME"},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg smtp.Config
			err := conf.Load(&cfg, tt.vars)
			if err != nil {
				t.Fatal(err)
			}
			_, err = smtp.New(cfg)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("no %q in %v", tt.want, err)
			case err != nil:
				leaks(t, err.Error())
			}
		})
	}
}

// lockedBuilder is written to by several connections.
type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

var _ io.Writer = (*lockedBuilder)(nil)

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuilder) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// waitFor asks again and again, for half a minute.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it did not happen")
		}
	}
}
