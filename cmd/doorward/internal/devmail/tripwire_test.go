package devmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/cmd/doorward/internal/devmail"
)

// page is what stands behind the mailbox.
var page = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = io.WriteString(w, "a page")
})

// logTo returns a logger and the lines it wrote of a level.
func logTo(out *bytes.Buffer) (*slog.Logger, func(level string) []map[string]any) {
	return slog.New(slog.NewJSONHandler(out, nil)), func(level string) (lines []map[string]any) {
		for text := range bytes.Lines(out.Bytes()) {
			var line map[string]any
			if json.Unmarshal(text, &line) == nil && line["level"] == level {
				lines = append(lines, line)
			}
		}
		return lines
	}
}

func TestTrips(t *testing.T) {
	for name, tt := range map[string]struct {
		edit   func(*http.Request)
		reason string // empty: none
	}{
		"plain":               {nil, ""},
		"127.0.0.9":           {from("127.0.0.9:1"), ""},
		"IPv6":                {from("[::1]:1"), ""},
		"mapped":              {from("[::ffff:127.0.0.1]:1"), ""},
		"neighbour":           {from("192.168.1.7:1"), `came from "192.168.1.7:1"`},
		"stranger":            {from("203.0.113.9:1"), "came from"},
		"IPv6 stranger":       {from("[2001:db8::1]:1"), "came from"},
		"mapped stranger":     {from("[::ffff:203.0.113.9]:1"), "came from"},
		"no address":          {from(""), "came from"},
		"a socket":            {from("@"), "came from"},
		"host 127.0.0.1":      {host("127.0.0.1:8080"), ""},
		"host 127.1.2.3":      {host("127.1.2.3"), ""},
		"host ::1":            {host("[::1]:8080"), ""},
		"host ::1 alone":      {host("[::1]"), ""},
		"host without port":   {host("localhost"), ""},
		"host in capitals":    {host("LocalHost:1"), ""},
		"public host":         {host("door.example"), `for the host "door.example"`},
		"rebound host":        {host("evil.example:8080"), "for the host"},
		"host of the network": {host("192.168.1.2:8080"), "for the host"},
		"host that begins so": {host("localhost.evil.example"), "for the host"},
		"address as a prefix": {host("127.0.0.1.nip.example:8080"), "for the host"},
		"host that ends so":   {host("evil.localhost:8080"), "for the host"},
		"host in a port":      {host("localhost:8080@evil.example"), "for the host"},
		"host before a host":  {host("evil.example@localhost:8080"), "for the host"},
		"host and path":       {host("localhost/x"), "for the host"},
		"host in other s":     {host("localho\u017ft"), "for the host"},
		"empty host":          {host(""), "for the host"},
		"host and line":       {host("localhost\n"), "for the host"},
		"long host":           {host(strings.Repeat("x", 1<<16)), "for the host"},
		"X-Forwarded-For":     {with("X-Forwarded-For", "203.0.113.9"), `the header "X-Forwarded-For"`},
		"forwarded for us":    {with("X-Forwarded-For", "127.0.0.1"), "the header"},
		"empty forwarded":     {with("X-Forwarded-For", ""), "the header"},
		"X-Forwarded-Host":    {with("X-Forwarded-Host", "localhost"), "the header"},
		"X-Forwarded-Proto":   {with("X-Forwarded-Proto", "https"), "the header"},
		"Forwarded":           {with("Forwarded", "for=127.0.0.1"), "the header"},
		"X-Real-IP":           {with("X-Real-IP", "127.0.0.1"), "the header"},
		"X-Client-IP":         {with("X-Client-IP", "127.0.0.1"), "the header"},
		"True-Client-IP":      {with("True-Client-IP", "127.0.0.1"), "the header"},
		"Via":                 {with("Via", "1.1 proxy"), "the header"},
		"a tunnel":            {with("CF-Connecting-IP", "203.0.113.9"), "the header"},
		"HTTP/1.0":            {version(1, 0), "HTTP/1.0"},
		"HTTP/2":              {version(2, 0), ""},

		"public page":         {with("Sec-Fetch-Site", "same-origin", "Referer", "https://door.example/login?token=secret"), `at "https://door.example"`},
		"public form":         {with("Sec-Fetch-Site", "same-origin", "Origin", "https://door.example"), "a browser was at"},
		"public, typed":       {with("Sec-Fetch-Site", "none", "Referer", "https://door.example/"), "a browser was at"},
		"public, no TLS":      {with("Referer", "http://door.example/"), "a browser was at"},
		"form, no TLS":        {with("Origin", "http://door.example:8080", "Referer", "http://localhost/"), "a browser was at"},
		"form by no referrer": {with("Sec-Fetch-Site", "same-origin", "Origin", "null", "Referer", "https://door.example/"), "a browser was at"},
		"own page":            {with("Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:8080", "Referer", "http://localhost:8080/login"), ""},
		"own page by address": {with("Sec-Fetch-Site", "same-origin", "Origin", "http://[::1]:8080", "Referer", "http://127.0.0.1:8080/login"), ""},
		"own page by TLS":     {with("Sec-Fetch-Site", "same-origin", "Origin", "https://localhost:8443"), ""},
		"own front end":       {with("Sec-Fetch-Site", "same-site", "Origin", "http://localhost:3000", "Referer", "http://localhost:3000/"), ""},
		"its proxy":           {with("Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:3000"), ""},
		"old front end":       {with("Origin", "http://localhost:3000"), ""},
		"malicious page":      {with("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Referer", "https://evil.example/"), ""},
		"its form":            {with("Sec-Fetch-Site", "cross-site", "Origin", "null", "Referer", "https://evil.example/"), ""},
		"link in a web mail":  {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Referer", "https://mail.example/"), ""},
		"same site":           {with("Sec-Fetch-Site", "same-site", "Origin", "https://app.door.example"), ""},
		"extension":           {with("Sec-Fetch-Site", "none", "Origin", "chrome-extension://abcdef"), ""},
		"no origin":           {with("Sec-Fetch-Site", "same-origin", "Origin", "null"), ""},
		"no URL":              {with("Origin", "http://%zz", "Referer", "about:client"), ""},
		"its public host":     {func(r *http.Request) { host("door.example")(r); with("Sec-Fetch-Site", "cross-site")(r) }, "for the host"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/login", "/healthz", "/forward-auth", "/dev/mail"} {
				trips(t, path, tt.edit, tt.reason)
			}
		})
	}
}

