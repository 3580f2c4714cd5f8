package doorward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// Attempt is a sign-in whose credential has been proved and which is not
// finished yet.
type Attempt struct {
	User User
	Via  []string // "password", "register", "webauthn", ...
	// Field is the form field that named the account: messages about the
	// account go there. "" is the form as a whole.
	Field    string
	Remember bool
	Next     string // the form's next; checked by the engine
	// View is where a browser goes if no next is given; default POST_LOGIN_VIEW.
	View string
	// MultiFactor says that the credential counts as two: no second factor is
	// asked for.
	MultiFactor bool
	// End, if set, says where a browser goes in place of Next and View.
	End *LinkEnd
	// Flash and JSON are added to the answer of a completed sign-in.
	Flash []Message
	JSON  map[string]any

	// ID and Methods are those of an attempt that [SignIn.Pending] returns: what
	// tells it from all others, and the second factors that its user has now.
	ID      string
	Methods []string

	second bool // a second factor was proved
}

// SignIn is the part of the engine through which users are signed in and out.
type SignIn struct {
	e    *engine
	name string
}

// Identify returns the normal form of what names an account, or "": the first
// identity attribute that accepts typed decides.
func (s SignIn) Identify(typed string) string {
	_, v := s.e.identify(typed)
	return v
}

// AccountName is how limiters know an account, by whatever it was named; see
// [Try].
func (s SignIn) AccountName(u User) string { return accountName(u, "") }

// Admit says what stands in the way of a sign-in before any proof: the account
// is not active, or a [Gate] is shut.
func (s SignIn) Admit(ctx context.Context, a Attempt) error { return s.e.admitAttempt(ctx, &a) }

// AdmitOnce decides whether a may be let in without a session, by a credential
// that comes with every request: active, past every gate, and with no second
// factor to give, since there is nobody to ask for one.
func (s SignIn) AdmitOnce(ctx context.Context, a Attempt) error {
	if err := s.e.admitAttempt(ctx, &a); err != nil {
		s.e.noteStopped(ctx, &a, err)
		return err
	}
	_, must, err := s.e.needsSecond(ctx, &a)
	if err == nil && must {
		err = Fail("", "GENERIC_AUTHN_FAILED")
	}
	return err
}

// Login takes a proved attempt the rest of the way: active, gates, second
// factor, session. It is the only way to sign a user in; nothing but the engine
// can write who is signed in.
func (s SignIn) Login(w http.ResponseWriter, r *http.Request, a Attempt) (Result, error) {
	return s.e.login(w, r, &a)
}

func (e *engine) login(w http.ResponseWriter, r *http.Request, a *Attempt) (Result, error) {
	v := visitFrom(r.Context())
	if v == nil {
		return Result{}, errors.New("doorward: sign-in outside of Security.Authenticate")
	}
	if err := e.admitAttempt(r.Context(), a); err != nil {
		e.noteStopped(r.Context(), a, err)
		v.proofs.settle(refused(err))
		return Result{}, err
	}
	v.setDraft(pendingKey, "")
	if !a.second && !a.MultiFactor {
		res, needed, err := e.secondFactor(w, r, v, a)
		if needed || err != nil {
			return res, err
		}
	}
	res, err := e.establish(r, v, a)
	if err != nil {
		v.proofs.settle(refused(err))
		return res, err
	}
	v.proofs.settle(Succeeded)
	return res, nil
}

// noteStopped records that a right credential did not sign its user in.
func (e *engine) noteStopped(ctx context.Context, a *Attempt, err error) {
	if p, ok := asProblem(err); ok && len(p.Errors) > 0 {
		e.note(ctx, Record{Action: "sign-in", Outcome: outcomeRefused, User: a.User, Level: slog.LevelWarn,
			Attrs: []slog.Attr{slog.Any("via", a.Via), slog.String("reason", p.Errors[0].Message.Key)}})
	}
}

