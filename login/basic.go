package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/doorward/doorward"
)

// Mechanism implements [doorward.Verifier].
func (f *Feature) Mechanism() string { return doorward.MechanismBasic }

// Check implements [doorward.Verifier] for HTTP basic authentication
// (RFC 7617), within the limits and behind the gates of a sign-in.
func (f *Feature) Check(ctx context.Context, r *http.Request) (doorward.User, time.Time, error) {
	name, plain, ok := r.BasicAuth()
	if !ok || name == "" || plain == "" {
		return nil, time.Time{}, doorward.ErrAnonymous
	}
	signIn := f.rt.SignIn()
	user, err := signIn.Prove(r, doorward.Proof{
		Kind: "password", Identity: signIn.Identify(name),
		Find:  func(ctx context.Context) (doorward.User, error) { return f.rt.Accounts().Find(ctx, name) },
		Check: func(ctx context.Context, u doorward.User) error { return f.authenticate(ctx, u, "", plain) },
	})
	if err == nil {
		err = signIn.AdmitOnce(ctx, doorward.Attempt{User: user, Via: []string{"basic"}})
	}
	var told *doorward.Problem
	if errors.As(err, &told) && told.Status == 0 {
		return nil, time.Time{}, doorward.ErrAnonymous
	}
	return user, f.rt.Now(), err
}