func trips(t *testing.T, path string, edit func(*http.Request), reason string) {
	t.Helper()
	var out bytes.Buffer
	log, lines := logTo(&out)
	marker := filepath.Join(t.TempDir(), "doorward.public")
	b := mailbox(t, devmail.Config{Log: log, Marker: marker}, letter())
	ask(b.Handler(page), "GET", path, edit)
	warned := lines("WARN")
	_, err := os.Stat(marker)
	if reason == "" {
		if len(warned) != 0 || err == nil || b.Shut() || len(list(t, b)) != 1 {
			t.Fatalf("%s shut the mailbox: %v", path, warned)
		}
		return
	}
	if len(warned) != 1 || err != nil || !b.Shut() {
		t.Fatalf("%s: shut %t, %v, %v", path, b.Shut(), err, warned)
	}
	why, _ := warned[0]["reason"].(string)
	what, _ := warned[0]["msg"].(string)
	if !strings.Contains(why, reason) || len(why) > 300 || strings.Contains(why, "secret") ||
		!strings.Contains(what, "MAIL_SERVER") || !strings.Contains(what, "delete "+marker) {
		t.Errorf("%s: %q because %q, want %q", path, what, why, reason)
	}
}

// TestShut has a mailbox that is shut show nothing, keep nothing and be silent
// of it, for good.
func TestShut(t *testing.T) {
	var out bytes.Buffer
	log, lines := logTo(&out)
	marker := filepath.Join(t.TempDir(), "doorward.public")
	b := mailbox(t, devmail.Config{Log: log, Marker: marker, Debug: true, MaxBytes: 1000}, letter())
	h := b.Handler(page)
	if w := ask(h, "GET", "/login", nil); w.Header().Get("Referrer-Policy") != "strict-origin" {
		t.Errorf("the policy of a page that is watched is %q", w.Header().Get("Referrer-Policy"))
	}
	out.Reset()
	want(t, ask(h, "GET", "/login", host("door.example")), 200, "a page")
	if b.Kept() != 0 {
		t.Error("mails are kept that nobody can see")
	}
	for _, path := range []string{"/dev/mail", "/dev/mail/", "/dev/mail/1", "/dev/mail/1/html", "/dev/mail/style.css"} {
		absent(t, ask(b, "GET", path, nil))
		absent(t, ask(b, "DELETE", path, nil))
	}
	if w := ask(h, "GET", "/login", host("evil.example")); w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the policy of a page is %q", w.Header().Get("Referrer-Policy"))
	}
	for range 2 {
		if err := b.Send(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	if warned, sent := lines("WARN"), lines("INFO"); len(warned) != 1 || len(sent) != 2 || sent[0]["msg"] != "a mail was logged instead of sent" {
		t.Errorf("logged %v and %v", warned, sent)
	}
	if said := out.String(); strings.Contains(said, "aZ-_x") || strings.Contains(said, "ada@") || strings.Contains(said, "/dev/mail/2") {
		t.Errorf("the log has more than it should: %s", said)
	}
	restarted(t, marker)
}

// restarted starts with the marker and without it.
func restarted(t *testing.T, marker string) {
	t.Helper()
	info, err := os.Stat(marker)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the marker: %v, %v", info, err)
	}
	if text, err := os.ReadFile(marker); err != nil || bytes.Count(text, []byte("\n")) != 1 || !bytes.Contains(text, []byte("docs/mail.md")) {
		t.Errorf("the marker says %q, %v", text, err)
	}
	var out bytes.Buffer
	log, lines := logTo(&out)
	b := mailbox(t, devmail.Config{Log: log, Marker: marker}, letter())
	absent(t, ask(b, "GET", "/dev/mail/1", nil))
	ask(b, "GET", "/", host("door.example"))
	if !b.Shut() || len(lines("WARN")) != 0 || len(lines("INFO")) != 1 {
		t.Errorf("shut %t, logged %s", b.Shut(), &out)
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	if n := len(list(t, mailbox(t, devmail.Config{Marker: marker}, letter()))); n != 1 {
		t.Errorf("%d mails are shown without the marker", n)
	}
}

// TestMarker has what cannot be written change nothing now, and what cannot be
// looked for be there.
func TestMarker(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		marker string
		shut   bool
		errors int
	}{
		"none":               {"", false, 0},
		"directory not here": {filepath.Join(dir, "no", "marker"), false, 1},
		"below a file":       {filepath.Join(file, "marker"), true, 0},
		"another file":       {file, true, 0},
		"link to nothing":    {filepath.Join(dir, "link"), true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log, lines := logTo(&out)
			b := mailbox(t, devmail.Config{Log: log, Marker: tt.marker}, letter())
			if b.Shut() != tt.shut {
				t.Fatalf("shut %t, want %t", b.Shut(), tt.shut)
			}
			ask(b, "GET", "/", host("door.example"))
			absent(t, ask(b, "GET", "/dev/mail", nil))
			if got := lines("ERROR"); len(got) != tt.errors {
				t.Errorf("logged %v", got)
			}
		})
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "kept" {
		t.Errorf("a file that was there is %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a link was followed")
	}
}

