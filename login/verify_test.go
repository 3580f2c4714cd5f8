package login_test

import (
	"context"
	"slices"
	"testing"

	"github.com/doorward/doorward/batteries"
	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/password"
)

// marked notes for whom it was asked, believes everybody, and finds all hashes outdated.
type marked struct {
	batteries.Hasher
	preferred *[]string
}

func (m marked) Verify(ctx context.Context, _, _ string) (password.Match, error) {
	m.note(ctx)
	return password.Match{OK: true, Rehash: true}, nil
}

func (m marked) Hash(ctx context.Context, _ string) (string, error) {
	m.note(ctx)
	return "a new hash", nil
}

func (m marked) note(ctx context.Context) {
	who, _ := password.PreferredUser(ctx)
	*m.preferred = append(*m.preferred, who)
}

// TestVerifyGoesBeforeStrangers: a crowd that signs in does not hold up who is inside,
// and he stands there for himself.
func TestVerifyGoesBeforeStrangers(t *testing.T) {
	var preferred []string
	app := doorwardtest.New(t, func(c *batteries.Config) { c.Hasher = marked{preferred: &preferred} })
	me := app.NewUser(joe).SecurityAccount().Uniquifier
	b := app.Browser()
	b.PostForm("/login", doorwardtest.Fields{"email": joe, "password": doorwardtest.Password}).Want(302)
	b.PostForm("/verify", doorwardtest.Fields{"password": doorwardtest.Password}).Want(302)
	// The sign-in, its new hash, the verification, its new hash.
	if want := []string{"", me, me, me}; !slices.Equal(preferred, want) {
		t.Errorf("asked with preference for %q, want %q", preferred, want)
	}
}
