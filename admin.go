package doorward

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
)

// NewUniquifier returns a random identity for sessions and tokens: 128 bits as
// 32 hexadecimal characters (ASVS 11.5.1).
func NewUniquifier() string { return hex.EncodeToString(randomBytes(16)) }

// Accounts is what operators, and pages about an account, do to it.
type Accounts struct{ e *engine }

// Accounts returns the operations on accounts.
func (s *Security) Accounts() Accounts { return Accounts{s.e} }

// Accounts returns the operations on accounts.
func (rt *Runtime) Accounts() Accounts { return Accounts{rt.e} }

// Find returns the whole record of the user whom typed names by one of the
// identity attributes, or [ErrNotFound]. The first attribute that accepts typed
// decides.
func (a Accounts) Find(ctx context.Context, typed string) (User, error) {
	u, _, err := a.e.lookup(ctx, typed)
	return u, err
}

// Holder returns the whole record of the user whose attribute is value, and nil
// if it is nobody's, as an empty value is. Letter case counts if the identity
// attribute says so.
func (a Accounts) Holder(ctx context.Context, attr, value string) (User, error) {
	if value == "" {
		return nil, nil
	}
	q := UserQuery{Attr: attr, Value: value, AnyCase: true}
	for _, ia := range a.e.cfg.IdentityAttributes {
		if ia.Attr == attr {
			q.AnyCase = ia.AnyCase
		}
	}
	u, err := a.e.cfg.Stores.Users.FindUser(ctx, q)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find who has the %s: %w", attr, err)
	}
	return u, nil
}

// Sessions returns u's signed-in sessions that are not over, newest first.
func (a Accounts) Sessions(ctx context.Context, u User) ([]Session, error) {
	return a.e.sessions(ctx, u)
}

// EndSession ends one of u's sessions by its IDHash. [ErrNotFound] if u has no
// such session. Every browser that was remembered is forgotten: it is not known
// which of them the session belongs to, and that one would begin another. Where they
// are remembered by another system's cookie, u gets a new uniquifier for that, which
// also ends what the other application began, and tokens that name the old one.
func (a Accounts) EndSession(ctx context.Context, u User, idHash string) error {
	return a.e.endSession(ctx, u, idHash)
}

// EndSessions ends all of u's sessions and forgets every browser that was
// remembered. It says how many sessions with a row ended. Where cookies are shared
// with another application u gets a new uniquifier, since nothing else ends the
// sessions that it began: tokens that name the old one end, too.
func (a Accounts) EndSessions(ctx context.Context, u User) (int, error) {
	if a.e.shares() {
		return a.e.rotateAway(ctx, u)
	}
	return a.e.endSessions(ctx, u, "")
}

// EndOthers is EndSessions for the caller of r, whose own session goes on.
func (a Accounts) EndOthers(r *http.Request) (int, error) {
	id, err := IdentityFrom(r.Context())
	if err != nil {
		return 0, err
	}
	if !a.e.shares() {
		return a.e.endSessions(r.Context(), id.User, id.SessionID)
	}
	all, err := a.e.sessions(r.Context(), id.User)
	if err != nil {
		return 0, err
	}
	n := len(slices.DeleteFunc(all, func(s Session) bool { return s.IDHash == id.SessionID }))
	if err := visitFrom(r.Context()).renewAccount(&id, renewal{user: id.User, change: func(*Account) error { return nil }}); err != nil {
		return 0, err
	}
	fire(r.Context(), a.e, &a.e.hooks.SessionsEnded, SessionsEnded{User: id.User, Count: n})
	return n, nil
}

// shares reports whether another application's cookies sign in here.
func (e *engine) shares() bool { return e.cfg.Codecs.Session != nil || e.cfg.Codecs.Remember != nil }

// rotateAway ends what has a row, and what has none.
func (e *engine) rotateAway(ctx context.Context, u User) (n int, err error) {
	next := NewUniquifier()
	err = e.cfg.Stores.InTx(ctx, func(ctx context.Context) error {
		var old string
		if err := e.cfg.Stores.Users.UpdateUser(ctx, u, func(acc *Account) error {
			old, acc.Uniquifier = acc.Uniquifier, next
			return nil
		}); err != nil {
			return fmt.Errorf("rotate uniquifier: %w", err)
		}
		n, err = e.endAll(ctx, old, "")
		return err
	})
	if err != nil {
		return 0, err
	}
	fire(ctx, e, &e.hooks.SessionsEnded, SessionsEnded{User: u, Count: n})
	return n, nil
}

func (e *engine) sessions(ctx context.Context, u User) ([]Session, error) {
	st := e.cfg.Stores.Sessions
	if st == nil {
		return nil, nil
	}
	all, err := st.ListSessions(ctx, u.SecurityAccount().Uniquifier)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	now := e.now()
	var out []Session
	for _, row := range all {
		if now.Before(row.ExpiresAt) && now.Sub(row.SeenAt) < e.cfg.Session.Idle {
			out = append(out, row)
		}
	}
	return out, nil
}

func (e *engine) endSession(ctx context.Context, u User, idHash string) error {
	st := e.cfg.Stores
	if st.Sessions == nil {
		return ErrNotFound
	}
	uniquifier := u.SecurityAccount().Uniquifier
	caller := e.following(ctx, u)
	err := e.cfg.Stores.InTx(ctx, func(ctx context.Context) error {
		if e.cfg.Codecs.Remember != nil {
			return e.moveAway(ctx, u, idHash, caller)
		}
		if err := st.Sessions.EndSession(ctx, uniquifier, idHash); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return e.forgetAll(ctx, uniquifier)
	})
	if err != nil {
		return err
	}
	caller.arrive()
	fire(ctx, e, &e.hooks.SessionsEnded, SessionsEnded{User: u, Count: 1})
	return nil
}

