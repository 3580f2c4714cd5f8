package codes_test

import (
	"context"
	"encoding/base32"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codes"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/sms/phone"
)

const (
	joe    = "joe@example.com"
	number = "+14155550100"
	within = 2 * time.Minute
	letter = "security/email/probe"
)

// probe is a feature that does nothing with its codes but what a test says.
type probe struct {
	cfg   codes.Config
	rt    *doorward.Runtime
	codes *codes.Codes
}

func (p *probe) Name() string { return "probe" }

func (p *probe) Init(rt *doorward.Runtime) (err error) {
	p.rt = rt
	if p.codes, err = codes.New(rt, p.cfg); err != nil {
		return err
	}
	return rt.Pages(fstest.MapFS{
		"templates/" + letter + ".txt": {Data: []byte(`{{define "content"}}Your code: {{.Mail.code}}{{end}}`)},
	}, map[string]doorward.Text{"EMAIL_SUBJECT_PROBE": {Text: "A code"}})
}

// site is an installation with a probe in it.
type site struct {
	*kit.App
	*probe
	t testing.TB

	mu    sync.Mutex
	calls int // of UpdateGuesses
	rows  map[string]doorward.Guesses
}

// newSite returns one; with sees the settings before they are used.
func newSite(t testing.TB, with ...func(*batteries.Config)) *site {
	t.Helper()
	s := &site{probe: &probe{}, t: t, rows: map[string]doorward.Guesses{}}
	s.App = kit.New(t, func(c *batteries.Config) {
		c.Codes.Phone = phone.Parser{Region: "US"}.E164
		c.Pages.Messages["USE_CODE"] = doorward.Text{Text: "Use %(code)s"}
		for _, w := range with {
			w(c)
		}
		c.Stores.Guesses = &counting{GuessStore: c.Stores.Guesses, site: s}
		s.cfg = c.Codes
		c.More = append(c.More, s.probe)
	})
	return s
}

// counting counts what a store is asked, and keeps a copy of what is in it.
type counting struct {
	doorward.GuessStore
	site *site
}

func (c *counting) UpdateGuesses(ctx context.Context, keys []string, change func([]doorward.Guesses) error) error {
	var last []doorward.Guesses
	err := c.GuessStore.UpdateGuesses(ctx, keys, func(rows []doorward.Guesses) error {
		err := change(rows)
		last = append([]doorward.Guesses(nil), rows...)
		return err
	})
	c.site.mu.Lock()
	defer c.site.mu.Unlock()
	c.site.calls++
	for _, g := range last {
		if err == nil {
			c.site.rows[g.Key] = g
		}
	}
	return err
}

// cost returns how often do changes rows of the store.
func (s *site) cost(do func()) int {
	before := s.asked()
	do()
	return s.asked() - before
}

func (s *site) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// key returns what a secret is made of, by way of what its user is shown.
func (s *site) key(secret codes.Secret) []byte {
	s.t.Helper()
	setup, err := s.codes.Setup(secret, s.Stores.Admin.NewUser())
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(setup.Base32)
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

// code returns what an application shows for a secret, some time from now.
func (s *site) code(secret codes.Secret, from time.Duration) string {
	s.t.Helper()
	return otp.Code(s.key(secret), otp.Step(s.Clock.Now().Add(from)))
}

// wrong returns a code that is none of the secret's around now.
func (s *site) wrong(secret codes.Secret) string {
	s.t.Helper()
	step := otp.Step(s.Clock.Now())
	for _, code := range []string{"123456", "123457", "123458", "123459"} {
		if otp.Match(s.key(secret), code, step-100, step+100) == nil {
			return code
		}
	}
	s.t.Fatal("four codes of one secret among 200 steps")
	return ""
}

// takes checks whether a code is accepted.
func (s *site) takes(what string, secret codes.Secret, code string, sent, want bool) {
	s.t.Helper()
	s.within(what, secret, code, within, sent, want)
}

func (s *site) within(what string, secret codes.Secret, code string, within time.Duration, sent, want bool) {
	s.t.Helper()
	err := s.codes.Check(s.t.Context(), secret, code, within, sent)
	if want && err != nil || !want && !errors.Is(err, codes.ErrWrong) {
		s.t.Errorf("%s: %v, accepted should be %t", what, err, want)
	}
}

// delivery is a mail to joe for a sign-in of his.
func delivery(secret codes.Secret, edit ...func(*codes.Delivery)) codes.Delivery {
	d := codes.Delivery{Secret: secret, Method: codes.Email, To: joe, Within: within, Letter: func(code string) doorward.Letter {
		return doorward.Letter{Template: letter, Subject: doorward.Subject("EMAIL_SUBJECT_PROBE", ""), Values: map[string]any{"code": code}}
	}}
	for _, e := range edit {
		e(&d)
	}
	return d
}

func byText(d *codes.Delivery) { d.Method, d.To = codes.SMS, number }

// send sends one, as a request from one address.
func (s *site) send(d codes.Delivery) error {
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/", http.NoBody)
	return s.codes.Send(r, d)
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// sent sends a code and returns it.
func (s *site) sent(d codes.Delivery) string {
	s.t.Helper()
	if err := s.send(d); err != nil {
		s.t.Fatalf("%v\n%s", err, s.Logs)
	}
	text := ""
	if all := s.Outbox.Sent(); d.Method == codes.Email && len(all) > 0 {
		text = all[len(all)-1].Text
	}
	if all := s.Texts.Sent(); d.Method == codes.SMS && len(all) > 0 {
		text = all[len(all)-1].Text
	}
	code := sixDigits.FindString(text)
	if code == "" {
		s.t.Fatalf("no code in %q", text)
	}
	return code
}

// silent fails if something of a code, a number or an address was logged.
func (s *site) silent(words ...string) {
	s.t.Helper()
	for _, w := range append(words, joe, number, strings.TrimPrefix(number, "+1")) {
		if log := s.Logs.String(); strings.Contains(log, w) {
			s.t.Errorf("%q is in the log:\n%s", w, log)
		}
	}
}

type textSender func(context.Context, sms.Message) error

func (f textSender) Send(ctx context.Context, m sms.Message) error { return f(ctx, m) }
