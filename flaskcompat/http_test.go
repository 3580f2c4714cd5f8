package flaskcompat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/codec"
	"github.com/doorward/doorward/conf"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/flaskcompat"
)

// byHTTP is how a browser or a client sends what is in a file of vectors.
type byHTTP struct {
	header string // and what stands before the value
	says   string // the log, of a value that cannot be read
	open   func(set codec.Set, value string, now time.Time) (uid string, err error)
}

var sentByHTTP = map[string]byHTTP{
	"session.json": {"Cookie: session=", "session cookie not read", func(set codec.Set, value string, now time.Time) (string, error) {
		c, err := set.Session.Open(value, now)
		return c.User, err
	}},
	"remember.json": {"Cookie: remember_token=", "remember-me cookie not read", func(set codec.Set, value string, _ time.Time) (string, error) {
		return set.Remember.Open(value)
	}},
	"auth.json": {"Authentication-Token: ", "authentication token not read", func(set codec.Set, value string, now time.Time) (string, error) {
		c, _, err := set.Token.Open(value, now)
		return c.UID, err
	}},
}

// TestVectorsByHTTP sends all that the original wrote, or that somebody made of it,
// to an application. What cannot be read is nobody's, is told at debug, and is no
// trouble; no value is in a log.
func TestVectorsByHTTP(t *testing.T) {
	for file, how := range sentByHTTP {
		for _, c := range readVectors[struct {
			Name, Secret, Value string
			Keys, Fallbacks     []string
			Now                 int64
		}](t, file) {
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				keys := append(c.Keys, c.Fallbacks...)
				if c.Secret != "" {
					keys = append([]string{c.Secret}, c.Fallbacks...)
				}
				set, err := flaskcompat.New(flaskcompat.Config{SecretKey: []byte(keys[0]), SecretKeyFallbacks: keys[1:]})
				if err != nil {
					t.Fatal(err)
				}
				how.sent(t, set, c.Value, time.Unix(c.Now, 0))
			})
		}
	}
}

func (how byHTTP) sent(t *testing.T, set codec.Set, value string, now time.Time) {
	const joe = "joe@example.com"
	app := kit.New(t, func(c *batteries.Config) { c.Codecs, c.Session.Protection = set, conf.Some("") })
	app.Clock.Advance(now.Sub(app.Clock.Now()))
	uid, err := how.open(set, value, now)
	if err == nil && len(uid) == 32 {
		app.NewUser(joe, func(a *doorward.Account) { a.Uniquifier = uid })
	}
	name, before, _ := strings.Cut(how.header, ": ")
	b := app.Browser()
	b.JSON = true
	res := b.Get("/verify", name, before+value)
	if errors.Is(err, codec.ErrInvalid) {
		res.Want(401)
	} else if res.Status != 200 && res.Status != 401 && res.Status != 400 {
		t.Errorf("%d %.200s", res.Status, res.Body)
	}
	sendable := value != "" && len(value) < 4096 && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
	if refused := err != nil; refused != app.Logs.Contains("DEBUG", `msg="`+how.says) && sendable {
		t.Errorf("the error is %v, and the log says\n%s", err, app.Logs)
	}
	for line := range strings.Lines(app.Logs.String()) {
		if loud := strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR"); loud && !strings.Contains(line, "msg=security") {
			t.Errorf("the log says %s", line)
		}
		if len(value) > 20 && strings.Contains(line, value) {
			t.Errorf("the log has the value: %s", line)
		}
	}
}