// TestMarkerAppears has another process leave the marker first.
func TestMarkerAppears(t *testing.T) {
	var out bytes.Buffer
	log, lines := logTo(&out)
	marker := filepath.Join(t.TempDir(), "doorward.public")
	b := mailbox(t, devmail.Config{Log: log, Marker: marker})
	other := mailbox(t, devmail.Config{Marker: marker})
	ask(other, "GET", "/", host("door.example"))
	ask(b, "GET", "/", host("door.example"))
	if !b.Shut() || len(lines("WARN")) != 1 || len(lines("ERROR")) != 0 {
		t.Errorf("shut %t, logged %s", b.Shut(), &out)
	}
}

func TestConcurrentTrips(t *testing.T) {
	var out bytes.Buffer
	log, lines := logTo(&out)
	b := mailbox(t, devmail.Config{Log: log, Marker: filepath.Join(t.TempDir(), "doorward.public")}, letter())
	h := b.Handler(page)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 30 {
				if err := b.Send(context.Background(), letter()); err != nil {
					t.Error(err)
				}
				ask(h, "GET", "/dev/mail", nil)
				ask(h, "GET", "/dev/mail/1", nil)
				if i > 10 {
					ask(h, "GET", "/login", with("Via", "1.1 x"))
					absent(t, ask(b, "GET", "/dev/mail", nil))
				}
			}
		})
	}
	wg.Wait()
	if got := lines("WARN"); len(got) != 1 || !b.Shut() || b.Kept() != 0 {
		t.Errorf("%d warnings, shut %t, %d mails kept", len(got), b.Shut(), b.Kept())
	}
}

// TestOneWarning has strangers come at once.
func TestOneWarning(t *testing.T) {
	for range 200 {
		var out bytes.Buffer
		log, lines := logTo(&out)
		b := mailbox(t, devmail.Config{Log: log})
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 8 {
			wg.Go(func() {
				<-begin
				ask(b, "GET", "/", host(strings.Repeat("x", 1<<12)))
			})
		}
		close(begin)
		wg.Wait()
		if got := lines("WARN"); len(got) != 1 {
			t.Fatalf("%d warnings", len(got))
		}
	}
}

// TestPolicy changes the one policy that tells nothing, and no other.
func TestPolicy(t *testing.T) {
	for given, expect := range map[string]string{"no-referrer": "strict-origin", "same-origin": "same-origin", "": ""} {
		b := mailbox(t, devmail.Config{})
		h := b.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if given != "" {
				w.Header().Set("Referrer-Policy", given)
			}
			w.WriteHeader(http.StatusTeapot)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}))
		w := ask(h, "GET", "/", nil)
		want(t, w, http.StatusTeapot)
		if got := w.Header().Get("Referrer-Policy"); got != expect {
			t.Errorf("%q became %q", given, got)
		}
	}
}
