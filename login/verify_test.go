package login_test

import (
	"context"
	"testing"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/password"
)

// marked notes for whom it was asked to verify, and believes everybody.
type marked struct {
	batteries.Hasher
	preferred *[]bool
}

func (m marked) Verify(ctx context.Context, _, _ string) (password.Match, error) {
	*m.preferred = append(*m.preferred, password.IsPreferred(ctx))
	return password.Match{OK: true}, nil
}

// TestVerifyGoesBeforeStrangers: a crowd that signs in does not hold up who is inside.
func TestVerifyGoesBeforeStrangers(t *testing.T) {
	var preferred []bool
	app := doorwardtest.New(t, func(c *batteries.Config) { c.Hasher = marked{preferred: &preferred} })
	app.NewUser(joe)
	b := app.Browser()
	b.PostForm("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).Want(302)
	b.PostForm("/verify", doorwardtest.Fields{"password": doorwardtest.Password}).Want(302)
	if len(preferred) != 2 || preferred[0] || !preferred[1] {
		t.Errorf("sign-in and verify asked with preference: %v", preferred)
	}
}
