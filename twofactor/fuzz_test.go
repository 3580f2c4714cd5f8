package twofactor_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/otp"
)

// Whatever is sent for a token and a code, nothing is set up by it and nothing
// falls over.
func FuzzSetup(f *testing.F) {
	app := kit.New(f, on)
	app.NewUser(joe)
	b := signedIn(app, joe, nil)
	res, token := choose(b, "authenticator")
	o := scan(f, app, res)
	b.CSRF("/tf-setup")
	for _, t := range []string{token, token + "=", "..", "e30.AAAA.AAAA", "\x00", strings.Repeat("a", 9000)} {
		f.Add(t, "000000")
	}
	now := otp.Step(app.Clock.Now())
	f.Fuzz(func(t *testing.T, token, typed string) {
		if clean, _ := otp.Clean(typed); token == "" || len(otp.Match(o.key, clean, now-5, now+5)) > 0 {
			t.Skip()
		}
		c := b.In(t)
		if res := c.Post("/tf-setup/"+url.PathEscape(token), code(typed)); res.Status == http.StatusOK || res.Status >= 500 {
			t.Errorf("%d: %s", res.Status, res.Body)
		}
		if app.In(t).Account(joe).TFTOTPSecret != "" {
			t.Error("set up")
		}
	})
}