// moveAway ends one session of u, gives u a new uniquifier and takes the other sessions
// that have a row along. Their cookies name the old one until they are written again
// (see loadSession). The account comes first: its lock is what others wait for who end
// another session at the same time, and then they know where that has moved to.
func (e *engine) moveAway(ctx context.Context, u User, idHash string, caller *follower) error {
	old, next := "", NewUniquifier()
	if err := e.cfg.Stores.Users.UpdateUser(ctx, u, func(acc *Account) error {
		old, acc.Uniquifier = acc.Uniquifier, next
		return nil
	}); err != nil {
		return fmt.Errorf("rotate uniquifier: %w", err)
	}
	sessions := e.cfg.Stores.Sessions
	ended := sessions.EndSession(ctx, old, idHash)
	if ignoreMissing(ended) != nil {
		return fmt.Errorf("end session: %w", ended)
	}
	rows, err := sessions.ListSessions(ctx, old)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	for _, s := range rows {
		if err := sessions.RekeySession(ctx, s.IDHash, s.IDHash, next); err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("move session: %w", err)
		}
	}
	if ended != nil {
		return ended // nothing is undone where there are no transactions: the others have moved
	}
	return caller.move(ctx, old, next)
}

func (e *engine) endSessions(ctx context.Context, u User, except string) (int, error) {
	n := 0
	err := e.cfg.Stores.InTx(ctx, func(ctx context.Context) (err error) {
		n, err = e.endAll(ctx, u.SecurityAccount().Uniquifier, except)
		return err
	})
	if err != nil {
		return 0, err
	}
	fire(ctx, e, &e.hooks.SessionsEnded, SessionsEnded{User: u, Count: n})
	return n, nil
}

func (e *engine) endAll(ctx context.Context, uniquifier, except string) (n int, err error) {
	st := e.cfg.Stores
	if st.Sessions != nil {
		if n, err = st.Sessions.EndSessions(ctx, uniquifier, except); err != nil {
			return 0, fmt.Errorf("end sessions: %w", err)
		}
	}
	return n, e.forgetAll(ctx, uniquifier)
}

func (e *engine) forgetAll(ctx context.Context, uniquifier string) error {
	if e.cfg.Stores.Remember == nil {
		return nil
	}
	if err := e.cfg.Stores.Remember.EndRemembers(ctx, uniquifier); err != nil {
		return fmt.Errorf("forget browsers: %w", err)
	}
	return nil
}

// SetActive switches an account on or off and reports whether that changed it.
// Switching it off ends its sessions, remembered browsers included (ASVS 7.4.2);
// where cookies are shared with another application u gets a new uniquifier for that.
func (a Accounts) SetActive(ctx context.Context, u User, active bool) (changed bool, err error) {
	err = a.e.cfg.Stores.InTx(ctx, func(ctx context.Context) error {
		changed = false
		var old string
		if err := a.e.cfg.Stores.Users.UpdateUser(ctx, u, func(acc *Account) error {
			changed, old = acc.Active != active, acc.Uniquifier
			acc.Active = active
			if !active && a.e.shares() {
				acc.Uniquifier = NewUniquifier()
			}
			return nil
		}); err != nil {
			return fmt.Errorf("set active: %w", err)
		}
		if active {
			return nil
		}
		_, err := a.e.endAll(ctx, old, "")
		return err
	})
	if changed = changed && err == nil; changed {
		a.e.note(ctx, Record{Action: "account", Outcome: outcomeSuccess, User: u, Attrs: []slog.Attr{slog.Bool("active", active)}})
	}
	return changed, err
}

// SignOutEverywhere gives u a new uniquifier, which ends every session, remembered
// browser and token at once, and applies change (which may be nil) in the same step.
func (a Accounts) SignOutEverywhere(ctx context.Context, u User, change func(*Account) error) error {
	next := NewUniquifier()
	err := a.e.cfg.Stores.InTx(ctx, func(ctx context.Context) error {
		var old string
		if err := a.e.cfg.Stores.Users.UpdateUser(ctx, u, func(acc *Account) error {
			if change != nil { // first: a link may ask whether the account is what it was
				if err := change(acc); err != nil {
					return err
				}
			}
			old, acc.Uniquifier = acc.Uniquifier, next
			if acc.TokenUniquifier != "" {
				acc.TokenUniquifier = NewUniquifier()
			}
			return nil
		}); err != nil {
			return fmt.Errorf("rotate uniquifier: %w", err)
		}
		_, err := a.e.endAll(ctx, old, "")
		return err
	})
	if err == nil {
		a.e.note(ctx, Record{Action: "signed-out-everywhere", Outcome: outcomeSuccess, User: u})
	}
	return err
}

// ResetAccess takes away everything that lets u in except the password: all
// sessions, browsers, tokens, second factors, passkeys and recovery codes.
func (a Accounts) ResetAccess(ctx context.Context, u User) error {
	err := a.SignOutEverywhere(ctx, u, func(acc *Account) error {
		acc.TFPrimaryMethod, acc.TFTOTPSecret, acc.TFPhoneNumber = "", "", ""
		acc.USTOTPSecrets, acc.USPhoneNumber, acc.RecoveryCodes = nil, "", nil
		return nil
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range a.e.features {
		if ar, ok := f.(AccessResetter); ok {
			errs = append(errs, ar.ResetAccess(ctx, u))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("reset access: %w", err)
	}
	fire(ctx, a.e, &a.e.hooks.AccessReset, AccessReset{User: u})
	return nil
}
