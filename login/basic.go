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
	user, err := f.rt.SignIn().Prove(r, "password", f.rt.SignIn().Identify(name), func(ctx context.Context) (doorward.User, error) {
		find := func(ctx context.Context) (doorward.User, error) { return f.rt.SignIn().Lookup(ctx, name) }
		return f.authenticate(ctx, find, "", plain)
	})
	if err == nil {
		err = f.rt.SignIn().AdmitOnce(ctx, doorward.Attempt{User: user, Via: []string{"basic"}})
	}
	var told *doorward.Problem
	if errors.As(err, &told) && told.Status == 0 {
		return nil, time.Time{}, doorward.ErrAnonymous
	}
	return user, f.rt.Now(), err
}
