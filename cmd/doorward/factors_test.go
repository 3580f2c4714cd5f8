package main

import (
	"encoding/base32"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/otp"
	"github.com/doorward/doorward/internal/testdb"
)

func factored() []string {
	return append(open(), "SECURITY_TWO_FACTOR=true", "SECURITY_MULTI_FACTOR_RECOVERY_CODES=true", "SECURITY_UNIFIED_SIGNIN=true", "SECURITY_CHANGEABLE=true",
		"SECURITY_USER_IDENTITY_ATTRIBUTES=email,us_phone_number")
}

// ask posts a form as a program does, and wants it to work.
func (l *live) ask(t *testing.T, path string, form url.Values) map[string]any {
	t.Helper()
	page, _, _ := strings.Cut(path[1:], "/")
	a := l.post("/"+page, path, asJS, form)
	if a.status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return a.response(t)
}

func text(t *testing.T, from map[string]any, key string) string {
	t.Helper()
	s, ok := from[key].(string)
	if !ok || s == "" {
		t.Fatalf("no %s in %v", key, from)
	}
	return s
}

// authenticator sets one up, and returns what it says at a time.
func (l *live) authenticator(t *testing.T) func(time.Time) string {
	t.Helper()
	res := l.ask(t, "/tf-setup", url.Values{"setup": {"authenticator"}})
	if res["tf_authr_issuer"] != "Doorward" {
		t.Errorf("issuer %v", res["tf_authr_issuer"])
	}
	key, err := base32.StdEncoding.DecodeString(text(t, res, "tf_authr_b32key"))
	if err != nil {
		t.Fatal(err)
	}
	code := func(at time.Time) string { return otp.Code(key, otp.Step(at)) }
	l.ask(t, "/tf-setup/"+text(t, res, "tf_state_token"), url.Values{"code": {code(time.Now())}})
	return code
}

// texted returns the code of the newest message at /dev/mail, a text message.
func (l *live) texted(t *testing.T, to string) string {
	t.Helper()
	var all []struct{ Kind, To, Text string }
	if err := json.Unmarshal([]byte(l.get("/dev/mail", asJS).body), &all); err != nil || len(all) == 0 || all[0].Kind != "sms" || all[0].To != to {
		t.Fatalf("%v: %v", err, all)
	}
	return regexp.MustCompile(`\d{6}`).FindString(all[0].Text)
}

func (l *live) security(t *testing.T) map[string]any {
	t.Helper()
	all, ok := l.get("/profile", asJS).response(t)["security"].(map[string]any)
	if !ok {
		t.Fatal("the profile tells nothing of security")
	}
	return all
}

// TestSecondFactor has a user set up a second factor, sees what the profile and
// the operator's commands tell of it, and takes it away.
func TestSecondFactor(t *testing.T) {
	for _, kind := range testdb.Kinds {
		t.Run(kind, func(t *testing.T) {
			dir, environ := t.TempDir(), append(factored(), "DATABASE_URL="+testdb.Open(t, kind).URL)
			l := start(t, dir, environ...)
			says := func(want string, args ...string) {
				t.Helper()
				if out, code := operate(t, dir, environ, args...); code != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
					t.Errorf("%s: code %d, want %q in\n%s", args, code, want, out)
				}
			}
			l.register("ann@doors.test")
			if got := l.security(t); got["second_factor"] != nil || got["recovery_codes_left"] != 0.0 || got["password"] != true {
				t.Errorf("at first: %v", got)
			}
			code := l.authenticator(t)
			l.ask(t, "/mf-recovery-codes", url.Values{"generate_new_codes": {"true"}})
			if got := l.security(t); got["second_factor"] != "authenticator" || got["recovery_codes_left"] != 5.0 || got["sessions"] != 1.0 {
				t.Errorf("set up: %v", got)
			}
			page := l.get("/profile", html).body
			for _, want := range []string{"Authenticator app", "5 left", "1 browser is signed in", `href="/tf-setup"`, `href="/mf-recovery-codes"`, `href="/us-setup"`, `href="/change"`} {
				if !strings.Contains(page, want) {
					t.Errorf("the page has no %q:\n%s", want, page)
				}
			}
			says("second factor authenticator recovery codes 5 also signs in by -", "users", "show", "ann@doors.test")

			l.post("/change", "/logout", html, url.Values{})
			if got := l.ask(t, "/login", url.Values{"email": {"ann@doors.test"}, "password": {secretWord}}); got["tf_required"] != true {
				t.Fatalf("by password: %v", got)
			}
			l.ask(t, "/tf-validate", url.Values{"code": {code(time.Now().Add(30 * time.Second))}})
			says("Removed from ann@doors.test: authenticator, 5 recovery codes. All sessions are ended.", "users", "reset_factors", "ann@doors.test")
			if a := l.get("/profile", asJS); a.status != http.StatusUnauthorized {
				t.Errorf("the session goes on: %d", a.status)
			}
			says("second factor - recovery codes 0", "users", "show", "ann@doors.test")
			says("has no second factor; nothing changed.", "users", "reset-factors", "ann@doors.test")
			l.signIn("ann@doors.test")
			if l.get("/profile", asJS).status != http.StatusOK {
				t.Error("the password does not sign in any more")
			}
		})
	}
}

