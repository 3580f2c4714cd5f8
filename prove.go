package doorward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"

	"github.com/doorward/doorward/internal/anycase"
)

// Proof is one presentation of a credential.
type Proof struct {
	// Kind is "password", "passcode", "passkey" or "code".
	Kind string
	// Identity is the normal form of what names the account; "" if nothing does.
	Identity string
	// Find returns the account, or ErrNotFound.
	Find func(ctx context.Context) (User, error)
	// Check compares. It returns a [Problem] for a credential that is wrong. u
	// is nil if there is no such account: Check does the same work then, and
	// refuses.
	Check func(ctx context.Context, u User) error
}

// Try is a [Proof] as limiters see it, before anything is compared.
type Try struct {
	Kind     string // of the proof; "token" for an authentication token that was forged; of [SignIn.Count]
	Identity string // what was typed, in normal form; "" if nothing names an account
	// Account is the same for every identity by which an account can be named;
	// without an account it is Identity.
	Account string
	// User is nil if there is no such account. No answer may depend on it.
	User User
	Addr netip.Addr // where the request came from
}

// Outcome is what became of a [Try].
type Outcome int

// The outcomes. A limiter takes back what it reserved for all but Failed.
const (
	Failed    Outcome = iota // the credential was wrong, or of an account that may not sign in
	Proved                   // it was right, and more is needed for a sign-in
	Succeeded                // it was right, and the user is in
	Errored                  // it could not be told
)

// Limiter bounds guessing. Begin reserves a place before anything is hashed or
// compared, so that parallel guesses cannot slip past; done is called once
// with what became of it. An error, usually a [Problem] with status 429,
// refuses the try. All limiters are asked.
type Limiter interface {
	Begin(r *http.Request, t Try) (done func(Outcome), err error)
}

// Prove looks an account up and checks a credential. Everything that compares a
// secret goes through it: before Check every [Limiter] is asked, and over the
// limit nothing is compared. The user is whom the credential belongs to.
//
// Whether a right credential ends a streak of wrong ones is decided when the
// sign-in it was for is complete: who knows a password only does not get more
// tries at the second factor by it.
func (s SignIn) Prove(r *http.Request, p Proof) (User, error) {
	ctx := r.Context()
	u, err := p.Find(ctx)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("find user of a credential: %w", err)
	}
	if err != nil {
		u = nil
	}
	giveBack, second := func() {}, s.e.seconds.has(s.name)
	if second {
		if giveBack, err = s.tryPending(r); err != nil {
			return nil, err
		}
	}
	done, err := s.e.begin(r, Try{Kind: p.Kind, Identity: p.Identity, Account: accountName(u, p.Identity), User: u, Addr: s.e.proxies.clientAddr(r)})
	if err != nil {
		giveBack()
		return nil, err
	}
	out := Errored
	defer func() {
		if out != Failed {
			giveBack()
		}
		if out != Proved {
			done(out)
		}
	}()
	switch err = p.Check(ctx, u); {
	case err == nil && u == nil:
		return nil, errors.New("doorward: a credential of nobody was accepted")
	case err == nil:
		out = Proved
		openProofs(ctx).add(done)
		return u, nil
	case wrongCredential(err):
		out = Failed
		if u != nil {
			fire(ctx, s.e, &s.e.hooks.AuthnFailed, AuthnFailed{User: u, Kind: p.Kind, SecondFactor: second})
		} else { // without what was typed: it may be a password
			s.e.note(ctx, Record{Action: "credential", Outcome: outcomeFailure, Level: slog.LevelWarn, Attrs: []slog.Attr{slog.String("kind", p.Kind)}})
		}
	}
	return nil, err
}

// Count asks the limiters about something that strangers may do and that has no
// credential, such as making an account, and counts it whatever comes of it. An
// error refuses it: over the limit it is a [Problem] with status 429.
func (s SignIn) Count(r *http.Request, kind string) error {
	done, err := s.e.begin(r, Try{Kind: kind, Addr: s.e.proxies.clientAddr(r)})
	if err != nil {
		return err
	}
	done(Failed)
	return nil
}

// wrongCredential tells a wrong credential from one that could not be checked.
func wrongCredential(err error) bool {
	p, ok := asProblem(err)
	return ok && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests
}

// accountName is how limiters know an account, however it was named: the same
// for two texts if and only if a store finds the same account by them.
func accountName(u User, identity string) string {
	if u == nil {
		return anycase.Fold(identity)
	}
	acc := u.SecurityAccount()
	switch { // the uniquifier last: who is signed in can have a new one, and would have new tries with it
	case acc.Email != "":
		return anycase.Fold(acc.Email)
	case acc.Username != "":
		return "username:" + anycase.Fold(acc.Username)
	case acc.USPhoneNumber != "":
		return "phone:" + acc.USPhoneNumber
	}
	return acc.Uniquifier
}

func (e *engine) begin(r *http.Request, t Try) (func(Outcome), error) {
	var dones []func(Outcome)
	all := func(o Outcome) {
		for _, d := range dones {
			d(o)
		}
	}
	for _, l := range e.limiters {
		d, err := l.Begin(r, t)
		if err != nil {
			all(Errored)
			return nil, err
		}
		if d != nil {
			dones = append(dones, d)
		}
	}
	return all, nil
}

// proofs are the right credentials of a request whose sign-in is not decided.
type proofs struct {
	mu   sync.Mutex
	open []func(Outcome)
}

func (p *proofs) add(done func(Outcome)) {
	if p == nil { // outside of Authenticate nothing is signed in
		done(Proved)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, done)
}

func (p *proofs) settle(o Outcome) {
	if p == nil {
		return
	}
	p.mu.Lock()
	open := p.open
	p.open = nil
	p.mu.Unlock()
	for _, done := range open {
		done(o)
	}
}

// refused is the outcome of a right credential with which nobody may sign in.
// To a limiter it is as good as wrong, or else it could be told from one.
func refused(err error) Outcome {
	if wrongCredential(err) || errors.Is(err, ErrAnonymous) {
		return Failed
	}
	return Errored
}

// openProofs returns those of the request, or nil.
func openProofs(ctx context.Context) *proofs {
	if v := visitBehind(ctx); v != nil {
		return &v.proofs
	}
	return nil
}

// forged tells the limiters of an authentication token that nobody signed. A
// good token costs them nothing: its 256-bit signature is not guessed.
func (v *visit) forged() error {
	done, err := v.e.begin(v.r, Try{Kind: "token", Addr: v.addr()})
	if err != nil {
		return err
	}
	done(Failed)
	v.e.note(v.ctx(), Record{Action: "token", Outcome: outcomeFailure, Level: slog.LevelWarn})
	return ErrAnonymous
}
