package flaskcompat_test

import (
	"testing"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/flaskcompat"
)

// Who asks for the link of an address learns nothing of whether it has an account, nor
// fills the log by asking: a link of nobody is made with the same work.
func TestLinksOfNobody(t *testing.T) {
	set, hashed := must(t, flaskcompat.Config{SecretKey: []byte(kit.SecretKey)}), 0
	flaskcompat.HashLinksAs(set, func(text string) string { hashed++; return "<" + text + ">" })
	app := kit.New(t, func(c *batteries.Config) {
		kit.Everything(c)
		c.Codecs, c.GenericResponses = set, true
	})
	app.NewUser("joe@example.com", func(a *doorward.Account) { a.ConfirmedAt = app.Clock.Now() })
	app.NewUser("new@example.com", func(a *doorward.Account) { a.ConfirmedAt = time.Time{} })
	app.NewUser("bare@example.com", func(a *doorward.Account) { a.ConfirmedAt, a.PasswordHash = app.Clock.Now(), "" })
	for _, path := range []string{"/confirm", "/reset"} {
		for _, email := range []string{"joe@example.com", "new@example.com", "bare@example.com", "nobody@example.com"} {
			hashed = 0
			app.Browser().PostForm(path, kit.Fields{"email": email}).Want(200)
			if hashed != 1 {
				t.Errorf("%s of %s: %d hashes", path, email, hashed)
			}
		}
	}
	if app.Logs.Contains("ERROR", "") {
		t.Errorf("the log says\n%s", app.Logs)
	}
}
