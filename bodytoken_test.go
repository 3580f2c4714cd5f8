package doorward_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestBodyToken: a guard that asks for it finds a token in a JSON body, and the
// application reads the whole body afterwards, however long it is.
func TestBodyToken(t *testing.T) {
	app := kit.New(t, nil)
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(b)
	})
	app.Mux.Handle("/search", app.Require(doorward.Auth{BodyToken: true})(echo))
	app.Mux.Handle("/plain", app.RequireUser()(echo))
	token := app.AuthToken(app.NewUser(joe))
	good := `{"auth_token":"` + token + `","q":"x"}`
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"found":            {"/search", good, 200},
		"not asked for":    {"/plain", good, 401},
		"wrong":            {"/search", `{"auth_token":"x"}`, 401},
		"no text":          {"/search", `{"auth_token":["` + token + `"]}`, 401},
		"no JSON":          {"/search", `{"auth_token":`, 401},
		"twice":            {"/search", `{"auth_token":"x","auth_token":"` + token + `"}`, 401},
		"too long to look": {"/search", `{"auth_token":"` + token + `","q":"` + strings.Repeat("x", 1<<20) + `"}`, 401},
	} {
		t.Run(name, func(t *testing.T) {
			res := app.In(t).Browser().Do("POST", c.path, strings.NewReader(c.body), "Content-Type", "application/json")
			if res.Status != c.status {
				t.Errorf("%d %.200s, want %d", res.Status, res.Body, c.status)
			}
			if c.status == 200 && res.Body != c.body {
				t.Errorf("the application read %.200q", res.Body)
			}
		})
	}
	long := strings.NewReader(`{"q":"` + strings.Repeat("x", 2<<20) + `"}`)
	b := app.Browser()
	if res := b.Do("POST", "/search", long, "Content-Type", "application/json", "Authentication-Token", token); res.Status != 200 || len(res.Body) != 2<<20+8 {
		t.Errorf("a long body with the token in the header: %d, %d bytes", res.Status, len(res.Body))
	}
}
