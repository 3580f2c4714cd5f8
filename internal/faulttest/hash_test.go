package faulttest_test

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/password"
)

const (
	salt  = "MDEyMzQ1Njc4OWFiY2RlZg"
	tag   = "G6+I0RF6yNFbZN7fKvEgzA"
	chars = "abcdefghijklmnopqrstuus2iVrL14rMqEwe8RhYfYBswgw/JmUGi"
)

// absurd are hashes that somebody put into the database, and the parameter that
// is wrong with each, in the operator's words.
func absurd() map[string]struct{ stored, say string } {
	return map[string]struct{ stored, say string }{
		"argon2 of 4 GiB":            {"$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + tag, "argon2 hash: m is over"},
		"argon2 of a billion passes": {"$argon2id$v=19$m=65536,t=1000000000,p=1$" + salt + "$" + tag, "argon2 hash: t is over"},
		"argon2 of 255 lanes":        {"$argon2id$v=19$m=65536,t=1,p=255$" + salt + "$" + tag, "argon2 hash: p is over"},
		"argon2 of a huge number":    {"$argon2id$v=19$m=" + strings.Repeat("9", 30) + ",t=1,p=1$" + salt + "$" + tag, "argon2 hash: m "},
		"argon2 of no memory":        {"$argon2id$v=19$m=0,t=0,p=0$" + salt + "$" + tag, "argon2 hash: m "},
		"argon2 without salt":        {"$argon2id$v=19$m=65536,t=1,p=1$$" + tag, "argon2 hash: salt"},
		"argon2 cut off":             {"$argon2id$v=19$m=65536,t=1,p=1$" + salt, "argon2 hash: "},
		"argon2, nothing but a name": {"$argon2id$", "argon2 hash: "},
		"bcrypt of cost 31":          {"$2b$31$" + chars, "bcrypt hash: rounds is over"},
		"bcrypt cut off":             {"$2b$12$abcdefgh", "bcrypt hash: length"},
		"pbkdf2 of 2^31 rounds":      {"$pbkdf2-sha512$2147483648$c2FsdHNhbHQ$" + strings.Repeat("A", 86), "pbkdf2_sha512 hash: rounds is over"},
		"scrypt of ln 30":            {"$scrypt$ln=30,r=8,p=1$" + salt + "$" + strings.Repeat("A", 43), "scrypt hash: "},
		"sha512_crypt of a billion":  {"$6$rounds=999999999$0123456789abcdef$" + strings.Repeat("a", 86), "sha512_crypt hash: rounds is over"},
		"100 KB":                     {"$argon2id$v=19$m=65536,t=1,p=1$" + strings.Repeat("A", 100<<10) + "$" + tag, "hash: length is over"},
		"not a hash":                 {"hunter2-hunter2", "unknown hash: "},
		"control characters":         {"$argon2id$\x1b[2J\r\nlevel=ERROR msg=forged", "argon2 hash: "},
	}
}

// TestAbsurdHashes: whoever has such a hash does not get in, by the work of one
// hash, and the operator is told whose it is and what is wrong with it.
func TestAbsurdHashes(t *testing.T) {
	var computed atomic.Int64
	app := kit.New(t, func(c *batteries.Config) {
		c.Password = password.Config{
			Schemes: []string{"argon2", "bcrypt", "pbkdf2_sha512", "scrypt", "sha512_crypt"},
			Observe: func(e password.Event) {
				if e.Scheme != "argon2" {
					t.Errorf("a hash of %s was computed", e.Scheme)
				}
				computed.Add(1)
			},
		}
		var err error
		if c.Hasher, err = password.NewForTests(testhash.Allow(), c.Password); err != nil {
			t.Fatal(err)
		}
		c.APIMethods = []string{"session", "basic"}
		c.UnlimitedGuessing = true
	})
	u := app.NewUser(joe)
	who := u.SecurityAccount().Uniquifier
	for name, c := range absurd() {
		t.Run(name, func(t *testing.T) {
			app.Change(u, func(a *doorward.Account) { a.PasswordHash = c.stored })
			b := app.Browser()
			b.JSON = true
			b.CSRF("/login")
			for _, plain := range []string{kit.Password, "hunter2-hunter2"} {
				logged, before := len(app.Logs.String()), computed.Load()
				memory := allocated()
				b.PostJSON("/login", kit.Fields{"email": joe, "password": plain}).Want(http.StatusBadRequest).Fails("password", "INVALID_PASSWORD")
				if n := computed.Load() - before; n != 1 {
					t.Errorf("%d hashes computed, want 1", n)
				}
				if grown := allocated() - memory; grown > 16<<20 {
					t.Errorf("%d bytes allocated", grown)
				}
				told := errorLines(app.Logs.String()[logged:])
				if len(told) != 1 || !strings.Contains(told[0], c.say) || !strings.Contains(told[0], who) {
					t.Errorf("want one line of %q about %s: %q", c.say, who, told)
				}
				if text := app.Logs.String()[logged:]; strings.Contains(text, salt) || strings.Contains(text, tag) || strings.Contains(text, chars) || strings.Contains(text, "hunter2") || strings.Contains(text, "forged") {
					t.Errorf("the hash is in the log: %q", text)
				}
			}
			if b.WhoAmI() != "" {
				t.Error("signed in")
			}
		})
	}
	other := app.NewUser(ann)
	b := app.Browser()
	b.PostForm("/login", kit.Fields{"email": other.SecurityAccount().Email, "password": kit.Password})
	if b.WhoAmI() != ann {
		t.Error("the others cannot sign in")
	}
}

func errorLines(log string) (out []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
			out = append(out, line)
		}
	}
	return out
}

// allocated is how many bytes were ever allocated.
func allocated() uint64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
