package doorward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Hook is a list of functions to call when an E happens. Its zero value is
// ready to use. Functions run in the order they were added, on the goroutine
// of the request, after the change they tell of has been stored. They cannot
// veto it: their errors and panics are logged and go no further.
type Hook[E any] struct {
	mu     sync.RWMutex
	frozen bool
	fns    []func(context.Context, E) error
}

// On adds f. Hooks are added between [New] and the first event; after that the
// list is frozen and On returns an error.
func (h *Hook[E]) On(f func(context.Context, E) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen {
		var e E
		return fmt.Errorf("doorward: a hook for %T was added after the first event", e)
	}
	h.fns = append(h.fns, f)
	return nil
}

func (h *Hook[E]) listeners() []func(context.Context, E) error {
	h.mu.RLock()
	frozen, fns := h.frozen, h.fns
	h.mu.RUnlock()
	if frozen {
		return fns
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = true
	return slices.Clip(h.fns)
}

// Fire tells the security log, if event is [Recorded], the listeners of h, and
// [Config.OnEvent] that event happened. It returns nothing: a broken listener
// cannot break a sign-in.
func Fire[E any](ctx context.Context, rt *Runtime, h *Hook[E], event E) { fire(ctx, rt.e, h, event) }

func fire[E any](ctx context.Context, e *engine, h *Hook[E], event E) {
	var errs []error
	if rec, ok := any(event).(Recorded); ok {
		if err := e.record(ctx, rec); err != nil {
			errs = append(errs, err)
		}
	}
	for _, f := range h.listeners() {
		errs = append(errs, guardCall(func() error { return f(ctx, event) }))
	}
	if e.cfg.OnEvent != nil {
		errs = append(errs, guardCall(func() error { e.cfg.OnEvent(ctx, event); return nil }))
	}
	if err := errors.Join(errs...); err != nil {
		e.complain(ctx, "an event listener failed", "event", fmt.Sprintf("%T", event), "err", err)
	}
}

// complain tells the operators' log, which may be what is broken.
func (e *engine) complain(ctx context.Context, msg string, args ...any) {
	_ = guardCall(func() error { e.log.ErrorContext(ctx, msg, args...); return nil })
}

// guardCall turns a panic of f into an error.
func guardCall(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panicked: %v", v)
		}
	}()
	return f()
}

// Hooks are the engine's own events; those of a feature are fields of the
// feature. No event carries a password, a token or a code.
type Hooks struct {
	Authenticated    Hook[Authenticated]
	Unauthenticated  Hook[Unauthenticated]
	Unauthorized     Hook[Unauthorized]
	AuthnFailed      Hook[AuthnFailed]
	Verified         Hook[Verified]
	LoggedOut        Hook[LoggedOut]
	Remembered       Hook[Remembered]
	TokenAccepted    Hook[TokenAccepted]
	SessionProtected Hook[SessionProtected]
	SessionsEnded    Hook[SessionsEnded]
	AccessReset      Hook[AccessReset]
	CSRFRefused      Hook[CSRFRefused]
	MixedCredentials Hook[MixedCredentials]
}

// Authenticated is fired when a sign-in is complete (user_authenticated,
// user_logged_in, identity_changed).
type Authenticated struct {
	User User
	Via  []string // "password", "register", ...; with the second factor's, if there was one
	At   time.Time
}

// Unauthenticated is fired when a request is refused because nobody is signed
// in (user_unauthenticated).
type Unauthenticated struct{ Method, Path string }

// Unauthorized is fired when a signed-in or anonymous caller lacks a role or a permission.
type Unauthorized struct {
	User         User // nil for an anonymous caller
	Method, Path string
}

// AuthnFailed is fired when a credential was presented for a user who exists,
// and was wrong (user_failed_authn).
type AuthnFailed struct {
	User         User
	Kind         string // "password", "passcode", "passkey", "code"
	SecondFactor bool
}

// Verified is fired when a signed-in user proved a credential again.
type Verified struct {
	User User
	Via  []string
}

// LoggedOut is fired when a user signed out (user_logged_out).
type LoggedOut struct{ User User }

// Remembered is fired when a remember-me cookie began a session
// (user_loaded_from_cookie).
type Remembered struct{ User User }

// TokenAccepted is fired when a token identified a request (user_loaded_from_request).
type TokenAccepted struct{ User User }

// SessionProtected is fired when a session came from another address or
// browser than it was begun from (session_protected).
type SessionProtected struct {
	User  User
	Ended bool // in strong mode
}

// SessionsEnded is fired when sessions were ended on purpose, by the user or
// an operator.
type SessionsEnded struct {
	User  User
	Count int
}

// AccessReset is fired when everything that lets a user in, except the
// password, was taken away.
type AccessReset struct{ User User }

// CSRFRefused is fired when a request was refused because another site may have
// sent it (ASVS 16.3.3). Its listeners come before the request is answered, and
// [IdentityFrom] knows nobody in their context.
type CSRFRefused struct {
	User   User   // in whose name it came; nil if nobody is signed in
	Reason string // key of the message: "CSRF_TOKEN_MISSING", "CSRF_CROSS_ORIGIN", ...
}

// MixedCredentials is fired, once a request, when that was refused because it
// has valid credentials of two users (ASVS 16.3.3). [IdentityFrom] knows nobody
// in the context of its listeners.
type MixedCredentials struct{ User, Other User }
