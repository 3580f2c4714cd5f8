package unified_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/doorward/doorward/batteries"
	kit "github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/testhash"
	"github.com/doorward/doorward/password"
)

// moody is a hasher that fails while it has trouble.
type moody struct {
	batteries.Hasher
	trouble *error
}

func (m moody) Verify(ctx context.Context, plain, stored string) (password.Match, error) {
	if *m.trouble != nil {
		return password.Match{}, *m.trouble
	}
	return m.Hasher.Verify(ctx, plain, stored)
}

func (m moody) Waste(ctx context.Context, plain string) error {
	if *m.trouble != nil {
		return *m.trouble
	}
	return m.Hasher.Waste(ctx, plain)
}

// TestNoCodeBeforeThePassword: while passwords cannot be compared codes are not
// either, in whatever order the settings have them. Otherwise they would be guessed
// without being counted.
func TestNoCodeBeforeThePassword(t *testing.T) {
	for name, c := range map[string]struct {
		trouble error
		status  int
	}{
		"busy":  {password.ErrBusy, http.StatusServiceUnavailable},
		"fails": {errors.New("no memory"), http.StatusInternalServerError},
		"left":  {context.Canceled, http.StatusInternalServerError},
	} {
		for _, stored := range []bool{true, false} { // who has no password has one compared, too
			t.Run(fmt.Sprintf("%s, password %t", name, stored), func(t *testing.T) {
				var trouble error
				hasher, err := password.NewForTests(testhash.Allow(), password.Config{})
				if err != nil {
					t.Fatal(err)
				}
				app, keys := site(t, with(func(c *batteries.Config) {
					c.Unified.Methods, c.Hasher = []string{"authenticator", "email", "sms", "password"}, moody{hasher, &trouble}
				}), "email", "authenticator")
				if !stored {
					app.Change(find(app, joe), withoutPassword)
				}
				mailed, shown := ask(app, "email"), keys.code(app)
				me := as(app, joe)
				trouble = c.trouble
				for _, passcode := range []string{"000000", "000001", "000002", "000003", "000004", "000005", "000006", mailed, shown} {
					res := enter(visitor(app, true), passcode)
					again := me.Post("/us-verify", kit.Fields{"passcode": passcode})
					if res.Status != c.status || again.Status != c.status {
						t.Errorf("%s: %d, and %d inside", passcode, res.Status, again.Status)
					}
				}
				trouble = nil
				for by, passcode := range map[string]string{"mail": mailed, "authenticator": shown} {
					if enter(visitor(app, true), passcode).Status != 200 {
						t.Errorf("the code by %s is used up", by)
					}
				}
			})
		}
	}
}