// admitAttempt asks whether the account may sign in at all.
func (e *engine) admitAttempt(ctx context.Context, a *Attempt) error {
	if !a.User.SecurityAccount().Active {
		return disabled(a.Field)
	}
	for _, g := range e.gates {
		if err := g.Admit(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func disabled(field string) *Problem {
	return Fail(field, "DISABLED_ACCOUNT").Generic("GENERIC_AUTHN_FAILED")
}

// secondFactors are the features that ask for more proof.
type secondFactors []named

type named struct {
	name string
	SecondFactor
}

func (s secondFactors) has(feature string) bool {
	for _, f := range s {
		if f.name == feature {
			return true
		}
	}
	return false
}

// choice is one way to give a second factor.
type choice struct {
	method string
	by     SecondFactor
}

func (e *engine) choices(ctx context.Context, u User) ([]choice, error) {
	var out []choice
	for _, f := range e.seconds {
		ms, err := f.Methods(ctx, u)
		if err != nil {
			return nil, fmt.Errorf("second factors of %s: %w", f.name, err)
		}
		for _, m := range ms {
			out = append(out, choice{m, f.SecondFactor})
		}
	}
	return out, nil
}

// needsSecond reports whether a must be completed with a second factor, and
// which there are to choose from. a's user becomes the whole record: who signs in
// by means of the application's own may come without the columns that say what
// is set up, and would seem to have nothing.
func (e *engine) needsSecond(ctx context.Context, a *Attempt) (have []choice, must bool, err error) {
	if len(e.seconds) == 0 {
		return nil, false, nil
	}
	whole := *a
	whole.User, err = e.cfg.Stores.Users.FindUser(ctx, UserQuery{Attr: "fs_uniquifier", Value: a.User.SecurityAccount().Uniquifier})
	if errors.Is(err, ErrNotFound) {
		return nil, false, disabled(a.Field) // gone meanwhile
	}
	if err != nil {
		return nil, false, fmt.Errorf("find user for second factors: %w", err)
	}
	if have, err = e.choices(ctx, whole.User); err != nil {
		return nil, false, err
	}
	for _, f := range e.seconds {
		needed, err := f.Required(ctx, &whole, len(have) > 0)
		if err != nil {
			return nil, false, fmt.Errorf("second factor of %s: %w", f.name, err)
		}
		must = must || needed
	}
	a.User = whole.User
	return have, must, nil
}

// secondFactor suspends the attempt if it needs one.
func (e *engine) secondFactor(w http.ResponseWriter, r *http.Request, v *visit, a *Attempt) (res Result, needed bool, err error) {
	whole := *a
	have, needed, err := e.needsSecond(r.Context(), &whole)
	if err != nil || !needed {
		return res, false, err
	}
	if e.cfg.Second.NotAlways && len(have) > 0 && v.trusted(whole.User) {
		return res, false, nil
	}
	whole.Next, whole.Methods = e.nextOf(r, a), methodNames(have)
	v.suspend(&whole, len(have) > 1)
	e.note(r.Context(), Record{Action: "sign-in", Outcome: "pending", User: a.User, Attrs: []slog.Attr{slog.Any("via", a.Via)}})
	switch len(have) {
	case 0:
		res, err = e.seconds[0].Begin(w, r, &whole, "")
	case 1:
		res, err = have[0].by.Begin(w, r, &whole, have[0].method)
	default:
		res = e.selectResult(&whole)
	}
	return res, true, err
}

func (e *engine) selectResult(a *Attempt) Result {
	return Result{
		JSON:     map[string]any{"tf_required": true, "tf_select": true, "tf_setup_methods": a.Methods},
		Redirect: withNext(e.path("tf_select"), a.Next),
	}
}

func (e *engine) nextOf(r *http.Request, a *Attempt) string {
	if a.Next != "" || a.End != nil { // a link leads where it says
		return a.Next
	}
	return r.URL.Query().Get("next")
}

func methodNames(have []choice) []string {
	out := make([]string, len(have))
	for i, c := range have {
		out[i] = c.method
	}
	return out
}

// Pending returns the suspended sign-in of this browser with its user as stored
// now. Without one, or while a method must be chosen for it first, what there is
// of it is cleared, and the error is the [Problem] TWO_FACTOR_PERMISSION_DENIED,
// which leads a browser to TWO_FACTOR_ERROR_VIEW. Only a [SecondFactor] may ask.
func (s SignIn) Pending(r *http.Request) (*Attempt, error) {
	if !s.e.seconds.has(s.name) {
		return nil, fmt.Errorf("doorward: feature %s is no second factor", s.name)
	}
	p, a, err := s.e.pending(r)
	if err == nil && p.Select {
		err = ErrAnonymous
	}
	if errors.Is(err, ErrAnonymous) {
		return nil, s.Refuse(r)
	}
	if err != nil {
		return nil, err
	}
	have, err := s.e.choices(r.Context(), a.User)
	a.Methods = methodNames(have)
	return a, err
}

// Refuse clears the suspended sign-in of this browser, for a request that does
// not fit its state, and returns the [Problem] that says so.
func (s SignIn) Refuse(r *http.Request) *Problem {
	s.Abandon(r)
	return s.e.nothingPending()
}

// Complete goes on with the suspended sign-in after its second factor was
// proved, once. trust lets this browser go without for a while, if the user
// asked to be remembered and the settings allow it. Only a [SecondFactor] may
// call it.
func (s SignIn) Complete(w http.ResponseWriter, r *http.Request, via string, trust bool) (Result, error) {
	if !s.e.seconds.has(s.name) {
		return Result{}, fmt.Errorf("doorward: feature %s is no second factor", s.name)
	}
	p, a, err := s.e.pending(r)
	if errors.Is(err, ErrAnonymous) || err == nil && p.Select {
		return Result{}, s.Refuse(r)
	}
	if err != nil {
		return Result{}, err
	}
	err = s.e.claim(r.Context(), "pending", p.ID, s.e.now().Add(s.e.cfg.Second.Pending))
	if errors.Is(err, ErrClaimed) {
		return Result{}, s.Refuse(r)
	}
	if err != nil {
		return Result{}, err
	}
	a.second = true
	a.Via = append(slices.Clone(a.Via), via)
	res, err := s.e.login(w, r, a)
	if err == nil && trust && a.Remember && s.e.cfg.Second.NotAlways {
		visitFrom(r.Context()).trust(a.User)
	}
	return res, err
}

// Abandon forgets the suspended sign-in of this browser.
func (s SignIn) Abandon(r *http.Request) {
	if v := visitFrom(r.Context()); v != nil {
		v.setDraft(pendingKey, "")
	}
}

func (e *engine) claim(ctx context.Context, purpose, key string, until time.Time) error {
	if e.cfg.Stores.Claims == nil {
		return &ConfigError{purpose, "no claim store", "set Config.Stores.Claims"}
	}
	if err := e.cfg.Stores.Claims.Claim(ctx, hashText(purpose+"\x00"+key), until); err != nil {
		return fmt.Errorf("claim for %s: %w", purpose, err)
	}
	return nil
}
