package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/sms"
	"github.com/doorward/doorward/sms/twilio"
)

const (
	account = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
	service = "MGfedcba9876543210fedcba9876543210"
	token   = "s3cr3t-t0k3n-0f-tw1l10"
	number  = "+4915123456789"
	text    = "Ihr Code: 938271 & mehr\nnicht weitersagen"
)

// fake answers as the service does, and says what it was asked.
func fake(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		user, password, ok := r.BasicAuth()
		if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Messages.json" || r.URL.RawQuery != "" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		if !ok || user != account || password != token {
			t.Errorf("signed in as %q with %q", user, password)
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s, &asked
}

func at(t *testing.T, base string, change ...func(*twilio.Config)) *twilio.Sender {
	t.Helper()
	cfg := twilio.Config{AccountSID: account, AuthToken: token, From: "+14155552671", Base: base}
	for _, f := range change {
		f(&cfg)
	}
	s, err := twilio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantSilent looks for what must not be in an error.
func wantSilent(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		said := fmt.Sprintf("%v %+v %#v", e, e, e)
		for _, secret := range []string{token, account, number, number[1:], "15123456789", "938271", "weitersagen", "QUNhMWIy"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q is in %s", secret, said)
			}
		}
	}
}

func TestSend(t *testing.T) {
	for name, tt := range map[string]struct {
		from, field string
	}{
		"a number":            {"+14155552671", "From"},
		"a short code":        {"32665", "From"},
		"a name":              {"Example 24", "From"},
		"a name like a kind":  {"MG Motors", "From"},
		"a messaging service": {service, "MessagingServiceSid"},
	} {
		t.Run(name, func(t *testing.T) {
			server, asked := fake(t, func(w http.ResponseWriter, r *http.Request) {
				if kind := r.Header.Get("Content-Type"); kind != "application/x-www-form-urlencoded" {
					t.Errorf("sent as %s", kind)
				}
				body, _ := io.ReadAll(r.Body)
				got, err := url.ParseQuery(string(body))
				want := url.Values{"To": {number}, tt.field: {tt.from}, "Body": {text}}
				if err != nil || got.Encode() != want.Encode() {
					t.Errorf("form %s (%v), want %s", got.Encode(), err, want.Encode())
				}
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"sid": "SM1", "status": "queued", "error_code": null}`)
			})
			s := at(t, server.URL+"/", func(c *twilio.Config) { c.From = tt.from })
			if err := s.Send(t.Context(), sms.Message{To: number, Text: text}); err != nil || asked.Load() != 1 {
				t.Errorf("%v, asked %d times", err, asked.Load())
			}
		})
	}
}

func TestSendRefused(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	endless := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			for range 64 << 20 / 4096 { // more than the buffers on the way hold
				if _, err := io.WriteString(w, strings.Repeat("{", 4096)); err != nil {
					return
				}
			}
			t.Error("the whole answer was read")
		}
	}
	tests := map[string]struct {
		answer http.HandlerFunc
		want   twilio.Error // Status 0: it was sent
		says   string
	}{
		"no number": {
			answer(400, `{"code": 21211, "message": "The 'To' number `+number+` is not a valid phone number.", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}`),
			twilio.Error{Status: 400, Code: 21211}, "twilio: answered 400: 21211 The 'To' number (number) is not a valid phone number.",
		},
		"blocked":         {answer(400, `{"code": 21610, "message": "unsubscribed"}`), twilio.Error{Status: 400, Code: 21610}, "21610 unsubscribed"},
		"repeats it all":  {answer(400, `{"code": 1, "message": "`+token+` 0151 23456789, 938271, `+account[:2]+`"}`), twilio.Error{Status: 400, Code: 1}, "(token) (number), (text), AC"},
		"wrong token":     {answer(401, `{"code": 20003, "message": "Authenticate", "status": 401}`), twilio.Error{Status: 401, Code: 20003}, "20003 Authenticate"},
		"too many":        {answer(429, `{"code": 20429, "message": "Too Many Requests", "status": 429}`), twilio.Error{Status: 429, Code: 20429}, "20429"},
		"a page":          {answer(500, "<html>"+number+" 938271</html>"), twilio.Error{Status: 500}, "twilio: answered 500: Internal Server Error"},
		"nothing":         {answer(503, ""), twilio.Error{Status: 503}, "Service Unavailable"},
		"unknown":         {answer(599, ""), twilio.Error{Status: 599}, "unknown status"},
		"broken JSON":     {answer(400, `{"code": 21211, "message": "The`), twilio.Error{Status: 400}, "Bad Request"},
		"other JSON":      {answer(400, `["message"]`), twilio.Error{Status: 400}, "Bad Request"},
		"other types":     {answer(400, `{"code": "x", "message": 5}`), twilio.Error{Status: 400}, "Bad Request"},
		"a long message":  {answer(400, `{"code": 2, "message": "`+strings.Repeat("x", 5000)+`"}`), twilio.Error{Status: 400, Code: 2}, "xxx..."},
		"endless":         {endless(400), twilio.Error{Status: 400}, "Bad Request"},
		"sent, endless":   {endless(201), twilio.Error{}, ""},
		"sent, broken":    {answer(201, `{"sid": `), twilio.Error{}, ""},
		"sent, no answer": {answer(204, ""), twilio.Error{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server, asked := fake(t, tt.answer)
			err := at(t, server.URL).Send(t.Context(), sms.Message{To: number, Text: text})
			if asked.Load() != 1 {
				t.Errorf("asked %d times", asked.Load())
			}
			if tt.want.Status == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var got *twilio.Error
			if !errors.As(err, &got) || got.Status != tt.want.Status || got.Code != tt.want.Code || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("%v, want %d, %d, %q", err, tt.want.Status, tt.want.Code, tt.says)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			wantSilent(t, err)
		})
	}
}

// TestSendFollowsNoRedirect has the service point to somebody else.
func TestSendFollowsNoRedirect(t *testing.T) {
	var stolen atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server, _ := fake(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, thief.URL+"/x", status) })
		eager := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		for _, client := range []*http.Client{nil, eager} {
			s := at(t, server.URL, func(c *twilio.Config) { c.Client = client })
			err := s.Send(t.Context(), sms.Message{To: number, Text: text})
			var got *twilio.Error
			if !errors.As(err, &got) || got.Status != status {
				t.Errorf("%d: %v", status, err)
			}
			wantSilent(t, err)
		}
		if eager.CheckRedirect(nil, nil) != nil || eager.Timeout != 0 {
			t.Error("the client of the application was changed")
		}
	}
	if n := stolen.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestSendGivesUp(t *testing.T) {
	came := make(chan struct{}, 1)
	for name, before := range map[string]func(http.ResponseWriter){
		"without an answer": func(http.ResponseWriter) {},
		"amid a refusal":    func(w http.ResponseWriter) { w.WriteHeader(400); _ = http.NewResponseController(w).Flush() },
		"amid success":      func(w http.ResponseWriter) { w.WriteHeader(201); _ = http.NewResponseController(w).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := fake(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				before(w)
				came <- struct{}{}
				<-r.Context().Done()
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { <-came; cancel() }()
			err := at(t, server.URL).Send(ctx, sms.Message{To: number, Text: text})
			wantSilent(t, err)
			switch name {
			case "without an answer":
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
			case "amid success":
				// The cancelling may come before the status has been read.
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
			default:
				var got *twilio.Error
				if !errors.As(err, &got) {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

// TestSendTimesOut has a client that is less patient than the context.
func TestSendTimesOut(t *testing.T) {
	server, _ := fake(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	s := at(t, server.URL, func(c *twilio.Config) { c.Client = &http.Client{Timeout: 50 * time.Millisecond} })
	err := s.Send(t.Context(), sms.Message{To: number, Text: text})
	var got *twilio.Error
	if !errors.As(err, &got) || got.Status != 0 || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("%v", err)
	}
	wantSilent(t, err)
}

func TestSendToNobody(t *testing.T) {
	server, asked := fake(t, func(http.ResponseWriter, *http.Request) {})
	s := at(t, server.URL)
	var invalid *sms.InvalidError
	if err := s.Send(t.Context(), sms.Message{To: "015123456789", Text: text}); !errors.As(err, &invalid) || asked.Load() != 0 {
		t.Errorf("an invalid message: %v, asked %d times", err, asked.Load())
	}
	server.Close()
	err := s.Send(t.Context(), sms.Message{To: number, Text: text})
	var got *twilio.Error
	if !errors.As(err, &got) || got.Status != 0 || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("nobody listens: %v", err)
	}
	wantSilent(t, err)
}

func TestNew(t *testing.T) {
	tests := map[string]struct {
		change func(*twilio.Config)
		says   string // "" if it is right
	}{
		"right":                 {func(*twilio.Config) {}, ""},
		"upper-case account":    {func(c *twilio.Config) { c.AccountSID = "AC" + strings.ToUpper(account[2:]) }, ""},
		"on this machine":       {func(c *twilio.Config) { c.Base = "http://127.0.0.1:8080" }, ""},
		"by name":               {func(c *twilio.Config) { c.Base = "http://localhost:8080/twilio" }, ""},
		"other region":          {func(c *twilio.Config) { c.Base = "https://api.dublin.ie1.twilio.com" }, ""},
		"name of eleven":        {func(c *twilio.Config) { c.From = "abcdefghijk" }, ""},
		"name with a digit":     {func(c *twilio.Config) { c.From = "4you" }, ""},
		"no account":            {func(c *twilio.Config) { c.AccountSID = "" }, "ACCOUNT_SID"},
		"service as account":    {func(c *twilio.Config) { c.AccountSID = service }, "ACCOUNT_SID"},
		"short account":         {func(c *twilio.Config) { c.AccountSID = account[:33] }, "ACCOUNT_SID"},
		"account with a path":   {func(c *twilio.Config) { c.AccountSID = "AC" + strings.Repeat("../", 10) + "ab" }, "ACCOUNT_SID"},
		"no token":              {func(c *twilio.Config) { c.AuthToken = "" }, "AUTH_TOKEN"},
		"token with line feed":  {func(c *twilio.Config) { c.AuthToken = token + "\n" }, "AUTH_TOKEN"},
		"no sender":             {func(c *twilio.Config) { c.From = "" }, "PHONE_NUMBER"},
		"national number":       {func(c *twilio.Config) { c.From = "4155552671" }, "PHONE_NUMBER"},
		"broken service":        {func(c *twilio.Config) { c.From = service[:30] }, "PHONE_NUMBER"},
		"name of twelve":        {func(c *twilio.Config) { c.From = "abcdefghijkl" }, "PHONE_NUMBER"},
		"name in spaces":        {func(c *twilio.Config) { c.From = " abc " }, "PHONE_NUMBER"},
		"name with an umlaut":   {func(c *twilio.Config) { c.From = "Tür" }, "PHONE_NUMBER"},
		"name with a line feed": {func(c *twilio.Config) { c.From = "abc\nd" }, "PHONE_NUMBER"},
		"without TLS":           {func(c *twilio.Config) { c.Base = "http://api.twilio.com" }, "Base"},
		"like this machine":     {func(c *twilio.Config) { c.Base = "http://localhost.example.com" }, "Base"},
		"other scheme":          {func(c *twilio.Config) { c.Base = "ftp://localhost" }, "Base"},
		"host alone":            {func(c *twilio.Config) { c.Base = "api.twilio.com" }, "Base"},
		"with a name":           {func(c *twilio.Config) { c.Base = "https://a:b@api.twilio.com" }, "Base"},
		"with a query":          {func(c *twilio.Config) { c.Base = "https://api.twilio.com/?a=b" }, "Base"},
		"no URL":                {func(c *twilio.Config) { c.Base = "https://%zz" }, "Base"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := twilio.Config{AccountSID: account, AuthToken: token, From: "+14155552671"}
			tt.change(&cfg)
			s, err := twilio.New(cfg)
			if tt.says == "" {
				if err != nil || s == nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || s != nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), token) {
				t.Errorf("%v, want %s alone", err, tt.says)
			}
		})
	}
	if _, err := twilio.New(twilio.Config{Base: "x"}); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not everything that is wrong: %v", err)
	}
}

func TestTokenIsNotPrinted(t *testing.T) {
	cfg := twilio.Config{AccountSID: account, AuthToken: token, From: service}
	s := at(t, "")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if said := fmt.Sprintf(verb+verb+verb, cfg, &cfg, s); strings.Contains(said, token) || !strings.Contains(said, service) {
			t.Errorf("%s: %s", verb, said)
		}
	}
}
