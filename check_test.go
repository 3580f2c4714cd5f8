package doorward_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/doorward/doorward"
	kit "github.com/doorward/doorward/doorwardtest"
)

// TestCheck: what Check finds is what a guard with the same Auth does, except
// that nothing is answered and no token against forgery is asked for.
func TestCheck(t *testing.T) {
	app := kit.New(t, nil)
	u := app.NewUser(joe)
	token := app.AuthToken(u)
	asked := map[string]doorward.Auth{
		"/check/any": {}, "/check/token": {Via: []string{"token"}}, "/check/basic": {Via: []string{"basic"}}, "/check/soon": {Within: 10 * time.Minute},
	}
	for path, a := range asked {
		app.Mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			id, fresh, err := app.Check(r, a)
			if errors.Is(err, doorward.ErrAnonymous) {
				_, _ = fmt.Fprint(w, "nobody")
				return
			}
			_, _ = fmt.Fprintf(w, "%s by %s, fresh: %v, %v", id.User.SecurityAccount().Email, id.Mechanism, fresh, err)
		})
	}
	b, stranger := app.Browser(), app.Browser()
	b.LoginAs(u)
	b.NoCSRF = true
	post := func(path string, headers ...string) string {
		return b.Do(http.MethodPost, path, http.NoBody, headers...).Want(http.StatusOK).Body
	}
	for _, c := range []struct{ got, want string }{
		{post("/check/any"), joe + " by session, fresh: true, <nil>"},
		{post("/check/any", "Authentication-Token", token), joe + " by token, fresh: true, <nil>"},
		{post("/check/token"), "nobody"},
		{post("/check/basic"), "nobody"},
		{post("/check/basic", "Authorization", basic(joe, kit.Password)), joe + " by basic, fresh: true, <nil>"},
		{post("/check/soon"), joe + " by session, fresh: true, <nil>"},
		{stranger.Get("/check/any").Body, "nobody"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
	app.Clock.Advance(2 * time.Hour)
	if got, want := post("/check/soon"), joe+" by session, fresh: false, <nil>"; got != want {
		t.Errorf("later: %q, not %q", got, want)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	if _, fresh, err := app.Check(r, doorward.Auth{}); fresh || !errors.Is(err, doorward.ErrAnonymous) {
		t.Errorf("a request that Authenticate did not see: %v %v", fresh, err)
	}
}