// TestFactorsOfFeaturesThatAreOff: what is left of them is shown and taken away.
func TestFactorsOfFeaturesThatAreOff(t *testing.T) {
	dir := t.TempDir()
	l := start(t, dir, factored()...)
	l.register("ann@doors.test")
	l.authenticator(t)
	l.ask(t, "/mf-recovery-codes", url.Values{"generate_new_codes": {"true"}})
	out, _ := operate(t, dir, open(), "users", "show", "ann@doors.test")
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "second factor authenticator recovery codes 5") {
		t.Error(out)
	}
	if out, code := operate(t, dir, open(), "users", "reset_factors", "ann@doors.test"); code != 0 || !strings.Contains(out, "Removed from ann@doors.test: authenticator, 5 recovery codes.") {
		t.Errorf("%d %s", code, out)
	}
	l.signIn("ann@doors.test")
	if got := l.security(t); got["second_factor"] != nil || got["recovery_codes_left"] != 0.0 {
		t.Errorf("back on: %v", got)
	}
}

// TestTextMessagesWithoutAService are shown beside the mails, until others than
// this machine reach the server; then who waits is told.
func TestTextMessagesWithoutAService(t *testing.T) {
	dir, environ := t.TempDir(), factored()
	l := start(t, dir, environ...)
	l.register("ann@doors.test")
	res := l.ask(t, "/us-setup", url.Values{"chosen_method": {"sms"}, "phone": {"415 555 0123"}})
	l.ask(t, "/us-setup/"+text(t, res, "state"), url.Values{"passcode": {l.texted(t, "+14155550123")}})
	res = l.ask(t, "/tf-setup", url.Values{"setup": {"sms"}, "phone": {"415 555 0177"}})
	l.ask(t, "/tf-setup/"+text(t, res, "tf_state_token"), url.Values{"code": {l.texted(t, "+14155550177")}})

	if got := l.security(t); got["second_factor"] != "sms" || got["second_factor_phone"] != "...77" || got["sign_in_phone"] != "...23" {
		t.Errorf("%v", got)
	}
	page := l.get("/profile", html).body
	if strings.Contains(page, "555") || !strings.Contains(page, "Code by text message (…77)") || !strings.Contains(page, "Code by text message (…23)") {
		t.Error(page)
	}
	out, _ := operate(t, dir, environ, "users", "show", "ann@doors.test")
	if out = strings.Join(strings.Fields(out), " "); !strings.Contains(out, "second factor sms ending in 77 recovery codes 0 also signs in by sms ending in 23 roles") {
		t.Error(out)
	}

	l.do("GET", "/healthz", html, nil, func(r *http.Request) { r.Host = "door.example" })
	if a := l.post("/us-setup", "/us-setup", asJS, url.Values{"chosen_method": {"sms"}, "phone": {"415 555 0199"}}); a.status != http.StatusInternalServerError || !strings.Contains(a.body, "chosen_method") {
		t.Errorf("after the mailbox is shut: %d %s", a.status, a.body)
	}
	if log := l.log.String(); strings.Contains(log, "+14155550") || regexp.MustCompile(`code is \d{6}`).MatchString(log) {
		t.Errorf("log: %s", log)
	}
}

// TestTextMessagesAreOffered only where somebody can read or send them.
func TestTextMessagesAreOffered(t *testing.T) {
	twilio := `SECURITY_SMS_SERVICE_CONFIG={"ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef", "AUTH_TOKEN": "x", "PHONE_NUMBER": "+14155550100"}`
	mails := []string{"MAIL_SERVER=127.0.0.1", "SERVER_NAME=door.example.org"}
	for name, c := range map[string]struct {
		environ []string
		want    bool
	}{
		"nothing":         {nil, true},
		"mail server":     {mails, false},
		"proxy":           {[]string{"DOORWARD_TRUSTED_PROXIES=10.0.0.0/8"}, false},
		"none":            {[]string{"SECURITY_SMS_SERVICE=Dummy"}, false},
		"log":             {append(mails, "SECURITY_SMS_SERVICE=Log"), true},
		"Twilio":          {append(mails, "SECURITY_SMS_SERVICE=Twilio", twilio), true},
		"Twilio, mailbox": {[]string{"SECURITY_SMS_SERVICE=Twilio", twilio}, true},
	} {
		l := start(t, t.TempDir(), append(factored(), c.environ...)...)
		methods, _ := l.get("/us-signin", asJS).response(t)["available_methods"].([]any)
		if got := slices.Contains(methods, any("sms")); got != c.want {
			t.Errorf("%s: offered %t: %v", name, got, methods)
		}
		if warned := strings.Contains(l.log.String(), "text messages are not sent but written here"); warned != (name == "log") {
			t.Errorf("%s: warned %t", name, warned)
		}
		l.stop()
	}
}
