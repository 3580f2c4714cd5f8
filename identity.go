package doorward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// The built-in mechanisms. A feature that is a [Verifier] adds another.
const (
	MechanismSession = "session" // session or remember-me cookie
	MechanismToken   = "token"   // authentication token
	MechanismBasic   = "basic"   // HTTP basic authentication (RFC 7617)
)

// Identity says who makes a request, and how that is known.
type Identity struct {
	User      User
	Roles     []Role
	Mechanism string    // of the credential that was checked
	AuthnAt   time.Time // when a credential was last proved; zero after remember-me
	Via       []string  // how the session was begun: "password", ...
	SessionID string    // key of the session's row; "" without one
	// Fresh is whether a credential was proved in this session, by the browser
	// that uses it. How long ago, AuthnAt says.
	Fresh bool
}

// IdentityFrom returns who makes the request that ctx belongs to: whom the
// guard checked, or else whom a token or the session names. The error is
// [ErrAnonymous] if nobody is signed in, and another if it could not be found
// out, which is not the same.
func IdentityFrom(ctx context.Context) (Identity, error) {
	v := visitFrom(ctx)
	if v == nil {
		return Identity{}, ErrAnonymous
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.principal != nil {
		return v.principal.id, v.principal.err
	}
	return v.authenticate([]string{MechanismSession, MechanismToken})
}

// mixed is the problem of a request with valid credentials of two users: it
// cannot be said who makes it.
func mixed() *Problem { return refuse(400, "MIXED_CREDENTIALS") }

// tellMixed tells of it once, however often the request's identity is asked for.
func (v *visit) tellMixed(one, other User) {
	if !v.toldMixed {
		v.toldMixed = true
		fire(v.ctx(), v.e, &v.e.hooks.MixedCredentials, MixedCredentials{User: one, Other: other})
	}
}

// authenticate finds the caller by the allowed mechanisms, tokens first, and
// makes sure that no other credential on the request belongs to somebody else.
// Call it with v.mu held.
func (v *visit) authenticate(allowed []string) (Identity, error) {
	var found Identity // nobody while User is nil
	for _, m := range v.e.mechanisms() {
		if !slices.Contains(allowed, m) && m != MechanismSession && m != MechanismToken {
			continue // basic costs a hash: looked at only where it counts
		}
		id, err := v.check(m)
		if errors.Is(err, ErrAnonymous) {
			continue
		}
		if err != nil {
			return Identity{}, err
		}
		if found.User != nil && id.User.SecurityAccount().Uniquifier != found.User.SecurityAccount().Uniquifier {
			v.tellMixed(found.User, id.User)
			return Identity{}, mixed()
		}
		if found.User == nil || !slices.Contains(allowed, found.Mechanism) && slices.Contains(allowed, m) {
			found = id
		}
	}
	if found.User == nil || !slices.Contains(allowed, found.Mechanism) {
		return Identity{}, ErrAnonymous
	}
	return found, nil
}

// mechanisms are all there are, in the order in which they are tried.
func (e *engine) mechanisms() []string { return e.mechs }

// check looks at one mechanism, once per request.
func (v *visit) check(mechanism string) (Identity, error) {
	for i := range v.results {
		if r := &v.results[i]; r.mechanism == mechanism {
			return r.id, r.err
		}
	}
	id, err := v.checkTimed(mechanism)
	if err != nil && !errors.Is(err, ErrAnonymous) {
		if _, told := asProblem(err); !told {
			err = unavailable{err}
		}
	}
	if v.results == nil {
		v.results = make([]checked, 0, len(v.e.mechanisms()))
	}
	v.results = append(v.results, checked{mechanism, authResult{id, err}})
	return id, err
}

// checkTimed is checkGuarded for the meter. A mechanism of which the request
// has no credential is not measured.
func (v *visit) checkTimed(mechanism string) (Identity, error) {
	if v.e.cfg.Meter == nil {
		return v.checkGuarded(mechanism)
	}
	start := time.Now()
	id, err := v.checkGuarded(mechanism)
	outcome := outcomeSuccess
	if _, told := asProblem(err); errors.Is(err, ErrAnonymous) || told {
		outcome = outcomeFailure
	} else if err != nil {
		outcome = "error"
	}
	if outcome != outcomeFailure || v.presents(mechanism) {
		v.e.timed(v.ctx(), "doorward.identity", time.Since(start), slog.String("mechanism", mechanism), slog.String("outcome", outcome))
	}
	return id, err
}

// presents reports whether the request has a credential for a mechanism.
func (v *visit) presents(mechanism string) bool {
	switch mechanism {
	case MechanismSession:
		return v.presented
	case MechanismToken:
		token, _ := v.presentedToken()
		return token != ""
	}
	return v.r.Header.Get("Authorization") != ""
}

// checkGuarded is checkNow with a panic turned into an error.
func (v *visit) checkGuarded(mechanism string) (id Identity, err error) {
	defer func() {
		if p := recover(); p != nil {
			id, err = Identity{}, fmt.Errorf("panicked: %v", p)
		}
	}()
	return v.checkNow(mechanism)
}

func (v *visit) checkNow(mechanism string) (Identity, error) {
	switch mechanism {
	case MechanismSession:
		return v.loadSession()
	case MechanismToken:
		token, _ := v.presentedToken()
		id, err := v.e.checkToken(v.ctx(), token)
		if errors.Is(err, errForged) {
			err = v.forged()
		}
		return id, err
	}
	id, err := v.checkOnce(mechanism)
	if err != nil {
		v.proofs.settle(refused(err))
	} else {
		v.e.note(v.ctx(), Record{Action: mechanism, Outcome: outcomeSuccess, User: id.User, Level: slog.LevelDebug})
		v.proofs.settle(Succeeded)
	}
	return id, err
}

// checkOnce asks a [Verifier].
func (v *visit) checkOnce(mechanism string) (Identity, error) {
	ctx := v.ctx()
	user, at, err := v.e.verifiers[mechanism].Check(ctx, v.r.WithContext(ctx))
	if err != nil {
		return Identity{}, err
	}
	loaded, roles, err := v.e.cfg.Stores.Users.LoadUser(ctx, UserQuery{Attr: "fs_uniquifier", Value: user.SecurityAccount().Uniquifier})
	if errors.Is(err, ErrNotFound) || err == nil && !loaded.SecurityAccount().Active {
		return Identity{}, ErrAnonymous
	}
	if err != nil {
		return Identity{}, fmt.Errorf("load %s user: %w", mechanism, err)
	}
	return Identity{User: loaded, Roles: roles, Mechanism: mechanism, AuthnAt: at}, nil
}

// setIdentity makes id the identity of the request from here on.
func (v *visit) setIdentity(id Identity, err error) {
	v.decided = authResult{id, err}
	v.principal = &v.decided
	v.results = []checked{{MechanismSession, authResult{id, err}}, {MechanismToken, authResult{Identity{}, ErrAnonymous}}}
}

// lookup also returns the normal form that was looked up, for the limiter.
func (e *engine) lookup(ctx context.Context, typed string) (User, string, error) {
	ia, v := e.identify(typed)
	if v == "" {
		return nil, "", ErrNotFound
	}
	u, err := e.cfg.Stores.Users.FindUser(ctx, UserQuery{Attr: ia.Attr, Value: v, AnyCase: ia.AnyCase})
	return u, v, err
}

func (e *engine) identify(typed string) (IdentityAttribute, string) {
	for _, ia := range e.cfg.IdentityAttributes {
		if v := ia.Map(typed); v != "" {
			return ia, v
		}
	}
	return IdentityAttribute{}, ""
}
